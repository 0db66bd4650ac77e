"""Names in lists that fit into addresses."""

from urllib.parse import quote

from crossdock.connectors.kit.batches import batches


def test_a_list_is_never_longer_than_told_commas_included():
    found = list(batches(["AAA", "BBB", "CCC", "D"], characters=7))

    assert found == [["AAA", "BBB"], ["CCC", "D"]]
    assert all(len(",".join(batch)) <= 7 for batch in found)


def test_a_list_has_never_more_names_than_told():
    assert list(batches(["A", "B", "C", "D", "E"], characters=100, most=2)) == [["A", "B"], ["C", "D"], ["E"]]


def test_a_name_that_is_too_long_stands_alone():
    assert list(batches(["A", "B" * 20, "C"], characters=7)) == [["A"], ["B" * 20], ["C"]]


def test_what_is_encoded_takes_its_encoded_length():
    found = list(batches(["Ü", "Ö", "A"], characters=8, length=lambda name: len(quote(name, safe=""))))

    assert found == [["Ü"], ["Ö", "A"]]


def test_no_names_make_no_list():
    assert list(batches([], characters=7)) == []
