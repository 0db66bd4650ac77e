"""An order of two warehouses: each ships its own part, also the one that goes Live when the other has shipped already."""

import pytest

from crossdock.connections import services, sites
from crossdock.connections.models import Connection, Mode
from crossdock.connectors.kit.capabilities import Identity
from crossdock.fulfillment.services import go_live
from crossdock.orders.models import SalesOrderLine
from support.world import MERCHANT, PASSWORD, World, a_world, files_settings

pytestmark = pytest.mark.usefixtures("db_ready")

SECOND = "acme-east"


def second_connection(world: World, location: str) -> Connection:
    """A warehouse of its own for a location of the shop, and the connection to it, which only observes."""
    warehouse = sites.save_warehouse(
        actor=world.actor,
        platform="files",
        name="Newark warehouse",
        settings=files_settings(world.wms, SECOND),
        identity=Identity(f"{SECOND}-{world.wms.sftp_port}", "Newark"),
    )
    made = services.create_connection(actor=world.actor, name="Acme to Newark", store=world.store, warehouse=warehouse)
    services.link_locations(actor=world.actor, connection=made, locations={location: "NWK"})
    services.set_mode(actor=world.actor, connection=made, mode=Mode.OBSERVE)
    return made


async def ship(world: World, merchant: str) -> None:
    world.wms.take_orders()
    world.wms.ship_all(merchant)
    await world.poll("fulfillment.pull")


async def test_a_part_that_waited_is_sent_when_its_connection_goes_live_and_the_order_closes_with_it():
    async with a_world() as world:
        world.wms.add_merchant(SECOND, PASSWORD)
        newark = world.shop.add_location("Newark")
        second = await world.there(second_connection, world, newark.rsplit("/", 1)[-1])
        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}, {"sku": "CAP", "quantity": 3, "location": "Newark"}])
        await world.settle()
        await ship(world, MERCHANT)
        assert await world.statuses() == {"#1001": "partially_shipped"}
        assert world.wms.orders_received(SECOND) == {}

        await world.there(go_live, actor=world.actor, connection=second, older="take")
        await world.hurry()
        await ship(world, SECOND)

        assert list(world.wms.orders_received(MERCHANT).values()) == [1]
        assert list(world.wms.orders_received(SECOND).values()) == [1]
        assert await world.statuses() == {"#1001": "closed"}
        lines = await world.there(lambda: set(SalesOrderLine.objects.values_list("sku", "allocated", "shipped", "posted")))
        assert lines == {("BLUE-M", 2, 2, 2), ("CAP", 3, 3, 3)}
        assert len(world.shop.shop(world.handle).fulfillments) == 2
