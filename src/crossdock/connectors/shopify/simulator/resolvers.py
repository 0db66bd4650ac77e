"""How each field of the schema is read from the state. What is not listed here is read from the record under the field's name."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator import (
    goods_mutations,
    goods_roots,
    mutations,
    order_mutations,
    paging,
    returns,
    roots,
    webhook_mutations,
)
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Resolver
from crossdock.connectors.shopify.simulator.schema import schema
from crossdock.connectors.shopify.simulator.values import Record, number_of, scaled

Arguments = dict[str, Any]


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
        ("QueryRoot", "shop"): roots.shop_record,
        ("QueryRoot", "currentAppInstallation"): roots.installation,
        ("QueryRoot", "order"): roots.order,
        ("QueryRoot", "orders"): roots.orders,
        ("QueryRoot", "ordersCount"): roots.orders_count,
        ("QueryRoot", "node"): roots.node,
        ("QueryRoot", "nodes"): roots.nodes,
        ("QueryRoot", "location"): roots.location,
        ("QueryRoot", "locations"): roots.locations,
        ("QueryRoot", "fulfillment"): roots.one_of("fulfillments", "Fulfillment"),
        ("QueryRoot", "fulfillmentOrder"): roots.one_of("fulfillment_orders", "FulfillmentOrder"),
        ("QueryRoot", "fulfillmentOrders"): roots.fulfillment_orders,
        ("QueryRoot", "assignedFulfillmentOrders"): roots.assigned_fulfillment_orders,
        ("QueryRoot", "fulfillmentService"): roots.one_of("services", "FulfillmentService"),
        ("QueryRoot", "webhookSubscription"): roots.one_of("subscriptions", "WebhookSubscription"),
        ("QueryRoot", "webhookSubscriptions"): roots.subscriptions,
        ("QueryRoot", "webhookSubscriptionsCount"): roots.subscriptions_count,
        ("Order", "fulfillmentOrders"): roots.fulfillment_orders_of,
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
    fields |= goods_roots.FIELDS | returns.FIELDS
    for name in ("sku", "variant", "variantTitle", "vendor", "weight", "requiresShipping"):
        fields["FulfillmentOrderLineItem", name] = _of_line(name)
    for name in schema().type_map["Mutation"].fields:  # type: ignore[attr-defined]
        module = next(each for each in (mutations, order_mutations, goods_mutations, webhook_mutations) if hasattr(each, name))
        fields["Mutation", name] = getattr(module, name)
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
