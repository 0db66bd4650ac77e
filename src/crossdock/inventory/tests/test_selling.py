"""A sale in one store is news for every other that sells the same SKU, within seconds; for nobody else it costs one look."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crossdock.connections.models import ChannelKind, Connection, Mode
from crossdock.connections.services import set_channel, set_mode
from crossdock.domain.orders import OrderLine
from crossdock.domain.products import Component
from crossdock.inventory import services
from crossdock.inventory.publishing import publishing_of
from crossdock.jobs.wakes import open_lane
from crossdock.orders import services as orders
from crossdock.orders.selling import wake_other_sellers
from crossdock.orders.testing import a_canonical_order, received
from crossdock.products.models import Listing

ORDERS, PREPARE, PUBLISH, READ, PRODUCTS = (
    "orders.pull",
    "fulfillment.prepare",
    "inventory.publish",
    "inventory.read",
    "products.pull",
)


async def two_stores(market, *, skus=("A", "B")):
    """Two stores that sell the same from one warehouse, ten of each, both told; and their connections."""
    warehouse, shed = await market.a_shed()
    here = await a_seller(market, warehouse, "Here", skus)
    there = await a_seller(market, warehouse, "There", skus)
    shed.says(**dict.fromkeys(skus, 10))
    await market.run(READ, warehouse.pk)
    for store, _, _ in (here, there):
        await told(market, store)
    return here, there


async def told(market, store):
    """Tell the store its figures; its next run by the schedule is a day away."""
    await market.run(PUBLISH, store.pk)

    def sleep():
        with database.cursor() as cursor:
            cursor.execute(
                "update lane set due_at = clock_timestamp() + interval '1 day' where id = %s", [open_lane(PUBLISH, store.pk)]
            )

    await market.there(sleep)


async def a_seller(market, warehouse, name, skus, **offered):
    store, stall = await market.a_stall(name)
    link = await market.join(store, warehouse)
    stall.page_size = 1_000
    stall.offer(*skus, **offered)
    await market.run(PRODUCTS, store.pk)
    await market.there(lambda: services.allow(actor=market.actor, row=publishing_of(store), percent=100))
    return store, stall, link


def of(sku, units=1, **changes):
    """An order of so many units of a SKU."""
    return a_canonical_order(lines=[OrderLine(f"line-{sku}", sku, sku, Decimal(units), Decimal(units))], **changes)


async def is_woken(market, store):
    """Whether the store's figures are worked out soon, and not only when the schedule says so."""
    due_at = (await market.lane(PUBLISH, store.pk))[0]
    return due_at is not None and due_at < datetime.now(UTC) + timedelta(hours=1)


async def test_a_sale_lowers_the_figure_of_the_other_store_at_once(market):
    (store, stall, _), (other, shown, _) = await two_stores(market)
    assert not await is_woken(market, other)
    stall.orders.append(of("A", 3))

    await market.run(ORDERS, store.pk)

    assert await is_woken(market, other)
    await market.run(PUBLISH, other.pk)
    assert shown.figures() == {"A": 7, "B": 10}
    assert [figure.sku for figure in shown.taken[2:]] == ["A"]


async def test_a_canceled_order_gives_its_units_back(market):
    (store, stall, _), (other, shown, _) = await two_stores(market)
    stall.orders.append(of("A", 3))
    await market.run(ORDERS, store.pk)
    await market.run(PREPARE, store.pk)
    await told(market, other)
    assert shown.figures()["A"] == 7
    later = datetime.now(UTC) + timedelta(seconds=1)
    stall.orders[0] = msgspec.structs.replace(stall.orders[0], canceled_at=later, updated_at=later)

    await market.run(ORDERS, store.pk)
    await market.run(PREPARE, store.pk)

    assert await is_woken(market, other)
    await market.run(PUBLISH, other.pk)
    assert shown.figures()["A"] == 10


async def test_what_a_followed_change_gives_back_is_told_though_figures_went_out_meanwhile(market):
    (store, stall, _), (other, _, _) = await two_stores(market)
    stall.orders.append(of("A", 3))
    await market.run(ORDERS, store.pk)
    await market.run(PREPARE, store.pk)
    later = datetime.now(UTC) + timedelta(seconds=1)
    stall.orders[0] = msgspec.structs.replace(stall.orders[0], canceled_at=later, updated_at=later)
    await market.run(ORDERS, store.pk)
    await told(market, other)

    await market.run(PREPARE, store.pk)

    assert await is_woken(market, other)


