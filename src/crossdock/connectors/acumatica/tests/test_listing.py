"""Windows that hold more than a list shows: shortened until they fit, whatever the server's order, and nothing hidden."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.connectors.acumatica.endpoint import Endpoint, moment, newest, quoted
from crossdock.connectors.acumatica.listing import FULL, SALES_ORDERS, Listing
from crossdock.connectors.kit.pages import Position, Window

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def changed_at(rig, moments):
    """Orders that changed at some moments; their numbers in the order of changes."""
    placed = []
    for number, at in enumerate(moments):
        _, order = rig.sim.order(rig.places(number=number))
        order["LastModified"] = at
        placed.append((at, order["OrderNbr"]))
    return [number for _, number in sorted(placed)]


async def listed(rig, *, slim, window=None, after=None):
    async with rig.client() as client:
        listing = Listing(Endpoint(client.http, client.settings), SALES_ORDERS, slim=slim)
        found = window or Window(None, START + timedelta(days=40))
        return [row async for rows in listing.rows(found, after) for row in rows]


async def test_a_window_that_is_cut_is_shortened_until_all_of_it_is_seen(rig):
    wanted = changed_at(rig, [START + timedelta(hours=7 * number % 50, minutes=number) for number in range(60)])

    found = await listed(rig, slim=7)

    assert [row.key[1] for row in found] == wanted


async def test_it_takes_few_calls_to_list_a_long_past(rig):
    changed_at(rig, [START + timedelta(minutes=number) for number in range(300)])
    await listed(rig, slim=50)
    rig.sim.forget_log()

    await listed(rig, slim=50)

    assert len(rig.sim.log) <= 30


async def test_a_mass_update_of_one_moment_is_read_on_by_key(rig):
    changed_at(rig, [START - timedelta(days=1), *[START] * 40, START + timedelta(milliseconds=3), START + timedelta(days=1)])

    found = await listed(rig, slim=10)

    assert len({row.key for row in found}) == len(found) == 43
    assert [row.at for row in found] == sorted(row.at for row in found)


async def test_reading_goes_on_inside_a_mass_update(rig):
    changed_at(rig, [START] * 30)
    first = (await listed(rig, slim=100))[:11]
    last = first[-1]

    rest = await listed(rig, slim=100, after=Position(last.at, last.place[1]))

    assert len(rest) == 19
    assert not {row.key for row in first} & {row.key for row in rest}


async def test_an_instance_that_lists_backwards_hides_nothing(rig):
    wanted = changed_at(rig, [START + timedelta(minutes=number * 13 % 40) for number in range(40)])
    rig.sim.reorder_pages()

    assert [row.key[1] for row in await listed(rig, slim=6)] == wanted


async def test_the_same_record_is_the_same_bytes_on_whatever_page_it_comes(rig):
    for number in range(1, 5):
        rig.places(number=number)

    first = [raw async for page in rig.orders_changed(page_size=4) for raw in page.raws]
    again = [raw async for page in rig.orders_changed(page_size=3) for raw in page.raws]
    async with rig.client() as client:
        named = (await client.orders_by_id([rig.sim.order(4)[1]["id"]])).raws

    assert first == again
    assert first[3] == named[0]


async def test_the_address_of_a_full_page_stays_below_what_servers_cut(rig):
    for number in range(1, FULL + 1):
        rig.sim.add_order(number=f"WEB-2026-{number:06}")

    await rig.orders(order_types="SO, SA, CS")

    longest = max(len(exchange.url.partition("?")[2]) for exchange in rig.exchanges)
    assert longest < 2_048


def test_moments_and_texts_in_a_filter_are_exact():
    assert moment(datetime(2026, 3, 8, 9, 30, 0, 347_000, tzinfo=UTC)) == "datetimeoffset'2026-03-08T09:30:00.347+00:00'"
    assert moment(datetime(2026, 3, 8, 9, 30, 0, 347_123, tzinfo=UTC)).endswith(".347123+00:00'")
    assert quoted("O'Neill") == "'O''Neill'"


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (["18.200.001", "24.200.001", "25.200.001"], "24.200.001"),
        (["20.200.001", "22.200.001"], "22.200.001"),
        (["25.100.001", "25.200.001"], "25.100.001"),
        (["custom"], None),
        ([], None),
    ],
)
def test_the_newest_version_that_is_known_is_taken(offered, taken):
    assert newest(offered) == taken
