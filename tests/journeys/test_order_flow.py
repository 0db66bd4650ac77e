"""An order's whole way: placed in a shop, shipped by a warehouse, its tracking number back in the shop."""

from collections import Counter

import msgspec
import pytest

from crossdock.activity.models import Activity
from crossdock.connections import services, sites
from crossdock.connections.models import Effect, Store
from crossdock.connectors.kit.capabilities import Identity
from crossdock.fulfillment.corrections import shipment_of
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.shipping import take_shipments
from crossdock.orders.models import SalesOrder, SalesOrderLine
from support.world import MERCHANT, World, a_world

pytestmark = pytest.mark.usefixtures("db_ready")


def received_by(world: World) -> dict[str, int]:
    """How often the warehouse was given each order, as the warehouse counts."""
    world.wms.take_orders()
    return world.wms.orders_received(MERCHANT)


def told(world: World) -> Counter[str]:
    """How often the shop was told each tracking number, as the shop counts."""
    return Counter({number: len(found) for number, found in world.shop.fulfillments_by_tracking().items()})


def void(world: World) -> None:
    """The warehouse reports a shipment once more, as one that never left."""
    row = Shipment.objects.get()
    again = msgspec.structs.replace(shipment_of(bytes(row.doc)), is_void=True)
    take_shipments(warehouse_id=row.warehouse_id, shipments=[again])


async def ship_everything(world: World) -> None:
    world.wms.take_orders()
    world.wms.ship_all(MERCHANT)
    await world.poll("fulfillment.pull")


async def test_an_order_reaches_the_warehouse_and_its_tracking_number_comes_back():
    async with a_world() as world:
        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}, {"sku": "CAP", "quantity": 1}])

        await world.settle()

        assert await world.statuses() == {"#1001": "open"}
        assert list(received_by(world).values()) == [1]

        await ship_everything(world)

        assert await world.statuses() == {"#1001": "closed"}
        assert list(told(world).values()) == [1]


async def test_reading_the_same_orders_again_sends_nothing_again():
    async with a_world() as world:
        for _ in range(3):
            world.shop.add_order()
        await world.settle()

        world.shop.touch_order(1001)
        await world.poll()
        await world.poll()

        assert set(received_by(world).values()) == {1}
        assert len(await world.orders()) == 3


async def test_a_connection_that_observes_shows_what_it_would_do_and_writes_nothing_anywhere():
    async with a_world(live=False) as world:
        world.shop.add_order()
        before = sorted(str(path) for path in world.wms.place_of(MERCHANT).rglob("*"))

        await world.there(world.set_mode, "observe")
        await world.settle()
        await world.poll("fulfillment.pull")

        assert await world.statuses() == {"#1001": "new"}
        assert "Only observed" in (await world.orders())["#1001"].reason
        assert world.shop.writes() == []
        assert world.wms.writes() == []
        assert sorted(str(path) for path in world.wms.place_of(MERCHANT).rglob("*")) == before


async def test_a_store_that_cuts_the_line_after_taking_the_shipment_is_asked_and_not_told_twice():
    async with a_world() as world:
        world.shop.add_order()
        await world.settle()
        world.shop.hang_up_after_write(operation="fulfillmentCreate")

        await ship_everything(world)
        await world.hurry()

        assert list(told(world).values()) == [1]
        assert await world.statuses() == {"#1001": "closed"}


async def test_a_warehouse_that_cuts_the_line_after_taking_the_file_is_asked_and_not_sent_twice():
    async with a_world() as world:
        world.wms.hang_up_after_write()
        world.shop.add_order()

        await world.settle()
        assert await world.statuses() == {"#1001": "delayed"}
        await world.hurry()

        assert await world.statuses() == {"#1001": "open"}
        assert list(received_by(world).values()) == [1]


