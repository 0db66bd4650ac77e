"""What a store may sell: laws that hold whatever the figures."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from crossdock.domain.products import Component
from crossdock.domain.stock import Drop, Reserved, Stock, bundles_of, left_of, to_sell


def law(*of):
    """A test of examples; a busy machine is slow to make them, which says nothing of the law."""
    return lambda test: settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])(given(*of)(test))


units = some.integers(0, 1_000_000).map(lambda cents: Decimal(cents) / 100)
reserved = some.builds(Reserved, units, units, units)
stocks = some.builds(Stock, some.none() | units, some.none() | units, reserved)


@law(some.lists(stocks))
def test_a_store_never_shows_less_than_nothing(of):
    shown = to_sell(left_of(of))

    assert shown is None or shown >= 0


@law(some.lists(stocks))
def test_missing_is_not_zero_and_zero_is_not_missing(of):
    is_known = any(stock.available is not None or stock.on_hand is not None for stock in of)

    assert (left_of(of) is not None) == is_known


@law(some.lists(stocks, min_size=1), units)
def test_another_unit_sold_never_raises_the_figure(of, more):
    first = of[0]
    sold = Stock(first.available, first.on_hand, first.reserved.plus(Reserved(more, more, more)))

    before, after = left_of(of), left_of([sold, *of[1:]])

    assert (before is None) == (after is None)
    assert before is None or after <= before


@law(units, units, reserved)
def test_what_a_warehouse_calls_available_is_taken_as_it_is(available, on_hand, sold):
    assert Stock(available, on_hand, sold).left == available - sold.unsent - sold.since
    assert Stock(None, on_hand, sold).left == on_hand - sold.unsent - sold.waiting


@law(some.lists(stocks), stocks)
def test_a_warehouse_that_does_not_know_a_sku_changes_nothing(of, one):
    stranger = Stock(None, None, one.reserved)

    assert left_of([*of, stranger]) == left_of(of)


@law(some.lists(stocks))
def test_the_order_of_warehouses_does_not_matter(of):
    assert left_of(of) == left_of(of[::-1])


parts = some.lists(some.builds(Component, some.sampled_from("ABC"), some.integers(1, 9).map(Decimal)), min_size=1, max_size=5)


@law(parts, some.dictionaries(some.sampled_from("ABC"), some.integers(-5, 500).map(Decimal), min_size=3))
def test_as_many_bundles_as_can_be_made_and_not_one_more(components, left):
    made = bundles_of(components, left)
    needs = {sku: sum(part.quantity for part in components if part.sku == sku) for sku in {part.sku for part in components}}

    assert made == made.to_integral_value()
    assert all(made * quantity <= left[sku] for sku, quantity in needs.items())
    assert any((made + 1) * quantity > left[sku] for sku, quantity in needs.items())


@law(parts, some.dictionaries(some.sampled_from("ABC"), some.none() | units))
def test_a_bundle_with_an_unknown_part_is_unknown(components, left):
    is_known = all(left.get(part.sku) is not None for part in components)

    assert (bundles_of(components, left) is not None) == is_known


def test_nothing_is_made_of_nothing():
    assert bundles_of([], {}) is None
    assert bundles_of([Component("A", Decimal(0))], {"A": Decimal(5)}) is None


@law(units, units, some.integers(0, 50), some.integers(0, 50), some.integers(0, 100))
def test_a_drop_is_beyond_a_limit_when_either_part_is(lost, more, skus, more_skus, limit):
    drop = Drop(lost, lost + more, skus, skus + more_skus)
    parts = [(lost, lost + more), (skus, skus + more_skus)]

    assert drop.is_beyond(limit) == any(part * 100 > limit * whole for part, whole in parts if whole)
    assert 0 <= drop.percent <= 100
    assert not drop.is_beyond(drop.percent)


def test_a_store_that_was_told_nothing_cannot_drop():
    assert Drop().percent == 0
    assert not Drop().is_beyond(0)
