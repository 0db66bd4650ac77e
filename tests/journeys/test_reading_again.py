"""Orders read again because somebody asked, a setting changed, or a count found that they are not here."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database

from crossdock.accounts.models import Account
from crossdock.activity.models import Activity
from crossdock.connections import sites
from crossdock.connections.models import WebhookInbox
from crossdock.connectors.kit.capabilities import Identity
from crossdock.jobs.models import Lane
from crossdock.orders import backfilling, counting
from crossdock.orders.models import Backfill, DayCount, Difference, SalesOrder
from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


def change_settings(world: World, **changes: Any) -> None:
    sites.replace_settings(
        actor=world.actor,
        site=world.store,
        settings=world.shopify_settings(world.shop.give_token(world.handle), changes),
        identity=Identity(f"{world.handle}-id", "Acme"),
    )


def stories(number: str) -> list[str]:
    order = SalesOrder.objects.get(number=number)
    return list(Activity.objects.filter(order_id=order.pk).order_by("id").values_list("kind", flat=True))


async def test_orders_that_a_setting_left_out_are_read_again_by_themselves_when_it_is_widened():
    async with a_world(settings={"financial_statuses": ["paid"]}) as world:
        for status in ("PENDING", "PENDING", "VOIDED"):
            world.shop.add_order(financial_status=status)
        await world.settle()
        assert set((await world.statuses()).values()) == {"skipped"}
        await world.there(pretend_all_was_read)

        await world.there(change_settings, world, financial_statuses=["paid", "pending"])
        await settle_slowly(world)

        assert await world.statuses() == {"#1001": "open", "#1002": "open", "#1003": "skipped"}
        world.wms.take_orders()
        assert set(world.wms.orders_received(MERCHANT).values()) == {1}
        assert "order.judged_again" in await world.there(stories, "#1001")
        assert "order.judged_again" not in await world.there(stories, "#1003")
        before = (await world.orders())["#1003"].revision
        await world.poll("orders.reread")
        assert (await world.orders())["#1003"].revision == before


async def test_what_a_person_left_to_an_earlier_tool_is_not_read_again_by_a_setting():
    async with a_world(live=False) as world:
        world.shop.add_order()
        await world.there(world.set_mode, "observe")
        await world.settle()

        def leave() -> None:
            from crossdock.fulfillment.services import go_live

            go_live(actor=world.actor, connection=world.connection, older="leave")

        await world.there(leave)
        await world.settle()
        await world.there(change_settings, world, financial_statuses=["paid", "pending"])
        await settle_slowly(world)

        assert await world.statuses() == {"#1001": "skipped"}


def let_limits_refill() -> None:
    """Time passes, and the platform's limit is whole again: what is not urgent waits for that."""
    with database.cursor() as cursor:
        cursor.execute("update throttle set available = maximum, paused_until = null")
        cursor.execute(
            "update lane set due_at = clock_timestamp() where kind in ('orders.count', 'orders.reread', 'orders.backfill')"
        )


async def settle_slowly(world: World) -> None:
    """Settle, and give what is not urgent the time it needs."""
    for _ in range(4):
        await world.settle()
        await world.there(let_limits_refill)
    await world.settle()


def ask(world: World, days: int) -> Backfill:
    now = datetime.now(UTC)
    return backfilling.fetch_orders(actor=world.actor, store=world.store, since=now - timedelta(days=days), until=now)


async def test_orders_of_a_stretch_of_time_are_fetched_through_the_same_path_and_say_what_came_of_it():
    async with a_world() as world:
        await world.settle()
        await world.there(pretend_all_was_read)
        for _ in range(3):
            world.shop.add_order(created_at=(datetime.now(UTC) - timedelta(days=40)).isoformat())
        world.shop.add_order(created_at=(datetime.now(UTC) - timedelta(days=41)).isoformat(), financial_status="VOIDED")
        await world.there(forget_announcements)

        await world.there(ask, world, 45)
        await settle_slowly(world)

        row = await world.there(Backfill.objects.get)
        assert row.done_at is not None
        assert (row.found, row.new, row.skipped, row.changed, row.rejected, row.trouble) == (4, 4, 1, 0, 0, "")
        assert sorted((await world.statuses()).values()) == ["open", "open", "open", "skipped"]
        await world.there(ask, world, 45)
        await settle_slowly(world)
        again = await world.there(lambda: Backfill.objects.order_by("-pk").first())
        assert (again.found, again.new) == (4, 0)


