"""What a Magento order means to a warehouse."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.magento2.payloads import (
    MgAddress,
    MgItem,
    MgMessage,
    MgOrder,
    MgShipping,
    moment_of,
    money_of,
    text_of,
    units_of,
)
from crossdock.connectors.magento2.rows import CONFIGURABLE, ZERO, Row, arranged, bundles_left, insides, is_shipped, left_of
from crossdock.connectors.magento2.settings import Settings
from crossdock.domain.orders import Address, Hold, LeftOut, Measure, Order, OrderLine, Payment, ShippingMethod

CANCELED, HELD, REVIEW = "canceled", "holded", "payment_review"

PICKED_UP = "instore_pickup"
"""The method of Magento's in-store delivery: the shopper comes and fetches it."""

_UNITS = {"lbs": "lb", "kgs": "kg"}


class Shop(Struct, frozen=True):
    """What an order does not say and its shop does: the view whose orders are wanted, and the unit of its weights."""

    view_id: str | None = None
    view_name: str = ""
    weight_unit: str | None = None


NO_SHOP = Shop()


def to_order(mg: MgOrder, settings: Settings | None = None, shop: Shop = NO_SHOP) -> Order:
    """Map one order. Amounts are in the order's own currency; unit prices are before tax and discount.

    A configurable product is one line, with the child's SKU and the parent's key, price and units. A bundle is a line for each item
    inside; with Include Bundle Parent one for the bundle itself as well. What needs no shipping stays a line with nothing to ship
    and is in `left_out`. Without settings nothing is left out by status. Magento knows neither test orders nor ship dates.
    An order that was edited is canceled in Magento and goes on as a new one; both name the other.
    Raises InvalidData when key, number, dates, currency or state are missing, or an amount cannot be read.
    """
    canceled = mg.state == CANCELED
    placed = moment_of(mg.created_at, "created_at")
    updated = moment_of(mg.updated_at or mg.created_at, "updated_at")
    shipping = _shipping(mg)
    rows = arranged(mg.items)
    is_fetched = shipping.method == PICKED_UP
    lines = tuple(line for row in rows for line in _lines(row, settings, shop, stays=canceled or is_fetched))
    return Order(
        external_id=_required(text_of(mg.entity_id), "entity_id"),
        number=_required(mg.increment_id, "increment_id"),
        placed_at=placed,
        updated_at=updated,
        currency=_required(mg.order_currency_code or mg.base_currency_code, "order_currency_code"),
        lines=lines,
        grand_total=money_of(mg.grand_total, "grand_total"),
        subtotal=money_of(mg.subtotal, "subtotal"),
        shipping_total=money_of(mg.shipping_amount, "shipping_amount"),
        tax_total=money_of(mg.tax_amount, "tax_amount"),
        discount_total=_positive(money_of(mg.discount_amount, "discount_amount")),
        ship_to=address(shipping.address, email=mg.customer_email),
        bill_to=address(mg.billing_address, email=mg.customer_email),
        method=method(mg, shipping),
        email=mg.customer_email or None,
        phone=(shipping.address.telephone or None) if shipping.address is not None else None,
        customer_po=(mg.payment.po_number or None) if mg.payment is not None else None,
        payment=payment(mg),
        hold=None if canceled else _hold(mg),
        canceled_at=_canceled_at(mg, updated) if canceled else None,
        cancel_reason=_cancel_reason(mg) if canceled else None,
        gift_message=_message(mg.extension_attributes.gift_message if mg.extension_attributes else None),
        warehouse_note=mg.customer_note or None,
        attributes=_attributes(mg),
        left_out=() if canceled else tuple(part for row in rows for part in _left_out(row, is_fetched=is_fetched)),
        not_imported=_not_imported(mg, settings, shop, placed) if settings is not None else None,
    )


