"""Small servers on loopback for the kit's own tests: one that misbehaves as told, and a connection to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.http import Exchange, Http
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.signing import Signer
from crossdock.connectors.kit.transport import Transport

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """A TCP server that reads one HTTP request after another and lets `talk` write whatever it likes."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
                request = head + (await reader.readexactly(length))
                self.requests.append(request)
                await self.talk(request, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_server(talk: Talk) -> AsyncIterator[RawServer]:
    """A running `RawServer`."""
    server = RawServer(talk)
    listener = await asyncio.start_server(server._serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


@asynccontextmanager
async def http_to(
    server: RawServer,
    *,
    signer: Signer | None = None,
    may_write: bool = True,
    limiter: LocalLimiter | None = None,
    **more: Any,
) -> AsyncIterator[tuple[Http, list[Exchange]]]:
    """HTTP to a server through the sandbox door, and what was recorded."""
    exchanges: list[Exchange] = []
    door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", server.port)}))
    async with Transport(door) as transport:
        yield (
            Http(
                f"http://127.0.0.1:{server.port}/api",
                platform="Teststore",
                transport=transport,
                record=exchanges.append,
                limiter=limiter or LocalLimiter(),
                signer=signer,
                may_write=may_write,
                **more,
            ),
            exchanges,
        )


def answering(status: int = 200, body: bytes = b"{}", *headers: str) -> Talk:
    """Answer every request alike and keep the connection."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {status} Word", f"content-length: {len(body)}", *headers]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    return talk


async def hanging_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Read the request and close without a word."""
    writer.close()


def in_turn(*talks: Talk) -> Talk:
    """Answer the first request by the first, and so on; the last one goes on for good."""
    left = list(talks)

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(request, writer)

    return talk
