"""Values inside what a file says of an order, by path. A row of CSV is a tree of one level.

A path is names with dots or slashes between, `@name` for an attribute and `[1]` for one of a list: `addresses[0].city`. A name that
has dots itself, as columns may, is found as it stands first.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock.connectors.filestore.synonyms import plain

MOST_LEAVES = 500
"""Paths of one record that are looked at."""

_NAMES = "lineitems orderlines orderitems lines items products positions entries details lineitem orderline orderitem line item"

LINES = frozenset(_NAMES.split())
"""What lists of lines are called."""


def value_at(tree: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    if isinstance(tree, dict):
        if path in tree:
            return tree[path]
        wanted = plain(path)
        alike = [key for key in tree if plain(key) == wanted] if wanted else []
        if len(alike) == 1:
            return tree[alike[0]]
    here = tree
    for part in re.split(r"[./]", path):
        name, _, rest = part.partition("[")
        if name:
            here = _first(here)
            if not isinstance(here, dict):
                return None
            here = here.get(name)
        for place in re.findall(r"(\d{1,9})\]", rest):
            listed = here if isinstance(here, list) else [here]
            here = listed[int(place)] if int(place) < len(listed) else None
    return here


def text_at(tree: Any, path: str) -> str | None:
    """The text at a path, without blanks around it; None where it is empty or there is none. A list of texts is joined by commas."""
    return text_of(value_at(tree, path))


def text_of(value: Any) -> str | None:
    """A value as text; None for what is empty, or is no single value."""
    if isinstance(value, dict):
        value = value.get("#text")
    if isinstance(value, list):
        parts = [part for one in value if (part := text_of(one)) is not None]
        return ", ".join(parts) or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) < 40 else str(value)
    return str(value).strip() or None


def leaves(tree: Any, *, without: str | None = None) -> list[str]:
    """The paths of all single values, in their order; those below `without` are left out."""
    found: list[str] = []
    for path in _leaves(tree, "", without):
        found.append(path)
        if len(found) >= MOST_LEAVES:
            break
    return found


def _leaves(tree: Any, path: str, without: str | None) -> Iterator[str]:
    if without is not None and path == without:
        return
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key), without)
    elif isinstance(tree, list) and any(isinstance(one, dict) for one in tree):
        for place, one in enumerate(tree[:5]):
            yield from _leaves(one, f"{path}[{place}]", without)
    elif path:
        yield path


def lines_path_of(tree: Any) -> str | None:
    """Where the lines of an order stand, found by what lists of lines are called; None where none is."""
    level: list[tuple[str, Any]] = [("", tree)]
    for _ in range(4):
        below: list[tuple[str, Any]] = []
        for path, here in level:
            if not isinstance(here, dict):
                continue
            for key, value in here.items():
                inner = f"{path}.{key}" if path else key
                if plain(key) in LINES and (found := _lines_in(inner, value)):
                    return found
                below.append((inner, _first(value)))
        level = below
    return None


def _lines_in(path: str, value: Any) -> str | None:
    if isinstance(value, list):
        return path if value and all(isinstance(one, dict) for one in value) else None
    if isinstance(value, dict):
        children = [(key, one) for key, one in value.items() if not key.startswith(("@", "#"))]
        if len(children) == 1 and isinstance(children[0][1], dict | list):
            return _lines_in(f"{path}.{children[0][0]}", children[0][1])
        return path if children or any(key.startswith("@") for key in value) else None
    return None


def lines_at(tree: Any, path: str) -> list[Any]:
    """The lines at a path: one that stands alone is a list of one."""
    value = value_at(tree, path)
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
