"""Files that are made to hurt, or to hurt by mistake: each is answered with a sentence, soon, and holds up no other order."""

from datetime import UTC, datetime

import pytest

from crossdock.connectors.filestore.mapping import identified
from crossdock.connectors.filestore.preview import preview_of
from crossdock.connectors.filestore.records import MOST_COLUMNS, MOST_ROWS
from crossdock.connectors.filestore.settings import Reading
from crossdock.connectors.filestore.tests.understanding import orders_of

AT = datetime(2026, 2, 5, 12, tzinfo=UTC)


def understood(content: bytes, name: str = "orders.csv", **settings):
    return orders_of(name, content, Reading(**settings), AT)


@pytest.mark.parametrize("header", ['"a\nb"', '"a\u2028b"', "a`b", "`", '"a""b"', "a|b=c"])
def test_columns_that_no_mapping_can_spell_are_shown_all_the_same(header):
    shown = preview_of({}, f"{header},c\n1,2\n".encode(), "sample.csv")

    assert "No column is the order number" in shown.problems[0].reason


def test_a_column_with_a_line_break_can_be_mapped_by_what_is_shown_for_it():
    sample = b'"Web\nshop no",SKU,Qty\n1,MUG,1\n'
    (column, *_) = preview_of({"mapping": "number = Web shop no"}, sample, "sample.csv").columns

    assert preview_of({"mapping": f"number = {column.source}", "currency": "USD"}, sample, "sample.csv").count == 1


def test_a_date_pattern_that_names_a_part_twice_is_refused():
    shown = preview_of({"date_pattern": "%d %d"}, b"Order,SKU,Qty\n1,MUG,1\n", "sample.csv")

    assert "does not hold a date" in shown.faults["date_pattern"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_pasted_sample_in_another_encoding_than_the_set_one_says_so(encoding):
    shown = preview_of({"encoding": encoding}, b"Order,SKU,Qty\n1,MUG,\x81\x8d\n1", "sample")

    assert "set the encoding it has" in shown.problems[0].reason


def test_a_path_with_a_number_of_thousands_of_digits_leads_nowhere():
    tree = b'{"number": "1", "x": {"b[' + b"9" * 5000 + b']": 1}, "items": [{"sku": "MUG", "qty": 1}]}'

    assert len(preview_of({"currency": "USD"}, tree, "sample.json").orders) == 1


def test_a_whole_file_that_is_mapped_to_one_order_is_refused_at_once():
    rows = b"".join(b"Acme,SKU%d,1\n" % number for number in range(40_000))

    found = understood(b"Shop,SKU,Qty\n" + rows, mapping="number = Shop")

    assert "40,000 lines; at most 2,000" in found.rejected[0].reason


def test_a_text_that_nothing_can_store_refuses_its_own_order_alone():
    found = understood(
        b'[{"number": 1, "note": "a\\u0000b", "items": [{"sku": "A", "qty": 1}]}, {"number": 2, "items": [{"sku": "A", "qty": 1}]}]',
        "orders.json",
    )

    assert [order.number for order in found.orders] == ["2"]
    assert "NUL" in found.rejected[0].reason


def test_a_header_of_a_million_delimiters_is_refused_at_once():
    found = understood(b"," * 1_000_000 + b"\n1,2\n")

    assert f"at most {MOST_COLUMNS:,} are taken" in found.rejected[0].reason


def test_columns_of_the_same_name_are_told_apart():
    shown = preview_of({}, b"Order,SKU,Qty,Price,Price (2),Price,,\n1,MUG,1,1,2,3,x,y\n", "sample.csv")

    assert [one.path for one in shown.columns][3:] == ["Price", "Price (2)", "Price (3)", "column 7", "column 8"]


@pytest.mark.parametrize("number", ['"1\\u0000"', '"' + "9" * 251 + '"'])
def test_an_id_that_no_index_can_hold_is_refused_before_it_is_looked_up(number):
    found = understood(
        b'[{"number": %s, "items": [{"sku": "MUG", "qty": 1}]}, {"number": "2", "items": [{"sku": "MUG", "qty": 1}]}]'
        % number.encode(),
        name="orders.json",
    )

    assert [order.external_id for order in found.orders] == ["2"]
    assert [(bad.external_id, bad.field) for bad in found.rejected] == [(None, "number")]


def test_a_file_of_more_lines_than_are_held_at_once_is_refused_as_a_whole():
    found = understood(b"Order,SKU,Qty\n" + b"1\n" * (MOST_ROWS + 1))

    assert found.orders == ()
    assert [bad.reason for bad in found.rejected] == [f"The file has more than {MOST_ROWS:,} lines. Split it."]


def test_a_long_header_is_not_held_once_more_for_every_order():
    header = b"Order,SKU,Qty," + b",".join(b"c%d" % number for number in range(500)) + b"\n"

    known, _ = identified("orders.csv", header + b"1,MUG,1\n2,MUG,1\n", Reading())

    assert known[0].record.parts[0] is known[1].record.parts[0]
    assert known[1].record.raw == header + b"2,MUG,1\n"
