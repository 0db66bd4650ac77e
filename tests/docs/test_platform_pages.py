"""Each platform has its two pages, made of the same sections, and the errors they explain are those that people meet."""

import ast
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest

from crossdock.connectors.kit import errors, guide
from crossdock.connectors.kit.settings import ConnectorSettings, setting
from crossdock.connectors.registry import every_connector
from crossdock.site.docs.pages import pages

CONNECTORS = every_connector()
KIT = Path(errors.__file__).parent

every_platform = pytest.mark.parametrize("key", sorted(CONNECTORS))


def table_of(body):
    """The rows of the first table of a section, head first, as lists of cells."""
    rows = []
    for line in body.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    return [row for row in rows if not set("".join(row)) <= set("-: ")]


def said_by(node):
    """A text in the source as people read it: what is filled in when it runs is an ellipsis."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(said_by(value) for value in values)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return said_by(left) + said_by(right)
        case _:
            return "…"


@cache
def texts_in(folder):
    """Every text in the code of a folder, its simulator's among them, its tests' not."""
    files = [path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts]
    return [
        said_by(node)
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)
    ]


def is_said(text, key):
    """Whether the platform's connector, its simulator or the kit says it; an ellipsis stands for anything."""
    pattern = re.compile(".*".join(re.escape(part) for part in text.split("…")))
    folder = guide.readme_of(CONNECTORS[key]).parent
    return any(pattern.search(one) for one in (*texts_in(folder), *texts_in(KIT)))


@every_platform
def test_the_readme_has_every_section_in_the_same_order(key):
    titles = list(guide.sections_of(CONNECTORS[key]))

    assert [title for title in titles if title in guide.SECTIONS] == list(guide.SECTIONS)
    assert [title for title, body in guide.sections_of(CONNECTORS[key]).items() if not body] == []


@every_platform
def test_the_readme_says_what_it_was_written_from(key):
    intro = guide.readme_of(CONNECTORS[key]).read_text(encoding="utf-8").partition("\n## ")[0]

    assert intro.startswith("# ")
    assert re.search(r"\b20\d\d\b|\bRFC \d+", intro), "the date it was read, or the standard"


@every_platform
def test_there_is_a_page_for_the_merchant_and_one_for_the_operator(key):
    made = {str(path): text for path, text in pages().items()}
    operator, merchant = made[f"docs/connectors/{key}.md"], made[f"docs/connectors/{key}-credentials.md"]

    assert [title for title in guide.SECTIONS if f"# {title}\n" not in operator + merchant] == []
    assert [title for title in guide.FOR_THE_MERCHANT if f"# {title}\n" not in merchant] == []
    assert f"({key}-credentials.md)" in operator
    assert f"({key}.md)" in merchant
    assert f"({key}-credentials.md)" in made["docs/connectors/README.md"]


@every_platform
def test_what_is_mapped_to_what_is_a_table(key):
    head, *rows = table_of(guide.sections_of(CONNECTORS[key])[guide.MAPPED])

    assert head[0] == "Crossdock"
    assert len(head) == 2
    assert rows
    assert [row for row in rows if len(row) != 2 or not all(row)] == []


@every_platform
@pytest.mark.parametrize("title", [guide.NO_WAY_IN, guide.STUCK])
def test_every_error_that_is_explained_is_one_that_is_said(key, title):
    head, *rows = table_of(guide.sections_of(CONNECTORS[key])[title])

    assert head == ["what you read", "what it means", "what to do"]
    assert rows
    assert [row for row in rows if len(row) != 3 or not all(row) or len(row[0]) < 8] == []
    assert [row[0] for row in rows if not is_said(row[0].rstrip("… "), key)] == []


def test_an_error_that_nobody_says_would_be_found():
    assert not is_said("Shopify is on holiday today.", "shopify")
    assert is_said("The location … is switched off in Shopify.", "shopify")


class BegunSettings(ConnectorSettings):
    """Of a connector that has no README beside it."""

    key: str = setting("Key", "Where you made it.")


def test_a_folder_that_was_just_begun_has_its_pages_too():
    connector = msgspec.structs.replace(next(iter(CONNECTORS.values())), name="Begun", settings=BegunSettings)

    page = guide.credentials_page(connector)

    assert page.startswith("# Get your credentials for Begun\n")
    assert "| **Key** | Where you made it. | yes |" in page
