"""What every call passes through: token, scope, quota, content type; and the few shapes of answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from crossdock.connectors.bigcommerce.simulator import shaping
from crossdock.connectors.bigcommerce.simulator.access import Access, Token, lacks, spend
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.state import Store

MOST = 250


class Refused(Exception):
    """The platform says no: a status and its words; `errors` by field in version 3."""

    def __init__(self, status: int, message: str, errors: Record | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


class Call(Struct, frozen=True):
    """A call that was let in. `address` is the store's version 2 API as the caller sees it."""

    request: web.Request
    store: Store
    token: Token
    address: str

    def path(self, name: str) -> int:
        """A number in the path. Raises Refused."""
        value: str = self.request.match_info[name]
        if not value.isdigit():
            raise Refused(400, f"The field '{name}' is invalid.")
        return int(value)

    async def body(self) -> Record:
        """The JSON sent. Raises Refused for another content type or what is no object."""
        if self.request.content_type != "application/json":
            raise Refused(415, "Please use the content type application/json.")
        try:
            return msgspec.json.decode(await self.request.read(), type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Refused(400, "The request body is not valid JSON.") from error

    def page(self, most: int = MOST, usual: int = 50) -> tuple[int, int]:
        """Page and limit. Raises Refused."""
        asked = self.request.query
        try:
            page, limit = int(asked.get("page", "1")), int(asked.get("limit", str(usual)))
        except ValueError as error:
            raise Refused(400, "The field 'page' or 'limit' is invalid.") from error
        if page < 1 or limit < 1:
            raise Refused(400, "The field 'page' or 'limit' is invalid.")
        if limit > most:
            raise Refused(413, f"The limit is higher than {most}.")
        return page, limit


Answering = Callable[[Call], Awaitable[web.Response]]


def entered(access: Access, store: Store | None, request: web.Request, address: str) -> Call:
    """Let a call in. Raises Refused."""
    token = access.token(store.hash, request.headers.get("X-Auth-Token")) if store is not None else None
    if store is None or token is None:
        raise Refused(401, "You are not authorized. Please check the access token.")
    path = request.path.partition(f"/stores/{store.hash}/")[2]
    if missing := lacks(token, path, request.method):
        raise Refused(403, f"You don't have a required scope to access the endpoint: {missing}.")
    return Call(request, store, token, address)


async def answered(handler: Answering, access: Access, store: Store | None, request: web.Request, address: str) -> web.Response:
    """Answer a call, or refuse it in the version's own words. Every answer of a limited store states the quota."""
    is_let, headers = spend(store) if store is not None else (True, {})
    try:
        if not is_let:
            raise Refused(429, "You have made too many requests.")
        response = await handler(entered(access, store, request, address))
    except Refused as refusal:
        response = refusal_of(refusal, request)
    except LookupError:
        response = refusal_of(Refused(404, "The requested resource was not found."), request)
    response.headers.update(headers)
    return response


def refusal_of(refusal: Refused, request: web.Request) -> web.Response:
    """A refusal in the words of the version that was asked."""
    if "/v3/" in request.path:
        body: Any = shaping.errors_v3(refusal.status, refusal.message, refusal.errors)
        kind = "application/problem+json" if refusal.status in (422, 409) else "application/json"
    else:
        body, kind = shaping.errors_v2(refusal.status, refusal.message), "application/json"
    return web.Response(status=refusal.status, body=msgspec.json.encode(body), content_type=kind)


def json_of(value: Any, status: int = 200) -> web.Response:
    """JSON; in version 2 an empty list is no body at all."""
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


def listed(rows: list[Any]) -> web.Response:
    """A list of version 2: 204 and nothing where it is empty."""
    return json_of(rows) if rows else web.Response(status=204)
