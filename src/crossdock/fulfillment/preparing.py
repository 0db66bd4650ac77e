"""Between a store and its warehouses: changes in the store followed, holds released, lines given to connections, sending intended."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.activity.services import Told, tell
from crossdock.connections import gateway
from crossdock.connections.effects import intend
from crossdock.connections.models import Connection, LocationLink, Store, Warehouse
from crossdock.connections.queries import Link
from crossdock.domain.arrival import arrive, unfit
from crossdock.domain.giving import Candidate, connection_for
from crossdock.domain.orders import Order
from crossdock.domain.statuses import OrderStatus
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.content import orders_as_followed, orders_with
from crossdock.orders.moves import move, raise_issue
from crossdock.tenancy.scope import account_in_scope

SEND = "fulfillment.send"
SEND_EFFECT = "warehouse.send"
SET = 200
"""Orders prepared in one transaction."""


class Terms(Struct, frozen=True):
    """What a store and its connections say about preparing: who may be given lines, by which locations, how long orders rest."""

    store_id: int
    links: tuple[Link, ...]
    locations: Mapping[str, int]
    prefix: str
    delay: timedelta
    references: Mapping[int, Any]


def terms_of(store_id: int, links: Sequence[Link]) -> Terms:
    """Read a store's terms. `references` gives, by connection, how its warehouse writes order numbers."""
    settings = gateway.settings_of_row(Store.objects.get(pk=store_id))
    platforms = dict(Warehouse.objects.filter(pk__in=[link.warehouse_id for link in links]).values_list("pk", "platform"))
    return Terms(
        store_id=store_id,
        links=tuple(links),
        locations=dict(LocationLink.objects.filter(store_id=store_id).values_list("location", "connection_id")),
        prefix=getattr(settings, "order_number_prefix", ""),
        delay=timedelta(minutes=getattr(settings, "delay_minutes", 0)),
        references={link.id: gateway.platform_named(platforms[link.warehouse_id]).reference for link in links},
    )


# --- Changes in the store -------------------------------------------------------------------------------------------------------

CHANGED = """
select o.id, o.status, coalesce(sum(l.allocated), 0), coalesce(sum(l.withdrawn), 0), coalesce(sum(l.sent), 0),
       coalesce(sum(greatest(0, l.to_ship + l.withdrawn - l.allocated)), 0)
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
    unsent = {row[0] for row in rows if row[4] == 0}
    busy = _in_flight(ids)
    taken = _taken_at_warehouse(unsent - busy)
    taken_back = _take_back(sorted(i for i in unsent - busy - taken if status[i] is not OrderStatus.NEW))
    _take_units_back(sorted(set(ids) - unsent - busy))
    _drop_withdrawn(ids)
    orders = orders_with(ids)
    now = datetime.now(UTC)
    before = orders_as_followed([row[0] for row in rows if row[4] > 0])
    for order_id, _, _, withdrawn, _, more in rows:
        if order_id in taken:
            raise_issue([order_id], CHANGED_WHILE_TAKEN)
        elif order_id not in unsent:
            _put_before_a_person(order_id, status[order_id], before.get(order_id), orders[order_id], withdrawn, more)
        elif order_id not in busy:
            _start_over(order_id, status[order_id], orders[order_id], terms, now, order_id in taken_back)
    with connection.cursor() as cursor:
        # An effect under way settles first; its own lane wakes us again.
        cursor.execute("update sales_order set followed = revision where id = any (%s)", [[i for i in ids if i not in busy]])
    return int(ids[-1])


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


def _put_before_a_person(
    order_id: int, status: OrderStatus, before: Order | None, order: Order, withdrawn: Decimal, more: Decimal
) -> None:
    """Say what the store changed of an order that a warehouse has. What we post there ourselves changes nothing of this."""
    if status in (OrderStatus.CLOSED, OrderStatus.ARCHIVED, OrderStatus.SHIPPED):
        return
    if order.canceled_at is not None:
        what, kind = "Canceled in the store", "order.canceled_after_sending"
    elif withdrawn > 0:
        what, kind = f"{_number(withdrawn)} fewer units are wanted in the store", "order.reduced_after_sending"
    elif more > 0:
        what, kind = f"{_number(more)} more units are wanted in the store", "order.increased_after_sending"
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


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


# --- Connections that are gone --------------------------------------------------------------------------------------------------

ORPHANS = """
select distinct f.order_id, exists (select from sales_order_line l where l.order_id = f.order_id and l.sent > 0)
  from connection c join lane n on n.connection_id = c.id and n.kind = 'fulfillment.send'
  join effect e on e.lane_id = n.id and e.state = 'intended'
  join fulfillment_order f on f.id = e.subject_id and f.status = 'given'
 where c.store_id = %s and c.deleted_at is not null and e.kind = 'warehouse.send' order by f.order_id limit %s
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


