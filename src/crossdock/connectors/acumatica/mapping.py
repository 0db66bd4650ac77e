"""What an Acumatica sales order means to a warehouse."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from crossdock.connectors.acumatica.payloads import (
    AcAddress,
    AcContact,
    AcLine,
    AcOrder,
    AcShippingSettings,
    AcSplit,
    Flag,
    Moment,
    Number,
)
from crossdock.connectors.acumatica.settings import Settings, types_of
from crossdock.connectors.kit.decoding import amount
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import (
    Address,
    BillingKind,
    FreightBilling,
    Hold,
    LeftOut,
    Order,
    OrderLine,
    Retail,
    ShippingMethod,
)

T = TypeVar("T")

HELD = {
    "on hold": "On hold in Acumatica.",
    "credit hold": "On credit hold in Acumatica.",
    "risk hold": "Held in Acumatica because of its fraud risk.",
    "pending approval": "It waits for approval in Acumatica.",
    "pending processing": "It waits for its payment to be processed in Acumatica.",
    "awaiting payment": "It waits for its payment in Acumatica.",
}
"""Statuses in which an order waits, in small letters, and what people read."""

ENDED = {
    "canceled": "canceled",
    "cancelled": "canceled",
    "rejected": "rejected",
    "voided": "voided",
    "expired": "expired",
}
"""Statuses of orders that will not ship."""

_DONE = frozenset({"completed", "invoiced", "closed", "archived"})
_PLACES = Decimal("0.000001")


def to_order(ac: AcOrder, settings: Settings | None = None, *, address: str | None = None) -> Order:
    """Map one sales order, read with its details, allocations, addresses and shipping settings.

    What is to ship of a line is its open quantity less what is on shipments that are not confirmed yet, in the line's own unit of
    measure; parts allocated to another warehouse are left out with their reason. Days (scheduled shipment, cancel by) are midnight
    UTC. Where the endpoint has no moment of creation the order's date stands for it. `address` is the instance's, for the link.
    Raises InvalidData when number, dates or currency are missing, or a figure cannot be read.
    """
    number = _required(ac.order_nbr.plain, "OrderNbr")
    status = (ac.status.plain or "").casefold()
    ended = ENDED.get(status)
    changed = _required(aware(ac.last_modified), "LastModified")
    work = [_Line(line, settings, is_over=ended is not None or status in _DONE) for line in ac.details]
    shipping = ac.shipping_settings
    open_lines = [one for one in work if one.to_ship > 0]
    return Order(
        external_id=external_id(ac.id, ac.note_id.plain),
        number=_number(number, ac.order_type.plain, settings),
        placed_at=_required(aware(ac.created_date) or aware(ac.date), "CreatedDate"),
        updated_at=changed,
        currency=_required(ac.currency_id.plain, "CurrencyID"),
        lines=tuple(one.as_line() for one in work if one.is_shipped),
        grand_total=figure(ac.order_total, "OrderTotal"),
        subtotal=figure(ac.totals.line_total_amount, "Totals.LineTotalAmount"),
        shipping_total=figure(ac.totals.freight, "Totals.Freight"),
        tax_total=figure(ac.tax_total, "TaxTotal"),
        discount_total=figure(ac.totals.discount_total, "Totals.DiscountTotal"),
        ship_to=to_address(ac.ship_to_address, ac.ship_to_contact, residential=shipping.residential_delivery.value),
        bill_to=to_address(ac.bill_to_address, ac.bill_to_contact),
        method=to_method(
            shipping.ship_via.plain or ac.ship_via.plain,
            collect=shipping.ground_collect,
            theirs=shipping.use_customers_account,
            saturday=shipping.saturday_delivery,
        ),
        email=ac.ship_to_contact.email.plain if ac.ship_to_contact else None,
        phone=ac.ship_to_contact.phone1.plain if ac.ship_to_contact else None,
        customer_po=ac.customer_order.plain,
        ship_not_before=aware(shipping.scheduled_shipment_date) or _earliest(one.ship_on for one in open_lines),
        cancel_after=shipping.cancel_by_date.value.date() if shipping.cancel_by_date.value else None,
        hold=Hold(HELD[status]) if status in HELD else None,
        canceled_at=changed if ended else None,
        cancel_reason=f"{ended} in Acumatica" if ended else None,
        partial_allowed=(shipping.shipping_rule.plain or "").casefold() != "ship complete",
        warehouse_note=ac.note.plain,
        attributes=_attributes(ac, shipping),
        retail=Retail(terms=ac.financial_settings.terms.plain),
        left_out=() if ended else tuple(part for one in work for part in one.left_out),
        not_imported=_not_imported(ac, settings) if settings is not None else None,
        url=_link(address, ac) if address else None,
    )


def external_id(id_: str, note_id: str | None) -> str:
    """The record's unchanging id: its NoteID, which newer endpoints also give by name. Raises InvalidData without one."""
    return _required(note_id or id_ or None, "id")


