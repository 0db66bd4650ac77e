"""What a BigCommerce order means to a warehouse."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from crossdock.connectors.bigcommerce.payloads import (
    BcAddress,
    BcConsignments,
    BcEmails,
    BcLine,
    BcLines,
    BcOrder,
    BcShipping,
    BcStore,
    moment,
    number,
    text,
)
from crossdock.connectors.bigcommerce.regions import region_of
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.bigcommerce.statuses import (
    CALLED_OFF,
    COMPLETED,
    HOLDS,
    PARTIALLY_REFUNDED,
    REFUNDED,
    SHIPPED,
    name_of,
)
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import (
    Address,
    Consignment,
    Hold,
    LeftOut,
    Measure,
    Order,
    OrderLine,
    Payment,
    ShippingMethod,
)

T = TypeVar("T")

_ZERO = Decimal(0)

_PAYMENTS = {
    "captured": Payment.PAID,
    "paid": Payment.PAID,
    "authorized": Payment.AUTHORIZED,
    "held for review": Payment.AUTHORIZED,
    "capture pending": Payment.PENDING,
    "pending": Payment.PENDING,
    "partially refunded": Payment.PARTIALLY_REFUNDED,
    "refunded": Payment.REFUNDED,
    "void": Payment.VOIDED,
    "void pending": Payment.VOIDED,
}

_NOT_SHIPPED = {"digital": "is downloaded", "giftcertificate": "is sent by e-mail"}

_TEST_PAYMENT = "test payment gateway"

_WEIGHTS = {"lbs": "lb", "ounces": "oz", "kgs": "kg", "grams": "g", "tonnes": "t"}
_LENGTHS = {"inches": "in", "centimeters": "cm", "centimetres": "cm"}


class Units(Struct, frozen=True):
    """The store's units of weight and length, which order lines and products leave out; None where it uses one we do not know."""

    weight: str | None = None
    length: str | None = None


def units_of(store: BcStore) -> Units:
    """The units that the store measures in."""
    return Units(
        _WEIGHTS.get((text(store.weight_units) or "").casefold()), _LENGTHS.get((text(store.dimension_units) or "").casefold())
    )


def to_order(bc: BcOrder, settings: Settings | None = None, units: Units | None = None) -> Order:
    """Map one order of `GET /v2/orders`, with consignments and their line items, or with products and shipping addresses read.

    What is to ship of a line is its quantity less what was shipped and refunded, and nothing once the order was called off. An order
    to several addresses gets one consignment each. Lines that need no shipping are also in `left_out`, each with its reason. Unit
    prices are before tax and discount, in the order's transactional currency. Without settings nothing is left out as a whole.
    Raises InvalidData when dates, currency or lines are missing, or an amount cannot be read.
    """
    units = units or Units()
    addresses = addresses_of(bc)
    places = {place.id: index for index, place in enumerate(addresses)}
    sold = lines_of(bc)
    is_over = _is_over(bc, sold)
    billed = address(bc.billing_address)
    placed = _required(moment(bc.date_created, field="date_created"), "date_created")
    updated = moment(bc.date_modified, field="date_modified") or placed
    canceled = _canceled(bc, sold)
    destinations = tuple(Consignment(address(place) or Address(), _method(place)) for place in addresses)
    return Order(
        external_id=str(bc.id),
        number=str(bc.id),
        placed_at=placed,
        updated_at=updated,
        currency=_required(text(bc.default_currency_code) or text(bc.currency_code), "default_currency_code"),
        lines=tuple(_line(line, units, is_over=is_over, consignment=_consignment(line, places)) for line in sold),
        grand_total=number(bc.total_inc_tax, field="total_inc_tax"),
        subtotal=number(bc.subtotal_ex_tax, field="subtotal_ex_tax"),
        shipping_total=number(bc.shipping_cost_ex_tax, field="shipping_cost_ex_tax"),
        tax_total=number(bc.total_tax, field="total_tax"),
        discount_total=_discount(bc),
        ship_to=destinations[0].ship_to if destinations else None,
        bill_to=billed,
        consignments=destinations if len(destinations) > 1 else (),
        method=destinations[0].method if destinations else ShippingMethod(),
        email=billed.email if billed is not None else None,
        phone=billed.phone if billed is not None else None,
        customer_po=text(bc.external_order_id),
        payment=_PAYMENTS.get((bc.payment_status or "").casefold()),
        hold=None if is_over else _hold(bc, sold, settings),
        canceled_at=updated if canceled else None,
        cancel_reason=canceled,
        is_test=is_test(bc),
        gift_message=next((note for line in sold if (note := text(line.wrapping_message))), None),
        warehouse_note=text(bc.customer_message),
        attributes=_attributes(bc, sold, addresses),
        left_out=() if is_over else tuple(_left_out(sold)),
        not_imported=_not_imported(bc, sold, settings, placed) if settings is not None and canceled is None else None,
        url=f"https://store-{settings.store_hash}.mybigcommerce.com/manage/orders/{bc.id}" if settings is not None else None,
    )


