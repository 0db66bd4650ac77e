"""Fulfillment orders: made by routing, never by hand; held, released, moved, split, reported on."""

from __future__ import annotations

from crossdock.connectors.shopify.simulator import goods
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, moment, read_moment

FINAL = frozenset({"CLOSED", "CANCELLED", "INCOMPLETE"})

HOLD_REASONS = {
    "AWAITING_PAYMENT": "Awaiting payment",
    "AWAITING_RETURN_ITEMS": "Exchange items awaiting return delivery",
    "HIGH_RISK_OF_FRAUD": "High risk of fraud",
    "INCORRECT_ADDRESS": "Incorrect address",
    "INVENTORY_OUT_OF_STOCK": "Inventory out of stock",
    "ONLINE_STORE_POST_PURCHASE_CROSS_SELL": "Online store post purchase cross sell",
    "UNKNOWN_DELIVERY_DATE": "Unknown delivery date",
    "OTHER": "Other",
}
"""What a hold says for each reason. Two are recorded (AWAITING_RETURN_ITEMS, OTHER), the others follow their pattern."""


def route(shop: Shop, order: Record, lines: list[Record] | None = None) -> None:
    """Give each line to a location: one fulfillment order for each location and way of delivery. Gift cards are fulfilled at once."""
    if order["cancelledAt"]:
        return
    groups: dict[tuple[str, str], list[Record]] = {}
    for line in order["_lines"] if lines is None else lines:
        units = line["quantity"] - line["_canceled"]
        if units <= 0:
            continue
        place = shop.location(line["_location"])["id"]
        method = order.get("_method", "SHIPPING") if line["requiresShipping"] else "NONE"
        groups.setdefault((place, method), []).append(line)
    made = []
    for (place, method), members in groups.items():
        one = new_fulfillment_order(shop, order, shop.locations[place], method)
        one["_items"] = [new_item(shop, line, line["quantity"] - line["_canceled"]) for line in members]
        made.append(one)
    order["_fulfillment_orders"] = [*order["_fulfillment_orders"], *made]
    shop.keep(order)
    for one in made:
        if all(shop.lines[item["_line"]]["isGiftCard"] for item in one["_items"]):
            fulfill_quietly(shop, order, one)


def new_fulfillment_order(shop: Shop, order: Record, place: Record, method: str = "SHIPPING") -> Record:
    """An open one without items."""
    at = shop.clock()
    fulfill_at = order.get("_fulfill_at")
    later = read_moment(fulfill_at)
    is_later = later is not None and later > at
    if is_later and later is not None:
        shop.wait((later - at).total_seconds(), "ready", order)
    titles = [line["title"] for line in order["_shipping_lines"]]
    return {
        "__typename": "FulfillmentOrder",
        "id": shop.new_id("FulfillmentOrder"),
        "status": "SCHEDULED" if is_later else "OPEN",
        "requestStatus": "UNSUBMITTED",
        "createdAt": moment(at),
        "updatedAt": moment(at),
        "fulfillAt": fulfill_at or moment(at.replace(minute=0, second=0)),
        "fulfillBy": None,
        "internationalDuties": None,
        "deliveryMethod": {
            "__typename": "DeliveryMethod",
            "id": shop.new_id("DeliveryMethod"),
            "methodType": method,
            "presentedName": titles[0] if titles else None,
            "serviceCode": None,
            "sourceReference": None,
            "minDeliveryDateTime": None,
            "maxDeliveryDateTime": None,
        },
        "destination": destination(shop, order) if method == "SHIPPING" else None,
        "_location": place["id"],
        "_assigned": assigned(place),
        "_holds": [],
        "_requests": [],
        "_items": [],
    }


