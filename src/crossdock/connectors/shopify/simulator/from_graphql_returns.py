"""GraphQL returns as state: what they leave out is filled in."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator import returns, routing
from crossdock.connectors.shopify.simulator.orders import new_line
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record


def load_returns(shop: Shop, order: Record, given: list[Record]) -> None:
    """Take in the returns of an order, with the fulfilled lines that they name where the order does not have them."""
    for one in given:
        rows = _nodes(one.get("returnLineItems"))
        units = {_fulfilled(shop, order, row): int(row.get("quantity") or 0) for row in rows}
        made = returns.ask(shop, order, units, reason="UNKNOWN", note="")
        if _nodes(one.get("reverseFulfillmentOrders")):
            returns.approve(shop, order, made)
            for back, shown in zip(made["_reverse"], _nodes(one["reverseFulfillmentOrders"]), strict=False):
                back |= _said(shown, back)
        for item, shown in zip(made["_items"], rows, strict=False):
            item |= _said(shown, item)
        shop.returns.pop(made["id"], None)
        made |= _said(one, made)
        shop.keep(order)


def _fulfilled(shop: Shop, order: Record, row: Record) -> str:
    """The id of the fulfilled line that comes back; made up with its line and fulfillment where it is not known."""
    shown = row.get("fulfillmentLineItem") or {}
    for fulfillment in order["_fulfillments"]:
        for item in fulfillment["_items"]:
            if item["id"] == shown.get("id"):
                return str(item["id"])
    line = shown.get("lineItem") or {}
    if line.get("id") not in shop.lines:
        quantity = int(shown.get("quantity") or row.get("quantity") or 1)
        made = new_line(shop, {"quantity": quantity} | {name: line[name] for name in ("id", "title", "sku") if line.get(name)})
        order["_lines"] = [*order["_lines"], made]
        shop.keep(order)
        line = made
    one = routing.new_fulfillment(shop, order, [], tracking=[])
    key = shown.get("id") or shop.new_id("FulfillmentLineItem")
    quantity = int(shown.get("quantity") or row.get("quantity") or 1)
    one["_items"] = [{"__typename": "FulfillmentLineItem", "id": key, "_line": line["id"], "quantity": quantity}]
    return str(key)


def _said(shown: Record, known: Record) -> Record:
    return {name: value for name, value in shown.items() if name in known and not isinstance(value, dict | list)}


def _nodes(value: Any) -> list[Record]:
    rows = (value or {}).get("nodes") or [edge.get("node") for edge in (value or {}).get("edges") or []]
    return [row for row in rows if isinstance(row, dict)]
