import threading

import pytest
from django.core.cache import cache


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


def test_rows_whose_time_is_over_are_removed(key):
    cache.set(key, 1, timeout=0)

    assert cache.forget_expired() >= 1
    assert not cache.touch(key)
    assert not cache.delete(key)
