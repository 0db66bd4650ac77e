"""Pages say what the code says, their links lead somewhere, and what they tell people to type exists."""

import argparse
import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from crossdock.site.cli import parser
from crossdock.site.commands import bench
from crossdock.site.variables import VARIABLES
from docs.files import ROOT, pages, shown, texts

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def code_of(text: str) -> list[str]:
    """What stands in blocks and between backticks."""
    return [block for _, block in FENCE.findall(text)] + [f"`{code}`" for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]


def anchors(text: str) -> set[str]:
    """The anchors of a page's titles, as the usual renderers make them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_generated_pages_are_fresh():
    from crossdock.site.docs.pages import stale

    assert [str(path) for path in stale()] == [], "run `make docs`"


def test_every_link_leads_somewhere():
    dead = []
    for page, text in pages().items():
        for target in LINK.findall(without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = unquote(target).partition("#")
            there = (page.parent / name).resolve() if name else page
            is_there = there.exists() and there.is_relative_to(ROOT)
            if not is_there or (anchor and anchor not in anchors(there.read_text())):
                dead.append(f"{shown(page)}: {target}")

    assert dead == []


def test_every_page_of_docs_can_be_reached_from_its_index():
    reached: set[Path] = set()
    waiting = [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        named = (unquote(target).partition("#")[0] for target in LINK.findall(without_code(page.read_text())))
        waiting += [(page.parent / name).resolve() for name in named if name.endswith(".md")]

    assert [shown(page) for page in pages() if (ROOT / "docs") in page.parents and page not in reached] == [], (
        "link them from docs/README.md"
    )


# --- What people are told to type ---------------------------------------------------------------------------------------------------


def commands() -> list[tuple[str, str]]:
    """(page, command) of every `crossdock …` in a block of shell or between backticks; benchmarks name their own."""
    found = []
    for page, text in pages().items():
        if "reference" in page.parts:
            continue  # made from the parser
        for kind, block in FENCE.findall(text):
            if kind == "sh":
                lines = re.sub(r"\\\n\s*", " ", block).splitlines()
                found += [(shown(page), line.strip()) for line in lines if line.strip().startswith("crossdock ")]
        found += [(shown(page), code) for code in re.findall(r"`(crossdock [^`\n]+)`", FENCE.sub("", text))]
    return found


def choices_of(made: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (action for action in made._actions if isinstance(action, argparse._SubParsersAction))
    return {name: one for action in found for name, one in action.choices.items()}


def problem_with(command: str) -> str | None:
    """Why nobody could type it; None when all of it exists. Words in capitals stand for something."""
    name, *rest = shlex.split(command.split("  #")[0].split("<")[0], comments=True)[1:]
    known = choices_of(parser())
    if name not in known:
        return "no such command"
    if name == "bench":
        return None if not rest or rest[0] in bench.names() or rest[0].isupper() else "no such bench"
    if name == "sandbox":
        return None if not rest or rest[0] in {"load", "--help", "--port", "--state"} else "no such argument"
    made = known[name]
    steps = choices_of(made)
    if steps and rest and rest[0] not in steps and not rest[0].isupper():
        return f"no such step: {rest[0]}"
    options = {option for action in made._actions for option in action.option_strings}
    strange = [word for word in rest if word.startswith("--") and word not in options]
    return f"no such option: {strange[0]}" if strange else None


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_every_command_exists(page, command):
    assert problem_with(command) is None


def test_a_command_that_does_not_exist_would_be_found():
    assert problem_with("crossdock fly") == "no such command"
    assert problem_with("crossdock up --faster") == "no such option: --faster"
    assert problem_with("crossdock keys burn") == "no such step: burn"


def test_every_target_of_make_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = {
        (shown(page), target)
        for page, text in pages().items()
        for target in re.findall(r"(?:^ *|`|&& )make ([a-z]+)", "\n".join(code_of(text)), re.MULTILINE)
    }

    assert {(page, target) for page, target in named if target not in targets} == set()


# --- Variables ----------------------------------------------------------------------------------------------------------------------


def known_names() -> set[str]:
    return {one.name for one in VARIABLES}


def is_known(name: str) -> bool:
    return name in known_names() or any(
        name.startswith(one) and name[len(one) :].isalpha() for one in known_names() if one.endswith("__")
    )


def test_every_variable_that_the_code_reads_is_in_the_table():
    files = {path: text for path, text in texts(".py").items() if path.name != "variables.py"}
    read = {
        (shown(path), name)
        for path, text in files.items()
        if path.is_relative_to(ROOT / "src") and "tests" not in path.parts
        for name in re.findall(r"[\"']((?:CROSSDOCK|DATABASE)_[A-Z_]+)", text)
        if not name.endswith("_") or name.endswith("__")
    }

    assert {(path, name) for path, name in read if not is_known(name)} == set()


def test_every_variable_of_the_table_is_read_somewhere():
    everything = "\n".join(text for path, text in texts(".py", ".sh", "").items() if path.name != "variables.py")

    assert {name for name in known_names() if name not in everything} == set()


def test_every_variable_that_a_page_names_is_in_the_table():
    named = {
        (shown(page), name)
        for page, text in pages().items()
        for name in re.findall(r"\b((?:CROSSDOCK|DATABASE)_[A-Z_]*[A-Z])\b", text)
    }

    assert {(page, name) for page, name in named if not is_known(name) and f"{name}__" not in known_names()} == set()
