"""What is known to go wrong with BigCommerce, shown at the simulator. The README names which test answers which trap."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crossdock.connectors.bigcommerce.tests.rig import Rig
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.pages import Window

RED_AND_BLUE = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def status(rig, order_id):
    return rig.store.order(order_id)["status_id"]


async def test_an_empty_list_is_no_body_and_no_error(rig):
    assert await rig.orders() == []
    async with rig.client() as client:
        assert [page.orders async for page in client.orders_placed(Window(None, datetime.now(UTC)))] == [()]


@pytest.mark.parametrize("count", [50, 51, 120, 260])
async def test_no_line_of_a_long_order_is_lost(rig, count):
    order_id = rig.places(lines=[{"sku": f"SKU-{number}"} for number in range(count)])

    (listed,) = await rig.orders()
    named = await rig.order(order_id)

    assert len(listed.lines) == len(named.lines) == count
    assert listed.ship_to == named.ship_to
    assert listed.ship_to.city == "Portland"


async def test_lines_missing_without_any_warning_are_noticed_by_their_count(rig):
    order_id = rig.places(lines=RED_AND_BLUE)
    lines = rig.store.order(order_id)["_lines"]
    lines[1]["order_address_id"] = 0  # in no consignment, but in the order

    assert [line.sku for line in (await rig.order(order_id)).lines] == ["RED", "BLUE"]


async def test_moments_are_compared_as_moments_in_any_zone(rig):
    rig.places(number=1, created_at="2026-03-29T00:30:00+00:00")
    rig.places(number=2, created_at="2026-03-29T03:30:00+02:00")
    since = datetime.fromisoformat("2026-03-29T03:30:00+02:00")

    orders = await rig.orders(window=Window(since, since + timedelta(hours=1)))

    assert [order.number for order in orders] == ["2"]


async def test_many_orders_of_one_second_all_arrive_and_the_next_second_too(rig):
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for number in range(1, 12):
        rig.places(number=number, created_at=at.isoformat())
    rig.places(number=12, created_at=(at + timedelta(seconds=1)).isoformat())

    orders = await rig.orders(page_size=4)

    assert sorted(int(order.number) for order in orders) == list(range(1, 13))


async def test_an_archived_order_leaves_the_list_and_is_seen_as_canceled_by_its_name(rig):
    order_id = rig.places()
    rig.sim.archive_order(order_id)

    assert await rig.orders() == []
    assert (await rig.order(order_id)).cancel_reason == "archived in the store"


async def test_a_checkout_that_was_not_completed_is_no_order(rig):
    order_id = rig.places(status=0)

    async with rig.client() as client:
        page = await client.orders_by_id([order_id])

    assert (page.orders, page.rejected) == ((), ())
    assert await rig.orders() == []


async def test_coupons_of_the_order_as_a_whole_are_read_and_those_of_lines_need_no_call(rig):
    whole = rig.places(coupon="TEN", coupon_discount="10")
    lines = [{"sku": "RED", "applied_discounts": [{"id": "coupon", "amount": "1.0000", "code": "ONE", "target": "product"}]}]
    by_line = rig.places(lines=lines, coupon="ONE", coupon_discount="1")
    first = await rig.order(whole)
    rig.sim.forget_log()

    second = await rig.order(by_line)

    assert (first.attributes["Coupons"], second.attributes["Coupons"]) == ("TEN", "ONE")
    assert not [entry for entry in rig.sim.log if entry.operation.endswith("coupons")]


async def test_an_order_to_two_addresses_is_told_as_two_shipments_and_found_again(rig):
    lines = [{"sku": "RED", "quantity": 1}, {"sku": "BLUE", "quantity": 1, "to": 1}]
    order = await rig.order(rig.places(lines=lines, more_addresses=[{"street_1": "9 Other Road"}]))
    notice = rig.notice(order)

    (done,) = await rig.post(notice)
    found = await rig.find(notice)

    assert len(rig.sim.shipments()) == 2
    assert found[notice.key].external_id == done.external_id
    assert len(done.external_id.split("+")) == 2
    assert status(rig, order.external_id) == 2


@pytest.mark.parametrize("now", [4, 5, 6, 13, 14])
async def test_what_staff_set_meanwhile_is_never_overruled(rig, now):
    order = await rig.order(rig.places(lines=RED_AND_BLUE))
    rig.sim.set_status(order.external_id, now)

    async with rig.client() as client:
        (reported,) = await client.report_sent([order.external_id])

    assert isinstance(reported, Done)
    assert reported.evidence == {"reported": f"left at {now}"}
    assert status(rig, order.external_id) == now


async def test_the_order_awaits_shipment_once_the_warehouse_has_it_unless_it_is_to_be_left(rig):
    first, second = rig.places(), rig.places()

    async with rig.client() as client:
        await client.report_sent([first])
    async with rig.client(status_when_sent="leave") as client:
        await client.report_sent([second])

    assert (status(rig, first), status(rig, second)) == (9, 11)
    assert [entry.operation for entry in rig.sim.writes()] == ["PUT orders/{id}"]


@pytest.mark.parametrize("moves", [True, False])
async def test_the_status_follows_the_shipments_whether_the_store_does_it_or_not(rig, moves):
    rig.sim.set_behavior(moves_status=moves)
    order = await rig.order(rig.places(lines=RED_AND_BLUE))

    await rig.post(rig.notice(order, {"RED": 1}))
    part = status(rig, order.external_id)
    await rig.post(rig.notice(order, {"RED": 2, "BLUE": 2}))

    assert (part, status(rig, order.external_id)) == (3, 2)


async def test_a_disputed_order_keeps_its_status_when_a_shipment_is_posted(rig):
    rig.sim.set_behavior(moves_status=False)
    order = await rig.order(rig.places(lines=RED_AND_BLUE))
    rig.sim.set_status(order.external_id, 13)

    (done,) = await rig.post(rig.notice(order))

    assert isinstance(done, Done)
    assert status(rig, order.external_id) == 13


async def test_a_shipment_stands_though_its_status_could_not_be_read_after_it(rig):
    order = await rig.order(rig.places(lines=RED_AND_BLUE))
    notice = rig.notice(order)
    rig.sim.set_behavior(moves_status=False)
    rig.sim.fail_next(n=1, status=503, operation="PUT orders/{id}")

    (done,) = await rig.post(notice)

    assert isinstance(done, Done)
    assert done.evidence["status"].startswith("not set: ")


@pytest.mark.parametrize(
    ("shipped", "sent", "back"), [({"RED": 3, "BLUE": 2}, "awaiting_shipment", 9), ({"RED": 3, "BLUE": 2}, "leave", 11)]
)
async def test_an_order_whose_shipment_was_taken_back_is_shipped_no_more(rig, shipped, sent, back):
    order = await rig.order(rig.places(lines=RED_AND_BLUE))
    notice = rig.notice(order, shipped)
    (done,) = await rig.post(notice)

    await rig.correct(rig.correction(done, notice, is_void=True), status_when_sent=sent)

    assert status(rig, order.external_id) == back
    assert (await rig.order(order.external_id)).units_to_ship == 5


async def test_a_product_id_in_a_shipment_and_a_whole_order_sent_back_are_refused_by_the_platform(rig):
    order = await rig.order(rig.places())
    async with rig.client() as client:
        for method, path, body in (
            ("POST", "shipments", {"order_address_id": 1, "items": [{"product_id": 5, "quantity": 1}]}),
            ("PUT", "", {"id": 5, "status_id": 2}),
        ):
            with pytest.raises(InvalidData, match="refuses to"):
                await client._api.tell(method, f"v2/orders/{order.external_id}/{path}".rstrip("/"), what="try it", json=body)


async def test_nothing_but_the_status_is_ever_sent_of_an_order(rig):
    order_id = rig.places()
    async with rig.client() as client:
        await client.report_sent([order_id])

    (sent,) = [one for one in rig.exchanges if one.method == "PUT"]
    assert json.loads(sent.request) == {"status_id": 9}


async def test_a_refund_of_a_part_reduces_what_is_to_ship_and_leaves_the_status(rig):
    order_id = rig.places(lines=RED_AND_BLUE)
    rig.sim.refund_order(order_id, {"RED": 2})

    order = await rig.order(order_id)

    assert [line.to_ship for line in order.lines] == [1, 2]
    assert (status(rig, order_id), order.canceled_at) == (11, None)


async def test_staff_take_a_line_out_and_put_another_in(rig):
    order_id = rig.places(lines=RED_AND_BLUE)
    rig.sim.edit_order(order_id, quantities={"RED": 0}, add=[{"sku": "GREEN", "quantity": 4}])

    order = await rig.order(order_id)

    assert [(line.sku, line.to_ship) for line in order.lines] == [("BLUE", 2), ("GREEN", 4)]


async def test_an_item_without_catalog_entry_is_shipped_like_any_other(rig):
    order = await rig.order(rig.places(lines=[{"sku": "", "title": "Engraving", "product_id": 0}]))

    assert [(line.sku, line.name, line.to_ship) for line in order.lines] == [(None, "Engraving", 1)]


async def test_stock_goes_under_the_id_the_product_tracks_and_untracked_fails_with_the_remedy(rig):
    rig.sim.add_product("BY-PRODUCT", 1, tracking="product")
    rig.sim.add_product("BY-VARIANT", 1, tracking="variant")
    rig.sim.add_product("UNTRACKED", 1, tracking="none")

    product, variant, none = await rig.publish(
        rig.figure("BY-PRODUCT", 5), rig.figure("BY-VARIANT", 6), rig.figure("UNTRACKED", 7)
    )

    assert isinstance(product, Done)
    assert isinstance(variant, Done)
    assert isinstance(none, Failed)
    assert (rig.stock_of("BY-PRODUCT"), rig.stock_of("BY-VARIANT")) == (5, 6)
    (sent,) = [json.loads(one.request) for one in rig.exchanges if one.method == "PUT"]
    assert [sorted(item) for item in sent["items"]] == [
        ["location_id", "product_id", "quantity"],
        ["location_id", "quantity", "variant_id"],
    ]


async def test_variants_that_share_one_figure_are_not_overwritten_by_each_other(rig):
    rig.sim.add_product(name="Cap", variants={"CAP-S": 1, "CAP-M": 2}, tracking="product")

    outcomes = await rig.publish(rig.figure("CAP-S", 5), rig.figure("CAP-M", 6))

    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert "CAP-M, CAP-S together" in outcomes[0].error.message


async def test_one_figure_that_is_refused_all_the_same_stands_alone(rig):
    for number in range(9):
        rig.sells(f"SKU-{number}", 1)
    rig.sim.refuse_stock("SKU-4")

    outcomes = await rig.publish(*(rig.figure(f"SKU-{number}", 10 + number) for number in range(9)))

    assert [isinstance(outcome, Failed) for outcome in outcomes] == [number == 4 for number in range(9)]
    assert "tracked by product" in outcomes[4].error.message
    assert [rig.stock_of(f"SKU-{number}") for number in range(9)] == [1 if number == 4 else 10 + number for number in range(9)]


async def test_safety_stock_is_added_to_what_is_to_be_available(rig):
    rig.sim.add_product("RED", 5, safety_stock=3)

    await rig.publish(rig.figure("RED", 10))

    assert rig.stock_of("RED") == 10
    assert next(one for one in rig.store.variants() if one["sku"] == "RED")["_levels"]["1"] == [13, 3]


async def test_a_figure_is_sent_again_though_a_late_read_says_it_is_so(rig):
    rig.sells("RED", 5)
    rig.sim.set_behavior(reads_lag=True)

    await rig.publish(rig.figure("RED", 9))
    (outcome,) = await rig.publish(rig.figure("RED", 5))
    rig.sim.settle_stock()

    assert isinstance(outcome, Done)
    assert rig.stock_of("RED") == Decimal(5)


async def test_a_location_that_is_switched_off_is_not_offered_and_takes_nothing(rig):
    place = rig.sim.add_location("Old shed", enabled=False)
    rig.sells("RED", 5)

    async with rig.client() as client:
        offered = await client.stock_locations()
    (outcome,) = await rig.publish(rig.figure("RED", 1, place))

    assert place not in {choice.value for choice in offered}
    assert outcome.error.field == "location"


async def test_an_uninstalled_app_asks_for_a_person(rig):
    rig.places()
    rig.sim.uninstall()

    with pytest.raises(AuthenticationFailed):
        await rig.orders()


async def test_a_marketplace_order_keeps_its_number_and_source(rig):
    order = await rig.order(rig.places(fields={"external_order_id": "114-77", "external_source": "amazon", "channel_id": 3}))

    assert order.customer_po == "114-77"
    assert (order.attributes["Source"], order.attributes["Channel"]) == ("amazon", "3")
