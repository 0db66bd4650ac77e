import threading

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache

from crossdock.jobs.timing import hourly_work
from crossdock.site.forgetting import forget_ended


@pytest.fixture
def key(db_ready, request):
    return f"{request.node.name}"


def test_what_was_kept_comes_back_as_json_says_it(key):
    cache.set(key, {"times": [1.5, 2.5], "who": "café"}, timeout=60)

    assert cache.get(key) == {"times": [1.5, 2.5], "who": "café"}
    assert cache.get("never-set", "default") == "default"


def test_what_is_over_is_gone(key):
    cache.set(key, 1, timeout=0)

    assert cache.get(key) is None
    assert cache.add(key, 2, timeout=60)
    assert cache.get(key) == 2


def test_only_one_of_many_that_add_at_once_wins(key, db_ready):
    wins = []

    def attempt():
        from django.db import connection

        wins.append(cache.add(key, 1, timeout=60))
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(wins) == [False, False, False, True]


def test_a_number_is_counted_up_in_place(key):
    cache.set(key, 5, timeout=60)

    assert cache.incr(key) == 6
    assert cache.decr(key, 2) == 4
    with pytest.raises(ValueError, match="not found"):
        cache.incr("never-set")


def test_code_cannot_be_kept(key):
    with pytest.raises(TypeError):
        cache.set(key, object())


def test_what_has_ended_is_removed_every_hour(key, db_ready):
    cache.set(key, 1, timeout=0)
    ended, going_on = SessionStore(), SessionStore()
    ended.set_expiry(-1)
    for session in (ended, going_on):
        session.save()

    assert forget_ended in hourly_work()
    forget_ended()

    assert not cache.delete(key)
    assert not Session.objects.filter(session_key=ended.session_key).exists()
    assert Session.objects.filter(session_key=going_on.session_key).exists()
