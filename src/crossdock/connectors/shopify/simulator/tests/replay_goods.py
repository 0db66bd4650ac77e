"""What recorded exchanges show of products, stock and returns, as state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from crossdock.connectors.shopify.simulator import goods
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, kind_of, number_of


def records(value: Any, kind: str) -> Iterator[Record]:
    """All records of a kind inside a value, outer ones first."""
    if isinstance(value, list):
        for one in value:
            yield from records(one, kind)
    elif isinstance(value, dict):
        if kind_of(str(value.get("id")).partition("?")[0]) == kind:
            yield value
        for one in value.values():
            yield from records(one, kind)


def load_goods(shop: Shop, data: Any) -> None:
    """Products, variants and inventory items as an answer shows them."""
    for product in records(data, "Product"):
        if product["id"] in shop.products:
            shop.products[product["id"]] |= _said(product, shop.products[product["id"]])
            continue
        variants = [_variant(one) for one in records(product.get("variants"), "ProductVariant")]
        made = goods.add_product(shop, product.get("title") or "Item", variants, number=number_of(product["id"]))
        made |= _said(product, made)
    for variant in records(data, "ProductVariant"):
        if variant["id"] not in shop.variants and len(variant) > 1:
            title = (variant.get("product") or {}).get("title") or "Item"
            goods.add_product(shop, title, [_variant(variant)])
        if variant["id"] in shop.variants:
            known = shop.variants[variant["id"]]
            known |= _said(variant, known)
            _fill(shop, known["inventoryItem"], variant.get("inventoryItem") or {})
    for item in records(data, "InventoryItem"):
        if item["id"] not in shop.inventory and len(item) > 1:
            goods.add_product(shop, "Item", [{"sku": item.get("sku"), "item_id": number_of(item["id"])}])
        if item["id"] in shop.inventory:
            _fill(shop, shop.inventory[item["id"]], item)
    # A field may give an item's level and not the item again.
    for item in _holders(data):
        known_item = shop.inventory.get(item["inventoryLevel"]["item"]["id"])
        if known_item is None:
            goods.add_product(shop, "Item", [{"item_id": number_of(item["inventoryLevel"]["item"]["id"])}])


def load_asked_stock(shop: Shop, variables: Any, answer: Any) -> None:
    """The items that a change of stock names, with the quantities it begins from."""
    for key in sorted(set(re.findall(r"gid://shopify/Location/\d+", json.dumps(variables)))):
        if key not in shop.locations:
            place = shop.add_location("Shop location")
            shop.locations[key] = shop.locations.pop(place["id"]) | {"id": key}
    given = variables.get("input") or {}
    deltas = [one["delta"] for one in _changes(answer) if one["name"] == given.get("name")]
    for place, row in enumerate(given.get("quantities") or []):
        item = _item(shop, row["inventoryItemId"])
        before = row["quantity"] - deltas[place] if place < len(deltas) else row.get("changeFromQuantity") or 0
        goods.stock(shop, item, row["locationId"], before)
    if "inventoryItemId" in variables:
        _item(shop, variables["inventoryItemId"])


def _changes(answer: Any) -> list[Record]:
    if isinstance(answer, dict):
        if isinstance(answer.get("changes"), list):
            return list(answer["changes"])
        for one in answer.values():
            if found := _changes(one):
                return found
    return []


def _item(shop: Shop, key: str) -> Record:
    if key not in shop.inventory:
        goods.add_product(shop, "Item", [{"item_id": number_of(key)}])
    return shop.inventory[key]


def _holders(value: Any) -> Iterator[Record]:
    if isinstance(value, list):
        for one in value:
            yield from _holders(one)
    elif isinstance(value, dict):
        level = value.get("inventoryLevel")
        if isinstance(level, dict) and isinstance(level.get("item"), dict) and "id" not in value:
            yield value
        for one in value.values():
            yield from _holders(one)


def _said(shown: Record, known: Record) -> Record:
    return {
        name: value for name, value in shown.items() if name in known and not name.startswith("_") and not isinstance(value, dict)
    }


def _variant(shown: Record) -> Record:
    item = shown.get("inventoryItem") or {}
    return {
        "id": number_of(shown["id"]),
        "item_id": number_of(item.get("id") or "") or None,
        "sku": shown.get("sku"),
        "title": shown.get("title"),
        "tracked": item.get("tracked", True),
    }


def _fill(shop: Shop, item: Record, shown: Record) -> None:
    item |= {name: value for name, value in _said(shown, item).items() if value is not None or name != "sku"}
    if weight := (shown.get("measurement") or {}).get("weight"):
        item["measurement"]["weight"] = weight
    for number, level in enumerate(records(shown, "InventoryLevel")):
        quantities = {one["name"]: one for one in level.get("quantities") or []}
        place = (level.get("location") or {}).get("id") or next(iter(shop.locations), None)
        if place is None or (number and "location" not in level):
            place = shop.add_location(f"Location {number}")["id"]
        made = goods.level_of(shop, item, place, makes=True)
        assert made is not None
        made |= {"id": level.get("id") or made["id"], "isActive": level.get("isActive", True)}
        for name, one in quantities.items():
            made["_quantities"][name] = one["quantity"]
            made["_changed"][name] = one.get("updatedAt")
