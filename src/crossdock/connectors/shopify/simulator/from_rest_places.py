"""REST locations and fulfillment orders as state."""

from __future__ import annotations

from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.inputs import address
from crossdock.connectors.shopify.simulator.places import country_code, region_code
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.unfit import Unfit
from crossdock.connectors.shopify.simulator.values import Record, gid, moment, read_moment


def load_location(shop: Shop, given: Record) -> None:
    """Take in a location under its own id."""
    code = given.get("country_code") or country_code(given.get("country")) or given.get("country")
    place = shop.add_location(
        given.get("name") or "Location",
        address={
            "address1": given.get("address1"),
            "address2": given.get("address2"),
            "city": given.get("city"),
            "zip": given.get("zip"),
            "province": given.get("province"),
            "provinceCode": given.get("province_code"),
            "country": given.get("country_name") or given.get("country"),
            "countryCode": code,
            "phone": given.get("phone"),
        },
    )
    shop.locations.pop(place["id"])
    place["id"] = gid("Location", given["id"])
    place["isActive"] = given.get("active") is not False
    shop.locations[place["id"]] = place


def load_fulfillment_order(shop: Shop, given: Record) -> None:
    """Take in a fulfillment order; its order is made from it when it is not there. Raises Unfit."""
    number = given.get("order_id")
    if not isinstance(number, int):
        raise Unfit("order_id", "The fulfillment order names no order.")
    rows = [row for row in given.get("line_items") or [] if isinstance(row, dict)]
    order = shop.orders.get(number) or _order_for(shop, given, number, rows)
    assigned = given.get("assigned_location") or {}
    place_number = assigned.get("location_id") or given.get("assigned_location_id")
    place_id = gid("Location", place_number) if place_number else shop.location(None)["id"]
    if place_id not in shop.locations:
        load_location(shop, assigned | {"id": place_number})
    one = routing.new_fulfillment_order(shop, order, shop.locations[place_id])
    one |= {
        "id": gid("FulfillmentOrder", given["id"]),
        "status": str(given.get("status") or "open").upper(),
        "requestStatus": str(given.get("request_status") or "unsubmitted").upper(),
        "_holds": [
            {
                "__typename": "FulfillmentHold",
                "id": shop.new_id("FulfillmentHold"),
                "reason": str(held.get("reason") or "other").upper(),
                "reasonNotes": held.get("reason_notes"),
                "displayReason": routing.HOLD_REASONS.get(str(held.get("reason") or "other").upper(), "Other"),
                "handle": "",
                "heldByRequestingApp": False,
            }
            for held in given.get("fulfillment_holds") or []
        ],
    }
    if (duties := given.get("international_duties")) and duties.get("incoterm"):
        one["internationalDuties"] = {"incoterm": duties["incoterm"]}
    if kind := (given.get("delivery_method") or {}).get("method_type"):
        one["deliveryMethod"]["methodType"] = str(kind).upper()
    for name, field in (("fulfill_at", "fulfillAt"), ("fulfill_by", "fulfillBy")):
        if at := read_moment(given.get(name)):
            one[field] = moment(at)
    for row in rows:
        line = shop.lines.get(gid("LineItem", row.get("line_item_id") or 0))
        if line is not None:
            item = routing.new_item(shop, line, row.get("quantity") or 0)
            item["id"] = gid("FulfillmentOrderLineItem", row["id"]) if row.get("id") else item["id"]
            item["remainingQuantity"] = row.get("fulfillable_quantity", row.get("quantity") or 0)
            one["_items"].append(item)
    named = {item["_line"] for item in one["_items"]}
    # It stands for what routing would have made of the same lines.
    for other in order["_fulfillment_orders"]:
        if other["status"] not in routing.FINAL:
            other["_items"] = [item for item in other["_items"] if item["_line"] not in named]
    order["_fulfillment_orders"] = [
        other for other in order["_fulfillment_orders"] if other["_items"] or other["status"] in routing.FINAL
    ] + [one]
    orders.touch(shop, order, tell=())


def _order_for(shop: Shop, given: Record, number: int, rows: list[Record]) -> Record:
    to = given.get("destination") or {}
    country = country_code(to.get("country"))
    place = {
        "firstName": to.get("first_name"),
        "lastName": to.get("last_name"),
        "company": to.get("company"),
        "address1": to.get("address1"),
        "address2": to.get("address2"),
        "city": to.get("city"),
        "province": to.get("province"),
        "provinceCode": region_code(country, to.get("province")),
        "zip": to.get("zip"),
        "country": to.get("country"),
        "countryCode": country,
        "phone": to.get("phone"),
    }
    lines = [
        {"id": gid("LineItem", row["line_item_id"]), "title": f"Line {row['line_item_id']}", "quantity": row.get("quantity") or 0}
        for row in rows
        if row.get("line_item_id")
    ]
    fields = {
        "id": gid("Order", number),
        "name": f"#{number}",
        "number": number,
        "email": to.get("email"),
        "shippingAddress": address(shop, place) if to else None,
    }
    return orders.place(shop, fields, lines, routed=False)
