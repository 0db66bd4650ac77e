"""The API's calls: for each a path, a right, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from crossdock.connectors.kit.simulator import Faults
from crossdock.connectors.magento2.simulator import orders, shipping
from crossdock.connectors.magento2.simulator.errors import Refusal, no_route, not_there, required
from crossdock.connectors.magento2.simulator.search import Criteria, Record, projected
from crossdock.connectors.magento2.simulator.state import Shop


class Ask(Struct, frozen=True):
    """One request: the path's variable parts, the query, the body, and what troubles lists."""

    shop: Shop
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    troubles: Faults


class Call(Struct, frozen=True):
    """One route. `operation` is the name levers know it by."""

    method: str
    path: str
    right: str
    operation: str
    answer: Callable[[Ask], Any]
    is_commerce: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"

    def fits(self, method: str, path: str) -> tuple[str, ...] | None:
        """The variable parts of a path that is this call's; None when it is not."""
        found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", self.path) + "/?", path) if method == self.method else None
        return tuple(unquote(part) for part in found.groups()) if found is not None else None


_ORDER_COLUMNS = {
    name: name
    for name in (
        *(
            "entity_id",
            "increment_id",
            "state",
            "status",
            "store_id",
            "created_at",
            "updated_at",
            "customer_email",
            "customer_id",
        ),
        *("grand_total", "base_grand_total", "order_currency_code", "is_virtual", "ext_order_id", "coupon_code"),
        *("relation_parent_id", "relation_child_id", "shipping_description"),
    )
}
_SHIPMENT_COLUMNS = {
    name: name for name in ["entity_id", "increment_id", "order_id", "store_id", "created_at", "updated_at", "total_qty"]
}
_PRODUCT_COLUMNS = {
    name: name for name in ["sku", "name", "type_id", "status", "price", "created_at", "updated_at", "visibility"]
} | {"entity_id": "id"}
_ITEM_COLUMNS = {name: name for name in ["sku", "source_code", "quantity", "status"]}
_SOURCE_COLUMNS = {name: name for name in ["source_code", "name", "enabled", "country_id"]}
_RETURN_COLUMNS = {
    name: name
    for name in (
        *("entity_id", "increment_id", "order_id", "order_increment_id", "store_id", "date_requested", "status", "customer_id"),
    )
}


def listed(
    ask: Ask, records: Iterable[Record], columns: Mapping[str, str], show: Callable[[Record], Record] = lambda record: record
) -> Record:
    """A page of a list."""
    criteria = Criteria(ask.query)
    everything = list(records)
    found = criteria.matching(everything, columns)
    page = criteria.paged(found, repeats_last=ask.shop.repeats_last_page)
    if page and ask.troubles.has_duplicate_pages:
        whole = criteria.sorted(everything, columns)
        place = whole.index(page[0])
        page = [whole[place - 1], *page] if place else page
    if ask.troubles.has_reordered_pages:
        page = page[::-1]
    shown = [show(record) for record in page]
    return {"items": shown, "search_criteria": criteria.echoed, "total_count": len(found)}


def _order(ask: Ask) -> Record:
    order = ask.shop.orders.get(_number(ask.parts[0]))
    if order is None:
        raise not_there()
    return order


def _shipment(ask: Ask, key: Any = None) -> Record:
    shipment = ask.shop.shipments.get(_number(str(key if key is not None else ask.parts[0])))
    if shipment is None:
        raise not_there()
    return shipment


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _orders(ask: Ask) -> Record:
    return listed(ask, ask.shop.orders.values(), _ORDER_COLUMNS, orders.shown)


