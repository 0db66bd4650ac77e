"""Orders as Magento gives them, made up: say what matters, the rest is ordinary."""

from typing import Any

import msgspec

from crossdock.connectors.magento2.payloads import MgOrder, MgShipment
from crossdock.connectors.magento2.settings import Settings

HOME = {
    "firstname": "Jane",
    "lastname": "Doe",
    "street": ["12 Mill Road", "Unit 4"],
    "city": "Louisville",
    "region": "Kentucky",
    "region_code": "KY",
    "postcode": "40202",
    "country_id": "US",
    "telephone": "502-555-0100",
}


def settings(**changes: Any) -> Settings:
    """Settings that sign in with a token alone."""
    return Settings(**{"store_url": "https://shop.example.com", "access_token": "a" * 32, **changes})


def an_item(number: int = 1, quantity: float = 1, **more: Any) -> dict[str, Any]:
    """A row."""
    return {
        "item_id": number,
        "product_id": 900 + number,
        "product_type": "simple",
        "sku": f"SKU-{number}",
        "name": f"Item {number}",
        "is_virtual": 0,
        "qty_ordered": quantity,
        "qty_shipped": 0,
        "qty_canceled": 0,
        "qty_refunded": 0,
        "price": 10,
        "tax_amount": 0.83,
        "discount_amount": 0,
        "weight": 1.5,
        **more,
    }


def an_order(items: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """An order of one row, paid, to be shipped."""
    shipping = {"address": HOME, "method": "ups_GND"}
    return {
        "entity_id": 17,
        "increment_id": "000000042",
        "state": "processing",
        "status": "processing",
        "created_at": "2026-03-01 09:30:00",
        "updated_at": "2026-03-01 09:31:00",
        "order_currency_code": "USD",
        "base_currency_code": "EUR",
        "grand_total": 15.83,
        "subtotal": 10,
        "shipping_amount": 5,
        "tax_amount": 0.83,
        "discount_amount": 0,
        "total_paid": 15.83,
        "total_due": 0,
        "store_id": 1,
        "customer_email": "jane@example.com",
        "shipping_description": "UPS - Ground",
        "items": items if items is not None else [an_item()],
        "billing_address": HOME,
        "payment": {"method": "checkmo"},
        "status_histories": [],
        "extension_attributes": {"shipping_assignments": [{"shipping": shipping}]},
        **more,
    }


def a_bundle(number: int = 1, quantity: int = 2, **more: Any) -> list[dict[str, Any]]:
    """A bundle of one A and two B each, and its rows; keys follow one another."""
    parent = an_item(number, quantity, sku="KIT", name="Kit", product_type="bundle", price=30, **more)
    inside = [
        an_item(number + place, quantity * units, sku=sku, name=sku, parent_item_id=number, price=0)
        for place, (sku, units) in enumerate((("A", 1), ("B", 2)), start=1)
    ]
    return [parent, *inside]


def a_shirt(number: int = 1, quantity: int = 3, **more: Any) -> list[dict[str, Any]]:
    """A configurable product: the parent has money, units and the child's SKU, the child the product."""
    parent = an_item(number, quantity, sku="SHIRT-M", name="Shirt", product_type="configurable", **more)
    return [parent, an_item(number + 1, quantity, sku="SHIRT-M", name="Shirt, M", parent_item_id=number, price=0)]


def typed(order: dict[str, Any]) -> MgOrder:
    """As decoded."""
    return msgspec.json.decode(msgspec.json.encode(order), type=MgOrder)


def a_shipment(number: int = 1, units: dict[int, float] | None = None, tracking: tuple[str, ...] = (), **more: Any) -> MgShipment:
    """A shipment of an order, units by row."""
    value = {
        "entity_id": number,
        "order_id": 17,
        "created_at": "2026-03-02 10:00:00",
        "items": [{"order_item_id": row, "qty": quantity} for row, quantity in (units or {1: 1}).items()],
        "tracks": [{"entity_id": 7, "track_number": one, "title": "UPS", "carrier_code": "ups"} for one in tracking],
        **more,
    }
    return msgspec.json.decode(msgspec.json.encode(value), type=MgShipment)
