"""The table of moves."""

from crossdock.domain.statuses import AT_WAREHOUSE, TRANSITIONS, OrderStatus, after


def test_an_event_leads_to_one_place():
    pairs = [(move.start, move.event) for move in TRANSITIONS]

    assert len(pairs) == len(set(pairs))


def test_every_status_but_new_can_be_reached():
    reached = {move.end for move in TRANSITIONS}

    assert reached >= set(OrderStatus)


def test_nothing_that_fails_cancels_an_order():
    cancels = {move.event for move in TRANSITIONS if move.end is OrderStatus.CANCELED}

    assert cancels == {"canceled_in_store", "cancel_confirmed", "closed_unshipped"}


def test_what_a_warehouse_has_cannot_be_reset():
    assert all(after(status, "reset") is None for status in AT_WAREHOUSE)


def test_a_person_can_always_set_an_order_aside():
    assert all(after(status, "archived") is OrderStatus.ARCHIVED for status in OrderStatus if status is not OrderStatus.ARCHIVED)
