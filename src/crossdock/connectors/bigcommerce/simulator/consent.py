"""Where people agree and apps trade codes: the login host, beside the API in the sandbox."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from crossdock.connectors.bigcommerce.simulator.access import SCOPES, Access, NoGrant
from crossdock.connectors.bigcommerce.simulator.answers import json_of

if TYPE_CHECKING:
    from crossdock.connectors.bigcommerce.simulator.state import Store

_PAGE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_ASKED = ("client_id", "scope", "redirect_uri", "state", "context")


class Consent:
    """Handlers of the login host. `stores` gives a store by its hash."""

    def __init__(self, access: Access, stores: Callable[[str], Store | None]) -> None:
        self.access = access
        self.stores = stores

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The store owner sees what the app asks for."""
        if not self._is_known(dict(request.query)):
            return web.Response(status=400, text="The app, the store or the callback address is not known here.")
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(request.query.get(name, ""))}">' for name in _ASKED
        )
        scopes = "".join(f"<li>{html.escape(one)}</li>" for one in request.query.get("scope", "").split())
        text = (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>Sandbox: install app</title><h1>Sandbox of {html.escape(request.query['context'])}</h1>"
            f"<p>The app {html.escape(request.query['client_id'])} asks for:</p><ul>{scopes}</ul>"
            f"<form method=post>{hidden}<button name=answer value=approve>Confirm</button> "
            "<button name=answer value=deny>Cancel</button></form>"
        )
        return web.Response(text=text, content_type="text/html", headers=_PAGE)

    async def agree(self, request: web.Request) -> web.StreamResponse:
        """Lead back to the app with a code, the scopes that were given and the store."""
        given = {name: str(value) for name, value in (await request.post()).items()}
        if not self._is_known(given):
            return web.Response(status=400, text="The app, the store or the callback address is not known here.")
        state = {"state": given["state"]} if given.get("state") else {}
        if given.get("answer") != "approve":
            query = {"error": "access_denied", **state}
        else:
            query = self.callback(
                given["context"].removeprefix("stores/"), given["client_id"], given["scope"], given["redirect_uri"]
            )
            query |= state
        joint = "&" if "?" in given["redirect_uri"] else "?"
        return web.Response(status=302, headers={"Location": f"{given['redirect_uri']}{joint}{urlencode(query)}"})

    def callback(self, store: str, client_id: str, scope: str, redirect_uri: str) -> dict[str, str]:
        """The query with which consent leads back; unsigned, as the platform's is."""
        scopes = tuple(one for one in scope.split() if one in SCOPES or one.removesuffix("_read_only") in SCOPES)
        return {
            "code": self.access.code(store, client_id, scopes, redirect_uri),
            "scope": " ".join(scopes),
            "context": f"stores/{store}",
            "account_uuid": "00000000-0000-4000-8000-000000000001",
        }

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Trade a code for a permanent token; JSON and forms are taken alike."""
        if request.content_type == "application/json":
            try:
                given = msgspec.json.decode(await request.read(), type=dict[str, str])
            except msgspec.DecodeError:
                return json_of({"error": "The request body is not valid JSON."}, 400)
        else:
            given = {name: str(value) for name, value in (await request.post()).items()}
        try:
            return json_of(self.access.grant(given))
        except NoGrant as refusal:
            return json_of(refusal.body, 400)

    def _is_known(self, given: dict[str, str]) -> bool:
        hash_ = given.get("context", "").removeprefix("stores/")
        is_address = given.get("redirect_uri", "").startswith(("http://", "https://"))
        return given.get("client_id") in self.access.apps and self.stores(hash_) is not None and is_address
