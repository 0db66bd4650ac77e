"""Reading what a store sells: once, in pages, and what it no longer names is gone."""

from decimal import Decimal

import msgspec
import pytest
from django.db import connection as database

from crossdock.activity.models import Activity
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.orders import Measure
from crossdock.domain.products import Component
from crossdock.products.models import Listing
from crossdock.tenancy.scope import across_accounts
from support.stall import Market, stalls_and_sheds

PULL = "products.pull"


@pytest.fixture
def market(account):
    with stalls_and_sheds():
        yield Market(account)


async def joined(market, mode="observe", **settings):
    store, stall = await market.a_stall(**settings)
    warehouse, _ = await market.a_shed()
    await market.join(store, warehouse, mode)
    return store, stall


async def listings(market):
    return {row.external_id: row for row in await market.there(lambda: list(Listing.objects.order_by("id")))}


async def stories(market, kind):
    return await market.there(lambda: [row.params for row in Activity.objects.filter(kind=kind).order_by("id")])


async def test_everything_a_store_sells_is_read_whatever_the_pages(market):
    store, stall = await joined(market)
    stall.offer("A", "B", "C", "D", "E")
    stall.offer(
        "SET",
        barcode="0123456789012",
        weight=Measure(Decimal("1.5"), "kg"),
        options={"Size": "M", "Color": "Blue"},
        components=(Component("A", Decimal(2)), Component("B", Decimal(1))),
        is_bundle=True,
        stock=Decimal(7),
    )

    await market.run(PULL, store.pk)

    rows = await listings(market)
    assert sorted(row.sku for row in rows.values()) == ["A", "B", "C", "D", "E", "SET"]
    bundle = rows["6"]
    assert (bundle.barcode, bundle.weight, bundle.weight_unit, bundle.stock) == ("0123456789012", Decimal("1.5"), "kg", 7)
    assert bundle.options == {"Size": "M", "Color": "Blue"}
    assert bundle.components == [{"sku": "A", "quantity": "2"}, {"sku": "B", "quantity": "1"}]
    assert await stories(market, "store.products") == [{"new": 6, "changed": 0, "gone": 0}]


async def test_reading_again_what_is_as_it_was_writes_nothing_new(market):
    store, stall = await joined(market)
    stall.offer("A", "B", "C")
    await market.run(PULL, store.pk)
    before = {key: (row.pk, row.changed_at) for key, row in (await listings(market)).items()}

    await market.run(PULL, store.pk)

    assert {key: (row.pk, row.changed_at) for key, row in (await listings(market)).items()} == before
    assert len(await stories(market, "store.products")) == 1


async def test_a_change_is_taken_and_what_is_gone_is_marked_and_comes_back(market):
    store, stall = await joined(market)
    first, second, third = stall.offer("A", "B", "C")
    await market.run(PULL, store.pk)
    stall.products = [msgspec.structs.replace(first, name="A new name"), third]

    await market.run(PULL, store.pk)

    rows = await listings(market)
    assert rows["1"].name == "A new name"
    assert [key for key, row in rows.items() if row.gone_at] == ["2"]
    assert (await stories(market, "store.products"))[-1] == {"new": 0, "changed": 1, "gone": 1}

    stall.products = [first, second, third]
    await market.run(PULL, store.pk)
    assert [key for key, row in (await listings(market)).items() if row.gone_at] == []


async def test_a_reading_that_breaks_off_marks_nothing_as_gone(market):
    store, stall = await joined(market)
    stall.offer("A", "B", "C", "D")
    await market.run(PULL, store.pk)
    stall.stops_after = 1

    await market.run(PULL, store.pk)

    assert [row.sku for row in (await listings(market)).values() if row.gone_at] == []


async def test_a_store_that_fails_in_the_middle_is_read_on_from_there(market):
    store, stall = await joined(market)
    stall.offer("A", "B", "C", "D", "E")
    await market.run(PULL, store.pk)
    del stall.products[3]
    stall.fails = [Unavailable("The store is down.")]

    await market.run(PULL, store.pk)
    assert (await market.lane(PULL, store.pk))[1] == "The store is down."
    await market.run(PULL, store.pk)

    assert [row.sku for row in (await listings(market)).values() if row.gone_at] == ["D"]


async def test_what_cannot_be_understood_stays_as_it_was_and_is_told(market):
    store, stall = await joined(market)
    stall.offer("A", "B")
    await market.run(PULL, store.pk)
    stall.products = stall.products[:1]
    stall.rejected = [Rejected("2", "weight", "The weight is no number.", b"{}")]

    await market.run(PULL, store.pk)

    assert [row.sku for row in (await listings(market)).values() if row.gone_at] == []
    assert await stories(market, "store.not_understood") == [{"count": 1}]


async def test_a_record_without_a_key_keeps_others_from_being_taken_for_gone(market):
    store, stall = await joined(market)
    stall.offer("A", "B")
    await market.run(PULL, store.pk)
    stall.products = stall.products[:1]
    stall.rejected = [Rejected(None, None, "It cannot be read.", b"?")]

    await market.run(PULL, store.pk)

    assert [row.sku for row in (await listings(market)).values() if row.gone_at] == []


async def test_a_name_that_cannot_be_stored_holds_up_no_other(market):
    store, stall = await joined(market)
    stall.offer("A", "B", "C")
    stall.products[1] = msgspec.structs.replace(stall.products[1], name="Thing\0B")

    await market.run(PULL, store.pk)

    assert sorted(row.sku for row in (await listings(market)).values()) == ["A", "C"]
    assert await stories(market, "store.not_understood") == [{"count": 1}]


async def test_skus_that_stand_twice_in_one_store_are_marked_and_unmarked(market):
    store, stall = await joined(market)
    other, other_stall = await market.a_stall("Second stall")
    stall.offer("A", "A", "B", None, None)
    other_stall.offer("B")
    warehouse, _ = await market.a_shed("Elko")
    await market.join(other, warehouse, "observe")
    await market.run(PULL, store.pk)
    await market.run(PULL, other.pk)

    rows = await market.there(lambda: list(Listing.objects.filter(is_doubled=True)))
    assert [row.sku for row in rows] == ["A", "A"]

    stall.products[1] = msgspec.structs.replace(stall.products[1], sku="A-2")
    await market.run(PULL, store.pk)
    assert not await market.there(lambda: Listing.objects.filter(is_doubled=True).exists())


async def test_an_off_connection_reads_nothing(market):
    store, stall = await joined(market, mode="off")
    stall.offer("A")

    await market.run(PULL, store.pk)

    assert await listings(market) == {}


async def test_listings_are_one_accounts_own(market):
    store, stall = await joined(market)
    stall.offer("A")
    await market.run(PULL, store.pk)

    def seen_without_account():
        with database.cursor() as cursor:
            cursor.execute("select count(*) from listing")
            return cursor.fetchone()[0]

    assert await across_accounts(seen_without_account) == 0
