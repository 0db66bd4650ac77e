"""Whoever lost the right to change something is stopped right before it."""

from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from crossdock.connectors.kit.capabilities import Client, Identity
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.guarded_files import GuardedFolder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.opening import open_client
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.transport import Transport


class Lost(Exception):
    pass


def lost() -> None:
    raise Lost


async def test_nothing_is_sent_once_the_right_is_lost_and_reading_goes_on():
    seen = []

    async def answer(request):
        seen.append(request.method)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/thing", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", port)}))
    try:
        async with Transport(door) as transport:
            http = Http(
                f"http://127.0.0.1:{port}",
                platform="Test",
                transport=transport,
                record=lambda exchange: None,
                limiter=LocalLimiter(),
                before_write=lost,
            )
            await http.read("GET", "thing", operation="look")
            with pytest.raises(Lost):
                await http.write("POST", "thing", operation="change", json={})
    finally:
        await runner.cleanup()

    assert seen == ["GET"]


class Shop(Client[ConnectorSettings]):
    async def check(self):
        return Identity("1", "Shop")


class Paper:
    """A folder that would take anything."""

    may_write = True
    address = "paper:"

    def __init__(self) -> None:
        self.changes = []

    def __getattr__(self, name):
        async def change(*arguments):
            self.changes.append(name)

        return change


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: folder.write("in/a.tmp", b""),
        lambda folder: folder.rename("in/a.tmp", "in/a"),
        lambda folder: folder.discard("in/a"),
        lambda folder: folder.make_folder("in"),
    ],
)
async def test_no_file_is_touched_once_the_right_is_lost(change):
    paper = Paper()

    with pytest.raises(Lost):
        await change(GuardedFolder(paper, lost))

    assert paper.changes == []


async def test_a_client_is_opened_with_the_guard_before_its_calls_and_its_files():
    paper = Paper()

    @asynccontextmanager
    async def open_files(settings, **how):
        yield paper

    connector = Connector(
        key="guarded",
        name="Guarded",
        kind="store",
        settings=ConnectorSettings,
        client=Shop,
        base_url="https://guarded.example.com",
        docs="https://guarded.example.com",
        version="1",
        open_files=open_files,
    )

    opening = open_client(connector, ConnectorSettings(), door=Door(), record=lambda exchange: None, before_write=lost)
    async with opening as client:
        with pytest.raises(Lost):
            await client.http.write("POST", "thing", operation="change", json={})
        with pytest.raises(Lost):
            await client.files.discard("in/a")

    assert paper.changes == []
