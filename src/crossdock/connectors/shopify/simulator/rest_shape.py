"""The kinds of values a REST order has, as far as we read it: a part of another kind is named, not stumbled over."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.connectors.shopify.simulator.unfit import Unfit

Amount = str | int | float | None
Text = str | None


class Bag(Struct):
    """An amount in both currencies."""

    shop_money: dict[str, Amount] | None = None
    presentment_money: dict[str, Amount] | None = None


class Pair(Struct):
    """A note attribute or a line's property."""

    name: Any = None
    value: Any = None


class Tax(Struct):
    """A tax line."""

    title: Text = None
    rate: float | str | None = None
    price: Amount = None
    price_set: Bag | None = None


class Allocation(Struct):
    """A discount's share."""

    amount: Amount = None
    amount_set: Bag | None = None


class Line(Struct):
    """A line as sold."""

    title: Text = None
    name: Text = None
    sku: Text = None
    variant_title: Text = None
    vendor: Text = None
    variant_id: int | None = None
    product_id: int | None = None
    grams: int | float | None = None
    requires_shipping: bool | None = None
    gift_card: bool | None = None
    price: Amount = None
    price_set: Bag | None = None
    fulfillment_status: Text = None
    properties: list[Pair] | dict[str, Any] | None = None
    tax_lines: list[Tax] | None = None
    discount_allocations: list[Allocation] | None = None


class Units(Struct):
    """A line with units, in a fulfillment or a refund."""

    id: int | None = None
    line_item_id: int | None = None
    quantity: int | None = None
    restock_type: Text = None
    subtotal: Amount = None
    subtotal_set: Bag | None = None


class Fulfillment(Struct):
    """What left."""

    id: int | None = None
    name: Text = None
    status: Text = None
    created_at: Text = None
    updated_at: Text = None
    tracking_company: Text = None
    tracking_number: Text = None
    tracking_numbers: list[str] | None = None
    tracking_url: Text = None
    tracking_urls: list[str] | None = None
    line_items: list[Units] | None = None


class Refund(Struct):
    """What was given back."""

    id: int | None = None
    note: Text = None
    created_at: Text = None
    refund_line_items: list[Units] | None = None


class Place(Struct):
    """An address."""

    first_name: Text = None
    last_name: Text = None
    name: Text = None
    company: Text = None
    address1: Text = None
    address2: Text = None
    city: Text = None
    province: Text = None
    province_code: Text = None
    zip: Text = None
    country: Text = None
    country_code: Text = None
    phone: Text = None
    latitude: float | str | None = None
    longitude: float | str | None = None


class Customer(Struct):
    """Who bought."""

    id: int | None = None
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    phone: Text = None


class Shipping(Struct):
    """How it travels."""

    title: Text = None
    code: Text = None
    source: Text = None
    carrier_identifier: Text = None
    price: Amount = None
    price_set: Bag | None = None


class Code(Struct):
    """A discount code."""

    code: Text = None


class RestOrder(Struct):
    """An order."""

    id: int
    line_items: list[Line]
    name: Text = None
    number: int | None = None
    order_number: int | None = None
    created_at: Text = None
    updated_at: Text = None
    processed_at: Text = None
    cancelled_at: Text = None
    closed_at: Text = None
    cancel_reason: Text = None
    currency: Text = None
    presentment_currency: Text = None
    financial_status: Text = None
    fulfillment_status: Text = None
    email: Text = None
    contact_email: Text = None
    phone: Text = None
    note: Text = None
    po_number: Text = None
    source_name: Text = None
    source_identifier: Text = None
    order_status_url: Text = None
    tags: str | list[str] | None = None
    total_weight: int | float | None = None
    payment_gateway_names: list[Any] | None = None
    note_attributes: list[Pair] | dict[str, Any] | None = None
    tax_lines: list[Tax] | None = None
    discount_codes: list[Code] | None = None
    shipping_lines: list[Shipping] | None = None
    shipping_address: Place | None = None
    billing_address: Place | None = None
    customer: Customer | None = None
    fulfillments: list[Fulfillment] | None = None
    refunds: list[Refund] | None = None


def check(given: Any) -> None:
    """Raises Unfit with the path of the first part that is of another kind than Shopify gives."""
    try:
        msgspec.convert(given, RestOrder)
    except msgspec.ValidationError as error:
        text = str(error)
        found = re.search(r" - at `\$\.?(.*)`$", text)
        missing = re.search(r"required field `(\w+)`", text)
        field = missing[1] if missing else re.sub(r"\[\.\.\.\]", "", found[1]) if found else None
        said = text.partition(" - at ")[0].replace("`", "")
        raise Unfit(field, "It is missing." if missing else f"{said}.") from error
