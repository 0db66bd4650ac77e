"""Personal data are hidden when an exchange is read: by field, by column, and wherever what is known of the shopper stands."""

import json

import pytest

from crossdock.activity.masking import HIDDEN, masked, with_records
from crossdock.activity.services import envelope

ORDER = {
    "order": {
        "id": 9,
        "name": "#1042",
        "email": "ada@example.com",
        "total": "12.50",
        "shipping_address": {
            "first_name": "Ada", "lastName": "Marsh", "name": "Ada Marsh", "company": "Marsh & Co", "address1": "114 Riverside Drive",
            "city": "Reno", "zip": "89501", "country_code": "US", "phone": "+1 555 010 4477",
        },
        "line_items": [{"name": "Espresso cup", "sku": "CUP-1", "quantity": 2}],
    }
}  # fmt: skip


def test_fields_of_a_person_are_hidden_and_everything_else_is_as_it_was():
    read = json.loads(masked(json.dumps(ORDER).encode()))["order"]

    address = read["shipping_address"]
    assert {address[key] for key in ("first_name", "lastName", "name", "company", "address1", "zip", "phone")} == {HIDDEN}
    assert read["email"] == HIDDEN
    assert (read["name"], read["total"], read["line_items"]) == ("#1042", "12.50", ORDER["order"]["line_items"])
    assert (address["city"], address["country_code"]) == ("Reno", "US")


def test_a_products_name_stays_and_a_customers_goes():
    said = {"customer": {"name": "Ada", "id": 3}, "product": {"name": "Cup"}, "shipTo": {"name": "Ada", "lines": ["x", "y"]}}

    read = json.loads(masked(json.dumps(said).encode()))

    assert read["customer"] == {"name": HIDDEN, "id": 3}
    assert read["product"] == {"name": "Cup"}
    assert read["shipTo"] == {"name": HIDDEN, "lines": [HIDDEN, HIDDEN]}


def test_empty_values_stay_empty_since_that_is_what_disputes_are_about():
    read = json.loads(masked(b'{"address1": "", "address2": null, "zip": "89501", "city": "Reno"}'))

    assert read == {"address1": "", "address2": None, "zip": HIDDEN, "city": "Reno"}


def test_a_document_inside_a_text_is_masked_too():
    body = json.dumps({"variables": json.dumps({"email": "ada@example.com", "qty": 1})})

    assert json.loads(json.loads(masked(body.encode()))["variables"]) == {"email": HIDDEN, "qty": 1}


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_columns_of_a_person_are_hidden_in_a_table(sep):
    rows = [
        ["order_number", "ship_to_name", "ship_to_address1", "ship_to_city", "customer_email", "item_name", "sku"],
        ["1042", '"Marsh, Ada"', "114 Riverside Drive", "Reno", "ada@example.com", "Cup", "CUP-1"],
    ]
    read = masked("\r\n".join(sep.join(row) for row in rows).encode() + b"\r\n")

    assert read == f"{sep.join(rows[0])}\r\n" + sep.join(["1042", HIDDEN, HIDDEN, "Reno", HIDDEN, "Cup", "CUP-1"]) + "\r\n"


def test_what_is_known_of_the_shopper_is_hidden_wherever_it_stands():
    text = "<Order><Ref>1042</Ref><To>ADA MARSH</To><Memo>call ada marsh at 555-010-4477</Memo></Order>"

    read = masked(text.encode(), {"Ada Marsh", "555-010-4477", "US"})

    assert read == f"<Order><Ref>1042</Ref><To>{HIDDEN}</To><Memo>call {HIDDEN} at {HIDDEN}</Memo></Order>"


def test_the_longest_known_value_wins_and_short_ones_hide_nothing():
    assert masked(b"Ada Marsh-Jones lives in NV", {"Ada Marsh", "Ada Marsh-Jones", "NV"}) == f"{HIDDEN} lives in NV"


@pytest.mark.parametrize("body", [b"", b"{", b"[1, 2", b"\xff\xfe\x00", b"{" * 100_000, b"a,b\n", b"plain words"])
def test_what_is_no_document_is_shown_as_it_is(body):
    assert isinstance(masked(body), str)


def test_pointers_are_put_back_for_the_records_that_are_given_and_stay_for_others():
    raws = [("9", b'{"id":9}'), ("10", b'{"id":10}')]
    page = b'{"orders":[{"id":9},{"id":10}]}'
    kept = envelope(page, raws)

    assert with_records(kept, dict(raws)) == page
    assert with_records(kept, {"9": b'{"id":9}'}) == b'{"orders":[{"id":9},{"$record": "10"}]}'


@pytest.mark.parametrize(
    ("page", "raws", "kept"),
    [
        pytest.param(b"[1,1]", [("a", b"1"), ("b", b"1")], b'[{"$record": "a"},{"$record": "b"}]', id="two that say the same"),
        pytest.param(b"[1,2]", [("b", b"2"), ("a", b"1")], b'[{"$record": "a"},{"$record": "b"}]', id="in another order"),
        pytest.param(b"[1]", [("a", b"1"), ("b", b"1")], b'[{"$record": "a"}]', id="one that stands there once"),
        pytest.param(b"[[1]]", [("a", b"[1]"), ("b", b"1")], b'[{"$record": "a"}]', id="one within another"),
        pytest.param(b"[1]", [("a", b"2"), ("b", b"")], b"[1]", id="not there, or empty"),
    ],
)
def test_each_record_of_a_page_is_one_pointer(page, raws, kept):
    assert envelope(page, raws) == kept
