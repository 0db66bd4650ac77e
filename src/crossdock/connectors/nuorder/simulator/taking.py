"""Payloads for `crossdock read`: single orders, lists, and recorded exchanges. Each state of an order gets a portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.simulator import Part, Taken, Unreadable
from crossdock.connectors.nuorder.simulator.state import Record, stamped

if TYPE_CHECKING:
    from crossdock.connectors.nuorder.simulator.server import NuOrderSimulator

_OTHERS = (
    ("inventory answer", frozenset({"success"})),
    ("answer to the sign-in", frozenset({"oauth_token", "oauth_token_secret"})),
    ("product", frozenset({"style_number", "sizes"})),
    ("retailer", frozenset({"addresses", "buyers"})),
)


class Found(Struct, frozen=True):
    """What some bytes held."""

    orders: tuple[Record, ...]
    refused: tuple[tuple[str | None, str | None, str], ...]
    said: str


def records_in(content: bytes) -> Found:
    """Find orders wherever they are. Raises Unreadable with one line that says what it was instead."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable("It is not JSON, which all of NuORDER's payloads are.") from None
    orders: list[Record] = []
    refused: list[tuple[str | None, str | None, str]] = []
    _walk(value, orders, refused, 0)
    if not orders and not refused:
        raise Unreadable(_kind(value))
    many = len(orders) + len(refused)
    where = "recorded exchanges" if _is_recording(value) else "list" if isinstance(value, list) else "file"
    said = "one order" if many == 1 and not isinstance(value, list) and where == "file" else f"{where} with {many} orders"
    return Found(tuple(orders), tuple(refused), said)


def take(simulator: NuOrderSimulator, content: bytes) -> Taken:
    """Put the orders of a payload into portals from which they are read back."""
    found = records_in(content)
    states: list[list[Record]] = []
    for order in found.orders:
        for state in states:
            same = next((one for one in state if one["_id"] == order["_id"]), None)
            if same is None:
                state.append(order)
                break
            if same == order:
                break
        else:
            states.append([order])
    parts = []
    for number, state in enumerate(states):
        name = f"read-{len(simulator.portals)}-{number}"
        keys = simulator.add_portal(name)
        absent: dict[str, frozenset[str]] = {}
        for order in state:
            whole, missing = _whole(order, simulator)
            simulator.portals[name].orders[str(order["_id"])] = whole
            if missing:
                absent[str(order["_id"])] = missing
        settings: dict[str, Any] = {"application_type": "wholesale", "environment": "production", "access": "typed", **keys}
        parts.append(Part(settings, tuple(str(order["_id"]) for order in state), absent))
    return Taken(tuple(parts), found.refused, found.said)


def _walk(value: Any, orders: list[Record], refused: list[tuple[str | None, str | None, str]], depth: int) -> None:
    if depth > 6:
        return
    if isinstance(value, list):
        for one in value:
            _walk(one, orders, refused, depth + 1)
        return
    if not isinstance(value, dict):
        return
    if "line_items" in value and ("order_number" in value or "_id" in value):
        if isinstance(value.get("_id"), str) and value["_id"]:
            orders.append(value)
        else:
            refused.append((None, "_id", "The order has no id."))
        return
    for one in value.values():
        _walk(one, orders, refused, depth + 1)


def _whole(order: Record, simulator: NuOrderSimulator) -> tuple[Record, frozenset[str]]:
    whole, missing = dict(order), set()
    if not whole.get("created_on") and len(str(whole["_id"])) != 24:
        whole["created_on"] = stamped(simulator.clock())
        missing |= {"placed_at", "updated_at"}
    return whole, frozenset(missing)


def _is_recording(value: Any) -> bool:
    if isinstance(value, dict) and isinstance(value.get("interactions"), list):
        return True
    return isinstance(value, dict) and {"method", "path", "response_body"} <= set(value)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        if {"code", "message"} <= set(value):
            return f"It is an answer that refuses ({value['code']}: {value['message']}), not an order."
        for name, fields in _OTHERS:
            if fields <= set(value):
                return f"It is {'an' if name[0] in 'aeiou' else 'a'} {name} of NuORDER, not an order."
        if "vectors" in value:
            return "It is a set of signatures, not an order."
    if isinstance(value, list) and not value:
        return "It is an empty list."
    return "It holds no order of NuORDER: no object with order_number and line_items."
