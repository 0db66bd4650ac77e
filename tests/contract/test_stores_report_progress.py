"""Every store that can be told that the warehouse has an order: told once, and no harm where it cannot."""

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import Done, Failed, ReportsProgress
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from crossdock.connectors.kit.http import ObserveOnly

rig = every_connector_that(ReportsProgress)


async def reported(rig, placed):
    """Outcomes of all; where the store was not reached at all, that is the outcome of each."""
    try:
        async with rig.client() as client:
            return await client.report_sent(placed)
    except ConnectorError as error:
        return [Failed(external_id, error) for external_id in placed]


async def test_each_order_has_its_outcome_and_a_repeat_changes_nothing(rig):
    placed = [rig.places() for _ in range(3)]

    async with rig.client() as client:
        outcomes = await client.report_sent(placed)
        before = len(rig.sim.writes())
        again = await client.report_sent(placed)

    assert {outcome.key for outcome in outcomes} == set(placed)
    assert all(isinstance(outcome, Done) for outcome in (*outcomes, *again))
    assert len(rig.sim.writes()) == before


async def test_an_order_that_is_gone_fails_alone(rig):
    placed = [rig.places(number=number) for number in (1, 2)]
    rig.sim.delete_order(1)

    async with rig.client() as client:
        outcomes = {outcome.key: outcome for outcome in await client.report_sent(placed)}

    assert isinstance(outcomes[placed[0]], Failed)
    assert isinstance(outcomes[placed[0]].error, InvalidData)
    assert isinstance(outcomes[placed[1]], Done)


async def test_an_order_in_progress_still_ships(rig):
    order = await rig.order(rig.places())
    async with rig.client() as client:
        await client.report_sent([order.external_id])

    (outcome,) = await rig.post(rig.notice(order))

    assert isinstance(outcome, Done)


@pytest.mark.parametrize("ended", ["canceled", "shipped elsewhere"])
async def test_an_order_that_came_to_its_end_is_not_brought_back(rig, ended):
    external_id = rig.places()
    if ended == "canceled":
        rig.cancels(external_id)
    else:
        rig.ships_elsewhere(external_id)
    before = await rig.order(external_id)

    async with rig.client() as client:
        (outcome,) = await client.report_sent([external_id])
    after = await rig.order(external_id)

    assert outcome.key == external_id
    assert after.units_to_ship == 0
    assert (after.canceled_at is None) == (before.canceled_at is None)
    assert after.payment == before.payment


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationFailed), (429, RateLimited), (500, Unavailable | OutcomeUnknown), (503, Unavailable | OutcomeUnknown)],
)
async def test_what_the_platform_refuses_is_named(rig, status, error):
    external_id = rig.places()
    await rig.orders()
    rig.sim.fail_next(n=30, status=status, retry_after=5)

    (outcome,) = await reported(rig, [external_id])

    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, error)


async def test_a_key_revoked_in_the_middle_is_renewed_or_asks_for_a_person(rig):
    placed = [rig.places(number=number) for number in (1, 2)]
    await rig.orders()
    rig.sim.revoke_key()

    outcomes = await reported(rig, placed)
    if not rig.renews:
        assert all(isinstance(outcome, Failed) for outcome in outcomes)
        assert all(isinstance(outcome.error, AuthenticationFailed) for outcome in outcomes)
        rig.gives_new_key()
        outcomes = await reported(rig, placed)

    assert all(isinstance(outcome, Done) for outcome in outcomes)


async def test_a_connection_that_only_observes_reports_nothing(rig):
    external_id = rig.places()
    rig.sim.forget_log()

    async with rig.client(may_write=False) as client:
        try:
            await client.report_sent([external_id])
        except ObserveOnly:
            pass
        else:
            pytest.skip("this store offers no progress for such an order")

    assert rig.sim.writes() == []
