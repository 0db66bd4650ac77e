"""The platform over HTTP: signed calls, the page where an admin approves, and the refusals that come before either."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.kit.simulator import Described, Panel
from crossdock.connectors.kit.simulator.base import now
from crossdock.connectors.nuorder.simulator.access import Access, Refused
from crossdock.connectors.nuorder.simulator.asking import Asked, NoSuchCall, Refusal
from crossdock.connectors.nuorder.simulator.calls import call_for
from crossdock.connectors.nuorder.simulator.order_levers import OrderLevers
from crossdock.connectors.nuorder.simulator.panel import panel_of
from crossdock.connectors.nuorder.simulator.state import Portal

KINDS = ("wholesale", "retail")
DEMO = "demo-apparel"
DEMO_KEY, DEMO_SECRET = "crossdocksandboxconsumer01", "a-consumer-secret-of-the-sandbox-0123456789"

MOST_AT_ONCE = 5
"""Calls under way before the platform says 429. Nothing is published; this is what those who wrote clients report."""

_OOPS = "Oops, there was a problem!\n"
_WORDS = {
    400: "bad request",
    401: "unauthorized",
    403: "not allowed",
    404: "not found",
    409: "conflict",
    429: "too many requests",
}


class NuOrderSimulator(OrderLevers):
    """Several portals behind one address; the consumer key of a request says which one it is about."""

    key = "nuorder"
    name = "NuORDER"

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        folder: Path | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(state_file=state_file, folder=folder, clock=clock)
        # Asked anew each time: a test may set another clock.
        self.access = Access(lambda: self.clock())
        self.portals: dict[str, Portal] = {}
        self.consumers: dict[str, tuple[str, str]] = {}
        self.has_limits = False
        self._under_way = 0
        self.most_under_way = 0
        self.refused = 0
        self.add_portal(DEMO, consumer_key=DEMO_KEY, consumer_secret=DEMO_SECRET)

    # What the kit asks

    def routes(self) -> Iterable[web.RouteDef]:
        """The API, and the page where an admin approves applications."""
        return [
            web.get("/nuorder/{kind}", self._pending),
            web.post("/nuorder/{kind}/approve", self._approve),
            web.route("*", "/nuorder/{kind}/api/{path:.*}", self._api),
        ]

    async def describe(self, request: web.Request) -> Described:
        """The operation; reading and the handshake change nothing of the brand's."""
        path = request.match_info.get("path")
        if path is None:
            return Described("approve applications", False)
        found = call_for(request.method, path)
        if found is None:
            return Described(path, request.method not in ("GET", "HEAD"))
        return Described(found[0], request.method != "GET")

    def refusal(self, status: int, request: web.Request) -> web.Response:
        """The platform's own body: plain text where it failed, JSON where it refuses."""
        if status >= 500:
            return web.Response(status=status, text=_OOPS, content_type="text/plain")
        return _json({"code": status, "message": _WORDS.get(status, "error")}, status)

    def panel(self) -> Panel:
        """Orders, shipments and applications, and what one may do with them."""
        return panel_of(self)

    def state_view(self) -> Any:
        """Counts by portal."""
        return {
            name: {
                "orders": len(portal.orders),
                "products": len(portal.products),
                "statuses": {
                    status: len(ids) for status in ("approved", "processed", "shipped") if (ids := portal.in_status(status))
                },
            }
            for name, portal in self.portals.items()
        }

    def dump(self) -> bytes:
        """All portals and keys."""
        kept = (
            "orders",
            "products",
            "companies",
            "warehouses",
            "replenishments",
            "is_two_way",
            "takes_shipments",
            "shows_shipments",
        )
        portals = {
            name: {
                **{field: getattr(portal, field) for field in kept},
                "stock": [[*key, value] for key, value in portal.stock.items()],
            }
            for name, portal in self.portals.items()
        }
        keys = {"secrets": self.access.consumers, "tokens": self.access.tokens, "consumers": self.consumers}
        return msgspec.msgpack.encode({"portals": portals, "keys": keys})

    def restore(self, content: bytes) -> None:
        """Take back what `dump` gave."""
        state = msgspec.msgpack.decode(content)
        for name, fields in state["portals"].items():
            portal = self.portals[name] = Portal(lambda: self.clock())
            stock = fields.pop("stock")
            for field, value in fields.items():
                setattr(portal, field, value)
            portal.stock = {(row[0], row[1], row[2]): row[3] for row in stock}
            portal.count_on()
        self.access.consumers = dict(state["keys"]["secrets"])
        self.access.tokens = {token: (row[0], row[1]) for token, row in state["keys"]["tokens"].items()}
        self.consumers = {key: (row[0], row[1]) for key, row in state["keys"]["consumers"].items()}

    # HTTP

    async def _api(self, request: web.Request) -> web.StreamResponse:
        self._under_way += 1
        self.most_under_way = max(self.most_under_way, self._under_way)
        try:
            if self.has_limits:
                if self._under_way > MOST_AT_ONCE:
                    self.refused += 1
                    return self.refusal(429, request)
                await asyncio.sleep(0.004)
            return await self._answered(request)
        finally:
            self._under_way -= 1

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        kind, path = request.match_info["kind"], request.match_info["path"]
        header, url = request.headers.get("Authorization", ""), str(request.url)
        if kind not in KINDS:
            return _page(request)
        try:
            if (request.method, path) == ("GET", "initiate"):
                pending = self.access.initiate(header, "GET", url)
                waits = {"oauth_token": pending.token, "oauth_token_secret": pending.secret, "oauth_callback_confirmed": True}
                return _json(waits, 200)
            if (request.method, path) == ("GET", "token"):
                token, secret = self.access.trade(header, "GET", url)
                self.is_changed = True
                return _json({"oauth_token": token, "oauth_token_secret": secret}, 200)
            consumer = self.access.admit(header, request.method, url)
        except Refused as refused:
            return _json({"code": 401, "message": str(refused)}, 401)
        name, own_kind = self.consumers[consumer]
        if own_kind != kind:
            return _json({"code": 401, "message": "invalid oauth_consumer_key"}, 401)
        found = call_for(request.method, path)
        if found is None:
            return _page(request)
        body = await request.read()
        try:
            given = msgspec.json.decode(body) if body else None
        except msgspec.DecodeError:
            return self.refusal(400, request)
        try:
            status, answer = found[1](self.portals[name], Asked(found[2], dict(request.query), given, self.troubles))
        except NoSuchCall:
            return _page(request)
        except Refusal as refusal:
            if refusal.code >= 500:
                return self.refusal(refusal.code, request)
            return _json({"code": refusal.code, "message": refusal.message}, refusal.code)
        self.is_changed = self.is_changed or request.method != "GET"
        return _json(answer, status)

    async def _pending(self, request: web.Request) -> web.StreamResponse:
        rows = "".join(
            f"<li><form method=post action='/nuorder/{html.escape(request.match_info['kind'])}/approve'>{html.escape(one.name)} "
            f"<input type=hidden name=token value='{html.escape(one.token)}'><button>Approve</button></form>"
            + (f" verifier code: <code>{html.escape(one.verifier)}</code>" if one.is_approved else "")
            + "</li>"
            for one in self.access.pending.values()
        )
        text = (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<title>Sandbox: API management</title><h1>Sandbox of NuORDER</h1><h2>Pending applications</h2>"
            f"<ul>{rows or '<li>None.</li>'}</ul>"
        )
        return web.Response(text=text, content_type="text/html", headers=_PAGE_HEADERS)

    async def _approve(self, request: web.Request) -> web.StreamResponse:
        try:
            self.access.approve(str((await request.post()).get("token", "")))
        except LookupError:
            return self.refusal(404, request)
        return web.Response(status=303, headers={"Location": f"/nuorder/{request.match_info['kind']}"})


_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _json(value: Any, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, headers={"Content-Type": "application/json"})


def _page(request: web.Request) -> web.Response:
    text = f"<!DOCTYPE html><html><body><pre>Cannot {html.escape(request.method)} {html.escape(request.path)}</pre></body></html>"
    return web.Response(status=404, text=text, content_type="text/html")
