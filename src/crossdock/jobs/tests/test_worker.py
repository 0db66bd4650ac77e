"""What a run that ends with an error leaves in the log."""

import asyncio

import pytest
from django.db import OperationalError
from procrastinate.exceptions import ConnectorException
from structlog.testing import capture_logs

from crossdock.connections.testing import a_connection
from crossdock.connectors.kit.errors import AuthenticationFailed, Unavailable
from crossdock.jobs import leases, worker
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
