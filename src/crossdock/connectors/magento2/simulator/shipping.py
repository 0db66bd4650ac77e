"""Shipments of a simulated shop: the compact call that checks, and the older one that does not.

Source: magento/magento2, Sales/Model/ShipOrder.php and Order/ShipmentFactory.php; magento/inventory, InventoryShipping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connectors.magento2.simulator import orders
from crossdock.connectors.magento2.simulator.errors import Refusal, not_there, required
from crossdock.connectors.magento2.simulator.state import Record, Shop

NOT_ENOUGH = "Not all of your products are available in the requested quantity."
_FAILED = "Shipment Document Validation Error(s):\n"


def ship(shop: Shop, order_id: int, body: Mapping[str, Any]) -> int:
    """The compact call; the shipment's key. Raises Refusal with all that is wrong."""
    order = shop.orders.get(order_id)
    if order is None:
        raise not_there()
    asked = body.get("items") or []
    wanted = {int(one["order_item_id"]): float(one["qty"]) for one in asked}
    if not asked:
        wanted = {
            item["item_id"]: orders.to_ship(item)
            for item in order["items"]
            if orders.to_ship(item) and not orders.is_dummy(order, item) and not item["is_virtual"]
        }
    wrong = _wrong_with(order, wanted)
    for track in body.get("tracks") or []:
        if not (track.get("track_number") and track.get("title") and track.get("carrier_code")):
            wrong.append("Please enter a tracking number." if not track.get("track_number") else "Please enter a carrier title.")
    if wrong:
        raise Refusal(400, _FAILED + "\n".join(wrong))
    source = (((body.get("arguments") or {}).get("extension_attributes")) or {}).get("source_code")
    shipment = _made(shop, order, wanted, source)
    for track in body.get("tracks") or []:
        add_track(shop, shipment, track)
    if body.get("notify"):
        shipment["email_sent"] = 1
        shop.mails.append(shipment["entity_id"])
    orders.settle(shop, order)
    return int(shipment["entity_id"])


def _wrong_with(order: Record, wanted: Mapping[int, float]) -> list[str]:
    wrong = []
    if order["state"] in ("payment_review", "holded", "canceled"):
        wrong.append(f"A shipment cannot be created when an order has a status of {order['status']}")
    elif not orders.can_ship(order):
        wrong.append("The order does not allow a shipment to be created.")
    by_id = {item["item_id"]: item for item in order["items"]}
    total = 0.0
    for id_, quantity in wanted.items():
        item = by_id.get(id_)
        if item is None:
            wrong.append(f'We can not found item "{id_}" in order.')
        elif orders.is_dummy(order, item) or item["is_virtual"]:
            continue  # passed over in silence, which leaves a shipment without products
        elif quantity > orders.to_ship(item):
            wrong.append(f'We found an invalid quantity to ship for item "{item["name"]}".')
        else:
            total += quantity
    if total <= 0:
        wrong.append("You can't create a shipment without products.")
    return wrong


def create(shop: Shop, entity: Mapping[str, Any]) -> Record:
    """The older call: it checks no quantities, sends no mail, and leaves the order's state as it is."""
    for name in ("order_id", "items"):
        if not entity.get(name):
            raise required(name)
    order = shop.orders.get(int(entity["order_id"]))
    if order is None:
        raise not_there()
    wanted = {int(one["order_item_id"]): float(one["qty"]) for one in entity["items"]}
    source = (entity.get("extension_attributes") or {}).get("source_code")
    shipment = _made(shop, order, wanted, source)
    for track in entity.get("tracks") or []:
        add_track(shop, shipment, track)
    shop.touch(order)
    return shipment


def _made(shop: Shop, order: Record, wanted: Mapping[int, float], source: str | None) -> Record:
    named = [item for item in order["items"] if item["item_id"] in wanted and not orders.is_dummy(order, item)]
    shipped = [(item, wanted[item["item_id"]]) for item in named]
    inside = [
        (child, quantity * float(child["qty_ordered"]) / float(item["qty_ordered"]))
        for item, quantity in shipped
        for child in order["items"]
        if child.get("parent_item_id") == item["item_id"] and not child["is_virtual"]
    ]
    code = _deduct(shop, [*shipped, *inside], source)
    for item, quantity in shipped:
        item["qty_shipped"] = _plain(float(item.get("qty_shipped") or 0) + quantity)
    is_bundle = {item["item_id"]: item["product_type"] == "bundle" for item in order["items"]}
    for item, quantity in inside:
        if not (is_bundle.get(item["parent_item_id"]) and shop.leaves_children_unshipped):
            item["qty_shipped"] = _plain(float(item.get("qty_shipped") or 0) + quantity)
    id_ = shop.new_id()
    shipment: Record = {
        "entity_id": id_,
        "increment_id": f"{id_:09d}",
        "order_id": order["entity_id"],
        "store_id": order.get("store_id", 1),
        "created_at": shop.now(),
        "updated_at": shop.now(),
        "total_qty": sum(quantity for _, quantity in shipped),
        "items": [_item(shop, id_, item, quantity) for item, quantity in [*shipped, *inside]],
        "tracks": [],
        "comments": [],
        "packages": [],
        "extension_attributes": {"source_code": code},
    }
    shop.shipments[id_] = shipment
    return shipment


def _deduct(shop: Shop, rows: Sequence[tuple[Record, float]], source: str | None) -> str:
    """Take units from the source named, else from the only one, else from the default one. Raises Refusal for too few there."""
    enabled = [code for code, one in shop.sources.items() if one["enabled"]]
    code = source or (enabled[0] if len(enabled) == 1 else "default")
    kept = [(item, quantity) for item, quantity in rows if item["product_type"] in ("simple", "grouped", "giftcard")]
    for item, quantity in kept:
        there = shop.source_items.get(f"{str(item['sku']).casefold()}@{code}")
        if there is None or there["quantity"] < quantity or there["status"] != 1:
            raise Refusal(400, NOT_ENOUGH)
    for item, quantity in kept:
        there = shop.source_items[f"{str(item['sku']).casefold()}@{code}"]
        shop.set_source_item(item["sku"], code, there["quantity"] - quantity, there["status"])
        shop.reserve(item["sku"], quantity)
    return code


def _item(shop: Shop, shipment: int, item: Record, quantity: float) -> Record:
    return {
        "entity_id": shop.new_id(),
        "parent_id": shipment,
        "order_item_id": item["item_id"],
        "product_id": item["product_id"],
        "sku": item["sku"],
        "name": item["name"],
        "price": item["price"],
        "weight": item["weight"],
        "qty": _plain(quantity),
    }


def add_track(shop: Shop, shipment: Record, given: Mapping[str, Any]) -> Record:
    """A tracking number for a shipment."""
    track: Record = {
        "entity_id": shop.new_id(),
        "order_id": shipment["order_id"],
        "parent_id": shipment["entity_id"],
        "created_at": shop.now(),
        "updated_at": shop.now(),
        "weight": given.get("weight", 0),
        "qty": given.get("qty", 1),
        "description": given.get("description") or "",
        "track_number": str(given.get("track_number") or ""),
        "title": str(given.get("title") or ""),
        "carrier_code": str(given.get("carrier_code") or ""),
    }
    shipment["tracks"].append(track)
    shipment["updated_at"] = shop.now()
    return track


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
