"""Sales orders: quantities, statuses, what staff does to them."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica.simulator.state import MAIN, Record, Refusal, Tenant

ZERO = Decimal(0)
GONE = ("Confirmed", "Partially Invoiced", "Invoiced", "Completed")
"""Statuses of shipments whose goods have left."""

RETURNS = ("RC", "RM", "RR")


def settle(tenant: Tenant, order: Record) -> None:
    """Bring quantities and status in line with the order's shipments, and note the change."""
    on: dict[int, Decimal] = {}
    closed: dict[int, Decimal] = {}
    shipments = shipments_of(tenant, order)
    for shipment in shipments:
        for row in _rows_of(order, shipment):
            number = row["OrderLineNbr"]
            on[number] = on.get(number, ZERO) + row["ShippedQty"]
            if shipment["Status"] in GONE:
                closed[number] = closed.get(number, ZERO) + row["ShippedQty"]
    for line in order["Details"]:
        number = line["LineNbr"]
        line["QtyOnShipments"] = on.get(number, ZERO)
        rest = max(ZERO, line["OrderQty"] - closed.get(number, ZERO))
        if closed.get(number) and rest and order["ShippingSettings"].get("ShippingRule") == "Cancel Remainder":
            rest = ZERO
        line["Completed"] = rest == 0 and line.get("Operation") != "Receipt"
        line["OpenQty"] = rest
    order["Shipments"] = [
        {
            "id": shipment["id"],
            "ShipmentNbr": shipment["ShipmentNbr"],
            "ShipmentType": "Shipment",
            "Status": shipment["Status"],
            "ShipmentDate": shipment["ShipmentDate"],
            "ShippedQty": sum((row["ShippedQty"] for row in _rows_of(order, shipment)), ZERO),
        }
        for shipment in shipments
    ]
    order["OrderedQty"] = sum((line["OrderQty"] for line in order["Details"]), ZERO)
    order["Status"] = _status(order, any(closed.values()))
    tenant.touch("SalesOrder", order)


def shipments_of(tenant: Tenant, order: Record) -> list[Record]:
    """Its shipments that stand, oldest first."""
    return [tenant.tables["Shipment"][one] for one in order.get("_shipments", []) if one in tenant.tables["Shipment"]]


def _rows_of(order: Record, shipment: Record) -> list[Record]:
    return [row for row in shipment["Details"] if (row["OrderType"], row["OrderNbr"]) == (order["OrderType"], order["OrderNbr"])]


def _status(order: Record, has_left: bool) -> str:
    if order.get("_status"):
        return str(order["_status"])
    if order.get("Hold"):
        return "On Hold"
    if order.get("CreditHold"):
        return "Credit Hold"
    goods = [line for line in order["Details"] if line["OrderQty"] > 0]
    if goods and all(line["Completed"] for line in goods):
        return "Completed"
    if goods and all(line["Completed"] or line["QtyOnShipments"] >= line["OrderQty"] for line in goods):
        return "Shipping"
    return "Back Order" if has_left else "Open"


def new_line(tenant: Tenant, number: int, given: dict[str, Any]) -> Record:
    """A line from plain words: sku, title, quantity, price, uom, warehouse, allocations, type, drop_ship, ship_on."""
    quantity, price = Decimal(str(given.get("quantity", 1))), Decimal(str(given.get("price", "10.00")))
    sku = given.get("sku")
    warehouse = given.get("warehouse") or MAIN
    line: Record = {
        "id": str(uuid.uuid4()),
        "LineNbr": number,
        "InventoryID": sku,
        "LineDescription": given.get("title") or sku,
        "LineType": given.get("type") or "Goods for Inventory",
        "Operation": given.get("operation") or "Issue",
        "OrderQty": quantity,
        "OpenQty": quantity,
        "QtyOnShipments": ZERO,
        "UOM": given.get("uom") or "EA",
        "UnitPrice": price,
        "ExtendedPrice": price * quantity,
        "DiscountAmount": Decimal(str(given.get("discount", "0"))),
        "Amount": price * quantity - Decimal(str(given.get("discount", "0"))),
        "WarehouseID": warehouse,
        "Completed": False,
        "FreeItem": False,
        "MarkForPO": bool(given.get("drop_ship")),
        "POSource": "Drop-Ship" if given.get("drop_ship") else None,
        "AlternateID": given.get("alternate"),
        "ReasonCode": given.get("reason"),
        "note": given.get("note"),
    }
    line["NoteID"] = line["id"]
    parts = given.get("allocations") or [{"warehouse": warehouse, "quantity": quantity}]
    line["Allocations"] = [
        {
            "id": str(uuid.uuid4()),
            "LineNbr": number,
            "SplitLineNbr": place,
            "InventoryID": sku,
            "AllocWarehouseID": part["warehouse"],
            "Allocated": bool(part.get("allocated", len(parts) > 1)),
            "Completed": False,
            "Qty": Decimal(str(part["quantity"])),
            "QtyOnShipments": ZERO,
            "UOM": part.get("uom") or line["UOM"],
        }
        for place, part in enumerate(parts, start=1)
    ]
    return line


def edit(tenant: Tenant, order: Record, quantities: dict[str, int]) -> None:
    """Set quantities of lines by SKU, LineNbr or id; 0 takes a line out that has no shipment. Raises Refusal."""
    for line in list(order["Details"]):
        wanted = next(
            (quantities[key] for key in (line["InventoryID"], str(line["LineNbr"]), line["id"]) if key in quantities), None
        )
        if wanted is None:
            continue
        if wanted < line["QtyOnShipments"]:
            raise Refusal("The quantity cannot be less than the quantity on shipments.")
        if wanted == 0 and not line["QtyOnShipments"]:
            order["Details"].remove(line)
            continue
        line["OrderQty"] = Decimal(wanted)
        line["Amount"] = line["ExtendedPrice"] = line["UnitPrice"] * wanted
        if len(line["Allocations"]) == 1:
            line["Allocations"][0]["Qty"] = Decimal(wanted)
    total(order)
    settle(tenant, order)


def total(order: Record) -> None:
    """Sum up the amounts."""
    goods = sum((line["Amount"] for line in order["Details"]), ZERO)
    freight, tax = order["Totals"].get("Freight") or ZERO, order.get("TaxTotal") or ZERO
    order["Totals"] |= {"LineTotalAmount": goods, "TaxTotal": tax}
    order["OrderTotal"] = order["ControlTotal"] = goods + freight + tax


def cancel(tenant: Tenant, order: Record) -> None:
    """The action Cancel. Raises Refusal where Acumatica does not offer it."""
    if order["Status"] in ("Completed", "Shipping", "Pending Approval", "Invoiced"):
        raise Refusal(
            f"The Cancel Order action is not available for the {order['OrderType']} {order['OrderNbr']} order in the "
            f"{order['Status']} status."
        )
    order["_status"] = "Canceled"
    settle(tenant, order)


def reopen(tenant: Tenant, order: Record) -> None:
    """The action Reopen."""
    order["_status"] = None
    settle(tenant, order)