def lines_of(bc: BcOrder) -> tuple[BcLine, ...]:
    """All lines, from the call of their own where it was made. Raises InvalidData when they were not read at all."""
    if isinstance(bc.products, tuple):
        return tuple(line for line in bc.products if line.id is not None)
    parts = consignments_of(bc)
    if parts is None:
        raise InvalidData("The order's lines were not read.", field="products")
    emails = parts.email.gift_certificates if isinstance(parts.email, BcEmails) else None
    groups: tuple[BcShipping | BcLines, ...] = (
        *(parts.shipping or ()),
        *(parts.pickups or ()),
        *(parts.downloads or ()),
        *(emails or ()),
    )
    found = {line.id: line for group in groups for line in group.line_items or () if line.id is not None}
    return tuple(found[key] for key in sorted(found))


def addresses_of(bc: BcOrder) -> tuple[BcAddress, ...]:
    """The shipping addresses, in the order of their ids; none where everything is downloaded or picked up."""
    if isinstance(bc.shipping_addresses, tuple):
        found: Iterable[BcAddress] = bc.shipping_addresses
    else:
        parts = consignments_of(bc)
        found = (parts.shipping or ()) if parts is not None else ()
    return tuple(sorted(found, key=lambda place: place.id or 0))


def consignments_of(bc: BcOrder) -> BcConsignments | None:
    """The consignments, which older answers put into a list; None where there is only a link to them."""
    found = bc.consignments[0] if isinstance(bc.consignments, tuple) and bc.consignments else bc.consignments
    return found if isinstance(found, BcConsignments) and found.url is None else None


def address(bc: BcAddress | None) -> Address | None:
    """An address as BigCommerce has it, the region as a code; None when all of it is empty."""
    if bc is None:
        return None
    country = (text(bc.country_iso2) or "").upper() or text(bc.country)
    found = Address(
        name=" ".join(part for part in (text(bc.first_name), text(bc.last_name)) if part) or None,
        company=text(bc.company),
        lines=tuple(line for line in (text(bc.street_1), text(bc.street_2)) if line),
        city=text(bc.city),
        region=region_of(text(bc.state), country),
        postal_code=text(bc.zip),
        country=country,
        phone=text(bc.phone),
        email=text(bc.email),
    )
    return found if found != Address() else None


def is_shipped(line: BcLine) -> bool:
    """Whether a parcel carries it: neither downloaded, mailed nor picked up."""
    return (line.type or "physical") not in _NOT_SHIPPED and not line.order_pickup_method_id


def is_test(bc: BcOrder) -> bool:
    """Whether it was paid through the gateway that moves no money."""
    return (text(bc.payment_method) or "").casefold() == _TEST_PAYMENT


def quantity(value: str | int | float | None, field: str) -> Decimal:
    """Units; none said means none."""
    return number(value, field=field) or _ZERO


def _line(line: BcLine, units: Units, *, is_over: bool, consignment: int) -> OrderLine:
    ordered = quantity(line.quantity, "quantity")
    left = ordered - quantity(line.quantity_shipped, "quantity_shipped") - quantity(line.quantity_refunded, "quantity_refunded")
    wanted = max(_ZERO, left) if is_shipped(line) and not is_over else _ZERO
    discounts = [number(part.amount, field="applied_discounts.amount") or _ZERO for part in line.applied_discounts or ()]
    sides = [number(side, field="dimensions") for side in (line.depth, line.width, line.height)]
    weight = number(line.weight, field="weight")
    return OrderLine(
        external_id=str(line.id),
        sku=text(line.sku),
        name=text(line.name) or text(line.sku) or f"line {line.id}",
        ordered=ordered,
        to_ship=wanted,
        unit_price=number(line.price_ex_tax, field="price_ex_tax"),
        discount=sum(discounts, _ZERO) if discounts else None,
        tax=number(line.total_tax, field="total_tax"),
        variant_id=str(line.variant_id) if line.variant_id else None,
        barcode=text(line.upc),
        consignment=consignment,
        kit_parent=str(line.parent_order_product_id) if line.parent_order_product_id else None,
        options=_options(line),
        note=text(line.wrapping_message),
        weight=Measure(weight, units.weight) if weight and units.weight else None,
        dimensions=_dimensions(sides, units),
    )


def _dimensions(sides: list[Decimal | None], units: Units) -> tuple[Measure, Measure, Measure] | None:
    if units.length is None or not all(sides):
        return None
    length, width, height = (Measure(side or _ZERO, units.length) for side in sides)
    return length, width, height


def _options(line: BcLine) -> dict[str, str]:
    found = {text(option.display_name): text(option.display_value) for option in line.product_options or ()}
    found |= {text(field.name): text(field.value) for field in line.configurable_fields or ()}
    if text(line.event_date):
        found[text(line.event_name) or "Date"] = text(line.event_date)
    return {name: value for name, value in found.items() if name and value}