def to_address(ac: AcAddress | None, contact: AcContact | None, *, residential: bool | None = None) -> Address | None:
    """An address with its contact; None when neither says anything."""
    if ac is None and contact is None:
        return None
    ac, contact = ac or AcAddress(), contact or AcContact()
    found = Address(
        name=contact.attention.plain,
        company=contact.business_name.plain,
        lines=tuple(line for line in (ac.address_line1.plain, ac.address_line2.plain) if line),
        city=ac.city.plain,
        region=ac.state.plain,
        postal_code=ac.postal_code.plain,
        country=ac.country.plain,
        phone=contact.phone1.plain,
        email=contact.email.plain,
        residential=residential,
    )
    return None if found == Address(residential=residential) else found


def to_method(ship_via: str | None, *, collect: Flag, theirs: Flag, saturday: Flag) -> ShippingMethod:
    """How it is to travel; a Ship Via code is all that Acumatica says of carrier and service."""
    kind = BillingKind.COLLECT if collect.value else BillingKind.RECIPIENT if theirs.value else None
    return ShippingMethod(
        name=ship_via, code=ship_via, billing=FreightBilling(kind) if kind else None, saturday=bool(saturday.value)
    )


def figure(number: Number, field: str) -> Decimal | None:
    """A finite decimal, None where there is none. Raises InvalidData."""
    return amount(number.value, field=field)


def aware(moment: Moment) -> datetime | None:
    """A moment in UTC; one without a zone is UTC."""
    if moment.value is None:
        return None
    return (moment.value if moment.value.tzinfo else moment.value.replace(tzinfo=UTC)).astimezone(UTC)


class _Line:
    """One line, and what of it is to be shipped by whom."""

    def __init__(self, ac: AcLine, settings: Settings | None, *, is_over: bool) -> None:
        self._ac = ac
        number = _required(ac.line_nbr.value, "Details.LineNbr")
        self.ordered = figure(ac.order_qty, f"Details[{number}].OrderQty") or Decimal(0)
        self.ship_on = aware(ac.ship_on)
        self.left_out: list[LeftOut] = []
        self.is_shipped = True
        self.to_ship = Decimal(0)
        if (reason := _never_shipped(ac)) is not None:
            self.is_shipped = False
            self._leave(self.ordered, reason)
            return
        rest = Decimal(0) if is_over or ac.completed.value else self._rest(number)
        elsewhere = self._elsewhere(rest, settings)
        for warehouse, units in elsewhere.items():
            self._leave(units, f"ships from warehouse {warehouse}")
        self.to_ship = rest - sum(elsewhere.values(), Decimal(0))

    def as_line(self) -> OrderLine:
        """The line as sold."""
        ac = self._ac
        return OrderLine(
            external_id=str(ac.line_nbr.value),
            sku=ac.inventory_id.plain,
            name=ac.line_description.plain or ac.inventory_id.plain or "",
            ordered=self.ordered,
            to_ship=self.to_ship,
            unit_price=figure(ac.unit_price, "Details.UnitPrice"),
            uom=ac.uom.plain,
            discount=figure(ac.discount_amount, "Details.DiscountAmount"),
            barcode=ac.alternate_id.plain,
            location=ac.warehouse_id.plain,
            note=ac.gift_message.plain or ac.note.plain,
            lot=ac.lot_serial_nbr.plain,
        )

    def _rest(self, number: int) -> Decimal:
        """Open quantity falls when a shipment is confirmed; what is on one that is not confirmed yet has to be taken off besides."""
        on_shipments = figure(self._ac.qty_on_shipments, f"Details[{number}].QtyOnShipments") or Decimal(0)
        open_quantity = figure(self._ac.open_qty, f"Details[{number}].OpenQty")
        rest = self.ordered - on_shipments
        return max(Decimal(0), rest if open_quantity is None else min(open_quantity, rest))

    def _elsewhere(self, rest: Decimal, settings: Settings | None) -> dict[str, Decimal]:
        """Units of other warehouses, by warehouse: of the line's, or of its parts' where they are allocated one by one.

        Parts can be in another unit than the line, so they count by their share.
        """
        if settings is None or not settings.warehouse or not rest:
            return {}
        own = self._ac.warehouse_id.plain
        shares: dict[str, Decimal] = {}
        for part in self._ac.allocations:
            if not part.completed.value and (left := _left_of(part)) > 0:
                place = part.alloc_warehouse_id.plain or own or settings.warehouse
                shares[place] = shares.get(place, Decimal(0)) + left
        if not shares:
            return {own: rest} if own and not _same(own, settings.warehouse) else {}
        whole = sum(shares.values(), Decimal(0))
        return {
            place: (rest * share / whole).quantize(_PLACES).normalize() + 0
            for place, share in shares.items()
            if not _same(place, settings.warehouse)
        }

    def _leave(self, units: Decimal, reason: str) -> None:
        if units:
            name = self._ac.inventory_id.plain or self._ac.line_description.plain or f"line {self._ac.line_nbr.value}"
            self.left_out.append(LeftOut(f"{abs(units).normalize():f} × {name}", reason))


