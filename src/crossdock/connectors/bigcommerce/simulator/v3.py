"""Version 3: catalog, stock, locations, refunds and webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web

from crossdock.connectors.bigcommerce.simulator import shaping
from crossdock.connectors.bigcommerce.simulator.answers import Call, Refused, json_of
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.state import Store

MOST_ITEMS = 2_000
MOST_STOCK = 2_147_483_647
MOST_HOOKS = 10
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class V3:
    """Handlers of version 3."""

    async def products(self, call: Call) -> web.Response:
        """`GET /catalog/products`."""
        asked = call.request.query
        page, limit = call.page()
        rows = sorted(call.store.products.values(), key=lambda one: one["id"])
        if "id:in" in asked:
            wanted = _ids(asked["id:in"])
            rows = [one for one in rows if one["id"] in wanted]
        if "id:greater" in asked:
            rows = [one for one in rows if one["id"] > int(asked["id:greater"])]
        if "sku" in asked:
            rows = [one for one in rows if asked["sku"] in (one["sku"], *(variant["sku"] for variant in one["_variants"]))]
        if "date_modified:min" in asked:
            low = _moment(asked["date_modified:min"])
            rows = [one for one in rows if one["_modified"] >= low]
        if asked.get("direction") == "desc":
            rows.reverse()
        shown = [shaping.product(one, with_variants="variants" in asked.get("include", "").split(",")) for one in rows]
        if "include_fields" in asked:
            kept = {"id", *asked["include_fields"].split(",")}
            shown = [{name: value for name, value in one.items() if name in kept} for one in shown]
        return json_of(shaping.paged(shown, page, limit))

    async def variants(self, call: Call) -> web.Response:
        """`GET /catalog/variants`."""
        asked = call.request.query
        page, limit = call.page()
        rows = call.store.variants()
        if "sku" in asked:
            rows = [one for one in rows if one["sku"] == asked["sku"]]
        if "product_id:in" in asked:
            rows = [one for one in rows if one["product_id"] in _ids(asked["product_id:in"])]
        return json_of(shaping.paged([shaping.variant(one) for one in rows], page, limit))

    async def locations(self, call: Call) -> web.Response:
        """`GET /inventory/locations`."""
        page, limit = call.page(most=1_000)
        return json_of(shaping.paged(list(call.store.locations.values()), page, limit))

    async def items(self, call: Call) -> web.Response:
        """`GET /inventory/items`."""
        asked = call.request.query
        page, limit = call.page(most=1_000)
        rows = call.store.variants()
        if "sku:in" in asked:
            skus = set(asked["sku:in"].split(","))
            rows = [one for one in rows if one["sku"] in skus]
        for name, field in (("variant_id:in", "id"), ("product_id:in", "product_id")):
            if name in asked:
                rows = [one for one in rows if one[field] in _ids(asked[name])]
        places = list(call.store.locations.values())
        if "location_id:in" in asked:
            places = [one for one in places if one["id"] in _ids(asked["location_id:in"])]
        tracked = [one for one in rows if call.store.products[one["product_id"]]["inventory_tracking"] != "none"]
        return json_of(shaping.paged([shaping.item(call.store, one, places) for one in tracked], page, limit))

    async def adjust(self, call: Call) -> web.Response:
        """`PUT /inventory/adjustments/absolute`: all of it or nothing, and seen a little later."""
        body = await call.body()
        rows = body.get("items")
        if not isinstance(rows, list) or not rows:
            raise Refused(422, "The items are missing.", {"items": "missing"})
        if len(rows) > MOST_ITEMS:
            raise Refused(422, f"No more than {MOST_ITEMS} items are taken.", {"items": "too many"})
        wrong = [(number, problem) for number, row in enumerate(rows) if (problem := problem_of(call.store, row)) is not None]
        if wrong:
            title = wrong[0][1]
            raise Refused(422, title, {f"items.{number}": problem for number, problem in wrong})
        for row in rows:
            target, place = target_of(call.store, row), str(row["location_id"])
            assert target is not None  # noqa: S101  (checked above)
            if call.store.reads_lag:
                call.store.unseen.append((target, place, row["quantity"]))
            else:
                set_on_hand(call.store, target, place, row["quantity"])
        return json_of({"transaction_id": f"txn-{call.store.new_id()}"})

    async def refunds(self, call: Call) -> web.Response:
        """`GET /orders/{id}/payment_actions/refunds`."""
        order = call.store.order(call.path("order_id"))
        return json_of({"data": order.get("_refunds", []), "meta": {}})

    async def hooks(self, call: Call) -> web.Response:
        """`GET /hooks`: those of this API account or app alone."""
        page, limit = call.page()
        rows = [one for one in call.store.hooks.values() if one["client_id"] == call.token.client_id]
        return json_of(shaping.paged([shaping.shown(one) for one in rows], page, limit))

    async def make_hook(self, call: Call) -> web.Response:
        """`POST /hooks`."""
        body = await call.body()
        scope, destination = _checked_hook(body)
        own = [one for one in call.store.hooks.values() if one["client_id"] == call.token.client_id]
        if any((one["scope"], one["destination"]) == (scope, destination) for one in own):
            raise Refused(409, "This webhook already exists.", {"scope": "has been taken"})
        if sum(1 for one in own if one["scope"] == scope) >= MOST_HOOKS:
            raise Refused(422, "No more than 10 webhooks of one scope are taken.", {"scope": "too many"})
        now = call.store.now()
        record: Record = {
            "id": call.store.new_id(),
            "client_id": call.token.client_id,
            "store_hash": call.store.hash,
            "scope": scope,
            "destination": destination,
            "is_active": bool(body.get("is_active", False)),
            "headers": body.get("headers") or {},
            "created_at": now,
            "updated_at": now,
        }
        call.store.hooks[record["id"]] = record
        return json_of({"data": record, "meta": {}})

    async def change_hook(self, call: Call) -> web.Response:
        """`PUT /hooks/{id}`."""
        record, body = self._hook(call), await call.body()
        _checked_hook({**record, **body})
        record |= {name: body[name] for name in ("scope", "destination", "is_active", "headers") if name in body}
        record["updated_at"] = call.store.now()
        return json_of({"data": record, "meta": {}})

    async def drop_hook(self, call: Call) -> web.Response:
        """`DELETE /hooks/{id}`."""
        record = self._hook(call)
        del call.store.hooks[record["id"]]
        return json_of({"data": record, "meta": {}})

    def _hook(self, call: Call) -> Record:
        record = call.store.hooks.get(call.path("hook_id"))
        if record is None or record["client_id"] != call.token.client_id:
            raise LookupError("no such hook")
        return record


def set_on_hand(store: Store, target: Record, place: str, quantity: int) -> None:
    """Set what is on hand of a variant at a location."""
    before = target["_levels"].get(place, [0, 0])
    target["_levels"][place] = [quantity, before[1]]
    data = {"type": "sku", "id": target["sku_id"], "inventory": {"product_id": target["product_id"], "variant_id": target["id"]}}
    store.on_event(store, "store/sku/inventory/updated", data)


def problem_of(store: Store, row: Record) -> str | None:
    """Why an item of an adjustment is refused, in the platform's words; None where it is taken."""
    target = target_of(store, row)
    by = next((name for name in ("variant_id", "product_id", "sku") if name in row), "sku")
    if target is None:
        return f"Item with {by} {row.get(by)} was not found"
    tracking = store.products[target["product_id"]]["inventory_tracking"]
    if (tracking == "product" and by == "variant_id") or target["sku"] in store.refused_skus:
        return f"Item with variant_id {target['id']} is tracked by product, please update stock by product id"
    if tracking == "variant" and by == "product_id":
        return f"Item with product_id {target['product_id']} is tracked by variant, please update stock by variant id"
    if tracking == "none":
        return f"Item with {by} {row.get(by)} does not track inventory"
    place = store.locations.get(row.get("location_id", 0))
    if place is None or not place["enabled"]:
        return f"Location {row.get('location_id')} was not found or is disabled"
    quantity = row.get("quantity")
    if not isinstance(quantity, int) or not 0 <= quantity <= MOST_STOCK:
        return f"The quantity of {by} {row.get(by)} is invalid"
    return None


