"""Records as the platform keeps and shows them: orders with lines and addresses, products with variants, locations."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from email.utils import format_datetime
from typing import Any

Record = dict[str, Any]

HOME = {
    "first_name": "Robin",
    "last_name": "Example",
    "company": "",
    "street_1": "12 Harbor Street",
    "street_2": "",
    "city": "Portland",
    "state": "Oregon",
    "zip": "97201",
    "country": "United States",
    "country_iso2": "US",
    "phone": "5035550100",
    "email": "robin@example.com",
}
"""Where orders go unless told otherwise."""


def money(value: Any) -> str:
    """An amount as version 2 writes it: text with four places."""
    return str(Decimal(str(value)).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def stamp(seconds: int | None) -> str:
    """A moment as version 2 writes it; empty for none."""
    return "" if seconds is None else format_datetime(datetime.fromtimestamp(seconds, UTC))


def iso(seconds: int) -> str:
    """A moment as version 3 writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def address(id_: int, order_id: int, given: Record, method: str) -> Record:
    """A shipping address of an order; `id_` is the order_address_id of its lines."""
    return {
        **HOME,
        **given,
        "id": id_,
        "order_id": order_id,
        "form_fields": given.get("form_fields", []),
        "items_total": 0,
        "items_shipped": 0,
        "shipping_method": method,
        **dict.fromkeys(("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax"), "0.0000"),
        "cost_tax_class_id": 2,
        **dict.fromkeys(("base_handling_cost", "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax"), "0.0000"),
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": "Everywhere",
    }


def line(id_: int, order_id: int, address_id: int, given: Record) -> Record:
    """An order line; `given` names sku, title, quantity, price, tax, type and anything else by its own name."""
    price, units, tax = (
        Decimal(str(given.get("price", "10.00"))),
        int(given.get("quantity", 1)),
        Decimal(str(given.get("tax", "0"))),
    )
    known = {"sku", "title", "quantity", "price", "tax", "type", "to"}
    sku = given.get("sku") or ""
    name = given.get("title") or sku or "Something"
    zero = dict.fromkeys(
        (
            "base_cost_price",
            "cost_price_inc_tax",
            "cost_price_ex_tax",
            "cost_price_tax",
            "refund_amount",
            "base_wrapping_cost",
            "wrapping_cost_ex_tax",
            "wrapping_cost_inc_tax",
            "wrapping_cost_tax",
            "fixed_shipping_cost",
        ),
        "0.0000",
    )
    is_shipped = given.get("type", "physical") == "physical" and not given.get("order_pickup_method_id")
    return {
        "id": id_,
        "order_id": order_id,
        "product_id": 0,
        "variant_id": 0,
        "order_pickup_method_id": 0,
        "order_address_id": address_id if is_shipped else 0,
        "name": name,
        "name_customer": name,
        "name_merchant": name,
        "sku": sku,
        "upc": "",
        "type": given.get("type", "physical"),
        "base_price": money(price),
        "price_ex_tax": money(price),
        "price_inc_tax": money(price + tax),
        "price_tax": money(tax),
        "base_total": money(price * units),
        "total_ex_tax": money(price * units),
        "total_inc_tax": money((price + tax) * units),
        "total_tax": money(tax * units),
        "quantity": units,
        "weight": "0.0000",
        "width": "0.0000",
        "height": "0.0000",
        "depth": "0.0000",
        "is_refunded": False,
        "quantity_refunded": 0,
        "return_id": 0,
        "wrapping_id": 0,
        "wrapping_name": "",
        "wrapping_message": "",
        "quantity_shipped": 0,
        "event_name": None,
        "event_date": None,
        "ebay_item_id": "",
        "ebay_transaction_id": "",
        "option_set_id": None,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "bin_picking_number": "",
        "external_id": None,
        "brand": "",
        "applied_discounts": [],
        "product_options": [],
        "configurable_fields": [],
        "gift_certificate_id": None,
        "discounted_total_inc_tax": money((price + tax) * units),
        **zero,
        **{name: value for name, value in given.items() if name not in known},
    }


