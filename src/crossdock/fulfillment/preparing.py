"""Between a store and its warehouses: holds released, lines given to connections, sending intended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
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
from crossdock.domain.arrival import unfit
from crossdock.domain.giving import Candidate, connection_for
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.content import orders_with
from crossdock.orders.moves import move
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
