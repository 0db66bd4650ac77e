"""Every recorded payload through `crossdock read`: orders mean what their collector read in them, others are told apart."""

import json
from decimal import Decimal

import pytest

from crossdock.sandbox.read import understand

pytestmark = pytest.mark.needs_reference

OTHERS = {
    "metadata_0.json": "2 keys",
    "metadata_1.json": "2 websites",
    "metadata_2.json": "2 keys",
    "metadata_3.json": "2 store groups",
    "metadata_4.json": "1 key",
    "metadata_5.json": "2 store views",
    "metadata_6.json": "1 store configuration",
    "test_export_picking_complete_0.json": "1 bare value",
    "cassette_test_export_picking_complete.yaml": "1 bare value, 1 shipment request",
    "test_export_tracking_number_0.json": "1 tracking number",
    "doc_orders_order-create-shipment_0.json": "1 shipment request",
    "doc_inventory_create-shipment_0.json": "1 shipment request",
    "doc_inventory_create-shipment_1.json": "1 shipment request",
}


def test_every_file_of_the_index_is_understood(reference):
    folder = reference / "fixtures" / "magento"
    orders = 0
    for entry in json.loads((folder / "index.json").read_text())["entries"]:
        reading = understand("magento2", (folder / entry["file"]).read_bytes())
        assert reading.document["rejected"] == [], entry["file"]
        expect = entry["expect"]
        if not expect or "order_number" not in expect:
            assert (reading.document["orders"], reading.said) == ([], OTHERS[entry["file"]])
            continue
        orders += 1
        (order,) = reading.document["orders"]
        _compare(order, expect)
    assert orders == 2


def _compare(order, expect):
    assert order["number"] == expect["order_number"]
    assert order["external_id"] == str(expect["entity_id"])
    assert order["currency"] == expect["currency"]
    assert Decimal(order["grand_total"]) == Decimal(str(expect["grand_total"]))
    assert order["shipping_method"] == expect["shipping_description"]
    assert order["to_ship_units"] == int(expect["units_to_fulfil"])
    assert len(order["lines"]) == expect["order_lines_without_children"]
    for line, row in zip(order["lines"], expect["lines"], strict=True):
        assert (line["external_id"], line["sku"]) == (str(row["item_id"]), row["sku"])
        assert (line["ordered"], line["to_ship"]) == (int(row["qty_ordered"]), int(row["to_fulfil"]))
    to, place = order["ship_to"], expect["ship_to"]
    assert [to["name"], to["lines"], to["city"]] == [place["name"], place["street"], place["city"]]
    assert [to["region"], to["postal_code"], to["country"]] == [place["region"], place["postal"], place["country"]]


def test_lists_bodies_inside_exchanges_and_lines_of_orders_are_read_alike(reference):
    folder = reference / "fixtures" / "magento"
    one, two = ((folder / f"import_sale_order_{number}_0.json").read_text() for number in (11, 16))
    exchange = json.dumps({"request": {"uri": "/rest/V1/orders"}, "response": {"body": {"string": one}}})
    event = json.dumps({"event": {"data": {"value": json.loads(two)}}})
    forms = {
        f'{{"items": [{one}, {two}], "total_count": 2}}': ["000000014", "000000019"],
        f"[{one}, {two}]": ["000000014", "000000019"],
        f"{one}\n{two}\n": ["000000014", "000000019"],
        exchange: ["000000014"],
        event: ["000000019"],
    }

    for content, numbers in forms.items():
        reading = understand("magento2", content.encode())

        assert [order["number"] for order in reading.document["orders"]] == numbers
