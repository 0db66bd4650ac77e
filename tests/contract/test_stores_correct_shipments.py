"""Every store that takes back what it was told of a shipment: corrected once, voided once, and nobody is mailed for it."""

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import CorrectsShipments, Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, OutcomeUnknown, RateLimited, Unavailable
from crossdock.connectors.kit.http import ObserveOnly
from crossdock.domain.fulfillment import Tracking

rig = every_connector_that(CorrectsShipments)

TWO_LINES = [{"sku": "RED", "quantity": 3}, {"sku": "BLUE", "quantity": 2}]
OTHER = (Tracking("1Z999AA10000005555"),)


async def a_posted_shipment(rig, units=None, **more):
    """An order, the notice of a shipment of it, and the store's answer."""
    order = await rig.order(rig.places(lines=TWO_LINES))
    notice = rig.notice(order, units, mail_customer=False, **more)
    (done,) = await rig.post(notice)
    assert isinstance(done, Done)
    return order, notice, done


async def test_another_tracking_number_replaces_the_first(rig):
    order, notice, done = await a_posted_shipment(rig)

    (outcome,) = await rig.correct(rig.correction(done, notice, tracking=OTHER))

    assert isinstance(outcome, Done)
    assert rig.told() == {"1Z999AA10000005555": 1}
    assert sorted(rig.shipped_units(order.external_id).values()) == [2, 3]


async def test_correcting_twice_changes_nothing(rig):
    order, notice, done = await a_posted_shipment(rig)
    correction = rig.correction(done, notice, tracking=OTHER)

    first, again = await rig.correct(correction), await rig.correct(correction)

    assert all(isinstance(outcome, Done) for outcome in (*first, *again))
    assert rig.told() == {"1Z999AA10000005555": 1}
    assert sorted(rig.shipped_units(order.external_id).values()) == [2, 3]


async def test_one_box_becomes_two_and_two_become_one(rig):
    _, notice, done = await a_posted_shipment(rig)
    two = (Tracking("1Z999AA10000005001"), Tracking("1Z999AA10000005002"))

    (first,) = await rig.correct(rig.correction(done, notice, tracking=two))
    shown_two = rig.told()
    (second,) = await rig.correct(rig.correction(done, notice, tracking=two[:1]))

    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert shown_two == {"1Z999AA10000005001": 1, "1Z999AA10000005002": 1}
    assert rig.told() == {"1Z999AA10000005001": 1}


async def test_a_shipment_posted_without_tracking_gets_it_later(rig):
    order, notice, done = await a_posted_shipment(rig, {"RED": 1}, tracking=())

    (outcome,) = await rig.correct(rig.correction(done, notice, tracking=OTHER))

    assert isinstance(outcome, Done)
    assert rig.told() == {"1Z999AA10000005555": 1}
    assert sum(rig.shipped_units(order.external_id).values()) == 1


async def test_another_carrier_keeps_the_number(rig):
    _, notice, done = await a_posted_shipment(rig)

    (outcome,) = await rig.correct(rig.correction(done, notice, carrier="FedEx"))

    assert isinstance(outcome, Done)
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_only_the_shipment_that_is_named_is_corrected(rig):
    order = await rig.order(rig.places(lines=TWO_LINES))
    first, second = rig.notice(order, {"RED": 1}), rig.notice(order, {"RED": 2, "BLUE": 2})
    done, _ = await rig.post(first, second)

    await rig.correct(rig.correction(done, first, tracking=OTHER))

    assert rig.told() == {"1Z999AA10000005555": 1, second.tracking[0].number: 1}


async def test_a_voided_shipment_is_shown_no_more(rig):
    order, notice, done = await a_posted_shipment(rig, {"RED": 2})

    (outcome,) = await rig.correct(rig.correction(done, notice, is_void=True))

    assert isinstance(outcome, Done)
    assert rig.told() == {}
    left = await rig.order(order.external_id)
    assert left.units_to_ship == (5 if rig.void_gives_back else 3)


async def test_voiding_twice_changes_nothing(rig):
    order, notice, done = await a_posted_shipment(rig, {"RED": 2})
    correction = rig.correction(done, notice, is_void=True)
    (first,) = await rig.correct(correction)
    before = (await rig.order(order.external_id)).units_to_ship

    (again,) = await rig.correct(correction)

    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert (await rig.order(order.external_id)).units_to_ship == before
    assert rig.told() == {}


async def test_tracking_is_corrected_and_the_shipment_voided_after_that(rig):
    order, notice, done = await a_posted_shipment(rig)

    (corrected,) = await rig.correct(rig.correction(done, notice, tracking=OTHER))
    (voided,) = await rig.correct(rig.correction(done, notice, tracking=OTHER, is_void=True))

    assert isinstance(corrected, Done)
    assert isinstance(voided, Done)
    assert rig.told() == {}
    assert (await rig.order(order.external_id)).units_to_ship == (5 if rig.void_gives_back else 0)


