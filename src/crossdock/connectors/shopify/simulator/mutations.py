"""What a client may change, refused in the platform's recorded words. Functions are named after the mutations they answer."""

# ruff: noqa: N802

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.carriers import tracking_url
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused
from crossdock.connectors.shopify.simulator.inputs import order_given
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, kind_of, number_of

Arguments = dict[str, Any]


def wrong(field: list[str] | None, message: str, **more: Any) -> Record:
    """One user error."""
    return {"field": field, "message": message, **more}


def _fulfillment_order(context: Context, global_id: str) -> Record:
    if kind_of(global_id) != "FulfillmentOrder":
        raise Refused(f"Invalid id: {global_id}", "RESOURCE_NOT_FOUND")
    found = context.shop.fulfillment_orders.get(global_id)
    if found is None or not context.may_see(found):
        raise Refused("invalid id", "RESOURCE_NOT_FOUND")
    if not context.may_see(found, writing=True):
        raise Refused("Access denied for fulfillmentOrder field.", "ACCESS_DENIED")
    return found


# Fulfillments


def fulfillmentCreate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Whole or not at all; asking twice fulfills twice, or finds nothing left."""
    given = arguments["fulfillment"]
    groups = given["lineItemsByFulfillmentOrder"]
    for group in groups:
        key = group["fulfillmentOrderId"]
        if kind_of(key) != "FulfillmentOrder":
            raise Refused(f"Invalid id: {key}", "RESOURCE_NOT_FOUND")
        if number_of(key) == 0:
            raise Refused("invalid id", "RESOURCE_NOT_FOUND")
    parts, problem = _parts(context, groups)
    if problem is not None:
        return {"fulfillment": None, "userErrors": [problem]}
    shop = context.shop
    order = shop.order_of(parts[0][0])
    made = routing.new_fulfillment(shop, order, parts, tracking=_tracking(given.get("trackingInfo")))
    made["originAddress"] = given.get("originAddress")
    if given.get("notifyCustomer"):
        _mail(shop, order, made)
    orders.touch(shop, order)
    shop.emit("FULFILLMENTS_CREATE", made)
    shop.emit("ORDERS_FULFILLED" if order["displayFulfillmentStatus"] == "FULFILLED" else "ORDERS_PARTIALLY_FULFILLED", order)
    return {"fulfillment": made, "userErrors": []}


def _parts(context: Context, groups: list[Record]) -> tuple[list[tuple[Record, dict[str, int]]], Record | None]:
    """What is to leave, checked in the platform's order; the first problem ends it."""
    shop = context.shop
    at = ["fulfillment"]
    if not groups:
        return [], wrong(at, "Fulfillment order does not exist.")
    found: list[Record] = []
    for number, group in enumerate(groups):
        one = shop.fulfillment_orders.get(group["fulfillmentOrderId"])
        if one is None or not context.may_see(one, writing=True):
            return [], wrong(at, "Fulfillment order does not exist.")
        for place, item in enumerate(group.get("fulfillmentOrderLineItems") or []):
            if item["quantity"] <= 0:
                path = ["lineItemsByFulfillmentOrder", str(number), "fulfillmentOrderLineItems", str(place), "quantity"]
                return [], wrong([*at, *path], "Quantity must be greater than 0")
        found.append(one)
    for one in found:
        if one["status"] not in ("OPEN", "IN_PROGRESS"):
            status = one["status"].lower()
            return [], wrong(at, f"Fulfillment order {number_of(one['id'])} has an unfulfillable status= {status}.")
    if len({one["_order"] for one in found}) > 1:
        return [], wrong(at, "All fulfillment orders must belong to the same order.")
    places = list(dict.fromkeys(number_of(one["_location"]) for one in found))
    if len(places) > 1:
        listed = ", ".join(str(place) for place in places)
        return [], wrong(
            at,
            f"All fulfillment orders must be assigned to a single location. Multiple locations with ids [{listed}] were found.",
        )
    if len({one["deliveryMethod"]["methodType"] for one in found}) > 1:
        return [], wrong(at, "All fulfillment orders must have the same delivery method type.")
    return _checked_units(context, groups, found)


