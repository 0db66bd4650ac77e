"""What fulfillment tells and does for orders: fills the port `orders.beyond`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection

from crossdock.connections import gateway
from crossdock.connections.queries import links_of, working
from crossdock.fulfillment.corrections import VOID_BOX
from crossdock.fulfillment.following import RELEASED
from crossdock.fulfillment.names import POST_EFFECT
from crossdock.fulfillment.posting import CLOSE
from crossdock.fulfillment.preparing import SEND_EFFECT
from crossdock.fulfillment.previewing import requests_for
from crossdock.fulfillment.shipping import SETTLE
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.beyond import Box, Carried, Content, GivenLine, Part, Shipped, Standing, WouldSend
from crossdock.orders.models import SalesOrder
from crossdock.tenancy.scope import account_in_scope

STANDINGS = """
select f.order_id, coalesce(bool_or(e.state in ('trying', 'unknown')), false),
       coalesce(bool_or(f.status in ('open', 'closed') or e.state = 'confirmed'), false)
         or exists (select from shipment h where h.account_id = %(account)s and h.order_id = f.order_id),
       coalesce(bool_or(f.status = 'given' and e.state = 'refused'), false),
       coalesce(bool_or(f.status = 'given' and e.state in ('intended', 'trying', 'unknown')), false)
  from fulfillment_order f
  left join effect e on e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = f.id
 where f.order_id = any (%(ids)s) group by f.order_id
"""

# What was tried before is asked for first: the refusal may have hidden that it happened.
SEND_AGAIN = """
update effect e set state = case when e.attempt > 0 then 'unknown' else 'intended' end, settled_at = null, error = '', attempt = 0,
       next_at = clock_timestamp()
  from fulfillment_order f
 where e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = f.id and f.order_id = any (%(ids)s)
   and f.status = 'given' and e.state = 'refused'
returning f.order_id, e.lane_id
"""

SEND_NOW = """
update effect e set next_at = clock_timestamp()
  from fulfillment_order f
 where e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = f.id and f.order_id = any (%(ids)s)
   and f.status = 'given' and e.state in ('intended', 'unknown')
returning f.order_id, e.lane_id
"""

PARTS = """
select f.id, c.name, w.name, w.platform, f.reference, f.status, f.ready_at, coalesce(e.state, ''), coalesce(e.attempt, 0),
       coalesce(e.error, ''), e.next_at, e.settled_at, coalesce(e.external_id, ''), coalesce(e.evidence ? 'adopted_by', false)
  from fulfillment_order f
  join connection c on c.id = f.connection_id join warehouse w on w.id = f.warehouse_id
  left join effect e on e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = f.id
 where f.order_id = %(order)s order by f.part
"""

PART_LINES = """
select a.fulfillment_order_id, l.id, a.sku, l.name, a.quantity, a.released
  from allocation a join sales_order_line l on l.id = a.line_id
 where a.fulfillment_order_id = any (%s) order by a.fulfillment_order_id, a.number
"""

SHIPMENTS = """
select h.id, h.public_id, h.external_id, h.status, h.reason, h.carrier, h.service, h.shipped_at, h.imported_at, h.is_flagged, w.name,
       coalesce(e.state, ''), e.settled_at
  from shipment h join warehouse w on w.id = h.warehouse_id
  left join effect e on e.account_id = %(account)s and e.kind = %(kind)s and e.subject_id = h.id
 where h.account_id = %(account)s and h.order_id = %(order)s order by h.shipped_at desc, h.id desc
"""

BOXES = """
select p.shipment_id, p.id, p.tracking, p.tracking_url, p.weight, p.weight_unit, c.sku, c.quantity, c.lot, c.serials, c.is_flagged
  from package p left join package_content c on c.package_id = p.id
 where p.shipment_id = any (%s) and p.external_id <> %s order by p.shipment_id, p.id, c.id
"""

TRACKED = """
select distinct h.order_id from package p join shipment h on h.id = p.shipment_id
 where p.account_id = %s and p.tracking = %s and h.order_id is not null order by h.order_id desc limit %s