def _comment(ask: Ask) -> bool:
    order = _order(ask)
    given = ask.body.get("statusHistory")
    if not isinstance(given, Mapping):
        raise required("statusHistory")
    status = given.get("status")
    if status and ask.shop.checks_comment_status and status not in ask.shop.statuses.get(order["state"], ()):
        raise Refusal(400, 'Unable to add comment: The status "%1" is not part of the order status history.', [status])
    if status:
        order["status"] = status
    elif not ask.shop.checks_comment_status:
        order["status"] = None
    said = str(given.get("comment") or "")
    orders.history(ask.shop, order, said, order["status"], is_customer_notified=int(given.get("is_customer_notified") or 0))
    ask.shop.touch(order)
    return True


def _statuses(ask: Ask) -> str:
    return str(_order(ask)["status"])


def _change(move: Callable[[Shop, Record], None], *allowed: str) -> Callable[[Ask], bool]:
    def changed(ask: Ask) -> bool:
        order = _order(ask)
        if order["state"] not in allowed:
            return False
        move(ask.shop, order)
        return True

    return changed


def _ship(ask: Ask) -> int:
    return shipping.ship(ask.shop, _number(ask.parts[0]), ask.body)


def _entity(ask: Ask) -> Mapping[str, Any]:
    entity = ask.body.get("entity")
    if not isinstance(entity, Mapping):
        raise required("entity")
    return entity


def _track(ask: Ask) -> Record:
    entity = _entity(ask)
    for name in ("order_id", "parent_id", "track_number", "title", "carrier_code"):
        if entity.get(name) in (None, ""):
            raise required(name)
    return shipping.add_track(ask.shop, _shipment(ask, entity["parent_id"]), entity)


def _untrack(ask: Ask) -> bool:
    for shipment in ask.shop.shipments.values():
        for track in shipment["tracks"]:
            if track["entity_id"] == _number(ask.parts[0]):
                shipment["tracks"].remove(track)
                return True
    raise not_there()


def _mail(ask: Ask) -> bool:
    shipment = _shipment(ask)
    shipment["email_sent"] = 1
    ask.shop.mails.append(shipment["entity_id"])
    return True


def _notes(ask: Ask) -> Record:
    return listed(Ask(ask.shop, ask.parts, {"searchCriteria": ""}, {}, ask.troubles), _shipment(ask)["comments"], {})


def _note(ask: Ask) -> Record:
    shipment, entity = _shipment(ask), _entity(ask)
    note: Record = {
        "entity_id": ask.shop.new_id(),
        "parent_id": shipment["entity_id"],
        "comment": str(entity.get("comment") or ""),
        "is_customer_notified": int(entity.get("is_customer_notified") or 0),
        "is_visible_on_front": int(entity.get("is_visible_on_front") or 0),
        "created_at": ask.shop.now(),
    }
    shipment["comments"].append(note)
    return note


def _source_items(ask: Ask) -> list[Any]:
    rows = ask.body.get("sourceItems")
    if not rows:
        raise Refusal(400, "Input data is empty")
    wrong = []
    for row in rows:
        if row.get("source_code") not in ask.shop.sources:
            said = 'The source with code "%code" does not exist.'
            wrong.append({"message": said, "parameters": {"code": row.get("source_code")}})
        elif ask.shop.product(str(row.get("sku", ""))) is None:
            wrong.append({"message": 'Product with SKU "%sku" does not exist.', "parameters": {"sku": row.get("sku")}})
    if wrong:
        raise Refusal(400, "Validation Failed", errors=wrong)
    for row in rows:
        ask.shop.set_source_item(row["sku"], row["source_code"], float(row.get("quantity", 0)), int(row.get("status", 1)))
    return []


def _salable(ask: Ask) -> Record:
    if not ask.shop.has_salable_export:
        raise no_route()
    kept = {one["sku"].casefold(): one["sku"] for one in ask.shop.source_items.values()}
    rows = [{"sku": sku, "qty": ask.shop.salable(sku), "is_salable": ask.shop.salable(sku) > 0} for sku in sorted(kept.values())]
    return listed(ask, rows, {"sku": "sku"})


