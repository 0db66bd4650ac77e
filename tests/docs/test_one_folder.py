"""All of a platform is in its folder: nothing else in the sources names one, but for what is listed here with its reason."""

import re
from functools import cache

import pytest

from crossdock.connectors.registry import every_connector
from docs.files import ROOT, texts

MAY = {
    "src/crossdock/bench/_": "what a bench fills and measures needs a store; one stands for all",
    "src/crossdock/bench/chaos.py": "as above",
    "src/crossdock/bench/flow.py": "as above",
    "src/crossdock/bench/import_.py": "as above: it is compared with a peer on one store's own pages",
    "src/crossdock/connections/presets.py": "an example in a docstring",
    "src/crossdock/connections/realms.py": "an example in a docstring",
    "src/crossdock/connections/testing.py": "rows for tests are of some platform",
    "src/crossdock/sandbox/load.py": "an example in the help",
    "src/crossdock/site/commands/read.py": "an example in the help",
    "src/crossdock/site/demo.py": "the demo shows one store and one warehouse",
    "src/crossdock/site/variables.py": "examples in the help",
    "src/crossdock/ui/showcase.py": "sentences of the page that shows the components",
    "src/crossdock/ui/templates/ui/components.html": "the same page",
    "tests/contract/test_warehouses_": "there is one platform of warehouses so far, and its rig stands for all",
    "tests/contract/warehouse_rig.py": "as above",
}
"""Files that name a platform all the same, and why. A name that ends in `_` or `/` stands for all that begin with it."""

COMMON = frozenset({"files"})
"""Keys that are words of every day: only what imports the folder counts."""


@cache
def words():
    """What a platform is called: its key and its name, as one pattern, whatever letters are large; digits at the end may be absent."""
    names = {name for key, one in every_connector().items() if key not in COMMON for name in (key, one.name)}
    names |= {re.sub(r"\s*\d+$", "", name) for name in names}
    return re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)), re.IGNORECASE)


@cache
def imports():
    """How the folder of a platform with an everyday key is named in code."""
    return re.compile(rf"crossdock\.connectors\.({'|'.join(every_connector())})\b")


def sources():
    """Code, pages and styles by name: not the platforms' own folders, and not the tests beside other packages, which take one as
    their example. The contract tests are among them, for they are written once for all.
    """
    own = tuple(f"src/crossdock/connectors/{key}/" for key in every_connector())
    found = {}
    for path, text in texts(".py", ".html", ".js", ".mjs", ".css", ".sql", ".txt", ".toml", "").items():
        name = str(path.relative_to(ROOT))
        is_test = "/tests/" in name and not name.startswith("tests/")
        if name.startswith(("src/", "tools/", "tests/contract/")) and not name.startswith(own) and not is_test:
            found[name] = text
    return found


def is_listed(name):
    return any(name == one or (one.endswith(("_", "/")) and name.startswith(one)) for one in MAY)


def test_no_file_outside_its_folder_names_a_platform():
    named = {
        name: found[0]
        for name, text in sources().items()
        if not is_listed(name) and (found := words().findall(text) or imports().findall(text))
    }

    assert named == {}, "say it in the platform's folder, and let the declaration carry it"


def test_the_settings_of_the_checks_name_no_folder_of_a_platform():
    assert imports().findall((ROOT / "pyproject.toml").read_text()) == []


@pytest.mark.parametrize("listed", MAY)
def test_what_is_listed_still_needs_to_be(listed):
    texts_ = [
        text for name, text in sources().items() if name == listed or (listed.endswith(("_", "/")) and name.startswith(listed))
    ]

    assert any(words().search(text) or imports().search(text) for text in texts_)
