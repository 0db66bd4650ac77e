"""What others ran into at NuORDER, met here on purpose."""

from datetime import UTC, datetime, timedelta

import pytest

from contract.store_rig import up_to_now
from crossdock.connectors.kit.capabilities import Done
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, Unavailable
from crossdock.connectors.kit.opening import open_unsigned
from crossdock.connectors.kit.pages import Window
from crossdock.connectors.nuorder import connector, consent
from crossdock.connectors.nuorder.pull import _has_turn, _turn, hash_of
from crossdock.connectors.nuorder.settings import Settings
from crossdock.connectors.nuorder.tests.rig import Rig

TWO = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def asked(rig):
    """What was asked, as method and path behind /api."""
    return [f"{one.method} {one.url.split('/api/', 1)[1]}" for one in rig.exchanges]


# Sign-in


def waiting(rig, **more):
    return Settings(**{"consumer_key": rig.keys["consumer_key"], "consumer_secret": rig.keys["consumer_secret"], **more})


def unsigned(rig, settings):
    return open_unsigned(connector, settings, door=rig.door, base_url=rig.base_url(settings), transport=rig._transport)


async def test_an_application_waits_until_an_admin_approves_it_and_gives_a_code(rig):
    settings = waiting(rig, application_name="Our Hub")
    async with unsigned(rig, settings) as http:
        first = await consent.ask(settings, None, "", http)
        code = rig.sim.approve("Our Hub")
        tokens = await consent.exchange(settings, None, code, "", http, asked=first)

    assert rig.sim.access.tokens[tokens.access.reveal()][0] == tokens.refresh.reveal()
    assert tokens.expires_at is None


async def test_a_code_is_good_once_and_only_for_its_own_request(rig):
    settings = waiting(rig)
    async with unsigned(rig, settings) as http:
        first = await consent.ask(settings, None, "", http)
        other = await consent.ask(settings, None, "", http)
        code = rig.sim.access.approve(first.access.reveal())
        with pytest.raises(AuthenticationFailed, match="does not take this code"):
            await consent.exchange(settings, None, code, "", http, asked=other)
        await consent.exchange(settings, None, code, "", http, asked=first)
        with pytest.raises(AuthenticationFailed, match="can be used once"):
            await consent.exchange(settings, None, code, "", http, asked=first)


async def test_a_name_the_portal_would_not_take_is_refused_in_the_form():
    with pytest.raises(ValueError, match="application_name"):
        Settings(consumer_key="ckey", consumer_secret="s", application_name="Hub & Söhne")


async def test_the_handshake_works_in_the_standard_form_as_well(rig):
    settings = waiting(rig, signature="rfc5849")
    async with unsigned(rig, settings) as http:
        first = await consent.ask(settings, None, "", http)
        tokens = await consent.exchange(settings, None, rig.sim.approve(), "", http, asked=first)

    assert tokens.access.reveal() in rig.sim.access.tokens


async def test_keys_of_one_side_are_refused_on_the_other(rig):
    async with rig.client(application_type="retail") as client:
        with pytest.raises(AuthenticationFailed):
            await client.check()


# Orders


async def test_orders_are_listed_by_id_and_never_in_one_heap(rig):
    rig.places()
    await rig.orders()

    assert "GET orders/approved/list" in asked(rig)
    assert not any(call.endswith("/detail") or "?" in call for call in asked(rig))


async def test_an_order_stays_approved_until_we_say_that_the_warehouse_has_it(rig):
    order_id = rig.places()

    await rig.orders()
    before = rig.portal.orders[order_id]["status"]
    async with rig.client() as client:
        await client.report_sent([order_id])

    assert (before, rig.portal.orders[order_id]["status"]) == ("approved", "processed")


async def test_an_older_portal_is_told_with_its_older_verb(rig):
    order_id = rig.places()
    rig.sim.set_verbs(new=False)

    async with rig.client() as client:
        (outcome,) = await client.report_sent([order_id])

    assert isinstance(outcome, Done)
    assert rig.portal.orders[order_id]["status"] == "processed"


async def test_a_cancelled_order_is_never_made_processed(rig):
    order_id = rig.places()
    rig.sim.cancel_order(order_id)

    async with rig.client() as client:
        (outcome,) = await client.report_sent([order_id])

    assert isinstance(outcome, Done)
    assert rig.portal.orders[order_id]["status"] == "cancelled"


@pytest.mark.parametrize("what", ["edit", "address", "cancel", "ship", "split"])
async def test_what_happens_after_an_order_was_processed_is_seen_though_nothing_announces_it(rig, what):
    order_id = rig.places(lines=TWO)
    rig.sim.set_status(order_id, "processed")
    change = {
        "edit": lambda: rig.sim.edit_order(order_id, quantities={"RED": 1}),
        "address": lambda: rig.sim.edit_order(order_id, address={"line_1": "9 Other Road"}),
        "cancel": lambda: rig.sim.cancel_order(order_id),
        "ship": lambda: rig.sim.fulfill_order(order_id, {"BLUE": 2}),
        "split": lambda: rig.sim.split_order(order_id),
    }[what]
    change()

    found = {order.external_id: order for order in await rig.orders()}[order_id]

    units = {"edit": 3, "address": 5, "cancel": 0, "ship": 3, "split": 3}[what]
    assert found.units_to_ship == units
    assert (found.canceled_at is not None) == (what == "cancel")
    if what == "address":
        assert found.ship_to.lines == ("9 Other Road",)


