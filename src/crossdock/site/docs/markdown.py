"""Small pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence

from crossdock.connectors.kit import guide


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that ends with a line break; cells are on one line and their bars are escaped."""
    return guide.table(head, rows) + "\n"


def code(text: str) -> str:
    """Text as code; nothing for no text."""
    return f"`{text}`" if text else ""


def paragraph(docstring: str | None) -> str:
    """A docstring as one paragraph."""
    return " ".join((docstring or "").split())


def spoken(name: str) -> str:
    """A name in code as words: `PullsOrders` is "pulls orders"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()
