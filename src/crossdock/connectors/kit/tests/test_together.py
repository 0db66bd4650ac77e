"""Many reads at the same time: all answers in order, or the first error and nothing that goes on unseen."""

import asyncio

import pytest

from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.together import together


async def test_answers_come_in_the_order_of_the_items_whichever_is_first():
    gates = {number: asyncio.Event() for number in range(3)}

    async def read(number):
        if number:
            gates[number - 1].set()
        else:
            await gates[1].wait()
        return number * 10

    assert await together([0, 1, 2], read) == [0, 10, 20]


async def test_no_more_than_allowed_are_under_way():
    running, most = 0, 0

    async def read(number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await together(range(20), read, at_once=3)

    assert most == 3


@pytest.mark.parametrize("at_once", [None, 2])
async def test_the_first_error_is_raised_once_all_others_have_ended(at_once):
    begun, ended = [], []

    async def read(number):
        begun.append(number)
        try:
            if number == 1:
                raise Unavailable("no answer")
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    with pytest.raises(Unavailable):
        await together(range(5), read, at_once=at_once)

    assert sorted(ended) == sorted(begun)
    assert (len(begun) == 5) == (at_once is None)


async def test_nothing_to_read_is_nothing():
    assert await together([], lambda number: pytest.fail("nothing was asked for")) == []
