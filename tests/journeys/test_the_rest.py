"""A warehouse ships a part and says that nothing more follows: what becomes of the rest is the connection's choice."""

import pytest

from crossdock.activity.models import Activity
from crossdock.connections import services
from crossdock.connections.models import Connection
from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


def choose(world: World, remainder: str) -> None:
    services.set_remainder(actor=world.actor, connection=Connection.objects.get(), remainder=remainder)


async def with_a_rest(world: World, remainder: str) -> str:
    """An order of three units, of which one has left for good; the number the warehouse knows it by."""
    await world.there(choose, world, remainder)
    world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 3}])
    await world.settle()
    (number,) = world.wms.take_orders()
    world.wms.ship(MERCHANT, number, lines={1: 1}, final=True)
    await world.poll("fulfillment.pull")
    await world.settle()
    return number


def said(world: World) -> list[str]:
    rows = Activity.objects.filter(kind="order.rest_will_not_follow").order_by("id")
    return [row.params["then"] for row in rows]


async def test_a_rest_that_is_sent_again_reaches_the_warehouse_once_and_its_tracking_number_the_store():
    async with a_world() as world:
        number = await with_a_rest(world, "reship")
        again = world.wms.take_orders()

        await world.poll("fulfillment.pull")
        await world.poll()
        nothing_more = world.wms.take_orders()
        partly = await world.statuses()
        world.wms.ship(MERCHANT, again[0], final=True)
        await world.poll("fulfillment.pull")
        await world.settle()

        assert (again, nothing_more) == ([f"{number}_2"], [])
        assert world.wms.orders_received(MERCHANT) == {number: 1, f"{number}_2": 1}
        assert partly == {"#1001": "partially_shipped"}
        assert await world.statuses() == {"#1001": "closed"}
        assert [len(told) for told in world.shop.fulfillments_by_tracking().values()] == [1, 1]
        assert await world.there(said, world) == ["reship"]


async def test_a_person_is_asked_until_the_rest_ships_after_all():
    async with a_world() as world:
        number = await with_a_rest(world, "ask")
        asked = (await world.orders())["#1001"].issue

        world.wms.ship(MERCHANT, number)
        await world.poll("fulfillment.pull")
        await world.settle()

        assert asked.startswith(f"The warehouse says the rest, 2 units of {number}, will not follow.")
        order = (await world.orders())["#1001"]
        assert (order.status, order.issue) == ("closed", "")


async def test_a_rest_that_is_waited_for_changes_nothing_but_the_story():
    async with a_world() as world:
        await with_a_rest(world, "wait")

        order = (await world.orders())["#1001"]
        assert (order.status, order.issue) == ("partially_shipped", "")
        assert world.wms.take_orders() == []
        assert await world.there(said, world) == ["wait"]
