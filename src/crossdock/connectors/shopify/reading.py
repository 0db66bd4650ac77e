"""Orders in what Shopify answered, for the command that reads a file without a shop.

Only answers that say everything an order needs are read here: what this connector asks for itself, and whatever else selects as much.
A narrower answer, a REST export or a message is put into the simulator and read back through the connector instead.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.mapping import to_order
from crossdock.connectors.shopify.payloads import ShOrder
from crossdock.connectors.shopify.pull import is_cut
from crossdock.domain.orders import Order

_NEEDED = frozenset({"name", "createdAt", "updatedAt", "currencyCode", "totalPriceSet", "lineItems", "fulfillmentOrders"})
_DEPTH = 60


def recognize(body: bytes) -> list[bytes] | None:
    """The Order nodes in an answer, a list of answers or JSON lines, each as JSON and once, as last changed.

    None when there are none, or when one of them says too little to be understood by itself.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        for value in _values(body):
            for node in _nodes(value, 0):
                if not node.keys() >= _NEEDED:
                    return None
                before = found.get(node["id"])
                if before is None or str(before["updatedAt"]) <= str(node["updatedAt"]):
                    found[node["id"]] = node
    except (msgspec.DecodeError, RecursionError):
        return None
    return [msgspec.json.encode(node) for node in found.values()] or None


def understand(node: bytes) -> Order:
    """One node of `recognize` as an order, with no import setting applied. Raises InvalidData."""
    sh = decode(node, ShOrder, what="The order")
    if is_cut(sh):
        raise InvalidData("The answer holds only the first page of this order's lines.", field="lineItems")
    return within_bounds(to_order(sh), node)


def _values(body: bytes) -> Iterator[Any]:
    try:
        yield msgspec.json.decode(body)
    except msgspec.DecodeError:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        yield from [msgspec.json.decode(line) for line in lines]


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        id_ = value.get("id")
        if isinstance(id_, str) and id_.startswith("gid://shopify/Order/") and len(value) > 1:
            yield value
            return
        for part in value.values():
            yield from _nodes(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part, depth + 1)
