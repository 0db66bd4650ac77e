"""Where a page of a list begins, read from its address and written back."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from crossdock.ui.paging import Place, asking, page_at

WHEN = Place(datetime(2026, 11, 20, 12, 30, 1, 123456, tzinfo=UTC), 42)


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1-", "-1", "-1-1", "1-2-3", "99999999999999999999-1", "1-99999999999999999999", "١-١"]
)
def test_a_place_that_is_none_is_left_alone(text):
    assert Place.read(text) is None


def test_a_place_comes_back_from_the_address_as_it_was():
    assert Place.read(str(WHEN)) == WHEN


def test_a_list_asked_otherwise_begins_at_its_first_page():
    query = QueryDict("q=mug&status=new&status=open&before=1-2")

    assert asking("/orders/", query, status="error") == "/orders/?q=mug&status=error"
    assert asking("/orders/", query, status=None, q=None) == "/orders/"


def test_a_page_around_another_keeps_what_is_asked():
    query = QueryDict("q=mug&after=1-2")

    assert page_at("/orders/", query, before=WHEN) == f"/orders/?q=mug&before={WHEN}"
    assert page_at("/orders/", query, after=None) == ""
