"""Files of warehouses that could not be understood: kept until they are, have gone, or a person set them aside."""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.connections.models import ChannelKind, UnreadFile
from crossdock.connectors.kit.pages import Rejected
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.scope import account_in_scope

MOST = 1_000
"""Files remembered at most of one channel of a warehouse: who sends ever more has one fault, and not so many."""

NOT_UNDERSTOOD = "warehouse.not_understood"
"""The kind of activity that says what could not be understood."""

TOLD_LATELY = """
select params->>'where', params->>'why' from activity
 where warehouse_id = %s and kind = %s and at > clock_timestamp() - interval '1 day'
"""

# By the database's clock, as what was seen since is compared with it.
KNOWN = """
select clock_timestamp(), coalesce(array_agg(name), '{}') from unread_file
 where account_id = %s and warehouse_id = %s and channel = %s
"""

NOTE = """
insert into unread_file (account_id, public_id, warehouse_id, channel, name, why, rows, has_read, stands, first_seen, last_seen)
select %(account)s, r.public_id, %(warehouse)s, %(channel)s, r.name, r.why, r.rows, %(has_read)s, r.stands,
       clock_timestamp(), clock_timestamp()
  from jsonb_to_recordset(%(rows)s::jsonb) r(public_id uuid, name text, why text, rows int, stands boolean)
  left join unread_file u on u.account_id = %(account)s and u.warehouse_id = %(warehouse)s and u.channel = %(channel)s
                         and u.name = r.name
 where u.id is not null
    or (select count(*) from unread_file n
         where n.account_id = %(account)s and n.warehouse_id = %(warehouse)s and n.channel = %(channel)s) < %(most)s
 order by r.name
on conflict (account_id, warehouse_id, channel, name) do update
   set why = excluded.why, rows = excluded.rows, has_read = excluded.has_read, stands = excluded.stands,
       last_seen = excluded.last_seen,
       set_aside_at = case when unread_file.why = excluded.why and excluded.stands then unread_file.set_aside_at end
"""


class Look(Struct, frozen=True):
    """One look at a warehouse's folder: when it began, by the database's clock, and what was known by then as not understood."""

    began: datetime
    names: frozenset[str]


def begin(warehouse_id: int, channel: ChannelKind) -> Look:
    """What is known of a channel's files before they are looked at."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [account_in_scope(), warehouse_id, channel])
        began, names = cursor.fetchone()
    return Look(began.astimezone(UTC), frozenset(names))


def note(warehouse_id: int, channel: ChannelKind, rejected: Sequence[Rejected], *, has_read: bool, is_live: bool) -> None:
    """Remember what was not understood, by file: its first fault, and how many of its rows. `has_read` says that the rest was taken.

    While nothing is moved away, since nothing is Live, every file stays where it is.
    """
    files: dict[str, list[Rejected]] = {}
    for bad in rejected:
        files.setdefault(bad.file or bad.where or bad.external_id or "", []).append(bad)
    rows = [
        {
            "public_id": str(new_public_id()),
            "name": name.replace("\0", "\ufffd")[:500],
            "why": some[0].reason.replace("\0", "\ufffd"),
            "rows": len(some),
            "stands": some[0].file is not None and (some[0].stays or not is_live),
        }
        for name, some in files.items()
    ]
    if rows:
        values: dict[str, Any] = {
            "account": account_in_scope(),
            "warehouse": warehouse_id,
            "channel": channel,
            "rows": json.dumps(rows),
            "has_read": has_read,
            "most": MOST,
        }
        with connection.cursor() as cursor:
            cursor.execute(NOTE, values)


def understood(warehouse_id: int, channel: ChannelKind, names: Collection[str]) -> None:
    """Forget files that came once more, and were read to their last row."""
    if names:
        UnreadFile.objects.filter(warehouse_id=warehouse_id, channel=channel, name__in=names).delete()


def end(warehouse_id: int, channel: ChannelKind, look: Look, *, is_replaced: bool = False) -> None:
    """Forget files that stood in the folder and were not met in a look that came to its end; with `is_replaced` those that did not
    stand there as well, since what came says everything anew.
    """
    if look.names:
        gone = UnreadFile.objects.filter(warehouse_id=warehouse_id, channel=channel, last_seen__lt=look.began)
        (gone if is_replaced else gone.filter(stands=True)).delete()


def told_lately(warehouse_id: int) -> set[tuple[str, str]]:
    """What the activity said within the last day that it could not understand, and why: a file that stays is read at every poll, and
    said once a day.
    """
    with connection.cursor() as cursor:
        cursor.execute(TOLD_LATELY, [warehouse_id, NOT_UNDERSTOOD])
        return set(cursor.fetchall())


def waiting() -> QuerySet[UnreadFile]:
    """Those that wait for somebody, the oldest first."""
    rows = UnreadFile.objects.filter(set_aside_at=None, warehouse__deleted_at=None)
    return rows.select_related("warehouse").order_by("first_seen", "pk")


def hide(warehouse_ids: Sequence[int], is_in: Callable[[str], bool], less: Callable[[str], str]) -> None:
    """Hide what is known of people in the reasons, which may quote a row."""
    for pk, why in UnreadFile.objects.filter(warehouse_id__in=warehouse_ids).values_list("pk", "why"):
        if is_in(why):
            UnreadFile.objects.filter(pk=pk).update(why=less(why))


def what_to_do(file: UnreadFile) -> str:
    """Where the file is now, and what somebody is to do about it."""
    if file.stands:
        return _("It stands in the warehouse's folder and is tried at every look. Have the warehouse correct or remove it.")
    if file.has_read:
        return ngettext(
            "{rows} of its rows is missing here, the others were taken in. Have the warehouse send it again, corrected.",
            "{rows} of its rows are missing here, the others were taken in. Have the warehouse send them again, corrected.",
            file.rows,
        ).format(rows=f"{file.rows:,}")
    return _("Nothing of it was taken in. Have the warehouse send it again, corrected.")


def set_aside(*, actor: Actor, file: UnreadFile) -> None:
    """Have a file named no longer. One that stands in the folder is named again when something else is wrong with it.

    Raises Forbidden.
    """
    actor.require(Right.RUN_CHANNELS)
    actor.require_all_merchants("set files of a warehouse aside, which other merchants may use")
    if file.stands:
        UnreadFile.objects.filter(pk=file.pk).update(set_aside_at=datetime.now(UTC))
    else:
        UnreadFile.objects.filter(pk=file.pk).delete()
    record(
        actor=actor,
        action="warehouse.file_set_aside",
        subject_kind="warehouse",
        subject_id=file.warehouse_id,
        after={"file": file.name},
    )
