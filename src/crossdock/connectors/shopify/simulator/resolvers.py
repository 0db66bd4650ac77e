"""How each field of the schema is read from the state. What is not listed here is read from the record under the field's name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from crossdock.connectors.shopify.simulator import mutations, paging
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused, Resolver
from crossdock.connectors.shopify.simulator.orders import is_within_days
from crossdock.connectors.shopify.simulator.schema import schema
from crossdock.connectors.shopify.simulator.search import Parsed, Terms, parse
from crossdock.connectors.shopify.simulator.terms import fulfillment_order_terms, location_terms, order_terms
from crossdock.connectors.shopify.simulator.values import Record, kind_of, number_of, scaled, short_hash

Arguments = dict[str, Any]

DAYS_SHOWN = 60
"""How far back orders are shown without read_all_orders."""

_MOST_COUNTED = 10_000


def _searched(context: Context, path: str, query: str | None, terms: Terms) -> Parsed:
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


def _orders(root: Any, arguments: Arguments, context: Context) -> Record:
    context.need("read_orders", "orders")
    wanted, _ = paging.check(arguments)
    sort = arguments.get("sortKey") or "PROCESSED_AT"
    read = _SORTS.get(sort, _SORTS["ID"])
    backward = bool(arguments.get("reverse"))
    query = arguments.get("query")
    bound_to = f"orders {query} {sort} {backward}"
    parsed = _searched(context, "orders", query, order_terms(context.shop))

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


def _orders_count(root: Any, arguments: Arguments, context: Context) -> Record:
    context.need("read_orders", "ordersCount")
    parsed = _searched(context, "ordersCount", arguments.get("query"), order_terms(context.shop))
    fitting = (
        order
        for order in context.shop.orders.values()
        if (parsed.test is None or parsed.test(order)) and _visible(context, order)
    )
    return _count(fitting, arguments)


def _order(root: Any, arguments: Arguments, context: Context) -> Record | None:
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
    }
    found = tables.get(kind, {}).get(global_id)
    if found is not None and kind == "FulfillmentOrder" and not context.may_see(found):
        return None
    return found


def _node(root: Any, arguments: Arguments, context: Context) -> Record | None:
    return _known(context, arguments["id"])


def _nodes(root: Any, arguments: Arguments, context: Context) -> list[Record | None]:
    ids = arguments["ids"]
    if len(ids) > paging.MOST_A_PAGE:
        raise Refused(
            f"The input array size of {len(ids)} is greater than the maximum allowed of {paging.MOST_A_PAGE}.",
            "MAX_INPUT_SIZE_EXCEEDED",
        )
    return [_known(context, one) for one in ids]


def _fulfillment_orders_of(order: Record, arguments: Arguments, context: Context) -> Record:
    visible = [one for one in order["_fulfillment_orders"] if context.may_see(one)]
    parsed = _searched(context, "fulfillmentOrders", arguments.get("query"), fulfillment_order_terms(context.shop))
    if parsed.test is not None:
        visible = [one for one in visible if parsed.test(one)]
    return paging.connection(visible, arguments)


def _fulfillment_orders(root: Any, arguments: Arguments, context: Context) -> Record:
    parsed = _searched(context, "fulfillmentOrders", arguments.get("query"), fulfillment_order_terms(context.shop))
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


def _assigned(root: Any, arguments: Arguments, context: Context) -> Record:
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


def _one(table: str, kind: str) -> Resolver:
    def resolve(root: Any, arguments: Arguments, context: Context) -> Record | None:
        _check_kind(arguments["id"], kind)
        found: Record | None = getattr(context.shop, table).get(arguments["id"])
        if kind == "FulfillmentOrder" and found is not None and not context.may_see(found):
            return None
        return found

    return resolve


def _location(root: Any, arguments: Arguments, context: Context) -> Record | None:
    context.need("read_locations", "location")
    if arguments.get("id") is None:
        return context.shop.location(None)
    _check_kind(arguments["id"], "Location")
    return context.shop.locations.get(arguments["id"])


def _locations(root: Any, arguments: Arguments, context: Context) -> Record:
    context.need("read_locations", "locations")
    parsed = _searched(context, "locations", arguments.get("query"), location_terms(context.shop))
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


def _shop(root: Any, arguments: Arguments, context: Context) -> Record:
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


def _installation(root: Any, arguments: Arguments, context: Context) -> Record:
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


def _subscriptions(root: Any, arguments: Arguments, context: Context) -> Record:
    topics, uri = arguments.get("topics"), arguments.get("uri")
    found = [
        one
        for one in context.shop.subscriptions.values()
        if one["_app"] == context.app and (not topics or one["topic"] in topics) and (not uri or one["uri"] == uri)
    ]
    return paging.connection(found, arguments, bound_to=f"webhookSubscriptions {topics} {uri}")


def _subscriptions_count(root: Any, arguments: Arguments, context: Context) -> Record:
    return _count((one for one in context.shop.subscriptions.values() if one["_app"] == context.app), arguments)


def _below(name: str) -> Resolver:
    """A short list kept with the record, as a connection."""
    return lambda record, arguments, context: paging.connection(record[name], arguments)


def _firsts(name: str) -> Resolver:
    """A short list kept with the record, cut to `first`."""

    def resolve(record: Record, arguments: Arguments, context: Context) -> list[Record]:
        first = arguments.get("first")
        values: list[Record] = record[name]
        return values if first is None else values[:first]

    return resolve


def _line(record: Record, arguments: Arguments, context: Context) -> Record:
    return context.shop.lines[record["_line"]]


def _of_line(name: str) -> Resolver:
    return lambda record, arguments, context: context.shop.lines[record["_line"]].get(name)


def _parent(record: Record, arguments: Arguments, context: Context) -> Record:
    return context.shop.order_of(record)


def _place(record: Record, arguments: Arguments, context: Context) -> Record | None:
    return context.shop.locations.get(record["_location"] or "")


def _legacy(record: Record, arguments: Arguments, context: Context) -> str:
    return str(number_of(record["id"]))


def _assigned_location(record: Record, arguments: Arguments, context: Context) -> Record:
    snapshot: Record = record["_assigned"]
    return snapshot | {"location": context.shop.locations.get(record["_location"])}


def _service_of_place(record: Record, arguments: Arguments, context: Context) -> Record | None:
    return context.shop.services.get(record["_service"] or "")


def _has_unfulfilled(record: Record, arguments: Arguments, context: Context) -> bool:
    return any(
        one["_location"] == record["id"] and one["status"] not in ("CLOSED", "CANCELLED")
        for one in context.shop.fulfillment_orders.values()
    )


def _made_in(record: Record, arguments: Arguments, context: Context) -> Record:
    """Fulfillments of a fulfillment order."""
    order = context.shop.order_of(record)
    return paging.connection([one for one in order["_fulfillments"] if record["id"] in one["_from"]], arguments)


def _made_from(record: Record, arguments: Arguments, context: Context) -> Record:
    """Fulfillment orders of a fulfillment."""
    return paging.connection([context.shop.fulfillment_orders[key] for key in record["_from"]], arguments)


def _for_move(record: Record, arguments: Arguments, context: Context) -> Record:
    order_statuses = ("CLOSED", "CANCELLED")
    rows = [
        {
            "id": place["id"],
            "location": place,
            "movable": record["status"] not in order_statuses and place["isActive"] and place["id"] != record["_location"],
            "message": "Current location." if place["id"] == record["_location"] else None,
        }
        for place in context.shop.locations.values()
    ]
    return paging.connection(rows, arguments)


def _formatted(record: Record, arguments: Arguments, context: Context) -> list[str]:
    names = [record.get("name")] if arguments.get("withName") else []
    company = [record.get("company")] if arguments.get("withCompany", True) else []
    town = " ".join(part for part in (record.get("city"), record.get("provinceCode"), record.get("zip")) if part)
    lines = [*names, *company, record.get("address1"), record.get("address2"), town, record.get("country")]
    return [line for line in lines if line]


def _shipping_lines(record: Record, arguments: Arguments, context: Context) -> Record:
    lines = record["_shipping_lines"]
    if not arguments.get("includeRemovals"):
        lines = [line for line in lines if not line["isRemoved"]]
    return paging.connection(lines, arguments)


def _shipping_line(record: Record, arguments: Arguments, context: Context) -> Record | None:
    return next((line for line in record["_shipping_lines"] if not line["isRemoved"]), None)


def _unfulfillable(record: Record, arguments: Arguments, context: Context) -> Record:
    return paging.connection([line for line in record["_lines"] if line["nonFulfillableQuantity"]], arguments)


def _line_total(record: Record, arguments: Arguments, context: Context) -> Record:
    return scaled(context.shop.lines[record["_line"]]["originalUnitPriceSet"], record["quantity"])


def _fulfillments_count(record: Record, arguments: Arguments, context: Context) -> Record:
    return {"count": len(record["_fulfillments"]), "precision": "EXACT"}


def _own_requests(record: Record, arguments: Arguments, context: Context) -> Record:
    kind = arguments.get("kind")
    return paging.connection([one for one in record["_requests"] if kind is None or one["kind"] == kind], arguments)


def _api_version(record: Record, arguments: Arguments, context: Context) -> Record:
    return {"handle": context.version, "displayName": context.version, "supported": True}


def _fields() -> dict[tuple[str, str], Resolver]:
    fields: dict[tuple[str, str], Resolver] = {
        ("QueryRoot", "shop"): _shop,
        ("QueryRoot", "currentAppInstallation"): _installation,
        ("QueryRoot", "order"): _order,
        ("QueryRoot", "orders"): _orders,
        ("QueryRoot", "ordersCount"): _orders_count,
        ("QueryRoot", "node"): _node,
        ("QueryRoot", "nodes"): _nodes,
        ("QueryRoot", "location"): _location,
        ("QueryRoot", "locations"): _locations,
        ("QueryRoot", "fulfillment"): _one("fulfillments", "Fulfillment"),
        ("QueryRoot", "fulfillmentOrder"): _one("fulfillment_orders", "FulfillmentOrder"),
        ("QueryRoot", "fulfillmentOrders"): _fulfillment_orders,
        ("QueryRoot", "assignedFulfillmentOrders"): _assigned,
        ("QueryRoot", "fulfillmentService"): _one("services", "FulfillmentService"),
        ("QueryRoot", "webhookSubscription"): _one("subscriptions", "WebhookSubscription"),
        ("QueryRoot", "webhookSubscriptions"): _subscriptions,
        ("QueryRoot", "webhookSubscriptionsCount"): _subscriptions_count,
        ("Order", "fulfillmentOrders"): _fulfillment_orders_of,
        ("Order", "fulfillments"): _firsts("_fulfillments"),
        ("Order", "fulfillmentsCount"): _fulfillments_count,
        ("Order", "lineItems"): _below("_lines"),
        ("Order", "nonFulfillableLineItems"): _unfulfillable,
        ("Order", "refunds"): _firsts("_refunds"),
        ("Order", "shippingLine"): _shipping_line,
        ("Order", "shippingLines"): _shipping_lines,
        ("Order", "displayAddress"): lambda order, arguments, context: order["shippingAddress"] or order["billingAddress"],
        ("LineItem", "taxLines"): _firsts("taxLines"),
        ("LineItem", "fulfillmentService"): lambda line, arguments, context: _line_service(line, context),
        ("FulfillmentOrder", "assignedLocation"): _assigned_location,
        ("FulfillmentOrder", "fulfillmentHolds"): _firsts("_holds"),
        ("FulfillmentOrder", "fulfillments"): _made_in,
        ("FulfillmentOrder", "lineItems"): _below("_items"),
        ("FulfillmentOrder", "locationsForMove"): _for_move,
        ("FulfillmentOrder", "merchantRequests"): _own_requests,
        ("FulfillmentOrder", "order"): _parent,
        ("FulfillmentOrder", "orderId"): lambda one, arguments, context: _parent(one, arguments, context)["id"],
        ("FulfillmentOrder", "orderName"): lambda one, arguments, context: _parent(one, arguments, context)["name"],
        ("FulfillmentOrder", "orderProcessedAt"): lambda one, arguments, context: _parent(one, arguments, context)["processedAt"],
        ("FulfillmentOrderLineItem", "lineItem"): _line,
        ("FulfillmentOrderLineItem", "productTitle"): _of_line("title"),
        ("FulfillmentOrderLineItem", "shippingLine"): lambda item, arguments, context: None,
        ("FulfillmentOrderLineItem", "warnings"): lambda item, arguments, context: [],
        ("FulfillmentOrderLineItem", "inventoryItemId"): lambda item, arguments, context: (
            (context.shop.lines[item["_line"]]["variant"] or {}).get("inventoryItem") or {}
        ).get("id"),
        ("FulfillmentLineItem", "lineItem"): _line,
        ("FulfillmentLineItem", "originalTotalSet"): _line_total,
        ("FulfillmentLineItem", "discountedTotalSet"): _line_total,
        ("Fulfillment", "fulfillmentLineItems"): _below("_items"),
        ("Fulfillment", "fulfillmentOrders"): _made_from,
        ("Fulfillment", "location"): _place,
        ("Fulfillment", "order"): _parent,
        ("Fulfillment", "trackingInfo"): _firsts("trackingInfo"),
        ("Fulfillment", "events"): lambda record, arguments, context: paging.connection([], arguments),
        ("Fulfillment", "service"): lambda record, arguments, context: (
            _service_of_place(place, {}, context) if (place := _place(record, {}, context)) else None
        ),
        ("Location", "fulfillmentService"): _service_of_place,
        ("Location", "hasUnfulfilledOrders"): _has_unfulfilled,
        ("FulfillmentService", "location"): _place,
        ("Refund", "order"): _parent,
        ("Refund", "refundLineItems"): _below("_items"),
        ("RefundLineItem", "lineItem"): _line,
        ("MailingAddress", "formatted"): _formatted,
        ("WebhookSubscription", "apiVersion"): _api_version,
        ("*", "edges"): paging.edges,
        ("*", "legacyResourceId"): _legacy,
    }
    for name in ("sku", "variant", "variantTitle", "vendor", "weight", "requiresShipping"):
        fields["FulfillmentOrderLineItem", name] = _of_line(name)
    for name in schema().type_map["Mutation"].fields:  # type: ignore[attr-defined]
        fields["Mutation", name] = getattr(mutations, name)
    return fields


def _line_service(line: Record, context: Context) -> Record | None:
    if line["isGiftCard"]:
        return _GIFT_CARDS
    place = context.shop.locations.get(line["_location"] or "")
    return _service_of_place(place, {}, context) if place else None


_GIFT_CARDS = {
    "id": "gid://shopify/FulfillmentService/gift_card",
    "handle": "gift_card",
    "serviceName": "Gift Card",
    "type": "GIFT_CARD",
    "callbackUrl": None,
    "inventoryManagement": False,
    "trackingSupport": False,
    "requiresShippingMethod": False,
    "_location": None,
}

RESOLVERS = _fields()
"""By (type, field); the type `*` stands for any."""
