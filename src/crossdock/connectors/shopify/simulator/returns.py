"""What shoppers send back: asked for, approved or declined, received and closed; and what of it GraphQL shows."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator import orders, paging
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused, Resolver
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, kind_of

Arguments = dict[str, Any]

REASONS = {
    "COLOR": "Color",
    "DEFECTIVE": "Defective or doesn't work",
    "NOT_AS_DESCRIBED": "Item not as described",
    "OTHER": "Other",
    "SIZE_TOO_LARGE": "Size was too large",
    "SIZE_TOO_SMALL": "Size was too small",
    "STYLE": "Style",
    "UNKNOWN": "Unknown",
    "UNWANTED": "Customer changed their mind",
    "WRONG_ITEM": "Received the wrong item",
}


def ask(shop: Shop, order: Record, units: dict[str, int], *, reason: str, note: str, customer_note: str | None = None) -> Record:
    """Ask to send back units of fulfilled items, by the ids of their fulfillment line items."""
    number = len(order["_returns"]) + 1
    made: Record = {
        "__typename": "Return",
        "id": shop.new_id("Return"),
        "name": f"{order['name']}-R{number}",
        "status": "REQUESTED",
        "createdAt": shop.now(),
        "requestApprovedAt": None,
        "closedAt": None,
        "decline": None,
        "totalQuantity": sum(units.values()),
        "_items": [
            {
                "__typename": "ReturnLineItem",
                "id": shop.new_id("ReturnLineItem"),
                "quantity": quantity,
                "processableQuantity": 0,
                "processedQuantity": 0,
                "unprocessedQuantity": quantity,
                "refundableQuantity": quantity,
                "refundedQuantity": 0,
                "returnReason": reason,
                "returnReasonNote": note,
                "customerNote": customer_note,
                "returnReasonDefinition": {
                    "__typename": "ReturnReasonDefinition",
                    "id": f"gid://shopify/ReturnReasonDefinition/{list(REASONS).index(reason) + 1}",
                    "handle": reason.lower().replace("_", "-"),
                    "name": REASONS[reason],
                    "deleted": False,
                },
                "_fulfilled": key,
            }
            for key, quantity in units.items()
        ],
        "_reverse": [],
    }
    order["_returns"] = [*order["_returns"], made]
    _note(shop, order)
    return made


def approve(shop: Shop, order: Record, one: Record, *, tracking: str | None = None, company: str | None = None) -> None:
    """Approve it; the way back is made, with a label when a tracking number is given."""
    one |= {"status": "OPEN", "requestApprovedAt": shop.now()}
    for item in one["_items"]:
        item["processableQuantity"] = item["quantity"]
    back: Record = {
        "__typename": "ReverseFulfillmentOrder",
        "id": shop.new_id("ReverseFulfillmentOrder"),
        "status": "OPEN",
        "_order_id": order["id"],
        "_deliveries": [],
    }
    if tracking:
        back["_deliveries"] = [
            {
                "__typename": "ReverseDelivery",
                "id": shop.new_id("ReverseDelivery"),
                "deliverable": {
                    "__typename": "ReverseDeliveryShippingDeliverable",
                    "tracking": {"carrierName": company, "number": tracking, "url": None},
                },
            }
        ]
    one["_reverse"] = [back]
    _note(shop, order)


def decline(shop: Shop, order: Record, one: Record, *, reason: str = "OTHER", note: str | None = None) -> None:
    """Refuse it."""
    one |= {"status": "DECLINED", "decline": {"reason": reason, "note": note}, "closedAt": shop.now()}
    _note(shop, order)


def cancel(shop: Shop, order: Record, one: Record) -> None:
    """Take it back."""
    one |= {"status": "CANCELED", "closedAt": shop.now()}
    _note(shop, order)


def close(shop: Shop, order: Record, one: Record) -> None:
    """End it, all of it received."""
    one |= {"status": "CLOSED", "closedAt": shop.now()}
    for item in one["_items"]:
        item |= {"processedQuantity": item["quantity"], "processableQuantity": 0, "unprocessedQuantity": 0}
    for back in one["_reverse"]:
        back["status"] = "CLOSED"
    _note(shop, order)


def _note(shop: Shop, order: Record) -> None:
    statuses = [one["status"] for one in order["_returns"]]
    if "OPEN" in statuses:
        order["returnStatus"] = "IN_PROGRESS"
    elif "REQUESTED" in statuses:
        order["returnStatus"] = "RETURN_REQUESTED"
    else:
        order["returnStatus"] = "RETURNED" if "CLOSED" in statuses else "NO_RETURN"
    orders.touch(shop, order)


def _of_order(order: Record, arguments: Arguments, context: Context) -> Record:
    context.need("read_returns", "returns")
    return paging.connection(order["_returns"], arguments)


def _one(root: Any, arguments: Arguments, context: Context) -> Record | None:
    context.need("read_returns", "return")
    if kind_of(arguments["id"]) != "Return":
        raise Refused(f"Invalid id: {arguments['id']}", "RESOURCE_NOT_FOUND")
    return context.shop.returns.get(arguments["id"])


def _fulfilled(item: Record, arguments: Arguments, context: Context) -> Record | None:
    order = context.shop.order_of(item)
    return next((row for one in order["_fulfillments"] for row in one["_items"] if row["id"] == item["_fulfilled"]), None)


def _parent(record: Record, arguments: Arguments, context: Context) -> Record:
    return context.shop.order_of(record)


def _return_of_refund(refund: Record, arguments: Arguments, context: Context) -> Record | None:
    return context.shop.returns.get(refund.get("_return") or "")


FIELDS: dict[tuple[str, str], Resolver] = {
    ("QueryRoot", "return"): _one,
    ("QueryRoot", "refund"): lambda root, arguments, context: next(
        (one for order in context.shop.orders.values() for one in order["_refunds"] if one["id"] == arguments["id"]), None
    ),
    ("Order", "returns"): _of_order,
    ("Return", "order"): _parent,
    ("Return", "returnLineItems"): lambda one, arguments, context: paging.connection(one["_items"], arguments),
    ("Return", "reverseFulfillmentOrders"): lambda one, arguments, context: paging.connection(one["_reverse"], arguments),
    ("Return", "refunds"): lambda one, arguments, context: paging.connection(
        [refund for refund in context.shop.order_of(one)["_refunds"] if refund.get("_return") == one["id"]], arguments
    ),
    ("ReturnLineItem", "fulfillmentLineItem"): _fulfilled,
    ("ReverseFulfillmentOrder", "order"): lambda one, arguments, context: context.shop.order(one["_order_id"]),
    ("ReverseFulfillmentOrder", "reverseDeliveries"): lambda one, arguments, context: paging.connection(
        one["_deliveries"], arguments
    ),
    ("Refund", "return"): _return_of_refund,
}
"""How these fields are read, by type and name."""
