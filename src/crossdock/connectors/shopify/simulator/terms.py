"""What each list can be searched by."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator.search import Terms, Test, by_choice, by_moment, by_number, by_text
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, number_of

_FINANCIAL = ("paid", "pending", "authorized", "partially_paid", "partially_refunded", "refunded", "voided", "expired")
_RETURNS = ("NO_RETURN", "RETURN_REQUESTED", "IN_PROGRESS", "INSPECTION_COMPLETE", "RETURNED", "RETURN_FAILED")
_UNSHIPPED = frozenset({"UNFULFILLED", "ON_HOLD", "SCHEDULED", "IN_PROGRESS", "OPEN", "REQUEST_DECLINED", "PENDING_FULFILLMENT"})
_FULFILLMENT: dict[str, Any] = {
    "unshipped": _UNSHIPPED,
    "unfulfilled": _UNSHIPPED | {"PARTIALLY_FULFILLED"},
    "shipped": frozenset({"FULFILLED"}),
    "fulfilled": frozenset({"FULFILLED"}),
    "partial": frozenset({"PARTIALLY_FULFILLED"}),
    "scheduled": frozenset({"SCHEDULED"}),
    "on_hold": frozenset({"ON_HOLD"}),
    "request_declined": frozenset({"REQUEST_DECLINED"}),
}


def order_terms(shop: Shop) -> Terms:
    """The terms of `orders`."""

    def at_location(operator: str, value: str) -> Test | None:
        tail = value.rpartition("/")[2]
        if not tail.isdigit():
            return None
        number = int(tail)

        def test(order: Record) -> bool:
            return any(number_of(one["_location"]) == number for one in order["_fulfillment_orders"])

        return test

    def name(operator: str, value: str) -> Test | None:
        wanted = value.lstrip("#").casefold()
        return lambda order: order["name"].lstrip("#").casefold() == wanted

    def without_tag(operator: str, value: str) -> Test | None:
        wanted = value.casefold()
        return lambda order: all(tag.casefold() != wanted for tag in order["tags"])

    def anywhere(operator: str, value: str) -> Test | None:
        wanted = value.casefold()

        def test(order: Record) -> bool:
            texts = [order["name"], order["email"], order["note"], *order["tags"]]
            texts += [line["sku"] for line in order["_lines"]] + [line["title"] for line in order["_lines"]]
            return any(wanted in text.casefold() for text in texts if text)

        return test

    def status(order: Record) -> str:
        return "cancelled" if order["cancelledAt"] else "closed" if order["closed"] else "open"

    states = {
        "open": "open",
        "closed": frozenset({"closed", "cancelled"}),
        "cancelled": "cancelled",
        "not_closed": "open",
        "any": frozenset({"open", "closed", "cancelled"}),
    }
    return {
        "default": anywhere,
        "id": by_number(lambda order: number_of(order["id"])),
        "created_at": by_moment("createdAt"),
        "updated_at": by_moment("updatedAt"),
        "processed_at": by_moment("processedAt"),
        "status": by_choice(status, states),
        "financial_status": by_choice(lambda order: order["displayFinancialStatus"], {name: name.upper() for name in _FINANCIAL}),
        "fulfillment_status": by_choice(lambda order: order["displayFulfillmentStatus"], _FULFILLMENT),
        "name": name,
        "tag": by_text(lambda order: order["tags"]),
        "tag_not": without_tag,
        "sku": by_text(lambda order: [line["sku"] for line in order["_lines"]]),
        "email": by_text(lambda order: order["email"]),
        "po_number": by_text(lambda order: order["poNumber"]),
        "source_name": by_text(lambda order: order["sourceName"]),
        "source_identifier": by_text(lambda order: order["sourceIdentifier"]),
        "test": by_choice(lambda order: order["test"], {"true": True, "false": False}),
        "location_id": at_location,
        "fulfillment_location_id": at_location,
        "reference_location_id": at_location,
        "return_status": by_choice(lambda order: order["returnStatus"], {name.lower(): name for name in _RETURNS}),
        "delivery_method": by_text(
            lambda order: [one["deliveryMethod"]["methodType"].replace("_", "-") for one in order["_fulfillment_orders"]]
        ),
        "risk_level": by_choice(lambda order: "low", {"low": "low", "medium": "medium", "high": "high"}),
        "channel": by_text(lambda order: order["sourceName"]),
        "cart_token": by_text(lambda order: None),
        "customer_id": by_number(lambda order: number_of(order["customer"]["id"]) if order["customer"] else 0),
    }


def fulfillment_order_terms(shop: Shop) -> Terms:
    """The terms of `fulfillmentOrders`."""
    return {
        "id": by_number(lambda one: number_of(one["id"])),
        "created_at": by_moment("createdAt"),
        "updated_at": by_moment("updatedAt"),
        "status": by_text(lambda one: one["status"]),
        "request_status": by_text(lambda one: one["requestStatus"]),
        "assigned_location_id": by_number(lambda one: number_of(one["_location"])),
    }


def location_terms(shop: Shop) -> Terms:
    """The terms of `locations`."""
    return {
        "default": by_text(lambda place: place["name"]),
        "id": by_number(lambda place: number_of(place["id"])),
        "name": by_text(lambda place: place["name"]),
        "active": by_choice(lambda place: place["isActive"], {"true": True, "false": False}),
        "legacy": by_choice(lambda place: False, {"true": True, "false": False}),
        "created_at": by_moment("createdAt"),
    }
