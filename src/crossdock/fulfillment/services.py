"""What people do with shipments, and what happens to older orders when a connection goes Live."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection as database
from msgspec import Struct

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.activity.services import Told, tell
from crossdock.connections.models import Connection, Mode
from crossdock.connections.services import set_mode
from crossdock.domain.errors import RuleBroken
from crossdock.domain.statuses import ShipmentStatus
from crossdock.fulfillment import adopting
from crossdock.fulfillment.following import take_from_stopped
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.names import CORRECT_EFFECT, POST_EFFECT
from crossdock.fulfillment.posting import CLOSE
from crossdock.fulfillment.shipping import match_waiting
from crossdock.jobs.wakes import wake
from crossdock.tenancy.scope import account_in_scope

MOST = 500
"""Shipments that one request may change."""

Older = Literal["adopt", "take", "leave"]


class ShipmentOutcome(Struct, frozen=True):
    """What became of one shipment: done or refused, with a sentence."""

    shipment_id: int
    public_id: UUID
    number: str
    is_done: bool
    text: str


# What was tried before is asked for first: the refusal may have hidden that the store took it.
POST_AGAIN = """
update effect e set state = case when e.attempt > 0 then 'unknown' else 'intended' end, settled_at = null, error = '', attempt = 0,
       next_at = clock_timestamp()
 where e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = any (%(ids)s) and e.state = 'refused'
returning e.subject_id, e.lane_id
"""

POST_NOW = """
update effect e set next_at = clock_timestamp()
 where e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = any (%(ids)s) and e.state in ('intended', 'unknown')
returning e.subject_id, e.lane_id
"""

# Only the last one: it says what is true by now.
CORRECT_AGAIN = """
update effect e set state = 'intended', settled_at = null, error = '', attempt = 0, next_at = clock_timestamp()
 where e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = any (%(ids)s) and e.state = 'refused'
   and not exists (select from effect n where n.account_id = e.account_id and n.kind = e.kind and n.subject_id = e.subject_id
                      and n.id > e.id)
returning e.subject_id, e.lane_id
"""

WITHDRAW = """
update effect e set state = 'refused', settled_at = clock_timestamp(), error = 'Archived before the store was told.'
 where e.account_id = %(account)s and e.kind = any (%(kinds)s) and e.subject_id = any (%(ids)s) and e.state = 'intended'
"""

CORRECTION_REFUSED = "correction refused"
"""The state of a shipment that the store was told of, and of which it did not take the last correction."""

UNDER_WAY = "The store is being told, or nobody knows yet whether it was. It is asked first; try again in a few minutes."


def why_not_reprocess(row: Shipment, state: str) -> str:
    """Why a shipment cannot be reprocessed now, as a sentence; empty when it can. `state` is that of the effect that posts it, or
    "correction refused".
    """
    if state == CORRECTION_REFUSED:
        return ""
    if row.status == ShipmentStatus.COMPLETED:
        return "It is done: the store was told."
    if row.status == ShipmentStatus.VOIDED:
        return "The warehouse took it back."
    if state == "trying":
        return UNDER_WAY
    return ""


def why_not_archive(row: Shipment, state: str) -> str:
    """Why a shipment cannot be archived now, as a sentence; empty when it can."""
    if row.status == ShipmentStatus.ARCHIVED:
        return "It is archived already."
    if state in ("trying", "unknown"):
        return UNDER_WAY
    return ""


def reprocess_shipments(*, actor: Actor, ids: Sequence[int]) -> list[ShipmentOutcome]:
    """Have the store told again, once it was asked whether it knows; look again for the order of one without. Raises Forbidden."""
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        rows, refusals = _choose(actor, ids, why_not_reprocess)
        allowed = [row for row in rows if row.pk not in refusals]
        done: dict[int, str] = {}
        for warehouse_id in sorted({row.warehouse_id for row in allowed if row.order_id is None}):
            _set_status([row.pk for row in allowed if row.order_id is None and row.warehouse_id == warehouse_id], "new")
            match_waiting(warehouse_id)
        unmatched = [row.pk for row in allowed if row.order_id is None]
        matched = set(Shipment.objects.filter(pk__in=unmatched, order__isnull=False).values_list("pk", flat=True))
        done |= dict.fromkeys(matched, "Its order was found; the store is told.")
        refusals |= dict.fromkeys(
            (i for i in unmatched if i not in matched), "No order was sent to its warehouse under this number."
        )
        again = [row.pk for row in allowed if row.order_id is not None]
        values: dict[str, Any] = {"account": actor.account_id, "kind": POST_EFFECT, "ids": again}
        with database.cursor() as cursor:
            cursor.execute(POST_NOW, values)
            lanes = dict(cursor.fetchall())
            cursor.execute(POST_AGAIN, values)
            lanes |= dict(cursor.fetchall())
            _set_status([row.pk for row in allowed if row.pk in lanes and row.status != ShipmentStatus.COMPLETED], "open")
            cursor.execute(CORRECT_AGAIN, values | {"kind": CORRECT_EFFECT})
            lanes |= dict(cursor.fetchall())
        wake(lanes.values())
        done |= dict.fromkeys(lanes, "The store is asked, and told if it does not know.")
        refusals |= dict.fromkeys((i for i in again if i not in lanes), "There is nothing to tell the store of it.")
        return _told(actor, rows, done, refusals, "shipment.reprocessed")


def archive_shipments(*, actor: Actor, ids: Sequence[int]) -> list[ShipmentOutcome]:
    """Set shipments aside: the store is not told of them. Raises Forbidden."""
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        rows, refusals = _choose(actor, ids, why_not_archive)
        wanted = [row.pk for row in rows if row.pk not in refusals]
        with database.cursor() as cursor:
            cursor.execute(WITHDRAW, {"account": actor.account_id, "kinds": [POST_EFFECT, CORRECT_EFFECT], "ids": wanted})
        _set_status(wanted, "archived")
        done = {
            row.pk: "Archived." if row.status == ShipmentStatus.COMPLETED else "Archived. The store is not told of it."
            for row in rows
            if row.pk in set(wanted)
        }
        outcomes = _told(actor, rows, done, refusals, "shipment.archived")
        with database.cursor() as cursor:
            cursor.execute(CLOSE, {"ids": sorted({row.order_id for row in rows if row.order_id is not None and row.pk in done})})
            closed = [row[0] for row in cursor.fetchall()]
        tell([Told(kind="order.closed", order_id=order_id, by=actor.person_id) for order_id in closed])
        return outcomes


ACTIONS: dict[str, Callable[..., list[ShipmentOutcome]]] = {"reprocess": reprocess_shipments, "archive": archive_shipments}
"""Actions by the name that forms send."""


def states_of(ids: Sequence[int]) -> dict[int, str]:
    """How far the stores were told of shipments; those that need not be are absent. Needs the account's scope."""
    with database.cursor() as cursor:
        cursor.execute(
            "select e.subject_id, e.state from effect e join shipment h on h.id = e.subject_id and h.account_id = e.account_id"
            " where e.kind = %s and e.subject_id = any (%s)",
            [POST_EFFECT, list(ids)],
        )
        states = dict(cursor.fetchall())
        cursor.execute(
            "select subject_id from (select distinct on (subject_id) subject_id, state from effect"
            " where account_id = %s and kind = %s and subject_id = any (%s) order by subject_id, id desc) last"
            " where state = 'refused'",
            [account_in_scope(), CORRECT_EFFECT, list(ids)],
        )
        return states | {row[0]: CORRECTION_REFUSED for row in cursor.fetchall() if states.get(row[0]) == "confirmed"}


