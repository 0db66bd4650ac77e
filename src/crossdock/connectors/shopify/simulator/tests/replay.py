"""Recorded exchanges of the real platform, sent to the simulator and compared."""

from __future__ import annotations

import copy
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    parse,
    print_ast,
    visit,
)
from graphql.language.visitor import REMOVE, Visitor

from crossdock.connectors.kit.simulator import Faults
from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.from_graphql import load_graphql_order
from crossdock.connectors.shopify.simulator.graphql_api import Body, Documents, answer
from crossdock.connectors.shopify.simulator.loading import Found, merged_states
from crossdock.connectors.shopify.simulator.schema import schema
from crossdock.connectors.shopify.simulator.state import SCOPES, Shop
from crossdock.connectors.shopify.simulator.tests.replay_goods import load_asked_stock, load_goods
from crossdock.connectors.shopify.simulator.values import kind_of

ARCHIVE = "specs/shopify/conformance-fixtures.tar.xz"

CAPTURED = datetime(2026, 8, 6, tzinfo=UTC)
"""When the captures were published: orders older than sixty days then are not shown without the right to all."""

USED = frozenset(
    {
        "currentAppInstallation",
        "fulfillment",
        "fulfillmentCancel",
        "fulfillmentCreate",
        "fulfillmentOrder",
        "fulfillmentOrderHold",
        "fulfillmentOrderMove",
        "fulfillmentOrderOpen",
        "fulfillmentOrderReleaseHold",
        "fulfillmentOrderReportProgress",
        "fulfillmentOrders",
        "fulfillmentTrackingInfoUpdate",
        "inventoryActivate",
        "inventoryItem",
        "inventorySetQuantities",
        "location",
        "locations",
        "node",
        "nodes",
        "order",
        "orderCancel",
        "orderClose",
        "orderOpen",
        "orders",
        "ordersCount",
        "product",
        "productVariant",
        "productVariants",
        "products",
        "return",
        "shop",
        "webhookSubscription",
        "webhookSubscriptionCreate",
        "webhookSubscriptionDelete",
        "webhookSubscriptionUpdate",
        "webhookSubscriptions",
    }
)
"""Operations that the connector uses, and those with which the simulator's levers do the same."""


@dataclass
class Exchange:
    """One recorded request and its answer. `place` is the file and the path inside it; `before` is what the file shows elsewhere."""

    place: str
    query: str
    variables: dict[str, Any]
    answer: dict[str, Any]
    roots: tuple[str, ...]
    is_mutation: bool
    views: list[tuple[int, dict[str, Any]]] = field(default_factory=list, repr=False)
    position: int = 0


def exchanges(reference: Path) -> Iterator[Exchange]:
    """Every recorded exchange of the operations in USED, each distinct one once."""
    documents: dict[str, str] = {}
    files: dict[str, Any] = {}
    with tarfile.open(reference / ARCHIVE) as archive:
        for member in archive:
            if member.isfile():
                content = archive.extractfile(member)
                assert content is not None
                text = content.read().decode()
                name = member.name.removeprefix("./")
                if name.endswith(".graphql"):
                    documents[name] = text
                elif "/conformance/" in name:
                    files[name] = json.loads(text)
    seen: set[str] = set()
    for name, recorded in sorted(files.items()):
        views: list[tuple[int, dict[str, Any]]] = []
        found: list[Exchange] = []
        _collect(name, recorded, documents, views, found, "$")
        for one in found:
            one.views = views
            key = json.dumps([one.query, one.variables, _without_cost(one.answer)], sort_keys=True)
            if key not in seen and set(one.roots) <= USED and _is_about_orders(one):
                seen.add(key)
                yield one


def _is_about_orders(exchange: Exchange) -> bool:
    """Whether generic reads by id ask for records that the connector has to do with."""
    if not {"node", "nodes"} & set(exchange.roots):
        return True
    kinds = {kind_of(key) for key in re.findall(r"gid://shopify/\w+/\d+", json.dumps(exchange.variables) + exchange.query)}
    return kinds <= {
        *("Order", "FulfillmentOrder", "Fulfillment", "FulfillmentOrderLineItem", "LineItem", "WebhookSubscription"),
        *("ProductVariant", "InventoryItem", "Return"),
    }


def _without_cost(value: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name != "extensions"}


