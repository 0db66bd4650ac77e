"""Takes the platform's own payloads as state: REST exports, webhook bodies, lists, GraphQL answers, recorded exchanges."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from crossdock.connectors.kit.simulator import Unreadable
from crossdock.connectors.shopify.simulator.from_graphql import load_graphql_order
from crossdock.connectors.shopify.simulator.from_rest import load_rest_order
from crossdock.connectors.shopify.simulator.from_rest_places import load_fulfillment_order, load_location
from crossdock.connectors.shopify.simulator.orders import settle
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.unfit import Unfit
from crossdock.connectors.shopify.simulator.values import Record, kind_of, number_of

MOST_BYTES = 512 * 1024 * 1024
"""After decompression."""

_REST_NAMES = {
    "fulfillment_order": "fulfillment order",
    "fulfillment_orders": "fulfillment order",
    "location": "location",
    "locations": "location",
    "webhook": "webhook subscription",
    "webhooks": "webhook subscription",
    "gift_card": "gift card",
    "gift_cards": "gift card",
}


@dataclass(frozen=True)
class Found:
    """Something in a payload: rest order, graphql order, or what else there is."""

    kind: str
    value: Record


@dataclass
class Loaded:
    """An order taken in. `missing` names fields of the schema that the payload did not have and that were filled to make one."""

    id: str
    missing: frozenset[str] = frozenset()


@dataclass
class LoadReport:
    """What was in a payload. `refused` are (external id, field, reason); `others` counts what is no order."""

    orders: list[Loaded] = field(default_factory=list)
    refused: list[tuple[str | None, str | None, str]] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "orders": [one.id for one in self.orders],
            "refused": [{"external_id": key, "field": name, "reason": reason} for key, name, reason in self.refused],
            "others": dict(self.others),
        }


def load_into(shop: Shop, content: bytes) -> LoadReport:
    """Put everything a payload holds into a shop. Of an order that appears several times the latest state is kept.

    Raises Unreadable.
    """
    found = list(everything_in(decoded(content)))
    latest: dict[str, Record] = {}
    for one in sorted(merged_states(found), key=lambda each: str(each.value.get("updatedAt") or "")):
        latest[one.value["id"]] = latest.get(one.value["id"], {}) | one.value
    newest = [Found("graphql order", value) for value in latest.values()]
    return take(shop, [one for one in found if one.kind != "graphql order"] + newest)


def take(shop: Shop, found: list[Found]) -> LoadReport:
    """Put found things into a shop: places first, then orders, then what belongs to orders."""
    report = LoadReport()
    ranks = {"location": 0, "rest order": 1, "graphql order": 1}
    for one in sorted(found, key=lambda each: ranks.get(each.kind, 2)):
        try:
            if one.kind == "rest order":
                report.orders.append(Loaded(*load_rest_order(shop, one.value)))
            elif one.kind == "graphql order":
                report.orders.append(Loaded(*load_graphql_order(shop, one.value)))
            else:
                if one.kind == "location":
                    load_location(shop, one.value)
                elif one.kind == "fulfillment order":
                    load_fulfillment_order(shop, one.value)
                report.others[one.kind] += 1
        except Unfit as problem:
            report.refused.append((_key(one.value), problem.field, problem.reason))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A payload of any kind may be tried; what no shape check names is still a fault of the payload.
            report.refused.append((_key(one.value), None, f"A part of it is of another kind than Shopify gives: {error}."))
            broken = shop.orders.get(number_of(_key(one.value) or ""))
            if broken is not None:
                shop.forget(broken)
    settle(shop)
    return report


def _key(value: Any) -> str | None:
    key = value.get("id") if isinstance(value, dict) else None
    if isinstance(key, str):
        return key.rpartition("/")[2]
    return str(key) if isinstance(key, int) else None


def decoded(content: bytes) -> Any:
    """JSON values of a file: JSON, or a list of the lines of JSON lines; compressed by gzip or not. Raises Unreadable."""
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(MOST_BYTES + 1)
        except (OSError, EOFError) as error:
            raise Unreadable(f"It begins like a gzip file but cannot be decompressed: {error}.") from error
    if len(content) > MOST_BYTES:
        raise Unreadable("It is larger than 512 MiB.")
    content = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not content:
        raise Unreadable("It is empty.")
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        first = error
    if b"\n" not in content:
        raise Unreadable(f"It is not JSON: {first}.") from first
    lines = []
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                lines.append(msgspec.json.decode(line))
            except (msgspec.DecodeError, RecursionError) as error:
                at = "" if number == 1 else f" (line {number})"
                raise Unreadable(f"It is neither JSON nor JSON lines{at}: {first}.") from error
    return _joined(lines)


def _joined(lines: list[Any]) -> list[Any]:
    """Children of a bulk operation's result put back below their parents."""
    if not any(isinstance(line, dict) and "__parentId" in line for line in lines):
        return lines
    known = {line["id"]: line for line in lines if isinstance(line, dict) and isinstance(line.get("id"), str)}
    names = {"LineItem": "lineItems", "FulfillmentOrder": "fulfillmentOrders", "ShippingLine": "shippingLines"}
    roots = []
    for line in lines:
        parent = known.get(line.get("__parentId")) if isinstance(line, dict) else None
        if parent is None:
            roots.append(line)
            continue
        kind = kind_of(line["id"]) if isinstance(line.get("id"), str) else None
        name = "lineItems" if kind == "FulfillmentOrderLineItem" else names.get(kind or "", "others")
        parent.setdefault(name, {"nodes": []})["nodes"].append(line)
    return roots


