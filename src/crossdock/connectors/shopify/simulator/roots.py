"""The queries themselves: what a shop shows of itself, to whom."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from crossdock.connectors.shopify.simulator import paging
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused, Resolver
from crossdock.connectors.shopify.simulator.orders import is_within_days
from crossdock.connectors.shopify.simulator.search import Parsed, Terms, parse
from crossdock.connectors.shopify.simulator.terms import fulfillment_order_terms, location_terms, order_terms
from crossdock.connectors.shopify.simulator.values import Record, kind_of, number_of, short_hash

Arguments = dict[str, Any]

DAYS_SHOWN = 60
"""How far back orders are shown without read_all_orders."""

_MOST_COUNTED = 10_000


def searched(context: Context, path: str, query: str | None, terms: Terms) -> Parsed:
    """A search understood; what was not is told with the answer."""
    parsed = parse(query, terms)
    if query and (parsed.warnings or context.is_debugging_search):
        context.searches.append({"path": [path], "query": query, "parsed": parsed.tree, "warnings": parsed.warnings})
    return parsed


def _visible(context: Context, order: Record) -> bool:
    return context.may("read_all_orders") or is_within_days(order, context.shop, DAYS_SHOWN)


_SORTS: dict[str, Callable[[Record], Any]] = {
    "CREATED_AT": lambda order: order["createdAt"],
    "UPDATED_AT": lambda order: order["updatedAt"],
    "PROCESSED_AT": lambda order: order["processedAt"],
    "ORDER_NUMBER": lambda order: order["number"],
    "ID": lambda order: 0,
}


def orders(root: Any, arguments: Arguments, context: Context) -> Record:
    """`orders`: searched, sorted, paged; old ones only with the right to all."""
    context.need("read_orders", "orders")
    wanted, _ = paging.check(arguments)
    sort = arguments.get("sortKey") or "PROCESSED_AT"
    read = _SORTS.get(sort, _SORTS["ID"])
    backward = bool(arguments.get("reverse"))
    query = arguments.get("query")
    bound_to = f"orders {query} {sort} {backward}"
    parsed = searched(context, "orders", query, order_terms(context.shop))

    def key(order: Record) -> tuple[Any, int]:
        return read(order), number_of(order["id"])

    def fits(order: Record) -> bool:
        return (parsed.test is None or parsed.test(order)) and _visible(context, order)

    after = arguments.get("after")
    place = paging.place_after(after, bound_to) if after else None
    if arguments.get("last") is not None or arguments.get("before"):
        matching = [order for order in context.shop.orders.values() if fits(order)]
        return paging.connection(matching, arguments, key=key, bound_to=bound_to)
    behind = (place["last_value"], place["last_id"]) if place else None
    found: Iterable[Record]
    if sort == "UPDATED_AT":
        found = context.shop.changed(parsed.since, parsed.until, behind, backward)
    else:
        found = sorted(context.shop.orders.values(), key=key, reverse=backward)
        if behind is not None:
            found = (order for order in found if (key(order) < behind if backward else key(order) > behind))
    passed = place["n"] if place else 0
    if context.troubles.has_duplicate_pages and behind is not None:
        again = context.shop.orders.get(behind[1])
        found = itertools.chain([again] if again else [], found)
    page = paging.sorted_page(
        filter(fits, found), wanted, key=key, bound_to=bound_to, passed=passed, has_previous=place is not None
    )
    if context.troubles.has_reordered_pages:
        page["nodes"] = page["nodes"][::-1]
    return page


def _count(records: Iterable[Record], arguments: Arguments) -> Record:
    limit = arguments.get("limit", _MOST_COUNTED)
    number = sum(1 for _ in records)
    if limit is not None and number > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": number, "precision": "EXACT"}


def orders_count(root: Any, arguments: Arguments, context: Context) -> Record:
    """`ordersCount`, saturated at its limit."""
    context.need("read_orders", "ordersCount")
    parsed = searched(context, "ordersCount", arguments.get("query"), order_terms(context.shop))
    fitting = (
        order
        for order in context.shop.orders.values()
        if (parsed.test is None or parsed.test(order)) and _visible(context, order)
    )
    return _count(fitting, arguments)


def order(root: Any, arguments: Arguments, context: Context) -> Record | None:
    """One order; None where it is not there or too old to be shown."""
    context.need("read_orders", "order")
    _check_kind(arguments["id"], "Order")
    order = context.shop.order(arguments["id"])
    return order if order is not None and _visible(context, order) else None


def _check_kind(global_id: str, kind: str) -> None:
    if kind_of(global_id) != kind:
        raise Refused(f"Invalid id: {global_id}", "RESOURCE_NOT_FOUND")


def _known(context: Context, global_id: str) -> Record | None:
    shop = context.shop
    kind = kind_of(global_id)
    if kind is None:
        raise Refused(f"Invalid global id '{global_id}'", "argumentLiteralsIncompatible")
    if kind == "Order":
        context.need("read_orders", "nodes")
        order = shop.order(global_id)
        return order if order is not None and _visible(context, order) else None
    tables: dict[str, dict[str, Record]] = {
        "FulfillmentOrder": shop.fulfillment_orders,
        "FulfillmentOrderLineItem": shop.items,
        "Fulfillment": shop.fulfillments,
        "LineItem": shop.lines,
        "Location": shop.locations,
        "WebhookSubscription": shop.subscriptions,
        "Product": shop.products,
        "ProductVariant": shop.variants,
        "InventoryItem": shop.inventory,
        "Return": shop.returns,
    }
    found = tables.get(kind, {}).get(global_id)
    if found is not None and kind == "FulfillmentOrder" and not context.may_see(found):
        return None
    return found


def node(root: Any, arguments: Arguments, context: Context) -> Record | None:
    """Any record by its global id."""
    return _known(context, arguments["id"])


def nodes(root: Any, arguments: Arguments, context: Context) -> list[Record | None]:
    """Records by their global ids, None for those that are not there."""
    ids = arguments["ids"]
    if len(ids) > paging.MOST_A_PAGE:
        raise Refused(
            f"The input array size of {len(ids)} is greater than the maximum allowed of {paging.MOST_A_PAGE}.",
            "MAX_INPUT_SIZE_EXCEEDED",
        )
    return [_known(context, one) for one in ids]


def fulfillment_orders_of(order: Record, arguments: Arguments, context: Context) -> Record:
    """An order's fulfillment orders, as far as the scopes show them."""
    visible = [one for one in order["_fulfillment_orders"] if context.may_see(one)]
    parsed = searched(context, "fulfillmentOrders", arguments.get("query"), fulfillment_order_terms(context.shop))
    if parsed.test is not None:
        visible = [one for one in visible if parsed.test(one)]
    return paging.connection(visible, arguments)


