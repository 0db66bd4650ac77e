"""A lease: for how long whoever has a lane may write, and tell a platform anything."""

from time import monotonic

import pytest

from crossdock.connections.testing import a_store
from crossdock.jobs import leases
from crossdock.jobs.lanes import LEASE, MARGIN, LeaseLost, hold
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane, wake
from crossdock.tenancy.scope import scoped


@pytest.fixture
def run(account):
    """A lane that somebody has just taken."""
    store = a_store(account)
    with scoped(account.pk):
        return leases.take(open_lane("orders.pull", store.pk), "somebody")


def test_a_lease_that_is_over_is_not_held_though_nobody_took_the_lane_since(account, run):
    with scoped(account.pk):
        row = Lane.objects.get(pk=run.lane_id)
        Lane.objects.filter(pk=run.lane_id).update(leased_until=row.last_started_at)

        with pytest.raises(LeaseLost):
            hold(run.lane_id, run.fence)


def test_a_lease_that_went_to_another_is_not_held(account, run):
    with scoped(account.pk):
        leases.end(run, due_at=None)
        leases.take(run.lane_id, "another")

        with pytest.raises(LeaseLost):
            hold(run.lane_id, run.fence)


def test_nothing_is_told_by_whoever_learned_that_he_lost_the_lane(run):
    run.is_lost = True

    with pytest.raises(LeaseLost):
        run.sure()


def test_whoever_has_a_lane_is_sure_of_it_for_less_long_than_he_has_it(run):
    run.renewed(monotonic())

    assert run.sure_until <= monotonic() + (LEASE - MARGIN).total_seconds()


def test_whoever_has_a_lane_goes_on_with_it_once_for_each_time_it_was_woken_meanwhile(account, run):
    with scoped(account.pk):
        was_not_woken = leases.again(run)
        wake([run.lane_id])

        assert [was_not_woken, leases.again(run), leases.again(run)] == [False, True, False]


@pytest.mark.parametrize("change", [{"leased_until": None}, {"fence": 99}, {"blocked_reason": "The key is refused."}])
def test_nobody_goes_on_with_a_lane_that_he_lost_or_that_is_blocked(account, run, change):
    with scoped(account.pk):
        wake([run.lane_id])
        Lane.objects.filter(pk=run.lane_id).update(**change)

        assert not leases.again(run)