def _checked_units(
    context: Context, groups: list[Record], found: list[Record]
) -> tuple[list[tuple[Record, dict[str, int]]], Record | None]:
    at = ["fulfillment"]
    parts = []
    for group, one in zip(groups, found, strict=True):
        left = {item["id"]: item["remainingQuantity"] for item in one["_items"]}
        asked = group.get("fulfillmentOrderLineItems")
        units: dict[str, int] = {}
        for item in asked or [{"id": key, "quantity": value} for key, value in left.items() if value]:
            if item["id"] not in left:
                return [], wrong(at, "Fulfillment order line item does not exist.")
            units[item["id"]] = units.get(item["id"], 0) + item["quantity"]
        if not units or any(units[key] > left[key] for key in units):
            return [], wrong(at, "Invalid fulfillment order line item quantity requested.")
        place = context.shop.locations[one["_location"]]
        for item in one["_items"]:
            line = context.shop.lines[item["_line"]]
            if item["id"] in units and ((line["sku"] or ""), place["id"]) in context.shop.unstocked:
                return [], wrong(at, f"{line['name']} is not stocked at {place['name']}.")
        parts.append((one, units))
    return parts, None


def _tracking(given: Record | None) -> list[Record]:
    if not given:
        return []
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    company = given.get("company")
    return [
        {
            "number": number,
            "company": company,
            "url": urls[place] if place < len(urls) else tracking_url(company, number),
        }
        for place, number in enumerate(numbers or ([None] if urls or company else []))
    ]


def _mail(shop: Shop, order: Record, made: Record) -> None:
    numbers = [info["number"] for info in made["trackingInfo"]]
    shop.mails.append({"order": order["name"], "to": order["email"], "tracking": numbers, "at": shop.now()})