async def test_what_a_person_sets_aside_is_for_others_to_sell(market, account):
    (store, _, _), (other, _, _) = await two_stores(market)
    row = await market.there(lambda: received(account, store, [of("A")])[0])

    await market.there(lambda: orders.archive(actor=market.actor, ids=[row.pk]))

    assert await is_woken(market, other)


async def test_a_store_that_sells_something_else_is_left_alone(market):
    (store, stall, _), (other, _, _) = await two_stores(market)
    stall.orders.append(of("Z"))

    await market.run(ORDERS, store.pk)

    assert not await is_woken(market, other)


async def test_a_store_that_sold_it_once_is_left_alone(market):
    (store, stall, _), (other, _, _) = await two_stores(market)
    await market.there(lambda: Listing.objects.filter(store_id=other.pk).update(gone_at=datetime.now(UTC)))
    stall.orders.append(of("A"))

    await market.run(ORDERS, store.pk)

    assert not await is_woken(market, other)


async def test_a_line_without_a_sku_is_nobodys(market, account):
    (store, _, _), (other, _, _) = await two_stores(market)
    await market.there(lambda: Listing.objects.filter(store_id=other.pk).update(sku=""))
    row = await market.there(lambda: received(account, store, [of("")])[0])

    assert await market.there(wake_other_sellers, store.pk, [row.pk]) == 0


async def test_of_several_stores_only_those_with_the_channel_on_are_woken(market, account):
    (store, _, _), (_, _, link) = await two_stores(market)
    warehouse = await market.there(lambda: Connection.objects.get(pk=link.pk).warehouse)
    third, _, _ = await a_seller(market, warehouse, "Third", ["A"])
    await told(market, third)
    row = await market.there(lambda: received(account, store, [of("A")])[0])
    await market.there(lambda: set_channel(actor=market.actor, connection=link, kind=ChannelKind.INVENTORY, is_on=False))

    assert await market.there(wake_other_sellers, store.pk, [row.pk]) == 1
    assert await is_woken(market, third)


async def test_a_bundle_is_worked_out_anew_when_a_part_of_it_is_sold(market, account):
    (store, _, link), _ = await two_stores(market)
    warehouse = await market.there(lambda: Connection.objects.get(pk=link.pk).warehouse)
    parts = (Component("A", Decimal(2)),)
    other, _, _ = await a_seller(market, warehouse, "Sets", ["SET"], is_bundle=True, components=parts)
    await told(market, other)
    row = await market.there(lambda: received(account, store, [of("A")])[0])

    woken = await market.there(wake_other_sellers, store.pk, [row.pk])

    assert woken == 2
    assert await is_woken(market, other)


async def test_only_live_connections_with_the_channel_on_are_woken(market, account):
    (store, _, _), (_, _, link) = await two_stores(market)
    row = await market.there(lambda: received(account, store, [of("A")])[0])

    await market.there(lambda: set_channel(actor=market.actor, connection=link, kind=ChannelKind.INVENTORY, is_on=False))
    assert await market.there(wake_other_sellers, store.pk, [row.pk]) == 0

    await market.there(lambda: set_channel(actor=market.actor, connection=link, kind=ChannelKind.INVENTORY, is_on=True))
    await market.there(lambda: set_mode(actor=market.actor, connection=link, mode=Mode.OBSERVE))
    assert await market.there(wake_other_sellers, store.pk, [row.pk]) == 0


async def test_many_sales_are_one_statement_and_one_run(market, account):
    (store, _, _), (other, _, _) = await two_stores(market)
    rows = await market.there(lambda: received(account, store, [of("A") for _ in range(40)]))

    def wake_all():
        with CaptureQueriesContext(database) as asked:
            wake_other_sellers(store.pk, [row.pk for row in rows])
            wake_other_sellers(store.pk, [row.pk for row in rows])
        return len(asked)

    # Statements that are run all the time go round Django's log: nothing else may be asked.
    assert await market.there(wake_all) == 0
    assert await is_woken(market, other)


async def test_a_store_that_is_being_told_right_now_is_told_again(market, account):
    (store, _, _), (other, _, _) = await two_stores(market)
    row = await market.there(lambda: received(account, store, [of("A")])[0])

    def held():
        lane = open_lane(PUBLISH, other.pk)
        with database.cursor() as cursor:
            cursor.execute(
                "update lane set leased_until = clock_timestamp() + interval '20 s', last_started_at = clock_timestamp()"
                " where id = %s",
                [lane],
            )
            wake_other_sellers(store.pk, [row.pk])
            cursor.execute("select woken_at >= last_started_at from lane where id = %s", [lane])
            return cursor.fetchone()[0]

    assert await market.there(held)
