"""Every store that announces changes: believed only when signed, and only as a reason to look."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import KeepsWebhooks
from crossdock.connectors.kit.errors import AuthenticationFailed, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.connectors.kit.secret import Secret

rig = every_connector_that(KeepsWebhooks)


@pytest.fixture
async def inbox():
    """An address on loopback that keeps what is posted to it, and fails at the first."""
    deliveries: asyncio.Queue = asyncio.Queue()

    async def take(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        await deliveries.put((headers, await request.read()))
        return web.Response(status=200 if deliveries.qsize() > 1 else 503)  # the first one is sent again

    app = web.Application()
    app.router.add_post("/in/{platform}/{token}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/in/teststore/0123456789abcdef"
    yield address, deliveries
    await runner.cleanup()


async def the_next(deliveries):
    async with asyncio.timeout(5):
        return await deliveries.get()


def read(rig, headers, body, **changes):
    return rig.connector.webhooks.receive(headers, body, [], rig.settings(**changes))


async def test_a_new_order_is_announced_and_named(rig, inbox):
    address, deliveries = inbox
    async with rig.client() as client:
        topics = await client.ensure_webhooks(address)
    external_id = rig.places()

    delivery = read(rig, *await the_next(deliveries))
    async with rig.client() as client:
        named = await client.orders_by_id(delivery.subjects)

    assert set(topics) == set(rig.connector.webhooks.topics)
    assert delivery.delivery_id
    assert delivery.topic
    assert [order.external_id for order in named.orders] == ([external_id] if delivery.subjects else [])


async def test_a_repeated_delivery_has_the_same_id(rig, inbox):
    address, deliveries = inbox
    async with rig.client() as client:
        await client.ensure_webhooks(address)
    rig.sim.duplicate_webhooks(copies=1, pause=0.01)
    rig.places()

    ids = []
    while len(set(ids)) == len(ids):
        ids.append(read(rig, *await the_next(deliveries)).delivery_id)

    assert ids.count(ids[-1]) == 2


async def test_a_delivery_of_another_app_or_with_another_body_is_refused(rig, inbox):
    address, deliveries = inbox
    async with rig.client() as client:
        await client.ensure_webhooks(address)
    rig.places()
    headers, body = await the_next(deliveries)

    with pytest.raises(AuthenticationFailed):
        read(rig, headers, body + b" ")
    with pytest.raises(AuthenticationFailed):
        rig.connector.webhooks.receive({}, body, [Secret("some secret")], rig.settings())


async def test_webhooks_are_made_once_again_when_gone_and_taken_back(rig, inbox):
    address, _ = inbox
    async with rig.client() as client:
        made = await client.ensure_webhooks(address)
        rig.sim.forget_log()
        assert await client.ensure_webhooks(address) == made
        assert rig.sim.writes() == []
        rig.sim.forget_webhooks()
        await client.ensure_webhooks(address)
        assert len(rig.sim.writes()) == len(made)
        await client.remove_webhooks(address)
        rig.sim.forget_log()
        await client.remove_webhooks(address)

    assert rig.sim.writes() == []


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationFailed), (429, RateLimited), (503, Unavailable)])
async def test_what_the_platform_refuses_is_named(rig, inbox, status, error):
    address, _ = inbox
    await rig.orders()
    rig.sim.fail_next(n=30, status=status)

    async with rig.client() as client:
        with pytest.raises(error):
            await client.ensure_webhooks(address)


async def test_what_was_cut_short_is_finished_by_the_next_try_and_nothing_is_made_twice(rig, inbox):
    address, deliveries = inbox
    rig.sim.hang_up_after_write()

    async with rig.client() as client:
        with contextlib.suppress(Unavailable, OutcomeUnknown):
            await client.ensure_webhooks(address)
        made = await client.ensure_webhooks(address)
        rig.sim.forget_log()
        again = await client.ensure_webhooks(address)
        writes = list(rig.sim.writes())
        await client.remove_webhooks(address)
        rig.places()
    await asyncio.sleep(0)

    assert set(made) == set(again) == set(rig.connector.webhooks.topics)
    assert writes == []
    assert deliveries.empty()


async def test_a_connection_that_only_observes_registers_nothing(rig, inbox):
    address, _ = inbox
    rig.sim.forget_log()

    async with rig.client(may_write=False) as client:
        with pytest.raises(ObserveOnly):
            await client.ensure_webhooks(address)

    assert rig.sim.writes() == []
