"""Orders that nobody placed: the same for the same seed, and one by one as time goes by."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crossdock.connectors.kit.simulator.made_up import flow, is_due, made_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Store:
    """What a store keeps of its flow."""

    places_every: float = 0.0
    next_at: str | None = None


def placed(store, *seconds):
    return [is_due(store, NOON + timedelta(seconds=one)) for one in seconds]


def test_the_same_seed_makes_the_same_orders_and_another_does_not():
    first, again, other = (list(made_up(20, seed)) for seed in (7, 7, 8))

    assert first == again != other
    assert len(first) == 20
    assert all(one.city and one.lines and all(line["quantity"] >= 1 for line in one.lines) for one in first)


def test_the_first_order_is_due_after_the_time_between_two():
    store = Store()
    flow(store, 10)

    assert placed(store, 0, 5, 10, 12, 19, 20) == [False, False, True, False, False, True]


def test_after_a_long_stop_one_is_due_and_not_all_that_were_missed():
    store = Store()
    flow(store, 10)

    assert placed(store, 0, 3_600, 3_601, 3_610) == [False, True, False, True]


def test_a_flow_that_was_ended_places_nothing():
    store = Store()
    flow(store, 10)
    placed(store, 0)

    flow(store, 0)

    assert placed(store, 60, 120) == [False, False]
