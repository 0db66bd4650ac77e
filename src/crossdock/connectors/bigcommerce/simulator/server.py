"""The platform over HTTP: its two versions below each store's address, and the login host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.bigcommerce.simulator import further
from crossdock.connectors.bigcommerce.simulator.access import Access, App, Token
from crossdock.connectors.bigcommerce.simulator.answers import Answering, Call, Refused, answered, refusal_of
from crossdock.connectors.bigcommerce.simulator.consent import Consent
from crossdock.connectors.bigcommerce.simulator.desk_levers import DeskLevers
from crossdock.connectors.bigcommerce.simulator.hooks import Courier
from crossdock.connectors.bigcommerce.simulator.panel import panel_of
from crossdock.connectors.bigcommerce.simulator.state import Store, from_plain, plain
from crossdock.connectors.bigcommerce.simulator.v2 import V2
from crossdock.connectors.bigcommerce.simulator.v3 import V3
from crossdock.connectors.kit.simulator import Described, Panel
from crossdock.connectors.kit.simulator.base import now

DEMO_STORE = "demo1outdoor"
DEMO_STORES = (DEMO_STORE, "demo2paper")
APP = "crossdocksandboxapp"
ACCOUNT = "crossdocksandboxaccount"

_WORDS = {
    400: "The request is not valid.",
    401: "You are not authorized. Please check the access token.",
    403: "You don't have a required scope to access the endpoint.",
    404: "The requested resource was not found.",
    429: "You have made too many requests.",
    500: "An internal error occurred.",
    502: "Bad gateway.",
    503: "The store is unavailable.",
    504: "The request timed out.",
}


class BigCommerceSimulator(DeskLevers):
    """Many stores in one process, each below /stores/{hash}."""

    key = "bigcommerce"
    name = "BigCommerce"
    ticks = 0.2

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        folder: Path | None = None,
        clock: Callable[[], datetime] = now,
        stores: Iterable[str] = DEMO_STORES,
    ) -> None:
        super().__init__(state_file=state_file, folder=folder, clock=clock)
        self.access = Access(lambda: self.clock())
        self.courier = Courier(self.access, lambda: self.clock())
        self.consent = Consent(self.access, lambda hash_: self.stores.get(hash_))
        self.stores: dict[str, Store] = {}
        self.access.apps[APP] = App(APP, "sandbox-app-secret-0123456789abcdef")
        self.access.apps[ACCOUNT] = App(ACCOUNT, "sandbox-account-secret-0123456789abcdef")
        for hash_ in stores:
            self.add_store(hash_)

    def routes(self) -> Iterable[web.RouteDef]:
        """Both versions, and the login host."""
        v2, v3 = V2(self.troubles), V3()
        return [
            *(web.route(method, f"/stores/{{hash}}/v2/{path}", self._into(handler)) for method, path, handler in _v2(v2)),
            *(web.route(method, f"/stores/{{hash}}/v3/{path}", self._into(handler)) for method, path, handler in _v3(v3)),
            web.route("*", "/stores/{hash}/{rest:.*}", self._into(_unknown)),
            web.get("/oauth2/authorize", self.consent.page),
            web.post("/oauth2/authorize", self.consent.agree),
            web.post("/oauth2/token", self.consent.token),
        ]

    async def describe(self, request: web.Request) -> Described:
        """Method and path without the store; signing in changes nothing there."""
        if "/stores/" not in request.path:
            return Described(request.path, False)
        path = re.sub(r"/\d+(?=/|$)", "/{id}", re.sub(r"^/stores/[^/]+/v\d/", "", request.path))
        return Described(f"{request.method} {path}", request.method not in ("GET", "HEAD"))

    def refusal(self, status: int, request: web.Request) -> web.Response:
        """The version's own words for a status."""
        return refusal_of(Refused(status, _WORDS.get(status, f"{status}")), request)

    def panel(self) -> Panel:
        """Orders, shipments and webhooks, and what one may do with them."""
        return panel_of(self)

    def state_view(self) -> Any:
        """Counts and tracking numbers by store, as the platform has them."""
        return {
            hash_: {
                "orders": len(store.orders),
                "statuses": {str(key): order["status_id"] for key, order in list(store.orders.items())[-200:]},
                "tracking": [one["tracking_number"] for order in store.orders.values() for one in order["_shipments"]],
                "hooks": len(store.hooks),
            }
            for hash_, store in self.stores.items()
        }

    def dump(self) -> bytes:
        """All stores and tokens."""
        tokens = [[one.value, one.client_id, one.store, list(one.scopes)] for one in self.access.tokens.values()]
        return msgspec.json.encode({"stores": [plain(store) for store in self.stores.values()], "tokens": tokens})

    def restore(self, content: bytes) -> None:
        """Take back what `dump` gave."""
        state = msgspec.json.decode(content)
        self.stores = {}
        for one in state["stores"]:
            store = from_plain(one, lambda: self.clock())
            store.on_event = self.courier.note
            self.stores[store.hash] = store
        for value, client_id, hash_, scopes in state["tokens"]:
            self.access.tokens[value] = Token(value, client_id, hash_, tuple(scopes))

    async def tick(self) -> None:
        """Place orders that are due."""
        self.place_due()

    async def end(self) -> None:
        """Stop delivering."""
        await self.courier.stop()

    def _into(self, handler: Answering) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            hash_ = request.match_info["hash"]
            address = f"{request.scheme}://{request.host}/stores/{hash_}/v2"
            response = await answered(handler, self.access, self.stores.get(hash_), request, address)
            self.is_changed = self.is_changed or request.method != "GET"
            return response

        return serve


