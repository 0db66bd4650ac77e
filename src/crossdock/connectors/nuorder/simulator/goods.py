"""What the portal answers about products and stock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from crossdock.connectors.nuorder.simulator.asking import Answered, Asked, Refusal, troubled
from crossdock.connectors.nuorder.simulator.state import Portal, Record, folded

EMPTY_PRODUCT: Record = {
    "schema_id": "541204aca01ceed9650486a2",
    "sizes": [],
    "warehouses": [],
    "pricing": {},
    "seasons": [],
    "size_groups": [],
    "images": [],
    "description": "",
    "available_now": False,
    "available_from": "",
    "available_until": "",
    "order_closing": "",
    "active": True,
    "cancelled": False,
}
"""What a product has that nobody said anything of."""


def read_product(portal: Portal, asked: Asked) -> Answered:
    """A product by id."""
    return 200, _product(portal, asked.parts[0])


def read_product_by_brand(portal: Portal, asked: Asked) -> Answered:
    """A product by the brand's own id, in any case."""
    return 200, _by_brand(portal, asked.parts[0])


def products_of_season(portal: Portal, asked: Asked) -> Answered:
    """Ids of a season's products; the season in any case."""
    season = asked.parts[0].casefold()
    ids = [id_ for id_, one in portal.products.items() if str(one.get("season", "")).casefold() == season]
    return 200, troubled(ids, asked.troubles)


def new_product(portal: Portal, asked: Asked) -> Answered:
    """Make a product; brand_id and name come back in lower case, the style number in upper case."""
    if not isinstance(asked.body, dict) or not asked.body.get("style_number"):
        raise Refusal(400, "style_number is required")
    id_ = portal.new_id()
    product = {
        **EMPTY_PRODUCT,
        **folded(asked.body),
        "_id": id_,
        "created_on": portal.stamp(),
        "modified_on": portal.stamp(),
    }
    _trim(product)
    portal.products[id_] = product
    return 201, product


def update_product(portal: Portal, asked: Asked) -> Answered:
    """Change a product."""
    product = _product(portal, asked.parts[0])
    product |= folded({key: value for key, value in (asked.body or {}).items() if key != "_id"})
    product["modified_on"] = portal.stamp()
    _trim(product)
    return 200, product


def inventory(portal: Portal, asked: Asked) -> Answered:
    """Set stock of a product's sizes, by product id."""
    return _inventory(portal, _product(portal, asked.parts[0]), asked.body)


def inventory_by_brand(portal: Portal, asked: Asked) -> Answered:
    """As `inventory`, by the brand's own id."""
    return _inventory(portal, _by_brand(portal, asked.parts[0]), asked.body)


def flags(portal: Portal, asked: Asked) -> Answered:
    """Refresh what the catalog shows of products."""
    ids = asked.body.get("product_ids") if isinstance(asked.body, dict) else None
    if not isinstance(ids, list):
        raise Refusal(400, "product_ids are required")
    portal.flagged |= {str(id_) for id_ in ids}
    return 200, {"success": True}


def list_replenishments(portal: Portal, asked: Asked) -> Answered:
    """A page of a warehouse's replenishments, by id."""
    warehouse = _warehouse(portal, asked.parts[0])
    size = min(int(asked.query.get("__limit", "50")), 500)
    after = asked.query.get("__last_id", "")
    rows = sorted(
        (row for row in portal.replenishments.values() if row["warehouse_id"] == warehouse), key=lambda row: str(row["id"])
    )
    return 200, [row for row in rows if str(row["id"]) > after][:size]


def put_replenishments(portal: Portal, asked: Asked) -> Answered:
    """Set replenishments; one with an id, or of the same SKU, kind and start, is replaced."""
    warehouse = _warehouse(portal, asked.parts[0])
    rows = asked.body.get("replenishments") if isinstance(asked.body, dict) else None
    if not isinstance(rows, list):
        raise Refusal(400, "replenishments are required")
    return 200, [_put(portal, warehouse, row) for row in rows]


def delete_replenishments(portal: Portal, asked: Asked) -> Answered:
    """Drop all of one SKU in a warehouse."""
    warehouse = _warehouse(portal, asked.parts[0])
    portal.replenishments = {
        id_: row
        for id_, row in portal.replenishments.items()
        if (row["warehouse_id"], row["sku_id"]) != (warehouse, asked.parts[1])
    }
    return 200, {"success": True}


def _product(portal: Portal, id_: str) -> Record:
    if id_ not in portal.products:
        raise Refusal(404, "product not found")
    return portal.products[id_]


def _trim(product: Record) -> None:
    """Sizes come back without their prices, days as moments."""
    product["sizes"] = [{key: size[key] for key in ("size", "upc") if key in size} for size in product["sizes"]]
    for name in ("available_from", "available_until", "order_closing"):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", str(product.get(name, ""))):
            product[name] = f"{product[name]}T00:00:00.000Z"


def _by_brand(portal: Portal, brand_id: str) -> Record:
    for one in portal.products.values():
        if str(one.get("brand_id", "")).casefold() == brand_id.casefold():
            return one
    raise Refusal(404, "product not found")


def _warehouse(portal: Portal, id_: str) -> str:
    if id_ not in portal.warehouses:
        raise Refusal(404, "warehouse not found")
    return id_


def _inventory(portal: Portal, product: Record, body: Any) -> Answered:
    rows = body.get("inventory") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise Refusal(400, "inventory is required")
    offered = {str(size["size"]) for size in product["sizes"]}
    changes: list[tuple[str, bool, str, Record]] = []
    for row in rows:
        warehouse = _warehouse(portal, str(row.get("warehouse", "default")))
        for part in row.get("wip", ()):
            for size in part.get("sizes", ()):
                if str(size.get("size")) not in offered or not isinstance(size.get("quantity"), int):
                    raise Refusal(400, f"size {size.get('size')} not found")
                changes.append((warehouse, bool(row.get("prebook")), str(part.get("name")), size))
    for warehouse, prebook, name, size in changes:
        if name == "immediate" and not prebook:
            portal.stock[warehouse, product["_id"], str(size["size"])] = size["quantity"]
        else:
            portal.coming[warehouse, product["_id"], str(size["size"]), f"{'prebook ' if prebook else ''}{name}"] = size[
                "quantity"
            ]
    return 200, {"success": True}


def _put(portal: Portal, warehouse: str, row: Record) -> Record:
    start = _millis(row.get("period_start"))
    found = portal.replenishments.get(str(row.get("id"))) or next(
        (
            one
            for one in portal.replenishments.values()
            if (one["warehouse_id"], one["sku_id"], one["prebook"], one["period_start"])
            == (warehouse, row.get("sku_id"), bool(row.get("prebook")), start)
        ),
        None,
    )
    if not isinstance(row.get("quantity"), int) or not row.get("sku_id"):
        raise Refusal(400, "sku_id and quantity are required")
    id_ = str(found["id"]) if found is not None else portal.new_id()
    portal.replenishments[id_] = {
        "id": id_,
        "__key": f"{warehouse}|{row['sku_id']}|{start}",
        "warehouse_id": warehouse,
        "sku_id": row["sku_id"],
        "display_name": row.get("display_name", ""),
        "prebook": bool(row.get("prebook")),
        "period_start": start,
        "quantity": row["quantity"],
        "active": row.get("active", True),
    }
    return portal.replenishments[id_]


def _millis(value: Any) -> int:
    if isinstance(value, int):
        return value
    return int(datetime.fromisoformat(str(value or "1970-01-01")).replace(tzinfo=UTC).timestamp() * 1000)
