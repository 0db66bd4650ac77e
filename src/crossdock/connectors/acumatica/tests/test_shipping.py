"""Shipments made of orders: several warehouses, short stock, boxes, Ship Via, and what cannot be undone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData

LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]


async def an_order(rig, **more):
    return await rig.order(rig.places(lines=LINES, **more))


def of(rig, order):
    return rig.sim.order(order.external_id)[1]


def shipment_of(rig, number):
    return rig.sim.shipment(number)[1]


async def test_lines_of_two_warehouses_are_two_shipments_and_the_number_is_told_once(rig):
    order = await rig.order(
        rig.places(lines=[{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2, "warehouse": "WEST"}])
    )
    notice = rig.notice(order)

    (outcome,) = await rig.post(notice)

    assert isinstance(outcome, Done)
    assert len(outcome.evidence["shipments"].split()) == 2
    assert rig.told() == {notice.tracking[0].number: 1}
    assert rig.shipped_units(order.external_id) == {"1": 3, "2": 2}
    assert notice.key in await rig.find(notice)


async def test_two_shipments_of_one_notice_are_voided_together(rig):
    order = await rig.order(
        rig.places(lines=[{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2, "warehouse": "WEST"}])
    )
    notice = rig.notice(order)
    (done,) = await rig.post(notice)

    await rig.correct(rig.correction(done, notice, is_void=True))

    assert rig.told() == {}
    assert (await rig.order(order.external_id)).units_to_ship == 5


async def test_stock_that_acumatica_does_not_have_is_named_and_nothing_is_left_behind(rig):
    order = await rig.order(rig.places(lines=[{"sku": "RARE", "quantity": 3}], stock=1))

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "2 × RARE" in outcome.error.message
    assert rig.sim.tenant().tables["Shipment"] == {}
    assert (await rig.order(order.external_id)).units_to_ship == 3


async def test_a_missing_box_is_named_with_the_setting(rig):
    (outcome,) = await rig.post(rig.notice(await an_order(rig)), default_box="")

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert outcome.error.field == "default_box"


async def test_the_carrier_that_took_it_is_the_shipments_ship_via(rig):
    order = await an_order(rig)

    (outcome,) = await rig.post(rig.notice(order, carrier="FedEx", service="2 Day"), ship_via="FedEx 2 Day = FEDEX2DAY")

    assert shipment_of(rig, outcome.external_id)["ShipVia"] == "FEDEX2DAY"


async def test_goods_leave_from_the_location_that_was_set(rig):
    (outcome,) = await rig.post(rig.notice(await an_order(rig)), location="R1S1")

    rows = shipment_of(rig, outcome.external_id)["Details"]
    assert {row["LocationID"] for row in rows} == {"R1S1"}
    assert [row["Allocations"][0]["Qty"] for row in rows] == [3, 2]


async def test_without_confirming_the_shipment_stays_open_and_its_units_are_not_sent_again(rig):
    order = await an_order(rig)
    notice = rig.notice(order, {"RED": 3})

    (outcome,) = await rig.post(notice, confirm_shipment=False)

    assert shipment_of(rig, outcome.external_id)["Status"] == "Open"
    assert [line.to_ship for line in (await rig.order(order.external_id)).lines] == [0, 2]
    assert notice.key in await rig.find(notice, confirm_shipment=False)


async def test_the_day_of_a_shipment_is_never_before_the_orders_own(rig):
    order = await an_order(rig, created_at=(datetime.now(UTC) + timedelta(days=2)).isoformat())

    (outcome,) = await rig.post(rig.notice(order))

    assert shipment_of(rig, outcome.external_id)["ShipmentDate"] >= of(rig, order)["Date"]


async def test_an_invoiced_shipment_is_not_opened_again_and_the_remedy_is_named(rig):
    order = await an_order(rig)
    notice = rig.notice(order)
    (done,) = await rig.post(notice)
    rig.sim.invoice_shipment(done.external_id)

    (outcome,) = await rig.correct(rig.correction(done, notice, is_void=True))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "invoiced" in outcome.error.message
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_half_units_arrive_exactly(rig):
    order = await rig.order(rig.places(lines=[{"sku": "ROPE", "quantity": "2.5", "uom": "METER"}]))

    (outcome,) = await rig.post(rig.notice(order))

    assert shipment_of(rig, outcome.external_id)["ShippedQty"] == Decimal("2.5")
