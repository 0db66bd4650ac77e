"""Whoever lost the right to change something is stopped right before it."""

import pytest
from aiohttp import web

from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.guarded_files import GuardedFolder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.limits import LocalLimiter
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