# --- Holds ----------------------------------------------------------------------------------------------------------------------


def release_due(store_id: int) -> int:
    """Let go on what waited for a moment that has come; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from sales_order where store_id = %s and status = 'on_hold' and wait_until <= clock_timestamp()"
            " and deleted_at is null order by id limit %s for no key update skip locked",
            [store_id, SET],
        )
        ids = [row[0] for row in cursor.fetchall()]
    moved = move(ids, "released")
    tell([Told(kind="order.released", order_id=order_id) for order_id in moved])
    return len(moved)


def next_release(store_id: int) -> datetime | None:
    """When the next hold of the store ends by itself."""
    with connection.cursor() as cursor:
        cursor.execute("select min(wait_until) from sales_order where store_id = %s and status = 'on_hold'", [store_id])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


# --- Giving ---------------------------------------------------------------------------------------------------------------------

FREE = """
with mine as materialized (
  select id, external_id, number, placed_at from sales_order
   where store_id = %(store)s and status = 'new' and followed = revision and deleted_at is null and id > %(after)s
   order by id limit %(most)s for no key update skip locked)
select m.id, m.external_id, m.number, l.id, l.external_id, l.sku, l.location, l.consignment,
       l.to_ship + l.withdrawn - l.allocated,
       coalesce((select max(part) from fulfillment_order f where f.order_id = m.id), 0), m.placed_at
  from mine m left join sales_order_line l on l.order_id = m.id and l.to_ship + l.withdrawn > l.allocated
 order by m.id, l.position
"""

GIVE = """
with part as (select * from jsonb_to_recordset(%(parts)s::jsonb)
                as p(k int, order_id bigint, connection_id bigint, warehouse_id bigint, part int, consignment int, reference text)),
 fo as (insert into fulfillment_order (account_id, order_id, connection_id, warehouse_id, part, consignment, reference)
        select %(account)s, order_id, connection_id, warehouse_id, part, consignment, reference from part order by k
        on conflict do nothing returning id, order_id, part),
 given as (insert into allocation (account_id, line_id, fulfillment_order_id, number, sku, quantity)
           select %(account)s, r.line_id, fo.id, r.number, r.sku, r.quantity
             from jsonb_to_recordset(%(lines)s::jsonb) r(k int, line_id bigint, number int, sku text, quantity numeric)
             join part on part.k = r.k join fo on fo.order_id = part.order_id and fo.part = part.part order by r.line_id)
