"""What a Shopify order means to a warehouse."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from msgspec import UNSET

from crossdock.connectors.kit.decoding import amount
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.payloads import (
    ShAddress,
    ShFulfillmentOrder,
    ShLine,
    ShMoneyBag,
    ShOrder,
    ShWeight,
    number_of,
)
from crossdock.connectors.shopify.settings import Settings, label_of
from crossdock.domain.orders import (
    Address,
    Customs,
    Hold,
    LeftOut,
    Measure,
    Order,
    OrderLine,
    Payment,
    ShippingMethod,
)

T = TypeVar("T")

SHIPPING_STATUSES = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD"})
"""Fulfillment orders in which something may still be to ship; CLOSED, CANCELLED and INCOMPLETE ask for nothing."""

_NOT_SHIPPED_BY_US = {
    "PICK_UP": "picked up by the shopper",
    "LOCAL": "delivered locally by the shop",
    "RETAIL": "handed over in the shop",
    "NONE": "needs no shipping",
}

_UNITS = {"GRAMS": "g", "KILOGRAMS": "kg", "OUNCES": "oz", "POUNDS": "lb"}

_PLACES = Decimal("0.0001")

ROUTING = "Shopify is still assigning the order to a location."


def to_order(sh: ShOrder, settings: Settings | None = None) -> Order:
    """Map one order.

    What is to ship is what remains in its fulfillment orders, after the location and service filters; a line of the order that is in
    none of them is in `left_out` with its reason. Without settings nothing is filtered and `not_imported` stays None. Amounts are in
    one currency, the shop's or the shopper's; unit prices and discounts are before tax, also where the shop's prices include it. An
    order without a destination keeps `ship_to` None.
    Raises InvalidData when number, dates or currency are missing, or an amount cannot be read.
    """
    money = _Money(sh, local=settings is not None and settings.use_local_currency)
    placed = min((moment for moment in (sh.created_at, sh.processed_at) if moment), default=None)
    canceled = sh.cancelled_at is not None
    work = _Work(sh, settings)
    lines = tuple(_line(line, work, money, taxes_included=sh.taxes_included, canceled=canceled) for line in work.sold)
    return Order(
        external_id=number_of(sh.id),
        number=_required(sh.name, "name"),
        placed_at=_required(placed, "createdAt"),
        updated_at=_required(sh.updated_at, "updatedAt"),
        currency=_required(money.currency, "currencyCode"),
        lines=lines,
        grand_total=money.of(sh.total_price_set or sh.original_total_price_set, "totalPriceSet"),
        subtotal=money.of(sh.subtotal_price_set, "subtotalPriceSet"),
        shipping_total=money.of(sh.total_shipping_price_set, "totalShippingPriceSet"),
        tax_total=money.of(sh.total_tax_set, "totalTaxSet"),
        discount_total=money.of(sh.total_discounts_set, "totalDiscountsSet"),
        ship_to=address(sh.shipping_address, email=sh.email, phone=sh.phone),
        bill_to=address(sh.billing_address, email=sh.email, phone=None),
        method=method(sh),
        email=sh.email or None,
        phone=sh.phone or None,
        customer_po=sh.po_number or None,
        payment=_payment(sh.display_financial_status),
        ship_not_before=work.scheduled_for,
        ship_by=work.ship_by,
        hold=None if canceled else work.hold,
        canceled_at=sh.cancelled_at,
        cancel_reason=sh.cancel_reason.replace("_", " ").lower() if sh.cancel_reason else None,
        is_test=sh.test,
        warehouse_note=sh.note or None,
        tags=sh.tags,
        attributes={attribute.key: attribute.value or "" for attribute in sh.custom_attributes},
        customs=Customs(incoterm=work.incoterm, duties=money.of(sh.current_total_duties_set, "currentTotalDutiesSet")),
        left_out=() if canceled else work.left_out,
        not_imported=_not_imported(sh, settings, placed, work) if settings is not None else None,
        url=f"https://admin.shopify.com/store/{settings.shop}/orders/{number_of(sh.id)}" if settings is not None else None,
    )


def awaits_fulfillment_orders(sh: ShOrder) -> bool:
    """Whether units are to be shipped and no fulfillment order says from where: routing is not done, or we may not see them."""
    return (
        sh.fulfillment_orders is not UNSET
        and not sh.fulfillment_orders.nodes
        and sh.cancelled_at is None
        and sh.line_items is not UNSET
        and any(_still_open(line) > 0 for line in sh.line_items.nodes if _is_shipped(line))
    )


def address(sh: ShAddress | None, *, email: str | None, phone: str | None) -> Address | None:
    """An address as Shopify has it; None when there is none, or when all of it is withheld."""
    if sh is None:
        return None
    found = Address(
        name=sh.name or None,
        company=sh.company or None,
        lines=tuple(line for line in (sh.address1, sh.address2) if line),
        city=sh.city or None,
        region=sh.province_code or sh.province or None,
        postal_code=sh.zip or None,
        country=sh.country_code_v2 or None,
    )
    if found == Address():
        return None
    return Address(
        name=found.name,
        company=found.company,
        lines=found.lines,
        city=found.city,
        region=found.region,
        postal_code=found.postal_code,
        country=found.country,
        phone=sh.phone or phone or None,
        email=email or None,
    )


def method(sh: ShOrder) -> ShippingMethod:
    """The first shipping line that was not removed, as the shopper chose it."""
    for line in sh.shipping_lines.nodes:
        if not line.is_removed:
            return ShippingMethod(name=line.title or None, code=line.code or None, carrier=line.carrier_identifier or None)
    return ShippingMethod()


class _Money:
    """Takes one side of every amount, so that shop and shopper currency never mix."""

    def __init__(self, sh: ShOrder, *, local: bool) -> None:
        self._local = local
        self.currency = sh.presentment_currency_code if local else sh.currency_code
        total = sh.total_price_set or sh.current_total_price_set
        if self.currency is None and total is not None:
            side = total.presentment_money if local else total.shop_money
            self.currency = side.currency_code if side else None

    def of(self, bag: ShMoneyBag | None, field: str) -> Decimal | None:
        """The amount in the order's currency; None where Shopify gives none. Raises InvalidData for one in another currency."""
        money = (bag.presentment_money if self._local else bag.shop_money) if bag is not None else None
        if money is None:
            return None
        if money.currency_code is not None and self.currency is not None and money.currency_code != self.currency:
            raise InvalidData(f"{field} is in {money.currency_code} while the order is in {self.currency}.", field=field)
        return amount(money.amount, field=field)

    def sum(self, bags: Iterable[ShMoneyBag], field: str) -> Decimal | None:
        """The sum of amounts; None for none at all."""
        found = [value for bag in bags if (value := self.of(bag, field)) is not None]
        return sum(found, Decimal(0)) if found else None


