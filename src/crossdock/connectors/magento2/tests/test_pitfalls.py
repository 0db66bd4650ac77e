"""Traps that others met with Magento, each avoided over the socket."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import Raw

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown, Unavailable
from crossdock.connectors.kit.limits import LocalLimiter, RateLimit
from crossdock.connectors.kit.pages import Window
from crossdock.connectors.magento2.payloads import MgSearch
from crossdock.domain.fulfillment import Tracking

BUNDLE = {"sku": "KIT", "type": "bundle", "quantity": 2, "inside": [{"sku": "A"}, {"sku": "B", "quantity": 2}]}
SEPARATE = {**BUNDLE, "ships": "separately"}
SHIRT = {"sku": "SHIRT", "type": "configurable", "quantity": 2, "inside": [{"sku": "SHIRT-M"}]}


def paths(rig):
    return [entry.path for entry in rig.sim.log]


async def shipped_by_row(rig, order):
    """Units Magento counts as shipped, by the SKU of the row."""
    skus = {
        str(item["item_id"]): (item["sku"], item["product_type"]) for item in rig.shop.orders[int(order.external_id)]["items"]
    }
    return {skus[row]: units for row, units in rig.shipped_units(order.external_id).items()}


async def test_calls_name_no_store_view(rig):
    rig.places()
    await rig.orders(store_view="default")

    assert all(path.startswith("/magento2/rest/V1/") for path in paths(rig))


async def test_a_last_page_that_repeats_for_ever_is_never_asked_for(rig):
    rig.sim.set_release(repeats_last_page=True)
    placed = {rig.places(number=number) for number in range(1, 8)}

    orders = await rig.orders(page_size=3)

    assert [order.external_id for order in orders] == sorted(placed)
    assert sum("/orders" in path for path in paths(rig)) == 3


async def test_pages_are_sorted_and_orders_of_one_second_are_told_apart_by_their_key(rig):
    moment = datetime.now(UTC).replace(microsecond=0)
    rig.sim.clock = rig.shop.clock = lambda: moment
    placed = [rig.places(number=number) for number in range(1, 10)]

    orders = await rig.orders(page_size=2)

    assert [order.external_id for order in orders] == placed


async def test_dates_are_utc_whatever_the_window_is_written_in(rig):
    rig.places()
    (order,) = await rig.orders()
    window = Window(order.updated_at, order.updated_at)

    assert len(await rig.orders(window=window)) == 1
    assert order.updated_at.utcoffset() == timedelta(0)


async def test_a_configurable_product_ships_whole(rig):
    order = await rig.order(rig.places(lines=[SHIRT]))

    (done,) = await rig.post(rig.notice(order))

    assert isinstance(done, Done)
    assert (await rig.order(order.external_id)).units_to_ship == 0
    assert rig.shop.orders[int(order.external_id)]["state"] == "complete"


@pytest.mark.parametrize("compact", [True, False])
async def test_a_bundle_that_ships_together_is_told_by_its_parent(rig, compact):
    order = await rig.order(rig.places(lines=[BUNDLE]))

    (done,) = await rig.post(rig.notice(order), compact_ship=compact)

    assert isinstance(done, Done)
    assert (await shipped_by_row(rig, order))[("KIT", "bundle")] == 2
    assert (await rig.order(order.external_id)).units_to_ship == 0


async def test_a_bundle_that_ships_separately_is_told_item_by_item_as_they_leave(rig):
    order = await rig.order(rig.places(lines=[SEPARATE]))

    first, second = await rig.post(rig.notice(order, {"A": 2, "B": 1}), rig.notice(order, {"B": 3}))

    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert await shipped_by_row(rig, order) == {("A", "simple"): 2, ("B", "simple"): 4}
    assert (await rig.order(order.external_id)).units_to_ship == 0


@pytest.mark.parametrize("line", [BUNDLE, SEPARATE])
async def test_how_a_bundle_ships_is_found_out_when_its_product_is_gone(rig, line):
    order = await rig.order(rig.places(lines=[line]))
    rig.shop.products.clear()

    notice = rig.notice(order)

    (done,) = await rig.post(notice)
    found = await rig.find(notice)
    (again,) = await rig.post(notice)

    assert isinstance(done, Done)
    assert (await rig.order(order.external_id)).units_to_ship == 0
    assert notice.key in found
    assert again.external_id == done.external_id
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_the_older_call_is_not_tried_where_nobody_says_how_a_bundle_ships(rig):
    order = await rig.order(rig.places(lines=[BUNDLE]))
    rig.sim.set_rights(["Magento_Sales::actions_view", "Magento_Sales::shipment", "Magento_Backend::store"])
    rig.sim.forget_log()

    (failed,) = await rig.post(rig.notice(order), compact_ship=False)

    assert "Give the integration access to Catalog › Inventory › Products" in failed.error.message
    assert rig.sim.writes() == []


async def test_items_of_a_bundle_that_stay_unshipped_in_magento_are_not_shipped_again(rig):
    rig.sim.set_release(leaves_children_unshipped=True)
    order = await rig.order(rig.places(lines=[BUNDLE]))

    await rig.post(rig.notice(order))

    assert (await rig.order(order.external_id)).units_to_ship == 0


async def test_the_older_call_ships_nothing_twice_though_magento_would(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))
    await rig.post(rig.notice(order), compact_ship=False)

    (again,) = await rig.post(rig.notice(order), compact_ship=False)

    assert isinstance(again, Failed)
    assert "3 × RED" in again.error.message
    assert sum(rig.shipped_units(order.external_id).values()) == 3


async def test_the_older_way_is_shipment_numbers_and_mail(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))
    rig.sim.forget_log()

    await rig.post(rig.notice(order, tracking=(Tracking("1Z1"), Tracking("1Z2"))), compact_ship=False)

    assert [entry.operation for entry in rig.sim.writes()] == ["CreateShipment", "AddTrack", "AddTrack", "MailShipment"]
    assert rig.told() == {"1Z1": 1, "1Z2": 1}
    assert rig.mailed() == 1


async def test_a_mail_that_cannot_be_sent_is_said_and_ships_nothing_again(rig):
    order = await rig.order(rig.places())
    rig.sim.fail_next(status=500, operation="MailShipment")

    (done,) = await rig.post(rig.notice(order), compact_ship=False)

    assert isinstance(done, Done)
    assert done.evidence["mail"].startswith("not sent: Magento 2 answered 500")


async def test_many_shipments_are_read_for_together_and_each_is_told_once(rig):
    orders = [await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}])) for _ in range(25)]
    notices = [notice for order in orders for notice in (rig.notice(order, {"RED": 1}), rig.notice(order, {"RED": 2}))]
    rig.sim.forget_log()

    outcomes = await rig.post(*notices)

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert set(rig.told().values()) == {1}
    reads = [entry for entry in rig.sim.log if not entry.is_write]
    # Two for each batch of orders, and two for the second notice of each order, which the first one changed.
    assert len(reads) == 2 * 2 + 2 * 25


async def test_what_is_not_read_of_an_order_is_not_asked_for(rig):
    rig.places(more={"remote_ip": "192.0.2.1", "customer_dob": "1990-01-01 00:00:00"})

    ((raw,),) = [page.raws async for page in rig.orders_changed()]

    assert b"192.0.2.1" not in raw
    assert b"1990-01-01" not in raw
    assert b'parent_item"' not in raw


@pytest.mark.parametrize("breaks_at", ["CreateShipment", "AddTrack"])
async def test_the_older_way_goes_on_where_it_broke_off(rig, breaks_at):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))
    notice = rig.notice(order)
    rig.sim.hang_up_after_write(operation=breaks_at)

    (first,) = await rig.post(notice, compact_ship=False)
    found = await rig.find(notice, compact_ship=False)
    (second,) = await rig.post(notice, compact_ship=False)

    assert isinstance(first.error, OutcomeUnknown)
    assert (notice.key in found) == (breaks_at == "AddTrack")
    assert isinstance(second, Done)
    assert rig.told() == {notice.tracking[0].number: 1}
    assert sum(rig.shipped_units(order.external_id).values()) == 3


async def test_too_few_units_at_the_source_are_named_with_what_to_do(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))
    rig.sim.set_stock("RED", 1)

    (failed,) = await rig.post(rig.notice(order))

    assert isinstance(failed.error, InvalidData)
    assert "too few units of RED" in failed.error.message
    assert "Choose the Inventory source" in failed.error.message


async def test_a_shipment_names_its_source(rig):
    rig.sim.set_stock("RED", 9, source="east")
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 3}]))

    await rig.post(rig.notice(order), source_code="east")

    assert rig.stock_of("RED", "east") == 6


async def test_the_key_of_a_shipment_comes_bare_or_quoted(rig):
    rig.sim.set_release(quotes_scalars=True)
    order = await rig.order(rig.places())

    (done,) = await rig.post(rig.notice(order))

    assert int(done.external_id) in rig.shop.shipments


async def test_a_save_that_failed_is_looked_up(rig):
    order = await rig.order(rig.places())
    rig.sim.fail_next(status=500, operation="Ship")

    (failed,) = await rig.post(rig.notice(order))

    assert isinstance(failed.error, OutcomeUnknown)


async def test_maintenance_in_html_is_waited_out(rig):
    rig.places()
    rig.sim.fail_next(status=503)

    with pytest.raises(Unavailable):
        await rig.orders()


async def test_an_edited_order_is_canceled_and_comes_back_as_another(rig):
    old_id = rig.places(number=7, lines=[{"sku": "RED", "quantity": 3}])
    await rig.orders()
    rig.sim.edit_as_new(old_id, [{"sku": "RED", "quantity": 1}])

    old, new = sorted(await rig.orders(), key=lambda order: order.number)

    assert old.canceled_at is not None
    assert old.cancel_reason == "It was edited in Magento and goes on as 000000007-1."
    assert (new.number, new.units_to_ship, new.attributes["edited from"]) == ("000000007-1", 1, "000000007")


async def test_orders_of_one_store_view_alone_are_asked_for(rig):
    rig.places(number=1)
    german = rig.places(number=2, store_id=2)

    orders = await rig.orders(store_view="german")

    assert [order.external_id for order in orders] == [german]
    assert "store_id" in rig.exchanges[-1].url


async def test_statuses_of_the_shops_own_are_offered_and_imported(rig):
    rig.sim.add_status("ready_to_ship", "Ready to ship")
    rig.places(number=1, status="ready_to_ship")
    rig.places(number=2)

    async with rig.client() as client:
        offered = {choice.value: choice.label for choice in await client.choices("order_import_status")}
        when_sent = [choice.value for choice in await client.choices("sent_status")]
    orders = await rig.orders(order_import_status="ready_to_ship")

    assert offered["ready_to_ship"] == "Ready to ship (ready_to_ship)"
    assert offered["processing"] == "Processing"
    assert when_sent == ["", "processing", "ready_to_ship"]
    assert {order.number: order.not_imported for order in orders} == {
        "000000001": None,
        "000000002": "Its status is Processing; this store imports Ready to ship.",
    }


async def test_views_and_sources_are_offered(rig):
    async with rig.client() as client:
        views = [choice.value for choice in await client.choices("store_view")]
        sources = [choice.value for choice in await client.choices("source_code")]

    assert views == ["", "default", "german"]
    assert sources == ["", "default", "east"]


async def test_when_sent_an_order_gets_a_comment_and_keeps_its_status(rig):
    order_id = rig.places()

    async with rig.client() as client:
        (done,) = await client.report_sent([order_id])

    order = rig.shop.orders[int(order_id)]
    assert isinstance(done, Done)
    assert [one["comment"] for one in order["status_histories"]] == ["Sent to the warehouse."]
    assert order["status"] == "processing"


async def test_when_sent_an_order_gets_the_status_that_was_asked_for_and_is_still_imported(rig):
    rig.sim.add_status("sent_to_wms", "Sent to WMS")
    order_id = rig.places()

    async with rig.client(sent_status="sent_to_wms") as client:
        await client.report_sent([order_id])

    assert rig.shop.orders[int(order_id)]["status"] == "sent_to_wms"
    assert (await rig.order(order_id, sent_status="sent_to_wms")).not_imported is None


async def test_a_status_of_another_state_is_refused_and_the_comment_goes_all_the_same(rig):
    order_id = rig.places()

    async with rig.client(sent_status="complete") as client:
        (done,) = await client.report_sent([order_id])

    order = rig.shop.orders[int(order_id)]
    assert done.evidence == {"reported": "yes", "status refused": "complete"}
    assert (order["status"], len(order["status_histories"])) == ("processing", 1)


@pytest.mark.parametrize("state", ["canceled", "holded", "complete", "closed"])
async def test_an_order_in_another_state_is_left_as_it_is(rig, state):
    order_id = rig.places(state=state)
    rig.sim.forget_log()

    async with rig.client() as client:
        (done,) = await client.report_sent([order_id])

    assert done.evidence["reported"] == f"not while {state}"
    assert rig.sim.writes() == []


async def test_shipping_all_of_an_order_that_is_not_paid_leaves_it_in_processing(rig):
    order = await rig.order(rig.places(is_paid=False))

    await rig.post(rig.notice(order))

    assert rig.shop.orders[int(order.external_id)]["state"] == "processing"
    assert (await rig.order(order.external_id)).units_to_ship == 0


async def test_a_voided_shipment_says_that_its_units_stay_shipped(rig):
    order = await rig.order(rig.places())
    notice = rig.notice(order)
    (done,) = await rig.post(notice)

    (void,) = await rig.correct(rig.correction(done, notice, is_void=True))

    shipment = rig.shop.shipments[int(done.external_id)]
    assert void.evidence["units"] == "still count as shipped in Magento"
    assert [one["comment"] for one in shipment["comments"]] == ["The warehouse says that this shipment did not leave."]


async def test_a_plain_open_source_shop_says_that_it_has_no_returns(rig):
    rig.sim.set_edition(commerce=False)

    with pytest.raises(InvalidData) as caught:
        _ = [page async for page in rig.returned()]

    assert caught.value.message.startswith("Returns are a part of Adobe Commerce. This shop is Magento Open Source")


async def test_a_return_says_which_goods_it_is_about(rig):
    order_id = rig.places(lines=[SHIRT])
    rig.sim.add_return(order_id)

    ((one,),) = [page.returns async for page in rig.returned()]

    assert [(line.sku, line.name, line.quantity, line.reason) for line in one.lines] == [("SHIRT-M", "SHIRT-M", 2, None)]


async def test_an_import_keeps_to_the_limit_of_the_network_in_front(rig):
    for number in range(1, 51):
        rig.places(number=number)
    best = 0.0

    # A busy machine is slower than the limit; it has to be fast enough once.
    for _ in range(3):
        rig.sim.set_limits(True, calls_per_second=20)
        rig.sim.forget_log()
        limiter = LocalLimiter(RateLimit(calls=20, per=timedelta(seconds=1)))
        started = time.monotonic()
        orders = await rig.orders(page_size=1, limiter=limiter)
        took = time.monotonic() - started
        assert len(orders) == 50
        assert [entry for entry in rig.sim.log if entry.status == 429] == []
        # Twenty may be spent at once, the rest comes back at twenty a second.
        best = max(best, len(rig.sim.log) / (20 + took * 20))
        if best > 0.95:
            break

    assert best > 0.95


def test_a_count_that_is_missing_ends_a_list_only_with_a_page_that_is_not_full():
    rows = (Raw(b"{}"), Raw(b"{}"))

    assert MgSearch(rows, 3).has_more(2, 2)
    assert not MgSearch(rows, 2).has_more(2, 2)
    assert MgSearch(rows).has_more(2, 2)
    assert not MgSearch(rows).has_more(2, 3)
    assert not MgSearch(None, 0).has_more(0, 2)
