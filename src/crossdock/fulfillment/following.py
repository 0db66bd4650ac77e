"""What changed in the store after an order came: applied before sending, put before a person after it; connections that are gone."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection

from crossdock.activity.services import Told, tell
from crossdock.domain.arrival import arrive
from crossdock.domain.orders import Order
from crossdock.domain.statuses import OrderStatus
from crossdock.fulfillment.posting import CLOSE
from crossdock.fulfillment.preparing import units_for_a_person
from crossdock.fulfillment.shipping import SETTLE
from crossdock.fulfillment.terms import Terms
from crossdock.jobs.wakes import wake
from crossdock.orders.content import orders_as_followed, orders_with
from crossdock.orders.moves import move, raise_issue
from crossdock.orders.selling import wake_other_sellers

SET = 200
"""Orders followed in one transaction."""

CHANGED = """
select o.id, o.status, coalesce(sum(l.allocated), 0), coalesce(sum(l.withdrawn), 0), coalesce(sum(l.sent), 0),
       coalesce(sum(greatest(0, l.to_ship + l.withdrawn - l.allocated)), 0), coalesce(sum(l.shipped), 0)
  from (select id, status from sales_order where store_id = %(store)s and followed < revision and deleted_at is null and id > %(after)s
         order by id limit %(most)s for no key update skip locked) o
  left join sales_order_line l on l.order_id = o.id
 group by o.id, o.status order by o.id
"""

RELEASED = """
with open as (
  select f.id from fulfillment_order f join effect e on e.kind = 'warehouse.send' and e.subject_id = f.id
   where f.order_id = any (%(ids)s) and f.status = 'given' and e.account_id = f.account_id
     and (e.state = 'intended' or e.state = 'refused') for update of e),
 fo as (update fulfillment_order f set status = 'withdrawn' from open where f.id = open.id returning f.id, f.order_id),
 e as (update effect e set state = 'refused', settled_at = clock_timestamp(), error = 'Withdrawn before it was sent.'
         from fo where e.kind = 'warehouse.send' and e.subject_id = fo.id and e.state = 'intended'),
 a as (update allocation a set released = a.quantity from fo where a.fulfillment_order_id = fo.id and a.released < a.quantity)
select order_id from fo
"""


SHRUNK = """
with open as (
  select f.id from fulfillment_order f
    join effect e on e.account_id = f.account_id and e.kind = 'warehouse.send' and e.subject_id = f.id
   where f.order_id = any (%(ids)s) and f.status = 'given' and e.state in ('intended', 'refused') and e.external_id is null
   order by e.id for update of e),
 over as (
  select distinct on (l.id) a.id, least(a.quantity - a.released, l.allocated - l.to_ship) units
    from sales_order_line l join allocation a on a.line_id = l.id join open on open.id = a.fulfillment_order_id
   where l.order_id = any (%(ids)s) and l.allocated > l.to_ship and a.released < a.quantity order by l.id, a.id desc)
update allocation a set released = a.released + over.units from over where a.id = over.id
"""

EMPTIED = """
with bare as (
  update fulfillment_order f set status = 'withdrawn'
   where f.order_id = any (%(ids)s) and f.status = 'given'
     and not exists (select from allocation a where a.fulfillment_order_id = f.id and a.released < a.quantity) returning f.id)
update effect e set state = 'refused', settled_at = clock_timestamp(), error = 'Withdrawn before it was sent.'
  from bare where e.kind = 'warehouse.send' and e.subject_id = bare.id and e.state = 'intended'
"""

# Whoever gives looks at them anew: at those that are New, and at those of which more is to be given.
FOLLOWED = """
update sales_order set followed = revision,
       giving = case when status = 'new' then 0 when id = any (%(more)s) then 2 else giving end
 where id = any (%(ids)s)
