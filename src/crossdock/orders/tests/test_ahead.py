"""Reading on while what was read is stored: `lanes._ahead`, without a platform or a database."""

import asyncio
from contextlib import aclosing
from types import SimpleNamespace

import msgspec
import pytest

from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.pages import Page, Position, Rejected
from crossdock.orders import lanes
from crossdock.orders.intake import Intake
from crossdock.orders.testing import a_canonical_order

NOTHING = SimpleNamespace(drain=list)
OPENED = SimpleNamespace(recorder=NOTHING)


def a_page(number, orders=1):
    found = tuple(a_canonical_order(external_id=f"{number}-{at}") for at in range(orders))
    return Page(found, tuple(msgspec.json.encode(order) for order in found), (), Position(id=str(number)))


async def stored(pages, run=None, storing=0.0, batches=None):
    """Batches by the ids of their pages, each of which takes a while to be stored."""
    run = run or SimpleNamespace(is_spent=False)
    batches = [] if batches is None else batches
    async for batch in lanes._ahead(run, pages, OPENED, Intake(1, 1), NOTHING):
        batches.append([read.page.position.id for read in batch])
        await asyncio.sleep(storing)
    return batches


async def quick(count, orders=1):
    for number in range(1, count + 1):
        yield a_page(number, orders)


async def test_what_comes_while_a_page_is_stored_is_stored_together():
    batches = await stored(quick(5), storing=0.05)

    assert batches == [["1"], ["2", "3", "4", "5"]]


async def test_no_more_than_so_many_orders_are_read_ahead(monkeypatch):
    monkeypatch.setattr(lanes, "TOGETHER", 4)

    batches = await stored(quick(6, orders=2), storing=0.05)

    assert batches == [["1"], ["2", "3"], ["4", "5"], ["6"]]


async def test_pages_that_come_slowly_are_stored_one_by_one():
    async def slow():
        for number in (1, 2, 3):
            await asyncio.sleep(0.02)
            yield a_page(number)

    assert await stored(slow()) == [["1"], ["2"], ["3"]]


async def test_what_was_read_before_a_page_that_cannot_be_read_is_stored_before_it_is_raised():
    async def breaking():
        yield a_page(1)
        yield a_page(2)
        yield a_page(3)
        raise Unavailable("Down for maintenance.")

    batches = []
    with pytest.raises(Unavailable):
        await stored(breaking(), storing=0.05, batches=batches)

    assert batches == [["1"], ["2", "3"]]


async def test_when_the_slice_is_spent_what_was_read_is_stored_and_no_other_page_is_begun():
    run, begun = SimpleNamespace(is_spent=False), []

    async def counted():
        async for page in quick(9):
            begun.append(page.position.id)
            if page.position.id == "3":
                run.is_spent = True
            yield page

    assert await stored(counted(), run, storing=0.05) == [["1"], ["2", "3"]]
    assert begun == ["1", "2", "3"]


async def test_orders_that_are_known_or_not_understood_are_read_ahead_like_the_others(monkeypatch):
    monkeypatch.setattr(lanes, "TOGETHER", 4)
    bad = Rejected("7", "currency", "“US” is no currency.", b"{}")

    async def known():
        for number in range(1, 7):
            yield Page((), (), (bad,), Position(id=str(number)), unchanged=1)

    assert await stored(known(), storing=0.05) == [["1"], ["2", "3"], ["4", "5"], ["6"]]


async def test_nobody_reads_on_once_nothing_more_is_stored():
    ended = asyncio.Event()

    async def endless():
        try:
            yield a_page(1)
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with aclosing(lanes._ahead(SimpleNamespace(is_spent=False), endless(), OPENED, Intake(1, 1), NOTHING)) as batches:
        async for _ in batches:
            await asyncio.sleep(0)
            break

    assert ended.is_set()
