"""Between a store and its warehouses: holds released, lines given to connections, sending intended."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import connection

from crossdock.activity.services import Told, tell
from crossdock.connections.effects import intend
from crossdock.connections.models import Connection
from crossdock.domain.arrival import unfit
from crossdock.domain.giving import Candidate, connection_for
from crossdock.domain.orders import Order
from crossdock.fulfillment.parts import FreeLine, divided, number_taken, numbers_known, write_parts
from crossdock.fulfillment.terms import Terms
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.content import orders_with
from crossdock.orders.models import Giving
from crossdock.orders.moves import move, raise_issue
from crossdock.tenancy.scope import account_in_scope

SEND = "fulfillment.send"
SEND_EFFECT = "warehouse.send"
SET = 200
"""Orders prepared in one transaction."""


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

Which = Literal["new", "again", "waiting"]
"""Which orders are looked at: New ones that nobody looked at, those under way of which more is to be given since they changed, or
all that wait, since what decides changed: connections, locations.
"""

UNDER_WAY = ("queued", "delayed", "open", "partially_shipped", "error")
"""Where an order stands of which a further part may be given."""

_CONDITIONS: dict[Which, str] = {
    "new": "status = 'new' and giving <> 1",
    "again": f"giving = 2 and status in {UNDER_WAY}",
    "waiting": f"giving > 0 and status in {('new', *UNDER_WAY)}",
}

# The connection that a line's units were taken back from since its warehouse would not ship them, unless it has them again.
AGAIN = """
(select f.connection_id from allocation a join fulfillment_order f on f.id = a.fulfillment_order_id
  where a.line_id = l.id and a.released > 0 and f.status = 'closed'
    and not exists (select from fulfillment_order g where g.order_id = f.order_id and g.connection_id = f.connection_id
                       and g.consignment = f.consignment and g.status in ('given', 'open'))
  order by f.id desc limit 1)
"""

# Whoever walks over all that waits passes each once, so that he waits for what somebody else holds; the others are looked at again.
FREE = (
    """
with mine as materialized (
  select id, external_id, number, placed_at, status from sales_order
   where store_id = %(store)s and {condition} and followed = revision and deleted_at is null and id > %(after)s
   order by id limit %(most)s for no key update {locked})
select m.id, m.external_id, m.number, l.id, l.external_id, l.sku, l.location, l.consignment,
       l.to_ship + l.withdrawn - l.allocated,
       coalesce((select max(part) from fulfillment_order f where f.order_id = m.id), 0), m.placed_at, m.status,
       case when m.status <> 'new' then
         array(select f.connection_id from fulfillment_order f where f.order_id = m.id and f.status <> 'withdrawn') else '{{}}' end,
       case when m.status <> 'new' then """
    + AGAIN
    + """ end
  from mine m left join sales_order_line l on l.order_id = m.id and l.to_ship + l.withdrawn > l.allocated
 order by m.id, l.position
"""
)

STATEMENTS: dict[Which, str] = {
    which: FREE.format(condition=condition, locked="" if which == "waiting" else "skip locked")
    for which, condition in _CONDITIONS.items()
}

Choice = tuple[FreeLine, Candidate | None]
"""Units of a line, and the connection they belong to where one is to be given them or they wait for it."""


def give(terms: Terms, after: int, which: Which = "new") -> int | None:
    """Give the next set of orders to connections, and intend the sending; the last id looked at, None when none is left.

    Lines of a connection that is not Live wait, and so do those of which nobody said where they go: they are looked at again when
    their order or what decides changes. Of an order under way, what belongs to a connection that was not asked for any of it is
    given like that of a New one; more units for a warehouse that has its part are for a person. An order that no warehouse could
    ship becomes Error with what to do.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[which], {"store": terms.store_id, "after": after, "most": SET})
        rows = cursor.fetchall()
    if not rows:
        return None
    # An order of which everything was given has no line here, and holds up none behind it.
    lines = [FreeLine(*row) for row in rows if row[3] is not None]
    bare = {row[0]: row[11] for row in rows if row[3] is None}
    chosen = choose(terms, lines)
    marks = {line.order_id: Giving.NOTHING for line in lines} | {
        order_id: Giving.WAITS if status == "new" else Giving.NOTHING for order_id, status in bare.items()
    }
    under_way = {line.order_id for line in lines if line.status != "new"}
    docs = orders_with([order_id for order_id, those in chosen.items() if _is_wanted(those) or order_id in under_way])
    for order_id in sorted(under_way & set(chosen)):
        # In Error because it could not be given to anybody: a person has it tried again, as a New one.
        is_asked = bool(chosen[order_id][0][0].asked)
        if (mark := _not_now(docs[order_id]) if is_asked else Giving.NOTHING) is not None:
            marks[order_id] = mark
            chosen.pop(order_id)
    _leave_old(terms, chosen, under_way, marks)
    wanted = [order_id for order_id, those in chosen.items() if _is_wanted(those)]
    _note_waiting(terms, chosen, under_way, marks)
    _give_wanted(terms, {order_id: chosen[order_id] for order_id in wanted}, docs, under_way)
    # Most orders never wait: those that nobody looked at before carry no mark that would have to go.
    _mark({order_id: mark for order_id, mark in marks.items() if which != "new" or mark is not Giving.NOTHING})
    return int(rows[-1][0]) if len({row[0] for row in rows}) == SET else None


