"""One HTTP session for a realm in a process: its connections are made by the realm's door, and it keeps nothing between calls."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import aiohttp

from crossdock.connectors.kit.bounds import ANSWER_SILENCE, ANSWER_TIME, CONNECT_TIME
from crossdock.connectors.kit.door import Door


class HungUp(Exception):
    """The connection broke while a request was under way. Not one of aiohttp's errors, see `_never_twice`."""


class Trace:
    """How far one request got: whether a connection stood, whether it was a kept one, and the head of the answer if it came."""

    def __init__(self) -> None:
        self.is_connected = False
        self.was_reused = False
        self.status: int = 0
        self.headers: Mapping[str, str] = {}

    @property
    def has_answer(self) -> bool:
        """Whether the head of an answer came."""
        return self.status != 0


class Transport:
    """Makes the session at first use, in the event loop that uses it. Use as an async context manager, or call `aclose`.

    `authority` is a PEM file of one more authority to trust: the sandbox's made-up one, or a private one the operator names.
    `answer_time` bounds a call as a whole.
    """

    def __init__(self, door: Door, *, authority: Path | None = None, answer_time: timedelta = ANSWER_TIME) -> None:
        self.door = door
        self._answer_time = answer_time
        self._authority = authority
        self._session: aiohttp.ClientSession | None = None

    async def session(self) -> aiohttp.ClientSession:
        """The session. Must always be asked for in the same event loop."""
        if self._session is None or self._session.closed:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._authority is not None:
                context.load_verify_locations(cafile=str(self._authority))
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_on_connected)
            trace.on_connection_reuseconn.append(_on_reused)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=self.door.socket, ssl=context, limit=200, limit_per_host=20),
                # One session serves many tenants: a cookie one of them got must not travel with another's request.
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                timeout=aiohttp.ClientTimeout(
                    total=self._answer_time.total_seconds(),
                    sock_connect=CONNECT_TIME.total_seconds(),
                    sock_read=ANSWER_SILENCE.total_seconds(),
                ),
                middlewares=(_never_twice,),
                trace_configs=[trace],
            )
        return self._session

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            await asyncio.sleep(0)

    async def __aenter__(self) -> "Transport":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


async def _never_twice(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Take broken connections out of aiohttp's hands: it repeats PUT and DELETE on a new connection by itself (RFC 9112, 9.3.1),
    and whether a change may be sent again is decided by looking it up, nowhere else.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise HungUp(str(error)) from error


async def _on_connected(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:
    context.trace_request_ctx.is_connected = True


async def _on_reused(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:
    context.trace_request_ctx.is_connected = context.trace_request_ctx.was_reused = True
