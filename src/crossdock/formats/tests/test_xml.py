"""XML from outside: records as trees, nothing expanded, nothing without bound, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.formats.xml import BadXml, elements, outline, render

ORDERS = """<?xml version="1.0" encoding="UTF-8"?>
<x:Orders xmlns:x="urn:x">
  <x:Order id="7"><Number>1001</Number><Line sku="A">2</Line><Line sku="B">1</Line><Note/></x:Order>
  <x:Order id="8"><Number>1002 &amp; ü</Number></x:Order>
</x:Orders>
"""


def test_elements_come_as_trees_with_their_lines_and_bytes():
    first, second = elements(ORDERS.encode(), ("Orders", "Order"))

    assert first.tree == {
        "@id": "7",
        "Number": "1001",
        "Line": [{"@sku": "A", "#text": "2"}, {"@sku": "B", "#text": "1"}],
        "Note": "",
    }
    assert (first.line, second.line) == (3, 4)
    assert first.raw.startswith(b'<x:Order id="7">')
    assert first.raw.endswith(b"</x:Order>")
    assert second.tree == {"@id": "8", "Number": "1002 & ü"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_other_encodings_are_read(encoding):
    declared = "latin-1" if encoding == "latin-1" else encoding.removesuffix("-sig")
    text = ORDERS.replace("UTF-8", declared.upper())

    found = list(elements(text.encode(encoding), ("Orders", "Order")))

    assert [one.tree["Number"] for one in found] == ["1001", "1002 & ü"]
    assert all(one.raw.startswith(b"<x:Order") and one.raw.endswith(b"</x:Order>") for one in found)


def test_the_outline_says_what_repeats():
    assert outline(ORDERS.encode()) == [(("Orders",), 1), (("Orders", "Order"), 2)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>', "DOCTYPE"),
        ("<a><b></a>", "mismatched"),
        ("<a>&nothing;</a>", "undefined"),
        ("<a>" * 65 + "</a>" * 65, "nested"),
        ("", "no element"),
        ('<?xml version="1.0" encoding="no-such"?><a/>', "encoding"),
    ],
)
def test_what_is_not_taken_says_why(text, reason):
    with pytest.raises(BadXml, match=reason):
        list(elements(text.encode(), ("a",)))


def test_what_was_whole_before_a_fault_is_given():
    seen = []

    with pytest.raises(BadXml) as fault:
        seen += (one.tree for one in _kept(seen, b"<o><r><n>1</n></r>\n<r><n>2</r></o>"))

    assert seen == [{"n": "1"}]
    assert fault.value.line == 2


def _kept(seen, content):
    for one in elements(content, ("o", "r")):
        seen.append(one.tree)
        yield from ()


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20).map(str.strip)
TREES = st.recursive(TEXTS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4), max_leaves=12)


@given(TREES)
def test_what_is_rendered_reads_back(tree):
    (found,) = elements(render("root", tree), ("root",))

    assert found.tree == tree


def test_what_xml_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="cannot stand"):
        render("root", "\x01")