async def test_what_was_voided_ships_again(rig):
    order, notice, done = await a_posted_shipment(rig)
    await rig.correct(rig.correction(done, notice, is_void=True))
    now = await rig.order(order.external_id)
    if not rig.void_gives_back:
        assert now.units_to_ship == 0
        return

    (outcome,) = await rig.post(rig.notice(now))

    assert isinstance(outcome, Done)
    assert sorted(rig.shipped_units(order.external_id).values()) == [2, 3]
    assert list(rig.told().values()) == [1]


async def test_a_shipment_that_staff_took_back_can_be_voided_but_gets_no_tracking(rig):
    _, notice, done = await a_posted_shipment(rig)
    rig.unships(done.external_id)

    (tracking,) = await rig.correct(rig.correction(done, notice, tracking=OTHER))
    (void,) = await rig.correct(rig.correction(done, notice, is_void=True))

    assert isinstance(tracking, Failed)
    assert isinstance(tracking.error, InvalidData)
    assert notice.order_number in tracking.error.message
    assert isinstance(void, Done)
    assert rig.told() == {}


async def test_a_shipment_the_store_does_not_know_fails_alone(rig):
    _, good, done = await a_posted_shipment(rig)
    _, bad, other = await a_posted_shipment(rig)
    unknown = rig.correction(Done(other.key, "999999999"), bad, tracking=OTHER)

    first, second = await rig.correct(unknown, rig.correction(done, good, tracking=(Tracking("1Z999AA10000006666"),)))

    assert isinstance(first, Failed)
    assert isinstance(first.error, InvalidData)
    assert isinstance(second, Done)
    assert rig.told() == {"1Z999AA10000006666": 1, bad.tracking[0].number: 1}


async def test_nobody_is_mailed_for_a_correction(rig):
    _, notice, done = await a_posted_shipment(rig)
    before = rig.mailed()

    await rig.correct(rig.correction(done, notice, tracking=OTHER))
    await rig.correct(rig.correction(done, notice, tracking=OTHER, is_void=True))

    assert rig.mailed() == before


@pytest.mark.parametrize("is_void", [False, True])
async def test_an_answer_lost_after_the_write_is_made_right_by_the_next_try(rig, is_void):
    order, notice, done = await a_posted_shipment(rig)
    correction = rig.correction(done, notice, tracking=OTHER, is_void=is_void)
    rig.sim.hang_up_after_write()

    (lost,) = await rig.correct(correction)
    (again,) = await rig.correct(correction)

    assert isinstance(lost, Failed)
    assert isinstance(lost.error, OutcomeUnknown | Unavailable)
    assert isinstance(again, Done)
    assert rig.told() == ({} if is_void else {"1Z999AA10000005555": 1})
    gone = is_void and rig.void_gives_back
    assert (await rig.order(order.external_id)).units_to_ship == (5 if gone else 0)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_correction_is_right_in_the_end_whatever_happens_on_the_line(rig, seed):
    posted = [await a_posted_shipment(rig) for _ in range(8)]
    corrections = {}
    for number, (_, notice, done) in enumerate(posted):
        one = rig.correction(done, notice, tracking=(Tracking(f"1Z999AA1000000700{number}"),), is_void=number % 2 == 1)
        corrections[one.key] = one
    rig.sim.faults(0.25, seed=seed, kinds=["status_503", "cut_before", "cut_after", "truncate", "status_503_after_write"])

    left = dict(corrections)
    for _ in range(60):
        outcomes = await rig.correct(*left.values()) if left else []
        left = {outcome.key: corrections[outcome.key] for outcome in outcomes if isinstance(outcome, Failed)}
        assert all(isinstance(one.error, OutcomeUnknown | Unavailable) for one in outcomes if isinstance(one, Failed))

    assert left == {}
    assert rig.told() == {f"1Z999AA1000000700{number}": 1 for number in range(0, 8, 2)}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_platform_fails_in_a_way_that_is_tried_again(rig, status):
    _, notice, done = await a_posted_shipment(rig)
    rig.sim.fail_next(n=20, status=status)

    (outcome,) = await rig.correct(rig.correction(done, notice, tracking=OTHER))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Unavailable | OutcomeUnknown)
    assert rig.told() == {notice.tracking[0].number: 1}


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationFailed), (429, RateLimited)])
async def test_a_refused_key_and_a_429_are_named(rig, status, error):
    _, notice, done = await a_posted_shipment(rig)
    rig.sim.fail_next(n=20, status=status, retry_after=5)

    (outcome,) = await rig.correct(rig.correction(done, notice, tracking=OTHER))

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, error)
    assert rig.told() == {notice.tracking[0].number: 1}


async def test_a_connection_that_only_observes_corrects_nothing(rig):
    _, notice, done = await a_posted_shipment(rig)
    rig.sim.forget_log()

    with pytest.raises(ObserveOnly):
        await rig.correct(rig.correction(done, notice, tracking=OTHER), may_write=False)

    assert rig.sim.writes() == []