def _consignment(line: BcLine, places: dict[int | None, int]) -> int:
    return places.get(line.order_address_id, 0)


def _method(place: BcAddress) -> ShippingMethod:
    name = text(place.shipping_method)
    # Orders that staff enter without one have the word.
    return ShippingMethod(name=None if name == "None" else name)


def _canceled(bc: BcOrder, sold: Iterable[BcLine]) -> str | None:
    """Why nothing of the order is wanted any more; None while it is. A refund of what had left is no cancellation."""
    if bc.status_id in CALLED_OFF:
        return name_of(bc.status_id, text(bc.custom_status)).lower()
    if bc.status_id == REFUNDED and not any(quantity(line.quantity_shipped, "quantity_shipped") for line in sold):
        return "refunded"
    return "archived in the store" if bc.is_deleted else None


def _is_over(bc: BcOrder, sold: Iterable[BcLine]) -> bool:
    """Whether the store wants nothing more sent. Shipped and Completed may be set by hand, without any shipment."""
    return bc.status_id in (SHIPPED, COMPLETED, REFUNDED) or _canceled(bc, sold) is not None


def _hold(bc: BcOrder, sold: Iterable[BcLine], settings: Settings | None) -> Hold | None:
    if not _is_held(bc, sold) or (settings is not None and settings.import_status == str(bc.status_id)):
        return None
    shown = name_of(bc.status_id, text(bc.custom_status))
    if bc.status_id == PARTIALLY_REFUNDED:
        return Hold(f"{shown} in the store before it shipped. Set its status back there, or release it, if the rest is to ship.")
    return Hold(f"{shown} in the store.")


def _is_held(bc: BcOrder, sold: Iterable[BcLine]) -> bool:
    """Whether a person has to look. A refund of a part takes the status away that says what to do with the rest: an order that has not
    left would be forgotten if it were left out, and one that has would be sent again if it were taken.
    """
    if bc.status_id == PARTIALLY_REFUNDED:
        return not bc.date_shipped and not any(quantity(line.quantity_shipped, "quantity_shipped") for line in sold)
    return bc.status_id in HOLDS


def _left_out(sold: Iterable[BcLine]) -> Iterable[LeftOut]:
    for line in sold:
        if not is_shipped(line):
            what = f"{quantity(line.quantity, 'quantity').normalize():f} × {text(line.sku) or text(line.name) or line.id}"
            yield LeftOut(what, _NOT_SHIPPED.get(line.type or "", "is picked up by the shopper"))


def _discount(bc: BcOrder) -> Decimal | None:
    found = [number(bc.discount_amount, field="discount_amount"), number(bc.coupon_discount, field="coupon_discount")]
    return sum((part for part in found if part is not None), _ZERO) if any(part is not None for part in found) else None


def _attributes(bc: BcOrder, sold: Iterable[BcLine], addresses: Iterable[BcAddress]) -> dict[str, str]:
    asked = [field for place in (bc.billing_address, *addresses) if place is not None for field in place.form_fields or ()]
    found = {text(field.name): text(_joined(field.value)) for field in asked}
    found["Coupons"] = ", ".join(coupons_of(bc, sold)) or None
    found["Staff notes"] = text(bc.staff_notes)
    found["Channel"] = text(bc.channel_id)
    found["Source"] = text(bc.external_source)
    return {name: value for name, value in found.items() if name and value}


def _joined(value: object) -> object:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else value


def coupons_of(bc: BcOrder, sold: Iterable[BcLine]) -> list[str]:
    """Codes of the coupons used: the lines name them; what discounts the order as a whole is in the call of its own."""
    own = [text(coupon.code) for coupon in bc.coupons] if isinstance(bc.coupons, tuple) else []
    named = [text(part.code) for line in sold for part in line.applied_discounts or ()]
    return list(dict.fromkeys(code for code in (*own, *named) if code))


def _not_imported(bc: BcOrder, sold: Iterable[BcLine], settings: Settings, placed: datetime) -> str | None:
    """The sentence for the setting that leaves the order out; None when it is taken."""
    if is_test(bc) and not settings.import_test_orders:
        return "It is a test order, and this store does not import test orders."
    if settings.accept_orders_after is not None and placed < settings.accept_orders_after:
        return f"It was placed before {settings.accept_orders_after:%Y-%m-%d %H:%M} UTC, when this store begins to accept orders."
    if str(bc.status_id) != settings.import_status and not _is_held(bc, sold):
        shown = name_of(bc.status_id, text(bc.custom_status) or text(bc.status))
        return f"Its status is {shown}; this store imports {name_of(int(settings.import_status))}."
    return None


def _required(value: T | None, field: str) -> T:
    if value is None or value == "":
        raise InvalidData(f"{field} is missing.", field=field)
    return value
