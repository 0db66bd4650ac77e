"""Reading returns: each once, whatever the windows and pages, a later version in place of an earlier one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from crossdock.activity.models import Activity
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.fulfillment import Tracking
from crossdock.domain.returns import Return, ReturnLine, ReturnState
from crossdock.inbound.lanes import FIRST_LOOK, OVERLAP
from crossdock.inbound.models import SalesReturn, SalesReturnLine
from crossdock.inbound.receiving import content_of
from support.stall import Market, stalls_and_sheds

PULL = "returns.pull"


@pytest.fixture
def market(account):
    with stalls_and_sheds():
        yield Market(account)


def a_return(number, *, minutes=5, lines=1, **more):
    now = datetime.now(UTC)
    values = {
        "external_id": str(number),
        "number": f"R{number}",
        "state": ReturnState.APPROVED,
        "requested_at": now - timedelta(days=1),
        "updated_at": now - timedelta(minutes=minutes),
        "lines": tuple(
            ReturnLine(f"{number}-{at}", f"SKU-{at}", f"Thing {at}", Decimal(at), reason="Too small")
            for at in range(1, lines + 1)
        ),
        "order_id": "900",
        "order_number": "#900",
    }
    return Return(**{**values, **more})


async def joined(market, mode="observe"):
    store, stall = await market.a_stall()
    warehouse, _ = await market.a_shed()
    await market.join(store, warehouse, mode)
    return store, stall


async def rows(market):
    return {row.number: row for row in await market.there(lambda: list(SalesReturn.objects.order_by("id")))}


async def test_every_return_is_read_with_its_lines_whatever_the_pages(market):
    store, stall = await joined(market)
    stall.returns = [a_return(n, minutes=10 - n, lines=n) for n in range(1, 6)]
    stall.returns[0] = msgspec.structs.replace(
        stall.returns[0], tracking=(Tracking("1Z99"),), carrier="UPS", note="Doorbell broken"
    )

    await market.run(PULL, store.pk)

    found = await rows(market)
    assert sorted(found) == ["R1", "R2", "R3", "R4", "R5"]
    first, last = found["R1"], found["R5"]
    assert (first.carrier, first.tracking, first.order_external_id) == ("UPS", ["1Z99"], "900")
    assert (last.lines_count, last.units, last.reasons) == (5, 15, "Too small")
    lines = await market.there(lambda: list(SalesReturnLine.objects.filter(sales_return=last).order_by("position")))
    assert [(line.sku, line.quantity) for line in lines] == [(f"SKU-{n}", n) for n in range(1, 6)]
    whole, raw = await market.there(content_of, first.pk)
    assert whole.note == "Doorbell broken"
    assert raw == b'{"id": "1", "number": "R1"}'


async def test_windows_overlap_and_reading_again_changes_nothing(market):
    store, stall = await joined(market)
    stall.returns = [a_return(1)]
    await market.run(PULL, store.pk)

    await market.run(PULL, store.pk)

    first, second = stall.windows
    assert first.until - first.since == FIRST_LOOK
    assert second.since == first.until - OVERLAP
    assert (await rows(market))["R1"].revision == 1
    assert await market.there(lambda: Activity.objects.filter(kind="store.returns").count()) == 1


async def test_a_later_version_replaces_an_earlier_one_and_not_the_other_way_round(market):
    store, stall = await joined(market)
    stall.returns = [a_return(1, lines=3, minutes=8)]
    await market.run(PULL, store.pk)
    stall.returns = [a_return(1, lines=1, minutes=4, state=ReturnState.RECEIVED)]
    await market.run(PULL, store.pk)

    row = (await rows(market))["R1"]
    assert (row.state, row.lines_count, row.revision) == ("received", 1, 2)
    assert await market.there(lambda: SalesReturnLine.objects.filter(sales_return=row).count()) == 1

    stall.returns = [a_return(1, lines=2, minutes=6, state=ReturnState.REQUESTED)]
    await market.run(PULL, store.pk)
    row = (await rows(market))["R1"]
    assert (row.state, row.lines_count, row.revision) == ("received", 1, 2)


async def test_a_store_that_fails_is_read_in_the_same_window_again(market):
    store, stall = await joined(market)
    stall.returns = [a_return(1)]
    stall.fails = [Unavailable("The store is down.")]

    await market.run(PULL, store.pk)
    await market.run(PULL, store.pk)

    assert list(await rows(market)) == ["R1"]
    assert stall.windows[1].since < stall.windows[0].since + timedelta(minutes=1)


async def test_what_cannot_be_understood_or_stored_is_told_and_holds_up_no_other(market):
    store, stall = await joined(market)
    stall.returns = [a_return(1), msgspec.structs.replace(a_return(2), number="R\0"), a_return(3)]
    stall.rejected = [Rejected("9", "state", "Unknown state.", b"{}")]

    await market.run(PULL, store.pk)

    assert sorted(await rows(market)) == ["R1", "R3"]
    told = await market.there(lambda: [row.params for row in Activity.objects.filter(kind="store.not_understood").order_by("id")])
    assert sorted(row["count"] for row in told) == [1, 1]


async def test_an_off_connection_reads_nothing(market):
    store, stall = await joined(market, mode="off")
    stall.returns = [a_return(1)]

    await market.run(PULL, store.pk)

    assert await rows(market) == {}