async def test_a_backfill_that_is_cut_goes_on_and_says_why_it_waits():
    async with a_world() as world:
        await world.settle()
        world.shop.add_order()
        await world.there(ask, world, 1)
        world.shop.fail_next(20, status=503)
        await settle_slowly(world)

        row = await world.there(Backfill.objects.get)
        assert row.done_at is None
        assert row.trouble.startswith("Shopify answered 503")
        world.shop.troubles.clear()
        await settle_slowly(world)

        row = await world.there(Backfill.objects.get)
        assert (row.done_at is not None, row.found, row.trouble) == (True, 1, "")


def pretend_all_was_read() -> None:
    """The lane has read everything until now, so that only what changes from here on is read by itself."""
    Lane.objects.filter(kind="orders.pull").update(
        position={"done_to": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, window_from=None, window_to=None
    )


def forget_announcements() -> None:
    WebhookInbox.objects.all().delete()


def yesterday(zone: str, hour: int = 12) -> datetime:
    here = datetime.now(ZoneInfo(zone)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return (here - timedelta(days=1)).astimezone(UTC)


async def test_days_are_counted_against_the_store_and_what_is_missing_can_be_fetched():
    async with a_world() as world:
        await world.there(lambda: Account.objects.update(time_zone="America/Los_Angeles"))
        zone = "America/Los_Angeles"
        world.shop.add_order(created_at=yesterday(zone).isoformat())
        world.shop.add_order(created_at=yesterday(zone, hour=23).isoformat())
        await world.settle()

        await world.there(counting.count_again, actor=world.actor, store=world.store)
        await settle_slowly(world)

        newest = (await world.there(counting.counts_of, world.store))[0]
        assert (newest.row.at_store, newest.row.here, newest.differences) == (2, 2, ())

        await world.there(pretend_all_was_read)
        world.shop.add_order(created_at=yesterday(zone, hour=1).isoformat())
        world.shop.delete_order("1001")
        await world.there(forget_announcements)
        await world.there(counting.count_again, actor=world.actor, store=world.store)
        await settle_slowly(world)

        counted = (await world.there(counting.counts_of, world.store))[0]
        assert (counted.row.at_store, counted.row.here) == (2, 2)
        assert [(one.number, one.order_id is None) for one in counted.differences] == [("#1001", False), ("#1003", True)]
        missing = counted.differences[1].external_id
        await world.there(counting.fetch_missing, actor=world.actor, store=world.store, external_ids=[missing])
        await world.settle()

        assert (await world.statuses())["#1003"] == "open"
        counted = (await world.there(counting.counts_of, world.store))[0]
        assert [one.number for one in counted.differences] == ["#1001"]
        assert await world.there(lambda: Activity.objects.filter(kind="store.count_differs").count()) == 1


async def test_the_nightly_count_comes_by_itself_once_yesterday_was_read():
    async with a_world() as world:
        await world.there(lambda: Account.objects.update(time_zone=a_zone_after_four()))
        await world.poll("orders.count")
        assert await world.there(DayCount.objects.count) in (0, 2)

        await world.there(pretend_all_was_read)
        await world.poll("orders.count")

        rows = await world.there(lambda: list(DayCount.objects.order_by("-day")))
        assert len(rows) == 2
        assert all(row.counted_at is not None for row in rows)
        assert await world.there(Difference.objects.count) == 0
        lane = await world.there(lambda: Lane.objects.get(kind="orders.count"))
        assert timedelta(0) < lane.due_at - datetime.now(UTC) <= timedelta(hours=25)


def a_zone_after_four() -> str:
    """A zone where it is between 4 in the morning and midnight by now."""
    return next(zone for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles") if 4 <= datetime.now(ZoneInfo(zone)).hour <= 23)