def assigned(place: Record) -> Record:
    """Name and address of a location as they are now: a snapshot that later changes do not reach."""
    address = place["address"]
    return {
        "name": place["name"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "countryCode": address["countryCode"] or "US",
        "phone": address["phone"],
        "province": address["province"],
        "zip": address["zip"],
    }


def destination(shop: Shop, order: Record) -> Record | None:
    """Where a fulfillment order goes, from the order's address."""
    address = order["shippingAddress"]
    if not address:
        return None
    names = ("address1", "address2", "city", "company", "firstName", "lastName", "phone", "province", "zip")
    return {name: address.get(name) for name in names} | {
        "__typename": "FulfillmentOrderDestination",
        "id": shop.new_id("FulfillmentOrderDestination"),
        "countryCode": address.get("countryCodeV2"),
        "email": order["email"],
        "location": None,
    }


def new_item(shop: Shop, line: Record, units: int) -> Record:
    """A line of a fulfillment order, with all its units left."""
    return {
        "__typename": "FulfillmentOrderLineItem",
        "id": shop.new_id("FulfillmentOrderLineItem"),
        "_line": line["id"],
        "totalQuantity": units,
        "remainingQuantity": units,
    }


def actions(one: Record) -> list[Record]:
    """What may be done with it, in the order observed."""
    if one["status"] == "OPEN":
        names = ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"]
        if sum(item["remainingQuantity"] for item in one["_items"]) > 1:
            names.append("SPLIT")
    elif one["status"] == "IN_PROGRESS":
        names = ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "HOLD", "MARK_AS_OPEN"]
    elif one["status"] == "ON_HOLD":
        names = ["RELEASE_HOLD", "HOLD", "MOVE"]
    elif one["status"] == "SCHEDULED":
        names = ["MARK_AS_OPEN", "MOVE"]
    else:
        names = []
    return [{"action": name, "externalUrl": None} for name in names]


def hold(shop: Shop, one: Record, *, reason: str, notes: str | None = None, handle: str | None = None) -> Record:
    """Ask to wait with it."""
    made = {
        "__typename": "FulfillmentHold",
        "id": shop.new_id("FulfillmentHold"),
        "reason": reason,
        "reasonNotes": notes,
        "displayReason": HOLD_REASONS.get(reason, "Other"),
        "handle": handle or "",
        "heldByRequestingApp": True,
    }
    one["_holds"] = [*one["_holds"], made]
    one["status"] = "ON_HOLD"
    one["updatedAt"] = shop.now()
    shop.emit("FULFILLMENT_ORDERS_PLACED_ON_HOLD", one)
    return made


def release(shop: Shop, one: Record, hold_ids: list[str] | None = None) -> None:
    """Take holds off, all of them for None; without any left it is open again."""
    one["_holds"] = [] if hold_ids is None else [held for held in one["_holds"] if held["id"] not in hold_ids]
    one["updatedAt"] = shop.now()
    if not one["_holds"]:
        reopen(one, shop.now())
        shop.emit("FULFILLMENT_ORDERS_HOLD_RELEASED", one)


def reopen(one: Record, at: str) -> None:
    """Make it open, or in progress when a part has left."""
    is_part = any(item["remainingQuantity"] < item["totalQuantity"] for item in one["_items"])
    one["status"] = "IN_PROGRESS" if is_part else "OPEN"
    one["updatedAt"] = at


def move(shop: Shop, one: Record, place: Record, wanted: dict[str, int] | None) -> tuple[Record, Record | None]:
    """Give it, or units of some of its lines, to another location: (what is there now, what stayed)."""
    shop.emit("FULFILLMENT_ORDERS_MOVED", one)
    is_all = wanted is None or all(wanted.get(item["id"], 0) == item["remainingQuantity"] for item in one["_items"])
    if is_all and all(item["remainingQuantity"] == item["totalQuantity"] for item in one["_items"]):
        one["_location"], one["_assigned"] = place["id"], assigned(place)
        one["updatedAt"] = shop.now()
        return one, None
    order = shop.order_of(one)
    other = new_fulfillment_order(shop, order, place, one["deliveryMethod"]["methodType"])
    other["fulfillAt"] = one["fulfillAt"]
    for item in one["_items"]:
        units = item["remainingQuantity"] if wanted is None else min(wanted.get(item["id"], 0), item["remainingQuantity"])
        if units:
            item["totalQuantity"] -= units
            item["remainingQuantity"] -= units
            other["_items"].append(new_item(shop, shop.lines[item["_line"]], units))
    one["_items"] = [item for item in one["_items"] if item["totalQuantity"]]
    if not any(item["remainingQuantity"] for item in one["_items"]):
        one["status"] = "CLOSED"
    one["updatedAt"] = shop.now()
    order["_fulfillment_orders"] = [*order["_fulfillment_orders"], other]
    shop.keep(order)
    return other, one


