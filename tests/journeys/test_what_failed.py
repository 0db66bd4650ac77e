"""A run that fails as a whole keeps what was said, and the channel's error leads to it."""

import pytest

from crossdock.activity.models import Message
from crossdock.connections import presenting
from crossdock.connections.models import Connection
from crossdock.jobs.models import Lane
from support.world import World, a_world

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
