"""The traps others fell into, set by the simulator and walked around. The README names the trap each test is for."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from contract.store_rig import up_to_now
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, RateLimited, Unavailable
from crossdock.connectors.kit.limits import LocalLimiter
from crossdock.connectors.kit.pages import Window
from crossdock.connectors.shopify import paging
from crossdock.connectors.shopify.mapping import ROUTING
from crossdock.connectors.shopify.tests.rig import Rig
from crossdock.domain.fulfillment import NoticeLine, Tracking


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def test_a_change_after_creation_is_seen(rig):
    external_id = rig.places(number=1)
    await rig.orders()
    since = datetime.now(UTC) - timedelta(minutes=1)
    rig.sim.edit_order(1, note="Changed")

    orders = await rig.orders(window=Window(since, datetime.now(UTC) + timedelta(minutes=1)))

    assert [(order.external_id, order.warehouse_note) for order in orders] == [(external_id, "Changed")]


async def test_a_missing_right_to_older_orders_is_shown(rig):
    await rig.orders()
    rig.sim.revoke_scopes(["read_all_orders"])

    async with rig.client() as client:
        identity = await client.check()

    assert any("read_all_orders" in warning and "60 days" in warning for warning in identity.warnings)


async def test_throttling_is_waited_out_and_not_taken_for_a_failure(rig):
    rig.sim.set_limits(True, restore_rate=4000)
    for number in range(1, 6):
        rig.places(number=number)

    many = await asyncio.gather(*(rig.orders() for _ in range(12)))

    assert all(len(orders) == 5 for orders in many)


async def test_an_empty_bucket_is_given_back_and_not_spun_on(rig):
    rig.sim.set_limits(True, restore_rate=1)
    rig.places()
    limiter = LocalLimiter()

    async def until_refused():
        while True:
            await rig.orders(limiter=limiter)

    with pytest.raises(RateLimited) as caught:
        await until_refused()

    assert caught.value.retry_after > timedelta(seconds=1)
    assert len([entry for entry in rig.sim.log if entry.operation == "Orders"]) < 50


async def test_one_shipment_from_two_locations_is_one_call_for_each(rig):
    second = rig.sim.add_location("Austin")
    order = await rig.order(
        rig.places(lines=[{"sku": "RED", "quantity": 1}, {"sku": "BLUE", "quantity": 1, "location": second}]),
        filter_by_location=True,
    )
    assert [line.to_ship for line in order.lines] == [1, 0]
    whole = await rig.order(order.external_id)
    notice = rig.notice(whole)

    (outcome,) = await rig.post(notice, filter_by_location=True)
    (again,) = await rig.post(notice, filter_by_location=True)

    assert isinstance(outcome, Done)
    assert len(outcome.evidence["fulfillments"].split()) == 2
    assert isinstance(again, Done)
    assert rig.told() == {notice.tracking[0].number: 2}
    assert sum(rig.shipped_units(order.external_id).values()) == 2
    assert len(rig.shop.mails) == 1


async def test_half_of_a_shipment_over_two_locations_is_completed_and_not_repeated(rig):
    second = rig.sim.add_location("Austin")
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 1}, {"sku": "BLUE", "quantity": 1, "location": second}]))
    notice = rig.notice(order)
    rig.sim.unstock("BLUE", second)

    (first,) = await rig.post(notice, filter_by_location=True)
    rig.sim.unstock("BLUE", second, on=False)
    assert await rig.find(notice) == {}
    (second_try,) = await rig.post(notice, filter_by_location=True)

    assert isinstance(first, Failed)
    assert isinstance(second_try, Done)
    assert sorted(rig.shipped_units(order.external_id).values()) == [1, 1]


async def test_lines_with_the_same_sku_are_told_apart_by_their_ids(rig):
    order = await rig.order(rig.places(lines=[{"sku": "SAME", "quantity": 2}, {"sku": "SAME", "quantity": 5}]))
    first, second = order.lines

    await rig.post(rig.notice(order, lines=(NoticeLine(second.external_id, Decimal(3)),)))
    after = await rig.order(order.external_id)

    assert [line.to_ship for line in after.lines] == [2, 2]
    assert first.external_id != second.external_id


async def test_units_fulfilled_by_hand_are_not_shipped_again(rig):
    order = await rig.order(rig.places(number=7, lines=[{"sku": "RED", "quantity": 3}]))
    rig.sim.fulfill_order(7, {"RED": 2}, tracking="BYHAND")

    (too_many,) = await rig.post(rig.notice(order, {"RED": 3}))
    (rest,) = await rig.post(rig.notice(order, {"RED": 1}))

    assert isinstance(too_many.error, InvalidData)
    assert "2 × RED" in too_many.error.message
    assert isinstance(rest, Done)


async def test_a_shipment_made_by_hand_with_our_tracking_number_is_adopted(rig):
    order = await rig.order(rig.places(number=7))
    notice = rig.notice(order)
    rig.sim.fulfill_order(7, tracking=notice.tracking[0].number)

    (outcome,) = await rig.post(notice)

    assert isinstance(outcome, Done)
    assert outcome.evidence["adopted"] == "yes"
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_an_order_held_after_it_was_placed_waits_and_is_seen_again_on_release(rig):
    external_id = rig.places(number=7)
    rig.sim.hold_order(7, reason="ONLINE_STORE_POST_PURCHASE_CROSS_SELL")

    held = await rig.order(external_id)
    rig.sim.edit_order(7, added=[{"sku": "UPSELL"}])
    rig.sim.release_order(7)
    (released,) = await rig.orders()

    assert held.hold is not None
    assert released.hold is None
    assert {line.sku for line in released.lines} == {"BLUE-M", "UPSELL"}
    assert released.units_to_ship == 2


async def test_an_order_is_found_by_the_fulfillment_order_a_message_names(rig):
    external_id = rig.places(number=7)
    part = rig.sim.order(7)[1]["_fulfillment_orders"][0]["id"]

    async with rig.client() as client:
        page = await client.orders_by_id([part, external_id, "gid://shopify/FulfillmentOrder/999"])

    assert [order.external_id for order in page.orders] == [external_id]


async def test_routing_that_is_not_done_is_waited_for(rig):
    rig.sim.set_routing_delay(3600)
    external_id = rig.places()

    order = await rig.order(external_id, exclude_empty_orders=True)

    assert order.hold.reason == ROUTING
    assert order.not_imported is None


async def test_a_missing_right_to_fulfillment_orders_is_not_nothing_to_ship(rig):
    rig.places()
    await rig.orders()
    rig.sim.revoke_scopes(["read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders"])

    with pytest.raises(AuthenticationFailed, match="read_merchant_managed_fulfillment_orders"):
        await rig.orders()


async def test_stock_missing_at_the_location_names_item_and_location(rig):
    order = await rig.order(rig.places(number=1042, lines=[{"sku": "BLUE-M", "quantity": 2}]))
    rig.sim.unstock("BLUE-M", "Main warehouse")

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome.error, InvalidData)
    assert outcome.error.message.startswith(
        "Shopify refused the shipment of #1042: 2 × BLUE-M is not stocked at location Main warehouse. Stock it there or choose "
        "another fulfillment location, then Reprocess."
    )


async def test_components_of_a_bundle_ship_and_name_their_bundle(rig):
    lines = [
        {"sku": "CUP", "group": "Picnic set", "group_sku": "PICNIC"},
        {"sku": "PLATE", "group": "Picnic set", "group_sku": "PICNIC"},
    ]

    order = await rig.order(rig.places(lines=lines))

    assert [(line.sku, line.kit_parent, line.to_ship) for line in order.lines] == [("CUP", "PICNIC", 1), ("PLATE", "PICNIC", 1)]


async def test_shop_and_shopper_money_do_not_mix(rig):
    external_id = rig.places(currency="USD", presentment_currency="EUR", presentment_rate="0.5")

    shop, shopper = await rig.order(external_id), await rig.order(external_id, use_local_currency=True)

    assert (shop.currency, shopper.currency) == ("USD", "EUR")
    assert shopper.grand_total == shop.grand_total / 2
    assert shopper.lines[0].unit_price == shop.lines[0].unit_price / 2
    assert shopper.shipping_total == shop.shipping_total / 2


async def test_a_refund_shrinks_the_line_it_belongs_to(rig):
    external_id = rig.places(number=7, lines=[{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 1}])
    rig.sim.refund_order(7, {"RED": 2})

    order = await rig.order(external_id)

    assert [(line.sku, line.ordered, line.to_ship) for line in order.lines] == [("RED", 3, 1), ("BLUE", 1, 1)]


async def test_an_edit_after_import_is_seen_as_fewer_units_and_new_lines(rig):
    external_id = rig.places(number=7, lines=[{"sku": "RED", "quantity": 3}])
    rig.sim.edit_order(7, quantities={"RED": 1}, added=[{"sku": "BLUE", "quantity": 2}])

    order = await rig.order(external_id)

    assert {line.sku: (line.ordered, line.to_ship) for line in order.lines} == {"RED": (3, 1), "BLUE": (2, 2)}


async def test_a_cancellation_is_seen_and_leaves_nothing_to_ship(rig):
    external_id = rig.places(number=7)
    rig.sim.cancel_order(7)

    order = await rig.order(external_id)

    assert order.canceled_at is not None
    assert order.units_to_ship == 0


async def test_an_order_with_a_gift_card_is_imported_although_shopify_calls_it_partial(rig):
    external_id = rig.places(lines=[{"sku": "RED"}, {"sku": "GIFT", "gift_card": True}])

    order = await rig.order(external_id)

    assert order.not_imported is None
    assert {line.sku: line.to_ship for line in order.lines} == {"RED": 1, "GIFT": 0}
    assert [part.why for part in order.left_out] == ["gift card"]


async def test_the_shipment_of_an_item_elsewhere_moves_it_to_the_fulfillment_location_first(rig):
    second = rig.sim.add_location("Austin")
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 2, "location": second}]))
    rig.sim.forget_log()

    (outcome,) = await rig.post(rig.notice(order, {"RED": 1}))

    assert isinstance(outcome, Done)
    assert [entry.operation for entry in rig.sim.writes()] == ["MoveFulfillmentOrder", "CreateFulfillment"]
    assert rig.told()
    assert sum(rig.shipped_units(order.external_id).values()) == 1


async def test_a_move_that_is_refused_is_an_issue_that_names_it(rig):
    second = rig.sim.add_location("Austin")
    order = await rig.order(rig.places(number=7, lines=[{"sku": "RED", "quantity": 2, "location": second}]))
    for part in rig.sim.order(7)[1]["_fulfillment_orders"]:
        part["requestStatus"] = "ACCEPTED"

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome.error, InvalidData)
    assert "refused to move 2 × RED of #7 from Austin" in outcome.error.message
    assert rig.told() == {}


async def test_progress_is_reported_once_and_not_where_it_would_block_a_move(rig):
    second = rig.sim.add_location("Austin")
    order = await rig.order(rig.places(lines=[{"sku": "RED"}, {"sku": "BLUE", "location": second}]))

    async with rig.client() as client:
        first = await client.report_sent([order.external_id])
        writes = len(rig.sim.writes())
        await client.report_sent([order.external_id])

    assert isinstance(first[0], Done)
    assert len(rig.sim.writes()) == writes
    (posted,) = await rig.post(rig.notice(order))
    assert isinstance(posted, Done)


async def test_progress_is_not_reported_when_the_store_does_not_want_it(rig):
    external_id = rig.places()
    rig.sim.forget_log()

    async with rig.client(report_progress=False) as client:
        (outcome,) = await client.report_sent([external_id])

    assert isinstance(outcome, Done)
    assert rig.sim.writes() == []


async def test_a_known_carrier_is_spelled_as_shopify_does_and_an_unknown_one_brings_its_page(rig):
    known, unknown = await rig.order(rig.places()), await rig.order(rig.places())

    await rig.post(
        rig.notice(known, carrier="United Parcel Service", tracking=(Tracking("1Z1", "https://wms.example.com/1Z1"),)),
        rig.notice(unknown, carrier="Otter Freight", tracking=(Tracking("OF1", "https://otter.example.com/OF1"),)),
    )

    told = {info["number"]: info for one in rig.shop.fulfillments.values() for info in one["trackingInfo"]}
    assert told["1Z1"]["company"] == "UPS"
    assert "wms.example.com" not in (told["1Z1"]["url"] or "")
    assert (told["OF1"]["company"], told["OF1"]["url"]) == ("Otter Freight", "https://otter.example.com/OF1")


@pytest.mark.parametrize(("setting", "wanted", "mails"), [(True, True, 1), (True, False, 0), (False, True, 0)])
async def test_the_shopper_is_mailed_only_when_store_and_shipment_want_it(rig, setting, wanted, mails):
    order = await rig.order(rig.places())

    await rig.post(rig.notice(order, mail_customer=wanted), notify_customer=setting)

    assert len(rig.shop.mails) == mails


async def test_an_order_longer_than_a_page_is_read_to_its_end(rig):
    lines = [{"sku": f"SKU-{number}", "quantity": 1} for number in range(130)]
    external_id = rig.places(lines=lines)

    (order,) = await rig.orders()
    (outcome,) = await rig.post(rig.notice(order))

    assert order.external_id == external_id
    assert len(order.lines) == 130
    assert order.units_to_ship == 130
    assert isinstance(outcome, Done)
    assert sum(rig.shipped_units(external_id).values()) == 130


async def test_an_order_from_many_locations_is_read_to_its_end(rig):
    places = [rig.sim.add_location(f"Place {number}") for number in range(9)]

    order = await rig.order(rig.places(lines=[{"sku": f"SKU-{at[-3:]}", "location": at} for at in places]))

    assert order.units_to_ship == 9
    assert len({line.location for line in order.lines}) == 9


async def test_a_list_longer_than_shopify_gives_is_searched_anew_from_the_last_change(rig, monkeypatch):
    monkeypatch.setattr(paging, "RE_ANCHOR", 4)
    for number in range(1, 12):
        rig.places(number=number)
        order = rig.sim.order(number)[1]
        order["updatedAt"] = f"2026-11-01T10:00:{number:02}Z"

    orders = await rig.orders(page_size=2, window=up_to_now())

    assert {order.number for order in orders} == {f"#{number}" for number in range(1, 12)}


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (402, Unavailable, "frozen"),
        (423, Unavailable, "locked"),
        (403, AuthenticationFailed, "scopes"),
        (404, InvalidData, "shop name"),
    ],
)
async def test_a_shop_that_is_closed_says_how(rig, status, error, words):
    await rig.orders()
    rig.sim.stop_shop(status)

    with pytest.raises(error, match=words):
        await rig.orders()


async def test_a_search_that_shopify_does_not_understand_fails_instead_of_widening(rig, monkeypatch):
    rig.places()
    monkeypatch.setattr(paging, "moment", lambda value: "some day")

    with pytest.raises(InvalidData, match="search"):
        await rig.orders()


async def test_the_check_finds_what_is_wrong_with_the_location(rig):
    for location, words in (("", "Choose the location"), ("999", "no such location")):
        async with rig.client(location=location) as client:
            with pytest.raises(InvalidData, match=words) as caught:
                await client.check()
        assert caught.value.field == "location"


async def test_the_check_names_a_missing_scope(rig):
    await rig.orders()
    rig.sim.revoke_scopes(["read_products", "write_products"])

    async with rig.client() as client:
        with pytest.raises(AuthenticationFailed, match="read_products"):
            await client.check()


async def test_a_wrong_secret_and_a_wrong_shop_are_told_apart(rig):
    async with rig.client(client_secret="shpss_this_is_not_it") as client:
        with pytest.raises(AuthenticationFailed) as wrong_secret:
            await client.check()
    rig._tokens = None
    async with rig.client(shop="nobody-here") as client:
        with pytest.raises(InvalidData) as wrong_shop:
            await client.check()

    assert wrong_secret.value.field == "client_secret"
    assert wrong_shop.value.field == "shop"


async def test_locations_and_services_are_offered_as_choices(rig):
    rig.sim.add_location("Austin")
    rig.sim.add_service("Acme 3PL")

    async with rig.client() as client:
        locations = await client.choices("location")
        services = await client.choices("fulfillment_service")

    assert {choice.label for choice in locations} >= {"Main warehouse", "Austin"}
    assert [choice.label for choice in services] == ["All", "Manual", "Acme 3PL"]
    assert all(choice.value.isdigit() for choice in locations)


async def test_webhooks_are_made_once_and_made_again_when_they_are_gone(rig):
    address = "https://hub.example.com/in/shopify/token"

    async with rig.client() as client:
        first = await client.ensure_webhooks(address)
        made = len(rig.shop.subscriptions)
        await client.ensure_webhooks(address)
        assert len(rig.shop.subscriptions) == made == len(first)
        rig.sim.forget_webhooks()
        await client.ensure_webhooks(address)
        assert len(rig.shop.subscriptions) == made
        await client.remove_webhooks(address)

    assert len(rig.shop.subscriptions) == 0
