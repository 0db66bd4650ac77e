"""Payloads for `crossdock read`: orders alone or in lists, with what belongs to them, messages of webhooks, recorded exchanges.

Each distinct state of an order goes into a store of its own, so that all can be read back.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from crossdock.connectors.bigcommerce.simulator import making
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.state import Store
from crossdock.connectors.kit.simulator import Part, Taken, Unreadable

if TYPE_CHECKING:
    from crossdock.connectors.bigcommerce.simulator.server import BigCommerceSimulator

_DEEPEST = 40
_LINKED = ("products", "shipping_addresses", "consignments", "coupons", "fees")
_AS_GIVEN = ("date_created", "date_modified", "items_total", "items_shipped", "status", "custom_status", "shipping_address_count")


class Found:
    """What a payload holds, by kind; lines, addresses and coupons by the order they belong to."""

    def __init__(self) -> None:
        self.orders: list[Record] = []
        self.lines: dict[int, dict[int, Record]] = {}
        self.addresses: dict[int, dict[int, Record]] = {}
        self.others: Counter[str] = Counter()

    def look_at(self, value: Any, depth: int = 0) -> None:
        """Sort a value and what is inside it."""
        if depth > _DEEPEST:
            raise Unreadable("This is nested too deeply to be BigCommerce's.")
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            try:
                value = json.loads(value)  # the body of a recorded exchange
            except ValueError:
                return
        if isinstance(value, list):
            for part in value:
                self.look_at(part, depth + 1)
        if not isinstance(value, dict):
            return
        kind = _kind(value)
        if kind == "order":
            self.orders.append(value)
            self._look_inside(value)
        elif kind == "order line":
            self.lines.setdefault(value["order_id"], {})[value["id"]] = value
        elif kind == "shipping address":
            self.addresses.setdefault(value["order_id"], {})[value["id"]] = value
        if kind is not None:
            self.others[kind] += kind != "order"
            return
        for part in value.values():
            self.look_at(part, depth + 1)

    def _look_inside(self, order: Record) -> None:
        for name in ("products", "shipping_addresses"):
            if isinstance(order.get(name), list):
                for part in order[name]:
                    if isinstance(part, dict) and isinstance(part.get("id"), int):
                        target = self.lines if name == "products" else self.addresses
                        target.setdefault(order["id"], {})[part["id"]] = {"order_id": order["id"], **part}
        parts = order.get("consignments")
        parts = parts[0] if isinstance(parts, list) and parts else parts
        if not isinstance(parts, dict):
            return
        email = parts.get("email")
        groups = [*_list(parts, "shipping"), *_list(parts, "pickups"), *_list(parts, "downloads")]
        groups += _list(email, "gift_certificates") if isinstance(email, dict) else []
        for group in groups:
            for line in _list(group, "line_items"):
                if isinstance(line.get("id"), int):
                    self.lines.setdefault(order["id"], {})[line["id"]] = line
        for place in _list(parts, "shipping"):
            if isinstance(place.get("id"), int):
                kept = {
                    name: value for name, value in place.items() if name not in ("line_items", "shipping_quotes", "__warning__")
                }
                self.addresses.setdefault(order["id"], {})[place["id"]] = {"order_id": order["id"], **kept}


def take(simulator: BigCommerceSimulator, content: bytes) -> Taken:
    """Put a payload into fresh stores. Raises Unreadable."""
    found = Found()
    for value in _decoded(content):
        found.look_at(value)
    others = Counter({kind: count for kind, count in found.others.items() if count})
    if not found.orders and not others:
        raise Unreadable("This is JSON, but nothing in it is an order, a message or another answer of BigCommerce.")
    rounds: list[list[Record]] = []
    seen: Counter[int] = Counter()
    for order in found.orders:
        if len(rounds) <= seen[order["id"]]:
            rounds.append([])
        rounds[seen[order["id"]]].append(order)
        seen[order["id"]] += 1
    parts, refused = [], []
    for number, batch in enumerate(rounds):
        part, wrong = _taken(simulator, number, batch, found)
        parts += [part] if part.external_ids else []
        refused += wrong
    return Taken(tuple(parts), tuple(refused), _said(len(found.orders), others))


def _taken(
    simulator: BigCommerceSimulator, number: int, batch: list[Record], found: Found
) -> tuple[Part, list[tuple[str | None, str | None, str]]]:
    store = simulator.store(simulator.add_store(f"read{number}"))
    store.has_limits = False
    absent: dict[str, frozenset[str]] = {}
    refused: list[tuple[str | None, str | None, str]] = []
    for order in batch:
        try:
            absent[str(order["id"])] = _placed(store, order, found)
        except ValueError as error:
            refused.append((str(order["id"]), "date_created", str(error)))
    settings = {
        "store_hash": store.hash,
        "access": "token",
        "access_token": simulator.give_token(store.hash),
        "import_test_orders": True,
    }
    return Part(settings, tuple(absent), absent), refused


def _placed(store: Store, given: Record, found: Found) -> frozenset[str]:
    """Put one order into the store; what the payload did not have of it. Raises ValueError for a date that cannot be read."""
    id_ = given["id"]
    own = {name: value for name, value in given.items() if name not in (*_LINKED, *_AS_GIVEN, "billing_address")}
    record = making.order(id_, _moment(given.get("date_created")), {}, {})
    has_currency = bool(given.get("default_currency_code") or given.get("currency_code"))
    record |= own
    record["billing_address"] = given.get("billing_address") or {}
    record["_modified"] = _moment(given.get("date_modified") or given.get("date_created"))
    record["_as_given"] = {name: given[name] for name in _AS_GIVEN if name in given}
    record["is_deleted"] = bool(given.get("is_deleted"))
    lines, places = found.lines.get(id_, {}), found.addresses.get(id_, {})
    record["_lines"] = [{**making.line(key, id_, 0, {}), **line} for key, line in sorted(lines.items())]
    record["_addresses"] = [
        {**making.address(key, id_, dict.fromkeys(making.HOME, ""), ""), **place} for key, place in sorted(places.items())
    ]
    coupons = given.get("coupons")
    record["_coupons"] = [one for one in coupons if isinstance(one, dict)] if isinstance(coupons, list) else []
    store.orders[id_] = record
    absent = set() if lines else {"lines", "to_ship_units", "left_out"}
    absent |= set() if places else {"ship_to", "shipping_method"}
    return frozenset(absent | (set() if has_currency else {"currency"}))


def _kind(value: Record) -> str | None:
    """What a record is; None for what only holds others."""
    names = value.keys()
    if isinstance(value.get("id"), int):
        if "status_id" in names and names & {"date_created", "total_inc_tax", "billing_address"}:
            return "order"
        if isinstance(value.get("order_id"), int):
            if "tracking_number" in names or ("items" in names and "order_address_id" in names):
                return "shipment"
            if names & {"order_address_id", "quantity_shipped"} and "quantity" in names:
                return "order line"
            if "street_1" in names:
                return "shipping address"
        if names >= {"scope", "destination"}:
            return "webhook"
        if names & {"inventory_tracking", "variants"}:
            return "product"
        if names >= {"sku", "product_id"}:
            return "variant"
    if names >= {"scope", "hash"} or names >= {"scope", "producer"}:
        return "message of a webhook"
    if names >= {"statuses", "count"}:
        return "count of orders by status"
    if isinstance(value.get("status"), int) and names & {"message", "title"}:
        return "error"
    return None


def _list(value: Any, name: str) -> list[Record]:
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _decoded(content: bytes) -> list[Any]:
    """The JSON in it: one value, or one in each line. Raises Unreadable."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("This is not text, so it is nothing of BigCommerce.") from error
    try:
        return [json.loads(text)]
    except RecursionError as error:
        raise Unreadable("This is nested too deeply to be BigCommerce's.") from error
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines] if len(lines) > 1 else _no_json(error)
        except ValueError:
            return _no_json(error)


def _no_json(error: ValueError) -> list[Any]:
    raise Unreadable(f"This is not JSON: {error}.") from error


def _moment(value: Any) -> int:
    text = str(value or "")
    try:
        found = parsedate_to_datetime(text) if "," in text else datetime.fromisoformat(text)
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"The order has no moment at which it was placed: {text[:40]!r}.") from error
    return int((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp())


def _said(orders: int, others: Counter[str]) -> str:
    # What came with orders and belongs to them needs no mention.
    told = [
        (kind, count) for kind, count in sorted(others.items()) if not orders or kind not in ("order line", "shipping address")
    ]
    counts = ([("order", orders)] if orders else []) + told
    return ", ".join(f"{count} {_plural(kind) if count != 1 else kind}" for kind, count in counts)


def _plural(kind: str) -> str:
    first, _, rest = kind.partition(" of ")
    plural = f"{first}es" if first.endswith("s") else f"{first}s"
    return f"{plural} of {rest}" if rest else plural
