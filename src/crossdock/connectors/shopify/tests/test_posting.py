"""What is still to be told, from what the shop says it has."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.carriers import company_of
from crossdock.connectors.shopify.payloads import ShFulfillment, ShFulfillmentOrder
from crossdock.connectors.shopify.posting import Creation, Move, Plan, fulfillment_input, plan, rest_of, standing
from crossdock.connectors.shopify.tests.examples import ELSEWHERE, a_part
from crossdock.domain.fulfillment import NoticeLine, ShipmentNotice, Tracking

SHIPPED = datetime(2026, 11, 3, 15, tzinfo=UTC)


def a_notice(units=None, tracking=("1Z1",), **more):
    return ShipmentNotice(
        **{
            "key": "shipment-1",
            "order_id": "1001",
            "order_number": "#1001",
            "lines": tuple(NoticeLine(str(line), Decimal(quantity)) for line, quantity in (units or {1: 1}).items()),
            "tracking": tuple(Tracking(number) for number in tracking),
            "shipped_at": SHIPPED,
            **more,
        }
    )


def a_fulfillment(units=None, tracking=("1Z1",), number=1, **more):
    return msgspec.convert(
        {
            "id": f"gid://shopify/Fulfillment/{number}",
            "status": "SUCCESS",
            "createdAt": "2026-11-03T15:00:00Z",
            "trackingInfo": [{"number": text} for text in tracking],
            "fulfillmentLineItems": {
                "nodes": [
                    {"quantity": quantity, "lineItem": {"id": f"gid://shopify/LineItem/{line}"}}
                    for line, quantity in (units or {1: 1}).items()
                ]
            },
            **more,
        },
        ShFulfillment,
    )


def parts(*given):
    return msgspec.convert(list(given), list[ShFulfillmentOrder])


def planned(notice, *given, found=(), location="11", moves_elsewhere=True, before=None):
    return plan(notice, parts(*given), found, location=location, moves_elsewhere=moves_elsewhere, before=before)


def test_units_come_from_the_part_at_the_fulfillment_location_first():
    got = planned(a_notice({1: 3}), a_part(1, {1: 2}, ELSEWHERE), a_part(2, {1: 2}))

    assert got.moves == (Move("gid://shopify/FulfillmentOrder/1", "Austin", (("gid://shopify/FulfillmentOrderLineItem/11", 1),)),)
    assert [creation.location for creation in got.creations] == ["11", "22"]


def test_what_stands_under_our_tracking_number_is_taken_off():
    got = planned(a_notice({1: 3}), a_part(1, {1: 1}), found=[a_fulfillment({1: 2})])

    assert [rows for creation in got.creations for _, rows in creation.parts] == [
        (("gid://shopify/FulfillmentOrderLineItem/11", 1),)
    ]


def test_a_shipment_that_stands_whole_is_adopted():
    assert planned(a_notice(), found=[a_fulfillment()]) == Plan(("gid://shopify/Fulfillment/1",), (), ())


@pytest.mark.parametrize("tracking", [("1z1",), (" 1Z 1 ",), ("OTHER", "1Z1")])
def test_a_tracking_number_is_the_same_however_it_is_written(tracking):
    assert standing(a_notice(), [a_fulfillment(tracking=tracking)])


@pytest.mark.parametrize("status", ["CANCELLED", "ERROR", "FAILURE"])
def test_a_fulfillment_that_was_taken_back_does_not_stand(status):
    assert standing(a_notice(), [a_fulfillment(status=status)]) == []


def test_without_numbers_units_and_time_tell():
    notice = a_notice(tracking=())

    assert standing(notice, [a_fulfillment(tracking=())])
    assert standing(notice, [a_fulfillment(tracking=("1Z1",))]) == []
    assert standing(notice, [a_fulfillment({1: 2}, tracking=())]) == []
    assert standing(notice, [a_fulfillment(tracking=(), createdAt="2026-11-03T14:00:00Z")]) == []
    assert standing(notice, [a_fulfillment(tracking=())], before=frozenset({"1"})) == []
    assert len(standing(notice, [a_fulfillment(tracking=(), number=n) for n in (1, 2)], before=frozenset())) == 1


def test_rest_is_by_line():
    assert rest_of(a_notice({1: 2, 2: 1}), [a_fulfillment({1: 1, 3: 9})]) == {"1": 1, "2": 1}


def test_parts_of_different_delivery_methods_are_created_apart():
    got = planned(a_notice({1: 1, 2: 1}), a_part(1, {1: 1}), a_part(2, {2: 1}, deliveryMethod={"methodType": "PICKUP_POINT"}))

    assert len(got.creations) == 2


def test_a_part_on_hold_is_named_as_such():
    with pytest.raises(InvalidData, match=r"1 × SKU-1 of #1001 shipped, but Shopify has it on hold"):
        planned(a_notice(), a_part(status="ON_HOLD", supportedActions=[{"action": "RELEASE_HOLD"}]))


def test_a_part_that_may_not_be_fulfilled_is_not_tried():
    with pytest.raises(InvalidData, match="nothing of it left"):
        planned(a_notice(), a_part(supportedActions=[]))


@pytest.mark.parametrize("quantity", ["0.5", "0", "-1"])
def test_units_are_whole_and_some(quantity):
    with pytest.raises(InvalidData):
        planned(a_notice({1: quantity}), a_part())


def test_pages_are_sent_for_all_boxes_or_for_none():
    creation = Creation("11", (("gid://shopify/FulfillmentOrder/1", (("gid://shopify/FulfillmentOrderLineItem/11", 1),)),))
    both = (Tracking("A", "https://otter.example.com/A"), Tracking("B", "https://otter.example.com/B"))

    whole = fulfillment_input(_with(both), creation, notify=True)
    half = fulfillment_input(_with((both[0], Tracking("B", "http://plain.example.com/B"))), creation, notify=False)

    assert whole["trackingInfo"] == {
        "numbers": ["A", "B"],
        "urls": ["https://otter.example.com/A", "https://otter.example.com/B"],
        "company": "Otter",
    }
    assert half["trackingInfo"] == {"numbers": ["A", "B"], "company": "Otter"}
    assert (whole["notifyCustomer"], half["notifyCustomer"]) == (True, False)


def _with(tracking):
    return msgspec.structs.replace(a_notice(), carrier="Otter", tracking=tracking)


@pytest.mark.parametrize(
    ("written", "company", "is_known"),
    [
        ("UPS", "UPS", True),
        ("fedex ground", "FedEx", True),
        ("DHL", "DHL Express", True),
        ("poste italiane", "Poste Italiane", True),
        ("Otter Freight", "Otter Freight", False),
        ("  ", None, False),
        (None, None, False),
    ],
)
def test_carriers_are_spelled_as_shopify_spells_them(written, company, is_known):
    assert company_of(written) == (company, is_known)
