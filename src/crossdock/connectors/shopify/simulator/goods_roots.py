"""Queries of products, variants and inventory, and the fields that are read from elsewhere than their own record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crossdock.connectors.shopify.simulator import paging
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused, Resolver
from crossdock.connectors.shopify.simulator.goods import level_of
from crossdock.connectors.shopify.simulator.roots import searched
from crossdock.connectors.shopify.simulator.search import Terms, Test, by_choice, by_moment, by_number, by_text
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, kind_of, number_of

Arguments = dict[str, Any]


def _words(text: str | None) -> list[str]:
    return re.findall(r"\w+", (text or "").casefold())


def _by_sku(read: Any) -> Any:
    """A term on SKUs. As documented they are cut into words: what is searched for is found inside longer ones, too."""

    def term(operator: str, value: str) -> Test | None:
        wanted = _words(value)

        def test(record: Record) -> bool:
            for sku in read(record):
                words = _words(sku)
                if wanted and any(words[start : start + len(wanted)] == wanted for start in range(len(words))):
                    return True
                if not wanted and sku == value:
                    return True
            return False

        return test

    return term


def product_terms(shop: Shop) -> Terms:
    """The terms of `products`."""
    statuses = {name: name.upper() for name in ("active", "archived", "draft", "unlisted")}
    return {
        "default": by_text(lambda one: one["title"]),
        "id": by_number(lambda one: number_of(one["id"])),
        "title": by_text(lambda one: one["title"]),
        "handle": by_text(lambda one: one["handle"]),
        "tag": by_text(lambda one: one["tags"]),
        "vendor": by_text(lambda one: one["vendor"]),
        "status": by_choice(lambda one: one["status"], statuses),
        "sku": _by_sku(lambda one: [variant["sku"] for variant in one["_variants"]]),
        "created_at": by_moment("createdAt"),
        "updated_at": by_moment("updatedAt"),
    }


def variant_terms(shop: Shop) -> Terms:
    """The terms of `productVariants`."""
    return {
        "id": by_number(lambda one: number_of(one["id"])),
        "title": by_text(lambda one: one["title"]),
        "barcode": by_text(lambda one: one["barcode"]),
        "product_id": by_number(lambda one: number_of(one["_product"])),
        "sku": _by_sku(lambda one: [one["sku"]]),
        "updated_at": by_moment("updatedAt"),
    }


def _listed(context: Context, arguments: Arguments, path: str, records: Iterable[Record], terms: Terms, sorts: Any) -> Record:
    wanted, from_end = paging.check(arguments)
    query, sort, backward = arguments.get("query"), arguments.get("sortKey") or "ID", bool(arguments.get("reverse"))
    parsed = searched(context, path, query, terms)
    bound_to = f"{path} {query} {sort} {backward}"
    read = sorts.get(sort, lambda record: 0)

    def key(record: Record) -> tuple[Any, int]:
        return read(record), number_of(record["id"])

    found = [record for record in records if parsed.test is None or parsed.test(record)]
    if from_end or arguments.get("before"):
        return paging.connection(found, arguments, key=key, bound_to=bound_to)
    found.sort(key=key, reverse=backward)
    place = paging.place_after(arguments["after"], bound_to) if arguments.get("after") else None
    if place is not None:
        behind = (place["last_value"], place["last_id"])
        found = [record for record in found if (key(record) < behind if backward else key(record) > behind)]
    passed = place["n"] if place is not None else 0
    return paging.sorted_page(found, wanted, key=key, bound_to=bound_to, passed=passed, has_previous=place is not None)


def products(root: Any, arguments: Arguments, context: Context) -> Record:
    """`products`: searched, sorted, paged."""
    context.need("read_products", "products")
    sorts = {
        "CREATED_AT": lambda one: one["createdAt"],
        "UPDATED_AT": lambda one: one["updatedAt"],
        "TITLE": lambda one: one["title"].casefold(),
        "VENDOR": lambda one: one["vendor"].casefold(),
    }
    return _listed(context, arguments, "products", context.shop.products.values(), product_terms(context.shop), sorts)


def product_variants(root: Any, arguments: Arguments, context: Context) -> Record:
    """`productVariants`, the same way."""
    context.need("read_products", "productVariants")
    sorts = {"SKU": lambda one: (one["sku"] or "").casefold(), "TITLE": lambda one: one["title"].casefold()}
    return _listed(context, arguments, "productVariants", context.shop.variants.values(), variant_terms(context.shop), sorts)


def _one(table: str, kind: str, scope: str) -> Resolver:
    def resolve(root: Any, arguments: Arguments, context: Context) -> Record | None:
        context.need(scope, table)
        if kind_of(arguments["id"]) != kind:
            raise Refused(f"Invalid id: {arguments['id']}", "RESOURCE_NOT_FOUND")
        found: Record | None = getattr(context.shop, table).get(arguments["id"])
        return found

    return resolve


def _level(item: Record, arguments: Arguments, context: Context) -> Record | None:
    context.need("read_inventory", "inventoryLevel")
    found = level_of(context.shop, item, arguments["locationId"]) if "_levels" in item else None
    return found if found is not None and (found["isActive"] or arguments.get("includeInactive")) else None


def _levels(item: Record, arguments: Arguments, context: Context) -> Record:
    context.need("read_inventory", "inventoryLevels")
    rows = [one for one in item.get("_levels", {}).values() if one["isActive"] or arguments.get("includeInactive")]
    return paging.connection(rows, arguments)


def _quantities(level: Record, arguments: Arguments, context: Context) -> list[Record]:
    unknown = [name for name in arguments["names"] if name not in level["_quantities"]]
    if unknown:
        raise Refused(f"The specified quantity names are invalid: {', '.join(unknown)}.", "INVALID_FIELD_ARGUMENTS")
    tail = level["id"].rpartition("/")[2]
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{tail}&name={name}",
            "name": name,
            "quantity": level["_quantities"][name],
            "updatedAt": level["_changed"].get(name),
        }
        for name in arguments["names"]
    ]


def _stock_of(variant: Record) -> int:
    levels = variant["inventoryItem"].get("_levels", {}).values()
    return sum(one["_quantities"]["available"] for one in levels if one["isActive"])


def _product_of(variant: Record, arguments: Arguments, context: Context) -> Record | None:
    return context.shop.products.get(variant.get("_product") or "") or variant.get("product")


def _display_name(variant: Record, arguments: Arguments, context: Context) -> str:
    product = _product_of(variant, arguments, context)
    name: str = f"{product['title']} - {variant['title']}" if product is not None else variant["displayName"]
    return name


def _changes(group: Record, arguments: Arguments, context: Context) -> list[Record]:
    items, places, names = (arguments.get(name) for name in ("inventoryItemIds", "locationIds", "quantityNames"))
    return [
        one
        for one in group["_changes"]
        if (not items or one["_item"] in items)
        and (not places or one["_location"] in places)
        and (not names or one["name"] in names)
    ]


FIELDS: dict[tuple[str, str], Resolver] = {
    ("QueryRoot", "products"): products,
    ("QueryRoot", "productVariants"): product_variants,
    ("QueryRoot", "product"): _one("products", "Product", "read_products"),
    ("QueryRoot", "productVariant"): _one("variants", "ProductVariant", "read_products"),
    ("QueryRoot", "inventoryItem"): _one("inventory", "InventoryItem", "read_inventory"),
    ("Product", "variants"): lambda one, arguments, context: paging.connection(one["_variants"], arguments),
    ("Product", "hasOnlyDefaultVariant"): lambda one, arguments, context: (
        len(one["_variants"]) == 1 and one["_variants"][0]["title"] == "Default Title"
    ),
    ("Product", "totalInventory"): lambda one, arguments, context: sum(map(_stock_of, one["_variants"])),
    ("Product", "tracksInventory"): lambda one, arguments, context: any(
        variant["inventoryItem"]["tracked"] for variant in one["_variants"]
    ),
    ("ProductVariant", "product"): _product_of,
    ("ProductVariant", "displayName"): _display_name,
    ("ProductVariant", "inventoryQuantity"): lambda one, arguments, context: _stock_of(one),
    ("ProductVariant", "productVariantComponents"): lambda one, arguments, context: paging.connection(
        one.get("_components", []), arguments
    ),
    ("ProductVariantComponent", "productVariant"): lambda one, arguments, context: context.shop.variants.get(one["_variant"]),
    ("InventoryItem", "inventoryLevel"): _level,
    ("InventoryItem", "inventoryLevels"): _levels,
    ("InventoryLevel", "item"): lambda one, arguments, context: context.shop.inventory.get(one["_item"]),
    ("InventoryLevel", "location"): lambda one, arguments, context: context.shop.locations.get(one["_location"]),
    ("InventoryLevel", "quantities"): _quantities,
    ("InventoryAdjustmentGroup", "changes"): _changes,
    ("InventoryChange", "item"): lambda one, arguments, context: context.shop.inventory.get(one["_item"]),
    ("InventoryChange", "location"): lambda one, arguments, context: context.shop.locations.get(one["_location"]),
}
"""How these fields are read, by type and name."""
