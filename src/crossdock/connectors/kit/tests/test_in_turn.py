"""Items of one thing in turn, several things at a time: what waits behind an error is told the truth."""

import asyncio
from datetime import timedelta

import pytest

from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.in_turn import BY_ITSELF, each_in_turn


class Worker:
    """Acts on items like a1, which is the first of the thing a; raises what it was told for an item."""

    def __init__(self, **errors):
        self.errors = errors
        self.begun = []
        self.about = []

    async def __call__(self, item):
        self.begun.append(item)
        self.about.append(ABOUT.get())
        await asyncio.sleep(0)
        if item in self.errors:
            raise self.errors[item]
        return Done(item, item.upper())


async def run(worker, *items, at_once=2, **more):
    outcomes = await each_in_turn(items, worker, key=str, of=lambda item: item[0], at_once=at_once, **more)
    assert [outcome.key for outcome in outcomes] == list(items)
    return [outcome.error if isinstance(outcome, Failed) else outcome.external_id for outcome in outcomes]


async def test_items_of_one_thing_keep_their_order_and_outcomes_the_items_order():
    worker = Worker()

    said = await run(worker, "a1", "b1", "a2", "c1", "b2", at_once=3)

    assert said == ["A1", "B1", "A2", "C1", "B2"]
    assert worker.begun.index("a1") < worker.begun.index("a2")
    assert worker.begun.index("b1") < worker.begun.index("b2")
    assert worker.about == [(item,) for item in worker.begun]


async def test_one_that_is_refused_does_not_hold_up_the_next_of_its_thing():
    refused = InvalidData("too many units")

    assert await run(Worker(a1=refused), "a1", "a2") == [refused, "A2"]


async def test_what_waits_behind_one_that_got_no_answer_is_not_begun_and_fails_with_it():
    down = Unavailable("no answer")
    worker = Worker(a1=down)

    assert await run(worker, "a1", "a2", "b1") == [down, down, "B1"]
    assert worker.begun == ["a1", "b1"]


async def test_what_waits_behind_an_unknown_outcome_is_known_not_to_have_begun():
    unknown = OutcomeUnknown("no clear answer")

    first, second = await run(Worker(a1=unknown), "a1", "a2")

    assert first is unknown
    assert isinstance(second, Unavailable)


async def test_where_items_do_not_take_from_one_another_only_what_meets_all_ends_the_rest():
    errors = {"a1": Unavailable("no answer"), "a2": OutcomeUnknown("no clear answer")}

    assert await run(Worker(**errors), "a1", "a2", "a3", alone=BY_ITSELF) == [errors["a1"], errors["a2"], "A3"]


@pytest.mark.parametrize("error", [AuthenticationFailed("refused"), RateLimited("slow down", retry_after=timedelta(seconds=1))])
@pytest.mark.parametrize("alone", [InvalidData, BY_ITSELF])
async def test_what_would_be_refused_as_well_is_not_begun(error, alone):
    worker = Worker(a1=error)

    assert await run(worker, "a1", "a2", "b1", at_once=1, alone=alone) == [error] * 3
    assert worker.begun == ["a1"]


async def test_nothing_to_do_is_done():
    assert await run(Worker()) == []
