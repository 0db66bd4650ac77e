"""What a client may change, refused in the platform's recorded words. Functions are named after the mutations they answer."""

# ruff: noqa: N802

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.carriers import tracking_url
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.executor import Refused
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
