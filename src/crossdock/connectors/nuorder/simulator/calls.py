"""What the portal answers to each call, as a table of method and path. Nothing here knows of HTTP but status and body."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.simulator.faults import Faults
from crossdock.connectors.nuorder.simulator.state import STATUSES, VERBS, Portal, Record, folded

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


class Refusal(Exception):
    """An answer that is an error, in the platform's form."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NoSuchCall(Exception):
    """A path the platform does not serve: its web server answers with a page."""


class Asked(Struct, frozen=True):
    """One request: parts of its path, its query and its body, decoded."""

    parts: tuple[str, ...]
    query: dict[str, str]
    body: Any
    troubles: Faults


Answered = tuple[int, Any]
Call = Callable[[Portal, Asked], Answered]


def list_orders(portal: Portal, asked: Asked) -> Answered:
    """Ids of a status; a bare list, never paged."""
    status = asked.parts[0]
    if status not in STATUSES:
        raise Refusal(400, "invalid status")
    return 200, _troubled(portal.in_status(status), asked.troubles)


def detail_orders(portal: Portal, asked: Asked) -> Answered:
    """Whole orders of a status, all at once."""
    _, ids = list_orders(portal, asked)
    return 200, [portal.orders[id_] for id_ in ids]


def list_by_date(portal: Portal, asked: Asked) -> Answered:
    """Ids of the orders made between two days."""
    start, end = asked.query.get("start_date", ""), asked.query.get("end_date", "9999")
    return 200, [id_ for id_, order in portal.orders.items() if start <= str(order["created_on"])[:10] <= end]


def read_order(portal: Portal, asked: Asked) -> Answered:
    """One order by id."""
    return 200, _order(portal, asked.parts[0])


def read_by_number(portal: Portal, asked: Asked) -> Answered:
    """One order by number, the suffix of a split part of it."""
    return 200, _by_number(portal, asked.parts[0])


def new_order(portal: Portal, asked: Asked) -> Answered:
    """Make an order."""
    _two_way(portal)
    if not isinstance(asked.body, dict) or not asked.body.get("line_items"):
        raise Refusal(400, "line_items are required")
    id_ = portal.new_id()
    order = {
        "order_number": portal.next_number(),
        "status": "pending",
        "created_on": portal.stamp(),
        "currency_code": "USD",
        **asked.body,
        "_id": id_,
        "modified_on": portal.stamp(),
    }
    portal.orders[id_] = order
    return 201, order


def update_order(portal: Portal, asked: Asked) -> Answered:
    """Change what the body names."""
    order = _order(portal, asked.parts[0])
    _two_way(portal)
    if not isinstance(asked.body, dict):
        raise Refusal(400, "invalid body")
    order |= {key: value for key, value in asked.body.items() if key not in ("_id", "order_number")}
    if "line_items" in asked.body:
        order["edited"], order["edited_on"] = True, portal.stamp()
    portal.touch(order)
    return 200, order


def set_status(portal: Portal, asked: Asked) -> Answered:
    """Change where an order stands, by the name of the status or its older verb."""
    return _set_status(portal, _order(portal, asked.parts[0]), asked.parts[1])


def set_status_by_number(portal: Portal, asked: Asked) -> Answered:
    """As `set_status`."""
    return _set_status(portal, _by_number(portal, asked.parts[0]), asked.parts[1])


def set_field(portal: Portal, asked: Asked) -> Answered:
    """Set one field of an order."""
    order = _order(portal, asked.parts[0])
    _two_way(portal)
    order[asked.parts[1]] = asked.parts[2]
    portal.touch(order)
    return 200, order


def ship(portal: Portal, asked: Asked) -> Answered:
    """Record a shipment. Not publicly documented: this is what one client's model of an order shows."""
    if not portal.takes_shipments:
        raise NoSuchCall
    order = _order(portal, asked.parts[0])
    _two_way(portal)
    body = asked.body if isinstance(asked.body, dict) else {}
    if not isinstance(body.get("tracking_numbers"), list) or not body.get("line_items"):
        raise Refusal(400, "tracking_numbers and line_items are required")
    left = left_to_ship(order)
    for row in body["line_items"]:
        for size in row.get("sizes", ()):
            key = (str(row.get("id")), str(size.get("size")))
            if key not in left:
                raise Refusal(400, f"size {key[1]} not found")
            left[key] -= size.get("quantity", 0)
            if left[key] < 0:
                raise Refusal(400, f"quantity of size {key[1]} is too large")
    order.setdefault("shipments", []).append(body)
    portal.touch(order)
    return 200, order


def read_company(portal: Portal, asked: Asked) -> Answered:
    """A retailer."""
    found = portal.companies.get(asked.parts[0])
    if found is None:
        raise Refusal(404, "company not found")
    return 200, found