def _collect(
    name: str,
    value: Any,
    documents: dict[str, str],
    views: list[tuple[int, dict[str, Any]]],
    found: list[Exchange],
    path: str,
) -> None:
    if isinstance(value, list):
        for number, one in enumerate(value):
            _collect(name, one, documents, views, found, f"{path}[{number}]")
        return
    if not isinstance(value, dict):
        return
    exchange = _exchange(name, value, documents, path)
    if exchange is not None:
        exchange.position = len(views)
        found.append(exchange)
    if isinstance(value.get("id"), str) and kind_of(value["id"]) and len(value) > 1:
        views.append((len(found), value))
    for key, one in value.items():
        _collect(name, one, documents, views, found, f"{path}.{key}")


def _exchange(name: str, value: dict[str, Any], documents: dict[str, str], path: str) -> Exchange | None:
    query = value.get("query") or value.get("document") or documents.get(str(value.get("documentPath")))
    given = value.get("response") or value.get("result")
    if given is None and isinstance(value.get("mutation"), dict):
        given = value["mutation"].get("response")
    if not isinstance(query, str) or "{" not in query or not isinstance(given, dict):
        return None
    said = given.get("payload") or given.get("body") or given
    if not isinstance(said, dict) or not ("data" in said or "errors" in said):
        return None
    try:
        document = parse(query)
    except GraphQLError:
        return None
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1:
        return None
    roots = tuple(one.name.value for one in operations[0].selection_set.selections if isinstance(one, FieldNode))
    short = f"{name.split('.myshopify.com/')[-1]} {path}"
    return Exchange(short, query, value.get("variables") or {}, said, roots, operations[0].operation.value == "mutation")


# What we do not serve


