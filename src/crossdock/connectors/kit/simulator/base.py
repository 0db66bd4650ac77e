"""A platform as a server with state: the same levers, log and control API for every platform."""

import asyncio
import contextlib
import gzip
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from aiohttp import web
from msgspec import Struct

from crossdock.connectors.kit.simulator.faults import CHANCE, Fault, Faults, Kind
from crossdock.connectors.kit.simulator.listener import Listener
from crossdock.connectors.kit.simulator.log import LoggedRequest
from crossdock.connectors.kit.simulator.panel import Panel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_LOGGED = 200_000
"""Requests kept in the log; a chaos run needs all of its own, a demo that runs for weeks must not grow for ever."""

SAVE_EVERY = 2.0
"""Seconds between saves of a changed state."""


class Described(Struct, frozen=True):
    """What a request is about: the platform's name of the operation, and whether it changes anything there."""

    operation: str
    is_write: bool


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Simulator:
    """One platform. Subclasses name `key` and `name`, give `routes`, and add their own levers.

    HTTP routes pass through `serve`, which logs and harms them. A platform without HTTP overrides `begin` and `end` to run its own
    listener, asks `self.troubles.next(operation, is_write)` before each operation and appends to `self.log` itself.
    """

    key: ClassVar[str]
    name: ClassVar[str]

    ticks: float | None = None
    """Seconds between two looks at what is due, by `tick`; None for a platform where nothing happens by itself."""

    def __init__(
        self, *, state_file: Path | None = None, folder: Path | None = None, clock: Callable[[], datetime] = now
    ) -> None:
        self.clock = clock
        self.state_file = state_file
        self.folder = folder
        self.log: list[LoggedRequest] = []
        self.troubles = Faults()
        self.host = "127.0.0.1"
        self.url = ""
        self.tls_url: str | None = None
        self.ca_file: Path | None = None
        self.is_changed = False
        self._listener: Listener | None = None
        self._saving: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None

    # What a platform gives

    def routes(self) -> Iterable[web.RouteDef]:
        """The platform's own paths; handlers are bare, `serve` is put round them by the listener."""
        return ()

    async def describe(self, request: web.Request) -> Described:
        """Say what a request is about. By default everything but GET and HEAD changes something."""
        return Described(request.path, request.method not in ("GET", "HEAD"))

    def refusal(self, status: int, request: web.Request) -> web.Response:
        """The platform's own words for an error status."""
        return web.json_response({"errors": f"simulated {status}"}, status=status)

    def address(self) -> str | None:
        """Where a platform without HTTP is reached, once it listens; see `SimulatorDeclaration.address`."""
        return None

    def panel(self) -> Panel:
        """What the control page shows."""
        return Panel()

    def state_view(self) -> Any:
        """The state as JSON values, for tests and tools in other processes."""
        return {}

    def revoke_key(self) -> None:
        """Make the platform refuse the credentials in use until new ones are made."""
        raise NotImplementedError

    async def begin(self) -> None:
        """Start what runs beside HTTP."""

    async def tick(self) -> None:
        """Do what is due by now; called again and again while the platform runs."""

    async def end(self) -> None:
        """Stop what `begin` started."""

    def dump(self) -> bytes:
        """The whole state, to be kept over a restart."""
        return b""

    def restore(self, content: bytes) -> None:
        """Take a state that `dump` gave."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """What the control API may call, by name; arguments are keywords with annotated types, defaults make them optional."""
        return {
            "fail_next": self.fail_next,
            "hang_up_after_write": self.hang_up_after_write,
            "hang_up_before_write": self.hang_up_before_write,
            "delay": self.delay,
            "truncate_next": self.truncate_next,
            "duplicate_pages": self.duplicate_pages,
            "reorder_pages": self.reorder_pages,
            "hostile": self.hostile,
            "faults": self.faults,
            "calm": self.calm,
            "revoke_key": self.revoke_key,
            "forget_log": self.forget_log,
        }

    # The faults lever

    def fail_next(
        self,
        n: int = 1,
        status: int = 503,
        after_write: bool = False,
        operation: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Answer the next requests with an error status; with `after_write` the work is done all the same."""
        self.troubles.add(
            Fault(Kind.STATUS, n, status=status, after_write=after_write, operation=operation, retry_after=retry_after)
        )

    def hang_up_after_write(self, n: int = 1, operation: str | None = None) -> None:
        """Do the next writes and cut the line before the answer."""
        self.troubles.add(Fault(Kind.CUT_AFTER, n, writes_only=True, operation=operation))

    def hang_up_before_write(self, n: int = 1, operation: str | None = None) -> None:
        """Cut the line at the next writes without doing them."""
        self.troubles.add(Fault(Kind.CUT_BEFORE, n, writes_only=True, operation=operation))

    def delay(self, seconds: float) -> None:
        """Answer every request this much later; 0 ends it."""
        self.troubles.latency = seconds

    def truncate_next(self, n: int = 1, operation: str | None = None) -> None:
        """Send only half of the next answers' bodies, though the header promises the whole."""
        self.troubles.add(Fault(Kind.TRUNCATE, n, operation=operation))

    def duplicate_pages(self, on: bool = True) -> None:
        """Let pages of a list repeat records of the page before."""
        self.troubles.has_duplicate_pages = on

    def reorder_pages(self, on: bool = True) -> None:
        """Let the records inside a page come in another order than asked."""
        self.troubles.has_reordered_pages = on

    def hostile(self, kind: str, n: int = 1, operation: str | None = None) -> None:
        """Answer the next requests with malice: gzip_bomb, deep_json, huge_number, nul, html, endless, redirect, not_json."""
        if kind not in HOSTILE:
            raise ValueError(f"no such malice: {kind}; there are {', '.join(HOSTILE)}")
        self.troubles.add(Fault(Kind.HOSTILE, n, detail=kind, operation=operation))

    def faults(self, rate: float, seed: int, kinds: list[str] | None = None) -> None:
        """Harm a share of all requests by chance, repeatable by the seed."""
        self.troubles.by_chance(rate, seed, tuple(kinds) if kinds else CHANCE)

    def calm(self) -> None:
        """End all faults."""
        self.troubles.clear()

    def forget_log(self) -> None:
        """Empty the log of requests."""
        self.log.clear()

    def writes(self) -> list[LoggedRequest]:
        """Requests that changed something, or tried to."""
        return [entry for entry in self.log if entry.is_write]

    # Running

    async def start(self, host: str = "127.0.0.1", port: int = 0, tls_port: int | None = None) -> None:
        """Listen alone, on a free port unless told; `tls_port` 0 adds a TLS listener on a free port."""
        self._listener = Listener([self])
        await self._listener.start(host, port, tls_port)

    @property
    def token(self) -> str:
        """What the control API of the simulator's own listener wants. Raises RuntimeError before `start`."""
        if self._listener is None:
            raise RuntimeError("the simulator does not listen by itself")
        return self._listener.token

    async def stop(self) -> None:
        """Stop listening; the state is saved where a file was given."""
        if self._listener is not None:
            await self._listener.stop()
            self._listener = None

    async def opened(self, url: str, tls_url: str | None, ca_file: Path | None) -> None:
        """Called by the listener that serves this simulator, once its addresses are known."""
        self.url, self.tls_url, self.ca_file = url, tls_url, ca_file
        if self.state_file is not None and self.state_file.exists():
            self.restore(await asyncio.to_thread(self.state_file.read_bytes))
        await self.begin()
        if self.ticks is not None:
            self._ticking = asyncio.create_task(self._tick_on(self.ticks))
        if self.state_file is not None:
            self._saving = asyncio.create_task(self._save_changes())

    async def closed(self) -> None:
        """Called by the listener before it ends."""
        for task in (self._saving, self._ticking):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._saving = self._ticking = None
        await self.end()
        if self.state_file is not None:
            self._save()

    async def _tick_on(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            await self.tick()

    async def _save_changes(self) -> None:
        pause = SAVE_EVERY
        while True:
            await asyncio.sleep(pause)
            if self.is_changed:
                start = time.monotonic()
                self._save()
                # A large state is saved less often, so that saving never takes more than a small share of the time.
                pause = max(SAVE_EVERY, 20 * (time.monotonic() - start))

    def _save(self) -> None:
        assert self.state_file is not None  # noqa: S101  (callers asked)
        self.is_changed = False
        partial = self.state_file.with_suffix(".new")
        partial.touch(mode=0o600)
        partial.write_bytes(self.dump())
        partial.replace(self.state_file)

    async def serve(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        """Answer one request of the platform: log it, harm it where that was asked for, else let the platform answer."""
        called = await self.describe(request)
        entry = LoggedRequest(self.clock(), request.method, request.path, called.operation, called.is_write)
        if len(self.log) >= MOST_LOGGED:
            del self.log[: MOST_LOGGED // 10]
        self.log.append(entry)
        fault = self.troubles.next(called.operation, called.is_write)
        if self.troubles.latency:
            await asyncio.sleep(self.troubles.latency)
        if fault is None:
            response = await handler(request)
            entry.status = response.status
            return response
        entry.fault = fault.name
        return await self._harmed(fault, handler, request, entry)

    async def _harmed(self, fault: Fault, handler: Handler, request: web.Request, entry: LoggedRequest) -> web.StreamResponse:
        if fault.kind is Kind.CUT_BEFORE:
            return _hang_up(request)
        if fault.kind is Kind.HOSTILE:
            entry.status = 200
            return await HOSTILE[fault.detail](request)
        if fault.kind is Kind.STATUS and not fault.after_write:
            return self._refused(fault, request, entry)
        if fault.kind is Kind.DELAY:
            await asyncio.sleep(fault.seconds)
        response = await handler(request)
        if fault.kind is Kind.CUT_AFTER:
            return _hang_up(request)
        if fault.kind is Kind.STATUS:
            return self._refused(fault, request, entry)
        entry.status = response.status
        if fault.kind is Kind.TRUNCATE and isinstance(response, web.Response):
            return await _half(request, response)
        return response

    def _refused(self, fault: Fault, request: web.Request, entry: LoggedRequest) -> web.Response:
        response = self.refusal(fault.status, request)
        entry.status = response.status
        if fault.retry_after is not None:
            response.headers["Retry-After"] = f"{fault.retry_after:g}"
        return response


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def _half(request: web.Request, whole: web.Response) -> web.StreamResponse:
    body = whole.body if isinstance(whole.body, bytes) else b""
    headers = {name: value for name, value in whole.headers.items() if name.lower() != "content-length"}
    response = web.StreamResponse(status=whole.status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _gzip_bomb(request: web.Request) -> web.Response:
    body = await asyncio.to_thread(gzip.compress, b" " * 256 * 1024 * 1024, 1)
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(b'{"data":[')
        while True:
            await response.write(b"0," * 50)
            await asyncio.sleep(0.05)
    return response


def _answering(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers={"Content-Type": "application/json", **(headers or {})})

    return answer


HOSTILE: Mapping[str, Handler] = {
    "gzip_bomb": _gzip_bomb,
    "endless": _endless,
    "deep_json": _answering(b'{"data":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "huge_number": _answering(b'{"data":{"orders":{"nodes":[{"id":1e999999999}]}}}'),
    "nul": _answering(b'{"data":{"orders":{"nodes":[{"id":"\\u0000\\ud800"}]}}}'),
    "not_json": _answering(b'{"data":'),
    "html": _answering(b"<!doctype html><title>Maintenance</title>", headers={"Content-Type": "text/html"}),
    "redirect": _answering(b"", status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
}
"""Answers no honest platform gives."""
