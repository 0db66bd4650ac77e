"""Which answers can be read without a shop."""

import json

import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.reading import recognize, understand
from crossdock.connectors.shopify.tests.examples import a_line, an_order


def as_bytes(value):
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "shape",
    [
        lambda order: {"data": {"orders": {"nodes": [order]}}},
        lambda order: {"data": {"order": order}},
        lambda order: [{"request": {}, "response": {"data": {"nodes": [order]}}}],
        lambda order: order,
    ],
)
def test_a_whole_order_is_found_wherever_it_stands(shape):
    nodes = recognize(as_bytes(shape(an_order())))

    assert [understand(node).number for node in nodes] == ["#1001"]


def test_json_lines_are_read_too():
    lines = b"\n".join(as_bytes(an_order(id=f"gid://shopify/Order/{number}", name=f"#{number}")) for number in (1, 2))

    assert [understand(node).number for node in recognize(lines)] == ["#1", "#2"]


def test_an_order_that_comes_twice_is_taken_as_last_changed():
    states = [an_order(updatedAt="2026-11-03T00:00:00Z", note="new"), an_order(updatedAt="2026-11-02T00:00:00Z", note="old")]

    (node,) = recognize(as_bytes(states))

    assert understand(node).warehouse_note == "new"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<xml/>",
        b"[]",
        b'{"order": {"id": 1}}',
        b"[" * 100_000,
        as_bytes({"data": {"order": {"id": "gid://shopify/Order/1", "name": "#1"}}}),
    ],
)
def test_what_says_too_little_is_left_to_the_simulator(content):
    assert recognize(content) is None


def test_a_first_page_is_not_taken_for_the_whole():
    order = an_order([a_line()])
    order["lineItems"]["pageInfo"] = {"hasNextPage": True, "endCursor": "x"}

    with pytest.raises(InvalidData, match="first page"):
        understand(as_bytes(order))


def test_no_setting_leaves_anything_out():
    (node,) = recognize(as_bytes(an_order(test=True, displayFinancialStatus="PENDING")))

    assert understand(node).not_imported is None
