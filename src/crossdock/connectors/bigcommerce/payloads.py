"""The slice of BigCommerce's JSON we read, typed. Types are as loose as the platform: numbers arrive as text, integers or floats."""

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.decoding import amount
from crossdock.connectors.kit.errors import InvalidData

Number = str | int | float | None
Text = str | int | None


class BcFormField(Struct, frozen=True):
    """A question the merchant added to the address form."""

    name: Text = None
    value: Any = None


class BcAddress(Struct, frozen=True):
    """Billing or shipping. `state` is the full name. The last four are a shipping address's own; `id` is the order_address_id."""

    first_name: Text = None
    last_name: Text = None
    company: Text = None
    street_1: Text = None
    street_2: Text = None
    city: Text = None
    state: Text = None
    zip: Text = None
    country: Text = None
    country_iso2: Text = None
    phone: Text = None
    email: Text = None
    form_fields: tuple[BcFormField, ...] | None = None
    id: int | None = None
    shipping_method: Text = None
    items_total: Number = None
    items_shipped: Number = None


class BcDiscount(Struct, frozen=True):
    """A part of a discount on one line; `code` is a coupon's."""

    amount: Number = None
    code: Text = None


class BcOption(Struct, frozen=True):
    """What the shopper chose of an option."""

    display_name: Text = None
    display_value: Text = None


class BcField(Struct, frozen=True):
    """What the shopper typed into a field of the product."""

    name: Text = None
    value: Any = None


class BcLine(Struct, frozen=True):
    """One order line. `id` is what shipments call order_product_id; it is None in what is no line but a warning."""

    id: int | None = None
    product_id: int | None = None
    variant_id: int | None = None
    order_address_id: int | None = None
    order_pickup_method_id: int | None = None
    name: Text = None
    sku: Text = None
    upc: Text = None
    type: str | None = None
    quantity: Number = None
    quantity_shipped: Number = None
    quantity_refunded: Number = None
    price_ex_tax: Number = None
    total_ex_tax: Number = None
    total_tax: Number = None
    weight: Number = None
    width: Number = None
    height: Number = None
    depth: Number = None
    parent_order_product_id: int | None = None
    bin_picking_number: Text = None
    wrapping_message: Text = None
    event_name: Text = None
    event_date: Text = None
    applied_discounts: tuple[BcDiscount, ...] | None = None
    product_options: tuple[BcOption, ...] | None = None
    configurable_fields: tuple[BcField, ...] | None = None


class BcShipping(BcAddress, frozen=True):
    """A shipping consignment: an address with its lines."""

    line_items: tuple[BcLine, ...] | None = None


class BcLines(Struct, frozen=True):
    """Any other consignment, as far as we need it: its lines."""

    line_items: tuple[BcLine, ...] | None = None


class BcEmails(Struct, frozen=True):
    """Gift certificates that go by e-mail."""

    gift_certificates: tuple[BcLines, ...] | None = None


class BcConsignments(Struct, frozen=True):
    """Where an order's lines go. With `url` it is a link only, and says nothing."""

    url: str | None = None
    pickups: tuple[BcLines, ...] | None = None
    shipping: tuple[BcShipping, ...] | None = None
    downloads: tuple[BcLines, ...] | None = None
    # An empty object is an empty list in some answers.
    email: BcEmails | tuple[Any, ...] | None = None


class BcLink(Struct, frozen=True):
    """Where more is to be had."""

    resource: str | None = None


class BcCoupon(Struct, frozen=True):
    """A coupon that was used."""

    code: Text = None
    discount: Number = None


class BcOrder(Struct, frozen=True):
    """An order of `GET /v2/orders` with consignments; `products`, `shipping_addresses` and `coupons` are links, or what was read of
    them in calls of their own.
    """

    id: int
    date_created: str | None = None
    date_modified: str | None = None
    date_shipped: str | None = None
    status_id: int = 0
    status: Text = None
    custom_status: Text = None
    default_currency_code: str | None = None
    currency_code: str | None = None
    subtotal_ex_tax: Number = None
    shipping_cost_ex_tax: Number = None
    total_tax: Number = None
    total_inc_tax: Number = None
    discount_amount: Number = None
    coupon_discount: Number = None
    items_total: Number = None
    payment_method: Text = None
    payment_status: str | None = None
    order_is_digital: bool | None = None
    is_deleted: bool | None = None
    customer_message: Text = None
    staff_notes: Text = None
    billing_address: BcAddress | None = None
    channel_id: int | None = None
    external_source: Text = None
    external_order_id: Text = None
    shipping_address_count: Number = None
    consignments: BcConsignments | tuple[BcConsignments, ...] | None = None
    products: BcLink | tuple[BcLine, ...] | None = None
    shipping_addresses: BcLink | tuple[BcAddress, ...] | None = None
    coupons: BcLink | tuple[BcCoupon, ...] | None = None


class BcShipmentItem(Struct, frozen=True):
    """Units of one order line in a shipment."""

    order_product_id: int
    quantity: Number = None


class BcShipment(Struct, frozen=True):
    """What the store was told of a shipment."""

    id: int
    order_address_id: int | None = None
    date_created: str | None = None
    tracking_number: Text = None
    tracking_carrier: Text = None
    shipping_provider: Text = None
    tracking_link: Text = None
    comments: Text = None
    items: tuple[BcShipmentItem, ...] = ()


class BcStore(Struct, frozen=True):
    """The store that answers."""

    id: str | None = None
    name: Text = None
    status: Text = None
    domain: Text = None
    secure_url: Text = None
    currency: Text = None
    weight_units: Text = None
    dimension_units: Text = None
    plan_level: Text = None


class BcStatus(Struct, frozen=True):
    """One of the store's order statuses with its own label."""

    id: int
    name: Text = None
    custom_label: Text = None


def text(value: object) -> str | None:
    """Trimmed text; None for none, and for an empty one, which is how BigCommerce says none."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).strip() or None


def number(value: Number, *, field: str) -> Decimal | None:
    """A decimal from text, integer or float; None where there is none. Raises InvalidData."""
    if isinstance(value, str):
        value = value.strip() or None
    return amount(repr(value) if isinstance(value, float) else value, field=field)


def moment(value: str | None, *, field: str) -> datetime | None:
    """A moment in UTC from RFC 2822 or ISO 8601 text; None where there is none. Raises InvalidData."""
    if not value:
        return None
    try:
        # "Wed, 10 Jan 2018 21:05:30 +0000"; a few fields are ISO 8601
        found = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise InvalidData(f"{field} is no moment: {value[:40]!r}.", field=field) from error


def written(value: datetime) -> str:
    """A moment as BigCommerce's filters take it, to the second: RFC 2822 with its offset, which older notes insist on."""
    at = value.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} +0000"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
