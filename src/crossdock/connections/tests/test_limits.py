"""One bucket for all workers."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.connections.limits import SharedLimiter
from crossdock.connections.testing import a_store
from crossdock.connectors.kit.errors import RateLimited
from crossdock.connectors.kit.limits import RateLimit

SLOW = RateLimit(calls=1, per=timedelta(seconds=60), burst=100)
"""Hardly refills while a test runs."""


@pytest.fixture
def make(account):
    store = a_store(account)
    return lambda **options: SharedLimiter(account.pk, "store", store.pk, SLOW, **options)


async def spend_all(limiter: SharedLimiter, cost: float = 5) -> float:
    spent = 0.0
    while True:
        try:
            await limiter.acquire(cost)
        except RateLimited:
            return spent
        spent += cost


async def test_two_workers_together_spend_what_one_may(make):
    first, second = make(), make()

    spent = await spend_all(first) + await spend_all(second)

    assert spent == 100


async def test_the_less_urgent_leave_a_reserve_to_the_urgent(make):
    reading, posting = make(reserve=0.2), make()

    assert await spend_all(reading) == 80
    assert await spend_all(posting) == 20


async def test_what_the_platform_says_is_what_all_go_by(make):
    first, second = make(), make()
    await first.acquire(5)
    first.learn(available=40, maximum=100, restore_per_second=1 / 60)

    assert await spend_all(first) + await spend_all(second) <= 40


async def test_a_pause_that_one_worker_was_told_holds_for_all(make):
    first, second = make(), make()
    await first.acquire(5)
    first.pause(datetime.now(UTC) + timedelta(minutes=2))

    with pytest.raises(RateLimited):
        await first.acquire(5)
    with pytest.raises(RateLimited) as refused:
        await second.acquire(5)
    assert refused.value.retry_after > timedelta(seconds=100)


async def test_a_cost_above_the_bucket_is_asked_for_as_the_whole_bucket(make):
    limiter = make()

    await limiter.acquire(500)

    with pytest.raises(RateLimited):
        await limiter.acquire(50)
