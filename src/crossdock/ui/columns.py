"""Which columns a person wants to see in a table: declared by the page, chosen in a menu, kept in a cookie the server reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise

_SEPARATOR = "."  # a comma or a space in a cookie's value would be quoted


@dataclass(frozen=True)
class Column:
    """A column of a table. `is_fixed` cannot be hidden; `is_default` is shown until a person chooses."""

    name: str
    label: str | Promise
    is_fixed: bool = False
    is_default: bool = True


@dataclass(frozen=True)
class Columns:
    """The columns of `table`, and the names of those to show, in the declared order."""

    table: str
    all: tuple[Column, ...]
    shown: tuple[str, ...]

    def __contains__(self, name: object) -> bool:
        return name in self.shown


def cookie_name(table: str) -> str:
    """The cookie that keeps the choice for `table`."""
    return f"crossdock_columns_{table}"


def chosen_columns(request: HttpRequest, table: str, columns: Sequence[Column]) -> Columns:
    """What `request`'s person chose for `table` (letters, digits and _ only). Names that are no column are ignored."""
    kept = request.COOKIES.get(cookie_name(table))
    wanted = set(kept.split(_SEPARATOR)) if kept is not None else {column.name for column in columns if column.is_default}
    return Columns(table, tuple(columns), tuple(column.name for column in columns if column.is_fixed or column.name in wanted))


def cookie_value(names: Sequence[str]) -> str:
    """Names as the cookie keeps them."""
    return _SEPARATOR.join(names)
