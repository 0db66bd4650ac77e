"""What is told of a shipment."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from crossdock.connectors.bigcommerce import posting
from crossdock.connectors.bigcommerce.payloads import BcOrder, BcShipment, BcShipmentItem
from crossdock.connectors.bigcommerce.posting import Creation
from crossdock.connectors.bigcommerce.tests.examples import HOME, a_line, an_order
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import NoticeLine, ShipmentNotice, Tracking


def a_notice(units=None, *numbers, **changes):
    lines = tuple(NoticeLine(line, Decimal(count)) for line, count in (units or {"11": 2}).items())
    tracking = tuple(Tracking(number) for number in (numbers or ("1Z1",)))
    return ShipmentNotice(
        **{
            "key": "k",
            "order_id": "100",
            "order_number": "100",
            "lines": lines,
            "tracking": tracking,
            "shipped_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
            "carrier": "UPS",
            **changes,
        }
    )


def an_order_with(*lines, **changes):
    places = [{"id": 1, **HOME}, {"id": 2, **HOME}]
    return msgspec.json.decode(msgspec.json.encode(an_order(*lines, addresses=places, **changes)), type=BcOrder)


def a_shipment(id_=7, number="1Z1", units=None, **changes):
    items = tuple(BcShipmentItem(line, count) for line, count in (units or {11: 2}).items())
    made = "Fri, 20 Nov 2026 12:00:05 +0000"
    return BcShipment(
        **{"id": id_, "tracking_number": number, "items": items, "date_created": made, "order_address_id": 1, **changes}
    )


def test_the_body_has_what_bigcommerce_takes_and_nothing_else():
    body = posting.shipment_input(a_notice(service="Ground"), Creation(1, {11: 2}))

    assert body == {
        "order_address_id": 1,
        "tracking_number": "1Z1",
        "shipping_provider": "ups",
        "tracking_carrier": "",
        "tracking_link": "",
        "comments": "",
        "shipping_method": "Ground",
        "items": [{"order_product_id": 11, "quantity": 2}],
    }


@pytest.mark.parametrize(
    ("carrier", "provider", "slug", "has_link"),
    [
        ("UPS", "ups", "", False),
        ("fdeg", "fedex", "", False),
        ("DHL", "", "dhl", False),
        ("Australia Post", "auspost", "", False),
        ("Some Line", "", "", True),
        (None, "", "", True),
    ],
)
def test_a_carrier_is_a_provider_or_a_slug_or_a_link(carrier, provider, slug, has_link):
    notice = a_notice(carrier=carrier, tracking=(Tracking("A1", "https://line.example.com/A1"),))

    told = posting.tracking_input(notice)

    assert (told["shipping_provider"], told["tracking_carrier"]) == (provider, slug)
    assert told["tracking_link"] == ("https://line.example.com/A1" if has_link else "")


def test_several_numbers_are_joined_while_they_fit_and_all_are_in_the_comment():
    two = posting.tracking_input(a_notice(None, "1Z999AA10000000001", "1Z999AA10000000002"))
    three = posting.tracking_input(a_notice(None, "1Z999AA10000000001", "1Z999AA10000000002", "1Z999AA10000000003"))

    assert two["tracking_number"] == "1Z999AA10000000001, 1Z999AA10000000002"
    assert three["tracking_number"] == "1Z999AA10000000001"
    assert three["comments"] == "Tracking numbers: 1Z999AA10000000001, 1Z999AA10000000002, 1Z999AA10000000003"
    assert two["tracking_link"].startswith("https://www.ups.com/") is True


def test_a_number_too_long_for_its_field_is_in_the_comment_and_found_by_it():
    notice = a_notice(None, "9" * 60)

    told = posting.tracking_input(notice)

    assert told["tracking_number"] == ""
    assert posting.standing(notice, [a_shipment(number="", comments=told["comments"])])


def test_what_stands_under_a_number_is_taken_off_first():
    plan = posting.plan(a_notice({"11": 2}), an_order_with(a_line(quantity_shipped=1)), [a_shipment(units={11: 1})])

    assert plan == posting.Plan((7,), (Creation(1, {11: 1}),))


def test_each_address_has_a_shipment_of_its_own():
    order = an_order_with(a_line(11), a_line(12, order_address_id=2))

    plan = posting.plan(a_notice({"11": 1, "12": 2}), order, [])

    assert plan.creations == (Creation(1, {11: 1}), Creation(2, {12: 2}))


def test_without_a_number_only_what_came_later_can_be_ours():
    notice = a_notice(None, tracking=())
    old, new = a_shipment(1, ""), a_shipment(2, "")

    assert posting.standing(notice, [old, new], before=frozenset({"1"})) == [new]
    assert posting.standing(notice, [old, new], before=frozenset({"1", "2"})) == []
    assert posting.standing(notice, [a_shipment(3, "", date_created="Fri, 20 Nov 2026 11:00:00 +0000")]) == []


@pytest.mark.parametrize(
    ("order", "units", "words"),
    [
        (an_order_with(a_line(quantity_shipped=1)), {"11": 2}, "2 × RED (left: 1)"),
        (an_order_with(a_line(quantity_refunded=2)), {"11": 1}, "1 × RED (left: 0)"),
        (an_order_with(), {"99": 1}, "line 99 of 100 shipped, but the order has no such line any more"),
        (an_order_with(a_line(type="digital")), {"11": 1}, "RED of 100 is nothing that BigCommerce ships"),
        (an_order_with(status_id=5, custom_status="Storniert"), {"11": 1}, "in BigCommerce it is Storniert"),
        (an_order_with(status_id=4, custom_status=""), {"11": 1}, "in BigCommerce it is Refunded"),
        (an_order_with(is_deleted=True), {"11": 1}, "archived, with the status Ready to pack"),
        (an_order_with(), {"11": "0.5"}, "whole units; the shipment of 100 has 0.5"),
        (an_order_with(), {"eleven": 1}, "100 has no line eleven"),
    ],
)
def test_what_cannot_be_told_is_refused_in_plain_words(order, units, words):
    with pytest.raises(InvalidData) as caught:
        posting.plan(a_notice(units), order, [])

    assert words in caught.value.message


def test_a_shipment_that_says_it_already_needs_no_correction():
    wanted = posting.tracking_input(a_notice())

    assert posting.is_told(a_shipment(shipping_provider="ups", tracking_link="https://made.example.com"), wanted)
    assert not posting.is_told(a_shipment(number="1Z2", shipping_provider="ups"), wanted)
    assert not posting.is_told(a_shipment(shipping_provider="fedex"), wanted)
