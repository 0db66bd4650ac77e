"""A worker that stopped in the middle of a write keeps its lane's row: announcements are taken all the same, and acted on later."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django.test import Client

from crossdock.connections.hooks import hook_of
from crossdock.connections.models import WebhookInbox
from crossdock.connections.webhooks import address_of
from crossdock.jobs import leases
from crossdock.jobs.timing import next_due
from crossdock.jobs.wakes import open_lane
from crossdock.jobs.worker import run_lane, sweep
from crossdock.tenancy.scope import in_scope, scoped
from support.world import World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")

APP_SECRET = "the app's secret"


@contextmanager
def held(world: World, lane_id: int):
    """The lane's row in another transaction, as a frozen worker has it: nobody else can write it."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold():
        try:
            with scoped(world.account.pk), connection.cursor() as cursor:
                cursor.execute("update lane set holder = 'frozen' where id = %s", [lane_id])
                is_held.set()
                may_go.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert is_held.wait(10)
        yield
    finally:
        may_go.set()
        thread.join()


def announce(world: World, order: int) -> int:
    """What a delivery about an order is answered."""
    address = address_of("shopify", in_scope(world.account.pk, hook_of, world.store))
    body = json.dumps({"id": order}).encode()
    headers = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Webhook-Id": secrets.token_hex(8),
        "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(APP_SECRET.encode(), body, hashlib.sha256)).decode(),
    }
    try:
        return Client().post("/in/" + address.split("/in/")[1], body, "application/json", headers=headers).status_code
    finally:
        connections.close_all()


def waits(world: World) -> bool:
    """Whether a wake-up for the store's lane is on the queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where status = 'todo' and queueing_lock = %s",
            [f"lane:{open_lane('orders.pull', world.store.pk)}"],
        )
        return bool(cursor.fetchone()[0])


def forget_wakes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where status = 'todo'")


def let_seconds_pass(world: World, seconds: int) -> None:
    """Make what happened at this store that much older."""
    with connection.cursor() as cursor:
        cursor.execute("update webhook_inbox set received_at = received_at - make_interval(secs => %s)", [seconds])
        cursor.execute("update lane set last_started_at = last_started_at - make_interval(secs => %s)", [seconds])


async def test_an_announcement_for_a_lane_whose_row_is_kept_is_answered_at_once_and_found_by_the_sweep():
    async with a_world(settings={"client_secret": APP_SECRET}) as world:
        await world.settle()
        order = world.shop.add_order()
        lane_id = await world.there(open_lane, "orders.pull", world.store.pk)
        await world.there(forget_wakes)

        with held(world, lane_id):
            status = await asyncio.to_thread(announce, world, order)
            has_woken = await world.there(waits, world)
            # The sweep passes over no other lane because of this one.
            await sweep()

        await world.there(let_seconds_pass, world, 3)
        await sweep()
        is_found = await world.there(waits, world)
        await run_lane(world.account.pk, lane_id)
        await world.settle()

        assert (status, has_woken, is_found) == (200, False, True)
        assert await world.statuses() == {"#1001": "open"}


async def test_an_announcement_that_could_not_be_told_to_a_run_under_way_is_seen_at_its_end():
    async with a_world(settings={"client_secret": APP_SECRET}) as world:
        await world.settle()
        lane_id = await world.there(open_lane, "orders.pull", world.store.pk)
        run = await world.there(leases.take, lane_id, "a worker")

        with held(world, lane_id):
            await asyncio.to_thread(announce, world, world.shop.add_order())

        # The run looked before; nothing woke it since.
        assert await world.there(lambda: leases.end(run, due_at=next_due(run)))


async def test_what_was_looked_at_since_it_was_announced_is_not_looked_at_again_by_the_sweep():
    async with a_world(settings={"client_secret": APP_SECRET}) as world:
        await world.settle()
        lane_id = await world.there(open_lane, "orders.pull", world.store.pk)
        await asyncio.to_thread(announce, world, world.shop.add_order())
        await world.there(let_seconds_pass, world, 10)
        await world.there(world.set_mode, "off")
        await run_lane(world.account.pk, lane_id)
        await world.there(forget_wakes)

        await sweep()

        assert await world.there(lambda: WebhookInbox.objects.filter(taken_at=None).count()) == 1
        assert not await world.there(waits, world)
