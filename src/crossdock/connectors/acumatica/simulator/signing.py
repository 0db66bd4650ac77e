"""Signing in and out over HTTP: the identity server's tokens, and the older cookie."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.acumatica.simulator.access import FULL, Access, NoGrant, Session
from crossdock.connectors.acumatica.simulator.showing import as_json
from crossdock.connectors.acumatica.simulator.state import Tenant

SITE = "/AcumaticaERP"
"""The virtual directory the instance lives in; Location headers carry it."""

_JSON = "application/json; charset=utf-8"


class SigningIn:
    """Mixed into the simulator."""

    access: Access
    tenants: dict[str, Tenant]

    async def _token(self, request: web.Request) -> web.StreamResponse:
        given = {name: str(value) for name, value in (await request.post()).items()}
        try:
            return answered(self.access.token(given), 200)
        except NoGrant as refusal:
            return answered(refusal.body, refusal.status)

    async def _discovery(self, request: web.Request) -> web.StreamResponse:
        root = f"{request.scheme}://{request.host}{SITE}/identity"
        return answered(
            {
                "issuer": root,
                "token_endpoint": f"{root}/connect/token",
                "revocation_endpoint": f"{root}/connect/revocation",
                "scopes_supported": ["api", "offline_access", "api:concurrent_access"],
                "grant_types_supported": ["authorization_code", "password", "refresh_token"],
            },
            200,
        )

    async def _login(self, request: web.Request) -> web.StreamResponse:
        try:
            given = msgspec.json.decode(await request.read(), type=dict[str, Any])
        except msgspec.DecodeError:
            return answered({"message": "The request is invalid."}, 400)
        tenant = given.get("tenant") or given.get("company") or (next(iter(self.tenants)) if len(self.tenants) == 1 else "")
        if tenant not in self.tenants:
            return answered(
                {**FULL, "exceptionMessage": "Proper company ID cannot be determined from the credentials", "stackTrace": ""}, 500
            )
        try:
            session = self.access.sign_in(str(given.get("name", "")), str(given.get("password", "")), tenant)
        except NoGrant as refusal:
            return answered(refusal.body, refusal.status)
        response = web.Response(status=204)
        response.set_cookie(".ASPXAUTH", session.id, path="/", httponly=True)
        response.set_cookie("ASP.NET_SessionId", session.id[:24], path="/", httponly=True)
        response.set_cookie("CompanyID", tenant, path="/")
        response.set_cookie("UserBranch", "1", path="/")
        return response

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        session = self._session(request)
        if session is not None:
            self.access.sign_out(session)
        return web.Response(status=204)

    def _session(self, request: web.Request) -> Session | None:
        kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
        return self.access.session_of(bearer if kind.casefold() == "bearer" else None, request.cookies.get(".ASPXAUTH"))


def answered(value: Any, status: int) -> web.Response:
    """JSON as Acumatica writes it."""
    return web.Response(body=as_json(value), status=status, headers={"Content-Type": _JSON})
