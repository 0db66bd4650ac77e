"""Wake-ups: merged, and never at the cost of the transaction they travel in."""

import threading

from django.db import connection, connections

from crossdock.connections.testing import a_store
from crossdock.jobs.wakes import enqueue, open_lane, wake
from crossdock.tenancy.scope import scoped


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
