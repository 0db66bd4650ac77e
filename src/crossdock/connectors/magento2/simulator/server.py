"""The platform over HTTP: routes with and without a store view's code, rights, limits, and error bodies in Magento's words."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.kit.simulator import Described, Panel
from crossdock.connectors.kit.simulator.base import now
from crossdock.connectors.magento2.simulator import access
from crossdock.connectors.magento2.simulator.calls import Ask, answer_of, call_for
from crossdock.connectors.magento2.simulator.desk_levers import DeskLevers
from crossdock.connectors.magento2.simulator.errors import Refusal, no_route, not_authorized
from crossdock.connectors.magento2.simulator.panel import panel_of
from crossdock.connectors.magento2.simulator.state import Shop

ROOT = "/magento2/rest/"
DEMO_SHOP = "demo"
BURST = 2.0
"""Seconds' worth of calls that may be made at once, where a limit is on."""

_JSON = "application/json; charset=utf-8"
_BUSY = b"<html><head><title>429 Too Many Requests</title></head><body>Too Many Requests</body></html>"
_AWAY = b"<!doctype html><html><head><title>Service Temporarily Unavailable</title></head><body></body></html>"


class MagentoSimulator(DeskLevers):
    """One installation behind one address, told apart from others of the process by its credentials alone."""

    key = "magento2"
    name = "Magento 2"
    ticks = 0.1

    def __init__(
        self, *, state_file: Path | None = None, folder: Path | None = None, clock: Callable[[], datetime] = now
    ) -> None:
        super().__init__(state_file=state_file, folder=folder, clock=clock)
        self.shops: dict[str, Shop] = {DEMO_SHOP: Shop(DEMO_SHOP, clock)}

    # What the kit asks

    def routes(self) -> Iterable[web.RouteDef]:
        """All calls, told apart inside: an unknown one has Magento's own answer."""
        return [web.route("*", ROOT + "{tail:.*}", self._answer)]

    async def describe(self, request: web.Request) -> Described:
        """The call's name; a path that is none is itself."""
        found = call_for(self.shop(), request.method, _path_of(request))
        if found is None:
            return Described(request.path, request.method not in ("GET", "HEAD"))
        return Described(found[0].operation, found[0].is_write)

    def refusal(self, status: int, request: web.Request) -> web.Response:
        """Magento's own words for a status; what stands in front of it answers in HTML."""
        if status == 429:
            return web.Response(body=_BUSY, status=429, headers={"Content-Type": "text/html"})
        if status in (502, 503, 504):
            return web.Response(body=_AWAY, status=status, headers={"Content-Type": "text/html"})
        if status == 401:
            return _refused(not_authorized("Magento_Sales::actions_view"))
        report = f"webapi-{secrets.token_hex(6)}"
        said = {500: f"Internal Error. Details are available in Magento log file. Report ID: {report}"}
        return _json({"message": said.get(status, f"{status}")}, status)

    def panel(self) -> Panel:
        """Orders and shipments, and what one may do with them."""
        return panel_of(self)

    def state_view(self) -> Any:
        """Counts and tracking numbers by shop, as the platform has them."""
        return {
            name: {
                "orders": len(shop.orders),
                "shipments": {number: len(found) for number, found in self.shipments_by_tracking(name).items()},
                "mails": len(shop.mails),
                "stock": {key: one["quantity"] for key, one in shop.source_items.items()},
            }
            for name, shop in self.shops.items()
        }

    def dump(self) -> bytes:
        """All shops with their credentials."""
        kept = []
        for shop in self.shops.values():
            values = {name: value for name, value in vars(shop).items() if name not in ("clock", "integration")}
            integration = asdict(shop.integration)
            rights = integration["rights"]
            kept.append(
                {"shop": values, "integration": integration | {"nonces": [], "rights": sorted(rights) if rights else rights}}
            )
        return msgspec.msgpack.encode(kept)

    def restore(self, content: bytes) -> None:
        """Take back what `dump` gave."""
        self.shops = {}
        for one in msgspec.msgpack.decode(content, strict=False):
            given = one["integration"]
            rights = given["rights"]
            integration = access.Integration(
                **given | {"nonces": set(), "rights": frozenset(rights) if rights is not None else None}
            )
            shop = Shop(**one["shop"], clock=self.clock, integration=integration)
            self.shops[shop.name] = shop

    async def begin(self) -> None:
        """Say in each shop where it is reached."""
        for shop in self.shops.values():
            shop.address = f"{self.url}/magento2/"

    async def tick(self) -> None:
        """Place orders that are due."""
        self.place_due()

    # HTTP

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        header = request.headers.get("Authorization", "")
        oauth = access.oauth_values(header) if header.startswith("OAuth ") else None
        shop = self._shop_of(header, oauth)
        if shop is not None and self._is_too_fast(shop):
            busy = self.refusal(429, request)
            busy.headers["Retry-After"] = "1"
            return busy
        try:
            found = call_for(shop or self.shop(), request.method, _path_of(request))
            if found is None:
                raise no_route()
            call, parts = found
            self._admit(request, shop, oauth, call.right)
            body = await _body_of(request)
            result = answer_of(call, Ask(shop or self.shop(), parts, request.query, body, self.troubles))
        except Refusal as refusal:
            return _refused(refusal)
        if call.is_write:
            self.is_changed = True
        if (shop or self.shop()).quotes_scalars and isinstance(result, int) and not isinstance(result, bool):
            result = str(result)
        return _json(result, 200)

    def _shop_of(self, header: str, oauth: dict[str, str] | None) -> Shop | None:
        token = header.removeprefix("Bearer ")
        for shop in self.shops.values():
            one = shop.integration
            if (oauth is not None and oauth.get("oauth_consumer_key") == one.consumer_key) or (
                oauth is None and token == one.token
            ):
                return shop
        return None

    def _admit(self, request: web.Request, shop: Shop | None, oauth: dict[str, str] | None, right: str) -> None:
        if oauth is None:
            integration = shop.integration if shop is not None else None
            access.check_bearer(integration, is_switched_on=shop is not None and shop.takes_bearer, resource=right)
            return
        path, _, query = request.raw_path.partition("?")
        access.verify(
            shop.integration if shop is not None else None,
            oauth,
            method=request.method,
            address=f"{request.scheme}://{request.host.lower()}{path}",
            query=query,
            now=self.clock().timestamp(),
        )
        if shop is not None and not shop.integration.may(right):
            raise not_authorized(right)

    def _is_too_fast(self, shop: Shop) -> bool:
        """A bucket that refills all the time; what it lacks is refused."""
        if shop.limit is None:
            return False
        moment = self.clock().timestamp()
        since = 0.0 if shop.tokens_at is None else moment - shop.tokens_at
        shop.tokens_left = min(shop.limit * BURST, shop.tokens_left + since * shop.limit)
        shop.tokens_at = moment
        if shop.tokens_left < 1:
            return True
        shop.tokens_left -= 1
        return False


async def _body_of(request: web.Request) -> dict[str, Any]:
    content = await request.read()
    if not content:
        return {}
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise Refusal(400, "Decoding error: %1", [str(error)]) from error
    if not isinstance(found, dict):
        raise Refusal(400, "The input data is no object.")
    return found


def _path_of(request: web.Request) -> str:
    """The path below V1, encoded as it came; a store view's code before it is passed over."""
    tail = request.rel_url.raw_path.removeprefix(ROOT)
    before, found, rest = tail.partition("V1/")
    return rest if found and before.count("/") <= 1 else tail


def _refused(refusal: Refusal) -> web.Response:
    return _json(refusal.body, refusal.status)


def _json(value: Any, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, headers={"Content-Type": _JSON})