"""


class FulfillmentForOrders:
    """See `orders.beyond.Shipping`."""

    def standings(self, ids: Sequence[int]) -> Mapping[int, Standing]:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(STANDINGS, {"account": account_in_scope(), "kind": SEND_EFFECT, "ids": sorted(ids)})
            return {row[0]: Standing(*row[1:]) for row in cursor.fetchall()}

    def take_back(self, ids: Sequence[int]) -> set[int]:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(RELEASED, {"ids": sorted(ids)})
            taken = {row[0] for row in cursor.fetchall()}
            cursor.execute(
                "update sales_order_line set withdrawn = greatest(0, allocated - to_ship) where order_id = any (%s)"
                " and withdrawn <> greatest(0, allocated - to_ship)",
                [sorted(taken)],
            )
        return taken

    def send_again(self, ids: Sequence[int], *, is_now: bool) -> set[int]:
        """See the port."""
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"account": account_in_scope(), "kind": SEND_EFFECT, "ids": sorted(ids)}
            cursor.execute(SEND_NOW if is_now else SEND_AGAIN, values)
            rows = cursor.fetchall()
        wake({row[1] for row in rows})
        return {row[0] for row in rows}

    def settle(self, ids: Sequence[int]) -> None:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {"ids": sorted(ids)})
            cursor.execute(CLOSE, {"ids": sorted(ids)})
            # A part that waited for its connection may have been passed over while the order stood aside.
            cursor.execute(
                "update sales_order set giving = 2 where id = any (%s) and giving = 1 returning store_id", [sorted(ids)]
            )
            wake([open_lane("fulfillment.prepare", store_id) for store_id in sorted({row[0] for row in cursor.fetchall()})])

    def parts_of(self, order_id: int) -> Sequence[Part]:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(PARTS, {"account": account_in_scope(), "kind": SEND_EFFECT, "order": order_id})
            rows = cursor.fetchall()
            cursor.execute(PART_LINES, [[row[0] for row in rows]])
            lines: dict[int, list[GivenLine]] = defaultdict(list)
            for part_id, *line in cursor.fetchall():
                lines[part_id].append(GivenLine(*line))
        return [msgspec.structs.replace(Part(*row), lines=tuple(lines[row[0]])) for row in rows]

    def shipments_of(self, order_id: int) -> Sequence[Shipped]:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(SHIPMENTS, {"account": account_in_scope(), "kind": POST_EFFECT, "order": order_id})
            rows = cursor.fetchall()
        boxes = boxes_of([row[0] for row in rows])
        return [msgspec.structs.replace(Shipped(*row[1:]), boxes=tuple(boxes.get(row[0], ()))) for row in rows]

    def would_send(self, order_id: int) -> Sequence[WouldSend]:
        """See the port."""
        return [
            WouldSend(
                would.connection,
                would.warehouse,
                would.request.reference,
                would.request.ship_to,
                tuple(GivenLine(0, line.sku, line.name, line.quantity, line.quantity * 0) for line in would.request.lines),
            )
            for would in requests_for([order_id])
        ]

    def carried_for(self, order_id: int) -> Sequence[Carried]:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(
                "select distinct w.name, w.platform from fulfillment_order f join warehouse w on w.id = f.warehouse_id"
                " where f.order_id = %s order by 1",
                [order_id],
            )
            rows: list[Any] = cursor.fetchall()
            if not rows:
                store_id = SalesOrder.objects.values_list("store_id", flat=True).get(pk=order_id)
                ids = sorted({link.warehouse_id for link in working(links_of(store_id=store_id), "sales_orders")})
                cursor.execute("select name, platform from warehouse where id = any (%s) order by 1", [ids])
                rows = cursor.fetchall()
        return [
            Carried(name, connector.name, connector.takes)
            for name, connector in ((name, gateway.platform_named(platform)) for name, platform in rows)
        ]

    def tracked_as(self, tracking: str, most: int) -> Sequence[int]:
        """See the port."""
        with connection.cursor() as cursor:
            cursor.execute(TRACKED, [account_in_scope(), tracking, most])
            return [row[0] for row in cursor.fetchall()]


def boxes_of(shipment_ids: Sequence[int]) -> dict[int, list[Box]]:
    """The packages of shipments, by shipment, each with what is in it."""
    with connection.cursor() as cursor:
        cursor.execute(BOXES, [sorted(shipment_ids), VOID_BOX])
        rows = cursor.fetchall()
    boxes: dict[tuple[int, int], Box] = {}
    contents: dict[int, list[Content]] = defaultdict(list)
    for shipment_id, package_id, tracking, url, weight, unit, sku, quantity, lot, serials, is_flagged in rows:
        safe = url if url.startswith("https://") else ""
        boxes.setdefault((shipment_id, package_id), Box(tracking, safe, weight, unit, ()))
        if quantity is not None:
            contents[package_id].append(Content(sku, quantity, lot, tuple(serials), is_flagged))
    found: dict[int, list[Box]] = defaultdict(list)
    for (shipment_id, package_id), box in boxes.items():
        whole = Box(box.tracking, box.tracking_url, box.weight, box.weight_unit, tuple(contents[package_id]))
        found[shipment_id].append(whole)
    return found
