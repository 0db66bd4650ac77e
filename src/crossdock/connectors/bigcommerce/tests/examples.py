"""Payloads we wrote ourselves, and the words that tests make them with."""

from typing import Any

import msgspec

from crossdock.connectors.bigcommerce.mapping import Units, to_order
from crossdock.connectors.bigcommerce.payloads import BcOrder
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.domain.orders import Order

HOME = {
    "first_name": "Jane",
    "last_name": "Doe",
    "company": "",
    "street_1": "12 Mill Road",
    "street_2": "Apt 4",
    "city": "Louisville",
    "state": "Kentucky",
    "zip": "40202",
    "country": "United States",
    "country_iso2": "US",
    "phone": "5025550100",
    "email": "jane@example.com",
}


def settings(**changes: Any) -> Settings:
    """Settings by token."""
    return Settings(**{"store_hash": "abc123xyz", "access": "token", "access_token": "0123456789abcdef", **changes})


def a_line(id_: int = 11, **changes: Any) -> dict[str, Any]:
    """A physical line of two red shirts, nothing shipped."""
    return {
        "id": id_,
        "order_id": 100,
        "product_id": 5,
        "variant_id": 6,
        "order_address_id": 1,
        "order_pickup_method_id": 0,
        "name": "Red shirt",
        "sku": "RED",
        "upc": "4006381333931",
        "type": "physical",
        "quantity": 2,
        "quantity_shipped": 0,
        "quantity_refunded": 0,
        "price_ex_tax": "20.0000",
        "total_tax": "3.3000",
        "weight": "0.5000",
        "applied_discounts": [],
        "product_options": [],
        **changes,
    }


def an_order(*lines: dict[str, Any], addresses: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A paid order that awaits fulfillment, with consignments and their lines."""
    sold = lines or (a_line(),)
    places = addresses if addresses is not None else [{"id": 1, **HOME, "shipping_method": "UPS Ground"}]
    shipping = [
        {**place, "line_items": [line for line in sold if line["order_address_id"] == place["id"] and line["type"] == "physical"]}
        for place in places
    ]
    digital = [line for line in sold if line["type"] == "digital"]
    gifts = [line for line in sold if line["type"] == "giftcertificate"]
    return {
        "id": 100,
        "date_created": "Wed, 10 Jan 2018 21:05:30 +0000",
        "date_modified": "Wed, 10 Jan 2018 22:05:30 +0200",
        "status_id": 11,
        "status": "Awaiting Fulfillment",
        "custom_status": "Ready to pack",
        "default_currency_code": "USD",
        "currency_code": "EUR",
        "subtotal_ex_tax": "40.0000",
        "shipping_cost_ex_tax": 5,
        "total_tax": "3.3",
        "total_inc_tax": "43.3000",
        "discount_amount": "3.0000",
        "coupon_discount": "2.0000",
        "items_total": sum(line["quantity"] for line in sold),
        "payment_method": "Credit Card",
        "payment_status": "captured",
        "billing_address": {**HOME, "first_name": "Jo", "form_fields": []},
        "customer_message": "Ring twice",
        "channel_id": 1,
        "consignments": {
            "pickups": [],
            "shipping": shipping,
            "downloads": [{"line_items": digital}] if digital else [],
            "email": {"gift_certificates": [{"line_items": gifts}] if gifts else []},
        },
        "products": {"url": "https://api.example.com/products", "resource": "/orders/100/products"},
        "shipping_addresses": {"url": "https://api.example.com/a", "resource": "/orders/100/shippingaddresses"},
        "coupons": {"url": "https://api.example.com/c", "resource": "/orders/100/coupons"},
        **changes,
    }


def understood(payload: dict[str, Any], units: Units | None = None, **changes: Any) -> Order:
    """The order, with these settings."""
    return to_order(msgspec.json.decode(msgspec.json.encode(payload), type=BcOrder), settings(**changes), units)
