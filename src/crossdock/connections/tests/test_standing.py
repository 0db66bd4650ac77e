"""What went Live before a lane was invented has it after the next upgrade, once, and only where its platform can what it does."""

import pytest
from django.db import connection

from crossdock.connections.models import Channel, ChannelKind, Mode
from crossdock.connections.standing import STANDING, open_missing_lanes
from crossdock.connections.testing import a_connection, a_store
from crossdock.jobs.lanes import kind_of
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import scoped


def lanes_of(account):
    with scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("select kind, coalesce(store_id, warehouse_id, connection_id) from lane where due_at is not null")
        return set(cursor.fetchall())


def opened(account):
    with scoped(account.pk):
        return open_missing_lanes()


def test_a_store_that_was_live_before_gets_the_lanes_it_lacks_and_keeps_those_it_has(account):
    link = a_connection(account)
    with scoped(account.pk):
        open_lane("orders.pull", link.store_id)

    first, second = opened(account), opened(account)

    found = lanes_of(account)
    assert (first, second) == (len(found), 0)
    assert {
        ("connections.webhooks", link.store_id),
        ("fulfillment.pull", link.warehouse_id),
        ("fulfillment.send", link.pk),
    } <= found
    assert "orders.pull" not in {kind for kind, _ in found}


def test_a_lane_is_opened_only_where_the_platform_can_what_it_does(account):
    ending = a_connection(account, store=a_store(account, platform="acumatica"))
    endless = a_connection(account, store=a_store(account, platform="nuorder"))

    opened(account)

    found = lanes_of(account)
    assert ("connections.expiry", ending.store_id) in found
    assert ("connections.expiry", endless.store_id) not in found
    assert "connections.webhooks" not in {kind for kind, _ in found}


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_what_is_off_gets_none_and_what_observes_registers_no_webhooks(account, mode):
    a_connection(account, mode=mode)

    opened(account)

    kinds = {kind for kind, _ in lanes_of(account)}
    assert ("orders.pull" in kinds) is (mode is Mode.OBSERVE)
    assert "connections.webhooks" not in kinds


def test_a_channel_that_is_off_gets_no_lane(account):
    link = a_connection(account)
    with scoped(account.pk):
        Channel.objects.filter(connection=link, kind=ChannelKind.PRODUCTS).update(is_on=False)

    opened(account)

    assert "products.pull" not in {kind for kind, _ in lanes_of(account)}


def test_every_standing_lane_is_registered_with_the_owner_it_says():
    for one in STANDING:
        assert kind_of(one.kind).owner == {"store_id": "store", "warehouse_id": "warehouse", "id": "connection"}[one.owner]
