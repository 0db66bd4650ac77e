"""Order numbers that a file can carry."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connectors.files.reference import fits, safe_reference

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
NUMBERS = TEXT.filter(lambda text: text.strip() not in {"", "#"})


EXAMPLES = {
    "#1001": "1001",
    "1001": "1001",
    "SO-1_a": "SO-1_a",
    "A/1": "A_2f1",
    "A 1": "A_201",
    "A_2f1": "A_5f2f1",
    "Ä1": "_c3_841",
}


def plain_number(reference):
    """The number that `safe_reference` was given, without its leading “#”."""
    raw, last = bytearray(), 0
    for found in re.finditer("_([0-9a-f]{2})", reference):
        raw += reference[last : found.start()].encode() + bytes([int(found[1], 16)])
        last = found.end()
    return (raw + reference[last:].encode()).decode(errors="replace")


@pytest.mark.parametrize(("number", "reference"), EXAMPLES.items())
def test_numbers_become_references_without_losing_a_character(number, reference):
    assert safe_reference(number) == reference


@given(NUMBERS)
def test_every_number_fits_and_comes_back(number):
    reference = safe_reference(number)

    text = number.strip()
    assert fits(reference)
    assert plain_number(reference) == (text[1:] if text.startswith("#") and len(text) > 1 else text)


@given(NUMBERS.filter(lambda text: not text.startswith("#")), NUMBERS.filter(lambda text: not text.startswith("#")))
def test_different_numbers_stay_different(one, other):
    if one.strip() != other.strip() and not any(text.strip().startswith("#") for text in (one, other)):
        assert safe_reference(one) != safe_reference(other)
