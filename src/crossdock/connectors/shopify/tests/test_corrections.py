"""Corrections at Shopify: a shipment that is several fulfillments stays one, and what is right is left alone."""

import pytest

from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.shopify.tests.rig import Rig
from crossdock.domain.fulfillment import Tracking

NEW = (Tracking("1Z999AA10000005555"),)


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def over_two_locations(rig):
    """An order posted as one shipment from two locations: two fulfillments."""
    rig.sim.add_location("Annex")
    lines = [{"sku": "RED", "quantity": 1}, {"sku": "BLUE", "quantity": 1, "location": "Annex"}]
    order = await rig.order(rig.places(lines=lines), filter_by_location=False, location="")
    notice = rig.notice(order, mail_customer=False)
    (done,) = await rig.post(notice, location="", filter_by_location=True)
    assert len(rig.shop.fulfillments) == 2
    return order, notice, done


async def test_a_shipment_from_two_locations_is_corrected_at_both(rig):
    _, notice, done = await over_two_locations(rig)

    (outcome,) = await rig.correct(rig.correction(done, notice, tracking=NEW))

    assert isinstance(outcome, Done)
    assert rig.told() == {NEW[0].number: 2}


async def test_a_correction_cut_short_between_two_locations_is_finished_by_the_next_try(rig):
    _, notice, done = await over_two_locations(rig)
    correction = rig.correction(done, notice, tracking=NEW)
    rig.sim.hang_up_after_write(1)

    (lost,) = await rig.correct(correction)
    half = rig.told()
    (again,) = await rig.correct(correction)

    assert isinstance(lost, Failed)
    assert half == {notice.tracking[0].number: 1, NEW[0].number: 1}
    assert isinstance(again, Done)
    assert rig.told() == {NEW[0].number: 2}


async def test_a_shipment_from_two_locations_is_voided_at_both(rig):
    order, notice, done = await over_two_locations(rig)

    (outcome,) = await rig.correct(rig.correction(done, notice, is_void=True))

    assert isinstance(outcome, Done)
    assert rig.told() == {}
    assert rig.shipped_units(order.external_id) == {}


async def test_what_is_right_already_is_not_written_again(rig):
    order = await rig.order(rig.places())
    notice = rig.notice(order)
    (done,) = await rig.post(notice)
    rig.sim.forget_log()

    (outcome,) = await rig.correct(rig.correction(done, notice))

    assert isinstance(outcome, Done)
    assert outcome.evidence == {"changed": "no"}
    assert rig.sim.writes() == []


async def test_an_unknown_carriers_page_goes_with_its_number(rig):
    order = await rig.order(rig.places())
    notice = rig.notice(order)
    (done,) = await rig.post(notice)
    tracking = (Tracking("PONY-1", "https://pony.example.com/PONY-1"),)

    await rig.correct(rig.correction(done, notice, tracking=tracking, carrier="Pony"))

    (fulfillment,) = rig.shop.fulfillments.values()
    assert fulfillment["trackingInfo"] == [{"number": "PONY-1", "company": "Pony", "url": "https://pony.example.com/PONY-1"}]


async def test_another_page_of_an_unknown_carrier_is_a_correction(rig):
    order = await rig.order(rig.places())
    first = (Tracking("PONY-1", "https://pony.example.com/PONY-1"),)
    notice = rig.notice(order, tracking=first, carrier="Pony")
    (done,) = await rig.post(notice)

    (same,) = await rig.correct(rig.correction(done, notice))
    (other,) = await rig.correct(
        rig.correction(done, notice, tracking=(Tracking("PONY-1", "https://pony.example.com/track/PONY-1"),))
    )

    assert (same.evidence["changed"], other.evidence["changed"]) == ("no", done.external_id)
