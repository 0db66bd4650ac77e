"""Every store that can be told that the warehouse has an order: told once, and no harm where it cannot."""

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import Done, Failed, ReportsProgress
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.http import ObserveOnly

rig = every_connector_that(ReportsProgress)


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
