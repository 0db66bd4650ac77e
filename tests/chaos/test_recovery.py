"""What happens after a worker is killed: its lanes go on elsewhere, soon, also when elsewhere is another machine."""

import os

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from yarl import URL

from chaos.namespaces import machines, reached_from
from chaos.workers import Worker, until
from support.world import World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")

SOON = 30.0
"""Seconds after which a lane of a killed worker runs again: a lease of 20, a sweep every 5, and the run itself."""


def holder_of(kind: str) -> str | None:
    """Who holds the account's lane of a kind now."""
    with connection.cursor() as cursor:
        cursor.execute("select holder from lane where kind = %s and leased_until > clock_timestamp()", [kind])
        row = cursor.fetchone()
        return row[0] if row else None


async def held_by(world: World, worker_pid: int | None = None) -> bool:
    holder = await world.there(holder_of, "orders.pull")
    return holder is not None and (worker_pid is None or holder.endswith(f":{worker_pid}"))


async def is_imported(world: World) -> bool:
    return "#1001" in await world.orders()


async def is_sent(world: World) -> bool:
    return (await world.statuses()).get("#1001") == "open"


async def test_a_lane_whose_worker_was_killed_runs_again_within_thirty_seconds():
    async with a_world() as world:
        world.shop.add_order()
        world.shop.delay(60)
        dying = Worker()
        try:
            await until(lambda: held_by(world, dying.process.pid), dying, limit=30)
            other = Worker()
        finally:
            dying.kill()
        world.shop.delay(0)

        try:
            took = await until(lambda: is_imported(world), other, limit=SOON)
        finally:
            other.kill()

        assert took < SOON


async def test_a_lane_goes_on_at_another_machine_when_its_worker_dies(database):
    with machines(2) as others:
        async with (
            a_world() as world,
            reached_from(others, [URL(world.shop.url).port or 80, world.wms.sftp_port], database.app) as port,
        ):
            remote = {"DATABASE_URL": make_conninfo(os.environ["DATABASE_URL"], host=others.address, port=port)}
            world.shop.add_order()
            world.shop.delay(60)
            dying = Worker(within=others.within(0), environment=remote)
            try:
                await until(lambda: held_by(world), dying, limit=30)
                other = Worker(within=others.within(1), environment=remote)
            finally:
                dying.kill()
            world.shop.delay(0)

            try:
                took = await until(lambda: is_imported(world), other, limit=SOON)
                await until(lambda: is_sent(world), other, limit=SOON)
            finally:
                other.kill()

            assert took < SOON
            world.wms.take_orders()
            assert list(world.wms.orders_received().values()) == [1]
