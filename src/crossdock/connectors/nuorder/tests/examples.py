"""Payloads we wrote ourselves, in the platform's shape."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.connectors.nuorder.payloads import NuOrder
from crossdock.connectors.nuorder.settings import Settings

ADDRESS = {
    "display_name": "Corner Store",
    "line_1": "1 Main Street",
    "line_2": "Suite 2",
    "city": "Lexington",
    "state": "Kentucky",
    "zip": "40507",
    "country": "USA",
    "code": "4711",
}


def a_line(style: str = "1042", **more: Any) -> dict[str, Any]:
    """One line item; `sizes` are (size, quantity, price, upc) or whole ones."""
    sizes = more.pop("sizes", [("M", 2, 12.5, "099999000016")])
    product = {
        "_id": f"{int(style):024x}" if style.isdigit() else "a" * 24,
        "style_number": style,
        "color": "Red",
        "season": "FW26",
    }
    return {
        "product": product | more.pop("product", {}),
        "warehouse": "Wholesale",
        "prebook": False,
        "sizes": [
            size
            if isinstance(size, dict)
            else {"size": size[0], "quantity": size[1], "price": size[2], **({"upc": size[3]} if size[3] else {})}
            for size in sizes
        ],
        **more,
    }


def an_order(**more: Any) -> dict[str, Any]:
    """One approved order of two units."""
    return {
        "_id": "65f2a1b0a01ceed965000001",
        "order_number": "100505",
        "customer_po_number": "PO-77",
        "status": "approved",
        "currency_code": "USD",
        "total": 25,
        "total_quantity": 2,
        "notes": "Call before delivery",
        "created_on": "2024-03-14T07:03:28.000Z",
        "modified_on": "2024-03-15T10:00:00.500Z",
        "start_ship": "2024-04-01T00:00:00.000Z",
        "end_ship": "2024-04-30T00:00:00.000Z",
        "retailer": {
            "_id": "5" * 24,
            "retailer_name": "Corner Store",
            "retailer_code": "C-100",
            "buyer_name": "Robin Bloom",
            "buyer_email": "robin@example.com",
        },
        "shipping_address": dict(ADDRESS),
        "billing_address": dict(ADDRESS),
        "order_tags": [],
        "line_items": [a_line()],
        **more,
    }


def typed(payload: dict[str, Any]) -> NuOrder:
    """The payload as the connector reads it."""
    return msgspec.json.decode(msgspec.json.encode(payload), type=NuOrder)


def settings(**more: Any) -> Settings:
    """Settings that work, by token."""
    values = {
        "access": "typed",
        "consumer_key": "ckey",
        "consumer_secret": "csecret",
        "token": "tok",
        "token_secret": "tsecret",
    }
    return Settings(**values | more)
