"""What a warehouse says it has: snapshots and changes, and that missing is not zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from crossdock.activity.models import Activity
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.pages import Rejected, StockPage
from crossdock.domain.fulfillment import StockLevel
from crossdock.inventory.models import StockReading, WarehouseLevel

READ = "inventory.read"


async def joined(market, mode="live"):
    store, stall = await market.a_stall()
    warehouse, shed = await market.a_shed()
    await market.join(store, warehouse, mode)
    return warehouse, shed, store, stall


async def levels(market):
    rows = await market.there(lambda: list(WarehouseLevel.objects.order_by("facility", "sku")))
    return {(row.facility, row.sku) if row.facility else row.sku: row for row in rows}


async def figures(market):
    return {key: row.available for key, row in (await levels(market)).items() if row.gone_at is None}


async def test_a_snapshot_is_kept_by_sku_and_facility(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, B=0, C=StockLevel("C", on_hand=Decimal("2.5")))
    await market.run(READ, warehouse.pk)
    shed.says(A=7, facility="EAST", is_snapshot=False)
    await market.run(READ, warehouse.pk)

    rows = await levels(market)
    assert {key: (row.available, row.on_hand) for key, row in rows.items()} == {
        "A": (5, None),
        "B": (0, None),
        "C": (None, Decimal("2.5")),
        ("EAST", "A"): (7, None),
    }


async def test_what_a_whole_snapshot_does_not_name_is_missing_and_not_zero(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, B=6)
    await market.run(READ, warehouse.pk)
    shed.says(B=6)

    await market.run(READ, warehouse.pk)

    row = (await levels(market))["A"]
    assert row.gone_at is not None
    assert row.available == 5

    shed.says(A=1, B=6)
    await market.run(READ, warehouse.pk)
    assert await figures(market) == {"A": 1, "B": 6}


async def test_changes_leave_alone_what_they_do_not_name(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, B=6)
    await market.run(READ, warehouse.pk)
    shed.says(B=2, is_snapshot=False)

    await market.run(READ, warehouse.pk)

    assert await figures(market) == {"A": 5, "B": 2}


async def test_a_snapshot_over_several_pages_is_whole_with_its_last(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, B=6, C=7)
    await market.run(READ, warehouse.pk)
    first, last = StockLevel("A", Decimal(1)), StockLevel("C", Decimal(3))
    shed.pages = [
        StockPage((first,), (), "two", is_snapshot=True, is_last=False),
        StockPage((last,), (), "two", is_snapshot=True, is_last=True, receipt="two"),
    ]

    await market.run(READ, warehouse.pk)

    assert await figures(market) == {"A": 1, "C": 3}


async def test_a_snapshot_that_breaks_off_changes_nothing_that_it_does_not_name(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, B=6)
    await market.run(READ, warehouse.pk)
    before = await market.there(lambda: StockReading.objects.get().as_of)
    shed.pages = [StockPage((StockLevel("A", Decimal(1)),), (), "half", is_snapshot=True, is_last=False)]

    await market.run(READ, warehouse.pk)

    assert await figures(market) == {"A": 1, "B": 6}
    assert await market.there(lambda: StockReading.objects.get().as_of) == before


async def test_a_row_that_cannot_be_read_keeps_the_rest_from_being_taken_for_missing(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, B=6)
    await market.run(READ, warehouse.pk)
    shed.says(A=4)
    shed.pages = [msgspec.structs.replace(shed.pages[0], rejected=(Rejected("B", "available", "“x” is no number.", b"B,x"),))]

    await market.run(READ, warehouse.pk)

    assert await figures(market) == {"A": 4, "B": 6}
    told = await market.there(lambda: list(Activity.objects.filter(kind="warehouse.not_understood")))
    assert [row.params["why"] for row in told] == ["“x” is no number."]


async def test_a_file_that_stays_is_said_once_for_each_reason_and_not_at_every_reading(market):
    warehouse, shed, *_ = await joined(market)
    for why in ("“x” is no number.", "“x” is no number.", "There is no column for the SKU."):
        shed.says(A=4)
        shed.pages = [msgspec.structs.replace(shed.pages[0], rejected=(Rejected("B", "available", why, b"B,x"),))]
        await market.run(READ, warehouse.pk)

    told = await market.there(lambda: list(Activity.objects.filter(kind="warehouse.not_understood").order_by("pk")))
    assert [row.params["why"] for row in told] == ["“x” is no number.", "There is no column for the SKU."]


async def test_no_answer_is_no_figure(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5)
    await market.run(READ, warehouse.pk)

    await market.run(READ, warehouse.pk)

    assert await figures(market) == {"A": 5}


async def test_an_older_word_does_not_replace_a_newer_one(market):
    warehouse, shed, *_ = await joined(market)
    now = datetime.now(UTC)
    shed.says(A=5)
    await market.run(READ, warehouse.pk)
    shed.says(A=9)
    shed.pages = [msgspec.structs.replace(shed.pages[0], at=now - timedelta(hours=1))]

    await market.run(READ, warehouse.pk)

    assert await figures(market) == {"A": 5}


async def test_a_live_connection_settles_what_was_stored_and_an_observing_one_leaves_it(market):
    warehouse, shed, *_ = await joined(market)
    shed.says(A=5, reading="one")
    await market.run(READ, warehouse.pk)
    assert shed.settled == ["one"]

    other, other_shed, *_ = await joined(market, mode="observe")
    other_shed.says(A=5, reading="two")
    await market.run(READ, other.pk)
    first = await market.there(lambda: StockReading.objects.get(warehouse=other).as_of)
    await market.run(READ, other.pk)

    assert other_shed.settled == []
    assert len(other_shed.pages) == 1
    # Read again, it is as old as it was.
    assert await market.there(lambda: StockReading.objects.get(warehouse=other).as_of) == first


async def test_a_warehouse_that_does_not_answer_is_asked_again(market):
    warehouse, shed, *_ = await joined(market)
    client_fails = Unavailable("The warehouse is down.")

    class Broken(list):
        def __iter__(self):
            raise client_fails

    shed.pages = Broken()
    await market.run(READ, warehouse.pk)

    due, error, blocked, _ = await market.lane(READ, warehouse.pk)
    assert (error, blocked) == ("The warehouse is down.", None)
    assert due is not None


async def test_a_change_wakes_the_stores_that_it_concerns(market):
    warehouse, shed, store, _ = await joined(market)
    shed.says(A=5)
    await market.run("inventory.publish", store.pk)
    before = (await market.lane("inventory.publish", store.pk))[0]

    await market.run(READ, warehouse.pk)

    due = (await market.lane("inventory.publish", store.pk))[0]
    assert due < before
    assert due <= datetime.now(UTC)


async def test_a_warehouse_that_is_only_observed_is_opened_for_reading_alone(market):
    live, live_shed, *_ = await joined(market)
    observed, observed_shed, *_ = await joined(market, mode="observe")

    for warehouse in (live, observed):
        await market.run(READ, warehouse.pk)

    assert (live_shed.may_write, observed_shed.may_write) == ([True], [False])
