"""Tables in pages that are written by hand agree with what they tell of."""

import json
import re
import tomllib

import pytest
from django.db import connection

from crossdock.domain.statuses import TRANSITIONS
from crossdock.site import health
from crossdock.site.docs.trade import NOT_YET
from docs.files import ROOT, shown, texts


def named(page: str) -> dict[str, str]:
    """Packages in the tables of a page, with their licenses."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", (ROOT / page).read_text(), re.MULTILINE)
    return {name: license_ for name, license_ in rows if name not in {"Package", "---"}}


def test_every_dependency_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    wanted += (ROOT / "requirements/node.in").read_text().splitlines()
    names = {re.match(r"[A-Za-z0-9_.-]+", one)[0] for one in wanted if one.strip() and not one.startswith("#")}
    package = json.loads((ROOT / "package.json").read_text())
    names |= {*package["dependencies"], *package["devDependencies"]}

    assert set(named("docs/dependencies.md")) == names


def test_licenses_are_those_that_the_packages_state():
    from importlib import metadata

    wrong = {}
    for name, stated in named("docs/dependencies.md").items():
        try:
            said = metadata.metadata(name).get("License-Expression")
        except metadata.PackageNotFoundError:
            continue
        if said and said != stated:
            wrong[name] = (stated, said)
    for name, version in json.loads((ROOT / "package-lock.json").read_text())["packages"].items():
        stated = named("docs/dependencies.md").get(name.removeprefix("node_modules/"))
        if stated and version.get("license") not in (None, stated):
            wrong[name] = (stated, version["license"])

    assert wrong == {}


def test_every_decision_is_in_their_list():
    folder = ROOT / "docs/decisions"
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (folder / "README.md").read_text()))

    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


@pytest.mark.usefixtures("db_ready")
def test_every_figure_is_explained_and_every_explained_figure_exists():
    with connection.cursor() as cursor:
        cursor.execute("select prosrc from pg_proc where proname = 'gauges'")
        (source,) = cursor.fetchone()
    names = set(re.findall(r"'([a-z_]+)'(?:,|::text)", source))
    states = {name.removeprefix("effects_") for name in health.MEANINGS if name.startswith("effects_")}

    assert names == {name for name in health.MEANINGS if name != "ready" and not name.startswith("effects_")}
    assert "'effects_'" in source
    assert states == {"intended", "trying", "unknown", "refused"}


def test_moves_that_nothing_makes_are_said_to_be_so():
    code = "\n".join(
        text
        for path, text in texts(".py").items()
        if path.is_relative_to(ROOT / "src")
        and not {"tests", "migrations", "docs"} & set(path.parts)
        and shown(path)
        not in {"src/crossdock/domain/statuses.py", "src/crossdock/ui/statuses.py", "src/crossdock/ui/showcase.py"}
    )
    events = {move.event for move in TRANSITIONS}

    assert events >= NOT_YET
    assert {event for event in NOT_YET if re.search(rf"[\"']{event}[\"']", code)} == set(), (
        "they are made now: take them off the list"
    )


def test_every_lane_is_in_the_page_that_says_whose_it_is():
    page = (ROOT / "docs/decisions/lanes-of-an-order.md").read_text()
    told = set(re.findall(r"^\| `([a-z.]+)` \| (\w+) \|", page, re.MULTILINE))

    made = {
        found
        for path, text in texts(".py").items()
        if path.is_relative_to(ROOT / "src") and "tests" not in path.parts
        for found in re.findall(r'^@lane\("([a-z.]+)", of="(\w+)"', text, re.MULTILINE)
    }

    assert told == made