def fulfillment_orders(root: Any, arguments: Arguments, context: Context) -> Record:
    """All fulfillment orders the scopes show."""
    parsed = searched(context, "fulfillmentOrders", arguments.get("query"), fulfillment_order_terms(context.shop))
    sort = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "FULFILL_AT": "fulfillAt"}.get(arguments.get("sortKey") or "")
    found = [
        one
        for one in context.shop.fulfillment_orders.values()
        if context.may_see(one)
        and (arguments.get("includeClosed") or one["status"] not in ("CLOSED", "CANCELLED"))
        and (parsed.test is None or parsed.test(one))
    ]
    bound_to = f"fulfillmentOrders {arguments.get('query')} {sort}"
    return paging.connection(
        found, arguments, key=lambda one: (one[sort] if sort else 0, number_of(one["id"])), bound_to=bound_to
    )


def assigned_fulfillment_orders(root: Any, arguments: Arguments, context: Context) -> Record:
    """Those at the app's own fulfillment service."""
    mine = {service["id"] for service in context.shop.services.values() if service.get("_app") == context.app}
    if not mine:
        raise Refused("The api_client is not associated with any fulfillment service.", "BAD_REQUEST")
    wanted = arguments.get("locationIds")
    statuses = {
        "FULFILLMENT_UNSUBMITTED": "UNSUBMITTED",
        "FULFILLMENT_REQUESTED": "SUBMITTED",
        "FULFILLMENT_ACCEPTED": "ACCEPTED",
        "CANCELLATION_REQUESTED": "CANCELLATION_REQUESTED",
    }
    status = statuses.get(arguments.get("assignmentStatus") or "")
    found = [
        one
        for one in context.shop.fulfillment_orders.values()
        if context.shop.locations[one["_location"]]["_service"] in mine
        and one["status"] not in ("CLOSED", "CANCELLED")
        and (wanted is None or one["_location"] in wanted)
        and (status is None or one["requestStatus"] == status)
    ]
    return paging.connection(found, arguments)