def order(id_: int, placed: int, billing: Record, given: Record) -> Record:
    """An order without its lines: what begins with an underscore is the simulator's own."""
    currency = given.pop("currency", "USD")
    zero = dict.fromkeys(
        (
            "base_handling_cost",
            "handling_cost_ex_tax",
            "handling_cost_inc_tax",
            "handling_cost_tax",
            "base_wrapping_cost",
            "wrapping_cost_ex_tax",
            "wrapping_cost_inc_tax",
            "wrapping_cost_tax",
            "refunded_amount",
            "store_credit_amount",
            "gift_certificate_amount",
            "shipping_cost_tax",
        ),
        "0.0000",
    )
    return {
        "id": id_,
        "customer_id": 0,
        "date_shipped": "",
        "cart_id": f"00000000-0000-4000-8000-{id_:012}",
        "status_id": 0,
        "shipping_cost_tax_class_id": 2,
        "handling_cost_tax_class_id": 2,
        "wrapping_cost_tax_class_id": 3,
        "is_tax_inclusive_pricing": False,
        "payment_method": "Credit Card",
        "payment_provider_id": "",
        "payment_status": "captured",
        "order_is_digital": False,
        "ip_address": "192.0.2.10",
        "ip_address_v6": "",
        "geoip_country": "United States",
        "geoip_country_iso2": "US",
        "currency_id": 1,
        "currency_code": currency,
        "currency_exchange_rate": "1.0000000000",
        "default_currency_id": 1,
        "default_currency_code": currency,
        "store_default_currency_code": currency,
        "store_default_to_transactional_exchange_rate": "1.0000000000",
        "staff_notes": "",
        "customer_message": "",
        "discount_amount": "0.0000",
        "coupon_discount": "0.0000",
        "ebay_order_id": "0",
        "billing_address": {**HOME, **billing, "form_fields": billing.get("form_fields", [])},
        "is_email_opt_in": False,
        "credit_card_type": None,
        "order_source": "www",
        "channel_id": 1,
        "external_source": None,
        "external_id": None,
        "external_merchant_id": None,
        "external_order_id": "",
        "tax_provider_id": "BasicTaxProvider",
        "customer_locale": "en",
        "is_deleted": False,
        **zero,
        **given,
        "_created": placed,
        "_modified": placed,
        "_lines": [],
        "_addresses": [],
        "_coupons": [],
        "_shipments": [],
    }


def sum_up(record: Record, shipping: Any = "0") -> None:
    """Set an order's totals and counts from its lines."""
    lines = record["_lines"]

    def total(name: str) -> Decimal:
        return sum((Decimal(str(one[name])) for one in lines), Decimal(0))

    less = Decimal(record["discount_amount"]) + Decimal(record["coupon_discount"])
    cost = Decimal(str(shipping))
    record |= {
        "subtotal_ex_tax": money(total("total_ex_tax")),
        "subtotal_inc_tax": money(total("total_inc_tax")),
        "subtotal_tax": money(total("total_tax")),
        **{name: money(cost) for name in ("base_shipping_cost", "shipping_cost_ex_tax", "shipping_cost_inc_tax")},
        "total_ex_tax": money(total("total_ex_tax") + cost - less),
        "total_inc_tax": money(total("total_inc_tax") + cost - less),
        "total_tax": money(total("total_tax")),
        "order_is_digital": bool(lines) and all(one["type"] != "physical" for one in lines),
    }


def location(id_: int, label: str, at: int, *, enabled: bool = True) -> Record:
    """A place that keeps stock."""
    hours = {"open": True, "opening": "09:00", "closing": "17:00"}
    days = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    return {
        "id": id_,
        "code": f"LOC-{id_}",
        "label": label,
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": enabled,
        "operating_hours": dict.fromkeys(days, hours),
        "time_zone": "Etc/UTC",
        "created_at": iso(at),
        "updated_at": iso(at),
        "address": {
            "address1": "1 Dock Road",
            "address2": "",
            "city": "Louisville",
            "state": "Kentucky",
            "zip": "40202",
            "email": "dock@example.com",
            "phone": "5025550100",
            "geo_coordinates": {"latitude": 38.25, "longitude": -85.76},
            "country_code": "US",
        },
        "storefront_visibility": True,
        "special_hours": [],
    }


def product(id_: int, name: str, at: int, given: Record) -> Record:
    """A product without its variants."""
    return {
        "id": id_,
        "name": name,
        "type": "physical",
        "sku": "",
        "weight": 0,
        "width": 0,
        "depth": 0,
        "height": 0,
        "price": 10,
        "upc": "",
        "gtin": "",
        "mpn": "",
        "inventory_tracking": "variant",
        "is_visible": True,
        "availability": "available",
        "custom_url": {"url": f"/product-{id_}/", "is_customized": False},
        **given,
        "_created": at,
        "_modified": at,
        "_variants": [],
    }


def variant(id_: int, product_id: int, sku: str, given: Record) -> Record:
    """A variant. `_levels` are units on hand and safety stock by location."""
    return {
        "id": id_,
        "product_id": product_id,
        "sku": sku,
        "sku_id": id_ + 1_000_000,
        "upc": "",
        "purchasing_disabled": False,
        "purchasing_disabled_message": "",
        "bin_picking_number": "",
        "option_values": [],
        **given,
        "_levels": {},
    }