def new_company(portal: Portal, asked: Asked) -> Answered:
    """Make a retailer. An empty body is a fault of the platform, and answered as one."""
    if not isinstance(asked.body, dict) or not asked.body:
        raise Refusal(500, "")
    id_ = portal.new_id()
    portal.companies[id_] = {**asked.body, "_id": id_, "created_on": portal.stamp(), "modified_on": portal.stamp()}
    return 201, portal.companies[id_]


def company_codes(portal: Portal, asked: Asked) -> Answered:
    """Codes of all retailers."""
    return 200, [str(one.get("code", "")) for one in portal.companies.values()]


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
    return 200, _troubled(ids, asked.troubles)


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


CALLS: tuple[tuple[str, str, str, Call], ...] = (
    ("GET", r"orders/list", "list orders by date", list_by_date),
    ("GET", r"orders/([^/]+)/list", "list orders", list_orders),
    ("GET", r"orders/([^/]+)/detail", "detail orders", detail_orders),
    ("PUT", r"order/new", "new order", new_order),
    ("GET", r"order/number/([^/]+)", "read order by number", read_by_number),
    ("POST", r"order/number/([^/]+)/([a-z]+)", "set status by number", set_status_by_number),
    ("GET", r"order/([^/]+)", "read order", read_order),
    ("POST", r"order/([^/]+)", "update order", update_order),
    ("PUT", r"order/([^/]+)/shipment", "ship order", ship),
    ("POST", r"order/([^/]+)/([a-z]+)", "set status", set_status),
    ("POST", r"order/([^/]+)/set/([^/]+)/([^/]+)", "set field", set_field),
    ("GET", r"companies/codes/list", "list company codes", company_codes),
    ("PUT", r"company/new(?:/force)?", "new company", new_company),
    ("POST", r"company/new", "new company", new_company),
    ("GET", r"company/([^/]+)", "read company", read_company),
    ("GET", r"products/season/([^/]+)/list", "list products", products_of_season),
    ("PUT", r"product/new(?:/force)?", "new product", new_product),
    ("GET", r"product/external_id/([^/]+)", "read product by brand id", read_product_by_brand),
    ("GET", r"product/([^/]+)", "read product", read_product),
    ("POST", r"product/([^/]+)", "update product", update_product),
    ("PUT", r"inventory/flags", "refresh flags", flags),
    ("POST", r"inventory/external_id/([^/]+)", "set inventory by brand id", inventory_by_brand),
    ("POST", r"inventory/([^/]+)", "set inventory", inventory),
    ("GET", r"v3\.0/warehouse/([^/]+)/replenishments", "list replenishments", list_replenishments),
    ("PUT", r"v3\.0/warehouse/([^/]+)/replenishments", "set replenishments", put_replenishments),
    ("DELETE", r"v3\.0/warehouse/([^/]+)/sku/([^/]+)/replenishments", "delete replenishments", delete_replenishments),
)
"""Method, path behind /api/, the operation's name, and what answers. The first that fits counts."""


def call_for(method: str, path: str) -> tuple[str, Call, tuple[str, ...]] | None:
    """The operation that a request means; `path` is what follows /api/."""
    for wanted, pattern, operation, call in CALLS:
        if method == wanted and (found := re.fullmatch(pattern, path)):
            return operation, call, found.groups()
    return None


def left_to_ship(order: Record) -> dict[tuple[str, str], int]:
    """Units that no record covers, by line (its own id and its product's) and size."""
    left: dict[tuple[str, str], int] = {}
    for line in order["line_items"]:
        for size in line["sizes"]:
            for ref in {str(line.get("id") or line["product"].get("_id")), str(line["product"].get("_id"))}:
                left[ref, str(size["size"])] = left.get((ref, str(size["size"])), 0) + size["quantity"]
    for record in order.get("shipments") or ():
        for row in record.get("line_items", ()):
            for size in row.get("sizes", ()):
                key = (str(row.get("id")), str(size.get("size")))
                if key in left:
                    left[key] -= size["quantity"]
    return left


def _order(portal: Portal, id_: str) -> Record:
    if id_ not in portal.orders:
        raise Refusal(404, "order not found")
    return portal.orders[id_]


def _by_number(portal: Portal, number: str) -> Record:
    for order in portal.orders.values():
        if str(order["order_number"]) == number:
            return order
    raise Refusal(404, "order not found")


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


def _two_way(portal: Portal) -> None:
    if not portal.is_two_way:
        raise Refusal(403, "not allowed")


def _set_status(portal: Portal, order: Record, verb: str) -> Answered:
    status = VERBS.get(verb, verb)
    if status not in STATUSES or (verb == status and not portal.knows_new_verbs):
        raise NoSuchCall
    if order["status"] == "cancelled" and status != "cancelled":
        raise Refusal(409, "order is cancelled")
    portal.set_status(order, status)
    return 200, order


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


def _troubled(ids: list[str], troubles: Faults) -> list[str]:
    if troubles.has_reordered_pages:
        ids = ids[::-1]
    return [*ids, *ids[:2]] if troubles.has_duplicate_pages else ids