def address(mg: MgAddress | None, *, email: str | None) -> Address | None:
    """An address as Magento has it; None when there is none. The region's code where it has one, else its name."""
    if mg is None:
        return None
    street = mg.street.splitlines() if isinstance(mg.street, str) else mg.street or ()
    name = " ".join(part.strip() for part in (mg.prefix, mg.firstname, mg.middlename, mg.lastname, mg.suffix) if part)
    found = Address(
        name=name or None,
        company=mg.company or None,
        lines=tuple(row for row in street if row and row.strip()),
        city=mg.city or None,
        region=mg.region_code or mg.region or None,
        postal_code=mg.postcode or None,
        country=mg.country_id or None,
        phone=mg.telephone or None,
        email=mg.email or email or None,
    )
    return None if found == Address(email=found.email) else found


def method(mg: MgOrder, shipping: MgShipping) -> ShippingMethod:
    """As the shopper chose it. Carrier and method are joined by the first underscore: `ups_GND`, `flatrate_flatrate`."""
    code = shipping.method or None
    carrier, _, service = (code or "").partition("_")
    return ShippingMethod(
        name=mg.shipping_description or None, code=code, carrier=carrier or None, service=service or None if carrier else None
    )


def payment(mg: MgOrder) -> Payment | None:
    """Where the money stands; None where the order has no total to compare."""
    total = money_of(mg.grand_total, "grand_total")
    paid = money_of(mg.total_paid, "total_paid") or ZERO
    refunded = money_of(mg.total_refunded, "total_refunded") or ZERO
    if total is None:
        return None
    if refunded > 0:
        return Payment.REFUNDED if refunded >= paid else Payment.PARTIALLY_REFUNDED
    if mg.state == CANCELED:
        return Payment.VOIDED
    if paid >= total:
        return Payment.PAID
    if paid > 0:
        return Payment.PARTIALLY_PAID
    authorized = money_of(mg.payment.amount_authorized, "amount_authorized") if mg.payment is not None else None
    return Payment.AUTHORIZED if authorized else Payment.PENDING


def status_of(mg: MgOrder) -> str:
    """The status that decides on importing: of an order on hold the one it had before, so that a hold is seen as one."""
    return (mg.hold_before_status if mg.state == HELD else None) or mg.status or ""


def _shipping(mg: MgOrder) -> MgShipping:
    assignments = (mg.extension_attributes.shipping_assignments if mg.extension_attributes else None) or ()
    return next((one.shipping for one in assignments if one.shipping is not None), MgShipping())


def _lines(row: Row, settings: Settings | None, shop: Shop, *, stays: bool) -> list[OrderLine]:
    item = row.item
    if row.is_bundle:
        parts = {part.id: part.left for part in insides(row)}
        lines = [
            _line(one, one, parts.get(text_of(one.item_id), ZERO), shop, stays=stays, kit_parent=item.sku or item.name)
            for one in row.inside
        ]
        if settings is not None and settings.include_bundle_parent:
            lines.insert(0, _line(item, item, bundles_left(row), shop, stays=stays))
        return lines
    product = row.inside[0] if item.product_type == CONFIGURABLE and row.inside else item
    return [_line(item, product, left_of(item) if is_shipped(item) else ZERO, shop, stays=stays)]


def _line(item: MgItem, product: MgItem, left: Decimal, shop: Shop, *, stays: bool, kit_parent: str | None = None) -> OrderLine:
    weight = money_of(item.weight, "weight")
    return OrderLine(
        external_id=_required(text_of(item.item_id), "item_id"),
        sku=product.sku or item.sku or None,
        name=product.name or item.name or item.sku or "",
        ordered=units_of(item.qty_ordered, "qty_ordered"),
        to_ship=ZERO if stays else left,
        unit_price=money_of(item.price, "price"),
        discount=_positive(money_of(item.discount_amount, "discount_amount")),
        tax=money_of(item.tax_amount, "tax_amount"),
        variant_id=text_of(product.product_id) or None,
        kit_parent=kit_parent,
        weight=Measure(weight, _UNITS.get(shop.weight_unit, shop.weight_unit)) if weight and shop.weight_unit else None,
    )


