"""Every store that says what comes back: each return with its units and its order, none hidden, none lost."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import PullsReturns
from crossdock.connectors.kit.errors import AuthenticationFailed, RateLimited, Unavailable
from crossdock.connectors.kit.pages import Window
from crossdock.domain.returns import ReturnState

rig = every_connector_that(PullsReturns)

TWO_LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


async def returned(rig, window=None, after=None, **more):
    return [one async for page in rig.returned(window, after, **more) for one in page.returns]


def sent_back(rig, units=None, **more):
    """An order of which something comes back: the ids of both."""
    order_id = rig.places(lines=TWO_LINES)
    return order_id, rig.returns(order_id, units or {"RED": 1}, **more)


async def test_a_return_arrives_with_its_units_and_its_order(rig):
    order_id, return_id = sent_back(rig, {"RED": 2, "BLUE": 1})
    order = await rig.order(order_id)

    (one,) = await returned(rig)

    assert one.external_id == return_id
    assert one.number
    assert {line.sku: line.quantity for line in one.lines} == {"RED": 2, "BLUE": 1}
    assert (one.order_id, one.order_number) == (order_id, order.number)
    assert {line.order_line_id for line in one.lines} <= {line.external_id for line in order.lines} | {None}
    assert one.state in (ReturnState.REQUESTED, ReturnState.APPROVED)
    assert one.requested_at.utcoffset() == one.updated_at.utcoffset() == timedelta(0)


async def test_units_of_one_order_come_back_in_parts(rig):
    order_id = rig.places(lines=TWO_LINES)
    ids = {rig.returns(order_id, {"RED": 1}), rig.returns(order_id, {"RED": 1, "BLUE": 1})}

    found = await returned(rig)

    assert {one.external_id for one in found} == ids
    assert sorted(sum(line.quantity for line in one.lines) for one in found) == [1, 2]


async def test_what_becomes_of_a_return_is_seen(rig):
    _, return_id = sent_back(rig)
    await returned(rig)
    rig.closes_return(return_id)

    (one,) = await returned(rig)

    assert one.external_id == return_id
    assert one.state in (ReturnState.RECEIVED, ReturnState.CLOSED)
    assert [line.quantity for line in one.lines] == [1]


async def test_an_order_of_which_nothing_comes_back_is_no_return(rig):
    rig.places(lines=TWO_LINES)
    rig.ships_elsewhere(rig.places(lines=TWO_LINES))

    assert await returned(rig) == []


async def test_a_window_is_closed_at_both_ends(rig):
    sent_back(rig)
    (one,) = await returned(rig)
    second = timedelta(seconds=1)
    at = one.updated_at.replace(microsecond=0)

    within = await returned(rig, Window(at, at + second))
    before = await returned(rig, Window(None, at - second))
    after = await returned(rig, Window(at + 2 * second, at + timedelta(hours=1)))

    assert (len(within), len(before), len(after)) == (1, 0, 0)


@pytest.mark.parametrize("hours", [-8, 5.5, 13])
async def test_the_zone_a_window_is_written_in_changes_nothing(rig, hours):
    sent_back(rig)
    zone = timezone(timedelta(hours=hours))
    now = datetime.now(UTC)

    within = await returned(
        rig, Window((now - timedelta(minutes=5)).astimezone(zone), (now + timedelta(minutes=5)).astimezone(zone))
    )
    before = await returned(rig, Window(None, (now - timedelta(minutes=5)).astimezone(zone)))

    assert (len(within), len(before)) == (1, 0)


@pytest.mark.parametrize("pages", [1, 2, 3])
async def test_reading_goes_on_after_any_page(rig, pages):
    ids = {sent_back(rig)[1] for _ in range(7)}
    window = Window(None, datetime.now(UTC) + timedelta(minutes=1))
    seen, position, read = [], None, 0

    async for page in rig.returned(window, page_size=2):
        seen += page.returns
        position, read = page.position, read + 1
        if read == pages:
            break
    seen += await returned(rig, window, position, page_size=2)

    assert {one.external_id for one in seen} == ids


async def test_reading_goes_on_in_another_window_from_the_last_change(rig):
    ids = {sent_back(rig)[1] for _ in range(5)}
    async for page in rig.returned(page_size=2):
        first = page
        break

    later = Window(None, datetime.now(UTC) + timedelta(minutes=9))
    rest = await returned(rig, later, first.position)

    assert {one.external_id for one in (*first.returns, *rest)} == ids


async def test_a_return_that_changes_while_we_read_hides_no_other(rig):
    ids = [sent_back(rig)[1] for _ in range(6)]
    seen = set()
    has_changed = False

    async for page in rig.returned(page_size=2):
        seen |= {one.external_id for one in page.returns}
        if seen and not has_changed:
            has_changed = True
            rig.touches_return(next(iter(seen)))

    assert seen == set(ids)


async def test_pages_that_come_twice_hide_nothing(rig):
    ids = {sent_back(rig)[1] for _ in range(7)}
    rig.sim.duplicate_pages()

    assert {one.external_id for one in await returned(rig, page_size=3)} == ids


async def test_one_return_that_cannot_be_understood_holds_up_no_other(rig):
    ids = [sent_back(rig)[1] for _ in range(4)]
    rig.spoils_return(ids[1])

    found = {one.external_id for one in await returned(rig)}

    assert found == {*ids} - {ids[1]}
    assert rig.rejected
    assert all(rejected.reason and rejected.raw for rejected in rig.rejected)


async def test_each_return_keeps_what_it_was_understood_from(rig):
    ids = {sent_back(rig)[1] for _ in range(3)}

    pages = [page async for page in rig.returned()]

    assert {one.external_id for page in pages for one in page.returns} == ids
    for page in pages:
        for one, raw in zip(page.returns, page.raws, strict=True):
            assert one.external_id.encode() in raw


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_platform_is_unavailable(rig, status):
    sent_back(rig)
    rig.sim.fail_next(n=8, status=status)

    with pytest.raises(Unavailable):
        await returned(rig)


async def test_a_429_is_taken_as_asked(rig):
    sent_back(rig)
    rig.sim.fail_next(n=1, status=429)

    with pytest.raises(RateLimited):
        await returned(rig)


async def test_a_key_that_stays_refused_asks_for_a_person(rig):
    sent_back(rig)
    await returned(rig)
    rig.sim.fail_next(n=20, status=401)

    with pytest.raises(AuthenticationFailed):
        await returned(rig)


async def test_reading_writes_nothing(rig):
    sent_back(rig)
    rig.sim.forget_log()

    await returned(rig, may_write=False)

    assert rig.sim.writes() == []
