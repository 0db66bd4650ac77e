"""GraphQL records as state: recorded answers ask for few fields, so what they leave out is filled in and named."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.from_graphql_returns import load_returns
from crossdock.connectors.shopify.simulator.inputs import address, shipping_line
from crossdock.connectors.shopify.simulator.inputs import variant as known_variant
from crossdock.connectors.shopify.simulator.schema import schema
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.unfit import Unfit
from crossdock.connectors.shopify.simulator.values import Record, bag, gid, kind_of, number_of

_ASKED = ("createdAt", "updatedAt", "name", "currencyCode", "totalPriceSet", "lineItems")
_BELOW = frozenset({"lineItems", "fulfillmentOrders", "fulfillments", "refunds", "shippingLines", "shippingLine", "returns"})


def load_graphql_order(shop: Shop, given: Record) -> tuple[str, frozenset[str]]:
    """Take in one order; its global id, and the fields the payload did not have. Raises Unfit."""
    number = number_of(given["id"])
    if not number:
        raise Unfit("id", "The order's id has no number.")
    old = shop.orders.get(number)
    if old is not None:
        shop.forget(old)
    said = given.get("currencyCode") or _currency_in(given)
    missing = frozenset(name for name in _ASKED if given.get(name) is None)
    missing = missing - {"currencyCode"} if said else missing
    currency = said or shop.currency
    fields = {name: _value(shop, name, value, currency) for name, value in given.items() if name in _known() - _BELOW}
    name = given.get("name")
    digits = "".join(character for character in str(name or "") if character.isdigit())
    fields |= {
        "currencyCode": currency,
        "presentmentCurrencyCode": given.get("presentmentCurrencyCode") or currency,
        "number": given.get("number") or int(digits[-9:] or 0) or number % 100_000,
        "name": name or f"#{number}",
        "_shipping_lines": _shipping_lines(shop, given, currency),
    }
    if given.get("cancelledAt") and "closed" not in given:
        fields["closed"] = True
    lines = [_line(shop, line, currency) for line in _nodes(given.get("lineItems"))]
    parts = _nodes(given.get("fulfillmentOrders"))
    known = {line["id"] for line in lines}
    for part in parts:
        for item in _nodes(part.get("lineItems")):
            line = item.get("lineItem")
            if not isinstance(line, dict) or not line.get("id"):
                # Asked without its line: one is made up, so that its units have something to belong to.
                line = item["lineItem"] = {"id": shop.new_id("LineItem"), "title": "Item"}
            if isinstance(line, dict) and line.get("id") and line["id"] not in known:
                known.add(line["id"])
                lines.append(_line(shop, {"quantity": item.get("totalQuantity") or 0} | line, currency))
    order = orders.place(shop, fields, lines, routed=False)
    for field in ("displayFinancialStatus", "cancelReason"):
        order[field] = given.get(field)
    if "fulfillmentOrders" in given:
        order["_fulfillment_orders"] = [_part(shop, order, part) for part in parts]
        # What no fulfillment order names any more was taken off or has left.
        shop.keep(order)
    elif not given.get("cancelledAt"):
        routing.route(shop, order, [line for line in order["_lines"] if line["quantity"] > line["_canceled"]])
    _fulfillments(shop, order, given)
    _refunds(shop, order, given, currency)
    load_returns(shop, order, _nodes(given.get("returns")))
    shop.keep(order)
    orders.refresh(shop, order)
    for field in ("displayFulfillmentStatus",):
        if given.get(field):
            order[field] = given[field]
    shop.index(order, given.get("updatedAt") or order["createdAt"])
    return order["id"], missing


def _known() -> set[str]:
    fields: dict[str, Any] = schema().type_map["Order"].fields  # type: ignore[attr-defined]
    return set(fields)


def _nodes(value: Any) -> list[Record]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, dict)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("edges"), list):
        return [edge["node"] for edge in value["edges"] if isinstance(edge, dict) and isinstance(edge.get("node"), dict)]
    return [one for one in value.get("nodes") or [] if isinstance(one, dict)]


def _currency_in(given: Record) -> str | None:
    for name, value in given.items():
        if name.endswith("Set") and isinstance(value, dict):
            code = (value.get("shopMoney") or {}).get("currencyCode")
            if isinstance(code, str):
                return code
    return None


def _value(shop: Shop, name: str, value: Any, currency: str) -> Any:
    if value is None:
        return None
    if name.endswith("Set") and isinstance(value, dict):
        return _bag(value, currency)
    if name in ("shippingAddress", "billingAddress", "displayAddress"):
        return _address(shop, value)
    if name == "customer":
        return _customer(shop, value)
    return value


def _bag(value: Record, currency: str) -> Record:
    shop = value.get("shopMoney") or value.get("presentmentMoney") or {"amount": "0"}
    other = value.get("presentmentMoney") or shop
    return bag(
        shop.get("amount") or "0",
        shop.get("currencyCode") or currency,
        other.get("amount") or "0",
        other.get("currencyCode") or currency,
    )


def _address(shop: Shop, value: Record) -> Record | None:
    code = value.get("countryCodeV2") or value.get("countryCode")
    return address(shop, value | {"countryCode": code})


def _customer(shop: Shop, value: Record) -> Record:
    email = value.get("email") or (value.get("defaultEmailAddress") or {}).get("emailAddress")
    first, last = value.get("firstName"), value.get("lastName")
    return {
        "__typename": "Customer",
        "id": value.get("id") or shop.new_id("Customer"),
        "firstName": first,
        "lastName": last,
        "displayName": value.get("displayName") or " ".join(part for part in (first, last) if part),
        "email": email,
        "phone": value.get("phone"),
        "defaultEmailAddress": {"emailAddress": email, "validFormat": True} if email else None,
        "defaultPhoneNumber": None,
        "defaultAddress": None,
        "note": None,
        "tags": [],
        "locale": "en",
        "taxExempt": False,
        "verifiedEmail": True,
        "createdAt": shop.now(),
        "updatedAt": shop.now(),
    }


def _shipping_lines(shop: Shop, given: Record, currency: str) -> list[Record]:
    found = _nodes(given.get("shippingLines"))
    if not found and isinstance(given.get("shippingLine"), dict):
        found = [given["shippingLine"]]
    return [
        shipping_line(
            shop,
            one.get("title") or "",
            _bag(one.get("originalPriceSet") or one.get("discountedPriceSet") or {}, currency),
            code=one.get("code"),
            source=one.get("source"),
            carrier=one.get("carrierIdentifier"),
        )
        | {"isRemoved": bool(one.get("isRemoved"))}
        for one in found
    ]


def _line(shop: Shop, given: Record, currency: str) -> Record:
    quantity = given.get("quantity")
    if not isinstance(quantity, int):
        quantity = given.get("currentQuantity") or given.get("unfulfilledQuantity") or 0
    current = given.get("currentQuantity")
    left = given.get("unfulfilledQuantity", given.get("fulfillableQuantity"))
    plain = ("id", "title", "name", "sku", "variantTitle", "vendor", "customAttributes", "weight", "lineItemGroup")
    line = {name: given[name] for name in plain if given.get(name) is not None}
    line.setdefault("id", shop.new_id("LineItem"))
    if kind_of(line["id"]) is None:
        line["id"] = gid("LineItem", line["id"])
    price = given.get("originalUnitPriceSet")
    variant = given.get("variant")
    return line | {
        "quantity": quantity,
        "requiresShipping": given.get("requiresShipping") is not False,
        "isGiftCard": bool(given.get("isGiftCard")),
        "taxable": given.get("taxable") is not False,
        "originalUnitPriceSet": _bag(price, currency) if price else None,
        "taxLines": [_tax(one, currency) for one in given.get("taxLines") or []],
        "discountAllocations": [
            {"allocatedAmountSet": _bag(one["allocatedAmountSet"], currency)}
            for one in given.get("discountAllocations") or []
            if one.get("allocatedAmountSet")
        ],
        "variant": known_variant(shop, variant.get("sku") or given.get("sku"), number=number_of(variant["id"]))
        if isinstance(variant, dict) and variant.get("id")
        else None,
        "_removed": quantity - current if isinstance(current, int) else 0,
        "_canceled": quantity - left if isinstance(left, int) and left < quantity else 0,
    }


def _tax(given: Record, currency: str) -> Record:
    return {
        "title": given.get("title") or "",
        "rate": given.get("rate"),
        "ratePercentage": given.get("ratePercentage"),
        "priceSet": _bag(given.get("priceSet") or {}, currency),
        "source": given.get("source"),
        "channelLiable": given.get("channelLiable"),
    }


def _part(shop: Shop, order: Record, given: Record) -> Record:
    """A fulfillment order with the location, state and lines it was recorded with."""
    assigned = given.get("assignedLocation") or {}
    place = assigned.get("location") or {}
    known = shop.locations.get(place.get("id") or "")
    if known is None and (place.get("id") or assigned.get("name")):
        known = next((one for one in shop.locations.values() if one["name"] == assigned.get("name")), None)
        if known is None:
            known = shop.add_location(assigned.get("name") or place.get("name") or "Location")
            if place.get("id"):
                shop.locations.pop(known["id"])
                known["id"] = place["id"]
                shop.locations[known["id"]] = known
    one = routing.new_fulfillment_order(shop, order, known or shop.location(None))
    for name in ("id", "status", "requestStatus", "createdAt", "updatedAt", "fulfillAt", "fulfillBy"):
        if given.get(name):
            one[name] = given[name]
    if (given.get("deliveryMethod") or {}).get("methodType"):
        one["deliveryMethod"]["methodType"] = given["deliveryMethod"]["methodType"]
    one["_holds"] = [
        {
            "__typename": "FulfillmentHold",
            "id": shop.new_id("FulfillmentHold"),
            "reason": "OTHER",
            "reasonNotes": None,
            "displayReason": "Other",
            "handle": "",
            "heldByRequestingApp": False,
        }
        | held
        for held in given.get("fulfillmentHolds") or []
    ]
    for row in _nodes(given.get("lineItems")):
        line_id = (row.get("lineItem") or {}).get("id")
        if line_id not in shop.lines:
            continue
        total: int = row.get("totalQuantity") or row.get("remainingQuantity") or 0
        item = routing.new_item(shop, shop.lines[line_id], total)
        item["id"] = row.get("id") or item["id"]
        item["remainingQuantity"] = row.get("remainingQuantity", total)
        one["_items"].append(item)
    # In progress with nothing gone yet: somebody said that work has begun.
    is_part = any(item["remainingQuantity"] < item["totalQuantity"] for item in one["_items"])
    one["_progress"] = one["status"] == "IN_PROGRESS" and one["requestStatus"] == "UNSUBMITTED" and not is_part
    return one


def _fulfillments(shop: Shop, order: Record, given: Record) -> None:
    known = {line["id"] for line in order["_lines"]}
    for one in _nodes(given.get("fulfillments")):
        rows = _nodes(one.get("fulfillmentLineItems"))
        items = [
            {
                "__typename": "FulfillmentLineItem",
                "id": row.get("id") or shop.new_id("FulfillmentLineItem"),
                "_line": row["lineItem"]["id"],
                "quantity": row.get("quantity") or 0,
            }
            for row in rows
            if (row.get("lineItem") or {}).get("id") in known
        ]
        at = one.get("createdAt") or order["createdAt"]
        order["_fulfillments"] = [
            *order["_fulfillments"],
            {
                "__typename": "Fulfillment",
                "id": one.get("id") or shop.new_id("Fulfillment"),
                "name": one.get("name") or f"{order['name']}.{len(order['_fulfillments']) + 1}",
                "status": one.get("status") or "SUCCESS",
                "displayStatus": one.get("displayStatus") or "FULFILLED",
                "createdAt": at,
                "updatedAt": one.get("updatedAt") or at,
                "deliveredAt": None,
                "estimatedDeliveryAt": None,
                "inTransitAt": None,
                "requiresShipping": True,
                "totalQuantity": sum(item["quantity"] for item in items),
                "originAddress": None,
                "trackingInfo": [
                    {"number": info.get("number"), "company": info.get("company"), "url": info.get("url")}
                    for info in one.get("trackingInfo") or []
                ],
                "_items": items,
                "_location": shop.location(None)["id"],
                "_from": [],
            },
        ]


def _refunds(shop: Shop, order: Record, given: Record, currency: str) -> None:
    for one in _nodes(given.get("refunds")):
        items = []
        for row in _nodes(one.get("refundLineItems")):
            line = shop.lines.get((row.get("lineItem") or {}).get("id") or "")
            if line is None:
                continue
            price = _bag(row.get("subtotalSet") or {}, currency)
            item = orders.refund_item(shop, line, row.get("quantity") or 0, row.get("restockType") or "NO_RESTOCK", price)
            for name in ("id", "restocked"):
                if row.get(name) is not None:
                    item[name] = row[name]
            items.append(item)
        total = _bag(one.get("totalRefundedSet") or {}, currency)
        made = orders.new_refund(shop, items, total, one.get("note"), one.get("createdAt"))
        made["id"] = one.get("id") or made["id"]
        order["_refunds"] = [*order["_refunds"], made]
