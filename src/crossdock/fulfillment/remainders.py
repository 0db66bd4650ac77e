"""What becomes of the rest of a part when its warehouse says that nothing more of it follows: the connection's choice."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection
from msgspec import Struct

from crossdock.activity.services import Told, tell
from crossdock.domain.orders import Order
from crossdock.domain.statuses import FINAL, OrderStatus
from crossdock.fulfillment.preparing import UNDER_WAY
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.content import orders_with
from crossdock.orders.moves import move, raise_issue

PREPARE = "fulfillment.prepare"
OVER = FINAL | {OrderStatus.SHIPPED}
"""Where nobody has to be asked about an order."""

LATE = (
    "The warehouse had said that the rest of this part would not follow, so the rest was sent to it again under another number. "
    "What is in this shipment counts for no line, and the store is not told of it."
)
LATE_ISSUE = (
    "The warehouse shipped more of a part after it had said that the rest would not follow. The rest was sent to it again, so the "
    "same units may leave twice: agree with the warehouse what it still ships. The late shipment is flagged below."
)

# Whoever takes a shipment back holds the lines; what is left is read when he is through.
LOCK = """
select l.id from sales_order_line l
 where l.id in (select a.line_id from allocation a where a.fulfillment_order_id = any (%(parts)s)) order by l.id for no key update
"""

LEFT = """
select a.fulfillment_order_id, a.id allocation_id, a.line_id,
       greatest(0, a.quantity - a.released
                   - coalesce((select sum(p.quantity) from package_content p where p.allocation_id = a.id), 0)) units
  from allocation a where a.fulfillment_order_id = any (%(parts)s)
"""

# A unit the store no longer wants is no rest. Of another part of the same consignment one was closed before: this is its rest.
RESTS = f"""
with remaining as materialized ({LEFT})
select f.id, f.order_id, o.store_id, c.remainder, o.status, f.reference,
       sum(least(r.units, greatest(0, l.to_ship - l.shipped))) rest, bool_or(a.quantity - a.released > r.units) has_left,
       exists (select from fulfillment_order b where b.order_id = f.order_id and b.connection_id = f.connection_id
                  and b.consignment = f.consignment and b.status = 'closed' and b.part < f.part)
  from remaining r join allocation a on a.id = r.allocation_id join sales_order_line l on l.id = r.line_id
  join fulfillment_order f on f.id = r.fulfillment_order_id and f.status in ('open', 'closed')
  join connection c on c.id = f.connection_id join sales_order o on o.id = f.order_id
 group by f.id, c.remainder, o.id having sum(least(r.units, greatest(0, l.to_ship - l.shipped))) > 0 order by f.order_id, f.part
"""

# In this order: no line may have been sent more than it was given, at no moment.
UNSENT = f"""
with remaining as materialized ({LEFT}), u as (select line_id, sum(units) units from remaining group by 1)
update sales_order_line l set sent = l.sent - u.units from u where l.id = u.line_id and u.units > 0
"""

RELEASED = f"""
with remaining as materialized ({LEFT})
update allocation a set released = a.released + r.units from remaining r where a.id = r.allocation_id and r.units > 0
"""

NOT_WITHDRAWN = """
update sales_order_line set withdrawn = greatest(0, allocated - to_ship)
 where order_id = any (%(orders)s) and withdrawn <> greatest(0, allocated - to_ship)
"""

CLOSED = "update fulfillment_order set status = 'closed' where id = any (%(parts)s) and status = 'open'"

WAITS_AGAIN = "update sales_order set giving = 2 where id = any (%(orders)s)"

SAID = "The warehouse says the rest, "
"""How the issue begins that is raised here, so that it can be taken away when the rest ships after all."""

CLOSED_UNSHIPPED = "Its warehouse closed it with nothing shipped."

UNSHIPPED_ISSUE = (
    f"{CLOSED_UNSHIPPED} Agree with them that it ships after all, or cancel it in the store, or archive the order. A shipment that "
    "comes anyway is posted."
)

# Each part was closed so, and nothing of the order waits to be given; whether the store still wants any of it.
UNSHIPPED = """
select o.id, (select sum(l.to_ship) > 0 from sales_order_line l where l.order_id = o.id)
  from sales_order o
 where o.id = any (array(select order_id from fulfillment_order where id = any (%(parts)s))) and o.status = 'open'
   and not exists (select from sales_order_line l where l.order_id = o.id and (l.shipped > 0 or l.to_ship > l.allocated))
   and not exists (
     select from fulfillment_order f where f.order_id = o.id and f.status in ('given', 'open')
        and not exists (select from shipment h where h.fulfillment_order_id = f.id and h.is_final and h.status <> 'voided'))
 order by o.id
"""

ASKED = """
update sales_order o set issue = x.issue from unnest(%s::bigint[], %s::text[]) x(id, issue) where o.id = x.id and o.issue <> x.issue
"""

CAME_AFTER_ALL = """
update sales_order o set issue = ''
 where o.id = any (%(orders)s)
   and (starts_with(o.issue, %(nothing)s) and exists (select from sales_order_line l where l.order_id = o.id and l.shipped > 0)
     or starts_with(o.issue, %(said)s) and not exists (
     select from shipment h join allocation a on a.fulfillment_order_id = h.fulfillment_order_id
       join sales_order_line l on l.id = a.line_id
      where h.order_id = o.id and h.is_final and h.status <> 'voided' and l.to_ship > l.shipped
        and a.quantity - a.released > coalesce((select sum(p.quantity) from package_content p where p.allocation_id = a.id), 0)))
