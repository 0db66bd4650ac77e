"""The arithmetic of units between a store that takes back and we who ship."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossdock.domain.units import wanted, withdrawn

units = st.integers(0, 50).map(Decimal)


@st.composite
def lines(draw):
    """A line as it can stand: posted, at most shipped, at most wanted."""
    to_ship = draw(units)
    shipped = draw(st.integers(0, int(to_ship)).map(Decimal))
    posted = draw(st.integers(0, int(shipped)).map(Decimal))
    return to_ship, shipped, posted


@given(lines(), st.data())
def test_what_we_post_ourselves_changes_nothing(line, data):
    to_ship, shipped, posted = line
    taken = data.draw(st.integers(int(posted), int(shipped)).map(Decimal), label="units of ours that the store has taken by now")

    assert wanted(to_ship=to_ship, shipped=shipped, posted=posted, remaining=to_ship - taken) == to_ship


@given(lines(), units)
def test_what_was_shipped_stays_wanted(line, remaining):
    to_ship, shipped, posted = line

    assert wanted(to_ship=to_ship, shipped=shipped, posted=posted, remaining=remaining) >= shipped


@given(lines(), units)
def test_a_store_that_asks_for_more_gets_more_and_one_that_takes_back_gets_less(line, remaining):
    to_ship, shipped, posted = line

    now = wanted(to_ship=to_ship, shipped=shipped, posted=posted, remaining=remaining)

    if remaining > to_ship - posted:
        assert now == posted + remaining
    elif remaining < to_ship - shipped:
        assert now == shipped + remaining
    else:
        assert now == to_ship


@given(lines(), units)
def test_hearing_the_same_twice_changes_nothing_more(line, remaining):
    to_ship, shipped, posted = line

    once = wanted(to_ship=to_ship, shipped=shipped, posted=posted, remaining=remaining)

    assert wanted(to_ship=once, shipped=shipped, posted=posted, remaining=remaining) == once


@given(units, units)
def test_only_units_given_away_can_be_withdrawn(wants, allocated):
    taken = withdrawn(wanted=wants, allocated=allocated)

    assert 0 <= taken <= allocated
    assert allocated <= wants + taken
