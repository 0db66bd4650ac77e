"""Every kind that is told has a sentence, and every sentence stands on its own, whatever its parameters."""

import ast
import re
from pathlib import Path

import pytest

import crossdock
from crossdock.activity.sentences import SENTENCES, problems, said
from crossdock.ui.icons import known_icon

KIND = re.compile(r"(order|shipment|store|warehouse|connection)\.[a-z_]+")
SOURCES = [
    path for path in Path(crossdock.__file__).parent.rglob("*.py") if "tests" not in path.parts and path.name != "sentences.py"
]


def told_in(path):
    """Kinds named in a module that tells something: texts that look like one, but for what is audited or is an effect's kind."""
    tree = ast.parse(path.read_text())
    if not any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Told" for node in ast.walk(tree)):
        return set()
    others = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            others |= {id(word.value) for word in node.keywords if word.arg == "action"}
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "").endswith("_EFFECT") for target in node.targets):
            others.add(id(node.value))
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {node.value for node in texts if KIND.fullmatch(node.value) and id(node) not in others}


def test_every_kind_that_is_told_has_a_sentence_and_every_sentence_is_told():
    told = set().union(*map(told_in, SOURCES))

    assert told - set(SENTENCES) == set()
    assert set(SENTENCES) - told == set()


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_sentence_stands_without_parameters_and_with_all_of_them(kind):
    params = {
        "revision": 2,
        "warehouse": "Reno DC",
        "reference": "A-1",
        "as": "77",
        "found": True,
        "carrier": "UPS",
        "boxes": 2,
        "flagged": True,
        "connection": "Acme to Reno",
        "mode": "live",
        "count": 3,
        "where": "shp_1.csv line 4",
        "topics": 5,
        "why": "No SKU.",
        "days": 45,
        "is_forced": True,
        "from": "error",
        "issue": "2 fewer units.",
    }

    for given in ({}, params, dict.fromkeys(params)):
        words = said(kind, given)
        assert words.title
        assert "{" not in words.title + words.text
        assert known_icon(words.icon)


def test_a_kind_of_a_later_version_shows_its_name():
    assert said("order.teleported_home", {}).title == "order: teleported home"


def test_problems_are_what_needs_somebody_or_waits():
    assert "order.refused" in problems()
    assert "order.sent" not in problems()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (["ship_to"], "Changed in the store: ship-to address"),
        (["left_to_ship"], "Changed in the store: units left to ship, as after each shipment"),
        (["ship_not_before", "tags", "hold", "lines"], "Changed in the store: ship not before, tags, hold and 1 more"),
        (["left_out", "not_imported", "left_to_ship"], "Changed in the store: units left to ship, as after each shipment"),
        (["tags", "left_to_ship"], "Changed in the store: tags, units left to ship"),
        (["not_imported"], "Changed in the store: whether it is imported"),
        ([], "Changed in the store, revision 3"),
    ],
)
def test_a_change_in_the_store_says_what_changed(what, sentence):
    assert said("order.changed", {"revision": 3, "what": what}).title == sentence
