"""Orders of a simulated shop: placed, edited, canceled, held, refunded; and the rules by which a state follows from the rows.

Source: magento/magento2, Sales/Model/ResourceModel/Order/Handler/State.php and Sales/Model/Order/Item.php.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.connectors.magento2.simulator.state import Record, Shop

NOT_SHIPPED = frozenset({"virtual", "downloadable"})


def place(shop: Shop, lines: Sequence[Record], *, address: Record | None, number: str, fields: Record, method: str) -> Record:
    """Put an order into the shop. Lines have sku, name, quantity, price, type, and for bundles and configurables `inside`."""
    id_ = shop.new_id()
    items: list[Record] = []
    for line in lines:
        items += _rows(shop, id_, line)
    subtotal = sum(item["row_total"] for item in items)
    discount = sum(item["discount_amount"] for item in items)
    tax = sum(item["tax_amount"] for item in items)
    shipping = float(fields.pop("shipping_amount", 5.0))
    total = round(subtotal - discount + tax + shipping, 4)
    is_virtual = int(all(item["is_virtual"] for item in items))
    now = fields.pop("created_at", None) or shop.now()
    is_paid = fields.pop("is_paid", True)
    order: Record = {
        "entity_id": id_,
        "increment_id": number,
        "state": "processing",
        "status": "processing",
        "created_at": now,
        "updated_at": shop.now(),
        "base_currency_code": "USD",
        "order_currency_code": "USD",
        "global_currency_code": "USD",
        "store_currency_code": "USD",
        "base_grand_total": total,
        "grand_total": total,
        "base_subtotal": subtotal,
        "subtotal": subtotal,
        "shipping_amount": 0 if is_virtual else shipping,
        "tax_amount": tax,
        "discount_amount": -discount,
        "total_due": 0 if is_paid else total,
        "total_paid": total if is_paid else 0,
        "total_item_count": len(lines),
        "total_qty_ordered": sum(item["qty_ordered"] for item in items if not item.get("parent_item_id")),
        "is_virtual": is_virtual,
        "store_id": 1,
        "store_name": "Main Website\nMain Website Store\nDefault Store View",
        "shipping_description": None if is_virtual else "Flat Rate - Fixed",
        "weight": sum(item["row_weight"] for item in items),
        "items": items,
        "status_histories": [],
        "extension_attributes": {"shipping_assignments": []},
    } | fields
    order["billing_address"] = _address(shop, id_, address or {}, "billing") if address is not None else None
    if not is_virtual and address is not None:
        shipped = {"address": _address(shop, id_, address, "shipping"), "method": method, "total": {"shipping_amount": shipping}}
        order["extension_attributes"]["shipping_assignments"] = [{"shipping": shipped, "items": []}]
    for item in items:
        item["qty_invoiced"] = item["qty_ordered"] if is_paid else 0
        if _keeps_stock(item):
            shop.reserve(item["sku"], -float(item["qty_ordered"]))
    shop.orders[id_] = order
    return order


def _rows(shop: Shop, order_id: int, line: Record) -> list[Record]:
    kind = line.get("type", "simple")
    inside = line.get("inside") or []
    quantity = float(line.get("quantity", 1))
    if kind == "configurable" and not inside:
        inside = [{"sku": line["sku"], "quantity": 1}]
    parent_sku = inside[0]["sku"] if kind == "configurable" else line.get("sku")
    attributes = []
    if kind == "bundle":
        attributes = [{"attribute_code": "shipment_type", "value": "1" if line.get("ships") == "separately" else "0"}]
    product_sku = f"{line['sku']}-any" if kind == "configurable" else line.get("sku")
    product = shop.add_product(product_sku or "no-sku", type_id=kind, custom_attributes=attributes)
    row = _row(shop, order_id, product, line, parent_sku, kind, quantity)
    rows = [row]
    for part in inside:
        child = shop.add_product(part["sku"], name=part.get("name"), type_id=part.get("type", "simple"))
        units = quantity * float(part.get("quantity", 1))
        made = _row(shop, order_id, child, {"price": 0.0, **part}, part["sku"], part.get("type", "simple"), units)
        made["parent_item_id"] = row["item_id"]
        rows.append(made)
    if line.get("ships") == "separately":
        row["_separately"] = True
    return rows


def _row(shop: Shop, order_id: int, product: Record, line: Record, sku: str | None, kind: str, quantity: float) -> Record:
    price = float(line.get("price", 10.0))
    return {
        "item_id": shop.new_id(),
        "order_id": order_id,
        "product_id": product["id"],
        "product_type": kind,
        "sku": sku,
        "name": line.get("name") or line.get("title") or sku,
        "is_virtual": int(kind in NOT_SHIPPED),
        "is_qty_decimal": int(quantity != int(quantity)),
        "qty_ordered": _plain(quantity),
        "qty_invoiced": 0,
        "qty_shipped": 0,
        "qty_canceled": 0,
        "qty_refunded": 0,
        "price": price,
        "base_price": price,
        "original_price": price,
        "row_total": round(price * quantity, 4),
        "tax_amount": float(line.get("tax", 0)),
        "discount_amount": float(line.get("discount", 0)),
        "weight": 1.0,
        "row_weight": quantity,
        "store_id": 1,
        "created_at": shop.now(),
        "updated_at": shop.now(),
    }


def _address(shop: Shop, order_id: int, given: Record, kind: str) -> Record:
    return {"address_type": kind, "entity_id": shop.new_id(), "parent_id": order_id, **given}


def shown(order: Record) -> Record:
    """An order as the API answers it: children repeat their parent, and the assignment repeats the rows."""
    by_id = {item.get("item_id"): item for item in order.get("items", ())}
    items = []
    for item in order.get("items", ()):
        plain = {name: value for name, value in item.items() if not name.startswith("_") and name != "parent_item"}
        parent = by_id.get(item.get("parent_item_id"))
        if parent is not None:
            plain["parent_item"] = {name: value for name, value in parent.items() if not name.startswith("_")}
        items.append(plain)
    found = {name: value for name, value in order.items() if not name.startswith("_") and value is not None} | {"items": items}
    more = dict(order.get("extension_attributes") or {})
    if more.get("shipping_assignments"):
        more["shipping_assignments"] = [{**one, "items": items} for one in more["shipping_assignments"]]
    return found | {"extension_attributes": more}


def is_separate(order: Record, item: Record) -> bool:
    """Whether a row belongs to a bundle whose items ship one by one."""
    by_id = {one["item_id"]: one for one in order["items"]}
    return bool(by_id.get(item.get("parent_item_id"), item).get("_separately"))


def is_dummy(order: Record, item: Record) -> bool:
    """Whether shipments pass a row over, because its parent or its children stand for it."""
    has_children = any(one.get("parent_item_id") == item["item_id"] for one in order["items"])
    if has_children:
        return is_separate(order, item)
    return item.get("parent_item_id") is not None and not is_separate(order, item)


def to_ship(item: Record) -> float:
    """Units of a row that are left, as Magento counts."""
    gone = float(item.get("qty_shipped") or 0) + float(item.get("qty_refunded") or 0) + float(item.get("qty_canceled") or 0)
    return max(0.0, float(item.get("qty_ordered") or 0) - gone)


def can_ship(order: Record) -> bool:
    """Whether anything is left that a shipment could name."""
    return any(
        to_ship(item) > 0 and not item.get("is_virtual") and not is_dummy(order, item) for item in order["items"]
    ) and not order.get("is_virtual")


def settle(shop: Shop, order: Record) -> None:
    """Let the state follow from the rows, as each save does."""
    if order["state"] in ("canceled", "holded", "payment_review"):
        shop.touch(order)
        return
    rows = order["items"]
    if order["state"] == "new" and any(float(item.get("qty_shipped") or 0) for item in rows):
        set_state(shop, order, "processing")
    all_invoiced = all(
        float(item.get("qty_invoiced") or 0) + float(item.get("qty_canceled") or 0) >= float(item.get("qty_ordered") or 0)
        for item in rows
    )
    if all_invoiced and not can_ship(order):
        all_refunded = all(
            float(item.get("qty_refunded") or 0) + float(item.get("qty_canceled") or 0) >= float(item.get("qty_ordered") or 0)
            for item in rows
        )
        if all_refunded and order["state"] in ("processing", "complete"):
            set_state(shop, order, "closed")
        elif order["state"] == "processing":
            set_state(shop, order, "complete")
    shop.touch(order)


def set_state(shop: Shop, order: Record, state: str) -> None:
    """Change a state, with its default status."""
    order["state"], order["status"] = state, shop.statuses[state][0]


def cancel(shop: Shop, order: Record) -> None:
    """Cancel what neither shipped nor was refunded."""
    for item in order["items"]:
        left = to_ship(item)
        item["qty_canceled"] = _plain(float(item["qty_canceled"]) + left)
        if _keeps_stock(item):
            shop.reserve(item["sku"], left)
    order.pop("hold_before_state", None)
    order.pop("hold_before_status", None)
    set_state(shop, order, "canceled")
    history(shop, order, None, "canceled")
    shop.touch(order)


def hold(shop: Shop, order: Record) -> None:
    """Put it on hold; what it was before is kept."""
    order["hold_before_state"], order["hold_before_status"] = order["state"], order["status"]
    set_state(shop, order, "holded")
    shop.touch(order)


def release(shop: Shop, order: Record) -> None:
    """Take it off hold."""
    order["state"], order["status"] = order.pop("hold_before_state"), order.pop("hold_before_status")
    shop.touch(order)


def refund(shop: Shop, order: Record, units: dict[str, float] | None) -> None:
    """Refund units by SKU that did not leave, all for None. Rows inside a bundle go with it."""
    for item in order["items"]:
        quantity = to_ship(item) if units is None else min(to_ship(item), units.pop(item["sku"], 0.0))
        if not quantity:
            continue
        item["qty_refunded"] = _plain(float(item["qty_refunded"]) + quantity)
        if _keeps_stock(item):
            shop.reserve(item["sku"], quantity)
        order["total_refunded"] = round(float(order.get("total_refunded") or 0) + quantity * float(item["price"]), 4)
    settle(shop, order)


def history(shop: Shop, order: Record, comment: str | None, status: str, **more: Any) -> None:
    """Write a line of an order's history."""
    order["status_histories"].insert(
        0,
        {
            "entity_id": shop.new_id(),
            "parent_id": order["entity_id"],
            "entity_name": "order",
            "comment": comment,
            "status": status,
            "created_at": shop.now(),
            "is_customer_notified": 0,
            "is_visible_on_front": 0,
            **more,
        },
    )


def _keeps_stock(item: Record) -> bool:
    return item["product_type"] not in ("configurable", "bundle", "grouped")


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
