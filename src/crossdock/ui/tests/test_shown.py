"""How values read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from crossdock.ui import shown
from crossdock.ui.parts import WayStep, with_times
from crossdock.ui.templatetags.ui import copyable, initials, moment, pretty

NOW = datetime(2026, 11, 21, 15, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-30), "now"),
        (timedelta(minutes=3, seconds=59), "3 min ago"),
        (timedelta(hours=7, minutes=59), "7 h ago"),
        (timedelta(days=13), "13 d ago"),
        (timedelta(days=18), "Nov 3"),
        (timedelta(days=400), "Oct 17, 2025"),
        (timedelta(minutes=-4, seconds=-1), "in 4 min"),
        (timedelta(hours=-2), "in 2 h"),
        (timedelta(days=-1), "in 1 d"),
    ],
)
def test_a_moment_reads_as_people_say_it(ago, text):
    assert shown.relative(NOW - ago, NOW) == text


def test_a_moment_shows_the_exact_time_of_the_account_on_hover():
    with timezone.override(ZoneInfo("America/New_York")):
        html = moment(NOW)

    assert 'datetime="2026-11-21T15:00:00Z"' in html
    assert 'title="Sat, Nov 21, 2026, 10:00:00 (America/New_York)"' in html


def test_no_moment_is_a_dash():
    assert "–" in moment(None)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=1.42), "1.4 s"),
        (timedelta(seconds=2), "2 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=3, seconds=40), "3 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(span, text):
    assert shown.duration(span) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234.5"), "USD", "$1,234.50"),
        ("-12", "CAD", "−CAD 12.00"),
        ("980", "JPY", "¥980"),
        ("0.1234", "USD", "$0.1234"),
        ("100", "USD", "$100.00"),
        (None, "USD", "–"),
        (SimpleNamespace(amount=Decimal("5"), currency="EUR"), "", "€5.00"),
    ],
)
def test_money_is_exact_and_names_its_currency(amount, currency, text):
    assert shown.money_text(amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "uom", "text"),
    [
        ("3.000", "EA", "3"),
        ("1200.50", "KG", "1,200.5 KG"),
        ("-2", "", "−2"),
        (None, "", "–"),
        ("100", "", "100"),
        ("0", "", "0"),
    ],
)
def test_a_quantity_has_no_idle_zeros(amount, uom, text):
    assert shown.quantity_text(amount, uom) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (9_918, "9,918"), (10_000, "10,000"), (10_001, "10,000+"), (None, "")])
def test_a_count_stops_at_ten_thousand(number, text):
    assert shown.count_text(number) == text


@pytest.mark.parametrize(
    ("person", "text"), [("Ada Marsh", "AM"), ("ada.marsh@example.com", "AM"), ("ada@example.com", "A"), ("", "?")]
)
def test_a_person_has_initials(person, text):
    assert initials(person) == text


def test_an_id_is_copied_as_it_is_and_escaped():
    html = copyable('a"b<c')

    assert 'data-copy="a&quot;b&lt;c"' in html


def test_json_is_laid_out_and_what_is_not_json_is_left_as_it_is():
    assert pretty(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
    assert pretty("{oops") == "{oops"
    assert pretty("ISA*00*\x1d", "application/edi-x12") == "ISA*00*\\u001d"


def test_a_step_that_was_not_reached_takes_no_time():
    start = NOW
    steps = with_times([WayStep("Placed", at=start), WayStep("Sent"), WayStep("Shipped", at=start + timedelta(hours=1))])

    assert [step.took for step in steps] == [None, None, timedelta(hours=1)]