def fulfillmentTrackingInfoUpdate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Replaces the tracking of a fulfillment."""
    found = _fulfillment(context, arguments["fulfillmentId"])
    if found is None:
        return {"fulfillment": None, "userErrors": [wrong(["fulfillmentId"], "Fulfillment does not exist.")]}
    found["trackingInfo"] = _tracking(arguments["trackingInfoInput"])
    found["updatedAt"] = context.shop.now()
    order = context.shop.order_of(found)
    if arguments.get("notifyCustomer"):
        _mail(context.shop, order, found)
    orders.touch(context.shop, order)
    context.shop.emit("FULFILLMENTS_UPDATE", found)
    return {"fulfillment": found, "userErrors": []}


def fulfillmentCancel(root: Any, arguments: Arguments, context: Context) -> Record:
    """Takes a fulfillment back; a second time is a silent success."""
    found = _fulfillment(context, arguments["id"])
    if found is None:
        return {"fulfillment": None, "userErrors": [wrong(["id"], "Fulfillment not found.")]}
    routing.cancel_fulfillment(context.shop, found)
    orders.touch(context.shop, context.shop.order_of(found))
    context.shop.emit("FULFILLMENTS_UPDATE", found)
    return {"fulfillment": found, "userErrors": []}


def _fulfillment(context: Context, global_id: str) -> Record | None:
    if kind_of(global_id) != "Fulfillment":
        raise Refused(f"Invalid id: {global_id}", "RESOURCE_NOT_FOUND")
    return context.shop.fulfillments.get(global_id)


# Fulfillment orders


def fulfillmentOrderMove(root: Any, arguments: Arguments, context: Context) -> Record:
    """Gives it to another location, wholly or in part."""
    one = _fulfillment_order(context, arguments["id"])
    shop = context.shop
    problem = _cannot_move(context, one, arguments["newLocationId"])
    if problem is not None:
        nothing = {"movedFulfillmentOrder": None, "originalFulfillmentOrder": None, "remainingFulfillmentOrder": None}
        return nothing | {"userErrors": [problem]}
    asked = arguments.get("fulfillmentOrderLineItems")
    wanted = {item["id"]: item["quantity"] for item in asked} if asked else None
    moved, stayed = routing.move(shop, one, shop.locations[arguments["newLocationId"]], wanted)
    orders.touch(shop, shop.order_of(one))
    return {
        "movedFulfillmentOrder": moved,
        "originalFulfillmentOrder": one,
        "remainingFulfillmentOrder": stayed,
        "userErrors": [],
    }


def _cannot_move(context: Context, one: Record, place_id: str) -> Record | None:
    shop = context.shop
    place = shop.locations.get(place_id)
    if place is None or not place["isActive"]:
        return wrong(["id"], "Location not found.", code=None)
    if one["status"] in routing.FINAL:
        return wrong(None, "Cannot change location.", code=None)
    if one.get("_progress"):
        return wrong(
            ["id"],
            "Cannot move a fulfillment order that has had progress reported. To move a fulfillment order that has had "
            "progress reported, the fulfillment order must first be marked as open resolving the ongoing progress state.",
            code="CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS",
        )
    if one["requestStatus"] in ("SUBMITTED", "ACCEPTED", "CANCELLATION_REQUESTED"):
        return wrong(None, "Cannot move submitted fulfillment order that is at a 3PL fulfillment service.", code=None)
    for item in one["_items"]:
        line = shop.lines[item["_line"]]
        if (line["sku"] or "", place_id) in shop.unstocked:
            return wrong(None, "Fulfillment order cannot be moved to the location: items are not stocked there.", code=None)
    return None


def fulfillmentOrderReportProgress(root: Any, arguments: Arguments, context: Context) -> Record:
    """Says that work has begun."""
    one = _fulfillment_order(context, arguments["id"])
    if one["status"] not in ("OPEN", "IN_PROGRESS"):
        problem = wrong(None, "Cannot report progress on a fulfillment order in this state.", code=None)
        return {"fulfillmentOrder": None, "userErrors": [problem]}
    one |= {"status": "IN_PROGRESS", "updatedAt": context.shop.now(), "_progress": True}
    orders.touch(context.shop, context.shop.order_of(one))
    return {"fulfillmentOrder": one, "userErrors": []}


def fulfillmentOrderOpen(root: Any, arguments: Arguments, context: Context) -> Record:
    """Marks a scheduled one, or one in progress, as open."""
    one = _fulfillment_order(context, arguments["id"])
    if one["status"] not in ("OPEN", "IN_PROGRESS", "SCHEDULED"):
        message = f"Expected fulfillment order status to be valid but it was {one['status'].lower()}."
        return {"fulfillmentOrder": None, "userErrors": [wrong(None, message)]}
    one |= {"status": "OPEN", "updatedAt": context.shop.now(), "_progress": False}
    orders.touch(context.shop, context.shop.order_of(one))
    return {"fulfillmentOrder": one, "userErrors": []}


def fulfillmentOrderHold(root: Any, arguments: Arguments, context: Context) -> Record:
    """Asks to wait, with the whole or with some units, which then get an order of their own."""
    one = _fulfillment_order(context, arguments["id"])
    given = arguments["fulfillmentHold"]
    shop = context.shop
    problem = _cannot_hold(one, given)
    if problem is not None:
        return {
            "fulfillmentHold": None,
            "fulfillmentOrder": None,
            "remainingFulfillmentOrder": None,
            "userErrors": [problem],
        }
    asked = given.get("fulfillmentOrderLineItems")
    rest = None
    if asked:
        keep = {item["id"]: item["quantity"] for item in asked}
        others = {item["id"]: item["remainingQuantity"] - keep.get(item["id"], 0) for item in one["_items"]}
        if any(others.values()):
            rest, _ = routing.move(shop, one, shop.locations[one["_location"]], others)
    made = routing.hold(shop, one, reason=given["reason"], notes=given.get("reasonNotes"), handle=given.get("handle"))
    orders.touch(shop, shop.order_of(one))
    return {"fulfillmentHold": made, "fulfillmentOrder": one, "remainingFulfillmentOrder": rest, "userErrors": []}


def _cannot_hold(one: Record, given: Record) -> Record | None:
    if one["status"] in routing.FINAL:
        return wrong(["id"], "The fulfillment order is not in a state that can be held.", code="INVALID_STATE")
    handle = given.get("handle") or ""
    if any(held["handle"] == handle for held in one["_holds"]):
        return wrong(
            ["fulfillmentHold", "handle"],
            "The handle provided for the fulfillment hold is already in use by this app on another hold.",
            code="DUPLICATE_FULFILLMENT_HOLD_HANDLE",
        )
    if len(one["_holds"]) >= 10:
        return wrong(
            ["id"],
            "The maximum number of fulfillment holds for this fulfillment order has been reached for this app.",
            code="FULFILLMENT_ORDER_HOLD_LIMIT_REACHED",
        )
    return None


def fulfillmentOrderReleaseHold(root: Any, arguments: Arguments, context: Context) -> Record:
    """Takes holds off."""
    one = _fulfillment_order(context, arguments["id"])
    routing.release(context.shop, one, arguments.get("holdIds"))
    orders.touch(context.shop, context.shop.order_of(one))
    return {"fulfillmentOrder": one, "userErrors": []}


# Fulfillment services


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


# Orders


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


# Webhook subscriptions


def webhookSubscriptionCreate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Subscribes an address to a topic."""
    given = arguments["webhookSubscription"]
    topic = arguments["topic"]
    problems = _address_problems(context, topic, given, None) + _name_problems(given)
    if problems:
        return {"webhookSubscription": None, "userErrors": problems}
    at = context.shop.now()
    made = {
        "__typename": "WebhookSubscription",
        "id": context.shop.new_id("WebhookSubscription"),
        "topic": topic,
        "uri": given["uri"].strip(),
        "callbackUrl": given["uri"].strip(),
        "format": given.get("format") or "JSON",
        "filter": given.get("filter"),
        "includeFields": given.get("includeFields") or [],
        "metafieldNamespaces": given.get("metafieldNamespaces") or [],
        "name": given.get("name"),
        "createdAt": at,
        "updatedAt": at,
        "_app": context.app,
        "_failures": 0,
    }
    context.shop.subscriptions[made["id"]] = made
    return {"webhookSubscription": made, "userErrors": []}


