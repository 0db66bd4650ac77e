"""Stock items, figures and adjustments."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica.simulator.state import MAIN, Record, Refusal, Tenant

ZERO = Decimal(0)


def add_item(tenant: Tenant, sku: str, quantity: Decimal | int = 0, warehouse: str = MAIN, **fields: Any) -> Record:
    """A stock item with units in one warehouse; `fields` are further ones of the entity."""
    record: Record = {
        "InventoryID": sku,
        "Description": sku,
        "BaseUOM": "EA",
        "SalesUOM": "EA",
        "ItemStatus": "Active",
        "ItemType": "Finished Good",
        "ItemClass": "STOCKITEM",
        "IsAKit": False,
        "DefaultPrice": ZERO,
        "DimensionWeight": ZERO,
        "DefaultWarehouseID": warehouse,
        "CrossReferences": [],
        "UOMConversions": [],
        "_stock": {warehouse.casefold(): Decimal(quantity)},
        **fields,
    }
    changed = fields.get("LastModified")
    tenant.add("StockItem", record)
    if changed is not None:
        record["LastModified"] = changed
    return record


def on_hand(tenant: Tenant, sku: str, warehouse: str) -> Decimal:
    """Units of an item in a warehouse."""
    item = tenant.get("StockItem", sku)
    quantity: Decimal = item["_stock"].get(warehouse.casefold(), ZERO) if item is not None else ZERO
    return quantity


def reserved(tenant: Tenant, warehouse: str) -> dict[str, Decimal]:
    """Units on shipments that did not leave yet, by item in small letters."""
    units: dict[str, Decimal] = {}
    for shipment in tenant.tables["Shipment"].values():
        if shipment["Status"] in ("Open", "On Hold"):
            for row in shipment["Details"]:
                if (row["WarehouseID"] or "").casefold() == warehouse.casefold():
                    key = row["InventoryID"].casefold()
                    units[key] = units.get(key, ZERO) + row["ShippedQty"]
    return units


def available(tenant: Tenant, sku: str, warehouse: str) -> Decimal:
    """Units that can still be promised."""
    return on_hand(tenant, sku, warehouse) - reserved(tenant, warehouse).get(sku.casefold(), ZERO)


def move(tenant: Tenant, sku: str, warehouse: str, units: Decimal) -> None:
    """Add units, or take them away. Raises Refusal below zero."""
    item = tenant.get("StockItem", sku)
    if item is None:
        return
    now = item["_stock"].get(warehouse.casefold(), ZERO) + units
    if now < 0:
        raise Refusal(f"Inventory quantity for {sku} in warehouse '{warehouse}' will go negative.")
    item["_stock"][warehouse.casefold()] = now


def adjust(tenant: Tenant, given: Record) -> Record:
    """Insert an adjustment. Raises Refusal with the fields at fault."""
    errors: dict[str, str] = {}
    for place, row in enumerate(given.get("Details") or []):
        item = tenant.get("StockItem", row.get("InventoryID"))
        if item is not None and item.get("ItemStatus") == "Inactive":
            errors[f"Details[{place}].InventoryID"] = "The inventory item is Inactive."
        if item is None:
            errors[f"Details[{place}].InventoryID"] = (
                f"'Inventory ID' '{row.get('InventoryID') or ''}' cannot be found in the system."
            )
        if tenant.get("Warehouse", row.get("WarehouseID")) is None:
            errors[f"Details[{place}].WarehouseID"] = "'Warehouse' cannot be found in the system."
        if tenant.needs_reason and not row.get("ReasonCode"):
            errors[f"Details[{place}].ReasonCode"] = "'Reason Code' cannot be empty."
    if errors:
        raise Refusal("Inserting 'Adjustment' record raised at least one error. Please review the errors.", errors=errors)
    record = {
        **given,
        "ReferenceNbr": tenant.number("Adjustment"),
        "Status": "On Hold" if given.get("Hold") else "Balanced",
        "Details": [{**row, "id": str(uuid.uuid4())} for row in given.get("Details") or []],
        "TotalQty": sum((row["Qty"] for row in given.get("Details") or []), ZERO),
    }
    record.pop("id", None)
    return tenant.add("InventoryAdjustment", record)


def release(tenant: Tenant, adjustment: Record) -> None:
    """Post an adjustment: all of its lines, or none. Raises Refusal."""
    if adjustment["Status"] != "Balanced":
        raise Refusal(f"The document cannot be released in the {adjustment['Status']} status.")
    for row in adjustment["Details"]:
        if on_hand(tenant, row["InventoryID"], row["WarehouseID"]) + row["Qty"] < 0:
            raise Refusal(f"Inventory quantity for {row['InventoryID']} in warehouse '{row['WarehouseID']}' will go negative.")
    for row in adjustment["Details"]:
        move(tenant, row["InventoryID"], row["WarehouseID"], row["Qty"])
    adjustment["Status"] = "Released"
    tenant.touch("InventoryAdjustment", adjustment)


def summary(tenant: Tenant, given: Record) -> Record:
    """InventorySummaryInquiry: one item, in one warehouse or in all. Raises Refusal for an item that is not there."""
    item = tenant.get("StockItem", given.get("InventoryID"))
    if item is None:
        raise Refusal(
            "Updating 'InventorySummaryInquiry' record raised at least one error.",
            errors={"InventoryID": f"'Inventory ID' '{given.get('InventoryID') or ''}' cannot be found in the system."},
        )
    rows = []
    for place in tenant.all("Warehouse"):
        key = place["WarehouseID"]
        if given.get("WarehouseID") and given["WarehouseID"].casefold() != key.casefold():
            continue
        if key.casefold() not in item["_stock"]:
            continue
        hand, free = on_hand(tenant, item["InventoryID"], key), available(tenant, item["InventoryID"], key)
        rows.append(
            {
                "id": str(uuid.uuid4()),
                "WarehouseID": key,
                "LocationID": "STOCK",
                "BaseUOM": item["BaseUOM"],
                "QtyOnHand": hand,
                "QtyAvailable": free,
                "QtyAvailableForShipment": free,
                "QtyNotAvailable": hand - free,
            }
        )
    return {"id": str(uuid.uuid4()), **given, "Results": rows}


def storage(tenant: Tenant, given: Record) -> Record:
    """StorageDetailsInquiry: every item of one warehouse."""
    place = given.get("WarehouseID") or MAIN
    taken = reserved(tenant, place)
    rows = []
    for item in tenant.all("StockItem"):
        if place.casefold() not in item["_stock"]:
            continue
        hand = item["_stock"][place.casefold()]
        free = hand - taken.get(item["InventoryID"].casefold(), ZERO)
        rows.append(
            {
                "id": str(uuid.uuid4()),
                "InventoryID": item["InventoryID"],
                "WarehouseID": place,
                "QtyOnHand": hand,
                "QtyAvailable": free,
                "QtyAvailableforIssue": free,
                "QtyHardAvailable": free,
            }
        )
    return {"id": str(uuid.uuid4()), **given, "StorageDetails": rows}