def choose(terms: Terms, lines: Iterable[FreeLine]) -> dict[int, list[Choice]]:
    """By order, the connection each free line belongs to. Those of a connection that has a part of the order already are absent:
    its warehouse takes no more units by itself. What a warehouse had and will not ship goes back to its own connection.
    """
    chosen: dict[int, list[Choice]] = defaultdict(list)
    own = {candidate.id: candidate for candidate in terms.candidates}
    for line in lines:
        back = own.get(line.again) if line.again is not None else None
        to = back or connection_for(line.location, candidates=terms.candidates, links=terms.locations)
        if to is None or to is back or to.id not in line.asked:
            chosen[line.order_id].append((line, to))
    return dict(chosen)


def _is_wanted(choices: Iterable[Choice]) -> bool:
    return any(to is not None and to.is_live for _, to in choices)


def _not_now(order: Order) -> Giving | None:
    """How an order under way is marked of which nothing more may be given: it was canceled in the store, or is held there."""
    if order.canceled_at is not None:
        return Giving.NOTHING
    if order.hold is None or (order.hold.until is not None and order.hold.until <= datetime.now(UTC)):
        return None
    return Giving.WAITS if order.hold.until is None else Giving.AGAIN


def _leave_old(terms: Terms, chosen: dict[int, list[Choice]], under_way: Collection[int], marks: dict[int, Giving]) -> None:
    """Take out what is older than the connection it belongs to takes, unless a person insisted on it."""
    wanted = [order_id for order_id, those in chosen.items() if _is_wanted(those)]
    insisted = _insisted_on(order_id for order_id in wanted if any(_is_too_old(terms, *one) for one in chosen[order_id]))
    left: list[int] = []
    for order_id in wanted:
        if order_id in insisted:
            continue
        # Every connection takes orders from a moment of its own on, though the store's are read from the earliest of them.
        chosen[order_id] = [(line, None if _is_too_old(terms, line, to) else to) for line, to in chosen[order_id]]
        if _is_wanted(chosen[order_id]):
            continue
        if order_id in under_way:
            marks[order_id] = Giving.WAITS
        else:
            left.append(order_id)
        chosen.pop(order_id)
    _skip_old(left)


def _note_waiting(
    terms: Terms, chosen: Mapping[int, Sequence[Choice]], under_way: Collection[int], marks: dict[int, Giving]
) -> None:
    """Mark orders of which something waits, and say why on those of which nothing is given."""
    for order_id, those in chosen.items():
        if any(to is None or not to.is_live for _, to in those):
            marks[order_id] = Giving.WAITS
    idle = [order_id for order_id, those in chosen.items() if not _is_wanted(those)]
    is_any_live = any(candidate.is_live for candidate in terms.candidates)
    _explain([order_id for order_id in idle if order_id not in under_way], NOBODY_SAID if is_any_live else OBSERVED)
    _explain([order_id for order_id in idle if order_id in under_way], PART_WAITS)


