"""What happens to orders: placed, edited, canceled, refunded, held; and what follows for what is to be fulfilled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crossdock.connectors.shopify.simulator import goods, routing
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import (
    Record,
    bag,
    moment,
    number_of,
    read_moment,
    scaled,
    shop_amount,
    summed,
)

_NONE_SETS = (
    "currentShippingPriceSet",
    "currentSubtotalPriceSet",
    "currentTotalDiscountsSet",
    "currentTotalPriceSet",
    "currentTotalTaxSet",
    "originalTotalPriceSet",
    "subtotalPriceSet",
    "totalDiscountsSet",
    "totalOutstandingSet",
    "totalPriceSet",
    "totalReceivedSet",
    "totalRefundedSet",
    "totalShippingPriceSet",
    "totalTaxSet",
)


def new_line(shop: Shop, given: Record) -> Record:
    """A line from what is known of it; `originalUnitPriceSet` defaults to nothing."""
    price = given.get("originalUnitPriceSet") or bag(0, shop.currency)
    quantity = given["quantity"]
    total = scaled(price, quantity)
    line: Record = {
        "__typename": "LineItem",
        "id": shop.new_id("LineItem"),
        "sku": None,
        "title": "Item",
        "quantity": quantity,
        "requiresShipping": True,
        "isGiftCard": False,
        "taxable": True,
        "vendor": shop.name,
        "variantTitle": None,
        "variant": None,
        "product": None,
        "weight": None,
        "lineItemGroup": None,
        "customAttributes": [],
        "taxLines": [],
        "discountAllocations": [],
        "originalUnitPriceSet": price,
        "originalTotalSet": total,
        "discountedTotalSet": total,
        "discountedUnitPriceSet": price,
        "discountedUnitPriceAfterAllDiscountsSet": price,
        "totalDiscountSet": scaled(price, 0),
        "_location": None,
        "_removed": 0,
        "_canceled": 0,
    } | {name: value for name, value in given.items() if value is not None}
    line.setdefault("name", f"{line['title']} - {line['variantTitle']}" if line["variantTitle"] else line["title"])
    line["discountedTotalSet"] = given.get("discountedTotalSet") or _less(line["originalTotalSet"], line["totalDiscountSet"])
    return line


def _less(value: Record, off: Record) -> Record:
    return summed([value, scaled(off, -1)], value["shopMoney"]["currencyCode"])


def place(shop: Shop, given: Record, lines: list[Record], *, routed: bool = True) -> Record:
    """Take an order in. `given` are its fields in the schema's names; what is missing is worked out from the lines.

    With `routed` its fulfillment orders are made, now or after the shop's routing delay, and subscriptions are told.
    """
    at = shop.now()
    made = [new_line(shop, line) for line in lines]
    buyer = given.get("presentmentCurrencyCode") or given.get("currencyCode") or shop.currency
    currency = given.get("currencyCode") or shop.currency
    nothing = bag(0, currency, 0, buyer)
    shipping = given.get("_shipping_lines") or []
    subtotal = given.get("subtotalPriceSet") or summed([line["discountedTotalSet"] for line in made], currency, buyer)
    freight = given.get("totalShippingPriceSet") or summed([line["discountedPriceSet"] for line in shipping], currency, buyer)
    tax = given.get("totalTaxSet") or nothing
    total = given.get("totalPriceSet") or summed([subtotal, freight, *([] if given.get("taxesIncluded") else [tax])], currency)
    number = given.get("number") or shop.next_order
    shop.next_order = max(shop.next_order, number + 1)
    status = given.get("displayFinancialStatus", "PAID")
    is_paid = status in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
    order: Record = {
        "__typename": "Order",
        "name": f"#{number}",
        "number": number,
        "createdAt": at,
        "updatedAt": at,
        "processedAt": given.get("createdAt") or at,
        "cancelledAt": None,
        "cancelReason": None,
        "closed": False,
        "closedAt": None,
        "confirmed": True,
        "confirmationNumber": None,
        "currencyCode": currency,
        "presentmentCurrencyCode": buyer,
        "displayFinancialStatus": status,
        "email": None,
        "phone": None,
        "note": None,
        "poNumber": None,
        "tags": [],
        "test": False,
        "edited": False,
        "customAttributes": [],
        "customer": None,
        "customerLocale": None,
        "shippingAddress": None,
        "billingAddress": None,
        "sourceName": "web",
        "sourceIdentifier": None,
        "taxesIncluded": False,
        "dutiesIncluded": False,
        "taxLines": [],
        "discountCodes": [],
        "paymentGatewayNames": [],
        "returnStatus": "NO_RETURN",
        "totalWeight": 0,
        "currentTotalDutiesSet": None,
        "originalTotalDutiesSet": None,
    }
    order |= dict.fromkeys(_NONE_SETS, nothing)
    order |= {
        "subtotalPriceSet": subtotal,
        "currentSubtotalPriceSet": subtotal,
        "totalShippingPriceSet": freight,
        "currentShippingPriceSet": freight,
        "totalTaxSet": tax,
        "currentTotalTaxSet": tax,
        "totalPriceSet": total,
        "originalTotalPriceSet": total,
        "currentTotalPriceSet": total,
        "totalReceivedSet": total if is_paid else nothing,
        "totalOutstandingSet": nothing if is_paid else total,
        "_shipping_lines": shipping,
        "_lines": made,
        "_fulfillment_orders": [],
        "_fulfillments": [],
        "_refunds": [],
        "_returns": [],
    }
    order |= {name: value for name, value in given.items() if value is not None}
    order.setdefault("id", shop.new_id("Order"))
    order.setdefault("statusPageUrl", f"https://{shop.domain}/{shop.number}/orders/{number_of(order['id']):x}/authenticate")
    shop.last_id = max(shop.last_id, number_of(order["id"]))
    shop.keep(order)
    refresh(shop, order)
    shop.index(order, order["updatedAt"])
    if routed:
        for line in order["_lines"]:
            goods.commit(shop, line, line["quantity"])
        shop.emit("ORDERS_CREATE", order)
        shop.emit("ORDERS_UPDATED", order)
        if status == "PAID":
            shop.emit("ORDERS_PAID", order)
        if shop.routing_delay > 0:
            shop.wait(shop.routing_delay, "route", order)
        else:
            route(shop, order)
    return order


def route(shop: Shop, order: Record) -> None:
    """Make the fulfillment orders, as order routing does some time after an order came in."""
    routing.route(shop, order)
    touch(shop, order, tell=())
    for one in order["_fulfillment_orders"]:
        shop.emit("FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE", one)


def settle(shop: Shop) -> None:
    """Do what was to be done later and is due."""
    now = shop.clock()
    if not shop.waiting or not any(at <= now for at, _, _ in shop.waiting):
        return
    due = [entry for entry in shop.waiting if entry[0] <= now]
    shop.waiting = [entry for entry in shop.waiting if entry[0] > now]
    for _, what, number in due:
        order = shop.orders.get(number)
        if order is None:
            continue
        if what == "route" and not order["_fulfillment_orders"]:
            route(shop, order)
        elif what == "ready":
            for one in order["_fulfillment_orders"]:
                if one["status"] == "SCHEDULED":
                    routing.reopen(one, shop.now())
                    shop.emit("FULFILLMENT_ORDERS_SCHEDULED_FULFILLMENT_ORDER_READY", one)
            touch(shop, order)


def refresh(shop: Shop, order: Record) -> None:
    """Work out again what follows from lines, fulfillment orders, fulfillments and refunds."""
    shipped: dict[str, int] = {}
    for fulfillment in order["_fulfillments"]:
        if fulfillment["status"] == "SUCCESS":
            for item in fulfillment["_items"]:
                shipped[item["_line"]] = shipped.get(item["_line"], 0) + item["quantity"]
    able: dict[str, int] = {}
    for one in order["_fulfillment_orders"]:
        one["supportedActions"] = routing.actions(one)
        if one["status"] in ("OPEN", "IN_PROGRESS", "SCHEDULED"):
            for item in one["_items"]:
                able[item["_line"]] = able.get(item["_line"], 0) + item["remainingQuantity"]
    left = done = 0
    for line in order["_lines"]:
        current = line["quantity"] - line["_removed"]
        fulfilled = min(shipped.get(line["id"], 0), line["quantity"])
        unfulfilled = max(0, line["quantity"] - line["_canceled"] - fulfilled)
        line["currentQuantity"] = current
        line["unfulfilledQuantity"] = unfulfilled
        line["fulfillableQuantity"] = able.get(line["id"], 0) if order["_fulfillment_orders"] else unfulfilled
        line["nonFulfillableQuantity"] = max(0, line["quantity"] - unfulfilled - fulfilled)
        line["refundableQuantity"] = max(0, current)
        line["fulfillmentStatus"] = "fulfilled" if not unfulfilled and fulfilled else "partial" if fulfilled else "unfulfilled"
        left += unfulfilled
        done += fulfilled
    order["displayFulfillmentStatus"] = _fulfillment_status(order, left, done)
    order["requiresShipping"] = any(line["requiresShipping"] for line in order["_lines"])
    order["fulfillable"] = bool(able)
    order["unpaid"] = shop_amount(order["totalOutstandingSet"]) > 0
    order["fullyPaid"] = not order["unpaid"]
    order["subtotalLineItemsQuantity"] = sum(line["quantity"] for line in order["_lines"])
    order["currentSubtotalLineItemsQuantity"] = sum(line["currentQuantity"] for line in order["_lines"])


def _fulfillment_status(order: Record, left: int, done: int) -> str:
    if done:
        return "PARTIALLY_FULFILLED" if left else "FULFILLED"
    statuses = {one["status"] for one in order["_fulfillment_orders"]} - {"CLOSED", "CANCELLED"}
    for status in ("IN_PROGRESS", "OPEN", "ON_HOLD", "SCHEDULED"):
        if status in statuses:
            return "UNFULFILLED" if status == "OPEN" else status
    return "UNFULFILLED"


def touch(shop: Shop, order: Record, *, tell: tuple[str, ...] = ("ORDERS_UPDATED",)) -> None:
    """Note that an order changed now, and tell subscriptions."""
    shop.keep(order)
    refresh(shop, order)
    shop.index(order, max(shop.now(), order["updatedAt"]))
    for topic in tell:
        shop.emit(topic, order)


def edit(
    shop: Shop, order: Record, *, quantities: dict[str, int], added: list[Record], address: Record | None, note: str | None
) -> None:
    """Change an order as staff does: lines to smaller quantities, new lines, another address, another note.

    As observed: a reduced line keeps its `quantity`, its fulfillment order shrinks; a new line gets a fulfillment order of its own.
    """
    for line in order["_lines"]:
        wanted = quantities.get(line["id"], quantities.get(line["sku"] or ""))
        if wanted is not None and wanted < line["currentQuantity"]:
            _remove(shop, order, line, line["currentQuantity"] - wanted)
            order["edited"] = True
    if added:
        lines = [new_line(shop, line) for line in added]
        order["_lines"] = [*order["_lines"], *lines]
        shop.keep(order)
        for line in lines:
            goods.commit(shop, line, line["quantity"])
        routing.route(shop, order, lines)
        total = summed([line["discountedTotalSet"] for line in lines], order["currencyCode"])
        order["currentTotalPriceSet"] = summed([order["currentTotalPriceSet"], total], order["currencyCode"])
        order["edited"] = True
    if address is not None:
        order["shippingAddress"] = (order["shippingAddress"] or {}) | address
        for one in order["_fulfillment_orders"]:
            if one["status"] not in ("CLOSED", "CANCELLED"):
                one["destination"] = routing.destination(shop, order)
    if note is not None:
        order["note"] = note
    is_edit = bool(added or quantities)
    touch(shop, order, tell=("ORDERS_EDITED", "ORDERS_UPDATED") if is_edit else ("ORDERS_UPDATED",))


def _remove(shop: Shop, order: Record, line: Record, units: int) -> None:
    """Take units that were not fulfilled off a line and off its fulfillment orders."""
    line["_removed"] += units
    left = min(units, line["unfulfilledQuantity"])
    line["_canceled"] += left
    goods.commit(shop, line, -left)
    for one in order["_fulfillment_orders"]:
        if one["status"] in ("CLOSED", "CANCELLED"):
            continue
        for item in one["_items"]:
            if item["_line"] == line["id"] and left:
                taken = min(left, item["remainingQuantity"])
                item["remainingQuantity"] -= taken
                item["totalQuantity"] -= taken
                left -= taken
        if not any(item["remainingQuantity"] for item in one["_items"]):
            one["status"] = "CLOSED"
        one["updatedAt"] = shop.now()
    price = scaled(line["originalUnitPriceSet"], units)
    order["currentTotalPriceSet"] = _less(order["currentTotalPriceSet"], price)
    order["currentSubtotalPriceSet"] = _less(order["currentSubtotalPriceSet"], price)


def refund(shop: Shop, order: Record, *, quantities: dict[str, int], restock: str = "CANCEL", note: str | None = None) -> Record:
    """Give money back for units; `restock` CANCEL takes unfulfilled ones out of the fulfillment orders, others do not."""
    items: list[Record] = []
    for line in order["_lines"]:
        units = min(quantities.get(line["id"], quantities.get(line["sku"] or "", 0)), line["refundableQuantity"])
        if units <= 0:
            continue
        if restock == "CANCEL":
            _remove(shop, order, line, units)
        else:
            line["_removed"] += units
        price = scaled(line["originalUnitPriceSet"], units)
        items.append(refund_item(shop, line, units, restock, price))
    total = summed([item["subtotalSet"] for item in items], order["currencyCode"], order["presentmentCurrencyCode"])
    made = new_refund(shop, items, total, note)
    order["_refunds"] = [*order["_refunds"], made]
    order["totalRefundedSet"] = summed([order["totalRefundedSet"], total], order["currencyCode"])
    is_whole = not any(line["quantity"] - line["_removed"] for line in order["_lines"])
    order["displayFinancialStatus"] = "REFUNDED" if is_whole else "PARTIALLY_REFUNDED"
    touch(shop, order)
    shop.emit("REFUNDS_CREATE", made)
    return made


def refund_item(shop: Shop, line: Record, units: int, restock: str, price: Record) -> Record:
    """One line of a refund. Its id is its own, not the line's."""
    return {
        "id": shop.new_id("RefundLineItem"),
        "_line": line["id"],
        "quantity": units,
        "restockType": restock,
        "restocked": restock != "NO_RESTOCK",
        "location": None,
        "priceSet": line["originalUnitPriceSet"],
        "subtotalSet": price,
        "totalTaxSet": scaled(price, 0),
    }


