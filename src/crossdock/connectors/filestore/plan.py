"""The mapping a person types: one field a line, with the column or path it comes from.

    number = Order #
    currency = Currency | "USD"
    ship_to.country = "US"
    attribute.Season = Season
    tags = -

Several sources with `|` between: the first that is not empty counts. Text in quotes is meant as it stands. A dash leaves a field out
that would be found by its name. A name with `|`, `=` or quotes in it goes between backticks. Lines that begin with # say nothing.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from crossdock.connectors.filestore.fields import ATTRIBUTE, TARGETS

_SOURCE = re.compile(r'\s*(?:"(?P<constant>[^"]*)"|`(?P<quoted>[^`]+)`|(?P<bare>[^|"`]+?))\s*(?:\||$)')


class Source(Struct, frozen=True):
    """Where a value comes from: a column or path, or a text that stands for itself."""

    path: str | None = None
    constant: str | None = None


Plan = Mapping[str, tuple[Source, ...]]
"""Sources by field, in the order they are tried. No sources: the field is left out."""


class BadMapping(ValueError):
    """A line of a mapping that cannot be read; the message is a sentence with its number."""


def plan_of(text: str) -> Plan:
    """Read a mapping. Raises BadMapping."""
    plan: dict[str, tuple[Source, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        field, equals, rest = line.partition("=")
        field = field.strip()
        if not equals:
            raise BadMapping(f"Line {number}: write a field, “=” and a column, such as number = Order No.")
        if field not in TARGETS and not (field.startswith(ATTRIBUTE) and len(field) > len(ATTRIBUTE)):
            raise BadMapping(f"Line {number}: there is no field “{field[:60]}”. Fields are {', '.join(TARGETS)}.")
        if field in plan:
            raise BadMapping(f"Line {number}: “{field}” is mapped a second time.")
        plan[field] = () if rest.strip() == "-" else _sources(rest, number)
    return plan


def _sources(text: str, number: int) -> tuple[Source, ...]:
    sources, at = [], 0
    while at < len(text):
        found = _SOURCE.match(text, at)
        if found is None:
            raise BadMapping(f"Line {number}: “{text.strip()[:60]}” is no column and no text in quotes.")
        if found["constant"] is not None:
            sources.append(Source(constant=found["constant"]))
        else:
            sources.append(Source(path=(found["quoted"] or found["bare"]).strip()))
        at = found.end()
    if not sources:
        raise BadMapping(f"Line {number}: say which column it comes from, or “-” for none.")
    return tuple(sources)


def source_text(path: str) -> str:
    """A column as a mapping writes it. Backticks and line breaks, which none can hold, become blanks: names are compared without."""
    if "`" in path or len(path.splitlines()) > 1:
        path = " ".join(path.replace("`", " ").split()) or "?"
    is_plain = not re.search(r'[|="`]', path) and path == path.strip() and path != "-"
    return path if is_plain else f"`{path}`"
