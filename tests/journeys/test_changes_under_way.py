"""An order that changes in the store while nobody knows whether a warehouse has it: sent once, as it stood, and never silently."""

import pytest

from crossdock.connections import services
from crossdock.connections.models import WebhookInbox
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


async def test_a_store_that_was_refused_goes_on_when_it_is_added_again_with_good_credentials():
    async with a_world() as world:
        world.shop.revoke_key()
        world.shop.add_order()
        await world.settle()

        def delete_and_add() -> None:
            world.set_mode("off")
            services.delete_connection(actor=world.actor, connection=world.connection)
            world.join(handle=world.handle, merchant=world.store.merchant)
            world.set_mode("live")

        await world.there(delete_and_add)
        await world.settle()

        assert await world.statuses() == {"#1001": "open"}


async def test_a_delivery_that_names_what_cannot_be_read_holds_up_nothing():
    async with a_world() as world:
        await world.settle()
        world.shop.add_order()

        await world.there(deliver, world, "poison", ["no such thing"])
        await world.there(deliver, world, "silent", [])
        await world.poll()

        assert await world.statuses() == {"#1001": "open"}
        assert await world.there(lambda: WebhookInbox.objects.filter(taken_at=None).count()) == 0


def deliver(world: World, delivery_id: str, subjects: list[str]) -> None:
    WebhookInbox.objects.create(
        account_id=world.account.pk, store=world.store, delivery_id=delivery_id, topic="t", subjects=subjects
    )
