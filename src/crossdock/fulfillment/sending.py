"""Orders on their way to a warehouse: what one effect of sending means."""

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from django.db import connection
from django.db.models import F

from crossdock.accounts import vault
from crossdock.activity.services import Told, keep_messages, message_about, tell
from crossdock.connections.effects import Claimed, Settled, intend
from crossdock.connections.gateway import Opened
from crossdock.connections.queries import Link, links_of
from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note, SendsOrders
from crossdock.domain.fulfillment import FulfillmentRequest, RequestLine
from crossdock.domain.orders import Address, Order
from crossdock.fulfillment.models import FulfillmentOrder
from crossdock.fulfillment.preparing import SEND_EFFECT
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.content import orders_as_followed, orders_with
from crossdock.orders.models import SalesOrder
from crossdock.orders.moves import move
from crossdock.tenancy.scope import account_in_scope

PROGRESS = "fulfillment.progress"
PROGRESS_EFFECT = "store.progress"
PULL = "fulfillment.pull"

LINES = """
select a.fulfillment_order_id, a.number, l.external_id, a.sku, l.name, a.quantity - a.released, l.unit_price
  from allocation a join sales_order_line l on l.id = a.line_id
 where a.fulfillment_order_id = any (%s) and a.quantity > a.released order by a.fulfillment_order_id, a.number
"""

OPENED = """
with fo as (update fulfillment_order f set status = 'open'
         where f.id = any (%(ids)s) and f.status = 'given' returning f.id, f.order_id),
 units as materialized (
   select line_id, sum(quantity - released) sent from allocation
    where fulfillment_order_id = any (array(select id from fo)) group by 1),
 l as (update sales_order_line l set sent = l.sent + u.sent from units u
        where l.id = u.line_id and l.id = any (array(select line_id from units)))
select id, order_id from fo
"""


