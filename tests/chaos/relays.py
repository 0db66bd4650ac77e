"""Relays of TCP connections, so that what listens in one network is reached from another.

Run as a program it relays from loopback: `python -m chaos.relays ADDRESS PORT...` listens at each port of 127.0.0.1.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def relay(host: str, port: int, connect: Callable[[], Awaitable[Ends]]) -> AsyncIterator[int]:
    """Listen at `host` (port 0: a free one) and pass everything on to what `connect` opens; the port."""
    running: set[asyncio.Task[None]] = set()
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        far_reader, far_writer = await connect()
        pumps = {asyncio.create_task(_pump(reader, far_writer)), asyncio.create_task(_pump(far_reader, writer))}
        running.update(pumps)
        await asyncio.wait(pumps)

    listener = await asyncio.start_server(serve, host, port)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for pump in running:
            pump.cancel()
        await asyncio.gather(*(task for task in serving if task is not None), return_exceptions=True)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65_536):
            target.write(piece)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


async def _from_loopback(address: str, ports: list[int]) -> None:
    async def stay(port: int) -> None:
        async with relay("127.0.0.1", port, lambda: asyncio.open_connection(address, port)):
            await asyncio.Event().wait()

    await asyncio.gather(*map(stay, ports))


if __name__ == "__main__":
    asyncio.run(_from_loopback(sys.argv[1], [int(port) for port in sys.argv[2:]]))
