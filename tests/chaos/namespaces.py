"""Network namespaces: machines, as far as the network can tell, that reach one another by addresses of their own."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial

import pytest
from psycopg.conninfo import conninfo_to_dict

from chaos import relays
from chaos.relays import Ends, relay

NETWORK = "10.213"


class Machines:
    """This machine as `address`, and others that reach it there."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.address = f"{NETWORK}.1.1"

    def within(self, at: int) -> list[str]:
        """The words that run a command on one of the others."""
        return ["ip", "netns", "exec", self.names[at]]


@contextmanager
def machines(count: int) -> Iterator[Machines]:
    """So many namespaces, each with a line of its own to this one. Skips the test where they cannot be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    names = [f"crossdock-{os.getpid()}-{number}" for number in range(1, count + 1)]
    made = []
    try:
        for number, name in enumerate(names, start=1):
            line = f"cd{os.getpid() % 100_000}-{number}"
            here, there = f"{NETWORK}.{number}.1", f"{NETWORK}.{number}.2"
            _ip("netns", "add", name)
            made.append(name)
            _ip("link", "add", line, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("address", "add", f"{here}/24", "dev", line)
            _ip("link", "set", line, "up")
            _ip("-n", name, "address", "add", f"{there}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "route", "add", "default", "via", here)
        yield Machines(names)
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"network namespaces are not to be had here: {done.stderr.strip()}")


@asynccontextmanager
async def reached_from(others: Machines, ports: Sequence[int], database: str) -> AsyncIterator[int]:
    """Let the others reach ports of our loopback at their own, and the suite's database server over TCP; the latter's port."""
    to = conninfo_to_dict(database)
    place, number = str(to.get("host") or "localhost"), int(to.get("port") or 5432)

    def to_server() -> Awaitable[Ends]:
        if place.startswith("/"):
            return asyncio.open_unix_connection(f"{place}/.s.PGSQL.{number}")
        return asyncio.open_connection(place, number)

    async with AsyncExitStack() as stack:
        for port in ports:
            await stack.enter_async_context(relay(others.address, port, partial(asyncio.open_connection, "127.0.0.1", port)))
        for at in range(len(others.names)):
            words = [*others.within(at), sys.executable, relays.__file__, others.address, *map(str, ports)]
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL)  # noqa: ASYNC220  (it only forks)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield await stack.enter_async_context(relay(others.address, 0, to_server))
