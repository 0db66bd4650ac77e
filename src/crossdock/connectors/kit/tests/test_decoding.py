"""What is taken from outside, and how much of it."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossdock.connectors.kit.bounds import ORDER_ATTRIBUTES, ORDER_LINES, TEXT_CHARACTERS
from crossdock.connectors.kit.decoding import amount, decode, within_bounds
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.http import Answer
from crossdock.domain.orders import Order, OrderLine

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


def a_line(**more):
    return OrderLine(**{"external_id": "1", "sku": "A", "name": "A", "ordered": Decimal(1), "to_ship": Decimal(1), **more})


def an_order(**more):
    given = {
        "external_id": "1",
        "number": "1",
        "placed_at": MOMENT,
        "updated_at": MOMENT,
        "currency": "USD",
        "lines": (a_line(),),
    }
    return Order(**{**given, **more})


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"", b"<html>", b'{"status": "x"}', b'{"a":"\xff"}'])
def test_what_cannot_be_decoded_is_invalid_data(body):
    with pytest.raises(InvalidData):
        decode(body, Answer, what="the answer")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1E+999999999", "1e-999999999", "1234567890123456789", "0.0000001", "x", ""])
def test_an_amount_beyond_bounds_is_invalid_data(text):
    with pytest.raises(InvalidData):
        amount(text, field="price")


@pytest.mark.parametrize("text", ["0", "-3.5", "20.0", "123456789012345678", "0.000001", "1.50000000"])
def test_an_ordinary_amount_is_exact(text):
    assert amount(text, field="price") == Decimal(text)


def test_a_value_of_the_wrong_kind_names_its_field():
    with pytest.raises(InvalidData) as caught:
        decode(b'{"status": 200, "headers": {}, "body": 7}', Answer, what="The answer")

    assert caught.value.field == "body"
    assert caught.value.message.startswith("The answer cannot be read: ")


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (an_order(lines=(a_line(),) * (ORDER_LINES + 1)), "lines"),
        (an_order(attributes={str(number): "" for number in range(ORDER_ATTRIBUTES + 1)}), "attributes"),
        (an_order(warehouse_note="x" * (TEXT_CHARACTERS + 1)), "order.warehouse_note"),
        (an_order(lines=(a_line(name="a\x00b"),)), "order.lines[0].name"),
    ],
)
def test_an_order_beyond_bounds_is_refused_by_field(order, field):
    raw = json.dumps(order.warehouse_note or order.lines[0].name).encode()

    with pytest.raises(InvalidData) as caught:
        within_bounds(order, raw)

    assert caught.value.field == field


def test_an_ordinary_order_is_within_bounds():
    order = an_order(warehouse_note="Läuft ☕")

    assert within_bounds(order, b'"\\u0000 stands in a part that is not read"') is order