def _left_of(part: AcSplit) -> Decimal:
    return (figure(part.qty, "Allocations.Qty") or Decimal(0)) - (
        figure(part.qty_on_shipments, "Allocations.QtyOnShipments") or Decimal(0)
    )


def _never_shipped(ac: AcLine) -> str | None:
    """Why a line asks nothing of a warehouse; None when it does."""
    if (ac.operation.plain or "").casefold() == "receipt":
        return "comes back from the customer"
    if (ac.line_type.plain or "").casefold().startswith("misc"):
        return "is a charge, not an item"
    if ac.mark_for_po.value and (ac.po_source.plain or "").casefold().replace("-", " ") == "drop ship":
        return "is shipped by the vendor"
    return None


def _not_imported(ac: AcOrder, settings: Settings) -> str | None:
    """The sentence for the setting that leaves the order out; None when it is taken."""
    placed = aware(ac.created_date) or aware(ac.date)
    if settings.accept_orders_after is not None and placed is not None and placed < settings.accept_orders_after:
        return f"It was placed before {settings.accept_orders_after:%Y-%m-%d %H:%M} UTC, when this store begins to accept orders."
    kind = ac.order_type.plain
    if kind is not None and kind.upper() not in types_of(settings):
        return f"It is of the type {kind}; this store imports {', '.join(types_of(settings))}."
    branch = ac.branch.plain
    if settings.branch and branch is not None and not _same(branch, settings.branch):
        return f"It belongs to the branch {branch}; this store imports those of {settings.branch}."
    if ac.will_call.value:
        return "The customer picks it up."
    return None


def _number(number: str, kind: str | None, settings: Settings | None) -> str:
    # Each order type counts by itself, so with several types a number alone can stand for two orders.
    return f"{kind}-{number}" if settings is not None and kind and len(types_of(settings)) > 1 else number


def _attributes(ac: AcOrder, shipping: AcShippingSettings) -> dict[str, str]:
    told = {
        "Order type": ac.order_type.plain,
        "Customer": ac.customer_id.plain,
        "Description": ac.description.plain,
        "External reference": ac.external_ref.plain,
        "Requested on": f"{ac.requested_on.value:%Y-%m-%d}" if ac.requested_on.value else None,
        "Shipping terms": shipping.shipping_terms.plain,
        "FOB point": shipping.fob_point.plain,
        "Insurance": "Yes" if shipping.insurance.value else None,
    }
    return {name: value for name, value in told.items() if value}


def _link(address: str, ac: AcOrder) -> str:
    return f"{address}/Main?ScreenId=SO301000&OrderType={ac.order_type.plain or ''}&OrderNbr={ac.order_nbr.plain or ''}"


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _required(value: T | None, field: str) -> T:
    if value is None or value == "":
        raise InvalidData(f"{field} is missing.", field=field)
    return value
