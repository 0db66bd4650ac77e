"""What a shop sells and how much of it there is: products, variants, inventory items and their levels."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, gid, moment, number_of, read_moment

NAMES = ("available", "committed", "damaged", "incoming", "on_hand", "quality_control", "reserved", "safety_stock")
"""Quantities that a level keeps."""

MOST = 1_000_000_000


def add_product(
    shop: Shop,
    title: str,
    variants: list[Record],
    *,
    status: str = "ACTIVE",
    changed_at: str | None = None,
    number: int | None = None,
    more: Record | None = None,
) -> Record:
    """Put a product up for sale. Each variant: sku, title, barcode, weight (kilograms), price, tracked, id, item_id, components."""
    at = moment(read_moment(changed_at) or shop.clock())
    product: Record = {
        "__typename": "Product",
        "id": gid("Product", number) if number else shop.new_id("Product"),
        "title": title,
        "handle": "-".join(title.casefold().split()) or "product",
        "status": status,
        "vendor": shop.name,
        "productType": "",
        "tags": [],
        "isGiftCard": False,
        "onlineStoreUrl": None,
        "createdAt": at,
        "updatedAt": at,
        "_variants": [],
    } | (more or {})
    product["_variants"] = [
        _variant(shop, product, given, place) for place, given in enumerate(variants or [{"sku": None}], start=1)
    ]
    shop.sell(product)
    return product


def _variant(shop: Shop, product: Record, given: Mapping[str, Any], position: int) -> Record:
    weight = given.get("weight")
    title = given.get("title") or "Default Title"
    key = gid("ProductVariant", given["id"]) if given.get("id") else shop.new_id("ProductVariant")
    return {
        "__typename": "ProductVariant",
        "id": key,
        "sku": given.get("sku"),
        "barcode": given.get("barcode"),
        "title": title,
        "displayName": f"{product['title']} - {title}",
        "position": position,
        "price": str(given.get("price", "10.00")),
        "taxable": True,
        "requiresComponents": bool(given.get("components")),
        "selectedOptions": given.get("options") or [{"name": "Title", "value": title}],
        "createdAt": product["createdAt"],
        "updatedAt": product["updatedAt"],
        "_product": product["id"],
        "_components": [
            {
                "__typename": "ProductVariantComponent",
                "id": shop.new_id("ProductVariantComponent"),
                "_variant": one,
                "quantity": units,
            }
            for one, units in (given.get("components") or {}).items()
        ],
        "inventoryItem": {
            "__typename": "InventoryItem",
            "id": gid("InventoryItem", given["item_id"]) if given.get("item_id") else shop.new_id("InventoryItem"),
            "sku": given.get("sku"),
            "tracked": bool(given.get("tracked", True)),
            "requiresShipping": bool(given.get("requires_shipping", True)),
            "harmonizedSystemCode": given.get("hs_code"),
            "countryCodeOfOrigin": given.get("origin"),
            "measurement": {
                "__typename": "InventoryItemMeasurement",
                "id": shop.new_id("InventoryItemMeasurement"),
                "weight": {"unit": "KILOGRAMS", "value": float(Decimal(str(weight or 0)))},
            },
            "unitCost": None,
            "createdAt": product["createdAt"],
            "updatedAt": product["updatedAt"],
            "_variant": key,
            "_levels": {},
        },
    }


def touch(shop: Shop, product: Record, *variants: Record) -> None:
    """Note that a product changed now, and these of its variants."""
    for one in (product, *variants):
        one["updatedAt"] = max(shop.now(), one["updatedAt"])


def remove(shop: Shop, product: Record) -> None:
    """Delete a product for good."""
    shop.products.pop(product["id"], None)
    for variant in product["_variants"]:
        shop.variants.pop(variant["id"], None)
        shop.inventory.pop(variant["inventoryItem"]["id"], None)
        if variant["sku"]:
            shop.by_sku[variant["sku"]].remove(variant["id"])


def sold_as(shop: Shop, sku: str | None) -> Record | None:
    """The first variant with a SKU."""
    return next((shop.variants[key] for key in shop.by_sku.get(sku or "", ())), None)


def level_of(shop: Shop, item: Record, place_id: str, *, makes: bool = False) -> Record | None:
    """An item's level at a location; `makes` gives it one that is not active yet."""
    levels: dict[str, Record] = item["_levels"]
    if place_id not in levels and makes:
        at = shop.now()
        number = number_of(shop.new_id("InventoryLevel"))
        levels[place_id] = {
            "__typename": "InventoryLevel",
            "id": f"{gid('InventoryLevel', number)}?inventory_item_id={number_of(item['id'])}",
            "isActive": False,
            "createdAt": at,
            "updatedAt": at,
            "_item": item["id"],
            "_location": place_id,
            "_quantities": dict.fromkeys(NAMES, 0),
            "_changed": {},
        }
    return levels.get(place_id)


def stock(shop: Shop, item: Record, place_id: str, units: int) -> Record:
    """Have so many units of an item available at a location, made active there."""
    level = level_of(shop, item, place_id, makes=True)
    assert level is not None  # noqa: S101  (just made)
    level["isActive"] = True
    shift(shop, level, "available", units - level["_quantities"]["available"])
    return level


def shift(shop: Shop, level: Record, name: str, units: int) -> None:
    """Add units to a quantity; available and on hand move together."""
    at = shop.now()
    for each in ("available", "on_hand") if name in ("available", "on_hand") else (name,):
        level["_quantities"][each] += units
        level["_changed"][each] = at
    level["updatedAt"] = at


def commit(shop: Shop, line: Record, units: int) -> None:
    """Promise units to an order line: less is available, as much is on hand. Fewer than none gives them back."""
    level = _level_of_line(shop, line)
    if level is not None and units:
        level["_quantities"]["committed"] += units
        level["_quantities"]["available"] -= units
        level["updatedAt"] = level["_changed"]["available"] = shop.now()


def let_go(shop: Shop, line: Record, units: int) -> None:
    """Units of an order line left, those that were promised to it first. Fewer than none come back and are promised again."""
    level = _level_of_line(shop, line)
    if level is not None and units:
        promised = min(units, level["_quantities"]["committed"])
        level["_quantities"]["committed"] -= promised
        level["_quantities"]["on_hand"] -= units
        level["_quantities"]["available"] -= units - promised
        level["updatedAt"] = level["_changed"]["on_hand"] = shop.now()


def _level_of_line(shop: Shop, line: Record) -> Record | None:
    variant = shop.variants.get((line["variant"] or {}).get("id") or "")
    if variant is None or not variant["inventoryItem"]["tracked"]:
        return None
    level = level_of(shop, variant["inventoryItem"], shop.location(line["_location"])["id"])
    return level if level is not None and level["isActive"] else None
