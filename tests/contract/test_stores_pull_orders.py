"""Every store that orders come from: none hidden, none lost, nothing taken on trust."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.store_rig import every_connector_that, rigs, up_to_now
from crossdock.connectors.kit.capabilities import PullsOrders
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, RateLimited, Unavailable
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.pages import Window
from crossdock.connectors.registry import every_connector

rig = every_connector_that(PullsOrders)


def test_every_store_connector_has_a_rig():
    stores = {connector.key for connector in every_connector().values() if connector.kind == "store"}

    assert stores == set(rigs())


async def test_every_order_arrives(rig):
    placed = [rig.places(number=number) for number in range(1001, 1008)]

    orders = await rig.orders(page_size=3)

    assert sorted(order.external_id for order in orders) == sorted(placed)
    assert rig.rejected == []


async def test_an_order_that_changes_while_we_read_hides_no_other(rig):
    for number in range(1, 6):
        rig.places(number=number)
    seen = set()

    async for page in rig.orders_changed(page_size=2):
        seen |= {order.number for order in page.orders}
        if len(seen) == 2:
            rig.sim.touch_order(1)

    assert seen >= {rig.read_number(number) for number in (2, 3, 4, 5)}
    assert len(seen) == 5


async def test_reading_goes_on_where_it_stopped(rig):
    for number in range(1, 8):
        rig.places(number=number)
    window = Window(None, datetime.now(UTC) + timedelta(minutes=1))
    seen = []

    position = None
    for _ in range(10):
        async for page in rig.orders_changed(window=window, after=position, page_size=2):
            seen += [order.number for order in page.orders]
            position = page.position
            break  # the slice is spent; the next one has only the position
        if len(set(seen)) == 7:
            break

    assert set(seen) == {rig.read_number(number) for number in range(1, 8)}


@pytest.mark.parametrize("pages", [1, 2, 3])
async def test_reading_goes_on_after_any_page(rig, pages):
    placed = {rig.places(number=number) for number in range(1, 8)}
    window = up_to_now()
    seen, position, read = set(), None, 0

    async for page in rig.orders_changed(window=window, page_size=2):
        seen |= {order.external_id for order in page.orders}
        position, read = page.position, read + 1
        if read == pages:
            break
    seen |= {order.external_id for order in await rig.orders(window=window, after=position, page_size=2)}

    assert seen == placed


async def test_one_order_that_cannot_be_understood_holds_up_no_other(rig):
    placed = [rig.places(number=number) for number in range(1, 6)]
    rig.spoils(placed[2])

    found = {order.external_id for order in await rig.orders(page_size=2)}

    assert found == {*placed} - {placed[2]}
    assert rig.rejected
    assert all(one.reason and one.raw for one in rig.rejected)


async def test_reading_goes_on_in_another_window_from_the_last_change(rig):
    for number in range(1, 6):
        rig.places(number=number)
    async for page in rig.orders_changed(page_size=2):
        first = page
        break

    later = Window(None, datetime.now(UTC) + timedelta(minutes=9))
    rest = [order.number async for page in rig.orders_changed(window=later, after=first.position) for order in page.orders]

    assert {order.number for order in first.orders} | set(rest) == {rig.read_number(number) for number in range(1, 6)}


async def test_a_window_is_closed_at_both_ends(rig):
    rig.places(number=1)
    now = datetime.now(UTC)

    before = await rig.orders(window=Window(None, now - timedelta(hours=1)))
    after = await rig.orders(window=Window(now + timedelta(hours=1), now + timedelta(hours=2)))
    within = await rig.orders(window=Window(now - timedelta(hours=1), now + timedelta(hours=1)))

    assert (len(before), len(after), len(within)) == (0, 0 if rig.begins_at_window else 1, 1)


async def test_the_edges_of_a_window_belong_to_it(rig):
    at = (await rig.order(rig.places())).updated_at.replace(microsecond=0)
    second = timedelta(seconds=1)

    begins, ends = Window(at, at + timedelta(hours=1)), Window(None, at + second)
    before, after = Window(None, at - second), Window(at + 2 * second, at + timedelta(hours=1))

    later = 0 if rig.begins_at_window else 1
    assert [len(await rig.orders(window=window)) for window in (begins, ends, before, after)] == [1, 1, 0, later]


async def test_windows_that_overlap_give_an_order_again_and_hide_none(rig):
    placed = {rig.places(number=number) for number in range(1, 4)}
    now = datetime.now(UTC)

    first = await rig.orders(window=Window(None, now + timedelta(minutes=1)))
    second = await rig.orders(window=Window(now - timedelta(minutes=5), now + timedelta(minutes=5)))

    assert {order.external_id for order in first} == {order.external_id for order in second} == placed


@pytest.mark.parametrize("hours", [-8, 5.5, 13])
async def test_the_zone_a_window_is_written_in_changes_nothing(rig, hours):
    rig.places()
    zone = timezone(timedelta(hours=hours))
    now = datetime.now(UTC).astimezone(zone)
    minutes = timedelta(minutes=5)

    within = await rig.orders(window=Window(now - minutes, now + minutes))
    before = await rig.orders(window=Window(now - 2 * minutes, now - minutes))
    after = await rig.orders(window=Window(now + minutes, now + 2 * minutes))

    assert (len(within), len(before), len(after)) == (1, 0, 0 if rig.begins_at_window else 1)
    assert within[0].updated_at.utcoffset() == within[0].placed_at.utcoffset() == timedelta(0)


async def test_pages_that_come_twice_hide_nothing(rig):
    for number in range(1, 8):
        rig.places(number=number)
    rig.sim.duplicate_pages()

    orders = await rig.orders(page_size=3)

    assert {order.number for order in orders} == {rig.read_number(number) for number in range(1, 8)}


async def test_orders_out_of_order_within_a_page_hide_nothing(rig):
    for number in range(1, 8):
        rig.places(number=number)
    rig.sim.reorder_pages()

    orders = await rig.orders(page_size=3)

    assert {order.number for order in orders} == {rig.read_number(number) for number in range(1, 8)}


async def test_named_orders_are_read_as_they_are_now_and_gone_ones_are_absent(rig):
    placed = [rig.places(number=number) for number in range(1, 21)]
    rig.sim.delete_order(20)

    async with rig.client() as client:
        page = await client.orders_by_id(placed)

    assert {order.external_id for order in page.orders} == set(placed[:-1])
    assert len(page.raws) == len(page.orders)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_platform_is_unavailable(rig, status):
    rig.places()
    rig.sim.fail_next(n=5, status=status)

    with pytest.raises(Unavailable):
        await rig.orders()


async def test_a_429_is_taken_as_asked(rig):
    rig.places()
    rig.sim.fail_next(n=1, status=429)

    with pytest.raises(RateLimited if rig.is_paced else Unavailable):
        await rig.orders()


async def test_a_revoked_key_is_renewed_once_and_the_call_repeated_or_a_person_is_asked(rig):
    rig.places()
    await rig.orders()
    rig.sim.revoke_key()

    if not rig.renews:
        with pytest.raises(AuthenticationFailed) as refused:
            await rig.orders()
        assert refused.value.field in dict(rig.settings())
        rig.gives_new_key()

    assert len(await rig.orders()) == 1
    assert rig.sign_ins == (2 if rig.renews else 0)


async def test_a_key_revoked_in_the_middle_loses_no_order(rig):
    placed = {rig.places(number=number) for number in range(1, 8)}
    window = up_to_now()
    seen, position = set(), None

    with contextlib.suppress(AuthenticationFailed):
        async for page in rig.orders_changed(window=window, page_size=2):
            seen |= {order.external_id for order in page.orders}
            if position is None:
                rig.sim.revoke_key()
            position = page.position
    if not rig.renews:
        assert len(seen) < 7
        rig.gives_new_key()
        seen |= {order.external_id for order in await rig.orders(window=window, after=position, page_size=2)}

    assert seen == placed


async def test_a_key_that_stays_refused_asks_for_a_person(rig):
    rig.places()
    await rig.orders()
    rig.sim.fail_next(n=20, status=401)

    with pytest.raises(AuthenticationFailed):
        await rig.orders()


async def test_a_line_that_is_cut_is_unavailable_and_the_next_try_has_everything(rig):
    rig.places()
    await rig.orders()
    rig.sim.faults(1.0, seed=1, kinds=["cut_before"])

    with pytest.raises(Unavailable):
        await rig.orders()
    rig.sim.calm()

    assert len(await rig.orders()) == 1


async def test_half_an_answer_is_no_answer(rig):
    rig.places()
    await rig.orders()
    rig.sim.truncate_next(n=3)

    with pytest.raises(Unavailable):
        await rig.orders()


@pytest.mark.parametrize("kind", ["gzip_bomb", "deep_json", "endless", "not_json", "nul", "huge_number", "html", "redirect"])
async def test_a_hostile_answer_ends_in_a_typed_error(rig, kind):
    rig.places()
    await rig.orders()
    if kind == "endless":
        await rig.be_patient_for(timedelta(seconds=1))
    rig.sim.hostile(kind, n=3)

    try:
        await rig.orders()
    except (InvalidData, Unavailable):
        return
    assert rig.rejected


async def test_reading_writes_nothing(rig):
    rig.places()
    rig.sim.forget_log()

    await rig.orders(may_write=False)

    assert rig.sim.writes() == []


async def test_each_order_keeps_what_it_was_understood_from(rig):
    placed = [rig.places(number=number) for number in (1, 2)]

    pages = [page async for page in rig.orders_changed()]

    for page in pages:
        for order, raw in zip(page.orders, page.raws, strict=True):
            assert order.external_id.encode() in raw
    assert sum(len(page.orders) for page in pages) == len(placed)


async def test_what_the_hub_has_already_is_counted_and_not_understood_again(rig):
    for number in range(1, 6):
        rig.places(number=number)
    async with rig.client() as client:
        first = [page async for page in client.orders_changed(up_to_now(), page_size=2)]
    stored = {raw for page in first for raw in page.raws}
    rig.sim.edit_order(3, note="changed")

    async def known(rows):
        return [place for place, (_, raw) in enumerate(rows) if raw in stored]

    async with rig.client() as client:
        client.known = known
        again = [page async for page in client.orders_changed(up_to_now(), page_size=2)]

    assert sum(page.unchanged for page in again) == 4
    assert [order.number for page in again for order in page.orders] == [rig.read_number(3)]


async def test_no_secret_of_the_store_is_written_down(rig):
    rig.places()
    await rig.orders()

    written = repr(rig.exchanges)

    for name, value in rig.settings():
        if hasattr(value, "get_secret_value") and value.get_secret_value():
            assert value.get_secret_value() not in written, name


async def test_the_check_names_the_account(rig):
    async with rig.client() as client:
        identity = await client.check()

    assert identity.id
    assert identity.name


async def test_a_shared_limiter_paces_every_call(rig):
    limiter = LocalLimiter()
    limiter.pause(datetime.now(UTC) + timedelta(minutes=1))
    if not rig.is_paced:
        assert await rig.orders(limiter=limiter) == []
        return

    with pytest.raises(RateLimited):
        await rig.orders(limiter=limiter)
