"""What is said to a platform is kept, also when the transaction that keeps it is repeated or fails."""

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import OperationalError

from crossdock.connections.gateway import Recorder
from crossdock.connectors.kit.http import Exchange
from crossdock.tenancy.scope import in_db, in_scope


def said(status=200):
    return Exchange(
        at=datetime.now(UTC),
        operation="orders",
        method="GET",
        url="https://shop.example.com/orders",
        status=status,
        ms=5,
        request=b"",
        response=b"{}",
        is_write=False,
        request_headers={},
        response_headers={},
    )


def test_a_transaction_that_is_repeated_after_a_deadlock_has_what_was_said(account):
    recorder = Recorder()
    recorder(said())
    seen = []

    def land():
        seen.append([one.exchange.operation for one in recorder.drain()])
        if len(seen) == 1:
            raise OperationalError("deadlock detected") from psycopg.errors.DeadlockDetected()

    in_scope(account.pk, land)

    assert seen == [["orders"], ["orders"]]


async def test_what_was_kept_is_not_kept_again_and_what_was_not_is_still_there(account):
    recorder = Recorder()
    recorder(said())

    def fail():
        recorder.drain()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_db(account.pk, fail)
    kept = await in_db(account.pk, recorder.drain)
    again = await in_db(account.pk, recorder.drain)

    assert (len(kept), again) == (1, [])


def test_of_a_failing_run_refusals_and_the_last_words_are_kept():
    recorder = Recorder()
    for status in (200, 503, 200, 200):
        recorder(said(status))

    assert [one.exchange.status for one in recorder.of_failure()] == [503, 200]
