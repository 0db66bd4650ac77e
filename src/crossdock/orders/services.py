"""What people do with orders: one, or a set at once; each says what became of every order."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.activity.services import Told, tell
from crossdock.domain.errors import RuleBroken
from crossdock.domain.statuses import OrderStatus
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders import guards
from crossdock.orders.beyond import NOWHERE, shipping
from crossdock.orders.content import orders_with
from crossdock.orders.guards import Facts, Verdict
from crossdock.orders.lanes import PREPARE
from crossdock.orders.models import SalesOrder, SalesOrderContent
from crossdock.orders.moves import move
from crossdock.orders.selling import wake_other_sellers

MOST = 500
"""Orders that one request may change."""

MOVED_ON = "It moved on meanwhile. Look at it again."

MOVES_STOCK = frozenset({"order.reprocessed", "order.reset", "order.archived", "order.deleted"})
"""What people do that makes units wanted, or no longer wanted."""


class Outcome(Struct, frozen=True):
    """What became of one order: done or refused, with a sentence."""

    order_id: int
    public_id: UUID
    number: str
    is_done: bool
    text: str


class _Chosen(Struct):
    """Locked orders, and what the guards say of each."""

    rows: list[SalesOrder]
    facts: dict[int, Facts]
    verdicts: dict[int, Verdict]

    @property
    def allowed(self) -> list[SalesOrder]:
        return [row for row in self.rows if self.verdicts[row.pk].is_allowed]

    def with_event(self, event: str) -> list[int]:
        return [row.pk for row in self.allowed if self.verdicts[row.pk].event == event]


def reprocess(*, actor: Actor, ids: Sequence[int]) -> list[Outcome]:
    """Have the step that failed done again: the sending, the preparing, or the waiting for a shipment.

    A sending that was tried before is asked for at the warehouse first. Raises Forbidden.
    """
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        chosen = _choose(ids, guards.reprocessing)
        done: dict[int, str] = {}
        again = chosen.with_event("sent_again")
        shipping().send_again([i for i in again if chosen.facts[i].status is OrderStatus.ERROR], is_now=False)
        shipping().send_again([i for i in again if chosen.facts[i].status is OrderStatus.DELAYED], is_now=True)
        done |= dict.fromkeys(move(again, "sent_again"), "Being sent again; the warehouse is asked first whether it has it.")
        waiting = list(move(chosen.with_event("waits_again"), "waits_again"))
        shipping().settle(waiting)
        done |= dict.fromkeys(waiting, "The warehouse has it; it waits for its shipment again.")
        fresh = list(move(chosen.with_event("reprocessed"), "reprocessed"))
        done |= dict.fromkeys(fresh, "New again; it goes to its warehouse as soon as nothing stands against it.")
        _wake(row.store_id for row in chosen.rows if row.pk in set(fresh))
        _told(actor, chosen, done, "order.reprocessed")
        return _outcomes(chosen, done)


def reset(*, actor: Actor, ids: Sequence[int]) -> list[Outcome]:
    """Have orders start over as freshly imported: what was given is taken back, edits are dropped, settings judge them anew.

    Refused once a warehouse had any of it. Raises Forbidden.
    """
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        chosen = _choose(ids, guards.resetting)
        wanted = [row.pk for row in chosen.allowed]
        shipping().take_back(wanted)
        fresh = sorted(move(wanted, "reset"))
        SalesOrderContent.objects.filter(order_id__in=fresh).update(edits=None)
        with connection.cursor() as cursor:
            # One revision is followed anew: what judges changes in the store judges it like one that came just now.
            cursor.execute("update sales_order set followed = revision - 1, issue = '' where id = any (%s)", [fresh])
        _wake(row.store_id for row in chosen.rows if row.pk in set(fresh))
        done = dict.fromkeys(fresh, "Starts over as freshly imported.")
        _told(actor, chosen, done, "order.reset")
        return _outcomes(chosen, done)


def archive(*, actor: Actor, ids: Sequence[int]) -> list[Outcome]:
    """Set orders aside; what was not sent yet is taken back. A shipment that comes all the same is posted. Raises Forbidden."""
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        chosen = _choose(ids, guards.archiving)
        wanted = [row.pk for row in chosen.allowed]
        shipping().take_back(wanted)
        moved = move(wanted, "archived", reasons=f"Archived by {actor.name}." if actor.name else "Archived.")
        done = {
            order_id: "Archived. The warehouse still has it; a shipment that comes is posted to the store."
            if chosen.facts[order_id].standing.is_at_warehouse
            else "Archived."
            for order_id in moved
        }
        _told(actor, chosen, done, "order.archived")
        return _outcomes(chosen, done)


def delete(*, actor: Actor, ids: Sequence[int], is_forced: bool = False) -> list[Outcome]:
    """Remove orders that no warehouse had; their ids are remembered, and the next import brings back what the store still has.

    `is_forced`, for administrators, also removes what was sent. Raises Forbidden.
    """
    actor.require(Right.FORCE_DELETE_ORDERS if is_forced else Right.DELETE_ORDERS)
    with actor.scope():
        chosen = _choose(ids, lambda facts: guards.deleting(facts, is_forced=is_forced))
        wanted = [row.pk for row in chosen.allowed]
        shipping().take_back(wanted)
        with connection.cursor() as cursor:
            cursor.execute(
                "update sales_order set deleted_at = clock_timestamp(), issue = '' where id = any (%s) and deleted_at is null"
                " returning id",
                [wanted],
            )
            done = {row[0]: "Deleted. If the store still has it, the next import brings it back." for row in cursor.fetchall()}
        _told(actor, chosen, done, "order.deleted", is_forced=is_forced)
        return _outcomes(chosen, done)


def release(*, actor: Actor, ids: Sequence[int]) -> list[Outcome]:
    """Let held orders go on now, whatever they waited for. Raises Forbidden."""
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        chosen = _choose(ids, guards.releasing)
        moved = move([row.pk for row in chosen.allowed], "released")
        _wake(row.store_id for row in chosen.rows if row.pk in moved)
        done = dict.fromkeys(moved, "Released; it goes on.")
        _told(actor, chosen, done, "order.released_by_person")
        return _outcomes(chosen, done)


def settle_issue(*, actor: Actor, ids: Sequence[int]) -> list[Outcome]:
    """Say that issues were dealt with: the sentence leaves the orders and stays in their story. Raises Forbidden."""
    actor.require(Right.ACT_ON_ORDERS)
    with actor.scope():
        chosen = _choose(ids, guards.settling)
        done = {row.pk: "The issue is settled." for row in chosen.allowed}
        SalesOrder.objects.filter(pk__in=list(done)).update(issue="")
        _told(actor, chosen, done, "order.issue_settled")
        return _outcomes(chosen, done)


ACTIONS: dict[str, Callable[..., list[Outcome]]] = {
    "reprocess": reprocess,
    "reset": reset,
    "archive": archive,
    "delete": delete,
    "release": release,
    "settle": settle_issue,
}
"""Actions by the name that forms send."""


def facts_of(rows: Sequence[SalesOrder]) -> dict[int, Facts]:
    """What the guards need to know of orders, in a handful of statements however many they are. Needs the account's scope."""
    ids = sorted(row.pk for row in rows)
    standings = shipping().standings(ids)
    with connection.cursor() as cursor:
        cursor.execute("select order_id, sum(to_ship) from sales_order_line where order_id = any (%s) group by 1", [ids])
        to_ship: dict[int, Decimal] = dict(cursor.fetchall())
    asked = {OrderStatus.CANCELED, OrderStatus.ARCHIVED, OrderStatus.SKIPPED}
    orders = orders_with([row.pk for row in rows if OrderStatus(row.status) in asked])
    canceled = {order_id for order_id, order in orders.items() if order.canceled_at is not None}
    return {
        row.pk: Facts(
            status=OrderStatus(row.status),
            standing=standings.get(row.pk, NOWHERE),
            to_ship=to_ship.get(row.pk, Decimal(0)),
            is_canceled_in_store=row.pk in canceled,
            is_erased=row.erased_at is not None,
            issue=row.issue,
        )
        for row in rows
    }