def webhookSubscriptionUpdate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Changes a subscription."""
    found = context.shop.subscriptions.get(arguments["id"])
    if found is None:
        problem = wrong(["id"], "Webhook subscription does not exist")
        return {"webhookSubscription": None, "userErrors": [problem]}
    given = arguments["webhookSubscription"]
    problems = _address_problems(context, found["topic"], {"uri": found["uri"]} | given, found["id"]) + _name_problems(given)
    if problems:
        return {"webhookSubscription": None, "userErrors": problems}
    found |= {name: value for name, value in given.items() if value is not None}
    found["callbackUrl"] = found["uri"]
    found["updatedAt"] = context.shop.now()
    return {"webhookSubscription": found, "userErrors": []}


def webhookSubscriptionDelete(root: Any, arguments: Arguments, context: Context) -> Record:
    """Ends a subscription."""
    found = context.shop.subscriptions.pop(arguments["id"], None)
    if found is None:
        problem = wrong(["id"], "Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [problem]}
    return {"deletedWebhookSubscriptionId": found["id"], "userErrors": []}


def _address_problems(context: Context, topic: str, given: Record, own: str | None) -> list[Record]:
    at = ["webhookSubscription", "callbackUrl"]
    address = (given.get("uri") or "").strip()
    if not address:
        return [wrong(at, "Address can't be blank")]
    parts = urlsplit(address)
    # The real platform takes https alone; on loopback there is nobody to listen in, and tests need no certificate.
    allowed = {"https", "pubsub", "arn"} | ({"http"} if parts.hostname in ("127.0.0.1", "localhost", "::1") else set())
    if parts.scheme in ("pubsub", "arn") and given.get("format") == "XML":
        return [wrong(["webhookSubscription", "format"], "Format can only be used with format: 'json'")]
    if parts.scheme not in allowed:
        if parts.scheme == "http":
            return [wrong(at, "Address protocol http:// is not supported")]
        return [wrong(at, f"Address protocol {parts.scheme}:// is not supported" if parts.scheme else "Address is invalid")]
    if parts.scheme in ("http", "https") and not parts.hostname:
        return [wrong(at, "Address is invalid")]
    for other in context.shop.subscriptions.values():
        is_same = (other["topic"], other["uri"], other["_app"]) == (topic, address, context.app)
        if is_same and other["id"] != own and other["format"] == (given.get("format") or "JSON"):
            return [wrong(at, "Address for this topic has already been taken")]
    return []


def _name_problems(given: Record) -> list[Record]:
    name = given.get("name")
    if name is None or re.fullmatch(r"[\w-]{1,50}", name, re.ASCII):
        return []
    at = ["webhookSubscription", "name"]
    problems = [] if name else [wrong(at, "Name is too short (minimum is 1 character)")]
    return [*problems, wrong(at, "Name name field can only contain alphanumeric characters, underscores, and hyphens")]
