"""What we never ask ourselves and other clients do: orders entered by API, single records, relative adjustments."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from crossdock.connectors.bigcommerce.simulator import making, shaping
from crossdock.connectors.bigcommerce.simulator.answers import Call, Refused, json_of
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.v3 import MOST_ITEMS, MOST_STOCK, problem_of, set_on_hand, target_of
from crossdock.connectors.bigcommerce.statuses import NAMES, PENDING

_ADDRESS = frozenset(making.HOME) | {"form_fields", "shipping_method"}
_TAKEN = frozenset({"customer_message", "staff_notes", "external_order_id", "payment_method"})


async def create_order(call: Call) -> web.Response:
    """`POST /orders`: the way partners fill their sandbox stores. Without a status it is Pending."""
    body = await call.body()
    products = body.get("products")
    if not isinstance(products, list) or not products:
        raise Refused(400, "The required field 'products' was not supplied.")
    if not isinstance(body.get("billing_address"), dict):
        raise Refused(400, "The required field 'billing_address' was not supplied.")
    status = body.get("status_id", PENDING)
    if status not in NAMES:
        raise Refused(400, "The field 'status_id' is invalid.")
    store = call.store
    store.last_order += 1
    billing = body["billing_address"]
    given: Record = {name: value for name, value in body.items() if name in _TAKEN}
    order = making.order(store.last_order, store.now(), billing, {"currency": store.currency, "order_source": "manual", **given})
    places = body.get("shipping_addresses") or [billing]
    for place in places:
        known = {name: value for name, value in place.items() if name in _ADDRESS}
        order["_addresses"].append(making.address(store.new_id(), order["id"], known, known.get("shipping_method", "None")))
    for one in products:
        order["_lines"].append(making.line(store.new_id(), order["id"], order["_addresses"][0]["id"], _line(call, one)))
    making.sum_up(order, body.get("shipping_cost_ex_tax", "0"))
    store.orders[order["id"]] = order
    store.on_event(store, "store/order/created", {"type": "order", "id": order["id"]})
    store.set_status(order, status)
    return json_of(shaping.order(store, order, call.address, frozenset(), as_object=True))


def _line(call: Call, one: Record) -> Record:
    """A line of a catalog product by its id, or of one that is in no catalog."""
    if "product_id" not in one:
        for name in ("name", "quantity", "price_ex_tax", "price_inc_tax"):
            if name not in one:
                raise Refused(400, f"The required field '{name}' was not supplied.")
        tax = float(one["price_inc_tax"]) - float(one["price_ex_tax"])
        return {
            "sku": one.get("sku", ""),
            "title": one["name"],
            "quantity": one["quantity"],
            "price": one["price_ex_tax"],
            "tax": round(tax, 4),
        }
    product = call.store.products.get(one["product_id"])
    if product is None:
        raise Refused(400, "The field 'product_id' is invalid.")
    variants = product["_variants"]
    variant = next((row for row in variants if row["id"] == one.get("variant_id", variants[0]["id"])), variants[0])
    return {
        "sku": variant["sku"],
        "title": product["name"],
        "quantity": one.get("quantity", 1),
        "price": product["price"],
        "product_id": product["id"],
        "variant_id": variant["id"],
    }


async def status(call: Call) -> web.Response:
    """`GET /order_statuses/{id}`."""
    key = call.path("status_id")
    if key not in NAMES:
        raise LookupError(key)
    label = call.store.labels[key]
    return json_of({"id": key, "name": NAMES[key], "system_label": NAMES[key], "custom_label": label, "system_description": ""})


async def product(call: Call) -> web.Response:
    """`GET /orders/{id}/products/{id}`."""
    return json_of(call.store.line(call.store.order(call.path("order_id")), call.path("line_id")))


async def address(call: Call) -> web.Response:
    """`GET /orders/{id}/shipping_addresses/{id}`."""
    order, place = _place(call)
    return json_of(shaping.shipping_address(order, place, f"{call.address}/orders/{order['id']}"))


async def change_address(call: Call) -> web.Response:
    """`PUT /orders/{id}/shipping_addresses/{id}`."""
    (order, place), body = _place(call), await call.body()
    for name in body:
        if name not in _ADDRESS:
            raise Refused(
                400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
            )
    place |= body
    call.store.touched(order)
    return json_of(shaping.shipping_address(order, place, f"{call.address}/orders/{order['id']}"))


def _place(call: Call) -> tuple[Record, Record]:
    order, wanted = call.store.order(call.path("order_id")), call.path("address_id")
    for place in order["_addresses"]:
        if place["id"] == wanted:
            return order, place
    raise LookupError(wanted)


async def consignments(call: Call) -> web.Response:
    """`GET /orders/{id}/consignments`."""
    order = call.store.order(call.path("order_id"))
    with_lines = "consignments.line_items" in call.request.query.get("include", "")
    whole = shaping.consignments(call.store, order, f"{call.address}/orders/{order['id']}", with_lines=with_lines)
    return json_of(whole)


async def shipment_count(call: Call) -> web.Response:
    """`GET /orders/{id}/shipments/count`."""
    return json_of({"count": len(call.store.order(call.path("order_id"))["_shipments"])})


async def take_all_back(call: Call) -> web.Response:
    """`DELETE /orders/{id}/shipments`: the order stays Shipped."""
    order = call.store.order(call.path("order_id"))
    for one in list(order["_shipments"]):
        call.store.unship(order, one)
    return web.Response(status=204)


async def adjust_relative(call: Call) -> web.Response:
    """`POST /inventory/adjustments/relative`: only where an absolute figure was set before, and not below zero."""
    rows: list[Any] = (await call.body()).get("items") or []
    if not rows or len(rows) > MOST_ITEMS:
        raise Refused(422, f"Between 1 and {MOST_ITEMS} items are taken.", {"items": "wrong number"})
    changes = []
    for row in rows:
        problem = problem_of(call.store, {**row, "quantity": abs(row.get("quantity", 0))})
        target = target_of(call.store, row)
        if problem is not None or target is None:
            raise Refused(422, problem or "An item was not found", {"items": "invalid"})
        place = str(row["location_id"])
        if place not in target["_levels"]:
            by = f"variant_id {target['id']}"
            raise Refused(422, f"Items with identity: [{by}] requires absolute adjustment before relative", {"items": "invalid"})
        on_hand, safety = target["_levels"][place]
        if not safety <= on_hand + row["quantity"] <= MOST_STOCK:
            raise Refused(422, "Insufficient stock", {"items": "insufficient"})
        changes.append((target, place, on_hand + row["quantity"]))
    for target, place, quantity in changes:
        set_on_hand(call.store, target, place, quantity)
    return json_of({"transaction_id": f"txn-{call.store.new_id()}"})


async def hook(call: Call) -> web.Response:
    """`GET /hooks/{id}`."""
    record = call.store.hooks.get(call.path("hook_id"))
    if record is None or record["client_id"] != call.token.client_id:
        raise LookupError("no such hook")
    return json_of({"data": record, "meta": {}})
