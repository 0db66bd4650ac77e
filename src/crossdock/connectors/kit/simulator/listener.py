"""One or several simulators behind one address, plain and TLS, with their control API."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from crossdock.connectors.kit.simulator.authority import server_context
from crossdock.connectors.kit.simulator.control import guarded, pull

if TYPE_CHECKING:
    from crossdock.connectors.kit.simulator.base import Handler, Simulator

LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes; orders are loaded through the control API, and files of them are large."""


class Listener:
    """Serves platforms on loopback. `token` is made anew for each listener; `more` are further routes, the control page's."""

    def __init__(
        self,
        simulators: Sequence[Simulator],
        *,
        more: Callable[[Listener], Iterable[web.RouteDef]] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.simulators = {simulator.key: simulator for simulator in simulators}
        self.token = secrets.token_urlsafe(32)
        self.url = ""
        self.tls_url: str | None = None
        self.ca_file: Path | None = None
        self._more = more
        self._folder = folder
        self._runner: web.AppRunner | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0, tls_port: int | None = None) -> None:
        """Listen. Port 0 takes a free one; `tls_port` None means no TLS. Raises OSError when a port is taken."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_get("/_sandbox/{key}/state", guarded(self._state, self.token))
        app.router.add_get("/_sandbox/{key}/log", guarded(self._log, self.token))
        app.router.add_post("/_sandbox/{key}/{lever}", guarded(self._pull, self.token))
        if self._more is not None:
            app.router.add_routes(self._more(self))
        for simulator in self.simulators.values():
            for route in simulator.routes():
                app.router.add_route(route.method, route.path, _served(simulator, route.handler))
        # Without the short wait, ending a test would wait for keep-alive connections of its own client.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        plain = web.TCPSite(self._runner, host, port, reuse_address=True, backlog=1024)
        await plain.start()
        self.url = f"http://{_shown(host)}:{_port_of(plain)}"
        if tls_port is not None:
            self.ca_file = self._place() / "sandbox-ca.pem"
            secure = web.TCPSite(self._runner, host, tls_port, ssl_context=server_context(self.ca_file), reuse_address=True)
            await secure.start()
            self.tls_url = f"https://{_shown(host)}:{_port_of(secure)}"
        for simulator in self.simulators.values():
            await simulator.opened(self.url, self.tls_url, self.ca_file)

    async def stop(self) -> None:
        """Stop listening and let each simulator save what it has."""
        for simulator in self.simulators.values():
            await simulator.closed()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def _place(self) -> Path:
        if self._folder is not None:
            return self._folder
        self._scratch = tempfile.TemporaryDirectory(prefix="crossdock-sandbox-")
        return Path(self._scratch.name)

    def _named(self, request: web.Request) -> Simulator:
        simulator = self.simulators.get(request.match_info["key"])
        if simulator is None:
            raise web.HTTPNotFound(text='{"error": "no such platform"}', content_type="application/json")
        return simulator

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        simulator = self._named(request)
        lever = simulator.levers().get(request.match_info["lever"])
        if lever is None:
            return web.json_response({"error": "no such lever"}, status=404)
        body = await request.read()
        try:
            arguments = msgspec.json.decode(body, type=dict[str, Any]) if body else {}
            result = await pull(lever, arguments)
            simulator.is_changed = True
        except (ValueError, LookupError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return _json({"result": result})

    async def _state(self, request: web.Request) -> web.StreamResponse:
        simulator = self._named(request)
        return _json({"state": simulator.state_view(), "faults": dict(simulator.troubles.done)})

    async def _log(self, request: web.Request) -> web.StreamResponse:
        simulator = self._named(request)
        entries = simulator.writes() if request.query.get("writes") else simulator.log
        return _json({"log": entries})


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value, enc_hook=str), content_type="application/json")


def _served(simulator: Simulator, handler: Handler) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        return await simulator.serve(handler, request)

    return serve


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port_of(site: web.TCPSite) -> int:
    server = site._server
    assert server is not None  # noqa: S101  (it was just started)
    port: int = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    return port
