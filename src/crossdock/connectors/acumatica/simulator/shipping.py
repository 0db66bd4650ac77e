"""Shipments: made from orders, changed while they are open, confirmed, opened again, deleted."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica.simulator.selling import GONE, ZERO, settle
from crossdock.connectors.acumatica.simulator.state import Record, Refusal, Tenant
from crossdock.connectors.acumatica.simulator.stocking import available, move

_SCALARS = (
    "Description",
    "ShipVia",
    "FOBPoint",
    "ShippingTerms",
    "FreightCost",
    "FreightPrice",
    "OverrideFreightPrice",
    "ShipmentDate",
    "ControlQty",
    "Insurance",
    "SaturdayDelivery",
    "ResidentialDelivery",
)


def insert(tenant: Tenant, given: Record) -> Record:
    """Make a shipment from lines of orders. Raises Refusal with the fields at fault."""
    errors: dict[str, str] = {}
    if not given.get("CustomerID"):
        errors["CustomerID"] = "'Customer' cannot be empty."
    warehouse = given.get("WarehouseID")
    if tenant.get("Warehouse", warehouse) is None:
        errors["WarehouseID"] = f"'Warehouse ID' '{warehouse or ''}' cannot be found in the system."
    rows, orders = [], []
    for place, one in enumerate(given.get("Details") or []):
        order = tenant.get("SalesOrder", one.get("OrderType"), one.get("OrderNbr"))
        if order is None:
            errors[f"Details[{place}].OrderNbr"] = "'Order Nbr.' cannot be found in the system."
            continue
        if order["Status"] not in ("Open", "Back Order", "Shipping"):
            raise Refusal(
                f"A shipment cannot be created for the {order['OrderType']} {order['OrderNbr']} order in the {order['Status']} status."
            )
        if order not in orders:
            orders.append(order)
        rows += _rows(tenant, order, one, str(warehouse), place, errors)
    boxes = [_package(tenant, one, place, errors) for place, one in enumerate(given.get("Packages") or [])]
    if errors:
        raise Refusal("Inserting 'Shipment' record raised at least one error. Please review the errors.", errors=errors)
    if not rows:
        raise Refusal("The shipment cannot be created: no items are available for shipping today.")
    shipment = _made(tenant, given, orders, rows, boxes)
    for order in orders:
        order.setdefault("_shipments", []).append(shipment["id"])
        settle(tenant, order)
    return shipment


def create_for(tenant: Tenant, order: Record, warehouse: str | None, day: Any = None) -> Record:
    """The action Create Shipment: all that is open of one order, from one warehouse."""
    rows = [
        {"OrderType": order["OrderType"], "OrderNbr": order["OrderNbr"], "OrderLineNbr": line["LineNbr"]}
        for line in order["Details"]
        if line["WarehouseID"] == (warehouse or order["Details"][0]["WarehouseID"])
        and line["OpenQty"] > line["QtyOnShipments"] - _gone(line)
    ]
    return insert(
        tenant,
        {
            "CustomerID": order["CustomerID"],
            "LocationID": order.get("LocationID"),
            "WarehouseID": warehouse or order["Details"][0]["WarehouseID"],
            "ShipmentDate": day,
            "Details": rows,
        },
    )


def update(tenant: Tenant, shipment: Record, given: Record) -> Record:
    """Change an open shipment: fields, units of its lines, packages by their ids; a package without one is added."""
    if shipment["Status"] not in ("Open", "On Hold"):
        raise Refusal(f"The {shipment['ShipmentNbr']} shipment cannot be modified in the {shipment['Status']} status.")
    errors: dict[str, str] = {}
    for place, one in enumerate(given.get("Details") or []):
        line = _named(shipment["Details"], one)
        if line is None:
            errors[f"Details[{place}].OrderNbr"] = "'Order Nbr.' cannot be empty."
        elif one.get("ShippedQty") is not None:
            if one["ShippedQty"] > line["OriginalQty"]:
                errors[f"Details[{place}].ShippedQty"] = "Item was overshipped."
            line["ShippedQty"] = one["ShippedQty"]
    packages = list(shipment["Packages"])
    for place, one in enumerate(given.get("Packages") or []):
        box = _named(packages, one)
        if one.get("delete"):
            if box is not None:
                packages.remove(box)
        elif box is not None:
            box.update({name: value for name, value in one.items() if name != "id" and value is not None})
        else:
            packages.append(_package(tenant, one, place, errors))
    if errors:
        raise Refusal("Updating 'Shipment' record raised at least one error. Please review the errors.", errors=errors)
    shipment.update({name: given[name] for name in _SCALARS if given.get(name) is not None})
    if given.get("Hold") is not None:
        shipment["Hold"], shipment["Status"] = given["Hold"], "On Hold" if given["Hold"] else "Open"
    shipment["Packages"] = packages
    _sum_up(tenant, shipment)
    return shipment


def confirm(tenant: Tenant, shipment: Record) -> None:
    """The goods have left: stock falls, and the orders go on. Raises Refusal."""
    if shipment["Status"] != "Open":
        raise Refusal(f"The Confirm Shipment action is not available for the shipment in the {shipment['Status']} status.")
    if tenant.needs_control and shipment.get("ControlQty") != shipment["ShippedQty"]:
        raise Refusal("The control quantity and the shipped quantity of the document are different.")
    if any(not one.get("Confirmed") for one in shipment["Packages"]):
        raise Refusal("At least one package of the shipment is not confirmed.")
    shipment["Status"] = "Confirmed"
    _move_stock(tenant, shipment, -1)
    _settle_orders(tenant, shipment)
    tenant.touch("Shipment", shipment)


def correct(tenant: Tenant, shipment: Record) -> None:
    """Open a confirmed shipment again. Raises Refusal once it is invoiced."""
    if shipment["Status"] != "Confirmed":
        raise Refusal(f"The Correct Shipment action is not available for the shipment in the {shipment['Status']} status.")
    shipment["Status"] = "Open"
    _move_stock(tenant, shipment, 1)
    _settle_orders(tenant, shipment)
    tenant.touch("Shipment", shipment)


def invoice(tenant: Tenant, shipment: Record) -> None:
    """Prepare the invoice of a confirmed shipment."""
    if shipment["Status"] != "Confirmed":
        raise Refusal(f"The Prepare Invoice action is not available for the shipment in the {shipment['Status']} status.")
    shipment["Status"] = "Invoiced"
    _settle_orders(tenant, shipment)
    tenant.touch("Shipment", shipment)


def delete(tenant: Tenant, shipment: Record) -> None:
    """Delete an open shipment. Raises Refusal for another."""
    if shipment["Status"] not in ("Open", "On Hold"):
        raise Refusal(f"The {shipment['ShipmentNbr']} shipment cannot be deleted in the {shipment['Status']} status.")
    tenant.drop("Shipment", shipment)
    _settle_orders(tenant, shipment)


def ship_at_once(tenant: Tenant, order: Record, units: dict[str, int] | None, tracking: str | None) -> Record:
    """Somebody else ships an order, or units of it by SKU: made and confirmed."""
    left = dict(units) if units is not None else None
    rows: dict[str, list[Record]] = {}
    for line in order["Details"]:
        rest = line["OrderQty"] - line["QtyOnShipments"]
        quantity = rest if left is None else min(rest, Decimal(left.pop(line["InventoryID"], 0)))
        if quantity > 0 and line.get("Operation") != "Receipt":
            key = {"OrderType": order["OrderType"], "OrderNbr": order["OrderNbr"], "OrderLineNbr": line["LineNbr"]}
            rows.setdefault(line["WarehouseID"], []).append({**key, "ShippedQty": quantity})
    made: Record = {}
    for warehouse, details in rows.items():
        packages = [{"BoxID": "MEDIUM", "TrackingNbr": tracking, "Confirmed": True}] if tracking else []
        made = insert(
            tenant,
            {
                "CustomerID": order["CustomerID"],
                "LocationID": order.get("LocationID"),
                "WarehouseID": warehouse,
                "Details": details,
                "Packages": packages,
            },
        )
        confirm(tenant, made)
    return made


def _rows(tenant: Tenant, order: Record, one: Record, warehouse: str, place: int, errors: dict[str, str]) -> list[Record]:
    rows = []
    for line in order["Details"]:
        if one.get("OrderLineNbr") not in (None, line["LineNbr"]) or line["WarehouseID"].casefold() != warehouse.casefold():
            continue
        open_ = ZERO if line["Completed"] else line["OrderQty"] - line["QtyOnShipments"]
        parts = one.get("Allocations") or []
        asked = sum((part["Qty"] for part in parts), ZERO) if parts else one.get("ShippedQty")
        wanted = open_ if asked is None else asked
        if wanted > open_:
            errors[f"Details[{place}].ShippedQty"] = "Item was overshipped."
            continue
        quantity = min(wanted, max(ZERO, available(tenant, line["InventoryID"], warehouse)))
        if quantity <= 0 and asked is None:
            continue
        rows.append(
            {
                "id": str(uuid.uuid4()),
                "LineNbr": 0,
                "OrderType": order["OrderType"],
                "OrderNbr": order["OrderNbr"],
                "OrderLineNbr": line["LineNbr"],
                "InventoryID": line["InventoryID"],
                "Description": line["LineDescription"],
                "OrderedQty": line["OrderQty"],
                "OriginalQty": open_,
                "ShippedQty": quantity,
                "OpenQty": open_ - quantity,
                "UOM": line["UOM"],
                "WarehouseID": line["WarehouseID"],
                "LocationID": parts[0].get("LocationID") if parts else "STOCK",
                "Allocations": [{"id": str(uuid.uuid4()), **part} for part in parts],
            }
        )
    if not rows and one.get("OrderLineNbr") is not None and f"Details[{place}].ShippedQty" not in errors:
        errors[f"Details[{place}].OrderLineNbr"] = "The line cannot be shipped from this warehouse."
    return rows


def _package(tenant: Tenant, given: Record, place: int, errors: dict[str, str]) -> Record:
    if not given.get("BoxID"):
        errors[f"Packages[{place}].BoxID"] = "'Box ID' cannot be empty."
    elif tenant.get("ShippingBox", given["BoxID"]) is None:
        errors[f"Packages[{place}].BoxID"] = f"'Box ID' '{given['BoxID']}' cannot be found in the system."
    box = {"Confirmed": False, "Type": "Manual", "Weight": ZERO, "UOM": "KG", **given, "id": str(uuid.uuid4())}
    box["PackageContents"] = [{**one, "id": str(uuid.uuid4())} for one in given.get("PackageContents") or []]
    box["NoteID"] = box["id"]
    return box


def _made(tenant: Tenant, given: Record, orders: list[Record], rows: list[Record], boxes: list[Record]) -> Record:
    first = orders[0]
    settings = first["ShippingSettings"]
    is_held = bool(given.get("Hold"))
    shipment: Record = {
        **{name: given.get(name) for name in _SCALARS},
        "ShipmentNbr": tenant.number("Shipment"),
        "Type": "Shipment",
        "Operation": "Issue",
        "Status": "On Hold" if is_held else "Open",
        "Hold": is_held,
        "CustomerID": first["CustomerID"],
        "LocationID": first.get("LocationID"),
        "WarehouseID": given["WarehouseID"],
        "ShipmentDate": given.get("ShipmentDate") or tenant.today(),
        "CreatedDateTime": tenant.now(),
        "BaseCurrencyID": first["BaseCurrencyID"],
        "FreightCurrencyID": first["CurrencyID"],
        "ShipVia": given.get("ShipVia") or settings.get("ShipVia"),
        "ResidentialDelivery": settings.get("ResidentialDelivery"),
        "SaturdayDelivery": settings.get("SaturdayDelivery"),
        "GroundCollect": settings.get("GroundCollect"),
        "UseCustomersAccount": settings.get("UseCustomersAccount"),
        "ShippingSettings": {
            "id": str(uuid.uuid4()),
            "ShipToAddress": first.get("ShipToAddress"),
            "ShipToContact": first.get("ShipToContact"),
        },
        "Details": [{**row, "LineNbr": number} for number, row in enumerate(rows, start=1)],
        "Packages": boxes,
    }
    tenant.add("Shipment", shipment)
    _sum_up(tenant, shipment)
    return shipment


def _sum_up(tenant: Tenant, shipment: Record) -> None:
    for number, one in enumerate(shipment["Packages"], start=1):
        one["LineNbr"] = number
    shipment["PackageCount"] = len(shipment["Packages"])
    shipment["ShippedQty"] = sum((row["ShippedQty"] for row in shipment["Details"]), ZERO)
    keys = list(dict.fromkeys((row["OrderType"], row["OrderNbr"]) for row in shipment["Details"]))
    shipment["Orders"] = [
        {"id": str(uuid.uuid4()), "OrderType": kind, "OrderNbr": number, "ShipmentNbr": shipment["ShipmentNbr"]}
        for kind, number in keys
    ]
    tenant.touch("Shipment", shipment)
    _settle_orders(tenant, shipment)


def _settle_orders(tenant: Tenant, shipment: Record) -> None:
    for kind, number in dict.fromkeys((row["OrderType"], row["OrderNbr"]) for row in shipment["Details"]):
        order = tenant.get("SalesOrder", kind, number)
        if order is not None:
            settle(tenant, order)


def _move_stock(tenant: Tenant, shipment: Record, sign: int) -> None:
    for row in shipment["Details"]:
        move(tenant, row["InventoryID"], row["WarehouseID"], sign * row["ShippedQty"])


def _named(rows: list[Record], given: Record) -> Record | None:
    for row in rows:
        if given.get("id") == row["id"] or (given.get("LineNbr") is not None and given["LineNbr"] == row["LineNbr"]):
            return row
    return None


def _gone(line: Record) -> Decimal:
    """Units of a line that have left."""
    left: Decimal = line["OrderQty"] - line["OpenQty"]
    return left


__all__ = ["GONE", "confirm", "correct", "create_for", "delete", "insert", "invoice", "ship_at_once", "update"]