def _left_out(row: Row, *, is_fetched: bool) -> list[LeftOut]:
    """Every sold unit that no warehouse has to ship, with its reason. Of a bundle: what is inside."""
    found = []
    lefts = {part.id: part.left for part in insides(row)} if row.is_bundle else {row.id: left_of(row.item)}
    for item in row.inside if row.is_bundle else (row.item,):
        ordered = units_of(item.qty_ordered, "qty_ordered")
        if not is_shipped(item):
            found.append((ordered, item, "gift card" if item.product_type == "giftcard" else "needs no shipping"))
            continue
        left = lefts.get(text_of(item.item_id), ZERO)
        canceled = min(ordered - left, units_of(item.qty_canceled, "qty_canceled"))
        refunded = min(ordered - left - canceled, units_of(item.qty_refunded, "qty_refunded"))
        if is_fetched:
            found.append((left, item, "picked up by the shopper"))
        found.append((canceled, item, "canceled"))
        found.append((refunded, item, "refunded"))
        found.append((ordered - left - canceled - refunded, item, "already shipped"))
    return [LeftOut(f"{quantity.normalize():f} × {item.sku or item.name}", why) for quantity, item, why in found if quantity > 0]


def _hold(mg: MgOrder) -> Hold | None:
    if mg.state == HELD:
        return Hold("On hold in Magento.")
    if mg.state == REVIEW:
        return Hold("Its payment is under review in Magento.")
    return None


def _canceled_at(mg: MgOrder, updated: datetime) -> datetime:
    """When it was canceled, where the order's history says so; else its last change, for Magento keeps no such moment."""
    said = [one.created_at for one in mg.status_histories or () if one.status == CANCELED and one.created_at]
    return min((moment_of(one, "status_histories") for one in said), default=updated)


def _cancel_reason(mg: MgOrder) -> str | None:
    if mg.relation_child_real_id:
        return f"It was edited in Magento and goes on as {mg.relation_child_real_id}."
    return None


def _attributes(mg: MgOrder) -> dict[str, str]:
    found = {
        "store view": " › ".join(part.strip() for part in (mg.store_name or "").splitlines() if part.strip()),
        "coupon": mg.coupon_code,
        "external order": mg.ext_order_id,
        "edited from": mg.relation_parent_real_id,
        "goes on as": mg.relation_child_real_id,
    }
    return {name: value for name, value in found.items() if value}


def _message(message: MgMessage | None) -> str | None:
    if message is None or not (message.message or "").strip():
        return None
    names = [f"{word} {name}" for word, name in (("from", message.sender), ("to", message.recipient)) if name]
    return f"{message.message} ({', '.join(names)})" if names else message.message


def _not_imported(mg: MgOrder, settings: Settings, shop: Shop, placed: datetime) -> str | None:
    """The sentence for the setting that leaves the order out; None when it is taken."""
    if shop.view_id is not None and text_of(mg.store_id) != shop.view_id:
        return f"It belongs to another store view than {shop.view_name or settings.store_view}."
    if settings.accept_orders_after is not None and placed < settings.accept_orders_after:
        return f"It was placed before {settings.accept_orders_after:%Y-%m-%d %H:%M} UTC, when this store begins to accept orders."
    if mg.state == CANCELED:
        return None
    status = status_of(mg)
    # With the status that it gets when it is sent, an order is still one that was taken.
    if status not in {settings.order_import_status, settings.sent_status or settings.order_import_status}:
        return f"Its status is {label_of(status)}; this store imports {label_of(settings.order_import_status)}."
    return None


def label_of(status: str) -> str:
    """A status as people read it, where only its code is known: Sent to wms from sent_to_wms."""
    return status.replace("_", " ").capitalize() if status else "not known"


def _positive(value: Decimal | None) -> Decimal | None:
    """Discounts come negative on the order and positive on its rows."""
    return abs(value) if value is not None else None


def _required(value: str | None, field: str) -> str:
    if not value:
        raise InvalidData(f"{field} is missing.", field=field)
    return value
