"""The slice of NuORDER's JSON that is read, typed, under the platform's names. What begins with two underscores comes and goes."""

from decimal import Decimal
from typing import Any

from msgspec import Struct, field

Text = str | int | float | None
"""Codes, postal codes and barcodes: text that some portals hold as numbers."""


class NuAddress(Struct, frozen=True):
    """An address: free text throughout, without person, company or phone."""

    line_1: Text = None
    line_2: Text = None
    city: Text = None
    state: Text = None
    zip: Text = None
    country: Text = None
    code: Text = None
    display_name: Text = None


class NuRetailer(Struct, frozen=True):
    """Who ordered."""

    id: str | None = field(default=None, name="_id")
    retailer_name: Text = None
    retailer_code: Text = None
    buyer_name: Text = None
    buyer_email: Text = None


class NuProductRef(Struct, frozen=True):
    """A product as a line names it: without its name."""

    id: str | None = field(default=None, name="_id")
    style_number: Text = None
    color: Text = None
    color_code: Text = None
    season: Text = None
    department: Text = None
    brand_id: Text = None


class NuSize(Struct, frozen=True):
    """Units of one size, at a price for each."""

    size: Text
    quantity: Decimal
    price: Decimal | None = None
    original_price: Decimal | None = None
    upc: Text = None
    units_per_pack: Decimal | None = None


class NuLine(Struct, frozen=True):
    """One product in several sizes. `id` is there in some portals only."""

    product: NuProductRef
    sizes: tuple[NuSize, ...]
    id: Text = None
    ship_start: str | None = None
    ship_end: str | None = None
    warehouse: Text = None
    prebook: bool | None = None
    notes: Text = None


class NuShippedSize(Struct, frozen=True):
    """Units of one size that left."""

    size: Text
    quantity: Decimal


class NuShippedLine(Struct, frozen=True):
    """Sizes of one line that left; `id` is the line's, or its product's."""

    id: Text = None
    sizes: tuple[NuShippedSize, ...] = ()


class NuShipment(Struct, frozen=True):
    """A shipment record of an order."""

    type: Text = None
    tracking_numbers: tuple[str, ...] = ()
    line_items: tuple[NuShippedLine, ...] = ()


class NuOrder(Struct, frozen=True):
    """One order, as `GET /api/order/{id}` gives it."""

    id: str = field(name="_id")
    order_number: Text
    status: str
    line_items: tuple[NuLine, ...]
    external_id: Text = None
    customer_po_number: Text = None
    currency_code: str | None = None
    total: Decimal | None = None
    total_quantity: Decimal | None = None
    discount: Decimal | None = None
    additional_percentage: Decimal | None = None
    notes: str | None = None
    created_on: str | None = None
    modified_on: str | None = None
    start_ship: str | None = None
    end_ship: str | None = None
    rep_name: Text = None
    rep_code: Text = None
    rep_email: Text = None
    creator_name: Text = None
    submitted_by: Text = None
    order_tags: tuple[Any, ...] | None = None
    is_drop_ship: bool | None = None
    locked: bool | None = None
    edited: bool | None = None
    split: bool | None = None
    order_group_id: Text = None
    payment_status: Text = None
    retailer: NuRetailer | None = None
    billing_address: NuAddress | None = None
    shipping_address: NuAddress | None = None
    shipments: tuple[NuShipment, ...] | None = None
    order_discounts: dict[str, Any] | None = None
    cancelled_units: Decimal | None = field(default=None, name="__cancelled_units")


class NuPerson(Struct, frozen=True):
    """Somebody at a retailer."""

    name: Text = None
    email: Text = None
    phone_cell: Text = None
    phone_office: Text = None


class NuCompany(Struct, frozen=True):
    """A retailer, as `GET /api/company/{id}` gives it: it knows the phone number that orders lack."""

    name: Text = None
    code: Text = None
    phone: Text = None
    payment_terms: Text = None
    warehouse: Text = None
    user_connections: tuple[NuPerson, ...] | None = None
    buyers: tuple[NuPerson, ...] | None = None


class NuProductSize(Struct, frozen=True):
    """A size that is offered."""

    size: Text
    upc: Text = None
    sku_id: Text = None


class NuProduct(Struct, frozen=True):
    """One product in one color and season, as `GET /api/product/{id}` gives it."""

    id: str = field(name="_id")
    style_number: Text = None
    name: Text = None
    season: Text = None
    color: Text = None
    color_code: Text = None
    department: Text = None
    brand_id: Text = None
    sizes: tuple[NuProductSize, ...] = ()
    pricing: dict[str, Any] | None = None
    warehouses: tuple[Any, ...] | None = None
    active: bool | None = None
    cancelled: bool | None = None
    modified_on: str | None = None


class NuReplenishment(Struct, frozen=True):
    """Stock of one SKU in one warehouse for one period. Dates come as milliseconds since 1970, and may be sent as text."""

    id: Text = None
    sku_id: Text = None
    display_name: Text = None
    prebook: bool | None = None
    period_start: str | int | float | None = None
    period_end: str | int | float | None = None
    quantity: Decimal | None = None
    active: bool | None = None


class NuToken(Struct, frozen=True):
    """What initiate and token answer, as JSON."""

    oauth_token: str
    oauth_token_secret: str


def text(value: Text) -> str | None:
    """Trimmed text; None for nothing. A number keeps its digits."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None