def new_fulfillment(
    shop: Shop,
    order: Record,
    parts: list[tuple[Record, dict[str, int]]],
    *,
    tracking: list[Record],
    at: str | None = None,
    location: str | None = None,
) -> Record:
    """Let units leave: (fulfillment order, units by item id) each. What was checked is not checked again."""
    at = at or shop.now()
    number = len(order["_fulfillments"]) + 1
    items: list[Record] = []
    for one, units_of in parts:
        for item in one["_items"]:
            units = units_of.get(item["id"], 0)
            if units:
                item["remainingQuantity"] -= units
                goods.let_go(shop, shop.lines[item["_line"]], units)
                items.append(_fulfilled_item(shop, item["_line"], units))
        is_done = not any(item["remainingQuantity"] for item in one["_items"])
        one["status"] = "CLOSED" if is_done else "IN_PROGRESS"
        one["updatedAt"] = at
    made: Record = {
        "__typename": "Fulfillment",
        "id": shop.new_id("Fulfillment"),
        "name": f"{order['name']}.{number}",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "createdAt": at,
        "updatedAt": at,
        "deliveredAt": None,
        "estimatedDeliveryAt": None,
        "inTransitAt": None,
        "requiresShipping": any(shop.lines[item["_line"]]["requiresShipping"] for item in items),
        "totalQuantity": sum(item["quantity"] for item in items),
        "originAddress": None,
        "trackingInfo": tracking,
        "_items": items,
        "_location": location or (parts[0][0]["_location"] if parts else None),
        "_from": [one["id"] for one, _ in parts],
    }
    order["_fulfillments"] = [*order["_fulfillments"], made]
    shop.keep(order)
    return made


def _fulfilled_item(shop: Shop, line_id: str, units: int) -> Record:
    return {
        "__typename": "FulfillmentLineItem",
        "id": shop.new_id("FulfillmentLineItem"),
        "_line": line_id,
        "quantity": units,
    }


def fulfill_quietly(shop: Shop, order: Record, one: Record) -> None:
    """Fulfill the whole of it without a parcel, as gift cards are."""
    new_fulfillment(shop, order, [(one, {item["id"]: item["remainingQuantity"] for item in one["_items"]})], tracking=[])


def cancel_fulfillment(shop: Shop, fulfillment: Record) -> None:
    """Take a fulfillment back. May run twice.

    As observed a fulfillment order that was closed by it stays closed and a new one has the units. One that is still open, which no
    recording shows, gets its units back: else they would be left to ship twice.
    """
    if fulfillment["status"] == "CANCELLED":
        return
    order = shop.order_of(fulfillment)
    fulfillment |= {"status": "CANCELLED", "displayStatus": "CANCELED", "updatedAt": shop.now()}
    place = shop.locations.get(fulfillment["_location"] or "") or shop.location(None)
    other = new_fulfillment_order(shop, order, place)
    for item in fulfillment["_items"]:
        line = shop.lines[item["_line"]]
        goods.let_go(shop, line, -item["quantity"])
        anew = item["quantity"]
        for one in (shop.fulfillment_orders[key] for key in fulfillment["_from"]):
            for held in one["_items"]:
                if held["_line"] == line["id"]:
                    back = min(held["totalQuantity"] - held["remainingQuantity"], item["quantity"])
                    held["remainingQuantity"] += back
                    if one["status"] not in FINAL:
                        anew -= back
            if one["status"] == "IN_PROGRESS" and not one.get("_progress"):
                reopen(one, shop.now())
        if anew > 0:
            other["_items"].append(new_item(shop, line, anew))
    if other["_items"]:
        order["_fulfillment_orders"] = [*order["_fulfillment_orders"], other]
    shop.keep(order)