def new_refund(shop: Shop, items: list[Record], total: Record, note: str | None, at: str | None = None) -> Record:
    """A refund of these items."""
    at = at or shop.now()
    return {
        "__typename": "Refund",
        "id": shop.new_id("Refund"),
        "createdAt": at,
        "processedAt": at,
        "updatedAt": at,
        "note": note,
        "totalRefundedSet": total,
        "_items": items,
    }


def cancel(shop: Shop, order: Record, *, reason: str = "CUSTOMER", restock: bool = True) -> None:
    """Cancel an order: as observed its fulfillment orders are CLOSED with nothing left, and it is closed."""
    for one in order["_fulfillment_orders"]:
        if one["status"] in ("CLOSED", "CANCELLED"):
            continue
        one["status"] = "CLOSED"
        one["updatedAt"] = shop.now()
        one["_holds"] = []
        for item in one["_items"]:
            item["totalQuantity"] -= item["remainingQuantity"]
            item["remainingQuantity"] = 0
    items = []
    for line in order["_lines"]:
        units = line["unfulfilledQuantity"]
        line["_removed"] += min(units, line["currentQuantity"])
        line["_canceled"] += units
        goods.commit(shop, line, -units)
        if units and order["displayFinancialStatus"] in ("PAID", "PARTIALLY_REFUNDED", "PARTIALLY_PAID"):
            price = scaled(line["originalUnitPriceSet"], units)
            items.append(refund_item(shop, line, units, "CANCEL" if restock else "NO_RESTOCK", price))
    currency, buyer = order["currencyCode"], order["presentmentCurrencyCode"]
    nothing = bag(0, currency, 0, buyer)
    at = shop.now()
    order |= {"cancelledAt": at, "cancelReason": reason, "closed": True, "closedAt": at}
    order |= {"currentTotalPriceSet": nothing, "currentSubtotalPriceSet": nothing, "totalOutstandingSet": nothing}
    if order["displayFinancialStatus"] in ("PAID", "PARTIALLY_REFUNDED", "PARTIALLY_PAID"):
        order["displayFinancialStatus"] = "REFUNDED"
        order["totalRefundedSet"] = order["totalReceivedSet"]
        order["_refunds"] = [*order["_refunds"], new_refund(shop, items, order["totalReceivedSet"], None)]
    elif order["displayFinancialStatus"] in ("PENDING", "AUTHORIZED"):
        order["displayFinancialStatus"] = "VOIDED"
    touch(shop, order, tell=("ORDERS_CANCELLED", "ORDERS_UPDATED"))


def close(shop: Shop, order: Record, is_closed: bool) -> None:
    """Archive an order or take it out again; repeating it changes nothing."""
    if order["closed"] != is_closed:
        order["closed"] = is_closed
        order["closedAt"] = shop.now() if is_closed else None
        touch(shop, order)


def is_within_days(order: Record, shop: Shop, days: int) -> bool:
    """Whether an order is so young that an app without read_all_orders sees it."""
    made = read_moment(order["createdAt"])
    return made is not None and made >= shop.clock() - timedelta(days=days)


def later(shop: Shop, days: float) -> str:
    """A moment some days from now."""
    return moment(shop.clock() + timedelta(days=days))


Arguments = dict[str, Any]
