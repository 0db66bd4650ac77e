"""What a run that ends with an error leaves behind, in the log and on its lane."""

import asyncio

import pytest
from django.db import OperationalError
from procrastinate.exceptions import ConnectorException
from structlog.testing import capture_logs

from crossdock.connections.testing import a_connection
from crossdock.connectors.kit.errors import AuthenticationFailed, Unavailable
from crossdock.jobs import leases, worker
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import scoped


@pytest.mark.parametrize(("error", "level"), [(AuthenticationFailed("No."), "warning"), (Unavailable("Down."), "info")])
def test_the_log_names_where_a_run_ended_and_warns_of_what_waits_for_a_person(account, error, level):
    link = a_connection(account)
    lanes = {
        link.store.name: ("orders.pull", link.store_id),
        link.warehouse.name: ("fulfillment.pull", link.warehouse_id),
        link.name: ("fulfillment.send", link.pk),
    }
    with scoped(account.pk):
        runs = [leases.take(open_lane(*lane), "somebody") for lane in lanes.values()]

    with capture_logs() as logs:
        for run in runs:
            asyncio.run(worker._ended_by(run, error))

    assert [line["at"] for line in logs] == list(lanes)
    assert {line["log_level"] for line in logs} == {level}


def test_a_database_that_is_away_is_one_line_in_the_log_with_the_driver_s_own_words():
    away = ConnectorException()
    away.__cause__ = OperationalError("the connection\nis closed")

    with capture_logs() as logs:
        worker._tell_database_is_away("queue.lost", away)

    assert [line["message"].partition(". ")[0] for line in logs] == ["The database cannot be used (the connection is closed)"]


def test_what_is_announced_while_a_platform_is_down_makes_no_pause_longer(account):
    link = a_connection(account)
    with scoped(account.pk):
        lane_id = open_lane("orders.pull", link.store_id)

    def failures(*, is_only_told):
        with scoped(account.pk):
            Lane.objects.filter(pk=lane_id).update(leased_until=None)
            run = leases.take(lane_id, "somebody")
        run.is_only_told = is_only_told
        asyncio.run(worker._ended_by(run, Unavailable("Down.")))
        with scoped(account.pk):
            return Lane.objects.get(pk=lane_id).failures

    assert [failures(is_only_told=told) for told in (True, True, True, False, True, False)] == [1, 1, 1, 2, 2, 3]
