"""What BigCommerce publishes as examples, read as `crossdock read` reads it."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.sandbox.read import Unreadable, understand

pytestmark = pytest.mark.needs_reference

NO_ORDERS = {
    "v2_orderProductLineItem_Resp_Product.json": "1 order line",
    "v2_orderShipment_Resp_application_json.json": "1 shipment",
    "v2_orderShippingAddress_Resp_response.json": "1 shipping address",
    "v2_ordersCount_Resp_response.json": "1 count of orders by status",
    "v2_put_orders_order_id_shipping_addresses_id_404_response.json": "1 error",
    "webhook_store_order_created.json": "1 message of a webhook",
    "webhook_store_order_statusUpdated.json": "1 message of a webhook",
    "webhooks_v3_webhook_Resp_application_json.json": "1 webhook",
}


@pytest.fixture
def folder(reference):
    return reference / "fixtures" / "bigcommerce"


def entries(folder: Path):
    return json.loads((folder / "index.json").read_text())["entries"]


def test_every_published_example_is_told_for_what_it_is(folder):
    for entry in entries(folder):
        name, expect = entry["file"], entry["expect"]
        reading = understand("bigcommerce", (folder / name).read_bytes())

        assert reading.document["rejected"] == [], name
        if not (isinstance(expect, dict) and "order_number" in expect):
            assert reading.document["orders"] == [], name
            assert reading.said == NO_ORDERS.get(name, "1 error"), name
            continue
        (order,) = reading.document["orders"]
        assert order["number"] == expect["order_number"], name
        assert order["currency"] == expect["currency"], name
        assert Decimal(order["grand_total"]) == Decimal(expect["grand_total_inc_tax"]), name
        # The example has links to lines and addresses, and nothing of them is made up.
        assert (order["lines"], order["to_ship_units"], order["ship_to"]) == (None, None, None), name


def test_an_order_with_the_answers_about_it_is_read_whole(folder):
    order = json.loads((folder / "v2_order_Resp_Response.json").read_text())
    line = json.loads((folder / "v2_orderProductLineItem_Resp_Product.json").read_text())
    place = json.loads((folder / "v2_orderShippingAddress_Resp_response.json").read_text())
    line |= {"order_id": order["id"], "order_address_id": place["id"]}
    place["order_id"] = order["id"]
    recorded = [
        {"request": {"url": "/v2/orders"}, "response": {"status": 200, "body": json.dumps([order])}},
        {"request": {"url": "/v2/orders/218/products"}, "response": {"status": 200, "body": json.dumps([line])}},
        {"request": {"url": "/v2/orders/218/shipping_addresses"}, "response": {"status": 200, "body": [place]}},
    ]

    reading = understand("bigcommerce", json.dumps(recorded).encode())

    (found,) = reading.document["orders"]
    assert reading.said == "1 order"
    assert [(one["external_id"], one["sku"], one["to_ship"]) for one in found["lines"]] == [("116", "DUST1", 1)]
    assert found["to_ship_units"] == 1
    assert (found["ship_to"]["name"], found["ship_to"]["city"], found["ship_to"]["region"]) == ("Jane Doe", "Austin", "TX")
    assert found["shipping_method"] == "Fixed Shipping"


def test_messages_beside_the_documents_are_told_for_what_they_are(reference):
    samples = [
        path for path in (reference / "specs" / "bigcommerce" / "webhook-callback-samples").glob("*.json") if path.stat().st_size
    ]
    assert len(samples) > 15
    for path in samples:
        assert understand("bigcommerce", path.read_bytes()).said == "1 message of a webhook", path.name


@pytest.mark.parametrize("content", [b"<html>", b"\xff\xfe", b'{"a": 1}', b"", b"[" * 100_000])
def test_what_is_nothing_of_bigcommerce_is_refused_in_one_line(content):
    with pytest.raises(Unreadable) as caught:
        understand("bigcommerce", content)

    assert "\n" not in str(caught.value)