async def test_an_order_canceled_before_it_is_sent_never_reaches_the_warehouse():
    async with a_world() as world:
        world.wms.fill_disk()
        world.shop.add_order()
        await world.settle()
        world.shop.cancel_order(1001)

        await world.poll()
        world.wms.fill_disk(False)
        await world.hurry()

        assert await world.statuses() == {"#1001": "canceled"}
        assert received_by(world) == {}


async def test_an_order_canceled_after_the_warehouse_has_it_is_put_before_a_person():
    async with a_world() as world:
        world.shop.add_order()
        await world.settle()

        world.shop.cancel_order(1001)
        await world.poll()

        order = (await world.orders())["#1001"]
        assert order.status == "open"
        assert order.issue.startswith("Canceled in the store after the warehouse had the order.")


async def test_what_we_post_ourselves_is_no_change_in_the_store():
    async with a_world() as world:
        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 3}])
        await world.settle()
        number = next(iter(received_by(world)))
        world.wms.ship(MERCHANT, number.rsplit("/", 1)[-1], lines={1: 1})
        await world.poll("fulfillment.pull")

        await world.poll()

        order = (await world.orders())["#1001"]
        assert (order.status, order.issue) == ("partially_shipped", "")

        world.wms.ship_all(MERCHANT)
        await world.poll("fulfillment.pull")
        await world.poll()

        order = (await world.orders())["#1001"]
        assert (order.status, order.issue) == ("closed", "")
        assert sorted(told(world).values()) == [1, 1]


async def test_an_order_on_hold_in_the_store_waits_and_goes_on_when_released():
    async with a_world() as world:
        world.shop.add_order()
        world.shop.hold_order(1001)
        await world.settle()
        assert await world.statuses() == {"#1001": "on_hold"}

        world.shop.release_order(1001)
        await world.poll()

        assert await world.statuses() == {"#1001": "open"}


async def test_an_unpaid_order_is_skipped_with_the_reason_and_goes_on_once_paid():
    async with a_world() as world:
        world.shop.add_order(financial_status="PENDING")
        await world.settle()
        order = (await world.orders())["#1001"]
        assert order.status == "skipped"
        assert "pending" in order.reason.lower()

        world.shop.pay_order(1001)
        await world.poll()

        assert await world.statuses() == {"#1001": "open"}


async def test_a_shipment_that_comes_before_we_know_the_order_was_taken_is_matched_later():
    async with a_world() as world:
        world.shop.add_order()
        world.wms.hang_up_after_write()
        await world.settle()
        await ship_everything(world)

        shipment = (await world.there(lambda: list(Shipment.objects.all())))[0]
        assert shipment.order_id is not None or shipment.reason.startswith("No order is known")
        await world.hurry()
        await world.poll("fulfillment.pull")

        assert await world.statuses() == {"#1001": "closed"}
        assert list(told(world).values()) == [1]


async def test_credentials_that_are_refused_stop_the_store_and_new_ones_let_it_go_on():
    async with a_world() as world:
        world.shop.revoke_key()
        world.shop.add_order()
        await world.settle()
        assert await world.orders() == {}

        def renew() -> None:
            settings = world.shopify_settings(world.shop.give_token(world.handle))
            sites.replace_settings(
                actor=world.actor, site=Store.objects.get(), settings=settings, identity=Identity(world.store.identity, "Acme")
            )

        await world.there(renew)
        await world.settle()

        assert await world.statuses() == {"#1001": "open"}


async def test_a_store_that_is_deleted_and_added_again_sends_nothing_again():
    async with a_world() as world:
        world.shop.add_order()
        await world.settle()
        assert list(received_by(world).values()) == [1]

        def delete_and_add() -> None:
            world.set_mode("off")
            services.delete_connection(actor=world.actor, connection=world.connection)
            world.join(handle=world.handle, merchant=world.store.merchant)
            world.set_mode("live")

        await world.there(delete_and_add)
        await world.settle()
        world.shop.touch_order(1001)
        await world.poll()
        await world.hurry()

        assert list(received_by(world).values()) == [1]
        assert len(await world.there(lambda: list(SalesOrder.objects.all()))) == 1


