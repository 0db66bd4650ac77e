"""Pacing, by a clock that stands still unless told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from crossdock.connectors.kit.errors import RateLimited
from crossdock.connectors.kit.limits import LocalLimiter, RateLimit

TEN_A_SECOND = RateLimit(calls=10, per=timedelta(seconds=1), burst=20)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


async def spend(limiter, times, cost=1):
    for _ in range(times):
        await limiter.acquire(cost)


async def test_a_burst_passes_at_once_and_comes_back_with_time(monkeypatch):
    clock, waits = Clock(), []
    limiter = LocalLimiter(TEN_A_SECOND, clock=clock)
    monkeypatch.setattr(asyncio, "sleep", _noting(waits))

    await spend(limiter, 20)
    assert waits == []
    await spend(limiter, 1)
    assert waits == [pytest.approx(0.1)]

    clock.now += 10
    waits.clear()
    await spend(limiter, 20)
    assert waits == []


async def test_callers_wait_one_behind_the_other(monkeypatch):
    waits = []
    limiter = LocalLimiter(TEN_A_SECOND, clock=Clock())
    await spend(limiter, 20)
    monkeypatch.setattr(asyncio, "sleep", _noting(waits))

    await asyncio.gather(*(limiter.acquire(1) for _ in range(3)))

    assert waits == [pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.3)]


async def test_what_is_too_long_to_wait_for_costs_nothing():
    limiter = LocalLimiter(RateLimit(calls=1, per=timedelta(seconds=1), burst=1), clock=Clock())
    limiter.learn(available=-10, maximum=20, restore_per_second=1)

    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await limiter.acquire(1)
        assert caught.value.retry_after == timedelta(seconds=11)


async def test_a_wait_that_is_broken_off_gives_its_cost_back():
    clock = Clock()
    limiter = LocalLimiter(RateLimit(calls=1, per=timedelta(seconds=1), burst=1), clock=clock)
    await limiter.acquire(1)
    waiting = asyncio.ensure_future(limiter.acquire(1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    clock.now += 1
    async with asyncio.timeout(0.5):
        await limiter.acquire(1)


async def test_a_cost_above_the_most_is_the_most_and_a_cost_of_nothing_is_one():
    limiter = LocalLimiter(TEN_A_SECOND, clock=Clock())

    await limiter.acquire(1_000)
    with pytest.raises(RateLimited):
        await spend(LocalLimiter(RateLimit(1, timedelta(minutes=1)), clock=Clock()), 2, cost=0)


async def test_nothing_passes_before_the_moment_that_was_asked_for_however_often_another_is_asked_for():
    limiter = LocalLimiter(TEN_A_SECOND, clock=Clock())
    limiter.pause(datetime.now(UTC) + timedelta(seconds=60))
    limiter.pause(datetime.now(UTC))

    with pytest.raises(RateLimited) as caught:
        await limiter.acquire(1)

    assert caught.value.retry_after > timedelta(seconds=50)


async def test_no_more_than_a_burst_is_saved_up(monkeypatch):
    clock, waits = Clock(), []
    limiter = LocalLimiter(TEN_A_SECOND, clock=clock)
    monkeypatch.setattr(asyncio, "sleep", _noting(waits))

    clock.now += 1_000
    await spend(limiter, 21)

    assert waits == [pytest.approx(0.1)]


async def test_what_still_waits_here_is_taken_off_what_the_platform_says_is_left(monkeypatch):
    waits = []
    limiter = LocalLimiter(RateLimit(calls=1, per=timedelta(seconds=1), burst=1), clock=Clock())
    await limiter.acquire(1)
    waiting = asyncio.ensure_future(limiter.acquire(1))
    await asyncio.sleep(0)
    monkeypatch.setattr(asyncio, "sleep", _noting(waits))

    limiter.learn(available=2, maximum=1, restore_per_second=1)
    await limiter.acquire(1)
    waiting.cancel()

    assert waits == [pytest.approx(1)]


@pytest.mark.parametrize("said", [(5, 0, 1), (5, 10, 0)])
async def test_a_limit_of_nothing_is_not_believed(said):
    limiter = LocalLimiter(TEN_A_SECOND, clock=Clock())

    limiter.learn(*said)

    async with asyncio.timeout(0.5):
        await spend(limiter, 20)


def _noting(waits):
    async def sleep(seconds):
        waits.append(seconds)

    return sleep