"""

# Their sending was held back until now; one that is put off after an error keeps its time.
GO_ON = """
update effect e set next_at = clock_timestamp() from fulfillment_order f
 where f.order_id = any (%(ids)s) and f.status = 'given' and e.account_id = f.account_id and e.kind = 'warehouse.send'
   and e.subject_id = f.id and e.state = 'intended' and e.error = '' and e.next_at > clock_timestamp() returning e.lane_id
"""

CHANGED_WHILE_TAKEN = (
    "It changed in the store, and the warehouse has an order with this number that is not like it. Nothing is sent again by itself: "
    "compare both, then Reset it to send it under another number, or archive it."
)


def follow_changes(terms: Terms, after: int = 0) -> int | None:
    """Act on orders that changed in the store since they came; the last id looked at, None when none is left.

    Before sending, the change is applied: what was given is taken back and the order starts over. After sending, a change that
    takes units back is put before a person, with both versions kept, since the warehouse has it; what waits for another warehouse
    is still taken back. An order that is under way right now is left as it is: what is asked for must be what was sent.
    """
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"store": terms.store_id, "most": SET, "after": after})
        rows = cursor.fetchall()
    if not rows:
        return None
    ids = [row[0] for row in rows]
    status = {row[0]: OrderStatus(row[1]) for row in rows}
    # Of an open one with nothing sent a warehouse had its part and will not ship it: a person knows of it by now.
    unsent = {row[0] for row in rows if row[4] == 0 and status[row[0]] is not OrderStatus.OPEN}
    busy = _in_flight(ids)
    taken = _taken_at_warehouse(unsent - busy)
    taken_back = _take_back(sorted(i for i in unsent - busy - taken if status[i] is not OrderStatus.NEW))
    _take_units_back(sorted(set(ids) - unsent - busy))
    _drop_withdrawn(ids)
    orders = orders_with(ids)
    now = datetime.now(UTC)
    before = orders_as_followed([row[0] for row in rows if row[0] not in unsent])
    more_wanted = [row[0] for row in rows if row[0] not in unsent and row[5] > 0]
    done_before = {OrderStatus.SHIPPED, OrderStatus.CLOSED}
    status |= _go_on([i for i in more_wanted if status[i] in done_before and orders[i].canceled_at is None])
    for_a_person = units_for_a_person(terms, more_wanted)
    for order_id, _, _, withdrawn, *_ in rows:
        if order_id in taken:
            raise_issue([order_id], CHANGED_WHILE_TAKEN)
        elif order_id not in unsent:
            more = for_a_person.get(order_id, Decimal(0))
            _put_before_a_person(order_id, status[order_id], before.get(order_id), orders[order_id], withdrawn, more)
        elif order_id not in busy:
            _start_over(order_id, status[order_id], orders[order_id], terms, now, order_id in taken_back)
    with connection.cursor() as cursor:
        # An effect under way settles first; its own lane wakes us again.
        done = [order_id for order_id in ids if order_id not in busy]
        cursor.execute(FOLLOWED, {"ids": done, "more": more_wanted})
        cursor.execute(GO_ON, {"ids": done})
        wake({row[0] for row in cursor.fetchall()})
        # What has left may be all that is wanted by now. Units that a warehouse has and nobody wants any more may still leave.
        whole = [row[0] for row in rows if row[0] in set(done) and row[3] == 0 and row[6] > 0]
        cursor.execute(SETTLE, {"ids": whole})
        cursor.execute(CLOSE, {"ids": whole})
        tell([Told(kind="order.closed", order_id=row[0]) for row in cursor.fetchall()])
    wake_other_sellers(terms.store_id, ids)
    return int(ids[-1]) if len(ids) == SET else None


def _go_on(ids: Sequence[int]) -> dict[int, OrderStatus]:
    """Have orders go on of which the store wants more after everything had left; where they stand now."""
    moved = move(ids, "more_wanted")
    tell([Told(kind="order.more_wanted", order_id=order_id) for order_id in moved])
    return moved


def _take_back(ids: list[int]) -> set[int]:
    """Withdraw what was given and not yet tried; orders of which something was taken back."""
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(RELEASED, {"ids": ids})
        return {row[0] for row in cursor.fetchall()}


def _take_units_back(ids: Sequence[int]) -> None:
    """Of orders that one warehouse has: take units the store no longer wants off what was not yet sent to another."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(SHRUNK, {"ids": list(ids)})
            cursor.execute(EMPTIED, {"ids": list(ids)})


