"""What is sent of a shipment, given what the shop says it has."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.magento2.carriers import carrier_of
from crossdock.connectors.magento2.posting import plan, ship_body, standing
from crossdock.connectors.magento2.tests.examples import a_bundle, a_shipment, a_shirt, an_item, an_order, typed
from crossdock.domain.fulfillment import NoticeLine, ShipmentNotice, Tracking

TOGETHER, SEPARATELY = frozenset(), frozenset({"1"})


def a_notice(units, tracking=("1Z1",), **more):
    return ShipmentNotice(
        **{
            "key": "shipment-1",
            "order_id": "17",
            "order_number": "000000042",
            "lines": tuple(NoticeLine(line, Decimal(quantity)) for line, quantity in units.items()),
            "tracking": tuple(Tracking(number) for number in tracking),
            "shipped_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            "carrier": "UPS",
            **more,
        }
    )


def planned(notice, items, shipments=(), separately=TOGETHER, **more):
    return plan(notice, typed(an_order(items, **more)), shipments, separately=separately)


def test_a_configurable_product_ships_by_its_parents_key():
    assert planned(a_notice({"1": 2}), a_shirt()).items == (("1", 2),)


def test_a_bundle_that_ships_together_ships_by_its_parents_key():
    assert planned(a_notice({"2": 2, "3": 4}), a_bundle()).items == (("1", 2),)
    assert planned(a_notice({"2": 1, "3": 2}), a_bundle()).items == (("1", 1),)


def test_a_bundle_that_ships_separately_ships_by_its_items_keys():
    assert planned(a_notice({"2": 2, "3": 1}), a_bundle(), separately=SEPARATELY).items == (("2", 2), ("3", 1))


def test_a_bundles_own_line_means_the_bundle_whatever_way_it_ships():
    assert planned(a_notice({"1": 1, "2": 1, "3": 2}), a_bundle()).items == (("1", 1),)
    assert planned(a_notice({"1": 1}), a_bundle(), separately=SEPARATELY).items == (("2", 1), ("3", 2))


def test_a_part_of_a_bundle_that_ships_together_is_refused_in_plain_words():
    with pytest.raises(InvalidData, match="Magento ships this bundle together") as caught:
        planned(a_notice({"2": 1}), a_bundle())

    assert "Kit of 000000042" in caught.value.message


def test_what_stands_under_the_tracking_number_is_not_sent_again():
    made = planned(a_notice({"1": 3}), [an_item(1, 5, qty_shipped=3)], [a_shipment(4, {1: 3}, ("1z 1",))])

    assert made.is_done
    assert made.found[0].entity_id == 4


def test_only_the_rest_of_what_stands_in_part_is_sent():
    made = planned(a_notice({"1": 3}), [an_item(1, 5, qty_shipped=1)], [a_shipment(4, {1: 1}, ("1Z1",))])

    assert made.items == (("1", 2),)


def test_a_number_that_a_shipment_of_ours_lacks_is_added_to_it():
    made = planned(a_notice({"1": 1}, ("1Z1", "1Z2")), [an_item(1, 1, qty_shipped=1)], [a_shipment(4, {1: 1}, ("1Z1",))])

    assert (made.items, [one.number for one in made.tracks]) == ((), ["1Z2"])


def test_without_numbers_a_shipment_that_was_there_before_is_not_ours():
    notice = a_notice({"1": 1}, ())

    assert standing(notice, {"1": Decimal(1)}, [a_shipment(4)], before=frozenset({"4"})) == []
    assert len(standing(notice, {"1": Decimal(1)}, [a_shipment(4)], before=frozenset())) == 1


@pytest.mark.parametrize(
    ("item", "order", "words"),
    [
        ({"qty_shipped": 2}, {}, "1 × SKU-1 of 000000042"),
        ({"qty_refunded": 2}, {}, "nothing of it left to ship"),
        ({}, {"state": "holded"}, "on hold in Magento"),
        ({}, {"state": "payment_review"}, "under review"),
        ({"qty_canceled": 3}, {"state": "canceled"}, "was canceled in Magento"),
        ({"locked_do_ship": 1}, {}, "nothing of it left"),
    ],
)
def test_what_cannot_ship_is_refused_before_it_is_sent(item, order, words):
    with pytest.raises(InvalidData, match=words):
        planned(a_notice({"1": 2}), [an_item(1, 3) | item], **order)


def test_a_line_the_order_does_not_have_is_named():
    with pytest.raises(InvalidData, match="lines that the order does not have in Magento: 99"):
        planned(a_notice({"99": 1}), [an_item()])


@pytest.mark.parametrize("units", [{}, {"1": 0}])
def test_a_shipment_of_nothing_is_refused(units):
    with pytest.raises(InvalidData):
        planned(a_notice(units), [an_item()])


def test_the_source_stands_below_arguments():
    notice = a_notice({"1": 1})
    made = planned(notice, [an_item()])

    body = ship_body(notice, made, notify=False, source="east")

    assert body == {
        "items": [{"order_item_id": 1, "qty": 1}],
        "notify": False,
        "tracks": [{"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}],
        "arguments": {"extension_attributes": {"source_code": "east"}},
    }
    assert "arguments" not in ship_body(notice, made, notify=True, source="")


@pytest.mark.parametrize(
    ("carrier", "expected"),
    [
        ("UPS", ("ups", "UPS")),
        ("fedex ground", ("fedex", "FedEx")),
        ("DHL", ("dhl", "DHL Express")),
        ("Royal Mail", ("custom", "Royal Mail")),
        ("Joe's Vans", ("custom", "Joe's Vans")),
        (None, ("custom", "Shipment")),
    ],
)
def test_a_carrier_magento_does_not_know_is_custom_with_its_name(carrier, expected):
    assert carrier_of(carrier) == expected
