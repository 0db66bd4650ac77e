"""The quota that all apps of a store share: used up to the reserve, hardly ever refused, and waited for as asked."""

from datetime import timedelta

import pytest

from crossdock.connectors.bigcommerce.api import RESERVE, pause_asked, words_of
from crossdock.connectors.bigcommerce.tests.rig import Rig
from crossdock.connectors.kit.errors import RateLimited
from crossdock.connectors.kit.limits import LocalLimiter


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-time-reset-ms": "2500", "x-retry-after": "9"}, 2.5),
        ({"x-retry-after": "9"}, 9),
        ({"retry-after": "4"}, 4),
        ({"x-rate-limit-time-reset-ms": "NaN"}, None),
        ({"x-rate-limit-time-reset-ms": "-5"}, 0),
        ({"x-rate-limit-time-reset-ms": "999999999"}, 600),
        ({}, None),
    ],
)
def test_the_pause_is_read_in_every_spelling(headers, seconds):
    assert pause_asked(headers) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"status":404,"message":"Not found."},{"message":"Really."}]', "Not found.; Really."),
        (b'{"status":422,"title":"Bad item","errors":{"items.0":"no"}}', "Bad item; no"),
        (b"<html>Maintenance</html>", ""),
        (b'{"title": 5}', ""),
        (b"", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_the_platform_s_words_are_read_from_both_kinds_of_errors(body, words):
    assert words_of(body) == words


async def without_end(client):
    while True:
        await client.orders_by_id(["1"])


async def test_an_import_uses_the_quota_up_to_the_reserve_and_is_never_refused(rig):
    rig.places(number=1)
    rig.sim.set_limits(True)
    rig.sim.forget_log()

    async with rig.client(limiter=LocalLimiter()) as client:
        with pytest.raises(RateLimited) as caught:
            await without_end(client)

    assert len(rig.sim.log) == 150 - RESERVE >= 150 * 0.95
    assert not [entry for entry in rig.sim.log if entry.status == 429]
    assert caught.value.retry_after <= timedelta(seconds=31)


async def test_the_next_window_is_waited_for_and_used(rig):
    rig.places(number=1)
    rig.sim.set_limits(True, calls=20, seconds=0.3)
    rig.sim.forget_log()

    async with rig.client(limiter=LocalLimiter()) as client:
        for _ in range(60):
            await client.orders_by_id(["1"])

    assert len(rig.sim.log) == 61  # once also for the store's units
    assert not [entry for entry in rig.sim.log if entry.status == 429]


async def test_what_other_apps_spend_is_taken_into_account(rig):
    rig.places(number=1)
    rig.sim.set_limits(True, calls=40, seconds=0.5, others_spend=3)
    rig.sim.forget_log()

    async with rig.client(limiter=LocalLimiter()) as client:
        for _ in range(25):
            await client.orders_by_id(["1"])

    assert [entry.status for entry in rig.sim.log].count(429) == 0


async def test_a_long_window_is_given_back_to_the_hub(rig):
    rig.places(number=1)
    rig.sim.set_limits(True, calls=10, seconds=30)

    async with rig.client() as client:
        for _ in range(10 - RESERVE - 1):  # the first also asks for the store's units
            await client.orders_by_id(["1"])
        with pytest.raises(RateLimited) as caught:
            await client.orders_by_id(["1"])

    assert timedelta(seconds=20) < caught.value.retry_after <= timedelta(seconds=31)


async def test_a_429_without_headers_is_the_platform_s_load_and_waits_a_little(rig):
    rig.places()
    rig.sim.fail_next(n=1, status=429)

    with pytest.raises(RateLimited) as caught:
        await rig.orders()

    assert caught.value.retry_after == timedelta(seconds=10)


async def test_a_page_of_orders_is_one_call(rig):
    for number in range(1, 31):
        rig.places(number=number)
    rig.sim.forget_log()

    await rig.orders()

    assert [entry.operation for entry in rig.sim.log] == ["GET orders", "GET store"]
