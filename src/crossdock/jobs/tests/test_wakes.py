"""Wake-ups: merged, and never at the cost of the transaction they travel in."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections

from crossdock.connections.testing import a_store
from crossdock.jobs import leases, wakes
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import enqueue, open_lane, tell_lane, wake, wake_lane
from crossdock.tenancy.scope import scoped


@contextmanager
def held(account, lane):
    """The lane's row in somebody else's transaction, which does not end."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold():
        with scoped(account.pk):
            list(Lane.objects.select_for_update().filter(pk=lane))
            is_held.set()
            may_go.wait(30)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        may_go.set()
        thread.join()


def waiting(lane):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where queueing_lock = %s and status = 'todo'", [f"lane:{lane}"])
        return cursor.fetchone()[0]


def test_waking_twice_is_waking_once(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        wake([lane])
        wake([lane, lane])

    assert waiting(lane) == 1


def test_two_that_wake_one_lane_at_the_same_moment_both_keep_what_they_wrote(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
    is_woken, may_commit = threading.Event(), threading.Event()

    def first():
        with scoped(account.pk):
            enqueue(account.pk, lane)
            is_woken.set()
            may_commit.wait(10)
        connections.close_all()

    other = threading.Thread(target=first)
    other.start()
    is_woken.wait(10)
    # Ours waits for the other's commit, and then finds that a wake-up is there.
    threading.Timer(0.2, may_commit.set).start()
    with scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("update store set name = 'Kept' where id = %s", [store.pk])
        assert enqueue(account.pk, lane) == 0
        cursor.execute("select 1")
    other.join()

    with scoped(account.pk):
        store.refresh_from_db()
    assert store.name == "Kept"
    assert waiting(lane) == 1


def test_what_is_written_beside_a_lane_that_cannot_be_told_is_kept(account, monkeypatch):
    monkeypatch.setattr(wakes, "PATIENCE", 0.05)
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)

    with held(account, lane), scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("update store set name = 'Kept' where id = %s", [store.pk])
        assert not tell_lane("orders.pull", store.pk)

    with scoped(account.pk):
        store.refresh_from_db()
    assert store.name == "Kept"


def test_whoever_announces_something_waits_for_a_lane_no_longer_than_his_patience(account, monkeypatch):
    monkeypatch.setattr(wakes, "PATIENCE", 0.05)
    store = a_store(account)

    with scoped(account.pk), connection.cursor() as cursor:
        assert tell_lane("orders.pull", store.pk)
        cursor.execute("show lock_timeout")
        assert cursor.fetchone() == ("50ms",)


def test_a_cursor_is_moved_by_whoever_has_the_lane_and_nobody_who_had_it(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        late = leases.take(lane, "somebody")
        leases.end(late, due_at=None)
        leases.save_position(leases.take(lane, "another"), {"at": 2}, None)

        leases.save_position(late, {"at": 1}, None)

        assert Lane.objects.get(pk=lane).position == {"at": 2}


def test_whoever_lost_a_lane_does_not_let_it_go_for_another(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        late = leases.take(lane, "somebody")
        leases.end(late, due_at=None)
        leases.take(lane, "another")

        assert not leases.end(late, due_at=datetime.now(UTC), error="too late")

        row = Lane.objects.get(pk=lane)
        assert (row.holder, row.last_error) == ("another", "")
        assert row.leased_until is not None


def test_a_lane_that_cannot_be_told_for_another_reason_is_no_silence(account, monkeypatch):
    monkeypatch.setattr(wakes, "PATIENCE", 30)
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)

    with held(account, lane), scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '50ms'")
        with pytest.raises(OperationalError):
            tell_lane("orders.pull", store.pk)


def test_a_lane_that_somebody_has_needs_no_wake_up_and_looks_again_when_he_is_done(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        run = leases.take(lane, "somebody")

    with scoped(account.pk):
        wake([lane])

    assert waiting(lane) == 0
    with scoped(account.pk):
        assert leases.end(run, due_at=None)


@pytest.mark.parametrize("call", [wake_lane, tell_lane])
def test_a_lane_that_was_not_there_yet_is_made_and_woken(account, call):
    store = a_store(account)

    with scoped(account.pk):
        call("orders.pull", store.pk)

        assert waiting(Lane.objects.get(store_id=store.pk, kind="orders.pull").pk) == 1


def test_a_lane_that_was_told_is_not_due_by_that_but_before_long_if_its_wake_up_is_lost(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        before = datetime.now(UTC)

        tell_lane("orders.pull", store.pk)

        assert before + timedelta(seconds=1) < Lane.objects.get(pk=lane).due_at < before + timedelta(seconds=30)
        assert leases.take(lane, "somebody").is_only_told


def test_a_blocked_lane_is_woken_by_nobody(account):
    store = a_store(account)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        Lane.objects.filter(pk=lane).update(blocked_reason="The key is refused.", due_at=None)

        wake([lane])
        tell_lane("orders.pull", store.pk)

        assert Lane.objects.get(pk=lane).due_at is None
        assert leases.take(lane, "somebody") is None
    assert waiting(lane) == 0


def test_a_lane_that_is_wanted_at_two_moments_is_due_at_the_earlier_one(account):
    store = a_store(account)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    with scoped(account.pk):
        lane = open_lane("orders.pull", store.pk)
        for moment in (soon, soon + timedelta(hours=1)):
            wake([lane], at=moment)

        assert Lane.objects.get(pk=lane).due_at == soon
    assert waiting(lane) == 0
