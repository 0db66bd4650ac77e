"""An order's whole way: placed in a shop, shipped by a warehouse, its tracking number back in the shop."""

import pytest
from support.world import MERCHANT, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


async def test_an_order_reaches_the_warehouse_and_its_tracking_number_comes_back():
    async with a_world() as world:
        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}, {"sku": "CAP", "quantity": 1}])

        await world.settle()

        assert await world.statuses() == {"#1001": "open"}
        received = world.wms.orders_received(MERCHANT)
        assert list(received.values()) == [1]

        world.wms.ship(MERCHANT, next(iter(received)))
        await world.poll("fulfillment.pull")

        assert await world.statuses() == {"#1001": "closed"}
        assert list(world.shop.fulfillments_by_tracking().values()) and all(
            len(found) == 1 for found in world.shop.fulfillments_by_tracking().values()
        )