def _choose(actor: Actor, ids: Sequence[int], why_not: Callable[[Shipment, str], str]) -> tuple[list[Shipment], dict[int, str]]:
    if len(ids) > MOST:
        raise RuleBroken(f"{len(ids):,} shipments are too many at once. Choose up to {MOST}.")
    with database.cursor() as cursor:
        # Before the shipments, as everywhere: lane, orders, lines, effects; no lane may take an effect while we decide.
        cursor.execute(
            "select id from effect where account_id = %s and kind = %s and subject_id = any (%s) order by id for no key update",
            [actor.account_id, POST_EFFECT, list(ids)],
        )
    rows = list(Shipment.objects.select_for_update(no_key=True).filter(pk__in=list(ids)).order_by("pk"))
    states = states_of([row.pk for row in rows])
    return rows, {row.pk: why for row in rows if (why := why_not(row, states.get(row.pk, "")))}


def _set_status(ids: Sequence[int], status: str) -> None:
    Shipment.objects.filter(pk__in=list(ids)).update(status=status)


def _told(
    actor: Actor, rows: Sequence[Shipment], done: dict[int, str], refusals: dict[int, str], kind: str
) -> list[ShipmentOutcome]:
    changed = [row for row in rows if row.pk in done]
    tell(
        [
            Told(kind=kind, order_id=row.order_id, shipment_id=row.pk, params={"from": row.status}, by=actor.person_id)
            for row in changed
        ]
    )
    if changed:
        record(
            actor=actor,
            action=kind,
            subject_kind="shipment",
            subject_id=changed[0].pk if len(changed) == 1 else None,
            after={"shipments": [row.pk for row in changed]},
        )
    return [
        ShipmentOutcome(row.pk, row.public_id, row.external_id, row.pk in done, done.get(row.pk) or refusals.get(row.pk, ""))
        for row in rows
    ]


# --- Going Live -----------------------------------------------------------------------------------------------------------------


class WentLive(Struct, frozen=True):
    """How many older orders were taken over, and how many left."""

    adopted: int = 0
    left: int = 0


def go_live(*, actor: Actor, connection: Connection, older: Older) -> WentLive:
    """Turn a connection Live, and decide about unshipped orders older than this moment.

    "adopt": they are at the warehouse already, sent by an earlier tool; their shipments are followed and nothing is sent. "take":
    they are sent now. "leave": they are skipped, with the reason; orders from this moment on are taken. Raises Forbidden, RuleBroken.
    """
    actor.require(Right.GO_LIVE)
    with actor.scope():
        locked = Connection.objects.select_for_update(no_key=True).select_related("store", "warehouse").get(pk=connection.pk)
        if locked.deleted_at is not None:
            raise RuleBroken("This connection was deleted. Add it again first.")
        if locked.mode == Mode.LIVE:
            raise RuleBroken("This connection is Live already.")
        now = datetime.now(UTC)
        if older != "take":
            take_from_stopped(locked.pk)
        adopted = adopting.adopt(actor=actor, connection=locked) if older == "adopt" else 0
        left = adopting.leave(actor=actor, connection=locked, now=now) if older == "leave" else 0
        set_mode(actor=actor, connection=locked, mode=Mode.LIVE, accept_after=None if older == "take" else now)
        record(
            actor=actor,
            action="connection.went_live",
            subject_kind="connection",
            subject_id=locked.pk,
            after={"older": older, "adopted": adopted, "left": left},
        )
        return WentLive(adopted, left)
