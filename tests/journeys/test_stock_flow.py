"""Stock's whole way: what a warehouse counts, what is sold taken off, the shop's own figure; and returns beside their orders."""

import pytest

from crossdock.inbound.queries import ReturnFilters, list_returns
from crossdock.inventory import services
from crossdock.inventory.models import Publishing, StoreLevel
from crossdock.inventory.publishing import publishing_of
from crossdock.products.models import Listing
from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


async def counted(world: World, **levels: int) -> None:
    """The warehouse writes what it has, and that is read and told on."""
    for sku, units in levels.items():
        world.wms.adjust_stock(MERCHANT, sku.replace("_", "-"), units)
    world.wms.report_stock(MERCHANT)
    await world.poll("inventory.read")


async def said_yes(world: World) -> None:
    def yes() -> None:
        services.allow(actor=world.actor, row=publishing_of(world.store), percent=100)

    await world.there(yes)
    await world.settle()


async def test_what_a_warehouse_counts_is_what_the_shop_shows():
    async with a_world() as world:
        for sku, shown in (("BLUE-M", 3), ("BLUE-L", 50), ("UNKNOWN", 9)):
            world.shop.add_product(sku=sku, quantity=shown)
        await world.poll("products.pull")
        assert await world.there(lambda: sorted(Listing.objects.values_list("sku", flat=True))) >= ["BLUE-L", "BLUE-M"]

        # The first figures wait for a person: the shop shows what it showed.
        await counted(world, BLUE_M=12, BLUE_L=0)
        assert (world.shop.stock_of("BLUE-M"), world.shop.stock_of("BLUE-L")) == (3, 50)
        assert (await world.there(lambda: Publishing.objects.get().state)) == "first"

        await said_yes(world)
        assert (world.shop.stock_of("BLUE-M"), world.shop.stock_of("BLUE-L")) == (12, 0)
        # No warehouse names it: missing is not zero.
        assert world.shop.stock_of("UNKNOWN") == 9

        await counted(world, BLUE_M=11, BLUE_L=0)
        assert world.shop.stock_of("BLUE-M") == 11
        states = await world.there(lambda: dict(StoreLevel.objects.values_list("sku", "state")))
        assert (states["BLUE-M"], states["BLUE-L"], states["UNKNOWN"]) == ("done", "done", "unknown")


async def test_an_observing_connection_writes_nothing_to_the_shop_and_leaves_the_warehouses_files():
    async with a_world(live=False) as world:
        await world.there(world.set_mode, "observe")
        world.shop.add_product(sku="BLUE-M", quantity=3)
        await world.poll("products.pull")

        await counted(world, BLUE_M=12)
        await said_yes(world)

        assert world.shop.stock_of("BLUE-M") == 3
        assert await world.there(lambda: StoreLevel.objects.get(sku="BLUE-M").computed) == 12
        assert [entry for entry in world.shop.log if entry.is_write] == []


async def test_what_is_sold_is_not_offered_again_before_the_warehouse_counts_anew():
    async with a_world() as world:
        world.shop.add_product(sku="BLUE-M", quantity=3)
        await world.poll("products.pull")
        await counted(world, BLUE_M=12)
        await said_yes(world)

        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}])
        await world.poll("orders.pull")
        await world.poll("inventory.publish")

        level = await world.there(lambda: StoreLevel.objects.get(sku="BLUE-M"))
        assert (level.computed, level.held) == (10, 2)


async def test_a_return_is_listed_beside_its_order():
    async with a_world() as world:
        key = world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}])
        await world.settle()
        world.wms.take_orders()
        world.wms.ship(MERCHANT, "1001", shipment_id="S1", tracking=["1Z1"])
        await world.poll("fulfillment.pull")
        world.shop.ask_return(key.rsplit("/", 1)[1], {"BLUE-M": 1})

        await world.poll("returns.pull")

        (row,) = await world.there(lambda: list_returns(ReturnFilters()).rows)
        order = (await world.orders())["#1001"]
        assert (row.order_public_id, row.units) == (order.public_id, 1)
