"""Announcements whose signature does not fit: counted by store, so that a secret that was replaced shows, and a forger costs nothing.

What is refused is counted in memory, and added to the store's one row at most every half minute by each process, beside the answer.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from crossdock.connections import gateway
from crossdock.connections.models import Connection, HookRefusals, Mode, Store
from crossdock.connectors.kit.settings import fields_of
from crossdock.tenancy.scope import account_in_scope

WRITTEN_EVERY = 30.0
"""Seconds between two writes about one store by one process."""

SHOWN_FOR = timedelta(days=1)
"""After which nobody is told any more, when no further one came; another one begins a new count."""

FEW = 3
"""Refused ones, with none between them that fits, from which on they are taken for the platform's own."""

REFUSED = """
insert into hook_refusals as h (account_id, store_id, refused, since, streak, last_at)
values (%(account)s, %(store)s, %(count)s, clock_timestamp(), %(count)s, clock_timestamp())
on conflict (account_id, store_id) do update
   set refused = excluded.refused + case when h.last_at < %(old)s then 0 else h.refused end,
       since = case when h.last_at < %(old)s then excluded.since else h.since end,
       streak = excluded.streak + case when h.last_at < %(old)s or h.fitted_at > h.last_at then 0 else h.streak end,
       last_at = excluded.last_at
"""

# A row that another process has at hand is passed over: there will be further announcements.
FITTED = """
update hook_refusals set fitted_at = clock_timestamp()
 where id = any (array(select id from hook_refusals where store_id = any (%s) for update skip locked))
"""


class _Counted:
    """What came for one account's stores since it was last written. No larger than there are stores with an address."""

    def __init__(self) -> None:
        self.refused: dict[int, int] = {}
        self.fitted: set[int] = set()
        self.written: dict[int, tuple[float, bool]] = {}

    def may_write(self, store_id: int, is_fit: bool) -> bool:
        """Whether it is time. One that fits is told at once after one that did not, which ends what people are told."""
        at, was_fit = self.written.get(store_id, (-WRITTEN_EVERY, True))
        return monotonic() - at >= WRITTEN_EVERY or (is_fit and not was_fit)

    def due(self) -> tuple[list[int], list[int]]:
        """Stores of which something may be written: refused, and fitted."""
        return (
            [store_id for store_id in self.refused if self.may_write(store_id, False)],
            [store_id for store_id in self.fitted if self.may_write(store_id, True)],
        )


_lock = Lock()
_counted: defaultdict[int, _Counted] = defaultdict(_Counted)


def refused(store_id: int) -> None:
    """Count one whose signature does not fit. Needs the account's scope; writes nothing."""
    with _lock:
        counts = _counted[account_in_scope()].refused
        counts[store_id] = counts.get(store_id, 0) + 1


def fitted(store_id: int) -> None:
    """Note one whose signature fits. Needs the account's scope; writes nothing."""
    with _lock:
        _counted[account_in_scope()].fitted.add(store_id)


def is_due(account_id: int) -> bool:
    """Whether there is something of an account that may be written by now."""
    with _lock:
        return any(_counted[account_id].due())


def write() -> None:
    """Add what was counted for stores of this account to their rows. Needs the account's scope."""
    account_id = account_in_scope()
    with _lock:
        counted = _counted[account_id]
        refusing, fitting = counted.due()
        counts = {store_id: counted.refused.pop(store_id) for store_id in refusing}
        counted.fitted.difference_update(fitting)
        now = monotonic()
        counted.written |= dict.fromkeys(refusing, (now, False)) | dict.fromkeys(fitting, (now, True))
    with connection.cursor() as cursor:
        # In one order everywhere, so that no two processes wait for each other.
        old = datetime.now(UTC) - SHOWN_FOR
        for store_id, count in sorted(counts.items()):
            cursor.execute(REFUSED, {"account": account_id, "store": store_id, "count": count, "old": old})
        if fitting:
            cursor.execute(FITTED, [sorted(fitting)])


def forget(store: Store) -> None:
    """Begin anew, since the secret was replaced."""
    HookRefusals.objects.filter(store=store).delete()


class Refusal(Struct, frozen=True):
    """What is refused of one store's announcements. `is_all` says that none fits: the platform signs with another secret."""

    store: Store
    is_all: bool
    count: int
    since: datetime
    last_at: datetime
    text: str

    @property
    def title(self) -> str:
        """What is refused, of which store."""
        said = (
            _("{store}: what the platform announces is refused.")
            if self.is_all
            else _("{store}: announcements that are not the platform's were refused.")
        )
        return said.format(store=self.store.name)


def refusals(*, stores: Sequence[Store] | None = None, now: datetime | None = None) -> list[Refusal]:
    """What was refused lately of these stores; without any, of all stores at work that whoever asks may see, where none fits."""
    rows = HookRefusals.objects.filter(last_at__gt=(now or datetime.now(UTC)) - SHOWN_FOR, store__deleted_at=None)
    if stores is None:
        at_work = Connection.objects.filter(deleted_at=None).exclude(mode=Mode.OFF).values("store_id")
        rows = rows.filter(store_id__in=at_work, streak__gte=FEW)
    else:
        rows = rows.filter(store__in=stores)
    found = [_refusal(row) for row in rows.select_related("store").order_by("since")]
    return [one for one in found if one.is_all or stores is not None]


def _refusal(row: HookRefusals) -> Refusal:
    is_all = row.streak >= FEW and (row.fitted_at is None or row.fitted_at < row.last_at)
    return Refusal(row.store, is_all, row.refused, row.since, row.last_at, _words(row, is_all))


def _words(row: HookRefusals, is_all: bool) -> str:
    platform, label = row.store.platform, ""
    try:
        connector = gateway.platform_named(row.store.platform)
    except KeyError:
        pass
    else:
        named = {spec.name: spec.label for spec in fields_of(connector.settings)}
        platform, label = connector.name, named.get(connector.webhooks.signed_with, "") if connector.webhooks else ""
    count = ngettext("{count} came whose signature does not fit", "{count} came whose signatures do not fit", row.refused).format(
        count=f"{row.refused:,}"
    )
    if is_all:
        said = _(
            "{counted}, and none that fits. Its orders are still read by schedule. Check “{label}” in the settings of the store: "
            "if it was replaced at {platform}, enter the new one."
        )
    else:
        said = _(
            "{counted}; those of {platform} are taken. Nothing is lost. Somebody who knows the store's webhook address may send them; "
            "if you replaced “{label}” at {platform}, enter the new one."
        )
    return said.format(counted=count, label=label, platform=platform)
