"""Every store that can say which orders were placed: all of them, whatever became of them, for any stretch of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import ListsOrders
from crossdock.connectors.kit.errors import AuthenticationFailed, RateLimited, Unavailable
from crossdock.connectors.kit.pages import Window

rig = every_connector_that(ListsOrders)


def days_ago(days, **more):
    return datetime.now(UTC).replace(microsecond=0, **more) - timedelta(days=days)


async def listed(rig, **more):
    return [order for page in [page async for page in rig.placed(**more)] for order in page.orders]


async def test_every_order_is_listed_by_id_and_number(rig):
    placed = {rig.places(number=number): number for number in range(1001, 1008)}

    found = await listed(rig)

    assert {external_id for external_id, _ in found} == set(placed)
    for external_id, number in found:
        assert number == (await rig.order(external_id)).number
        assert str(placed[external_id]) in number


async def test_orders_are_listed_whatever_became_of_them(rig):
    placed = [rig.places(number=number) for number in range(1, 4)]
    rig.cancels(placed[0])
    rig.ships_elsewhere(placed[1])
    placed.append(rig.places_skipped())

    found = await listed(rig)

    assert {external_id for external_id, _ in found} == set(placed)


async def test_orders_come_oldest_first(rig):
    newest, oldest, between = (rig.places_at(days_ago(days)) for days in (2, 9, 5))

    found = await listed(rig)

    assert [external_id for external_id, _ in found] == [oldest, between, newest]


async def test_the_window_is_about_when_orders_were_placed_and_not_when_they_changed(rig):
    old = rig.places_at(days_ago(20))
    new = rig.places_at(days_ago(3))
    rig.sim.touch_order(old)

    found = await listed(rig, window=Window(days_ago(5), datetime.now(UTC)))

    assert [external_id for external_id, _ in found] == [new]


async def test_a_window_is_closed_at_both_ends(rig):
    at = days_ago(7)
    before, first, last, after = (rig.places_at(at + timedelta(seconds=seconds)) for seconds in (-1, 0, 3600, 3601))

    found = {external_id for external_id, _ in await listed(rig, window=Window(at, at + timedelta(hours=1)))}

    assert {first, last} <= found
    assert not {before, after} & found


async def test_a_window_of_one_moment_has_what_was_placed_then(rig):
    at = days_ago(7)
    then = rig.places_at(at)
    rig.places_at(at + timedelta(minutes=5))

    found = await listed(rig, window=Window(at, at))

    assert [external_id for external_id, _ in found] == [then]


async def test_windows_side_by_side_have_every_order(rig):
    start = days_ago(8, hour=0, minute=0, second=0)
    placed = {rig.places_at(start + timedelta(hours=6 * number)) for number in range(12)}

    found = []
    for day in range(4):
        window = Window(start + timedelta(days=day), start + timedelta(days=day + 1))
        found += [external_id for external_id, _ in await listed(rig, window=window)]

    assert set(found) == placed


@pytest.mark.parametrize("hours", [-8, 5.5, 13])
async def test_the_zone_a_window_is_written_in_changes_nothing(rig, hours):
    at = days_ago(7)
    inside = rig.places_at(at)
    rig.places_at(at - timedelta(hours=2))
    rig.places_at(at + timedelta(hours=2))
    zone = timezone(timedelta(hours=hours))
    window = Window((at - timedelta(hours=1)).astimezone(zone), (at + timedelta(hours=1)).astimezone(zone))

    found = await listed(rig, window=window)

    assert [external_id for external_id, _ in found] == [inside]


@pytest.mark.parametrize("change", ["2026-03-08T10:00:00+00:00", "2026-03-29T01:00:00+00:00", "2026-11-01T09:00:00+00:00"])
async def test_no_order_is_lost_or_doubled_when_the_clocks_change(rig, change):
    moment = datetime.fromisoformat(change)
    placed = [rig.places_at(moment + timedelta(minutes=30 * number)) for number in range(-8, 8)]

    found = []
    for hour in range(-4, 4):
        # Half-open by a second, so that an order seen twice would be one listed in the wrong hour.
        window = Window(moment + timedelta(hours=hour), moment + timedelta(hours=hour + 1) - timedelta(seconds=1))
        found += [external_id for external_id, _ in await listed(rig, window=window)]

    assert found == placed


async def test_an_order_knows_the_moment_it_was_placed_at(rig):
    at = days_ago(7)

    order = await rig.order(rig.places_at(at))

    assert order.placed_at == at
    assert order.placed_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("pages", [1, 2, 3, 4])
async def test_listing_goes_on_after_any_page(rig, pages):
    placed = {rig.places_at(days_ago(number)) for number in range(1, 10)}
    window = Window(None, datetime.now(UTC))
    seen, position, read = [], None, 0

    async for page in rig.placed(window, page_size=2):
        seen += page.orders
        position, read = page.position, read + 1
        if read == pages:
            break
    seen += [order async for page in rig.placed(window, position, page_size=2) for order in page.orders]

    assert {external_id for external_id, _ in seen} == placed


async def test_an_order_that_changes_goes_or_comes_while_we_list_hides_no_other(rig):
    placed = [rig.places_at(days_ago(10 - number), number=number) for number in range(1, 8)]
    seen = set()

    async for page in rig.placed(page_size=2):
        seen |= {external_id for external_id, _ in page.orders}
        if len(seen) == 2:
            rig.sim.touch_order(1)
            rig.sim.delete_order(7)
            rig.places(number=8)

    assert seen >= set(placed[:6])


async def test_pages_that_come_twice_hide_nothing(rig):
    placed = {rig.places_at(days_ago(number)) for number in range(1, 8)}
    rig.sim.duplicate_pages()

    found = {external_id for external_id, _ in await listed(rig, page_size=3)}

    assert found == placed


async def test_an_empty_stretch_is_listed_as_empty(rig):
    rig.places()

    assert await listed(rig, window=Window(days_ago(40), days_ago(39))) == []


async def test_an_order_that_cannot_be_understood_is_counted_all_the_same(rig):
    placed = [rig.places(number=number) for number in (1, 2, 3)]
    rig.spoils(placed[1])

    found = {external_id for external_id, _ in await listed(rig)}

    assert found == set(placed)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_platform_is_unavailable(rig, status):
    rig.places()
    rig.sim.fail_next(n=8, status=status)

    with pytest.raises(Unavailable):
        await listed(rig)


async def test_a_429_is_taken_as_asked(rig):
    rig.places()
    rig.sim.fail_next(n=1, status=429)

    with pytest.raises(RateLimited):
        await listed(rig)


async def test_a_key_that_stays_refused_asks_for_a_person(rig):
    rig.places()
    await listed(rig)
    rig.sim.fail_next(n=20, status=401)

    with pytest.raises(AuthenticationFailed):
        await listed(rig)


async def test_listing_writes_nothing(rig):
    rig.places()
    rig.sim.forget_log()

    await listed(rig, may_write=False)

    assert rig.sim.writes() == []
