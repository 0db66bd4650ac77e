"""Payloads for `crossdock read` and `sandbox load`: orders wherever they are in JSON, lists, exchanges and cassettes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from crossdock.connectors.kit.simulator import Part, Taken, Unreadable
from crossdock.connectors.magento2.simulator.state import Record, Shop

if TYPE_CHECKING:
    from crossdock.connectors.magento2.simulator.server import MagentoSimulator

_CANONICAL = {
    "increment_id": "number",
    "created_at": "placed_at",
    "order_currency_code": "currency",
    "grand_total": "grand_total",
}
_MADE_UP: Record = {"created_at": "2000-01-01 00:00:00", "order_currency_code": "XXX", "state": "processing"}
_DEEPEST = 20

_SHAPES: tuple[tuple[str, set[str], Callable[[Record], bool]], ...] = (
    ("shipment request", {"items"}, lambda value: _rows_have(value, "order_item_id") and "entity_id" not in value),
    ("shipment", {"order_id", "items"}, lambda value: _rows_have(value, "order_item_id")),
    ("tracking number", {"track_number", "carrier_code"}, lambda value: True),
    ("store configuration", {"base_currency_code", "timezone"}, lambda value: True),
    ("store view", {"code", "store_group_id"}, lambda value: True),
    ("store group", {"root_category_id"}, lambda value: True),
    ("website", {"code", "default_group_id"}, lambda value: True),
    ("return", {"order_increment_id", "date_requested"}, lambda value: True),
    ("product", {"sku", "type_id"}, lambda value: True),
    ("source item", {"sku", "source_code"}, lambda value: True),
    ("refusal", {"message"}, lambda value: True),
    ("key", {"id"}, lambda value: len(value) == 1),
)


def take(simulator: MagentoSimulator, content: bytes) -> Taken:
    """Put a payload into fresh shops; several states of one order go into several. Raises Unreadable."""
    found, others = found_in(content)
    rounds: list[list[Record]] = []
    for order in found:
        place = sum(1 for batch in rounds if any(one.get("entity_id") == order.get("entity_id") for one in batch))
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(order)
    parts = []
    refused: list[tuple[str | None, str | None, str]] = []
    for number, batch in enumerate(rounds):
        shop = Shop(f"read-{number}", simulator.clock)
        simulator.shops[shop.name] = shop
        absent, wrong = put(shop, batch)
        refused += wrong
        settings = {"store_url": "https://magento.example.com", "access_token": shop.integration.token}
        if absent:
            parts.append(Part(settings, tuple(absent), absent))
    return Taken(tuple(parts), tuple(refused), _said(len(found), others))


def load_into(shop: Shop, content: bytes) -> dict[str, Any]:
    """Put a payload's orders into one shop: the lever's answer."""
    found, others = found_in(content)
    absent, refused = put(shop, found)
    return {"orders": len(absent), "refused": [list(one) for one in refused], "said": _said(len(found), others)}


def put(shop: Shop, batch: list[Record]) -> tuple[dict[str, frozenset[str]], list[tuple[str | None, str | None, str]]]:
    """Put orders into a shop as they are; by key what had to be made up, and what could not be taken."""
    absent: dict[str, frozenset[str]] = {}
    refused: list[tuple[str | None, str | None, str]] = []
    for order in batch:
        key = str(order.get("entity_id") or "")
        if not key.isdecimal():
            refused.append((None, "entity_id", "entity_id is missing, so the order cannot be asked for."))
            continue
        missing = frozenset(name for name in _CANONICAL if order.get(name) in (None, ""))
        kept = {**order, "entity_id": int(key)}
        for name, value in _MADE_UP.items():
            if kept.get(name) in (None, ""):
                kept[name] = value
        kept.setdefault("updated_at", kept["created_at"])
        if not kept.get("increment_id"):
            kept["increment_id"] = f"({key})"
        shop.orders[int(key)] = kept
        shop.last_id = max(shop.last_id, int(key))
        absent[key] = frozenset(_CANONICAL[name] for name in missing if name in _CANONICAL)
    return absent, refused


def found_in(content: bytes) -> tuple[list[Record], Counter[str]]:
    """Orders in a payload, and what else was in it. Raises Unreadable for what is nothing of Magento's."""
    found: list[Record] = []
    others: Counter[str] = Counter()
    for value in _documents(content):
        for kind, one in _walk(value):
            if kind == "order":
                if one not in found:
                    found.append(one)
            else:
                others[kind] += 1
    if not found and not others:
        raise Unreadable("This is JSON, but nothing in it looks like Magento's.")
    return found, others


def _documents(content: bytes) -> Iterator[Any]:
    text = content.decode("utf-8-sig", "replace").strip()
    if not text:
        raise Unreadable("The file is empty.")
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    rows = [line for line in text.splitlines() if line.strip()]
    if len(rows) > 1 and all(line.lstrip().startswith(("{", "[")) for line in rows):
        try:
            yield from [json.loads(line) for line in rows]
            return
        except (ValueError, RecursionError):
            pass
    if text.startswith("interactions:"):
        yield from _cassette(text)
        return
    raise Unreadable("This is neither JSON nor a recorded exchange, so it is no payload of Magento's.")


def _cassette(text: str) -> Iterator[Any]:
    """Bodies of a recorded cassette (YAML, in the one style its recorder writes): single quoted, doubled inside, broken at spaces."""
    for body in re.findall(r"(?:string|body): '((?:[^']|'')*)'", text):
        plain = re.sub(r"\n\s*", " ", body.replace("''", "'"))
        try:
            yield json.loads(plain)
        except (ValueError, RecursionError):
            continue


def _walk(value: Any, depth: int = 0) -> Iterator[tuple[str, Record]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return
    if isinstance(value, str | int) and depth == 0:
        yield "bare value", {"value": value}
    if isinstance(value, list):
        for one in value:
            yield from _walk(one, depth + 1)
    if not isinstance(value, dict):
        return
    if _is_order(value):
        yield "order", value
        return
    for kind, names, fits in _SHAPES:
        if names <= value.keys() and fits(value):
            yield kind, value
            return
    for one in value.values():
        yield from _walk(one, depth + 1)


def _is_order(value: Record) -> bool:
    return (
        isinstance(value.get("items"), list)
        and ("increment_id" in value or "entity_id" in value)
        and ("grand_total" in value or "order_currency_code" in value or "base_grand_total" in value)
    )


def _rows_have(value: Record, name: str) -> bool:
    rows = value.get("items")
    return isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and name in rows[0]


def _said(orders: int, others: Counter[str]) -> str:
    counts = ([("order", orders)] if orders else []) + sorted(others.items())
    return ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for name, count in counts)
