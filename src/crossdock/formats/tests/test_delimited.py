"""Delimited text, read and written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.formats.delimited import (
    BadRow,
    Reader,
    Row,
    TooManyFaults,
    Unwritable,
    for_machines,
    for_people,
    parse,
    undo_for_people,
)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
ROWS = st.lists(st.lists(TEXT | st.sampled_from(['"', '""', ",", "\r\n", "\n", "\r", ""]), min_size=1, max_size=5), max_size=6)


def fields(content: bytes, **options: str) -> list[tuple[str, ...]]:
    return [row.fields for row in parse(content, **options) if isinstance(row, Row)]


def bad(content: bytes, **options: str) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in parse(content, **options) if isinstance(row, BadRow)]


@given(rows=ROWS, newline=st.sampled_from(["\r\n", "\n", "\r"]), delimiter=st.sampled_from([",", ";", "\t", "|"]))
@settings(deadline=None)
def test_what_machines_write_is_read_back_as_it_was(rows, newline, delimiter):
    content = for_machines(rows, newline=newline, delimiter=delimiter)

    assert fields(content, delimiter=delimiter) == [tuple(row) for row in rows]


@given(rows=ROWS, cuts=st.lists(st.integers(0, 200), max_size=8))
@settings(deadline=None)
def test_where_the_pieces_are_cut_changes_nothing(rows, cuts):
    content = for_machines(rows)
    reader, found, last = Reader(), [], 0
    for cut in sorted({min(cut, len(content)) for cut in cuts}):
        found += list(reader.feed(content[last:cut]))
        last = cut
    found += [*reader.feed(content[last:]), *reader.close()]

    assert found == list(parse(content))


@given(content=st.binary(max_size=200) | st.text('",\r\na', max_size=60).map(str.encode))
@settings(deadline=None)
def test_no_bytes_make_reading_fail_or_lose_its_line_count(content):
    rows = list(parse(content))

    lines = 1 + content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    assert all(1 <= row.line <= lines for row in rows)


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_a_line_break_inside_quotes_counts_as_a_line(newline):
    content = newline.join(['a,"first', 'second"', "b,2", ""]).encode()

    assert [(row.line, row.fields) for row in parse(content)] == [(1, ("a", f"first{newline}second")), (3, ("b", "2"))]


def test_a_byte_order_mark_is_no_part_of_the_first_field():
    assert fields(b"\xef\xbb\xbfsku,available\r\n") == [("sku", "available")]


def test_empty_lines_are_passed_over_and_counted():
    assert [(row.line, row.fields) for row in parse(b"a\n\n\nb\n")] == [(1, ("a",)), (4, ("b",))]


def test_a_row_in_the_wrong_encoding_is_reported_and_the_others_are_read():
    content = b"a\nK\xf6ln\nb\n"

    assert fields(content) == [("a",), ("b",)]
    assert bad(content) == [(2, "Byte 0xf6 is not UTF-8; set the encoding the file has.")]
    assert fields(content, encoding="cp1252") == [("a",), ("Köln",), ("b",)]


def test_a_row_with_nul_is_reported():
    assert bad(b"a\nb\0\nc\n") == [(2, "It holds a NUL character.")]


def test_a_quote_never_closed_costs_its_own_row_only():
    content = b'a,1\n"b,2\nc,3\nd,4\n'

    assert fields(content) == [("a", "1"), ("c", "3"), ("d", "4")]
    assert bad(content) == [(2, "The row cannot be read: its quotes are not closed.")]


def test_text_after_a_closing_quote_costs_its_own_row_only():
    content = b'a,1\n"b"x,2\nc,3\n'

    assert fields(content) == [("a", "1"), ("c", "3")]
    assert bad(content) == [(2, "The row cannot be read: text follows a closing quote.")]


def test_a_quote_inside_an_unquoted_field_is_a_quote():
    assert fields(b'PIPE-5,5" pipe\n') == [("PIPE-5", '5" pipe')]


def test_a_row_beyond_the_limit_is_reported_and_the_next_one_is_read():
    reader = Reader()
    pieces = [b"a\n", *[b"x" * 65_536] * 40, b"\nb\n"]

    rows = [row for piece in pieces for row in reader.feed(piece)] + list(reader.close())

    assert [(row.line, type(row).__name__) for row in rows] == [(1, "Row"), (2, "BadRow"), (3, "Row")]


def test_quotes_broken_all_over_end_the_reading():
    with pytest.raises(TooManyFaults):
        list(parse(b'x","' + b"y" * 2_000 + b"\n" + b'x","\n' * 6_000))


def test_an_open_last_line_is_known():
    whole, cut = Reader(), Reader()
    for reader, content in ((whole, b"a\nb\n"), (cut, b"a\nb")):
        assert [row.fields for row in [*reader.feed(content), *reader.close()]] == [("a",), ("b",)]

    assert (whole.ends_open, cut.ends_open) == (False, True)


def test_what_the_encoding_lacks_is_refused_with_its_place():
    with pytest.raises(Unwritable) as refused:
        for_machines([["ok", "smile ☺"]], encoding="cp1252")

    assert (refused.value.field, refused.value.character) == (1, "☺")


def test_nul_is_never_written():
    with pytest.raises(Unwritable):
        for_machines([["a\0"]])


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", ' "=1', "a;=1", "a,=1", "a\t=1"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless_and_comes_back(cell):
    (row,) = parse(for_people([[cell, "2"]]))

    assert row.fields[0] == f"'{cell}"
    assert undo_for_people(row.fields[0]) == cell


@given(cell=TEXT)
@settings(deadline=None)
def test_every_cell_made_for_people_comes_back(cell):
    (row,) = parse(for_people([["x", cell]]))

    assert undo_for_people(row.fields[1]) == cell


def test_typed_numbers_stay_numbers_for_people():
    assert for_people([[-3, 1.5, "plain"]]) == b'\xef\xbb\xbf"-3","1.5","plain"\r\n'


def test_nul_as_a_cell_does_not_reach_people():
    assert for_people([["=\0cmd"]]).endswith(b'"\'=cmd"\r\n')
