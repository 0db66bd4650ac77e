"""Real payloads, as others recorded them: each order means what its collector read in it, everything else is told apart."""

import json
from decimal import Decimal

import pytest

from crossdock.connectors.kit.simulator import Unreadable
from crossdock.sandbox.read import understand

pytestmark = pytest.mark.needs_reference

SAID = {
    "cassette_Client__login_when_login_succeeds_1_1_1_1.yml": "an exchange without orders",
    "cassette_SalesOrder__find_all_returns_array_of_resources.yml": "1 sales order",
    "SalesOrder__find_all_returns_array_of_resources_1.json": "1 sales order",
    "StockItem__find_all_returns_array_of_resources_1.json": "1 stock item",
    "official_I320_REST.postman_collection.json": "an exchange without orders",
}


def entries(reference):
    folder = reference / "fixtures" / "acumatica"
    return [(folder / entry["file"], entry["expect"]) for entry in json.loads((folder / "index.json").read_text())["entries"]]


@pytest.fixture(scope="module")
def readings(reference):
    return {path.name: (understand("acumatica", path.read_bytes()), expect) for path, expect in entries(reference)}


def test_every_file_is_told_for_what_it_is(readings):
    assert {name: reading.said for name, (reading, _) in readings.items()} == SAID


def test_every_order_agrees_with_what_its_collector_read_in_it(readings):
    checked = 0
    for name, (reading, expect) in readings.items():
        for order, wanted in zip(reading.document["orders"], expect or [], strict=expect is not None):
            assert reading.document["rejected"] == [], name
            assert order["number"] == wanted["order_number"]
            assert order["currency"] == wanted["currency"]
            assert Decimal(order["grand_total"]) == Decimal(str(wanted["order_total"]))
            assert order["lines"] == wanted["lines"]
            assert order["to_ship_units"] == wanted["ordered_qty"]
            assert order["shipping_method"] == wanted["ship_via"]
            assert order["ship_to"] is None
            checked += 1
    assert checked == 1


def test_the_recorded_exchange_has_the_same_order_as_the_answer_alone(readings):
    alone, _ = readings["SalesOrder__find_all_returns_array_of_resources_1.json"]
    recorded, _ = readings["cassette_SalesOrder__find_all_returns_array_of_resources.yml"]

    assert recorded.document["orders"] == alone.document["orders"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"name": "somebody"}', b"an ordinary text", b"\xff\xfe\x00"])
def test_what_is_not_acumaticas_is_said_in_one_line(content):
    with pytest.raises(Unreadable) as caught:
        understand("acumatica", content)

    assert "\n" not in str(caught.value)
