"""Version 2: orders with what belongs to them, shipments, statuses, the store itself."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import web

from crossdock.connectors.bigcommerce.simulator import shaping
from crossdock.connectors.bigcommerce.simulator.answers import Call, Refused, json_of, listed
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.statuses import NAMES
from crossdock.connectors.kit.simulator import Faults

_SORTS = {
    "id": "id",
    "date_created": "_created",
    "date_modified": "_modified",
    "status_id": "status_id",
    "customer_id": "customer_id",
}
_WRITABLE = frozenset({"status_id", "staff_notes", "customer_message", "external_order_id", "products", "payment_method"})
_LONGEST_NUMBER = 50


class V2:
    """Handlers of version 2; `troubles` may spoil pages of the list."""

    def __init__(self, troubles: Faults) -> None:
        self.troubles = troubles

    async def store(self, call: Call) -> web.Response:
        """`GET /store`."""
        return json_of(shaping.store_information(call.store))

    async def time(self, call: Call) -> web.Response:
        """`GET /time`."""
        return json_of({"time": call.store.now()})

    async def statuses(self, call: Call) -> web.Response:
        """`GET /order_statuses`."""
        rows = [
            {"id": key, "name": name, "system_label": name, "custom_label": call.store.labels[key], "system_description": ""}
            for key, name in NAMES.items()
        ]
        return json_of(rows)

    async def count(self, call: Call) -> web.Response:
        """`GET /orders/count`."""
        orders = [one for one in call.store.orders.values() if not one["is_deleted"]]
        rows = [
            {
                "id": key,
                "name": name,
                "system_label": name,
                "custom_label": call.store.labels[key],
                "count": sum(1 for one in orders if one["status_id"] == key),
                "sort_order": key,
            }
            for key, name in NAMES.items()
        ]
        return json_of({"statuses": rows, "count": len(orders)})

    async def orders(self, call: Call) -> web.Response:
        """`GET /orders`: by number of page over a list that moves, and without archived orders."""
        asked = call.request.query
        page, limit = call.page()
        rows = [one for one in call.store.orders.values() if one["is_deleted"] == (asked.get("is_deleted") == "true")]
        for name, field in (("date_created", "_created"), ("date_modified", "_modified")):
            low, high = _moment(asked.get(f"min_{name}")), _moment(asked.get(f"max_{name}"))
            rows = [one for one in rows if (low is None or one[field] >= low) and (high is None or one[field] <= high)]
        low_id, high_id = _int(asked.get("min_id"), "min_id"), _int(asked.get("max_id"), "max_id")
        rows = [one for one in rows if (low_id is None or one["id"] >= low_id) and (high_id is None or one["id"] <= high_id)]
        for name in ("status_id", "customer_id", "channel_id"):
            if (wanted := _int(asked.get(name), name)) is not None:
                rows = [one for one in rows if one[name] == wanted]
        if "external_order_id" in asked:
            rows = [one for one in rows if one["external_order_id"] == asked["external_order_id"]]
        field, _, direction = asked.get("sort", "id:asc").partition(":")
        if field not in _SORTS or direction not in ("asc", "desc", ""):
            raise Refused(400, "The field 'sort' is invalid.")
        # Ties are in no order that is promised.
        rows.sort(key=lambda one: (one[_SORTS[field]], -one["id"] if field != "id" else 0), reverse=direction == "desc")
        part = rows[(page - 1) * limit : page * limit]
        if part and self.troubles.has_duplicate_pages:
            first = _SORTS[field]
            before = [one for one in call.store.orders.values() if one[first] < part[0][first] and not one["is_deleted"]]
            part = [*before[-1:], *part]
        if self.troubles.has_reordered_pages:
            part = part[::-1]
        return listed([self._shown(call, one) for one in part])

    async def order(self, call: Call) -> web.Response:
        """`GET /orders/{id}`: archived ones too."""
        return json_of(self._shown(call, call.store.order(call.path("order_id"))))

    async def change(self, call: Call) -> web.Response:
        """`PUT /orders/{id}`: what is named is changed; a whole order sent back is refused."""
        order, body = call.store.order(call.path("order_id")), await call.body()
        for name in body:
            if name not in _WRITABLE:
                raise Refused(
                    400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
                )
        status_id = body.pop("status_id", None)
        if status_id is not None and status_id not in NAMES:
            raise Refused(400, "The field 'status_id' is invalid.")
        for asked in body.pop("products", []):
            line = call.store.line(order, asked.get("id", 0))
            # Whatever changes of a line, its discounts are gone.
            line["applied_discounts"] = []
            line["quantity"] = asked.get("quantity", line["quantity"])
        order["_lines"] = [one for one in order["_lines"] if one["quantity"] > 0]
        if body:
            order |= body
        if status_id is not None:
            call.store.set_status(order, status_id)
        call.store.touched(order)
        return json_of(self._shown(call, order))

    async def archive(self, call: Call) -> web.Response:
        """`DELETE /orders/{id}`."""
        order = call.store.order(call.path("order_id"))
        order["is_deleted"] = True
        call.store.touched(order, "store/order/archived")
        return web.Response(status=204)

    async def products(self, call: Call) -> web.Response:
        """`GET /orders/{id}/products`: fifty unless more are asked for."""
        return self._part(call, call.store.order(call.path("order_id"))["_lines"])

    async def addresses(self, call: Call) -> web.Response:
        """`GET /orders/{id}/shipping_addresses`."""
        order = call.store.order(call.path("order_id"))
        address = f"{call.address}/orders/{order['id']}"
        return self._part(call, [shaping.shipping_address(order, place, address) for place in order["_addresses"]])

    async def coupons(self, call: Call) -> web.Response:
        """`GET /orders/{id}/coupons`."""
        return self._part(call, call.store.order(call.path("order_id"))["_coupons"])

    async def nothing(self, call: Call) -> web.Response:
        """Messages, taxes and fees: none."""
        call.store.order(call.path("order_id"))
        return listed([])

    async def shipments(self, call: Call) -> web.Response:
        """`GET /orders/{id}/shipments`."""
        order = call.store.order(call.path("order_id"))
        return self._part(call, [shaping.shipment(order, one) for one in order["_shipments"]])

    async def shipment(self, call: Call) -> web.Response:
        """`GET /orders/{id}/shipments/{id}`."""
        order, one = self._named(call)
        return json_of(shaping.shipment(order, one))

    async def ship(self, call: Call) -> web.Response:
        """`POST /orders/{id}/shipments`: again and again, if one asks again and again."""
        order, body = call.store.order(call.path("order_id")), await call.body()
        _check_fields(body, {"order_address_id", "items"})
        places = {place["id"] for place in order["_addresses"]}
        if body.get("order_address_id") not in places:
            raise Refused(400, "The field 'order_address_id' is invalid.")
        wanted: dict[int, int] = {}
        for item in body.get("items") or []:
            if set(item) - {"order_product_id", "quantity"}:
                field = sorted(set(item) - {"order_product_id", "quantity"})[0]
                raise Refused(
                    400, f"The field '{field}' cannot be written to. Please remove it from your request before trying again."
                )
            wanted[item.get("order_product_id")] = wanted.get(item.get("order_product_id"), 0) + item.get("quantity", 0)
        if not wanted:
            raise Refused(400, "The field 'items' is required.")
        for line_id, units in wanted.items():
            line = next((one for one in order["_lines"] if one["id"] == line_id), None)
            if line is None or line["order_address_id"] != body["order_address_id"]:
                raise Refused(400, f"The field 'items' is invalid: order product {line_id} does not belong to this address.")
            if not isinstance(units, int) or not 0 < units <= line["quantity"] - line["quantity_shipped"]:
                raise Refused(
                    400, f"The quantity specified for order product {line_id} is greater than the quantity left to ship."
                )
        return json_of(shaping.shipment(order, call.store.ship(order, body)), 201)

    async def correct(self, call: Call) -> web.Response:
        """`PUT /orders/{id}/shipments/{id}`: everything but the items."""
        order, one = self._named(call)
        body = await call.body()
        _check_fields(body, {"order_address_id"})
        one |= body
        call.store.touched(order)
        call.store.on_event(call.store, "store/shipment/updated", {"type": "shipment", "id": one["id"], "orderId": order["id"]})
        return json_of(shaping.shipment(order, one))

    async def take_back(self, call: Call) -> web.Response:
        """`DELETE /orders/{id}/shipments/{id}`: the order stays Shipped."""
        order, one = self._named(call)
        call.store.unship(order, one)
        return web.Response(status=204)

    def _shown(self, call: Call, order: Record) -> Record:
        asked = call.request.query
        includes = frozenset(part.strip() for part in asked.get("include", "").split(",") if part.strip())
        return shaping.order(call.store, order, call.address, includes, as_object=asked.get("consignment_structure") == "object")

    def _part(self, call: Call, rows: list[Any]) -> web.Response:
        page, limit = call.page()
        return listed(rows[(page - 1) * limit : page * limit])

    def _named(self, call: Call) -> tuple[Record, Record]:
        order, wanted = call.store.order(call.path("order_id")), call.path("shipment_id")
        for one in order["_shipments"]:
            if one["id"] == wanted:
                return order, one
        raise LookupError(wanted)


_FIELDS = {
    "tracking_number",
    "tracking_link",
    "merchant_shipping_cost",
    "shipping_method",
    "shipping_provider",
    "tracking_carrier",
    "comments",
}


def _check_fields(body: Record, more: set[str]) -> None:
    for name in body:
        if name not in _FIELDS | more:
            raise Refused(
                400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
            )
    if len(body.get("tracking_number") or "") > _LONGEST_NUMBER:
        raise Refused(400, "The field 'tracking_number' is invalid: it may have 50 characters at most.")


def _moment(value: str | None) -> float | None:
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise Refused(400, "A date is invalid.") from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def _int(value: str | None, name: str) -> int | None:
    if value is None:
        return None
    if not value.isdigit():
        raise Refused(400, f"The field '{name}' is invalid.")
    return int(value)
