"""An order that changes in the store while nobody knows whether a warehouse has it: sent once, as it stood, and never silently."""

import pytest

from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


def received_by(world: World) -> dict[str, int]:
    """How often the warehouse was given each order, as the warehouse counts."""
    world.wms.take_orders()
    return world.wms.orders_received(MERCHANT)


async def test_an_address_changed_while_nobody_knows_whether_the_warehouse_has_the_order_sends_nothing_twice():
    async with a_world() as world:
        world.wms.hang_up_after_write()
        world.shop.add_order()
        await world.settle()
        assert await world.statuses() == {"#1001": "delayed"}

        world.shop.change_address("1001", "9 Elsewhere Lane")
        await world.poll()
        await world.hurry()
        await world.hurry()

        order = (await world.orders())["#1001"]
        assert list(received_by(world).values()) == [1]
        assert order.status == "open"
        assert order.issue.startswith("The shipping address was changed in the store after the warehouse had the order.")