select part.k, fo.id from fo join part on part.order_id = fo.order_id and part.part = fo.part
"""


class FreeLine(Struct, frozen=True):
    """Units of a line that nobody was given yet."""

    order_id: int
    order_external_id: str
    number: str
    line_id: int
    line_external_id: str
    sku: str
    location: str
    consignment: int
    quantity: Decimal
    last_part: int
    placed_at: datetime | None = None


def give(terms: Terms, after: int) -> int | None:
    """Give the next set of New orders to connections, and intend the sending; the last id looked at, None when none is left.

    Lines of a connection that is not live wait, and so do those of which nobody said where they go. An order that no warehouse
    could ship becomes Error with what to do.
    """
    candidates = [Candidate(link.id, link.is_live, link.is_default) for link in terms.links]
    with connection.cursor() as cursor:
        cursor.execute(FREE, {"store": terms.store_id, "after": after, "most": SET})
        rows = cursor.fetchall()
    if not rows:
        return None
    # An order of which everything was given has no line here, and holds up none behind it.
    lines = [FreeLine(*row) for row in rows if row[3] is not None]
    by_order: dict[int, list[FreeLine]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    chosen = {
        order_id: [(line, connection_for(line.location, candidates=candidates, links=terms.locations)) for line in of_order]
        for order_id, of_order in by_order.items()
    }
    wanted = [order_id for order_id, given in chosen.items() if any(candidate and candidate.is_live for _, candidate in given)]
    insisted = _insisted_on(order_id for order_id in wanted if any(_is_too_old(terms, *one) for one in chosen[order_id]))
    for order_id in set(wanted) - insisted:
        # Every connection takes orders from a moment of its own on, though the store's are read from the earliest of them.
        chosen[order_id] = [(line, None if _is_too_old(terms, line, to) else to) for line, to in chosen[order_id]]
    too_old = {order_id for order_id in wanted if not any(to and to.is_live for _, to in chosen[order_id])}
    wanted = [order_id for order_id in wanted if order_id not in too_old]
    _skip_old(sorted(too_old))
    _explain_waiting([order_id for order_id in chosen if order_id not in {*wanted, *too_old}], candidates)
    orders = orders_with(wanted)
    misfits = {order_id: why for order_id in wanted if (why := unfit(orders[order_id]))}
    fitting = {order_id: chosen[order_id] for order_id in wanted if order_id not in misfits}
    parts, allocations = divided(terms, fitting)
    # An order goes out whole or not at all: nothing of one is written of which a part has no number of its own.
    taken = {part["order_id"]: part for part in _numbers_known(parts)}
    if taken:
        parts, allocations = divided(terms, {order_id: given for order_id, given in fitting.items() if order_id not in taken})
    given = write_parts(parts, allocations)
    taken |= {part["order_id"]: part for part in parts if part["k"] not in given}
    misfits |= {order_id: _number_taken(part) for order_id, part in taken.items()}
    if misfits:
        move(list(misfits), "unfit", reasons=list(misfits.values()))
        tell([Told(kind="order.unfit", order_id=order_id, params={"why": why}) for order_id, why in misfits.items()])
    _intend_sending(terms, [part for part in parts if part["k"] in given], given)
    return int(rows[-1][0])


def _is_too_old(terms: Terms, line: FreeLine, candidate: Candidate | None) -> bool:
    floor = next((link.accept_after for link in terms.links if candidate and link.id == candidate.id), None)
    return floor is not None and line.placed_at is not None and line.placed_at < floor


def _insisted_on(ids: Iterable[int]) -> set[int]:
    """Those of orders that a person had start over or tried again: older than their connection or not, they go."""
    wanted = list(ids)
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct order_id from activity where account_id = %s and order_id = any (%s)"
            " and kind in ('order.reprocessed', 'order.reset')",
            [account_in_scope(), wanted],
        )
        return {row[0] for row in cursor.fetchall()}


def _skip_old(ids: Sequence[int]) -> None:
    why = "Placed before the connection that ships it takes orders."
    tell([Told(kind="order.left_behind", order_id=order_id) for order_id in move(ids, "left_out", reasons=why)])


def _numbers_known(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of fulfillment orders to be whose number their warehouse knows already, or gets twice at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select f.warehouse_id, f.reference from unnest(%s::bigint[], %s::text[]) x(warehouse_id, reference)"
            " join fulfillment_order f on f.warehouse_id = x.warehouse_id and f.reference = x.reference",
            [[part["warehouse_id"] for part in parts], [part["reference"] for part in parts]],
        )
        known = set(cursor.fetchall())
    found = []
    for part in parts:
        number = (part["warehouse_id"], part["reference"])
        if number in known:
            found.append(part)
        known.add(number)
    return found


def divided(
    terms: Terms, chosen: Mapping[int, Sequence[tuple[FreeLine, Candidate | None]]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fulfillment orders to be, one for each live connection and destination of an order, and the units each takes: rows of GIVE."""
    warehouses = {link.id: link.warehouse_id for link in terms.links}
    parts: list[dict[str, Any]] = []
    allocations: list[dict[str, Any]] = []
    for order_id, given in chosen.items():
        groups: dict[tuple[int, int], list[FreeLine]] = defaultdict(list)
        for line, candidate in given:
            if candidate is not None and candidate.is_live:
                groups[candidate.id, line.consignment].append(line)
        for number, ((connection_id, consignment), of_part) in enumerate(sorted(groups.items()), start=1):
            part = of_part[0].last_part + number
            k = len(parts) + 1
            parts.append(
                {
                    "k": k,
                    "order_id": order_id,
                    "external_id": of_part[0].order_external_id,
                    "number": of_part[0].number,
                    "connection_id": connection_id,
                    "warehouse_id": warehouses[connection_id],
                    "part": part,
                    "consignment": consignment,
                    "reference": _reference(terms, connection_id, of_part[0].number, part),
                }
            )
            allocations += [
                {"k": k, "line_id": line.line_id, "number": at, "sku": line.sku, "quantity": line.quantity}
                for at, line in enumerate(of_part, start=1)
            ]
    return parts, allocations


