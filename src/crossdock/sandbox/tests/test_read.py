"""How payloads are understood: as an import would, with every key present."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from crossdock.connectors.kit.simulator import Unreadable
from crossdock.sandbox.read import read, understand
from crossdock.sandbox.simulators import every_simulator

KEYS = {
    "number",
    "external_id",
    "placed_at",
    "currency",
    "grand_total",
    "shipping_method",
    "ship_to",
    "lines",
    "to_ship_units",
    "left_out",
}


def a_rest_order(**changes: Any) -> dict[str, Any]:
    return {
        "id": 4400000001,
        "name": "#77",
        "order_number": 77,
        "created_at": "2026-05-01T10:00:00+02:00",
        "updated_at": "2026-05-01T10:00:00+02:00",
        "currency": "EUR",
        "total_price": "31.50",
        "financial_status": "paid",
        "line_items": [
            {
                "id": 1,
                "sku": "MUG",
                "name": "Mug",
                "quantity": 3,
                "fulfillable_quantity": 2,
                "price": "9.50",
                "requires_shipping": True,
            },
            {"id": 2, "sku": "PDF", "name": "Guide", "quantity": 1, "price": "3.00", "requires_shipping": False},
        ],
        "shipping_address": {"name": "Kim Example", "address1": "Quay 1", "city": "Gent", "zip": "9000", "country_code": "BE"},
        "shipping_lines": [{"title": "Express", "price": "0.00"}],
    } | changes


def test_a_rest_export_is_read_as_an_import_would_see_it() -> None:
    code, document = read("shopify", json.dumps({"order": a_rest_order()}).encode())

    order = document["orders"][0]
    assert code == 0
    assert set(order) == KEYS
    assert (order["number"], order["external_id"], order["placed_at"]) == ("#77", "4400000001", "2026-05-01T08:00:00Z")
    assert (order["currency"], order["grand_total"], order["shipping_method"]) == ("EUR", "31.50", "Express")
    assert order["to_ship_units"] == 2
    assert order["lines"][0] == {
        "external_id": "1",
        "sku": "MUG",
        "name": "Mug",
        "ordered": 3,
        "to_ship": 2,
        "unit_price": "9.50",
    }
    assert [part["why"] for part in order["left_out"]] == ["refunded or removed", "needs no shipping"] or len(
        order["left_out"]
    ) == 2
    assert order["ship_to"]["country"] == "BE"
    assert order["ship_to"]["email"] is None


@pytest.mark.parametrize(
    "wrap",
    [
        lambda order: json.dumps(order),
        lambda order: json.dumps({"order": order}),
        lambda order: json.dumps({"orders": [order]}),
        lambda order: json.dumps([order]),
        lambda order: json.dumps(order) + "\n" + json.dumps(order | {"id": 4400000002, "name": "#78"}),
    ],
    ids=["webhook body", "single", "list", "bare list", "JSON lines"],
)
def test_every_wrapping_is_understood(wrap: Any) -> None:
    code, document = read("shopify", wrap(a_rest_order()).encode())

    assert code == 0
    assert document["orders"][0]["number"] == "#77"


def test_gzip_is_understood() -> None:
    code, document = read("shopify", gzip.compress(json.dumps(a_rest_order()).encode()))

    assert (code, len(document["orders"])) == (0, 1)


def test_one_bad_order_is_rejected_and_the_others_are_read() -> None:
    bad = a_rest_order(id=4400000009, total_price="much")

    code, document = read("shopify", json.dumps([a_rest_order(), bad]).encode())

    assert code == 1
    assert [order["external_id"] for order in document["orders"]] == ["4400000001"]
    assert document["rejected"] == [
        {"external_id": "4400000009", "field": "total_price", "reason": "total_price is no amount: 'much'."}
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"line_items": [None]}, "line_items[0]"),
        ({"tags": 5}, "tags"),
        ({"shipping_address": {"city": ["Gent"]}}, "shipping_address.city"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"refunds": [{"refund_line_items": 5}]}, "refunds[0].refund_line_items"),
    ],
)
def test_a_part_of_another_kind_is_named(change: dict[str, Any], field: str) -> None:
    code, document = read("shopify", json.dumps([a_rest_order(), a_rest_order(id=4400000009, **change)]).encode())

    assert code == 1
    assert len(document["orders"]) == 1
    assert document["rejected"][0]["external_id"] == "4400000009"
    assert document["rejected"][0]["field"] == field


def test_a_bulk_result_in_json_lines_is_put_together() -> None:
    lines = [
        {"id": "gid://shopify/Order/9", "name": "#9", "createdAt": "2026-05-01T08:00:00Z", "updatedAt": "2026-05-01T08:00:00Z"},
        {"id": "gid://shopify/LineItem/1", "sku": "MUG", "name": "Mug", "quantity": 2, "__parentId": "gid://shopify/Order/9"},
    ]

    _, document = read("shopify", "\n".join(map(json.dumps, lines)).encode())

    assert document["orders"][0]["to_ship_units"] == 2
    assert document["orders"][0]["grand_total"] is None


@pytest.mark.parametrize("content", [b"", b"not json", b'{"cats": 3}', b"\x1f\x8bxx", b'{"a": 1}\n{"b": '])
def test_what_is_no_payload_is_unreadable_in_one_line(content: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read("shopify", content)

    assert "\n" not in str(caught.value)


def test_an_unknown_platform_is_named_with_those_there_are() -> None:
    with pytest.raises(Unreadable, match="shopify"):
        read("nowhere", b"{}")


def test_two_states_of_one_order_are_two_entries_and_two_views_are_one() -> None:
    def state(**more: Any) -> dict[str, Any]:
        return {"data": {"order": {"id": "gid://shopify/Order/5", "name": "#5", **more}}}

    exchange = [state(closed=False), state(closed=False, email="kim@example.com"), state(closed=True)]

    _, document = read("shopify", json.dumps(exchange).encode())

    assert [order["number"] for order in document["orders"]] == ["#5", "#5"]


def _entries(reference: Path) -> list[dict[str, Any]]:
    return json.loads((reference / "fixtures/shopify/index.json").read_text())["entries"]


@pytest.mark.needs_reference
def test_every_real_payload_is_understood(reference: Path) -> None:
    for entry in _entries(reference):
        reading = understand("shopify", (reference / "fixtures/shopify" / entry["file"]).read_bytes())

        assert reading.code == 0, entry["file"]
        assert reading.document["rejected"] == []
        assert all(set(order) == KEYS for order in reading.document["orders"])


@pytest.mark.needs_reference
def test_real_orders_come_out_as_their_index_says(reference: Path) -> None:
    checked = 0
    for entry in _entries(reference):
        wanted = entry["expect"]
        if not isinstance(wanted, dict):
            continue
        _, document = read("shopify", (reference / "fixtures/shopify" / entry["file"]).read_bytes())
        order = document["orders"][0]
        to = order["ship_to"]
        shown = to and {
            "name": to["name"],
            "city": to["city"],
            "province": to["region"],
            "postal": to["postal_code"],
            "country": to["country"],
        }
        ship = wanted["to_fulfil"] if isinstance(wanted["to_fulfil"], list) else None
        lines = [line for line in order["lines"] if line["to_ship"]]
        assert (order["number"], order["currency"], order["grand_total"]) == (
            wanted["order_number"],
            wanted["currency"],
            wanted["grand_total"],
        ), entry["file"]
        assert shown == wanted["ship_to"], entry["file"]
        assert order["shipping_method"] == next(iter(wanted["shipping_methods"]), None)
        assert sum(line["ordered"] for line in order["lines"]) == wanted["units_ordered"]
        assert order["to_ship_units"] == wanted.get("units_to_fulfil", wanted["shippable_units_ordered"]), entry["file"]
        if ship is not None:
            assert [(int(line["external_id"]), line["sku"] or "", line["to_ship"]) for line in lines] == [
                (one["line_id"], one["sku"] or "", one["qty"]) for one in ship
            ]
        checked += 1
    assert checked == 9


@pytest.mark.needs_reference
def test_every_recorded_state_of_an_order_is_an_entry(reference: Path) -> None:
    for entry in _entries(reference):
        if not isinstance(entry["expect"], list) or "at" not in entry["expect"][0]:
            continue
        _, document = read("shopify", (reference / "fixtures/shopify" / entry["file"]).read_bytes())
        found = {(order["external_id"], order["number"]) for order in document["orders"]}
        for state in entry["expect"]:
            number = state["id"].rpartition("/")[2]
            assert any(key == number and state["order_number"] in (None, name) for key, name in found), entry["file"]


@pytest.mark.parametrize("platform", [key for key, one in every_simulator().items() if one.take is not None])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><title>502</title>", "web page"),
        (b"<html>", "web page"),
    ],
)
def test_an_empty_file_and_a_web_page_are_called_that_for_every_platform(platform, content, said):
    with pytest.raises(Unreadable, match=said):
        read(platform, content)
