"""Messages in the background: posted as they are, waited for, and dropped when the platform stops."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from crossdock.connectors.kit.simulator.outbox import Outbox


@asynccontextmanager
async def a_listener(answer):
    """An address that answers as told."""
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture
async def outbox():
    made = Outbox()
    yield made
    await made.stop()


async def test_a_message_arrives_as_it_is_and_its_answer_is_known(outbox):
    heard = []

    async def answer(request):
        heard.append((await request.read(), request.headers["x-signed"]))
        return web.Response(status=202)

    async with a_listener(answer) as address:
        status = await outbox.post(address, b'{"a": 1}', {"x-signed": "yes"})

    assert status == 202
    assert heard == [(b'{"a": 1}', "yes")]


async def test_nobody_there_is_no_answer_and_a_redirect_is_one(outbox):
    async def answer(request):
        raise web.HTTPFound("/elsewhere")

    async with a_listener(answer) as address:
        moved = await outbox.post(address, b"", {})
    gone = await outbox.post(address, b"", {})

    assert (moved, gone) == (302, None)


async def test_what_was_begun_has_ended_once_it_is_idle(outbox):
    ended = []

    async def deliver():
        async with outbox.slots:
            await asyncio.sleep(0)
            ended.append(True)

    for _ in range(50):
        outbox.begin(deliver)
    assert ended == []
    await outbox.idle()

    assert len(ended) == 50


async def test_stopping_drops_what_is_under_way(outbox):
    ended = []

    async def deliver():
        await asyncio.Event().wait()
        ended.append(True)

    outbox.begin(deliver)
    await outbox.stop()
    await outbox.idle()

    assert ended == []


def test_outside_a_running_loop_nothing_is_sent():
    Outbox().begin(lambda: pytest.fail("nobody listens"))