def _salable_one(ask: Ask) -> float:
    sku = unquote(ask.parts[0])
    if ask.shop.product(sku) is None:
        raise Refusal(404, "The product that was requested doesn't exist. Verify the product and try again.")
    return ask.shop.salable(sku)


def _told(product: Record) -> Record:
    """A product without what it does not have."""
    return {name: value for name, value in product.items() if value is not None}


def _product(ask: Ask) -> Record:
    found = ask.shop.product(unquote(ask.parts[0]))
    if found is None:
        raise Refusal(404, "The product that was requested doesn't exist. Verify the product and try again.")
    return found


def _configs(ask: Ask) -> list[Record]:
    address = ask.shop.address or "https://magento.example.com/"
    pages = {f"{kind}base_{what}": address for kind in ("", "secure_") for what in ("url", "link_url", "static_url", "media_url")}
    return [
        {
            "id": view["id"],
            "code": view["code"],
            "website_id": view["website_id"],
            "locale": "en_US",
            "base_currency_code": "USD",
            "default_display_currency_code": "USD",
            "timezone": "America/Chicago",
            "weight_unit": "lbs",
            **pages,
        }
        for view in ask.shop.views
        if view["id"]
    ]


def _websites(ask: Ask) -> list[Record]:
    return [
        {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0},
        {"id": 1, "code": "base", "name": "Main Website", "default_group_id": 1},
    ]


def _rows(ask: Ask) -> Record:
    shown = [item for order in ask.shop.orders.values() for item in orders.shown(order)["items"]]
    return listed(ask, shown, {name: name for name in ("item_id", "order_id", "sku", "product_id", "product_type", "created_at")})


def _row(ask: Ask) -> Record:
    for order in ask.shop.orders.values():
        for item in orders.shown(order)["items"]:
            if item["item_id"] == _number(ask.parts[0]):
                return dict(item)
    raise not_there()


def _links(ask: Ask) -> Record:
    rows = [{"stock_id": 1, "source_code": code, "priority": place} for place, code in enumerate(ask.shop.sources, start=1)]
    return listed(ask, rows, {name: name for name in ("stock_id", "source_code", "priority")})


_GROUPS = [
    {"id": 0, "website_id": 0, "root_category_id": 0, "default_store_id": 0, "name": "Default", "code": "default"},
    {"id": 1, "website_id": 1, "root_category_id": 2, "default_store_id": 1, "name": "Main Website Store", "code": "main"},
]
_STOCK = {
    "stock_id": 1,
    "name": "Default Stock",
    "extension_attributes": {"sales_channels": [{"type": "website", "code": "base"}]},
}

