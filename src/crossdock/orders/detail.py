"""One order, whole: everything its page shows, read in a fixed number of statements."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.activity.queries import Happened, story_of_order
from crossdock.domain.orders import Address, LeftOut, Order
from crossdock.domain.statuses import OrderStatus
from crossdock.orders import guards
from crossdock.orders.beyond import Carried, Part, Returned, Shipped, WouldSend, returns_of, shipping
from crossdock.orders.content import unpacked
from crossdock.orders.guards import Verdict
from crossdock.orders.models import SalesOrder, SalesOrderContent, SalesOrderLine, SalesOrderVersion, StatusChange
from crossdock.orders.presenting import Change, Difference, Field, differences, fields_of, line_facts
from crossdock.orders.services import facts_of
from crossdock.ui.live import version_of


class Line(Struct, frozen=True):
    """One line with its units, and what else it says in small letters."""

    external_id: str
    sku: str
    name: str
    facts: str
    ordered: Decimal
    to_ship: Decimal
    given: Decimal
    sent: Decimal
    shipped: Decimal
    posted: Decimal
    overshipped: Decimal
    unit_price: Decimal | None
    total: Decimal | None
    consignment: int


class OrderPage(Struct, frozen=True):
    """What the page of an order shows. `would_send` is filled while it was not given to anybody."""

    row: SalesOrder
    order: Order
    lines: tuple[Line, ...]
    fields: tuple[Field, ...]
    changes: tuple[Change, ...]
    parts: tuple[Part, ...]
    shipments: tuple[Shipped, ...]
    returns: tuple[Returned, ...]
    would_send: tuple[WouldSend, ...]
    carried: tuple[Carried, ...]
    differences: tuple[Difference, ...]
    story: tuple[Happened, ...]
    has_more_story: bool
    verdicts: Mapping[str, Verdict]

    @property
    def version(self) -> str:
        """Changes whenever something on the page does."""
        parts = [(p.status, p.state, p.error, p.next_at) for p in self.parts]
        shipments = [(s.status, s.reason, s.state) for s in self.shipments]
        lines = [(x.to_ship, x.given, x.sent, x.shipped, x.posted) for x in self.lines]
        row = self.row
        newest = self.story[0].id if self.story else 0
        return version_of(
            row.erase_asked_at,
            row.erased_at,
            row.status,
            row.status_at,
            row.reason,
            row.issue,
            row.revision,
            newest,
            parts,
            shipments,
            lines,
            self.returns,
        )

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Parts that no warehouse ships. Once units of ours left, the store's own word on them would only repeat the shipments."""
        return () if any(line.posted for line in self.lines) else self.order.left_out

    @property
    def units_to_ship(self) -> Decimal:
        """Units the store still wants sent."""
        return sum((line.to_ship for line in self.lines), Decimal(0))


STORY = 30
"""Activities on the page of an order; older ones are a page further."""


def order_named(public_id: UUID) -> SalesOrder | None:
    """The order with this id, if it is not deleted and this person may see it."""
    return SalesOrder.objects.select_related("store", "merchant", "parent").filter(public_id=public_id, deleted_at=None).first()


def order_page(row: SalesOrder, *, before: int | None = None) -> OrderPage:
    """Read everything about one order. `before` shows the story from an older activity on."""
    content = SalesOrderContent.objects.only("doc").get(order_id=row.pk)
    order = unpacked(bytes(content.doc))
    parts = tuple(shipping().parts_of(row.pk))
    facts = facts_of([row])[row.pk]
    is_waiting = OrderStatus(row.status) in (OrderStatus.NEW, OrderStatus.ON_HOLD)
    story = story_of_order(row.pk, before=before, limit=STORY + 1)
    changes = StatusChange.objects.filter(order_id=row.pk).order_by("id").values_list("to_status", "at")
    return OrderPage(
        row=row,
        order=order,
        lines=_lines(row.pk, order),
        fields=tuple(fields_of(order)),
        changes=tuple(Change(to, at) for to, at in changes),
        parts=parts,
        shipments=tuple(shipping().shipments_of(row.pk)),
        returns=tuple(returns_of(row.pk)),
        would_send=tuple(shipping().would_send(row.pk)) if is_waiting else (),
        carried=tuple(shipping().carried_for(row.pk)),
        differences=_differences(row, order),
        story=tuple(story[:STORY]),
        has_more_story=len(story) > STORY,
        verdicts={
            "reprocess": guards.reprocessing(facts),
            "reset": guards.resetting(facts),
            "archive": guards.archiving(facts),
            "delete": guards.deleting(facts),
            "force_delete": guards.deleting(facts, is_forced=True),
            "release": guards.releasing(facts),
            "settle": guards.settling(facts),
        },
    )


def _lines(order_id: int, order: Order) -> tuple[Line, ...]:
    small = line_facts(order)
    rows = SalesOrderLine.objects.filter(order_id=order_id).order_by("position", "id")
    return tuple(
        Line(
            external_id=row.external_id,
            sku=row.sku,
            name=row.name,
            facts=small.get(row.external_id, ""),
            ordered=row.ordered,
            to_ship=row.to_ship,
            given=row.allocated,
            sent=row.sent,
            shipped=row.shipped,
            posted=row.posted,
            overshipped=row.overshipped,
            unit_price=row.unit_price,
            total=None if row.unit_price is None else row.unit_price * row.ordered,
            consignment=row.consignment,
        )
        for row in rows
    )


def _differences(row: SalesOrder, order: Order) -> tuple[Difference, ...]:
    """What the store changed since the warehouse got it, while nobody settled that."""
    if not row.issue:
        return ()
    kept = SalesOrderVersion.objects.filter(order_id=row.pk).order_by("-revision").values_list("doc", flat=True).first()
    return tuple(differences(unpacked(bytes(kept)), order)) if kept is not None else ()


def raw_of(order_id: int) -> bytes:
    """The payload as received, compressed."""
    return bytes(SalesOrderContent.objects.values_list("raw", flat=True).get(order_id=order_id))


def raws_of(store_id: int, external_ids: Collection[str]) -> dict[str, bytes]:
    """Payloads as received, compressed, of a store's orders that this person may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.external_id, c.raw from sales_order o join sales_order_content c on c.order_id = o.id"
            " where o.store_id = %s and o.external_id = any (%s)",
            [store_id, sorted(external_ids)],
        )
        rows: list[Any] = cursor.fetchall()
    return {external_id: bytes(raw) for external_id, raw in rows}


def known_of(orders: Sequence[Order]) -> set[str]:
    """What is known of the people in orders: names, streets, numbers. It is hidden wherever it stands in an exchange."""
    known: set[str] = set()
    for order in orders:
        addresses: list[Address | None] = [order.ship_to, order.bill_to, *(one.ship_to for one in order.consignments)]
        for address in addresses:
            if address is not None:
                known |= {part for part in (address.name, address.company, address.postal_code) if part}
                known |= {part for part in (address.phone, address.email, *address.lines) if part}
        known |= {part for part in (order.email, order.phone) if part}
    return known
