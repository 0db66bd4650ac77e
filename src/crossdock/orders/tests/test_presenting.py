"""How an order reads: where its way halts and why, what stands after its status, what differs between two versions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import msgspec
import pytest
from django.utils import timezone

from crossdock.domain.orders import Address, Order
from crossdock.domain.statuses import OrderStatus
from crossdock.orders.presenting import Change, address_lines, differences, fields_of, grouped, status_detail, status_key, way
from crossdock.orders.testing import a_canonical_order
from crossdock.ui.statuses import Tone, status_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(status, *, reason="", wait_until=None):
    return SimpleNamespace(status=status, reason=reason, wait_until=wait_until)


def steps(status, *reached, **more):
    changes = [Change(to, NOW + timedelta(minutes=at)) for at, to in enumerate(reached, start=2)]
    return way(row(status, **more), placed_at=NOW, imported_at=NOW + timedelta(minutes=1), changes=changes)


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_has_a_badge_and_a_way(status):
    assert status_of("sales_order", status_key(row(status.value)))
    assert steps(status.value)[0].at == NOW


def test_a_closed_orders_way_is_done_with_times_at_every_step():
    assert [step.state for step in steps("closed", "queued", "open", "shipped", "closed")] == ["done"] * 5


def test_the_way_halts_where_nothing_was_reached_yet_and_says_why():
    halted = steps("error", "queued", reason="Address line 2 is too long.")

    assert [step.state for step in halted] == ["done", "done", "stuck", "todo", "todo"]
    assert halted[2].note == "Address line 2 is too long."


def test_an_order_held_for_a_person_is_stuck_and_one_that_waits_for_a_time_is_not():
    assert steps("on_hold")[2].tone == Tone.STUCK
    assert steps("on_hold", wait_until=NOW)[2].tone == Tone.WAIT
    assert (status_key(row("on_hold")), status_key(row("on_hold", wait_until=NOW))) == ("on-hold-person", "on_hold")


def test_an_order_that_was_set_aside_ends_there():
    ended = steps("archived", "queued", "open", reason="Archived by Robin.")

    assert [str(step.label) for step in ended] == ["Placed", "Imported", "At the warehouse", "Archived"]
    assert ended[-1].at is None


def test_a_part_that_left_is_shown_until_the_rest_did():
    assert str(steps("partially_shipped", "open", "partially_shipped")[3].label) == "Partly shipped"
    assert str(steps("shipped", "open", "partially_shipped", "shipped")[3].label) == "Shipped"


def test_what_stands_after_the_status_is_when_it_goes_on():
    later = timezone.now() + timedelta(minutes=1)

    assert status_detail(row("on_hold", wait_until=later)).startswith("until ")
    assert status_detail(row("delayed", wait_until=later)).startswith("next try ")
    assert status_detail(row("error", wait_until=later)) == ""
    assert status_detail(row("on_hold")) == ""


def test_versions_differ_in_what_people_can_see():
    before = a_canonical_order(gift_message="Before", attributes={"engraving": "A"})
    line = msgspec.structs.replace(before.lines[0], to_ship=Decimal(0))
    after = msgspec.structs.replace(
        before, gift_message="After", attributes={}, lines=(line,), updated_at=before.updated_at + timedelta(hours=1)
    )

    told = {one.label: (one.before, one.after) for one in differences(before, after)}

    assert told == {
        "Gift message": ("Before", "After"),
        "engraving": ("A", ""),
        "Thing 1": ("1 × SKU-1, 1 to ship", "1 × SKU-1, 0 to ship"),
        "Thing 2": ("1 × SKU-2, 1 to ship", ""),
    }


def test_the_same_version_differs_in_nothing():
    order = a_canonical_order()

    assert differences(order, order) == []


def test_an_order_that_says_nothing_has_fields_all_the_same():
    bare = Order(external_id="1", number="1", placed_at=NOW, updated_at=NOW, currency="USD", lines=())

    groups = [group for group, _ in grouped(fields_of(bare))]

    assert groups == ["Numbers", "Dates", "Shipping", "Notes", "Retail", "Customs", "Amounts"]
    assert address_lines(None) == address_lines(Address()) == ""
