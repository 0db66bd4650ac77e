"""The README of a platform lists the traps that others fell into, each with tests that show it avoided; these exist."""

import re
from pathlib import Path

import pytest

from crossdock.connectors import registry
from crossdock.connectors.kit import guide
from docs.files import ROOT

CONNECTORS = Path(registry.__file__).parent
LISTS = {
    key: said[guide.TRAPS]
    for key, connector in sorted(registry.every_connector().items())
    if guide.TRAPS in (said := guide.sections_of(connector))
}


def file_of(module, key):
    """Beside the README, but for those that name a folder: of all tests, or of what connectors are made of."""
    folder = {"tests": ROOT, "kit": CONNECTORS}.get(module.split("/")[0], CONNECTORS / key / "tests")
    return folder / f"{module}.py"


def words_of(text):
    return re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()


@pytest.mark.parametrize("key", LISTS)
def test_every_trap_names_tests_that_exist(key):
    rows = re.findall(r"^\| (\d+) .*?\| (.*) \|$", LISTS[key], re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == len(re.findall(r"^\| ", LISTS[key], re.MULTILINE)) - 1  # the head
    for number, cell in rows:
        named = re.findall(r"`([\w/]+)`: ((?:[^`](?!`))*)", cell)
        assert named, number
        for module, names in named:
            path = file_of(module, key)
            assert path.is_file(), (number, module)
            tests = [words_of(name.replace("_", " ")) for name in re.findall(r"def test_(\w+)", path.read_text())]
            said = [words_of(re.split(r"[.;…]", name)[0]) for name in names.strip(" ·").split("·")]
            assert [words for words in said if not words or not any(words in test for test in tests)] == [], (number, module)