async def _unknown(call: Call) -> web.Response:
    raise Refused(404, _WORDS[404])


def _v2(v2: V2) -> list[tuple[str, str, Answering]]:
    return [
        ("GET", "store", v2.store),
        ("GET", "time", v2.time),
        ("GET", "order_statuses", v2.statuses),
        ("GET", r"order_statuses/{status_id:\d+}", further.status),
        ("GET", "orders", v2.orders),
        ("POST", "orders", further.create_order),
        ("GET", "orders/count", v2.count),
        ("GET", r"orders/{order_id:\d+}", v2.order),
        ("PUT", r"orders/{order_id:\d+}", v2.change),
        ("DELETE", r"orders/{order_id:\d+}", v2.archive),
        ("GET", r"orders/{order_id:\d+}/products", v2.products),
        ("GET", r"orders/{order_id:\d+}/shipping_addresses", v2.addresses),
        ("GET", r"orders/{order_id:\d+}/products/{line_id:\d+}", further.product),
        ("GET", r"orders/{order_id:\d+}/shipping_addresses/{address_id:\d+}", further.address),
        ("PUT", r"orders/{order_id:\d+}/shipping_addresses/{address_id:\d+}", further.change_address),
        ("GET", r"orders/{order_id:\d+}/consignments", further.consignments),
        ("GET", r"orders/{order_id:\d+}/coupons", v2.coupons),
        ("GET", r"orders/{order_id:\d+}/messages", v2.nothing),
        ("GET", r"orders/{order_id:\d+}/taxes", v2.nothing),
        ("GET", r"orders/{order_id:\d+}/fees", v2.nothing),
        ("GET", r"orders/{order_id:\d+}/shipments", v2.shipments),
        ("POST", r"orders/{order_id:\d+}/shipments", v2.ship),
        ("DELETE", r"orders/{order_id:\d+}/shipments", further.take_all_back),
        ("GET", r"orders/{order_id:\d+}/shipments/count", further.shipment_count),
        ("GET", r"orders/{order_id:\d+}/shipments/{shipment_id:\d+}", v2.shipment),
        ("PUT", r"orders/{order_id:\d+}/shipments/{shipment_id:\d+}", v2.correct),
        ("DELETE", r"orders/{order_id:\d+}/shipments/{shipment_id:\d+}", v2.take_back),
    ]


def _v3(v3: V3) -> list[tuple[str, str, Answering]]:
    return [
        ("GET", "catalog/products", v3.products),
        ("GET", "catalog/variants", v3.variants),
        ("GET", "inventory/locations", v3.locations),
        ("GET", "inventory/items", v3.items),
        ("PUT", "inventory/adjustments/absolute", v3.adjust),
        ("POST", "inventory/adjustments/relative", further.adjust_relative),
        ("GET", r"orders/{order_id:\d+}/payment_actions/refunds", v3.refunds),
        ("GET", "hooks", v3.hooks),
        ("POST", "hooks", v3.make_hook),
        ("GET", r"hooks/{hook_id:\d+}", further.hook),
        ("PUT", r"hooks/{hook_id:\d+}", v3.change_hook),
        ("DELETE", r"hooks/{hook_id:\d+}", v3.drop_hook),
    ]
