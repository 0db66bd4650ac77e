"""Orders and fulfillment services changed through the API, refused in the recorded words."""

# ruff: noqa: N802

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator import orders
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused
from crossdock.connectors.shopify.simulator.inputs import order_given
from crossdock.connectors.shopify.simulator.mutations import wrong
from crossdock.connectors.shopify.simulator.values import Record, kind_of

Arguments = dict[str, Any]


def fulfillmentServiceCreate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Registers the app as a fulfillment service, with a location of its own."""
    context.need("write_fulfillments", "fulfillmentServiceCreate")
    name = arguments["name"].strip()
    problem = None
    if any(service["serviceName"].casefold() == name.casefold() for service in context.shop.services.values()):
        problem = wrong(["name"], "Name has already been taken")
    elif name.casefold() in ("manual", "shopify", "gift card"):
        problem = wrong(["name"], "Name is reserved")
    elif not name:
        problem = wrong(["name"], "Name can't be blank")
    if problem is not None:
        return {"fulfillmentService": None, "userErrors": [problem]}
    made = context.shop.add_service(name, callback_url=arguments.get("callbackUrl"))
    made["_app"] = context.app
    for given, field in (
        ("trackingSupport", "trackingSupport"),
        ("inventoryManagement", "inventoryManagement"),
        ("requiresShippingMethod", "requiresShippingMethod"),
    ):
        if arguments.get(given) is not None:
            made[field] = arguments[given]
    return {"fulfillmentService": made, "userErrors": []}


def fulfillmentServiceDelete(root: Any, arguments: Arguments, context: Context) -> Record:
    """Removes a service; its location goes with it."""
    service = context.shop.services.pop(arguments["id"], None)
    if service is None:
        return {"deletedId": None, "userErrors": [wrong(["id"], "Fulfillment service could not be found.")]}
    context.shop.locations[service["_location"]]["isActive"] = False
    context.shop.epoch += 1
    return {"deletedId": service["id"], "userErrors": []}


def _order(context: Context, global_id: str) -> Record | None:
    context.need("write_orders", "order")
    if kind_of(global_id) != "Order":
        raise Refused(f"Invalid id: {global_id}", "RESOURCE_NOT_FOUND")
    return context.shop.order(global_id)


def orderCreate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Places an order."""
    context.need("write_orders", "orderCreate")
    given = arguments["order"]
    if not given.get("lineItems"):
        problem = wrong(["order", "lineItems"], "Line items must have at least one line item", code="INVALID")
        return {"order": None, "userErrors": [problem]}
    fields, lines = order_given(context.shop, given)
    return {"order": orders.place(context.shop, fields, lines), "userErrors": []}


def orderCancel(root: Any, arguments: Arguments, context: Context) -> Record:
    """Cancels an order, in a job that is done at once here."""
    order = _order(context, arguments["orderId"])
    problem = None
    if order is None:
        problem = wrong(["orderId"], "Order does not exist", code="NOT_FOUND")
    elif len(arguments.get("staffNote") or "") > 255:
        problem = wrong(["staffNote"], "Staff note is too long. Maximum length is 255 characters.", code="INVALID")
    elif order["cancelledAt"]:
        problem = wrong(["orderId"], "Cannot cancel an order that has already been canceled", code="INVALID")
    elif any(one["status"] == "SUCCESS" for one in order["_fulfillments"]):
        problem = wrong(["orderId"], "Cannot cancel an order that has outstanding fulfillments", code="INVALID")
    if problem is not None or order is None:
        return {"job": None, "orderCancelUserErrors": [problem], "userErrors": [problem]}
    orders.cancel(context.shop, order, reason=arguments["reason"], restock=arguments["restock"])
    job = {"id": f"gid://shopify/Job/{context.shop.new_id('Job').rpartition('/')[2]}", "done": False}
    return {"job": job, "orderCancelUserErrors": [], "userErrors": []}


def orderClose(root: Any, arguments: Arguments, context: Context) -> Record:
    """Archives an order; again is a silent success."""
    return _closed(arguments, context, True)


def orderOpen(root: Any, arguments: Arguments, context: Context) -> Record:
    """Takes an order out of the archive; again is a silent success."""
    return _closed(arguments, context, False)


def _closed(arguments: Arguments, context: Context, is_closed: bool) -> Record:
    order = _order(context, arguments["input"]["id"])
    if order is None:
        return {"order": None, "userErrors": [wrong(["id"], "Order does not exist")]}
    orders.close(context.shop, order, is_closed)
    return {"order": order, "userErrors": []}