_SALES = "Magento_Sales::"
CALLS = (
    Call("GET", "orders", f"{_SALES}actions_view", "Orders", _orders),
    Call("GET", "orders/items", f"{_SALES}actions_view", "OrderRows", _rows),
    Call("GET", "orders/items/{id}", f"{_SALES}actions_view", "OrderRow", _row),
    Call("GET", "orders/{id}", f"{_SALES}actions_view", "Order", lambda ask: orders.shown(_order(ask))),
    Call("GET", "orders/{id}/statuses", f"{_SALES}actions_view", "Statuses", _statuses),
    Call("POST", "orders/{id}/comments", f"{_SALES}comment", "Comment", _comment),
    Call("POST", "orders/{id}/hold", f"{_SALES}hold", "Hold", _change(orders.hold, "new", "processing", "pending_payment")),
    Call("POST", "orders/{id}/unhold", f"{_SALES}unhold", "Unhold", _change(orders.release, "holded")),
    Call("POST", "orders/{id}/cancel", f"{_SALES}cancel", "Cancel", _change(orders.cancel, "new", "pending_payment")),
    Call("POST", "order/{id}/ship", f"{_SALES}ship", "Ship", _ship),
    Call(
        "GET",
        "shipments",
        f"{_SALES}shipment",
        "Shipments",
        lambda ask: listed(ask, ask.shop.shipments.values(), _SHIPMENT_COLUMNS),
    ),
    Call("POST", "shipment", f"{_SALES}shipment", "CreateShipment", lambda ask: shipping.create(ask.shop, _entity(ask))),
    Call("POST", "shipment/track", f"{_SALES}shipment", "AddTrack", _track),
    Call("DELETE", "shipment/track/{id}", f"{_SALES}shipment", "RemoveTrack", _untrack),
    Call("GET", "shipment/{id}", f"{_SALES}shipment", "Shipment", _shipment),
    Call("POST", "shipment/{id}/emails", f"{_SALES}shipment", "MailShipment", _mail),
    Call("GET", "shipment/{id}/comments", f"{_SALES}shipment", "ShipmentNotes", _notes),
    Call("POST", "shipment/{id}/comments", f"{_SALES}shipment", "ShipmentNote", _note),
    Call(
        "GET",
        "products",
        "Magento_Catalog::products",
        "Products",
        lambda ask: listed(ask, ask.shop.products.values(), _PRODUCT_COLUMNS, _told),
    ),
    Call("GET", "products/{sku}", "Magento_Catalog::products", "Product", _product),
    Call(
        "GET",
        "inventory/source-items",
        "Magento_InventoryApi::source",
        "ReadSourceItems",
        lambda ask: listed(ask, ask.shop.source_items.values(), _ITEM_COLUMNS),
    ),
    Call("POST", "inventory/source-items", "Magento_InventoryApi::stock_source_item_assign", "SourceItems", _source_items),
    Call(
        "GET",
        "inventory/sources",
        "Magento_InventoryApi::source",
        "Sources",
        lambda ask: listed(ask, ask.shop.sources.values(), _SOURCE_COLUMNS),
    ),
    Call("GET", "inventory/export-stock-salable-qty/{type}/{code}", "Magento_InventoryApi::stock", "Salable", _salable),
    Call(
        "GET", "inventory/get-product-salable-quantity/{sku}/{stock}", "Magento_InventoryApi::stock", "SalableOne", _salable_one
    ),
    Call("GET", "inventory/stock-resolver/{type}/{code}", "Magento_InventoryApi::stock", "StockOf", lambda ask: _STOCK),
    Call(
        "GET",
        "inventory/get-sources-assigned-to-stock-ordered-by-priority/{stock}",
        "Magento_InventoryApi::stock",
        "SourcesOf",
        lambda ask: list(ask.shop.sources.values()),
    ),
    Call("GET", "store/storeViews", "Magento_Backend::store", "StoreViews", lambda ask: ask.shop.views),
    Call("GET", "store/storeConfigs", "Magento_Backend::store", "StoreConfigs", _configs),
    Call("GET", "store/storeGroups", "Magento_Backend::store", "StoreGroups", lambda ask: _GROUPS),
    Call("GET", "inventory/stock-source-links", "Magento_InventoryApi::stock_source_link", "SourceLinks", _links),
    Call("GET", "store/websites", "Magento_Backend::store", "Websites", _websites),
    Call(
        "GET",
        "returns",
        "Magento_Rma::magento_rma",
        "Returns",
        lambda ask: listed(ask, ask.shop.returns.values(), _RETURN_COLUMNS),
        is_commerce=True,
    ),
)
"""Every call that is served, the longer path before the shorter where both could fit."""


def call_for(shop: Shop, method: str, path: str) -> tuple[Call, tuple[str, ...]] | None:
    """The call of a path below V1, with its variable parts; None where there is none."""
    for call in CALLS:
        parts = call.fits(method, path)
        if parts is not None and (shop.is_commerce or not call.is_commerce):
            return call, parts
    return None


def answer_of(call: Call, ask: Ask) -> Any:
    """What a call answers, cut to the fields asked for."""
    found = call.answer(ask)
    return projected(found, ask.query.get("fields")) if call.method == "GET" else found
