"""Erase orders with all that hangs on them, in one transaction; what stays says that there was an order, and of what."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from crossdock.accounts.audit import record
from crossdock.accounts.rights import system
from crossdock.activity.erasing import Known, drop_bodies_about, hide_in_stories
from crossdock.activity.services import Told, tell
from crossdock.connections import unread
from crossdock.fulfillment import erasing as at_warehouses
from crossdock.inbound import erasing as returns
from crossdock.orders import erasing as orders
from crossdock.orders.models import SalesOrder
from crossdock.tenancy.scope import account_in_scope

SET = 100
"""Orders erased in one transaction."""

READY = """
select id from sales_order
 where store_id = %s and erase_asked_at is not null and erased_at is null and (deleted_at is not null or status = any (%s))
   and id > %s order by id limit %s
"""


def ready(store_id: int) -> list[int]:
    """The next orders that are to be erased and are finished: nothing of them is to be sent or told any more.

    Those of which something still is are passed over, however many: a change that nobody can make any more holds up no other order.
    """
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(READY, [store_id, list(orders.FINISHED), after, SET])
            ids = [row[0] for row in cursor.fetchall()]
        if found := sorted(set(ids) - at_warehouses.under_way(ids)):
            return found
        if len(ids) < SET:
            return []
        after = ids[-1]


def known_of(ids: Sequence[int]) -> Known:
    """What is known of the people these orders are about."""
    return Known(orders.known_of_people(ids) | returns.known_of_people(_returns_of(ids)))


def since(ids: Sequence[int]) -> datetime:
    """From when on anything can have been said about these orders."""
    with connection.cursor() as cursor:
        cursor.execute("select min(least(placed_at, imported_at)) from sales_order where id = any (%s)", [list(ids)])
        moment: datetime = cursor.fetchone()[0]
    return moment - timedelta(hours=1)


def warehouses_of(ids: Sequence[int]) -> list[int]:
    """The warehouses that were told of these orders."""
    return at_warehouses.warehouses_of(ids)


def _returns_of(ids: Sequence[int]) -> list[int]:
    found: list[int] = []
    for store_id in SalesOrder.objects.filter(pk__in=list(ids)).values_list("store_id", flat=True).distinct():
        external_ids = SalesOrder.objects.filter(pk__in=list(ids), store_id=store_id).values_list("external_id", flat=True)
        found += returns.returns_of(store_id, list(external_ids))
    return found


def erase(store_id: int, ids: Sequence[int]) -> list[int]:
    """Erase these orders of a store, as far as they are still to be erased and finished; those it erased. Written to the audit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, external_id from sales_order where id = any (%s) and store_id = %s and erase_asked_at is not null"
            " and erased_at is null and (deleted_at is not null or status = any (%s)) order by id for no key update",
            [sorted(ids), store_id, list(orders.FINISHED)],
        )
        rows = cursor.fetchall()
    busy = at_warehouses.under_way([row[0] for row in rows])
    done = [order_id for order_id, _ in rows if order_id not in busy]
    if not done:
        return []
    external_ids = [external_id for order_id, external_id in rows if order_id not in busy]
    known, warehouse_ids, moment = known_of(done), warehouses_of(done), since(done)
    drop_bodies_about(done)
    hide_in_stories(known, order_ids=done, store_id=store_id, warehouse_ids=warehouse_ids, since=moment)
    at_warehouses.hide_in_shipping(done, known.hide)
    _hide_in_lanes(known, store_id, warehouse_ids)
    unread.hide(warehouse_ids, known.is_in, known.hide)
    orders.erase_not_understood(store_id, known.is_in, external_ids)
    returns.erase_returns(_returns_of(done))
    orders.erase_orders(done, known.hide)
    tell([Told(kind="order.erased", order_id=order_id) for order_id in done])
    actor = system(account_in_scope())
    record(actor=actor, action="privacy.erased", subject_kind="store", subject_id=store_id, after={"orders": done})
    return done


def _hide_in_lanes(known: Known, store_id: int, warehouse_ids: Sequence[int]) -> None:
    """Hide people in the last errors of lanes, which may quote what a platform refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, last_error, blocked_reason from lane where (last_error <> '' or blocked_reason is not null)"
            " and (store_id = %s or warehouse_id = any (%s) or connection_id in (select id from connection where store_id = %s))",
            [store_id, list(warehouse_ids), store_id],
        )
        for lane_id, error, blocked in cursor.fetchall():
            said = (error or "", blocked or "")
            if any(known.is_in(text) for text in said):
                cursor.execute(
                    "update lane set last_error = %s, blocked_reason = %s where id = %s",
                    [known.hide(said[0]), known.hide(said[1]) if blocked is not None else None, lane_id],
                )