class _Prune(Visitor):
    """Drops fields our slice has not, and remembers their paths by response key."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.dropped: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        parent = self.info.get_parent_type()
        if node.name.value == "__typename" or parent is None:
            return None
        if node.name.value not in getattr(parent, "fields", {}):
            self.dropped.append(node.alias.value if node.alias else node.name.value)
            return REMOVE
        known = parent.fields[node.name.value].args
        unknown = [one.name.value for one in node.arguments or () if one.name.value not in known]
        if unknown:
            self.dropped.append(node.alias.value if node.alias else node.name.value)
            return REMOVE
        return None


def pruned(query: str) -> tuple[str, list[str]]:
    """The document without what our slice does not have, and what that was."""
    document = parse(query)
    info = TypeInfo(schema())
    prune = _Prune(info)
    document = visit(document, TypeInfoVisitor(info, prune))
    if not prune.dropped:
        return query, []
    empty = True
    while empty:
        empty = False

        class Hollow(Visitor):
            def leave_field(self, node: FieldNode, *_: Any) -> Any:
                nonlocal empty
                if node.selection_set is not None and not node.selection_set.selections:
                    empty = True
                    return REMOVE
                return None

        document = visit(document, Hollow())
    body = re.sub(r"^\s*(query|mutation)[^{]*", "", print_ast(document), count=1)
    names = set(re.findall(r"\$(\w+)", body))

    class Unused(Visitor):
        def enter_variable_definition(self, node: Any, *_: Any) -> Any:
            return None if node.variable.name.value in names else REMOVE

    document = visit(document, Unused())
    count = -1
    while count != len(document.definitions):
        count = len(document.definitions)
        spreads = set(re.findall(r"\.\.\.\s*(\w+)", print_ast(document))) - {"on"}

        class Fragments(Visitor):
            wanted = frozenset(spreads)

            def enter_fragment_definition(self, node: Any, *_: Any) -> Any:
                return None if node.name.value in self.wanted else REMOVE

        document = visit(document, Fragments())
    return print_ast(document), prune.dropped


# The state before


def prepare(shop: Shop, exchange: Exchange) -> None:
    """Give the shop what the file shows of the records a request names, as they were before it."""
    if not exchange.is_mutation:
        seen = [Found("graphql order", order) for order in _orders_in(exchange.answer.get("data"))]
        for one in merged_states(seen):
            load_graphql_order(shop, copy.deepcopy(one.value))
        data = exchange.answer.get("data") or {}
        if {"locations", "location"} & set(exchange.roots):
            shop.locations.clear()
        _places(shop, data)
        if not shop.locations:
            shop.add_location("Main warehouse")
        load_goods(shop, data)
        for known in _subscriptions_in(data):
            _load_subscription(shop, known)
        return
    _places(shop, [view for _, view in exchange.views])
    if {"inventorySetQuantities", "inventoryActivate"} & set(exchange.roots):
        load_asked_stock(shop, exchange.variables, exchange.answer)
        return
    named = set(re.findall(r"gid://shopify/\w+/\d+", json.dumps(exchange.variables) + exchange.query))
    for key in sorted(named):
        kind = kind_of(key)
        if kind == "FulfillmentOrder":
            part = _view(exchange, key, "status")
            if part is not None:
                _load_part(shop, part)
        elif kind == "Order":
            order = _view(exchange, key, "name") or _view(exchange, key, "id")
            if order is None and "does not exist" not in json.dumps(exchange.answer):
                order = {"id": key, "name": "#1"}
            if order is not None and key != "gid://shopify/Order/0":
                load_graphql_order(shop, copy.deepcopy(order))
        elif kind == "Fulfillment":
            order = _order_of_fulfillment(exchange, key)
            if order is not None:
                load_graphql_order(shop, copy.deepcopy(order))
        elif kind == "WebhookSubscription":
            known = _view(exchange, key, "topic")
            if known is not None:
                _load_subscription(shop, known)


def _view(exchange: Exchange, key: str, needs: str) -> dict[str, Any] | None:
    """The last view of a record before the exchange, else the first in what was asked to prepare it."""
    own = json.dumps(exchange.answer)
    before = [
        view
        for place, (_, view) in enumerate(exchange.views)
        if view["id"] == key and needs in view and place < exchange.position
    ]
    if before:
        return before[-1]
    after = [view for _, view in exchange.views if view["id"] == key and needs in view and json.dumps(view) not in own]
    return after[0] if after else None


def _load_part(shop: Shop, part: dict[str, Any]) -> None:
    part = copy.deepcopy(part)
    order = part.get("order") or {}
    key = order.get("id") or f"gid://shopify/Order/{int(part['id'].rpartition('/')[2]) + 1}"
    known = shop.order(key)
    if known is not None:
        return
    load_graphql_order(shop, {"name": "#1", **order, "id": key, "fulfillmentOrders": {"nodes": [part]}})


def _order_of_fulfillment(exchange: Exchange, key: str) -> dict[str, Any] | None:
    for _, view in exchange.views:
        if kind_of(view["id"]) == "Order" and key in json.dumps(view.get("fulfillments") or []):
            return view
    found = _view(exchange, key, "status")
    if found is None:
        return None
    return {"id": "gid://shopify/Order/77", "name": "#77", "fulfillments": [found], "fulfillmentOrders": {"nodes": []}}


def _load_subscription(shop: Shop, known: dict[str, Any]) -> None:
    address = known.get("uri") or (known.get("endpoint") or {}).get("callbackUrl") or "https://example.com/hook"
    shop.subscriptions[known["id"]] = {
        "__typename": "WebhookSubscription",
        "filter": None,
        "includeFields": [],
        "metafieldNamespaces": [],
        "name": None,
        "format": "JSON",
        "createdAt": shop.now(),
        "updatedAt": shop.now(),
        **known,
        "uri": address,
        "callbackUrl": address,
        "_app": "test",
        "_failures": 0,
    }


def _orders_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _orders_in(one)
    elif isinstance(value, dict):
        if kind_of(str(value.get("id"))) == "Order" and len(value) > 1:
            yield value
        elif kind_of(str(value.get("id"))) == "FulfillmentOrder" and "status" in value:
            order = value.get("order") or {}
            key = order.get("id") or "gid://shopify/Order/78"
            yield {"name": "#78", **order, "id": key, "fulfillmentOrders": {"nodes": [value]}}
        elif kind_of(str(value.get("id"))) == "Return" and "status" in value:
            order = value.get("order") or {"id": "gid://shopify/Order/79", "name": "#79"}
            yield {"fulfillmentOrders": {"nodes": []}, **order, "returns": {"nodes": [value]}}
        else:
            for one in value.values():
                yield from _orders_in(one)


def _places(shop: Shop, value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _places(shop, one)
    elif isinstance(value, dict):
        key = str(value.get("id"))
        if kind_of(key) == "Location" and value.get("name"):
            if key not in shop.locations:
                place = shop.add_location(value["name"])
                shop.locations.pop(place["id"])
                shop.locations[key] = place | {"id": key}
            place = shop.locations[key]
            address = place["address"] | (value.get("address") or {})
            place |= {name: one for name, one in value.items() if name in place} | {"address": address}
            service = value.get("fulfillmentService")
            if isinstance(service, dict) and service.get("id"):
                shop.services[service["id"]] = _SERVICE | service | {"_location": key}
                place["_service"] = service["id"]
        for one in value.values():
            _places(shop, one)


_SERVICE = {
    "__typename": "FulfillmentService",
    "handle": "service",
    "serviceName": "Service",
    "callbackUrl": None,
    "inventoryManagement": True,
    "trackingSupport": True,
    "requiresShippingMethod": True,
    "type": "THIRD_PARTY",
}


def _subscriptions_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _subscriptions_in(one)
    elif isinstance(value, dict):
        if kind_of(str(value.get("id"))) == "WebhookSubscription":
            yield {"topic": "SHOP_UPDATE", **value}
        for one in value.values():
            yield from _subscriptions_in(one)


# Sending and comparing


@dataclass
class Outcome:
    """How one exchange came out: what differs, what was left out because it is not served, what it cost here and there."""

    exchange: Exchange
    differences: list[str]
    dropped: list[str]
    cost: tuple[int | None, int | None]


def replay(exchange: Exchange) -> Outcome:
    """Send one exchange to a fresh shop and compare."""
    sim = ShopifySimulator(clock=lambda: CAPTURED)
    shop = sim.shop()
    shop.has_limits = False
    prepare(shop, exchange)
    wants_refusal = any(
        (one.get("extensions") or {}).get("code") in ("undefinedField", "argumentNotAccepted")
        for one in exchange.answer.get("errors") or []
        if isinstance(one, dict)
    )
    query, dropped = (exchange.query, []) if wants_refusal else pruned(exchange.query)
    said = exchange.answer.get("data") or {}
    shop.currency = (said.get("shop") or {}).get("currencyCode") or shop.currency
    granted = [one["handle"] for one in (said.get("currentAppInstallation") or {}).get("accessScopes") or []]
    context = Context(shop, "test", frozenset(granted or SCOPES), "2026-10", Faults())
    got = json.loads(msgspec.json.encode(answer(Documents(), Body(query, exchange.variables, None), context)))
    differences: list[str] = []
    ids: dict[str, str] = {}
    compare(_drop(exchange.answer.get("data"), dropped), got.get("data"), "data", differences, ids)
    compare(_errors(exchange.answer), _errors(got), "errors", differences, ids)
    costs = tuple(((one.get("extensions") or {}).get("cost") or {}).get("requestedQueryCost") for one in (exchange.answer, got))
    return Outcome(exchange, differences, dropped, (costs[0], costs[1]))


def _drop(value: Any, dropped: list[str]) -> Any:
    if isinstance(value, list):
        return [_drop(one, dropped) for one in value]
    if isinstance(value, dict):
        if isinstance(value.get("accessScopes"), list):  # A set; the platform's order has no rule.
            value = value | {"accessScopes": sorted(value["accessScopes"], key=lambda one: one["handle"])}
        kept = {name: _drop(one, dropped) for name, one in value.items() if name not in dropped}
        return {name: one for name, one in kept.items() if one != {} or value[name] == {}}
    return value


def _errors(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "message": one.get("message"),
            "code": (one.get("extensions") or {}).get("code"),
            "path": one.get("path"),
        }
        for one in value.get("errors") or []
    ]


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def compare(wanted: Any, got: Any, path: str, into: list[str], ids: dict[str, str]) -> None:
    """Note what differs: ids may be others where they were newly made, moments may be other moments, cursors are each one's own."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name in wanted.keys() | got.keys():
            if name not in got:
                into.append(f"{path}.{name} is missing")
            elif name not in wanted:
                into.append(f"{path}.{name} is too much")
            elif not name.endswith("Cursor") and name != "cursor":
                compare(wanted[name], got[name], f"{path}.{name}", into, ids)
            elif (wanted[name] is None) != (got[name] is None):
                into.append(f"{path}.{name}: one is null")
    elif isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            into.append(f"{path} has {len(got)} entries, recorded {len(wanted)}")
        for number, (one, other) in enumerate(zip(wanted, got, strict=False)):
            compare(one, other, f"{path}[{number}]", into, ids)
    elif isinstance(wanted, str) and isinstance(got, str) and kind_of(wanted) and kind_of(wanted) == kind_of(got):
        if ids.setdefault(wanted, got) != got:
            into.append(f"{path}: {got} stands for two records")
    elif isinstance(wanted, str) and isinstance(got, str) and _MOMENT.fullmatch(wanted) and _MOMENT.fullmatch(got):
        return
    elif wanted != got:
        into.append(f"{path}: {json.dumps(got)[:120]}, recorded {json.dumps(wanted)[:120]}")