class _Work:
    """What the fulfillment orders ask for: units and location of each line, what is left out, and what the order waits for."""

    def __init__(self, sh: ShOrder, settings: Settings | None) -> None:
        self.sold = sh.line_items.nodes if sh.line_items is not UNSET else ()
        self.to_ship: dict[str, int] = defaultdict(int)
        self.locations: dict[str, set[str]] = defaultdict(set)
        self.hold: Hold | None = None
        self.scheduled_for: datetime | None = None
        self.ship_by: datetime | None = None
        self.incoterm: str | None = None
        self.is_being_routed = False
        self._excluded: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._by_id = {line.id: line for line in self.sold}
        if sh.fulfillment_orders is UNSET:
            # A recorded answer that did not ask for them: the line's own count is the best there is.
            for line in self.sold:
                if _is_shipped(line):
                    self.to_ship[line.id] = _still_open(line)
        else:
            for part in sh.fulfillment_orders.nodes:
                self._take(part, settings)
            self.is_being_routed = awaits_fulfillment_orders(sh)
            if self.is_being_routed:
                self.hold = Hold(ROUTING)

    def _take(self, part: ShFulfillmentOrder, settings: Settings | None) -> None:
        if part.status not in SHIPPING_STATUSES:
            return
        excluded = _excluded(part, settings)
        took = False
        for row in part.line_items.nodes:
            if row.remaining_quantity <= 0:
                continue
            line = self._by_id.get(row.line_item.id)
            reason = excluded or (None if row.requires_shipping and (line is None or _is_shipped(line)) else _kind(line))
            if reason is not None:
                self._excluded[row.line_item.id].append((row.remaining_quantity, reason))
                continue
            took = True
            self.to_ship[row.line_item.id] += row.remaining_quantity
            if part.assigned_location.location is not None:
                self.locations[row.line_item.id].add(number_of(part.assigned_location.location.id))
        if took:
            self._wait_for(part)

    def _wait_for(self, part: ShFulfillmentOrder) -> None:
        if part.fulfill_by is not None:
            self.ship_by = min(part.fulfill_by, self.ship_by or part.fulfill_by)
        if part.international_duties is not None and part.international_duties.incoterm:
            self.incoterm = part.international_duties.incoterm
        if part.status == "SCHEDULED":
            moments = [moment for moment in (self.scheduled_for, part.fulfill_at) if moment is not None]
            self.scheduled_for = max(moments, default=None)
            if self.hold is None or self.hold.until is not None:
                self.hold = Hold("Scheduled in Shopify for later.", self.scheduled_for)
        if part.status == "ON_HOLD":
            reasons = (
                ": ".join(text for text in (hold.display_reason or hold.reason, hold.reason_notes) if text)
                for hold in part.fulfillment_holds
            )
            self.hold = Hold("; ".join(dict.fromkeys(reason for reason in reasons if reason)) or "On hold in Shopify.")

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Every sold unit that no warehouse has to ship, with its reason, in the order of the lines."""
        parts: list[LeftOut] = []
        # While routing is under way nothing is left out: it is only not known yet from where it ships.
        unseen = None if self.is_being_routed else "not assigned to a location that Crossdock may see"
        for line in self.sold:
            accounted = self.to_ship.get(line.id, 0)
            for quantity, reason in self._excluded.get(line.id, ()):
                parts.append(LeftOut(_what(line, quantity), reason))
                accounted += quantity
            rest = line.quantity - accounted
            if rest <= 0:
                continue
            if not _is_shipped(line):
                parts.append(LeftOut(_what(line, rest), _kind(line)))
                continue
            current = line.quantity if line.current_quantity is None else line.current_quantity
            removed = min(rest, max(0, line.quantity - current))
            shipped = min(rest - removed, max(0, current - _still_open(line)))
            for quantity, why in (
                (removed, "refunded or removed"),
                (shipped, "already shipped"),
                (rest - removed - shipped, unseen),
            ):
                if quantity > 0 and why is not None:
                    parts.append(LeftOut(_what(line, quantity), why))
        return tuple(parts)


def _excluded(part: ShFulfillmentOrder, settings: Settings | None) -> str | None:
    """Why none of a fulfillment order is ours to ship; None when it is."""
    kind = part.delivery_method.method_type if part.delivery_method is not None else None
    if kind in _NOT_SHIPPED_BY_US:
        return _NOT_SHIPPED_BY_US[kind]
    if settings is None:
        return None
    location = part.assigned_location.location
    if settings.filter_by_location and settings.location and (location is None or number_of(location.id) != settings.location):
        return f"assigned to {part.assigned_location.name or 'another location'}"
    service = location.fulfillment_service if location is not None else None
    handle = service.handle if service is not None and service.type != "MANUAL" else "manual"
    if settings.fulfillment_service not in ("all", handle):
        name = (service.service_name if service is not None else None) or "the shop's own locations"
        return f"fulfilled by {name}"
    return None


def _line(line: ShLine, work: _Work, money: _Money, *, taxes_included: bool, canceled: bool) -> OrderLine:
    rate = _rate(line) if taxes_included else Decimal(0)
    locations = work.locations.get(line.id, set())
    item = line.variant.inventory_item if line.variant is not None else None
    return OrderLine(
        external_id=number_of(line.id),
        sku=line.sku or None,
        name=line.name or line.title,
        ordered=Decimal(line.quantity),
        to_ship=Decimal(0 if canceled else work.to_ship.get(line.id, 0)),
        unit_price=_before_tax(money.of(line.original_unit_price_set, "originalUnitPriceSet"), rate),
        discount=_before_tax(
            money.sum((part.allocated_amount_set for part in line.discount_allocations), "discountAllocations"), rate
        ),
        tax=money.sum((tax.price_set for tax in line.tax_lines), "taxLines"),
        variant_id=number_of(line.variant.id) if line.variant is not None else None,
        barcode=line.variant.barcode or None if line.variant is not None else None,
        location=next(iter(locations)) if len(locations) == 1 else None,
        kit_parent=(line.line_item_group.variant_sku or line.line_item_group.title) if line.line_item_group is not None else None,
        options={attribute.key: attribute.value or "" for attribute in line.custom_attributes},
        weight=weight_of(line.weight),
        hs_code=item.harmonized_system_code or None if item is not None else None,
        origin=item.country_code_of_origin or None if item is not None else None,
    )


def _before_tax(value: Decimal | None, rate: Decimal) -> Decimal | None:
    if value is None or not rate:
        return value
    return (value / (1 + rate)).quantize(_PLACES, rounding=ROUND_HALF_UP)


def _rate(line: ShLine) -> Decimal:
    rates = [tax.rate for tax in line.tax_lines if tax.rate is not None]
    if not all((rate.is_finite() and 0 <= rate.adjusted() + 12 < 14) or not rate for rate in rates):
        raise InvalidData("A tax rate is not a fraction.", field="taxLines.rate")
    return sum(rates, Decimal(0))


def weight_of(weight: ShWeight | None) -> Measure | None:
    """A weight to four places, in Shopify's unit; None where there is none or it makes no sense."""
    # A float at Shopify: digits beyond the fourth place are noise, and a weight that makes no sense is none.
    if weight is None or not weight.value.is_finite() or not -4 <= weight.value.adjusted() < 12:
        return None
    return Measure(weight.value.quantize(_PLACES).normalize() + 0, _UNITS.get(weight.unit, weight.unit.lower()))


