"""What is in a box, and what it was asked by: no unit twice, none beyond what was asked."""

from decimal import Decimal

from crossdock.domain.fulfillment import Content
from crossdock.fulfillment.matching import Asked, match


def matched(contents, *asked):
    """Units of each content by allocation; None for those that nobody asked for."""
    return [{one.allocation_id: int(one.quantity) for one in match(content, asked)} for content in contents]


def box(sku, units, line=None):
    return Content(sku, Decimal(units), line)


def asked(allocation_id, number, sku, left):
    return Asked(allocation_id, number, sku, Decimal(left))


def test_units_that_one_box_used_up_are_not_there_for_the_next():
    assert matched([box("A", 2), box("A", 2)], asked(1, 1, "A", 3)) == [{1: 2}, {1: 1, None: 1}]


def test_what_was_not_asked_for_belongs_to_no_line():
    assert matched([box("B", 1)], asked(1, 1, "A", 3)) == [{None: 1}]


def test_a_line_number_counts_only_with_its_own_sku():
    assert matched(
        [box("A", 1, line=2), box("a ", 1, line=3)], asked(1, 1, "A", 1), asked(2, 2, "B", 1), asked(3, 3, "A", 1)
    ) == [
        {1: 1},
        {3: 1},
    ]
