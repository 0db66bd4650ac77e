"""The instance over HTTP: identity server, cookie sign-in, the endpoint, long operations, and the refusals before them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from crossdock.connectors.acumatica.simulator import api
from crossdock.connectors.acumatica.simulator.access import Access, App
from crossdock.connectors.acumatica.simulator.desk_levers import DeskLevers
from crossdock.connectors.acumatica.simulator.levers import PASSWORD as DEMO_PASSWORD
from crossdock.connectors.acumatica.simulator.levers import USER as DEMO_USER
from crossdock.connectors.acumatica.simulator.panel import panel_of
from crossdock.connectors.acumatica.simulator.pushing import Courier
from crossdock.connectors.acumatica.simulator.schema import ENDPOINT, TOPS, VERSIONS, hidden
from crossdock.connectors.acumatica.simulator.showing import Refused, shown, with_errors
from crossdock.connectors.acumatica.simulator.signing import SITE, SigningIn, answered
from crossdock.connectors.acumatica.simulator.state import Refusal, Tenant, from_plain, plain
from crossdock.connectors.acumatica.simulator.swagger import document
from crossdock.connectors.kit.simulator import Described, Panel
from crossdock.connectors.kit.simulator.base import now

DEMO_TENANTS = ("Company", "Stationery")

_READ_BY_PUT = frozenset(name for name, top in TOPS.items() if top.is_inquiry)
_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h2>{0} - Server error.</h2></body></html>"
_NO_INQUIRIES = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    '<Schema Namespace="Default" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityContainer Name="Default"/></Schema>'
    "</edmx:DataServices></edmx:Edmx>"
)
_BUSY = "The previous operation has not been completed yet."


class AcumaticaSimulator(SigningIn, DeskLevers):
    """One instance with several tenants."""

    key = "acumatica"
    name = "Acumatica"
    ticks = 0.2

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        folder: Path | None = None,
        clock: Callable[[], datetime] = now,
        tenants: Iterable[str] = DEMO_TENANTS,
    ) -> None:
        super().__init__(state_file=state_file, folder=folder, clock=clock)
        self.access = Access(clock)
        self.courier = Courier()
        self.tenants: dict[str, Tenant] = {}
        self._operations: dict[str, _Operation] = {}
        for name in tenants:
            self.add_tenant(name)

    # What the kit asks

    def routes(self) -> Iterable[web.RouteDef]:
        """Everything below the site's virtual directory."""
        root = f"{SITE}/entity/{ENDPOINT}/{{version}}"
        return [
            web.post(f"{SITE}/identity/connect/token", self._token),
            web.get(f"{SITE}/identity/.well-known/openid-configuration", self._discovery),
            web.post(f"{SITE}/entity/auth/login", self._login),
            web.post(f"{SITE}/entity/auth/logout", self._logout),
            web.get(f"{SITE}/t/{{tenant}}/api/odata/gi/$metadata", self._inquiries),
            web.get(f"{SITE}/entity", self._endpoints),
            web.get(f"{SITE}/entity/", self._endpoints),
            web.get(f"{root}/swagger.json", self._swagger),
            web.get(f"{root}/{{entity}}/$adHocSchema", self._ad_hoc),
            web.get(f"{root}/{{entity}}/{{action}}/status/{{operation}}", self._status),
            web.get(f"{root}/{{entity}}", self._list),
            web.put(f"{root}/{{entity}}", self._put),
            web.post(f"{root}/{{entity}}", self._not_acceptable),
            web.get(f"{root}/{{entity}}/{{keys:.+}}", self._one),
            web.delete(f"{root}/{{entity}}/{{keys:.+}}", self._delete),
            web.post(f"{root}/{{entity}}/{{action}}", self._act),
        ]

    async def describe(self, request: web.Request) -> Described:
        """An action by its name, else entity and method; inquiries and signing in change nothing."""
        place = request.match_info
        entity = place.get("entity")
        if entity is None:
            return Described(request.path.rpartition("/")[2] or "entity", False)
        if "operation" in place:
            return Described(f"{place['action']}_Status", False)
        if request.method == "POST":
            return Described(place.get("action", entity), True)
        if request.method == "PUT":
            return Described(f"{entity}_PutEntity", entity not in _READ_BY_PUT)
        if request.method == "DELETE":
            return Described(f"{entity}_DeleteByKeys", True)
        return Described(f"{entity}_GetById" if "keys" in place else f"{entity}_GetList", False)

    def refusal(self, status: int, request: web.Request) -> web.Response:
        """What comes before Acumatica's own answer: mostly the web server's."""
        if status == 401:
            return answered({"message": "You are not logged in. You cannot perform any operation."}, 401)
        if status == 429:
            return answered({"message": "Too many requests. The license allows no more for now."}, 429)
        if status == 403:
            return answered(
                {"message": "An error has occurred.", "exceptionMessage": "You have insufficient rights.", "exceptionType": ""},
                403,
            )
        if status >= 500:
            return web.Response(status=status, text=_HTML.format(status), content_type="text/html")
        return answered({"message": f"The request is invalid ({status})."}, status)

    def panel(self) -> Panel:
        """Orders, shipments and stock, and what one may do with them."""
        return panel_of(self)

    def state_view(self) -> Any:
        """Counts and tracking numbers by tenant."""
        return {
            name: {
                "orders": len(tenant.tables["SalesOrder"]),
                "shipments": self.shipments_by_tracking(name),
                "sessions": len(self.access.sessions),
            }
            for name, tenant in self.tenants.items()
        }

    def dump(self) -> bytes:
        """All tenants and applications; sessions end with the process."""
        apps = [[app.client_id, app.client_secret, app.tenant, app.flow] for app in self.access.apps.values()]
        users = [[*key, password] for key, password in self.access.users.items()]
        return msgspec.msgpack.encode({"tenants": [plain(one) for one in self.tenants.values()], "apps": apps, "users": users})

    def restore(self, content: bytes) -> None:
        """Take back what `dump` gave."""
        state = msgspec.msgpack.decode(content)
        self.tenants = {}
        for one in state["tenants"]:
            tenant = from_plain(one, self.clock)
            tenant.on_change = self.courier.note
            self.tenants[tenant.name] = tenant
        self.access.apps = {one[0].casefold(): App(*one) for one in state["apps"]}
        self.access.users = {(tenant, name): password for tenant, name, password in state["users"]}

    async def tick(self) -> None:
        """Enter orders that are due."""
        self.place_due()

    async def end(self) -> None:
        """Stop delivering."""
        await self.courier.stop()

    # The endpoint

    async def _endpoints(self, request: web.Request) -> web.StreamResponse:
        if self._session(request) is None:
            return self.refusal(401, request)
        if (late := await self._limited(request)) is not None:
            return late
        return answered(
            {
                "version": {"acumaticaBuildVersion": f"{VERSIONS[-1][:6]}.0113", "databaseVersion": f"{VERSIONS[-1][:6]}.0113"},
                "endpoints": [
                    {"version": version, "name": ENDPOINT, "href": f"{SITE}/entity/{ENDPOINT}/{version}/"} for version in VERSIONS
                ],
            },
            200,
        )

    async def _swagger(self, request: web.Request) -> web.StreamResponse:
        version = request.match_info["version"]
        if version not in VERSIONS:
            return _no_route(request)
        if self._session(request) is None:
            return self.refusal(401, request)
        return answered(document(f"{request.scheme}://{request.host}{SITE}/entity/{ENDPOINT}/{version}", version), 200)

    async def _inquiries(self, request: web.Request) -> web.StreamResponse:
        """Generic inquiries by OData: this company exposes none."""
        return web.Response(text=_NO_INQUIRIES, content_type="application/xml")

    async def _ad_hoc(self, request: web.Request) -> web.StreamResponse:
        return await self._called(request, lambda tenant, entity, question: {"id": str(uuid.uuid4()), "custom": {}})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        def answer(tenant: Tenant, entity: str, question: api.Asked) -> Any:
            rows = api.page(entity, api.listed(tenant, entity, question), question)
            if self.troubles.has_duplicate_pages and rows:
                rows = [*rows, rows[0]]
            return rows[::-1] if self.troubles.has_reordered_pages else rows

        return await self._called(request, answer)

    async def _one(self, request: web.Request) -> web.StreamResponse:
        keys = request.match_info["keys"].split("/")

        def answer(tenant: Tenant, entity: str, question: api.Asked) -> Any:
            return shown(entity, api.found(tenant, entity, keys), expand=question.expand, select=question.select)

        return await self._called(request, answer)

    async def _put(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)

        def answer(tenant: Tenant, entity: str, question: api.Asked) -> Any:
            record = api.put(
                tenant,
                entity,
                body,
                inserts_only=request.headers.get("If-None-Match") == "*",
                updates_only=request.headers.get("If-Match") == "*",
            )
            self.is_changed = True
            return shown(entity, record, expand=question.expand, select=question.select)

        return await self._called(request, answer, body=body)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        keys = request.match_info["keys"].split("/")

        def answer(tenant: Tenant, entity: str, question: api.Asked) -> Any:
            api.delete(tenant, entity, keys)
            self.is_changed = True
            return web.Response(status=204)

        return await self._called(request, answer)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        action = request.match_info["action"]

        def answer(tenant: Tenant, entity: str, question: api.Asked) -> Any:
            if action not in TOPS[entity].actions:
                return _no_route(request)
            self.is_changed = True
            session = self._session(request)
            operation = _Operation(tenant.polls, session.id if session else "")
            try:
                record = api.act(tenant, entity, action, body)
                keys = "/".join(str(record[name]) for name in TOPS[entity].keys)
                operation.location = f"{SITE}/entity/{ENDPOINT}/{request.match_info['version']}/{entity}/{keys}"
            except Refusal as refusal:
                if refusal.message == api.NOT_FOUND:
                    raise
                # A long operation is accepted first and fails when it is asked about.
                operation.refusal = refusal
            name = str(uuid.uuid4())
            self._operations[name] = operation
            place = f"{SITE}/entity/{ENDPOINT}/{request.match_info['version']}/{entity}/{action}/status/{name}"
            return web.Response(status=202, headers={"Location": place})

        return await self._called(request, answer, body=body)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        if self._session(request) is None:
            return self.refusal(401, request)
        if (late := await self._limited(request)) is not None:
            return late
        operation = self._operations.get(request.match_info["operation"])
        if operation is None:
            return answered({"message": "The operation does not exist."}, 404)
        if operation.polls > 0:
            operation.polls -= 1
            return web.Response(status=202, headers={"Location": request.path})
        if operation.refusal is not None:
            return _refused(operation.refusal, request.match_info["entity"], None)
        return web.Response(status=204, headers={"Location": operation.location})

    async def _not_acceptable(self, request: web.Request) -> web.StreamResponse:
        return answered({"message": "The requested resource does not support http method 'POST'."}, 406)

    async def _called(
        self, request: web.Request, answer: Callable[[Tenant, str, api.Asked], Any], *, body: Any = None
    ) -> web.StreamResponse:
        entity, version = request.match_info["entity"], request.match_info["version"]
        if version not in VERSIONS:
            return _no_route(request)
        session = self._session(request)
        if session is None:
            return self.refusal(401, request)
        if (late := await self._limited(request)) is not None:
            return late
        if entity not in TOPS:
            return _no_route(request)
        if any(one.session == session.id and one.polls > 0 for one in self._operations.values()):
            return _refused(Refusal(_BUSY), entity, None)
        try:
            question, missing = api.asked(request.query), hidden(version)
            api.check(entity, question, missing)
            if missing and isinstance(body, dict) and api.without(entity, body, missing) != body:
                raise Refused(f"the body has fields that {version} does not have.")
            found = answer(self.tenants[session.tenant], entity, question)
            if missing and isinstance(found, dict | list):
                rows = [api.without(entity, one, missing) for one in (found if isinstance(found, list) else [found])]
                found = rows if isinstance(found, list) else rows[0]
        except Refused as refused:
            return answered({"message": "The request is invalid.", "modelState": {"entity": [str(refused)]}}, 400)
        except Refusal as refusal:
            return _refused(refusal, entity, body)
        return found if isinstance(found, web.StreamResponse) else answered(found, 200)

    async def _limited(self, request: web.Request) -> web.Response | None:
        wait = self.access.wait_for(time.monotonic())
        if wait is None:
            return self.refusal(429, request)
        if wait:
            await asyncio.sleep(wait)
        return None


class _Operation:
    """A long operation: how often it says that it is not done, and what it ends with."""

    def __init__(self, polls: int, session: str) -> None:
        self.polls = polls
        self.session = session
        self.refusal: Refusal | None = None
        self.location = ""


async def _body(request: web.Request) -> Any:
    try:
        return msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        return None


def _no_route(request: web.Request) -> web.Response:
    address = f"{request.scheme}://{request.host}{request.path}"
    return answered(
        {
            "message": f"No HTTP resource was found that matches the request URI '{address}'.",
            "messageDetail": "No type was found that matches the controller.",
        },
        404,
    )


def _refused(refusal: Refusal, entity: str, body: Any) -> web.Response:
    if refusal.errors:
        return answered(with_errors(body if isinstance(body, dict) else {}, refusal.errors, refusal.message), 422)
    return answered(
        {
            "message": "An error has occurred.",
            "exceptionMessage": refusal.message,
            "exceptionType": refusal.kind,
            "stackTrace": "   at PX.Api.ContractBased.EntityService.Execute()",
        },
        refusal.status,
    )


__all__ = ["DEMO_PASSWORD", "DEMO_USER", "SITE", "AcumaticaSimulator"]