def _choose(ids: Sequence[int], guard: Callable[[Facts], Verdict]) -> _Chosen:
    """Lock orders in the order of their ids, and ask the guard about each."""
    if len(ids) > MOST:
        raise RuleBroken(f"{len(ids):,} orders are too many at once. Choose up to {MOST}.")
    locked = SalesOrder.objects.select_for_update(no_key=True).filter(pk__in=list(ids), deleted_at=None).order_by("pk")
    rows = list(locked)
    facts = facts_of(rows)
    return _Chosen(rows, facts, {row.pk: guard(facts[row.pk]) for row in rows})


def _wake(store_ids: Iterable[int]) -> None:
    wake([open_lane(PREPARE, store_id) for store_id in sorted(set(store_ids))])


def _told(actor: Actor, chosen: _Chosen, done: dict[int, str], kind: str, **params: object) -> None:
    """Put what was done into the orders' stories and into the audit."""
    before: dict[str, list[int]] = defaultdict(list)
    for row in chosen.rows:
        if row.pk in done:
            before[row.status].append(row.pk)
    tell(
        [
            Told(
                kind=kind,
                order_id=row.pk,
                params={"from": row.status, "issue": row.issue if kind == "order.issue_settled" else "", **params},
                by=actor.person_id,
            )
            for row in chosen.rows
            if row.pk in done
        ]
    )
    for status, those in before.items():
        record(
            actor=actor,
            action=kind,
            subject_kind="sales_order",
            subject_id=those[0] if len(those) == 1 else None,
            before={"status": status},
            after={"orders": those, **params},
        )
    if kind in MOVES_STOCK:
        for store_id in sorted({row.store_id for row in chosen.rows}):
            wake_other_sellers(store_id, [row.pk for row in chosen.rows if row.store_id == store_id and row.pk in done])


def _outcomes(chosen: _Chosen, done: dict[int, str]) -> list[Outcome]:
    return [
        Outcome(
            row.pk, row.public_id, row.number, row.pk in done, done.get(row.pk) or chosen.verdicts[row.pk].why_not or MOVED_ON
        )
        for row in chosen.rows
    ]