def _taken_at_warehouse(ids: Collection[int]) -> set[int]:
    """Orders whose number a warehouse has as another's, or with other contents: it may be ours all the same, so a person decides."""
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct f.order_id from fulfillment_order f join effect e on e.account_id = f.account_id"
            " and e.kind = 'warehouse.send' and e.subject_id = f.id where f.order_id = any (%s) and f.status = 'given'"
            " and e.state = 'refused' and e.external_id is not null",
            [sorted(ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def _drop_withdrawn(ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update sales_order_line set withdrawn = greatest(0, allocated - to_ship) where order_id = any (%s)"
            " and withdrawn <> greatest(0, allocated - to_ship)",
            [ids],
        )


def _in_flight(ids: list[int]) -> set[int]:
    """Orders whose sending is under way or unknown: nobody may act on them until it is settled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct f.order_id from fulfillment_order f join effect e on e.account_id = f.account_id"
            " and e.kind = 'warehouse.send' and e.subject_id = f.id where f.order_id = any (%s) and e.state in ('trying', 'unknown')",
            [ids],
        )
        return {row[0] for row in cursor.fetchall()}


def _start_over(order_id: int, status: OrderStatus, order: Order, terms: Terms, now: datetime, was_taken_back: bool) -> None:
    """Judge an order anew that no warehouse has seen."""
    if status in (OrderStatus.ARCHIVED, OrderStatus.ABANDONED, OrderStatus.ROUTED, OrderStatus.BUNDLED):
        return
    floors = [link.accept_after for link in terms.links]
    accept_after = None if any(floor is None for floor in floors) else min((floor for floor in floors if floor), default=None)
    arrival = arrive(order, now=now, delay=terms.delay, accept_after=accept_after)
    if arrival.status is OrderStatus.CANCELED:
        if move([order_id], "canceled_in_store", reasons=arrival.reason):
            tell([Told(kind="order.canceled_in_store", order_id=order_id, params={"before_sending": True})])
        return
    if status in (OrderStatus.SKIPPED, OrderStatus.CANCELED):
        if arrival.status is OrderStatus.SKIPPED:
            if status is OrderStatus.SKIPPED:
                _skip_because(order_id, arrival.reason)
            return
        if status is OrderStatus.SKIPPED and _is_left_behind(order_id):
            return
        move([order_id], "passes_now" if status is OrderStatus.SKIPPED else "reprocessed")
    elif status is OrderStatus.ON_HOLD:
        move([order_id], "released")
    elif status is not OrderStatus.NEW:
        move([order_id], "reset")
    if arrival.event:
        move([order_id], arrival.event, reasons=arrival.reason, waits=arrival.wait_until)
    if was_taken_back:
        tell([Told(kind="order.changed_before_sending", order_id=order_id)])


def _is_left_behind(order_id: int) -> bool:
    """Whether it was left to an earlier tool and nobody here asked for it since: no change in the store brings it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind from activity where order_id = %s and kind in ('order.left_behind', 'order.reprocessed', 'order.reset')"
            " order by at desc limit 1",
            [order_id],
        )
        row = cursor.fetchone()
    return row is not None and row[0] == "order.left_behind"


def _skip_because(order_id: int, reason: str) -> None:
    """Say why an order is Skipped by now. What a person left out stays left out, and says so."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update sales_order o set reason = %s where id = %s and reason <> %s and not exists (select from activity a"
            " where a.account_id = o.account_id and a.order_id = o.id and a.kind = 'order.left_behind')",
            [reason, order_id, reason],
        )


def _put_before_a_person(
    order_id: int, status: OrderStatus, before: Order | None, order: Order, withdrawn: Decimal, more: Decimal
) -> None:
    """Say what the store changed of an order that a warehouse has. What we post there ourselves changes nothing of this."""
    if status in (OrderStatus.CLOSED, OrderStatus.ARCHIVED, OrderStatus.SHIPPED):
        return
    if status is OrderStatus.CANCELED:
        # Its warehouse had closed it, and what a person was asked is answered once the store wants nothing of it either.
        if order.canceled_at is not None or not any(line.to_ship for line in order.lines):
            raise_issue([order_id], "")
        return
    if order.canceled_at is not None:
        what, kind = "Canceled in the store", "order.canceled_after_sending"
    elif withdrawn > 0:
        what, kind = f"{_units(withdrawn, 'fewer')} wanted in the store", "order.reduced_after_sending"
    elif more > 0:
        what, kind = f"{_units(more, 'more')} wanted in the store", "order.increased_after_sending"
    elif before is not None and before.ship_to != order.ship_to:
        what, kind = "The shipping address was changed in the store", "order.address_changed_after_sending"
    else:
        return
    issue = (
        f"{what} after the warehouse had the order. This warehouse takes no changes from us: agree it with them. "
        "Both versions are kept below. A shipment that comes anyway is posted."
    )
    if raise_issue([order_id], issue):
        tell([Told(kind=kind, order_id=order_id)])


def _units(count: Decimal, what: str) -> str:
    return f"{count.normalize():f} {what} {'unit is' if count == 1 else 'units are'}"


# --- Connections that are gone --------------------------------------------------------------------------------------------------

ORPHANS = """
select distinct f.order_id, exists (select from sales_order_line l where l.order_id = f.order_id and l.sent > 0)
  from connection c join lane n on n.connection_id = c.id and n.kind = 'fulfillment.send'
  join effect e on e.lane_id = n.id and e.state = 'intended'
  join fulfillment_order f on f.id = e.subject_id and f.status = 'given'
 where c.store_id = %s and c.deleted_at is not null and e.kind = 'warehouse.send' order by f.order_id limit %s
"""

WAITING = """
select f.order_id from fulfillment_order f
  join effect e on e.account_id = f.account_id and e.kind = 'warehouse.send' and e.subject_id = f.id and e.state = 'intended'
 where f.connection_id = %s and f.status = 'given'
   and not exists (select from sales_order_line l where l.order_id = f.order_id and l.sent > 0)
 order by f.order_id
"""

ORPHANED = (
    "A part of it was given to a connection that was deleted before its warehouse was asked, and another warehouse has the rest. "
    "Ship that part by hand, or add the connection again and turn it Live."
)


def take_from_deleted(store_id: int) -> None:
    """Have orders start over whose connection was deleted before it asked its warehouse: nobody else would ever send them."""
    with connection.cursor() as cursor:
        cursor.execute(ORPHANS, [store_id, SET])
        rows = cursor.fetchall()
    raise_issue([order_id for order_id, is_sent in rows if is_sent], ORPHANED)
    ids = [order_id for order_id, is_sent in rows if not is_sent]
    taken = sorted(_take_back(sorted(set(ids) - _in_flight(ids) - _taken_at_warehouse(ids))))
    _drop_withdrawn(taken)
    tell([Told(kind="order.connection_deleted", order_id=order_id) for order_id in move(taken, "reset")])


def take_from_stopped(connection_id: int) -> None:
    """Have orders start over that were given to a connection and not sent before it was stopped: what becomes of them is decided
    with all the others when it goes Live again.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [connection_id])
        ids = [row[0] for row in cursor.fetchall()]
    taken = sorted(_take_back(sorted(set(ids) - _in_flight(ids) - _taken_at_warehouse(ids))))
    _drop_withdrawn(taken)
    move(taken, "reset")
