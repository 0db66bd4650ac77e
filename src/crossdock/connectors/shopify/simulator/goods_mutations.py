"""Changing stock: absolute, whole or not at all, once for each key. Refused in the platform's recorded words."""

# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.connectors.shopify.simulator import goods
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused
from crossdock.connectors.shopify.simulator.mutations import wrong
from crossdock.connectors.shopify.simulator.values import Record

Arguments = dict[str, Any]

_REASONS = frozenset(
    """correction,cycle_count_available,damaged,movement_created,movement_updated,movement_received,movement_canceled,other,promotion,
    quality_control,received,reservation_created,reservation_deleted,reservation_updated,restock,safety_stock,shrinkage""".replace(
        "\n    ", ""
    ).split(",")
)


def inventorySetQuantities(root: Any, arguments: Arguments, context: Context) -> Record:
    """Sets quantities to what is said, all of them or none."""
    context.need("write_inventory", "inventorySetQuantities")
    given = arguments["input"]
    if any("changeFromQuantity" not in row for row in given["quantities"]):
        raise Refused(
            "InventoryQuantityInput must include the following argument: changeFromQuantity.", "INVALID_FIELD_ARGUMENTS"
        )

    def work() -> Record:
        problems = _problems(context, given)
        if problems:
            return {"inventoryAdjustmentGroup": None, "userErrors": problems}
        return {"inventoryAdjustmentGroup": _set(context, given), "userErrors": []}

    def refuse(code: str, message: str) -> Record:
        return {"inventoryAdjustmentGroup": None, "userErrors": [wrong(None, message, code=code)]}

    return _once(context, ("inventorySetQuantities", repr(given)), work, refuse)


def _once(context: Context, asked: tuple[str, str], work: Callable[[], Record], refuse: Callable[[str, str], Record]) -> Record:
    """The same answer again for the same key and arguments; other arguments under the same key are refused."""
    key = context.idempotency_key
    if key is None:
        raise Refused("The @idempotent directive is required for this mutation but was not provided.", "BAD_REQUEST")
    known = context.shop.answered.get(key)
    if known is None:
        known = context.shop.answered[key] = (asked, work())
    elif known[0] != asked:
        return refuse(
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "The same idempotency key cannot be used with different operation parameters."
        )
    return known[1]


def _problems(context: Context, given: Record) -> list[Record]:
    shop, name = context.shop, given["name"]
    if name not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        return [wrong(["input", "name"], message, code="INVALID_NAME")]
    if given["reason"] not in _REASONS:
        return [wrong(["input", "reason"], "The specified reason is invalid.", code="INVALID_REASON")]
    pairs = [(row["inventoryItemId"], row["locationId"]) for row in given["quantities"]]
    problems = []
    for place, row in enumerate(given["quantities"]):
        at = ["input", "quantities", str(place)]
        item = shop.inventory.get(row["inventoryItemId"])
        variant = shop.variants.get(item["_variant"]) if item is not None else None
        level = goods.level_of(shop, item, row["locationId"]) if item is not None else None
        compare = row["changeFromQuantity"]
        if pairs.count(pairs[place]) > 1:
            message = "The combination of inventoryItemId and locationId must be unique."
            problems.append(wrong([*at, "locationId"], message, code="NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"))
        elif row["quantity"] > goods.MOST:
            message = "The quantity can't be higher than 1,000,000,000."
            problems.append(wrong([*at, "quantity"], message, code="INVALID_QUANTITY_TOO_HIGH"))
        elif row["quantity"] < -goods.MOST:
            message = "The quantity can't be lower than -1,000,000,000."
            problems.append(wrong([*at, "quantity"], message, code="INVALID_QUANTITY_TOO_LOW"))
        elif name == "on_hand" and row["quantity"] < 0:
            problems.append(wrong([*at, "quantity"], "The quantity can't be negative.", code="INVALID_QUANTITY_NEGATIVE"))
        elif item is None:
            message = "The specified inventory item could not be found."
            problems.append(wrong([*at, "inventoryItemId"], message, code="INVALID_INVENTORY_ITEM"))
        elif row["locationId"] not in shop.locations:
            message = "The specified location could not be found."
            problems.append(wrong([*at, "locationId"], message, code="INVALID_LOCATION"))
        elif variant is not None and variant["requiresComponents"]:
            message = "The specified inventory item is not allowed to be adjusted via API."
            problems.append(wrong([*at, "inventoryItemId"], message, code="NON_MUTABLE_INVENTORY_ITEM"))
        elif level is None or not level["isActive"]:
            message = "The specified inventory item is not stocked at the location."
            problems.append(wrong([*at, "inventoryItemId"], message, code=None))
        elif compare is not None and compare != level["_quantities"][name]:
            message = "The changeFromQuantity value does not match persisted value."
            problems.append(wrong([*at, "changeFromQuantity"], message, code="CHANGE_FROM_QUANTITY_STALE"))
    return problems


def _set(context: Context, given: Record) -> Record:
    shop = context.shop
    changed: list[tuple[Record, str, int]] = []
    for row in given["quantities"]:
        level = shop.inventory[row["inventoryItemId"]]["_levels"][row["locationId"]]
        delta = row["quantity"] - level["_quantities"][given["name"]]
        goods.shift(shop, level, given["name"], delta)
        changed.append((row, level["id"], delta))
    rows = [(name, row, delta) for name in ("available", "on_hand") for row, _, delta in changed if delta]
    return {
        "__typename": "InventoryAdjustmentGroup",
        "id": shop.new_id("InventoryAdjustmentGroup"),
        "createdAt": shop.now(),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        # As recorded: the amount after the change is not told.
        "_changes": [
            {
                "name": name,
                "delta": delta,
                "quantityAfterChange": None,
                "_item": row["inventoryItemId"],
                "_location": row["locationId"],
            }
            for name, row, delta in rows
        ],
    }


def inventoryActivate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Begins to stock an item at a location."""
    context.need("write_inventory", "inventoryActivate")
    shop = context.shop

    def refused(field: str, message: str) -> Record:
        return {"inventoryLevel": None, "userErrors": [wrong([field], message)]}

    def work() -> Record:
        item = shop.inventory.get(arguments["inventoryItemId"])
        place = shop.locations.get(arguments["locationId"])
        if item is None:
            return refused("inventoryItemId", "The product couldn't be found.")
        if place is None or not place["isActive"]:
            return refused("locationId", "The location couldn't be found.")
        level = goods.level_of(shop, item, place["id"], makes=True)
        assert level is not None  # noqa: S101  (just made)
        given = arguments.get("available")
        if level["isActive"] and given is not None:
            return refused("available", "Not allowed to set available quantity when the item is already active at the location.")
        level["isActive"] = True
        if given is not None:
            goods.shift(shop, level, "available", given - level["_quantities"]["available"])
        return {"inventoryLevel": level, "userErrors": []}

    return _once(context, ("inventoryActivate", repr(arguments)), work, lambda code, message: refused("inventoryItemId", message))