async def test_both_parts_of_a_split_order_arrive_under_their_own_numbers(rig):
    order_id = rig.places(number=100_589, lines=TWO)
    rig.sim.split_order(order_id)

    orders = {order.number: order for order in await rig.orders()}

    assert sorted(orders) == ["#100589", "#100589-2"]
    assert {order.attributes["order_group"] for order in orders.values()} == {rig.portal.orders[order_id]["order_group_id"]}


def test_followed_orders_take_turns_and_each_is_read_once_in_a_period():
    ids = [f"65f2a1b0a01ceed965{number:06x}" for number in range(400)]
    turn = _turn(len(ids), 2, 900)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    looks = []
    for number in range(turn // 300):
        window = Window(start + timedelta(seconds=300 * number), start + timedelta(seconds=300 * (number + 1)))
        looks.append([id_ for id_ in ids if _has_turn(id_, window, turn)])

    assert turn == 900
    assert sorted(id_ for look in looks for id_ in look) == sorted(ids)
    assert all(0.5 < len(look) / (len(ids) / len(looks)) < 1.5 for look in looks)
    assert hash_of(ids[0]) == hash_of(ids[0])


async def test_a_long_list_of_waiting_orders_is_not_read_whole_at_every_look(rig):
    for number in range(310):
        rig.places_at(datetime.now(UTC).replace(microsecond=0) - timedelta(days=2, seconds=number), number=number)
    fresh = rig.places(number=9_999)
    now = datetime.now(UTC)
    rig.exchanges.clear()

    orders = await rig.orders(window=Window(now - timedelta(seconds=60), now + timedelta(seconds=1)))

    assert fresh in {order.external_id for order in orders}
    assert len(orders) < 150


async def test_two_thousand_orders_in_a_status_are_one_list_and_then_single_reads(rig):
    rig.portal.orders = {}
    for number in range(2_000):
        rig.portal.orders[f"5{number:023x}"] = {"status": "approved", "order_number": str(number), "_id": f"5{number:023x}"}

    async with rig.client() as client:
        pages = client.orders_changed(up_to_now())
        page = await anext(pages)
        await pages.aclose()

    assert len(page.orders) + len(page.rejected) == 25
    assert len(asked(rig)) < 60


async def test_the_retailers_record_gives_the_name_and_phone_an_address_lacks(rig):
    order = await rig.order(rig.places())

    assert (order.ship_to.name, order.ship_to.company, order.ship_to.phone) == ("Robin Bloom", "Corner Store", "+1 555 0100")
    assert (order.ship_to.region, order.ship_to.country) == ("KY", "US")


async def test_an_order_ships_though_its_retailer_cannot_be_read(rig):
    order_id = rig.places()
    rig.portal.companies.clear()

    order = await rig.order(order_id)

    assert order.ship_to.company == "Corner Store"
    assert order.ship_to.phone is None


async def test_names_come_from_the_products_and_each_is_read_once(rig):
    product = rig.sim.add_product("1042", [{"size": "M", "upc": "099999000016"}], name="Canvas shirt")
    for _ in range(3):
        rig.places(lines=[{"sku": "099999000016", "style": "1042", "size": "M", "quantity": 1}])
    rig.exchanges.clear()

    orders = await rig.orders()

    assert {order.lines[0].name for order in orders} == {"Canvas shirt Red M"}
    assert asked(rig).count(f"GET product/{product}") == 1


async def test_the_ship_window_says_when(rig):
    order = await rig.order(rig.places(start_ship="2030-04-01T00:00:00.000Z", end_ship="2030-04-30T00:00:00.000Z"))

    assert order.ship_not_before == datetime(2030, 4, 1, tzinfo=UTC)
    assert order.cancel_after.isoformat() == "2030-04-30"


@pytest.mark.parametrize("key", ["__payments", "__shipment_status", "shipments", "edited", "locked", "schema_id"])
async def test_fields_that_come_and_go_are_never_needed(rig, key):
    order_id = rig.places()
    rig.portal.orders[order_id].pop(key, None)

    assert (await rig.order(order_id)).units_to_ship == 1


async def test_a_failure_in_plain_text_is_a_failure_and_no_broken_json(rig):
    rig.places()
    rig.sim.fail_next(n=2, status=500)

    with pytest.raises(Unavailable, match="answered 500"):
        await rig.orders()


async def test_a_portal_without_a_status_is_read_without_it(rig):
    rig.places()
    rig.sim.fail_next(n=1, status=404, operation="list orders")

    async with rig.client() as client:
        with pytest.raises(InvalidData):
            await client.check()
    assert len(await rig.orders()) == 1


# Pace


async def test_calls_keep_to_a_handful_at_a_time_and_none_is_refused(rig):
    for number in range(60):
        rig.places(number=number)
    rig.sim.set_limits(True)

    orders = await rig.orders()

    assert len(orders) == 60
    assert rig.sim.refused == 0
    assert rig.sim.most_under_way == 3