async def test_every_step_is_told_in_the_orders_story_with_the_exchange_behind_it():
    async with a_world() as world:
        world.shop.add_order()
        await world.settle()
        await ship_everything(world)

        stories = await world.there(lambda: list(Activity.objects.order_by("id").values_list("kind", "message_id")))

        kinds = [kind for kind, _ in stories if kind.startswith(("order.", "shipment."))]
        assert kinds[:3] == ["order.imported", "order.given", "order.sent"]
        assert kinds[-1] == "order.closed"
        assert {"order.shipped", "shipment.posted"} <= set(kinds)
        assert dict(stories)["shipment.posted"] is not None
        effects = await world.there(lambda: list(Effect.objects.values_list("kind", "state")))
        assert ("warehouse.send", "confirmed") in effects
        assert ("store.post", "confirmed") in effects


async def test_a_tracking_number_that_the_warehouse_corrects_later_is_corrected_in_the_store():
    async with a_world() as world:
        world.shop.add_order()
        await world.settle()
        world.wms.take_orders()
        world.wms.ship(MERCHANT, "1001", shipment_id="S1", tracking=["1ZWRONG"])
        await world.poll("fulfillment.pull")

        world.wms.merchants[MERCHANT].orders["1001"].lines[0].shipped = 0
        world.wms.ship(MERCHANT, "1001", shipment_id="S1", tracking=["1ZRIGHT"])
        await world.poll("fulfillment.pull")

        (shipment,) = await world.there(lambda: list(Shipment.objects.all()))
        assert (shipment.status, shipment.is_flagged, shipment.reason) == ("completed", False, "")
        assert dict(told(world)) == {"1ZRIGHT": 1}
        assert await world.statuses() == {"#1001": "closed"}


async def test_a_shipment_that_the_warehouse_voids_is_taken_back_in_the_store_and_the_next_one_is_posted():
    async with a_world() as world:
        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}])
        await world.settle()
        world.wms.take_orders()
        world.wms.ship(MERCHANT, "1001", shipment_id="S1", tracking=["1ZFIRST"])
        await world.poll("fulfillment.pull")
        assert await world.statuses() == {"#1001": "closed"}

        await world.there(void, world)
        await world.settle()
        await world.poll("orders.pull")

        assert await world.statuses() == {"#1001": "open"}
        world.wms.merchants[MERCHANT].orders["1001"].lines[0].shipped = 0
        world.wms.ship(MERCHANT, "1001", shipment_id="S2", tracking=["1ZSECOND"])
        await world.poll("fulfillment.pull")
        await world.poll("orders.pull")

        assert await world.statuses() == {"#1001": "closed"}
        alive = [one for one in world.shop.shop(world.handle).fulfillments.values() if one["status"] != "CANCELLED"]
        assert [one["trackingInfo"][0]["number"] for one in alive] == ["1ZSECOND"]
        (line,) = await world.there(lambda: list(SalesOrderLine.objects.values_list("to_ship", "shipped", "posted")))
        assert line == (2, 2, 2)


async def test_a_shipment_of_more_than_was_asked_for_is_flagged_and_only_what_was_asked_is_told():
    async with a_world() as world:
        world.shop.add_order(lines=[{"sku": "BLUE-M", "quantity": 2}])
        await world.settle()
        world.wms.take_orders()

        world.wms.ship(MERCHANT, "1001", lines={1: 5})
        await world.poll("fulfillment.pull")

        (shipment,) = await world.there(lambda: list(Shipment.objects.all()))
        assert shipment.is_flagged
        assert await world.statuses() == {"#1001": "closed"}
        (told_lines,) = [one["_items"] for one in world.shop.shop(world.handle).fulfillments.values()]
        assert [line["quantity"] for line in told_lines] == [2]