class Sending:
    """The effect "this warehouse was asked to ship this"."""

    kind = SEND_EFFECT

    def __init__(self, opened: Opened, link: Link) -> None:
        self._opened = opened
        self._link = link
        self._orders: dict[str, int] = {}
        self._held_back: set[str] = set()

    @property
    def _client(self) -> SendsOrders:
        return cast(SendsOrders, self._opened.client)

    def load(self, claimed: Sequence[Claimed]) -> Mapping[str, FulfillmentRequest]:
        """The requests behind effects, by key; withdrawn ones are absent. Delayed orders are on their way again.

        An order that the store changed since it was given is asked for as it stood then, and not sent before the change was
        followed.
        """
        keys = {effect.subject_id: effect for effect in claimed}
        rows = FulfillmentOrder.objects.filter(pk__in=list(keys), status="given")
        parts = {row.pk: row for row in rows}
        order_ids = [row.order_id for row in parts.values()]
        orders = orders_with(order_ids) | orders_as_followed(order_ids)
        changed = set(SalesOrder.objects.filter(pk__in=order_ids, followed__lt=F("revision")).values_list("pk", flat=True))
        is_on = any(link.is_live and "sales_orders" in link.channels for link in links_of(connection_id=self._link.id))
        self._held_back = {keys[pk].key for pk, row in parts.items() if row.order_id in changed or not is_on}
        lines: dict[int, list[RequestLine]] = {}
        with connection.cursor() as cursor:
            cursor.execute(LINES, [list(parts)])
            for part_id, number, line_id, sku, name, quantity, price in cursor.fetchall():
                lines.setdefault(part_id, []).append(RequestLine(number, line_id, sku, name, quantity, unit_price=price))
        requests = {}
        for part_id, row in parts.items():
            if part_id not in lines:
                continue
            key = keys[part_id].key
            order = orders[row.order_id]
            requests[key] = FulfillmentRequest(
                key=key,
                reference=row.reference,
                mark=mark_of(key),
                order=order,
                ship_to=destination(order, row.consignment),
                lines=tuple(lines[part_id]),
                intended_at=row.ready_at,
            )
            self._orders[key] = row.order_id
        move(sorted({self._orders[key] for key in requests if key not in self._held_back}), "retry_comes")
        return requests

    def held_back(self) -> Collection[str]:
        """See `Ledgered`."""
        return self._held_back

    async def ask(self, wanted: Sequence[FulfillmentRequest], evidence: Mapping[str, Mapping[str, str]]) -> Sequence[Found]:
        """See `Ledgered`."""
        return await self._client.find_orders(wanted, evidence)

    async def act(self, wanted: Sequence[FulfillmentRequest], note: Note) -> Sequence[Done | Failed]:
        """See `Ledgered`."""
        return await self._client.send_orders(wanted, note)

    def landed(self, settled: Sequence[Settled]) -> None:
        """Confirmed orders are Open, refused ones Error, the others Delayed until the next try."""
        kept = self._opened.recorder.drain()
        keep_messages(kept, warehouse_id=self._link.warehouse_id, subjects=self._orders)
        message = message_about(kept)
        confirmed = [one for one in settled if one.state == "confirmed"]
        with connection.cursor() as cursor:
            cursor.execute(OPENED, {"ids": sorted(one.effect.subject_id for one in confirmed)})
            order_of = dict(cursor.fetchall())
        stories = []
        for one in confirmed:
            if (order_id := order_of.get(one.effect.subject_id)) is not None:
                params = {"as": one.external_id, "found": bool(one.evidence and one.evidence.get("found"))}
                stories.append(Told(kind="order.sent", order_id=order_id, params=params, message_id=message.get(one.effect.key)))
        move(sorted(set(order_of.values())), "confirmed")
        refused = [one for one in settled if one.state == "refused" and one.effect.key in self._orders]
        ids = [self._orders[one.effect.key] for one in refused]
        moved = move(ids, "refused", reasons=[one.message for one in refused])
        stories += [
            Told(kind="order.refused", order_id=order_id, params={"why": one.message}, message_id=message.get(one.effect.key))
            for order_id, one in zip(ids, refused, strict=True)
            if order_id in moved
        ]
        later = [
            one
            for one in settled
            if one.state in ("intended", "unknown") and one.next_at and one.effect.key in self._orders and not one.is_held_back
        ]
        ids = [self._orders[one.effect.key] for one in later]
        moved = move(ids, "retry_scheduled", reasons=[one.message for one in later], waits=[one.next_at for one in later])
        stories += [
            Told(kind="order.delayed", order_id=order_id, params={"why": one.message}, message_id=message.get(one.effect.key))
            for order_id, one in zip(ids, later, strict=True)
            if order_id in moved
        ]
        tell(stories)
        self._wake_others(sorted(set(order_of.values())), sorted(order_of))

    def _wake_others(self, sent: Sequence[int], parts: Sequence[int]) -> None:
        """Tell the store that the warehouse has them, look for shipments that came too early, follow changes that had to wait."""
        if sent:
            lane = open_lane(PROGRESS, self._link.store_id)
            with connection.cursor() as cursor:
                cursor.execute("select id, external_id from sales_order where id = any (%s)", [list(sent)])
                rows = cursor.fetchall()
            new = intend(
                PROGRESS_EFFECT,
                [
                    {
                        "key": f"store:{self._link.store_id}/order:{external_id}",
                        "lane_id": lane,
                        "store_id": self._link.store_id,
                        "warehouse_id": None,
                        "realm": self._link.realm,
                        "subject_id": order_id,
                    }
                    for order_id, external_id in rows
                ],
            )
            if new:
                wake([lane])
            if self._has_early_shipments(parts):
                wake([open_lane(PULL, self._link.warehouse_id)])
        if self._has_waiting_changes():
            wake([open_lane("fulfillment.prepare", self._link.store_id)])

    def _has_early_shipments(self, parts: Sequence[int]) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "select exists (select from fulfillment_order f join shipment s on s.warehouse_id = f.warehouse_id"
                " and s.reference = f.reference and s.order_id is null and s.status = 'new' where f.id = any (%s))",
                [list(parts)],
            )
            return bool(cursor.fetchone()[0])

    def _has_waiting_changes(self) -> bool:
        with connection.cursor() as cursor:
            # In the index's order and not by `exists`: for two columns compared the planner expects a third of the table to fit, and
            # would read it all.
            cursor.execute(
                "select id from sales_order where store_id = %s and followed < revision order by id limit 1",
                [self._link.store_id],
            )
            return cursor.fetchone() is not None


def mark_of(key: str) -> str:
    """Forty bits that only we can make for this key, in eight letters and digits: an order that carries them is ours."""
    return "CD" + base64.b32encode(vault.digest(account_in_scope(), "mark", key.encode())[:5]).decode()


def destination(order: Order, consignment: int) -> Address:
    """Where a part of an order goes."""
    if order.consignments:
        return order.consignments[consignment].ship_to
    return order.ship_to or Address()
