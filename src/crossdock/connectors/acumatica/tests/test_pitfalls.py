"""What others met with Acumatica, met here on purpose. The README's table of traps names these tests."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.connectors.acumatica import endpoint as endpoint_module
from crossdock.connectors.acumatica.endpoint import Endpoint
from crossdock.connectors.acumatica.payloads import AcSummary
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.limits import LocalLimiter, RateLimit

LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


async def an_order(rig, **more):
    return await rig.order(rig.places(lines=LINES, **more))


def of(rig, order):
    return rig.sim.order(order.external_id)[1]


def shipment_of(rig, number):
    return rig.sim.shipment(number)[1]


# 2, 3


async def test_an_inquiry_is_asked_with_put_and_changes_nothing(rig):
    rig.sells("RED", 5)
    rig.sim.forget_log()

    async with rig.client(may_write=False) as client:
        asked = Endpoint(client.http, client.settings)
        summary = await asked.inquire("InventorySummaryInquiry", {"InventoryID": "RED"}, AcSummary, expand="Results")
        with pytest.raises(InvalidData, match="Optimization cannot be performed"):
            await asked.rows("InventorySummaryInquiry")

    assert summary.results[0].qty_available.value == 5
    assert rig.sim.writes() == []


async def test_details_that_are_not_expanded_are_empty_so_every_read_expands_them(rig):
    order_id = rig.places(lines=LINES)

    async with rig.client() as client:
        bare = await Endpoint(client.http, client.settings).one("SalesOrder", order_id)
    order = await rig.order(order_id)

    assert b'"Details":[]' in (bare or b"")
    assert len(order.lines) == 2


# 4


async def test_a_tracking_number_is_changed_by_its_packages_id_and_adds_none(rig):
    order = await an_order(rig)
    notice = rig.notice(order)
    (done,) = await rig.post(notice)

    await rig.correct(rig.correction(done, notice, tracking=(notice.tracking[0].__class__("1ZOTHER"),)))

    assert [box["TrackingNbr"] for box in shipment_of(rig, done.external_id)["Packages"]] == ["1ZOTHER"]


# 5


async def test_a_plus_sign_that_was_not_encoded_is_refused_and_ours_is_encoded(rig):
    await rig.orders()
    ours = [exchange.url for exchange in rig.exchanges]
    async with rig.client() as client:
        asked = Endpoint(client.http, client.settings)
        with pytest.raises(InvalidData, match="Unrecognized"):
            await asked.rows("SalesOrder", filter="LastModified ge datetimeoffset'2026-01-31T08:00:00 00:00'")

    assert all("+00" not in url for url in ours)
    assert any("%2B00:00" in url for url in ours)


# 7, 8


async def test_nothing_is_posted_where_acumatica_wants_a_put(rig):
    await rig.post(rig.notice(await an_order(rig)))

    made = [entry for entry in rig.sim.log if entry.is_write]

    assert [(entry.method, entry.operation) for entry in made] == [("PUT", "Shipment_PutEntity"), ("POST", "ConfirmShipment")]


# 9


async def test_a_long_operation_is_followed_to_its_end(rig):
    rig.sim.set_polls(2)
    order = await an_order(rig)

    (outcome,) = await rig.post(rig.notice(order))

    asked = [entry for entry in rig.sim.log if entry.operation == "ConfirmShipment_Status"]
    assert isinstance(outcome, Done)
    assert [entry.status for entry in asked] == [202, 202, 204]
    assert shipment_of(rig, outcome.external_id)["Status"] == "Confirmed"


async def test_a_long_operation_that_fails_at_its_end_is_a_refusal_and_can_be_tried_again(rig):
    order = await an_order(rig)
    notice = rig.notice(order)
    rig.sim.fail_actions("Inventory quantity for RED in warehouse 'MAIN' will go negative.")

    (refused,) = await rig.post(notice)
    rig.sim.fail_actions(None)
    (again,) = await rig.post(notice)

    assert isinstance(refused, Failed)
    assert isinstance(refused.error, InvalidData)
    assert "will go negative" in refused.error.message
    assert isinstance(again, Done)
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_a_long_operation_whose_end_is_not_seen_is_unknown(rig):
    order = await an_order(rig)
    notice = rig.notice(order)
    await rig.orders()
    rig.sim.fail_next(n=1, status=503, operation="ConfirmShipment_Status")

    (outcome,) = await rig.post(notice)

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, OutcomeUnknown)
    assert notice.key in await rig.find(notice)


async def test_another_call_of_the_session_during_a_long_operation_waits_for_it(rig):
    await rig.orders()
    order = await an_order(rig)
    rig.sim.set_polls(3)
    rig.sim.hang_up_before_write(operation="ConfirmShipment_Status")
    rig.sim.fail_next(n=1, status=503, operation="ConfirmShipment_Status")
    await rig.post(rig.notice(order))

    with pytest.raises(RateLimited, match="still busy") as caught:
        await rig.orders()

    assert caught.value.retry_after < timedelta(seconds=10)


# 10


async def test_a_shipment_is_known_again_by_its_mark_even_without_a_tracking_number(rig):
    order = await an_order(rig)
    first, second = (rig.notice(order, {"RED": 1}, tracking=()) for _ in range(2))

    await rig.post(first, second)
    await rig.post(first, second)

    assert rig.shipped_units(order.external_id) == {"1": 2}
    assert {one["Description"][:10] for one in rig.sim.tenant().tables["Shipment"].values()} == {"Crossdock "}


async def test_a_shipment_that_was_made_by_hand_with_the_number_is_taken_for_ours(rig):
    order = await an_order(rig)
    notice = rig.notice(order, {"RED": 3, "BLUE": 2})
    rig.sim.fulfill_order(order.external_id, tracking=notice.tracking[0].number)
    rig.sim.forget_log()

    (outcome,) = await rig.post(notice)

    assert isinstance(outcome, Done)
    assert rig.sim.writes() == []


# 11


async def test_a_company_that_demands_a_control_quantity_confirms_all_the_same(rig):
    rig.sim.set_rules(needs_control=True)

    (outcome,) = await rig.post(rig.notice(await an_order(rig)))

    assert isinstance(outcome, Done)


async def test_units_of_an_order_on_hold_are_refused_in_plain_words(rig):
    order = await an_order(rig)
    rig.sim.hold_order(order.external_id)

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "On Hold" in outcome.error.message or "hold" in outcome.error.message


# 12


async def test_only_the_fields_of_a_list_are_selected_for_it(rig):
    rig.places()
    await rig.orders()

    slim = next(
        exchange for exchange in rig.exchanges if "LastModified+ge" in exchange.url or "LastModified%20ge" in exchange.url
    )

    assert b"ShipToAddress" not in slim.response
    assert len(slim.response) < 600


# 14


async def test_a_changed_address_is_read_from_the_order_and_not_from_the_customer(rig):
    order_id = rig.places()
    rig.sim.edit_order(order_id, address={"AddressLine1": "99 Elsewhere Road"})

    order = await rig.order(order_id)

    assert order.ship_to is not None
    assert order.ship_to.lines == ("99 Elsewhere Road",)


# 15


async def test_a_site_below_the_hosts_root_is_kept_in_every_address(rig):
    await rig.post(rig.notice(await an_order(rig)))

    assert all(entry.path.startswith("/AcumaticaERP/") for entry in rig.sim.log)


# 16


async def test_shipped_units_are_told_in_the_orders_own_unit(rig):
    order = await rig.order(rig.places(lines=[{"sku": "JAM", "quantity": 2, "uom": "BOX"}]))

    (outcome,) = await rig.post(rig.notice(order))

    (row,) = shipment_of(rig, outcome.external_id)["Details"]
    assert (order.lines[0].uom, row["UOM"], row["ShippedQty"]) == ("BOX", "BOX", 2)


# Errors


async def test_an_html_page_in_place_of_data_is_named(rig):
    await rig.orders()
    rig.sim.hostile("html", n=1)

    with pytest.raises(InvalidData, match="web page") as caught:
        await rig.orders()

    assert caught.value.field == "instance_url"


@pytest.mark.parametrize("missing_is_500", [False, True])
async def test_an_order_that_is_gone_is_absent_and_its_shipment_refused(rig, missing_is_500):
    order = await an_order(rig)
    rig.sim.set_rules(missing_is_500=missing_is_500)
    rig.sim.delete_order(order.external_id)

    async with rig.client() as client:
        page = await client.orders_by_id([order.external_id])
    (outcome,) = await rig.post(rig.notice(order))

    assert page.orders == page.rejected == ()
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "no longer in Acumatica" in outcome.error.message


async def test_a_version_the_instance_does_not_serve_is_named(rig):
    with pytest.raises(InvalidData) as caught:
        await rig.orders(endpoint_version="18.200.001")

    assert caught.value.field == "endpoint_version"


async def test_the_version_is_found_once_and_remembered(rig):
    rig.places()
    await rig.orders()
    await rig.orders()

    assert sum(entry.operation == "entity" for entry in rig.sim.log) == 1
    assert any("/24.200.001/" in entry.path for entry in rig.sim.log)
    assert endpoint_module.newest(["24.200.001"]) == "24.200.001"


@pytest.mark.parametrize("version", ["20.200.001", "22.200.001", "23.200.001"])
async def test_an_older_endpoint_does_the_same_with_the_fields_it_has(rig, version):
    order_id = rig.places(lines=LINES)
    rig.returns(order_id, {"RED": 1})
    for number in range(7):
        rig.sells(f"SKU-{number}", 5)
    older = {"endpoint_version": version}

    (order,) = await rig.orders(**older)
    placed = [row async for page in rig.placed(**older) for row in page.orders]
    (posted,) = await rig.post(notice := rig.notice(order), **older)
    (corrected,) = await rig.correct(rig.correction(posted, notice, carrier="FedEx", tracking=()), **older)
    published = await rig.publish(*(rig.figure(f"SKU-{number}", 9) for number in range(7)), **older)
    products = [one async for page in rig.products(**older) for one in page.products]
    returns = [one async for page in rig.returned(**older) for one in page.returns]

    assert order.units_to_ship == 5
    assert placed == [(order_id, order.number)]
    assert all(isinstance(outcome, Done) for outcome in (posted, corrected, *published))
    assert len(products) == 9
    assert returns[0].order_id == order_id


@pytest.mark.parametrize("version", ["20.200.001", "22.200.001"])
async def test_an_older_endpoint_completes_shipments_of_staff(rig, version):
    older = {"mode": "shipments", "endpoint_version": version}
    order = await rig.order(rig.sim.create_shipment(rig.places(lines=LINES)), **older)

    await rig.post(rig.notice(order, {"RED": 1}, is_final=False), **older)
    left = await rig.order(order.external_id, **older)
    (outcome,) = await rig.post(rig.notice(order, {"RED": 2, "BLUE": 2}), **older)

    assert left.units_to_ship == 4
    assert isinstance(outcome, Done)
    assert shipment_of(rig, outcome.external_id)["Status"] == "Confirmed"


async def test_a_branch_is_named_in_every_call_and_filters_the_orders(rig):
    rig.places(branch="EAST")
    other = rig.places(branch="WEST")

    orders = await rig.orders(branch="EAST")

    assert {order.external_id: order.not_imported is None for order in orders}[other] is False
    assert sum(order.not_imported is None for order in orders) == 1


# Pace


async def test_the_licenses_minute_is_used_up_and_hardly_a_call_refused(rig):
    async with rig.client() as client:
        await client.check()

    # Minutes of the standard license in a second and a half each. A machine that is busy elsewhere gets another chance.
    for _ in range(4):
        calls, refused = await two_minutes(rig)
        if calls >= 0.95 * 200:
            break

    assert calls >= 0.95 * 200
    assert refused <= calls // 100


async def two_minutes(rig):
    """How many calls were made in two minutes of a license, and how many of them refused."""
    rig.sim.set_limits(per_window=100, window=1.5, queue=20)
    limiter = LocalLimiter(RateLimit(calls=98, per=timedelta(seconds=1.5), burst=10))
    rig.sim.forget_log()
    began = datetime.now(UTC)
    async with rig.client(limiter=limiter) as client:
        while datetime.now(UTC) - began < timedelta(seconds=3):
            await client.orders_by_id(["00000000-0000-4000-8000-000000000000"])
    return len(rig.sim.log), rig.sim.access.refused


async def test_a_license_that_is_used_up_is_waited_for(rig):
    await rig.orders()
    rig.sim.set_limits(per_window=0, window=30, queue=0)

    with pytest.raises(RateLimited):
        await rig.orders()


async def test_a_conflict_with_somebody_else_is_tried_again(rig):
    order = await an_order(rig)
    rig.sim.fail_actions("Another process has updated the 'Shipment' record. Your changes will be lost.")

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Unavailable | OutcomeUnknown)
