"""`crossdock sandbox`: all simulators in one process, on loopback, with a control page; and `crossdock sandbox load`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from crossdock.connectors.kit.simulator import Listener, Simulator, SimulatorDeclaration
from crossdock.connectors.kit.simulator.control import is_local_host, is_token, pull
from crossdock.sandbox import load
from crossdock.sandbox.page import HEADERS, STYLE, overview, page, platform_page
from crossdock.sandbox.simulators import every_simulator

DEFAULT_PORT = 9000
LOOPBACK = ("127.0.0.1", "::1", "localhost")

TOKEN_FILE = "sandbox-token"  # noqa: S105  (the name of a file)
PRESETS_FILE = "presets.json"


class Sandbox:
    """All simulators behind one listener. `folder` keeps their states, the token file and the made-up authority's certificate."""

    def __init__(self, folder: Path, *, declarations: dict[str, SimulatorDeclaration] | None = None) -> None:
        self.folder = folder
        self.declarations = every_simulator() if declarations is None else declarations
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.simulators: dict[str, Simulator] = {
            key: declaration.make(state_file=folder / f"{key}.state", folder=None)
            for key, declaration in self.declarations.items()
        }
        self.listener = Listener(list(self.simulators.values()), more=self._routes, folder=folder)
        self._said: dict[str, str] = {}

    async def start(self, host: str = "127.0.0.1", port: int = 0, tls_port: int | None = 0) -> None:
        """Listen, and write the token where only we read it. Raises OSError when a port is taken, ValueError for a host elsewhere."""
        if host not in LOOPBACK:
            raise ValueError(f"the sandbox listens on this machine only, not on {host}")
        await self.listener.start(host, port, tls_port)
        write_private(self.token_file, self.listener.token)
        write_private(self.presets_file, json.dumps(self.presets()))

    async def stop(self) -> None:
        """Stop listening; states are saved."""
        await self.listener.stop()
        with contextlib.suppress(FileNotFoundError):
            self.token_file.unlink()

    @property
    def token_file(self) -> Path:
        """Where this start's token stands, readable by us alone."""
        return self.folder / TOKEN_FILE

    @property
    def presets_file(self) -> Path:
        """Where a form finds settings that connect to this sandbox, its secrets among them, readable by us alone."""
        return self.folder / PRESETS_FILE

    def presets(self) -> dict[str, Any]:
        """Settings that connect to this sandbox, by platform."""
        return {
            key: [{"label": preset.name, "settings": preset.settings} for preset in self.declarations[key].presets(one)]
            for key, one in self.simulators.items()
        }

    @property
    def control(self) -> str:
        """The address of the control page."""
        return f"{self.listener.url}/_sandbox/"

    def base_urls(self) -> dict[str, str]:
        """What `CROSSDOCK_BASE_URL__<KEY>` is to be, by platform."""
        found = {key: self.declarations[key].address(one) for key, one in self.simulators.items()}
        return {key: address for key, address in found.items() if address}

    def announcement(self) -> dict[str, Any]:
        """Everything another process needs to use this sandbox, secrets of the sandbox among it."""
        return {
            "control": self.control,
            "url": self.listener.url,
            "tls_url": self.listener.tls_url,
            "ca_file": str(self.listener.ca_file) if self.listener.ca_file else None,
            "token_file": str(self.token_file),
            "base_urls": self.base_urls(),
            "environment": {
                "CROSSDOCK_SANDBOX_TOKEN_FILE": str(self.token_file),
                "CROSSDOCK_SANDBOX_PRESETS": str(self.presets_file),
                **({"CROSSDOCK_SANDBOX_CA": str(self.listener.ca_file)} if self.listener.ca_file else {}),
            },
        }

    # The page

    def _routes(self, listener: Listener) -> Iterable[web.RouteDef]:
        return [
            web.get("/_sandbox", self._to_overview),
            web.get("/_sandbox/", self._overview),
            web.get("/_sandbox/style.css", self._style),
            web.get("/_sandbox/{key}/", self._platform),
            web.post("/_sandbox/{key}/do/{lever}", self._do),
        ]

    async def _to_overview(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": "/_sandbox/", **HEADERS})

    async def _overview(self, request: web.Request) -> web.StreamResponse:
        facts = {"Address": self.listener.url, "With TLS": self.listener.tls_url or "off"}
        if self.listener.ca_file:
            facts["Its authority, to trust here alone"] = str(self.listener.ca_file)
        facts |= {f"CROSSDOCK_BASE_URL__{key.upper()}": url for key, url in self.base_urls().items()}
        return self._page(request, "Sandbox", overview(self.simulators, facts), None)

    async def _style(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=STYLE, content_type="text/css", headers={"X-Content-Type-Options": "nosniff"})

    async def _platform(self, request: web.Request) -> web.StreamResponse:
        simulator = self.simulators.get(request.match_info["key"])
        if simulator is None:
            raise web.HTTPNotFound
        return self._page(request, simulator.name, platform_page(simulator, self.listener.token), simulator.key)

    def _page(self, request: web.Request, title: str, body: str, here: str | None) -> web.Response:
        if not is_local_host(request.host):
            return web.Response(status=421, text="This host name is not served.")
        tabs = {key: simulator.name for key, simulator in self.simulators.items()}
        said = self._said.pop(request.query.get("said", ""), None)
        return web.Response(text=page(title, body, tabs=tabs, here=here, said=said), content_type="text/html", headers=HEADERS)

    async def _do(self, request: web.Request) -> web.StreamResponse:
        if not is_local_host(request.host):
            return web.Response(status=421, text="This host name is not served.")
        given = {name: str(value) for name, value in (await request.post()).items()}
        if not is_token(given.pop("_token", None), self.listener.token):
            return web.Response(status=403, text="This page is from an earlier start of the sandbox. Go back and reload it.")
        simulator = self.simulators.get(request.match_info["key"])
        lever = simulator.levers().get(request.match_info["lever"]) if simulator else None
        if simulator is None or lever is None:
            raise web.HTTPNotFound
        try:
            result = await pull(lever, {name: value for name, value in given.items() if value != ""}, strict=False)
            simulator.is_changed = True
            said = "Done." if result is None else f"Done: {result}"
        except (ValueError, LookupError) as error:
            said = f"Not done: {error}"
        key = secrets.token_hex(4)
        self._said[key] = said[:500]
        return web.Response(status=303, headers={"Location": f"/_sandbox/{simulator.key}/?said={key}", **HEADERS})


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted, or load a file into a running sandbox; the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["load"]:
        return load.main(given[1:])
    parser = argparse.ArgumentParser(
        prog="crossdock sandbox",
        description="Serve a stand-in of every platform on this machine. `crossdock sandbox load PLATFORM FILE` puts orders into it.",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"0 takes a free one (default {DEFAULT_PORT})")
    parser.add_argument("--tls-port", type=int, help="default: the port after --port, or a free one")
    parser.add_argument("--state", type=Path, help="folder that keeps orders over a restart (default: in CROSSDOCK_DATA_DIR)")
    parser.add_argument("--announce", type=Path, metavar="FILE", help="write addresses and presets to this file once it listens")
    arguments = parser.parse_args(given)
    folder = arguments.state or default_folder()
    try:
        asyncio.run(_serve(arguments, folder))
    except OSError as error:
        sys.stderr.write(f"crossdock: the sandbox cannot listen: {error.strerror or error}\n")
        return 1
    return 0


def default_folder() -> Path:
    """Where a sandbox keeps its state when it was not told."""
    home = os.environ.get("CROSSDOCK_DATA_DIR")
    return (Path(home) if home else Path.home() / ".local/share/crossdock") / "sandbox"


async def _serve(arguments: argparse.Namespace, folder: Path) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    sandbox = Sandbox(folder)
    tls_port = arguments.tls_port if arguments.tls_port is not None else (arguments.port + 1 if arguments.port else 0)
    await sandbox.start(port=arguments.port, tls_port=tls_port)
    try:
        if arguments.announce is not None:
            write_private(arguments.announce, json.dumps(sandbox.announcement(), indent=2))
        sys.stdout.write(f"Sandbox: {sandbox.control}\n")
        sys.stdout.write(f"With TLS: {sandbox.listener.tls_url}, its authority: {sandbox.listener.ca_file}\n")
        for key, url in sandbox.base_urls().items():
            sys.stdout.write(f"CROSSDOCK_BASE_URL__{key.upper()}={url}\n")
        sys.stdout.write(f"Token for its control API: in {sandbox.token_file}\n")
        sys.stdout.flush()
        await stopping.wait()
    finally:
        await sandbox.stop()