def everything_in(value: Any) -> Iterator[Found]:
    """What a decoded payload holds, in the order it appears. Raises Unreadable when nothing is known to this platform."""
    found = list(_walk(value, 0))
    if not found and not _is_empty_list(value) and not _is_exchange(value):
        raise Unreadable("It is JSON, but no Shopify order, list of orders, webhook body or recorded exchange is in it.")
    yield from found


def _is_empty_list(value: Any) -> bool:
    return value == [] or (isinstance(value, dict) and any(value.get(name) == [] for name in ("orders", *_REST_NAMES)))


def _is_exchange(value: Any) -> bool:
    """Whether it is a GraphQL answer, or a recording of some, that has no order in it."""
    if isinstance(value, list):
        return any(_is_exchange(one) for one in value)
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("errors"), list) or isinstance(value.get("data"), dict):
        return True
    return any(_is_exchange(one) for one in value.values() if isinstance(one, dict | list))


def _walk(value: Any, depth: int) -> Iterator[Found]:
    if depth > 40:
        return
    if isinstance(value, list):
        for one in value:
            yield from _walk(one, depth + 1)
        return
    if not isinstance(value, dict):
        return
    if _is_graphql_order(value):
        yield Found("graphql order", value)
        return
    if _is_rest_order(value):
        yield Found("rest order", value)
        return
    for name, one in value.items():
        kind = _REST_NAMES.get(name)
        if name in ("order", "orders") and isinstance(one, dict | list):
            yield from _orders(one, depth + 1)
        elif kind is not None and one and _is_rest(one):
            for each in one if isinstance(one, list) else [one]:
                yield Found(kind, each)
        elif name not in ("query", "variables", "request"):
            yield from _walk(one, depth + 1)


def _orders(value: Any, depth: int) -> Iterator[Found]:
    """What stands under `order` or `orders`: REST records even when a part that tells them is missing."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and not _is_graphql_order(one) and (isinstance(one.get("id"), int) or "line_items" in one):
            yield Found("rest order", one)
        else:
            yield from _walk(one, depth)


def _is_rest(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_rest(one) for one in value)
    return isinstance(value, dict) and isinstance(value.get("id"), int)


def _is_rest_order(value: Record) -> bool:
    return "line_items" in value and any(
        name in value for name in ("order_number", "total_price", "financial_status", "name", "currency")
    )


def _is_graphql_order(value: Record) -> bool:
    return isinstance(value.get("id"), str) and kind_of(value["id"]) == "Order"


def merged_states(found: list[Found]) -> list[Found]:
    """The distinct states of each GraphQL order, in the order they appear.

    Two views that do not contradict each other are one state; what lasts over an order's life is filled in from its other states.
    A reference by id alone is no state.
    """
    states: list[Record] = []
    places: dict[str, list[int]] = {}
    for one in found:
        if one.kind != "graphql order" or len(one.value) == 1:
            continue
        known = places.setdefault(one.value["id"], [])
        for place in known:
            if agree(states[place], one.value):
                states[place] = joined(states[place], one.value)
                break
        else:
            known.append(len(states))
            states.append(one.value)
    lasting: dict[str, Record] = {}
    for state in states:
        kept = {name: value for name, value in state.items() if name in _LASTING and value is not None}
        lasting[state["id"]] = kept | lasting.get(state["id"], {})
    return [Found("graphql order", lasting[state["id"]] | state) for state in states]


def agree(first: Any, second: Any) -> bool:
    """Whether two views of a record say nothing different about the fields both have."""
    if isinstance(first, dict) and isinstance(second, dict):
        return all(agree(first[name], second[name]) for name in first.keys() & second.keys())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(agree, first, second))
    return bool(first == second)


def joined(first: Any, second: Any) -> Any:
    """Two views that agree, as one."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {name: joined(first[name], second[name]) for name in first.keys() & second.keys()}
        return first | second | both
    if isinstance(first, list) and isinstance(second, list):
        return [joined(one, other) for one, other in zip(first, second, strict=True)]
    return first


_LASTING = frozenset({"name", "createdAt", "processedAt", "number", "currencyCode", "presentmentCurrencyCode", "totalPriceSet"})
"""What does not change over an order's life."""
