"""The platform over HTTP: GraphQL, sign-in by consent, and the refusals that come before either."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from crossdock.connectors.kit.simulator import Described, Panel
from crossdock.connectors.kit.simulator.base import now
from crossdock.connectors.shopify.simulator import orders
from crossdock.connectors.shopify.simulator.access import Access, App, NoGrant, Token
from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.desk_levers import DeskLevers
from crossdock.connectors.shopify.simulator.graphql_api import Body, Documents, answer
from crossdock.connectors.shopify.simulator.panel import panel_of
from crossdock.connectors.shopify.simulator.state import SCOPES, Shop, from_plain, plain
from crossdock.connectors.shopify.simulator.webhooks import Courier

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
"""What is supported; older ones fall forward to the first, newer ones do not exist."""

_JSON = "application/json; charset=utf-8"
_REFUSALS: dict[int, Any] = {
    400: {"errors": "Bad Request"},
    401: {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"},
    402: {"errors": "Unavailable Shop"},
    403: {"errors": "Forbidden"},
    404: {"errors": "Not Found"},
    423: {"errors": "Locked"},
    429: {"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."},
    430: {"errors": "Shopify Security Rejection"},
    500: {
        "errors": [
            {
                "message": "Internal error. Looks like something went wrong on our end.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "00000000-0000-4000-8000-000000000000"},
            }
        ]
    },
    502: {"errors": "Bad Gateway"},
    503: {"errors": "Service Unavailable"},
    504: {"errors": "Gateway Timeout"},
}

DEMO_SHOP = "demo-outdoor"
DEMO_SHOPS = (DEMO_SHOP, "demo-stationery")
OWN_APP = "crossdocksandboxapp"


class ShopifySimulator(DeskLevers):
    """Many shops in one process, each below its own first path segment."""

    key = "shopify"
    name = "Shopify"
    ticks = 0.1

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        folder: Path | None = None,
        clock: Callable[[], datetime] = now,
        shops: Iterable[str] = DEMO_SHOPS,
    ) -> None:
        super().__init__(state_file=state_file, folder=folder, clock=clock)
        self.documents = Documents()
        self.access = Access(clock)
        self.courier = Courier(self.access, VERSIONS[-1])
        self.shops: dict[str, Shop] = {}
        self.access.apps[OWN_APP] = App(OWN_APP, "shpss_sandbox_0123456789abcdef")
        for handle in shops:
            self.add_shop(handle)

    # What the kit asks

    def routes(self) -> Iterable[web.RouteDef]:
        """GraphQL, and the two OAuth addresses."""
        return [
            web.post("/{shop}/admin/api/{version}/graphql.json", self._graphql),
            web.get("/{shop}/admin/oauth/authorize", self._consent),
            web.post("/{shop}/admin/oauth/authorize", self._agree),
            web.post("/{shop}/admin/oauth/access_token", self._token),
        ]

    async def describe(self, request: web.Request) -> Described:
        """The GraphQL operation; token requests change nothing in the shop."""
        if request.path.endswith("/graphql.json"):
            try:
                body = msgspec.json.decode(await request.read(), type=Body)
            except msgspec.DecodeError:
                return Described("unreadable", False)
            return Described(*self.documents.describe(body))
        return Described(request.path.rpartition("/")[2], False)

    def refusal(self, status: int, request: web.Request) -> web.Response:
        """The platform's own body for a status."""
        return _json(_REFUSALS.get(status, {"errors": f"{status}"}), status)

    def panel(self) -> Panel:
        """Orders, fulfillments and webhooks, and what one may do with them."""
        return panel_of(self)

    def state_view(self) -> Any:
        """Counts and tracking numbers by shop, as the platform has them."""
        return {
            handle: {
                "orders": len(shop.orders),
                "fulfillments": {number: len(found) for number, found in self.fulfillments_by_tracking(handle).items()},
                "subscriptions": len(shop.subscriptions),
                "mails": len(shop.mails),
            }
            for handle, shop in self.shops.items()
        }

    def dump(self) -> bytes:
        """All shops and tokens."""
        tokens = [
            [
                one.value,
                one.app,
                one.shop,
                list(one.scopes),
                one.expires_at,
                one.refresh,
                one.refresh_expires_at,
                one.replaces,
                one.is_used,
            ]
            for one in self.access.tokens.values()
        ]
        apps = [[app.client_id, app.client_secret, list(app.scopes), app.is_own] for app in self.access.apps.values()]
        return msgspec.msgpack.encode({"shops": [plain(shop) for shop in self.shops.values()], "tokens": tokens, "apps": apps})

    def restore(self, content: bytes) -> None:
        """Take back what `dump` gave."""
        state = msgspec.msgpack.decode(content)
        self.shops = {}
        for one in state["shops"]:
            shop = from_plain(one, self.clock)
            shop.on_event = self.courier.note
            self.shops[shop.handle] = shop
        for client_id, secret, scopes, is_own in state["apps"]:
            self.access.apps[client_id] = App(client_id, secret, tuple(scopes), is_own)
        for value, app, handle, scopes, until, refresh, refresh_until, replaces, is_used in state["tokens"]:
            self.access.tokens[value] = Token(
                value, app, handle, tuple(scopes), _at(until), refresh, _at(refresh_until), replaces, is_used
            )

    async def tick(self) -> None:
        """Do what shops do later, and place orders that are due."""
        for shop in self.shops.values():
            orders.settle(shop)
        self.place_due()

    async def end(self) -> None:
        """Stop delivering."""
        await self.courier.stop()

    # HTTP

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info["version"]
        version = max(asked, VERSIONS[0]) if asked != "unstable" else VERSIONS[-1]
        shop = self.shop_in(request.match_info["shop"])
        if shop is None or version not in VERSIONS:
            return self.refusal(404, request)
        if shop.stops is not None:
            return self.refusal(shop.stops, request)
        token = self.access.token(shop, request.headers.get("X-Shopify-Access-Token"))
        if token is None:
            return self.refusal(401, request)
        try:
            body = msgspec.json.decode(await request.read(), type=Body)
        except msgspec.DecodeError:
            return self.refusal(400, request)
        if not body.query:
            return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        orders.settle(shop)
        context = Context(
            shop=shop,
            app=token.app,
            scopes=frozenset(token.scopes),
            version=version,
            troubles=self.troubles,
            is_debugging_search="Shopify-Search-Query-Debug" in request.headers,
        )
        result = answer(self.documents, body, context)
        self.is_changed = self.is_changed or self.documents.describe(body)[1]
        response = _json(result, 200)
        response.headers["X-Shopify-API-Version"] = version
        return response

    async def _consent(self, request: web.Request) -> web.StreamResponse:
        shop = self.shop_in(request.match_info["shop"])
        app = self.access.apps.get(request.query.get("client_id", ""))
        address = request.query.get("redirect_uri", "")
        if shop is None:
            return self.refusal(404, request)
        if app is None or not address.startswith(("http://", "https://")):
            return web.Response(status=400, text="Oauth error invalid_request: The redirect_uri is not whitelisted")
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(request.query.get(name, ""))}">'
            for name in ("client_id", "scope", "redirect_uri", "state")
        )
        scopes = "".join(f"<li>{html.escape(one)}</li>" for one in request.query.get("scope", "").split(",") if one)
        text = (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>Sandbox: install app</title><h1>Sandbox of {html.escape(shop.domain)}</h1>"
            f"<p>The app {html.escape(app.client_id)} asks for:</p><ul>{scopes}</ul>"
            f"<form method=post>{hidden}<button name=answer value=approve>Approve</button> "
            "<button name=answer value=deny>Cancel</button></form>"
        )
        return web.Response(text=text, content_type="text/html", headers=_PAGE_HEADERS)

    async def _agree(self, request: web.Request) -> web.StreamResponse:
        given = {name: str(value) for name, value in (await request.post()).items()}
        shop = self.shop_in(request.match_info["shop"])
        app = self.access.apps.get(given.get("client_id", ""))
        address = given.get("redirect_uri", "")
        if shop is None or app is None or not address.startswith(("http://", "https://")):
            return self.refusal(400, request)
        if given.get("answer") != "approve":
            query = urlencode({"error": "access_denied", "state": given.get("state", "")})
        else:
            scopes = tuple(one for one in given.get("scope", "").split(",") if one in SCOPES)
            query = self.callback_query(shop.handle, app.client_id, scopes, given.get("state", ""))
        joint = "&" if "?" in address else "?"
        return web.Response(status=302, headers={"Location": f"{address}{joint}{query}"})

    def callback_query(self, shop: str, client_id: str, scopes: tuple[str, ...], state: str) -> str:
        """The signed query of the address that consent leads back to."""
        values = {
            "code": self.access.code(self.shops[shop], client_id, scopes),
            "host": "YWRtaW4uZXhhbXBsZS5jb20",
            "shop": self.shops[shop].domain,
            "state": state,
            "timestamp": str(int(self.clock().timestamp())),
        }
        return self.access.signed(client_id, values)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        shop = self.shop_in(request.match_info["shop"])
        if shop is None:
            return self.refusal(404, request)
        if request.content_type == "application/json":
            try:
                given = {str(name): str(value) for name, value in (msgspec.json.decode(await request.read())).items()}
            except (msgspec.DecodeError, AttributeError):
                return self.refusal(400, request)
        else:
            given = {name: str(value) for name, value in (await request.post()).items()}
        try:
            grant = self.access.grant(shop, given)
        except NoGrant as refusal:
            return _json(refusal.body, 400)
        self.is_changed = True
        return _json(dict(grant), 200)

    def shop_in(self, segment: str) -> Shop | None:
        """The shop of a path segment: its handle or its whole domain."""
        return self.shops.get(segment.removesuffix(".myshopify.com"))


_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _json(value: Any, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, headers={"Content-Type": _JSON})


def _at(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
