"""Where an order stands when it comes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from crossdock.domain.arrival import arrive, unfit
from crossdock.domain.orders import Address, Hold, Order, OrderLine
from crossdock.domain.statuses import OrderStatus

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOME = Address(name="Robin Example", lines=("12 Harbor Street",), city="Portland", region="OR", postal_code="97201", country="US")


def an_order(**changes) -> Order:
    line = OrderLine("1", "BLUE-M", "Shirt", Decimal(2), Decimal(2))
    order = Order("9001", "#1001", NOW - timedelta(hours=1), NOW, "USD", (line,), ship_to=HOME)
    return msgspec.structs.replace(order, **changes)


def test_a_paid_order_is_new():
    assert arrive(an_order(), now=NOW).status is OrderStatus.NEW


def test_a_setting_that_leaves_it_out_is_its_reason():
    arrival = arrive(an_order(not_imported="It is not paid yet."), now=NOW)

    assert (arrival.status, arrival.reason) == (OrderStatus.SKIPPED, "It is not paid yet.")


def test_an_order_placed_before_going_live_is_skipped():
    assert arrive(an_order(), now=NOW, accept_after=NOW).status is OrderStatus.SKIPPED


def test_a_delay_counts_from_when_it_was_placed():
    arrival = arrive(an_order(), now=NOW, delay=timedelta(hours=3))

    assert (arrival.status, arrival.wait_until) == (OrderStatus.ON_HOLD, NOW + timedelta(hours=2))


def test_a_hold_of_the_store_without_an_end_waits_for_the_store():
    arrival = arrive(an_order(hold=Hold("Awaiting payment")), now=NOW)

    assert (arrival.status, arrival.reason, arrival.wait_until) == (OrderStatus.ON_HOLD, "Awaiting payment", None)


def test_a_hold_that_has_ended_holds_nothing():
    assert arrive(an_order(hold=Hold("Preorder", NOW - timedelta(days=1))), now=NOW).status is OrderStatus.NEW


def test_nothing_to_ship_is_skipped_however_much_was_ordered():
    line = OrderLine("1", "GIFT", "Gift card", Decimal(1), Decimal(0))

    assert arrive(an_order(lines=(line,)), now=NOW).status is OrderStatus.SKIPPED


def test_an_address_without_a_street_says_so_and_what_to_do():
    why = unfit(an_order(ship_to=msgspec.structs.replace(HOME, lines=("",), city=None)))

    assert why == "The shipping address has no street and city. Complete it in the store; the change is picked up by itself."


def test_a_line_without_a_sku_cannot_be_found_by_any_warehouse():
    line = OrderLine("1", None, "Mystery box", Decimal(1), Decimal(1))

    assert "“Mystery box” has no SKU" in (unfit(an_order(lines=(line,))) or "")
