"""One call per item: each answered by itself, and no more calls once the credentials are refused."""

import asyncio
from datetime import timedelta

import pytest

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, RateLimited


async def test_each_item_has_its_own_outcome_in_its_own_place():
    async def act(item):
        if item == "b":
            raise InvalidData("not this one")
        return Done(item, item.upper())

    outcomes = await each(["a", "b", "c"], act, key=str)

    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done]
    assert [outcome.key for outcome in outcomes] == ["a", "b", "c"]


async def test_no_more_than_allowed_run_at_once():
    running, most = 0, 0

    async def act(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Done(item, item)

    await each([str(number) for number in range(20)], act, key=str, at_once=3)

    assert most == 3


@pytest.mark.parametrize("error", [AuthenticationFailed("no"), RateLimited("slow", retry_after=timedelta(seconds=9))])
async def test_after_a_refusal_that_would_meet_all_nothing_new_is_started(error):
    begun = []

    async def act(item):
        begun.append(item)
        if item == "1":
            raise error
        return Done(item, item)

    outcomes = await each([str(number) for number in range(10)], act, key=str, at_once=1)

    assert begun == ["0", "1"]
    assert [type(outcome) for outcome in outcomes] == [Done] + [Failed] * 9
    assert {outcome.error for outcome in outcomes[1:]} == {error}


async def test_a_bug_is_raised_after_what_runs_has_ended():
    ended = []

    async def act(item):
        if item == "bug":
            raise KeyError(item)
        await asyncio.sleep(0)
        ended.append(item)
        return Done(item, item)

    with pytest.raises(KeyError):
        await each(["bug", "a", "b"], act, key=str, at_once=3)

    assert ended == ["a", "b"]


async def test_nothing_to_do_is_nothing():
    assert await each([], None, key=str) == []
