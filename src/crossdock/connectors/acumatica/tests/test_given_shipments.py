"""The mode Shipments: staff makes the Shipment, the warehouse gets it, Crossdock completes it."""

from __future__ import annotations

import pytest

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.domain.fulfillment import Tracking

LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]
MODE = {"mode": "shipments"}


async def a_shipment(rig, **more):
    """A shipment that staff made of an order; as the warehouse gets it."""
    shipment_id = rig.sim.create_shipment(rig.places(lines=LINES), **more)
    return await rig.order(shipment_id, **MODE)


def status_of(rig, order):
    return rig.sim.shipment(order.external_id)[1]["Status"]


async def test_shipments_are_imported_and_orders_are_not(rig):
    rig.places(lines=LINES)
    order = await a_shipment(rig)

    found = await rig.orders(**MODE)

    assert [one.external_id for one in found] == [order.external_id]
    assert found[0].units_to_ship == 5
    assert found[0].ship_to is not None
    assert found[0].ship_to.city == "Portland"


async def test_tracking_is_added_to_the_shipment_and_it_is_confirmed(rig):
    order = await a_shipment(rig)
    notice = rig.notice(order)

    (outcome,) = await rig.post(notice, **MODE)

    assert isinstance(outcome, Done)
    assert outcome.external_id == order.number
    assert rig.told() == {notice.tracking[0].number: 1}
    assert status_of(rig, order) == "Confirmed"
    assert (await rig.find(notice, **MODE)).keys() == {notice.key}


async def test_posting_again_adds_no_package(rig):
    order = await a_shipment(rig)
    notice = rig.notice(order)
    await rig.post(notice, **MODE)
    rig.sim.forget_log()

    (again,) = await rig.post(notice, **MODE)

    assert isinstance(again, Done)
    assert rig.sim.writes() == []


@pytest.mark.parametrize("operation", ["Shipment_PutEntity", "ConfirmShipment"])
async def test_an_answer_lost_on_the_way_doubles_nothing(rig, operation):
    order = await a_shipment(rig)
    notice = rig.notice(order)
    async with rig.client(**MODE) as client:
        await client.check()
    rig.sim.hang_up_after_write(operation=operation)

    (lost,) = await rig.post(notice, **MODE)
    (again,) = await rig.post(notice, **MODE)

    assert isinstance(lost, Failed)
    assert isinstance(lost.error, OutcomeUnknown)
    assert isinstance(again, Done)
    assert rig.told() == {notice.tracking[0].number: 1}
    assert status_of(rig, order) == "Confirmed"


async def test_a_part_leaves_it_open_and_the_rest_confirms_it(rig):
    order = await a_shipment(rig)

    await rig.post(rig.notice(order, {"RED": 1}, is_final=False), **MODE)
    after_first = status_of(rig, order)
    left = await rig.order(order.external_id, **MODE)
    (last,) = await rig.post(rig.notice(order, {"RED": 2, "BLUE": 2}), **MODE)

    assert after_first == "Open"
    assert [line.to_ship for line in left.lines] == [2, 2]
    assert isinstance(last, Done)
    assert status_of(rig, order) == "Confirmed"
    assert sorted(rig.told().values()) == [1, 1]


async def test_less_that_is_final_is_confirmed_with_less_and_the_rest_goes_back_to_the_order(rig):
    order_id = rig.places(lines=LINES)
    order = await rig.order(rig.sim.create_shipment(order_id), **MODE)

    (outcome,) = await rig.post(rig.notice(order, {"RED": 1, "BLUE": 2}, is_final=True), **MODE)

    assert isinstance(outcome, Done)
    assert rig.sim.order(order_id)[1]["Status"] == "Back Order"
    assert [line["OpenQty"] for line in rig.sim.order(order_id)[1]["Details"]] == [2, 0]


async def test_more_than_is_planned_is_refused_with_the_item(rig):
    order = await a_shipment(rig)
    await rig.post(rig.notice(order, {"BLUE": 2}, is_final=False), **MODE)

    (outcome,) = await rig.post(rig.notice(order, {"BLUE": 1}), **MODE)

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)
    assert "BLUE" in outcome.error.message


async def test_one_that_staff_confirmed_meanwhile_is_refused_in_plain_words(rig):
    order = await a_shipment(rig)
    await rig.post(rig.notice(order), **MODE)

    (outcome,) = await rig.post(rig.notice(order, tracking=(Tracking("1ZOTHER"),)), **MODE)

    assert isinstance(outcome, Failed)
    assert "was confirmed in Acumatica already" in outcome.error.message


async def test_one_that_staff_deleted_is_refused(rig):
    order = await a_shipment(rig)
    rig.sim.delete_shipment(order.external_id)

    (outcome,) = await rig.post(rig.notice(order), **MODE)

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InvalidData)


async def test_one_on_hold_waits_and_is_taken_off_hold_to_be_confirmed(rig):
    order = await a_shipment(rig, hold=True)

    (outcome,) = await rig.post(rig.notice(order), **MODE)

    assert order.hold is not None
    assert isinstance(outcome, Done)
    assert status_of(rig, order) == "Confirmed"


async def test_without_confirming_it_stays_open_with_its_package(rig):
    order = await a_shipment(rig)
    notice = rig.notice(order)

    (outcome,) = await rig.post(notice, confirm_shipment=False, **MODE)

    assert isinstance(outcome, Done)
    assert status_of(rig, order) == "Open"
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_a_corrected_number_replaces_the_first_and_a_voided_one_is_taken_away(rig):
    order = await a_shipment(rig)
    notice = rig.notice(order)
    (done,) = await rig.post(notice, **MODE)
    other = (Tracking("1ZCORRECTED"),)

    (corrected,) = await rig.correct(rig.correction(done, notice, tracking=other), **MODE)
    shown = rig.told()
    (voided,) = await rig.correct(rig.correction(done, notice, tracking=other, is_void=True), **MODE)

    assert isinstance(corrected, Done)
    assert shown == {"1ZCORRECTED": 1}
    assert isinstance(voided, Done)
    assert rig.told() == {}
    assert status_of(rig, order) == "Open"
    assert (await rig.order(order.external_id, **MODE)).units_to_ship == 5