def _is_shipped(line: ShLine) -> bool:
    return line.requires_shipping and not line.is_gift_card


def _kind(line: ShLine | None) -> str:
    return "gift card" if line is not None and line.is_gift_card else "needs no shipping"


def _still_open(line: ShLine) -> int:
    if line.unfulfilled_quantity is not None:
        return line.unfulfilled_quantity
    return line.quantity if line.current_quantity is None else line.current_quantity


def _what(line: ShLine, quantity: int) -> str:
    return f"{quantity} × {line.sku or line.name or line.title}"


def _payment(status: str | None) -> Payment | None:
    try:
        return Payment(status.lower()) if status else None
    except ValueError:
        raise InvalidData(f"The payment status “{status}” is not known.", field="displayFinancialStatus") from None


def _not_imported(sh: ShOrder, settings: Settings, placed: datetime | None, work: _Work) -> str | None:
    """The sentence for the setting that leaves the order out; None when it is taken."""
    if sh.test and not settings.import_test_orders:
        return "It is a test order, and this store does not import test orders."
    if settings.accept_orders_after is not None and placed is not None and placed < settings.accept_orders_after:
        return f"It was placed before {settings.accept_orders_after:%Y-%m-%d %H:%M} UTC, when this store begins to accept orders."
    if sh.cancelled_at is not None:
        return None
    status = (sh.display_financial_status or "").lower()
    if status not in settings.financial_statuses:
        wanted = ", ".join(label_of(value) for value in settings.financial_statuses)
        return f"Its payment is {label_of(status) if status else 'not known'}; this store imports {wanted}."
    shipped = [line for line in work.sold if _is_shipped(line)]
    has_left = any((line.current_quantity or 0) > _still_open(line) for line in shipped)
    if not settings.include_partial_fulfillments and has_left:
        # By units that ship, not by Shopify's word: a gift card makes an order Partially fulfilled the moment it is placed.
        what = "A part of it" if any(work.to_ship.values()) else "It"
        return f"{what} was already shipped, and this store imports only orders that are not fulfilled."
    if settings.exclude_empty_orders and not any(work.to_ship.values()) and not work.is_being_routed:
        return "Nothing of it has to be shipped, and this store leaves such orders out."
    return None


def _required(value: T | None, field: str) -> T:
    if value is None or value == "":
        raise InvalidData(f"{field} is missing.", field=field)
    return value