def _give_wanted(
    terms: Terms, chosen: Mapping[int, Sequence[Choice]], docs: Mapping[int, Order], under_way: Collection[int]
) -> None:
    misfits = {order_id: why for order_id in chosen if (why := unfit(docs[order_id]))}
    fitting = {order_id: those for order_id, those in chosen.items() if order_id not in misfits}
    parts, allocations = divided(terms, fitting)
    # An order goes out whole or not at all: nothing of one is written of which a part has no number of its own.
    taken = {part["order_id"]: part for part in numbers_known(parts)}
    if taken:
        parts, allocations = divided(terms, {order_id: those for order_id, those in fitting.items() if order_id not in taken})
    given = write_parts(parts, allocations)
    taken |= {part["order_id"]: part for part in parts if part["k"] not in given}
    misfits |= {order_id: number_taken(part) for order_id, part in taken.items()}
    stuck = [order_id for order_id in misfits if order_id not in under_way]
    move(stuck, "unfit", reasons=[misfits[order_id] for order_id in stuck])
    stuck += [i for i in misfits if i in under_way and raise_issue([i], f"The rest of it cannot be sent: {misfits[i]}")]
    tell([Told(kind="order.unfit", order_id=order_id, params={"why": misfits[order_id]}) for order_id in stuck])
    _intend_sending(terms, [part for part in parts if part["k"] in given], given, under_way)


def _is_too_old(terms: Terms, line: FreeLine, candidate: Candidate | None) -> bool:
    if candidate is not None and candidate.id == line.again:
        return False
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


def _intend_sending(
    terms: Terms, parts: Sequence[Mapping[str, Any]], given: Mapping[int, int], under_way: Collection[int]
) -> None:
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
    _explain([part["order_id"] for part in parts if part["order_id"] in under_way], "", instead_of=PART_WAITS)
    tell(
        [
            Told(
                kind="order.given",
                order_id=part["order_id"],
                params={"warehouse": names[part["connection_id"]], "reference": part["reference"]},
            )
            for part in parts
            if part["order_id"] in moved or part["order_id"] in under_way
        ]
    )
    wake(lanes.values())


def _warehouse_names(connection_ids: Iterable[int]) -> dict[int, str]:
    return dict(Connection.objects.filter(pk__in=set(connection_ids)).values_list("pk", "warehouse__name"))


OBSERVED = "Only observed: no connection of this store is Live, so nothing is sent."
NOBODY_SAID = "Nobody said which connection ships these lines. Choose the store's default connection or link the location."
PART_WAITS = "A part of it waits: its connection is not Live, or nobody said which one ships it."


def _explain(ids: Sequence[int], reason: str, *, instead_of: str = "") -> None:
    """Say why orders stand where they stand; with `instead_of` only on those that say this."""
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "update sales_order set reason = %s where id = any (%s) and reason <> %s and (%s = '' or reason = %s)",
            [reason, sorted(ids), reason, instead_of, instead_of],
        )


def _mark(marks: Mapping[int, Giving]) -> None:
    """Note of which orders something waits."""
    if not marks:
        return
    ids = sorted(marks)
    with connection.cursor() as cursor:
        cursor.execute(
            "update sales_order o set giving = x.giving from unnest(%s::bigint[], %s::smallint[]) x(id, giving)"
            " where o.id = x.id and o.giving <> x.giving",
            [ids, [marks[order_id].value for order_id in ids]],
        )


def units_for_a_person(terms: Terms, ids: Sequence[int]) -> dict[int, Decimal]:
    """Units of orders under way that are wanted of a warehouse beyond the part it has; none for the others."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ASKED, [sorted(ids)])
        rows = cursor.fetchall()
    units: dict[int, Decimal] = defaultdict(Decimal)
    for order_id, location, quantity, asked, again in rows:
        to = connection_for(location, candidates=terms.candidates, links=terms.locations)
        if to is not None and to.id in asked and again is None:
            units[order_id] += quantity
    return dict(units)


ASKED = f"""
select l.order_id, l.location, l.to_ship + l.withdrawn - l.allocated,
       array(select f.connection_id from fulfillment_order f where f.order_id = l.order_id and f.status <> 'withdrawn'), {AGAIN}
  from sales_order_line l where l.order_id = any (%s) and l.to_ship + l.withdrawn > l.allocated
"""