def one_of(table: str, kind: str) -> Resolver:
    """A record of one table by its id."""

    def resolve(root: Any, arguments: Arguments, context: Context) -> Record | None:
        _check_kind(arguments["id"], kind)
        found: Record | None = getattr(context.shop, table).get(arguments["id"])
        if kind == "FulfillmentOrder" and found is not None and not context.may_see(found):
            return None
        return found

    return resolve


def location(root: Any, arguments: Arguments, context: Context) -> Record | None:
    """One location, the first for no id."""
    context.need("read_locations", "location")
    if arguments.get("id") is None:
        return context.shop.location(None)
    _check_kind(arguments["id"], "Location")
    return context.shop.locations.get(arguments["id"])


def locations(root: Any, arguments: Arguments, context: Context) -> Record:
    """Locations, those of services when asked for."""
    context.need("read_locations", "locations")
    parsed = searched(context, "locations", arguments.get("query"), location_terms(context.shop))
    found = [
        place
        for place in context.shop.locations.values()
        if (place["isActive"] or arguments.get("includeInactive"))
        and (not place["_service"] or arguments.get("includeLegacy"))
        and (parsed.test is None or parsed.test(place))
    ]
    sort = arguments.get("sortKey") or "NAME"
    return paging.connection(
        found,
        arguments,
        key=lambda place: (place["name"].casefold() if sort == "NAME" else 0, number_of(place["id"])),
        bound_to=f"locations {arguments.get('query')} {sort}",
    )


def shop_record(root: Any, arguments: Arguments, context: Context) -> Record:
    """The shop."""
    shop = context.shop
    return {
        "id": f"gid://shopify/Shop/{shop.number}",
        "name": shop.name,
        "myshopifyDomain": shop.domain,
        "email": f"owner@{shop.handle}.example.com",
        "contactEmail": f"hello@{shop.handle}.example.com",
        "shopOwnerName": "Sandbox Owner",
        "currencyCode": shop.currency,
        "enabledPresentmentCurrencies": [shop.currency],
        "ianaTimezone": shop.timezone,
        "timezoneOffset": "-0500",
        "url": f"https://{shop.handle}.example.com",
        "createdAt": shop.created_at,
        "updatedAt": shop.created_at,
        "taxesIncluded": False,
        "weightUnit": "POUNDS",
        "unitSystem": "IMPERIAL_SYSTEM",
        "orderNumberFormatPrefix": "#",
        "orderNumberFormatSuffix": "",
        "setupRequired": False,
        "fulfillmentServices": list(shop.services.values()),
    }


def installation(root: Any, arguments: Arguments, context: Context) -> Record:
    """The app as installed, with its rights."""
    number = int(short_hash(context.app), 16) % 1_000_000_000
    return {
        "__typename": "AppInstallation",
        "id": f"gid://shopify/AppInstallation/{number}",
        "accessScopes": [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(context.scopes)],
        "app": {
            "__typename": "App",
            "id": f"gid://shopify/App/{number}",
            "title": context.app,
            "handle": context.app,
            "apiKey": context.app,
        },
    }


def subscriptions(root: Any, arguments: Arguments, context: Context) -> Record:
    """The app's webhook subscriptions."""
    topics, uri = arguments.get("topics"), arguments.get("uri")
    found = [
        one
        for one in context.shop.subscriptions.values()
        if one["_app"] == context.app and (not topics or one["topic"] in topics) and (not uri or one["uri"] == uri)
    ]
    return paging.connection(found, arguments, bound_to=f"webhookSubscriptions {topics} {uri}")


def subscriptions_count(root: Any, arguments: Arguments, context: Context) -> Record:
    """How many those are."""
    return _count((one for one in context.shop.subscriptions.values() if one["_app"] == context.app), arguments)
