"""A run that fails as a whole keeps what was said, and the channel's error leads to it."""

from collections import Counter
from pathlib import Path

import pytest

from crossdock.activity.models import Message
from crossdock.connections import presenting, unread
from crossdock.connections.models import Connection
from crossdock.jobs.models import Lane
from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


def behind(world: World, kind: str) -> tuple[Lane, Message | None]:
    lane = Lane.objects.get(kind=kind)
    return lane, Message.objects.filter(pk=lane.last_message_id).first()


async def test_the_exchange_that_failed_is_behind_the_error_of_the_channel():
    async with a_world() as world:
        await world.settle()
        world.shop.fail_next(10, status=503)

        await world.poll("orders.pull")

        lane, message = await world.there(behind, world, "orders.pull")
        assert lane.failures == 1
        assert message is not None
        assert (message.status, message.store_id) == (503, world.store.pk)

        def card() -> presenting.Card:
            link = Connection.objects.select_related("store", "warehouse").get(pk=world.connection.pk)
            return presenting.channel_cards(link, "UTC")[0]

        assert [trouble.message_id for trouble in (await world.there(card)).troubles] == [message.pk]

        world.shop.troubles.clear()
        await world.hurry()

        lane, message = await world.there(behind, world, "orders.pull")
        assert (lane.failures, lane.last_message_id, message) == (0, None, None)


async def test_a_warehouse_file_that_cannot_be_read_is_named_until_it_comes_again_as_it_should():
    async with a_world() as world:

        def named() -> list[str]:
            return [file.name for file in unread.waiting()]

        async def pull() -> list[str]:
            await world.poll("fulfillment.pull")
            await world.poll("inventory.read")
            return await world.there(named)

        await world.settle()
        world.wms.put_file(MERCHANT, "shp_1.csv", "\x89PNG\r\n\x1a\n", encoding="latin-1")
        world.wms.put_file(MERCHANT, "inv_1.csv", "", age=7200)
        assert sorted(await pull()) == ["inv_1.csv", "shp_1.csv"]
        assert sorted(await pull()) == ["inv_1.csv", "shp_1.csv"]

        world.wms.put_file(MERCHANT, "shp_1.csv", "Order Number,Ship Date,SKU,Quantity\r\n1001,2026-02-01,A,1\r\n")
        (world.wms.merchants[MERCHANT].out / "inv_1.csv").unlink()
        assert await pull() == []


async def test_a_folder_that_is_gone_stops_the_sending_and_no_order_and_all_go_on_once_it_is_there():
    async with a_world() as world:
        await world.settle()
        folder = Path(world.wms.merchants[MERCHANT].place) / "in"
        folder.rename(folder.with_name("elsewhere"))
        for _ in range(60):
            world.shop.add_order()

        await world.poll("orders.pull")
        await world.hurry()

        statuses = Counter((await world.statuses()).values())
        lane, _ = await world.there(behind, world, "fulfillment.send")
        assert set(statuses) <= {"queued", "delayed"}
        assert sum(statuses.values()) == 60
        assert "There is no folder /in" in lane.last_error

        folder.with_name("elsewhere").rename(folder)
        await world.hurry()

        assert Counter((await world.statuses()).values()) == {"open": 60}