def target_of(store: Store, row: Record) -> Record | None:
    """The variant that an item of an adjustment names."""
    for one in store.variants():
        if "variant_id" in row:
            if one["id"] == row["variant_id"]:
                return one
        elif "product_id" in row:
            if one["product_id"] == row["product_id"]:
                return one
        elif one["sku"] == row.get("sku"):
            return one
    return None


def _checked_hook(body: Record) -> tuple[str, str]:
    scope, destination = str(body.get("scope", "")), str(body.get("destination", ""))
    parts = urlsplit(destination)
    # Inside the sandbox a hook may also call this machine without TLS, which the real platform never does.
    is_local = parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise Refused(422, "The destination must be https.", {"destination": "must be https"})
    if not is_local and parts.port not in (None, 443):
        raise Refused(422, "The destination must be at port 443.", {"destination": "must be at port 443"})
    if not scope.startswith("store/"):
        raise Refused(422, "The scope is unknown.", {"scope": "unknown"})
    return scope, destination


def _ids(value: str) -> set[int]:
    if not all(part.strip().isdigit() for part in value.split(",")):
        raise Refused(422, "An id is invalid.", {"id:in": "invalid"})
    return {int(part) for part in value.split(",")}


def _moment(value: str) -> float:
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refused(422, "A date is invalid.", {"date_modified:min": "invalid"}) from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
