"""What the store sells, with what can be sold of it: said with the products, for nothing."""

from decimal import Decimal

import pytest

from crossdock.connectors.bigcommerce.mapping import Units
from crossdock.connectors.bigcommerce.products import BcProduct, BcVariant, to_products


def stock_of(tracking, levels, *, level=None):
    """What a product's variants say, with figures of their own and one of the product."""
    variants = tuple(BcVariant(id=number, inventory_level=one) for number, one in enumerate(levels, 1))
    product = BcProduct(id=1, name="Cap", inventory_tracking=tracking, inventory_level=level, variants=variants)
    return [one.stock for one in to_products(product, Units(None, None))]


def test_variants_that_are_tracked_have_figures_of_their_own():
    assert stock_of("variant", [5, 0, None], level=5) == [Decimal(5), Decimal(0), None]


def test_a_product_that_is_tracked_as_one_has_the_products_figure():
    assert stock_of("product", [0], level=7) == [Decimal(7)]


def test_variants_that_share_the_products_figure_have_none_of_their_own():
    assert stock_of("product", [0, 0], level=7) == [None, None]


@pytest.mark.parametrize("tracking", ["none", None])
def test_what_is_not_tracked_has_no_figure_rather_than_zero(tracking):
    assert stock_of(tracking, [0], level=0) == [None]
