"""Records as Acumatica gives them, made up: say what matters, the rest is ordinary."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.connectors.acumatica.payloads import AcItem, AcOrder, AcShipment
from crossdock.connectors.acumatica.settings import Settings


def wrapped(fields: dict[str, Any]) -> dict[str, Any]:
    """Plain values in Acumatica's wrapping; lists are detail rows, None is an empty object."""
    out: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "id":
            out[name] = value
        elif isinstance(value, list):
            out[name] = [wrapped(row) for row in value]
        elif isinstance(value, dict):
            out[name] = wrapped(value)
        else:
            out[name] = {} if value is None else {"value": value}
    return out


def a_line(number: int = 1, quantity: float = 1, **more: Any) -> dict[str, Any]:
    """An order line, open as a whole."""
    return {
        "id": f"00000000-0000-4000-8000-0000000000{number:02}",
        "LineNbr": number,
        "InventoryID": f"SKU-{number}",
        "LineDescription": f"Item {number}",
        "LineType": "Goods for Inventory",
        "OrderQty": quantity,
        "OpenQty": quantity,
        "QtyOnShipments": 0,
        "UOM": "EA",
        "UnitPrice": 10.5,
        "DiscountAmount": 0,
        "WarehouseID": "MAIN",
        "Completed": False,
        **more,
    }


def an_order(lines: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """An open order of one line."""
    return {
        "id": "11111111-2222-4333-8444-555555555555",
        "OrderType": "SO",
        "OrderNbr": "000123",
        "Status": "Open",
        "Branch": "HEADOFFICE",
        "CustomerID": "C000000003",
        "CustomerOrder": "PO-77",
        "CurrencyID": "USD",
        "OrderTotal": 10.5,
        "TaxTotal": 0,
        "Date": "2026-11-01T00:00:00+00:00",
        "CreatedDate": "2026-11-01T10:00:00+00:00",
        "LastModified": "2026-11-02T10:00:00.347+00:00",
        "ShipVia": "UPSGROUND",
        "ShipToAddress": {
            "AddressLine1": "12 Harbor Street",
            "AddressLine2": "Unit 4",
            "City": "Portland",
            "State": "OR",
            "PostalCode": "97201",
            "Country": "US",
        },
        "ShipToContact": {
            "Attention": "Robin Example",
            "BusinessName": "Harbor Goods",
            "Email": "robin@example.com",
            "Phone1": "+15035550100",
        },
        "ShippingSettings": {"ShipVia": "UPSGROUND", "ShippingRule": "Back Order Allowed"},
        "Details": [a_line()] if lines is None else lines,
        **more,
    }


def a_shipment(**more: Any) -> dict[str, Any]:
    """An open shipment of one line, made by staff."""
    return {
        "id": "99999999-2222-4333-8444-555555555555",
        "ShipmentNbr": "000456",
        "Type": "Shipment",
        "Operation": "Issue",
        "Status": "Open",
        "CustomerID": "C000000003",
        "WarehouseID": "MAIN",
        "FreightCurrencyID": "USD",
        "ShipVia": "UPSGROUND",
        "ShipmentDate": "2026-11-03T00:00:00+00:00",
        "CreatedDateTime": "2026-11-02T09:00:00+00:00",
        "LastModifiedDateTime": "2026-11-02T10:00:00+00:00",
        "Details": [
            {
                "id": "00000000-0000-4000-8000-0000000000aa",
                "LineNbr": 1,
                "OrderType": "SO",
                "OrderNbr": "000123",
                "OrderLineNbr": 3,
                "InventoryID": "SKU-1",
                "Description": "Item 1",
                "ShippedQty": 2,
                "UOM": "EA",
                "WarehouseID": "MAIN",
            }
        ],
        **more,
    }


def order(*args: Any, **more: Any) -> AcOrder:
    """An order as the client decodes it."""
    return msgspec.json.decode(msgspec.json.encode(wrapped(an_order(*args, **more))), type=AcOrder)


def shipment(**more: Any) -> AcShipment:
    """A shipment as the client decodes it."""
    return msgspec.json.decode(msgspec.json.encode(wrapped(a_shipment(**more))), type=AcShipment)


def item(**more: Any) -> AcItem:
    """A stock item as the client decodes it."""
    fields = {"id": "77777777-2222-4333-8444-555555555555", "InventoryID": "SKU-1", "Description": "Item 1", **more}
    return msgspec.json.decode(msgspec.json.encode(wrapped(fields)), type=AcItem)


def settings(**changes: Any) -> Settings:
    """Settings that take open orders of the type SO."""
    values = {
        "instance_url": "https://erp.example.com/AcumaticaERP",
        "client_id": "BCB75B53-4D19-0F62-DE4F-4AD7E3F0A3C9@Company",
        "client_secret": "a shared secret",
        "username": "crossdock",
        "password": "a password",
    }
    return Settings(**values | changes)