def _reference(terms: Terms, connection_id: int, number: str, part: int) -> str:
    """The number the warehouse knows it by: the order's own, with the store's prefix; later parts say which they are."""
    # The number sign is how shops show a number, not a part of it: behind a prefix it would only be in the way.
    plain = number.removeprefix("#") if terms.prefix else number
    whole = f"{terms.prefix}{plain}" + (f"_{part}" if part > 1 else "")
    fit = terms.references.get(connection_id)
    return fit(whole) if fit else whole


def write_parts(parts: list[dict[str, Any]], allocations: list[dict[str, Any]]) -> dict[int, int]:
    """Write fulfillment orders with their units; ids by `k`. One whose number the warehouse knows already is absent."""
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE,
            {
                "account": account_in_scope(),
                "parts": msgspec.json.encode(parts).decode(),
                "lines": msgspec.json.encode(allocations).decode(),
            },
        )
        return {row[0]: row[1] for row in cursor.fetchall()}


def _number_taken(part: Mapping[str, Any]) -> str:
    return (
        f"The warehouse already knows another order as {part['reference']}. Give this store an order number prefix "
        "in its settings, then Reprocess."
    )


def _intend_sending(terms: Terms, parts: Sequence[Mapping[str, Any]], given: Mapping[int, int]) -> None:
    if not parts:
        return
    links = {link.id: link for link in terms.links}
    lanes = {connection_id: open_lane(SEND, connection_id) for connection_id in sorted({part["connection_id"] for part in parts})}
    intend(
        SEND_EFFECT,
        [
            {
                "key": f"store:{terms.store_id}/order:{part['external_id']}/part:{part['part']}",
                "lane_id": lanes[part["connection_id"]],
                "warehouse_id": part["warehouse_id"],
                "store_id": None,
                "realm": links[part["connection_id"]].realm,
                "subject_id": given[part["k"]],
            }
            for part in parts
        ],
    )
    names = _warehouse_names(part["connection_id"] for part in parts)
    moved = move(sorted({part["order_id"] for part in parts}), "ready")
    tell(
        [
            Told(
                kind="order.given",
                order_id=part["order_id"],
                params={"warehouse": names[part["connection_id"]], "reference": part["reference"]},
            )
            for part in parts
            if part["order_id"] in moved
        ]
    )
    wake(lanes.values())


def _warehouse_names(connection_ids: Iterable[int]) -> dict[int, str]:
    return dict(Connection.objects.filter(pk__in=set(connection_ids)).values_list("pk", "warehouse__name"))


def _explain_waiting(ids: Sequence[int], candidates: Sequence[Candidate]) -> None:
    if not ids:
        return
    reason = (
        "Only observed: no connection of this store is Live, so nothing is sent."
        if not any(candidate.is_live for candidate in candidates)
        else "Nobody said which connection ships these lines. Choose the store's default connection or link the location."
    )
    with connection.cursor() as cursor:
        cursor.execute("update sales_order set reason = %s where id = any (%s) and reason <> %s", [reason, list(ids), reason])