returning o.id
"""


class Rest(Struct, frozen=True):
    """Units of a part that its warehouse will not ship and the store still wants.

    `has_left` says whether any unit of the part has left, `is_again` whether the part is the rest of an earlier one itself.
    """

    part_id: int
    order_id: int
    store_id: int
    remainder: str
    status: str
    reference: str
    units: Decimal
    has_left: bool
    is_again: bool


def settle_rests(parts: Collection[int], orders: Sequence[int]) -> None:
    """Act on parts of which a warehouse has just said that nothing more follows; take issues away of rests that came after all.

    `parts` are fulfillment orders, `orders` all whose shipments were counted. Runs in the transaction that stores the shipments, so
    a shipment that is read again, or was read when we crashed, settles nothing twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(CAME_AFTER_ALL, {"orders": list(orders), "said": SAID, "nothing": CLOSED_UNSHIPPED})
        if not parts:
            return
        values = {"parts": sorted(parts)}
        cursor.execute(LOCK, values)
        cursor.execute(RESTS, values)
        rests = [Rest(*row) for row in cursor.fetchall()]
    docs = orders_with([rest.order_id for rest in rests if rest.remainder != "wait"])
    now = datetime.now(UTC)
    fates = {rest.part_id: fate_of(rest, docs.get(rest.order_id), now) for rest in rests}
    _release([rest for rest in rests if fates[rest.part_id] == "reship"])
    _ask([rest for rest in rests if fates[rest.part_id] == "ask"])
    canceled = _close_unshipped(values["parts"])
    tell(
        [
            Told(
                kind="order.rest_will_not_follow",
                order_id=rest.order_id,
                params={"units": _number(rest.units), "reference": rest.reference, "then": fates[rest.part_id]},
            )
            for rest in rests
            if rest.order_id not in canceled
        ]
    )


def fate_of(rest: Rest, order: Order | None, now: datetime) -> str:
    """What becomes of a rest: "wait", "ask" or "reship". `order` is as the store has it now; it may be absent where it waits.

    Nothing is given again that the store canceled or holds, and no part of a part of which nothing left: a warehouse that closes
    whatever it is sent would be sent it for ever.
    """
    if rest.remainder == "wait" or order is None or order.canceled_at is not None or rest.status in OVER:
        return "wait"
    is_held = order.hold is not None and (order.hold.until is None or order.hold.until > now)
    is_pointless = rest.is_again and not rest.has_left
    if rest.remainder == "reship" and rest.status in UNDER_WAY and not is_held and not is_pointless:
        return "reship"
    return "ask"


def issue_of(rest: Rest) -> str:
    """What a person is asked to do about a rest."""
    return (
        f"{SAID}{_units(rest.units)} of {rest.reference}, will not follow. Agree with them that it ships after all, or cancel it in "
        "the store, or archive the order. A shipment that comes anyway is posted."
    )


def flag_late(late: Mapping[int, int]) -> None:
    """Put shipments before a person that came after their rest was given again; orders by shipment."""
    if not late:
        return
    with connection.cursor() as cursor:
        cursor.execute("update shipment set is_flagged = true, reason = %s where id = any (%s)", [LATE, sorted(late)])
    raise_issue(sorted(set(late.values())), LATE_ISSUE)


def _ask(rests: Sequence[Rest]) -> None:
    issues = {rest.order_id: issue_of(rest) for rest in rests}
    if issues:
        with connection.cursor() as cursor:
            cursor.execute(ASKED, [sorted(issues), [issues[order_id] for order_id in sorted(issues)]])


def _close_unshipped(parts: Sequence[int]) -> Collection[int]:
    """Cancel orders that their warehouses closed with nothing shipped. A person is asked, unless the store wants nothing either."""
    with connection.cursor() as cursor:
        cursor.execute(UNSHIPPED, {"parts": list(parts)})
        is_wanted = dict(cursor.fetchall())
    moved = move(sorted(is_wanted), "closed_unshipped", reasons=CLOSED_UNSHIPPED)
    for which, issue in ((True, UNSHIPPED_ISSUE), (False, "")):
        raise_issue([order_id for order_id in moved if is_wanted[order_id] is which], issue)
    tell([Told(kind="order.closed_unshipped", order_id=order_id) for order_id in moved])
    return moved


def _release(rests: Sequence[Rest]) -> None:
    """Take back what a warehouse will not ship, and have it given again as the order's next part."""
    if not rests:
        return
    values = {"parts": [rest.part_id for rest in rests], "orders": sorted({rest.order_id for rest in rests})}
    with connection.cursor() as cursor:
        for statement in (UNSENT, RELEASED, NOT_WITHDRAWN, CLOSED, WAITS_AGAIN):
            cursor.execute(statement, values)
    wake([open_lane(PREPARE, store_id) for store_id in sorted({rest.store_id for rest in rests})])


def _units(units: Decimal) -> str:
    return f"{_number(units)} {'unit' if units == 1 else 'units'}"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
