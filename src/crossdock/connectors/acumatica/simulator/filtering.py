"""The part of OData that Acumatica takes in `$filter`: comparisons, and, or, not, parentheses, and three functions on texts."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica.simulator.schema import FIELDS

Record = dict[str, Any]
Test = Callable[[Record], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<paren>[(),])|(?P<moment>datetimeoffset'[^']*')|(?P<guid>guid'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_/]*))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS = ("substringof", "startswith", "endswith")


class BadFilter(ValueError):
    """The filter cannot be understood, or names what cannot be filtered by."""


def parsed(text: str, entity: str) -> Test:
    """The filter as a test of records. Raises BadFilter."""
    return _Parser(text, entity).whole()


class _Parser:
    def __init__(self, text: str, entity: str) -> None:
        self._entity = entity
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise BadFilter(f"Syntax error at position {place} in '{text}'.")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind]))
            place = found.end()
        self._at = 0

    def whole(self) -> Test:
        """The whole filter."""
        test = self._any()
        if self._at < len(self._tokens):
            raise BadFilter(f"Syntax error near '{self._tokens[self._at][1]}'.")
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._takes("or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._takes("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._takes("not"):
            inner = self._one()
            return lambda record: not inner(record)
        if self._takes("("):
            inside = self._any()
            self._needs(")")
            return inside
        kind, word = self._next()
        if kind == "name" and word in _FUNCTIONS:
            return self._function(word)
        if kind != "name":
            raise BadFilter(f"A field name was expected, not '{word}'.")
        read, letter = self._field(word)
        compare = _COMPARE.get(self._next()[1])
        if compare is None:
            raise BadFilter(f"A comparison was expected behind '{word}'.")
        wanted = self._value(letter)

        def test(record: Record) -> bool:
            value = read(record)
            if value is None or wanted is None:
                return compare in (operator.eq, operator.ne) and compare(value, wanted)
            if isinstance(value, str) and isinstance(wanted, str):
                # The database compares without case and blanks at the end.
                return compare(value.rstrip().casefold(), wanted.rstrip().casefold())
            if type(value) is not type(wanted) and not (isinstance(value, int | Decimal) and isinstance(wanted, int | Decimal)):
                return False
            return compare(value, wanted)

        return test

    def _function(self, name: str) -> Test:
        self._needs("(")
        first = self._next()
        self._needs(",")
        second = self._next()
        self._needs(")")
        field, text = (second, first) if name == "substringof" else (first, second)
        read, _ = self._field(field[1])
        part = text[1][1:-1].replace("''", "'").casefold()
        check = {"substringof": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}[name]
        return lambda record: isinstance(value := read(record), str) and bool(check(value.casefold(), part))

    def _field(self, path: str) -> tuple[Callable[[Record], Any], str]:
        names = path.split("/")
        entity = self._entity
        for name in names[:-1]:
            kind = FIELDS[entity].get(name)
            if kind is None or not kind.entity:
                raise BadFilter(f"The field {path} does not exist.")
            if kind.is_rows:
                raise BadFilter(f"Filtering by the detail field {path} is not supported.")
            entity = kind.entity
        last = FIELDS[entity].get(names[-1])
        if last is None or last.entity:
            raise BadFilter(f"The field {path} does not exist.")

        def read(record: Record) -> Any:
            value: Any = record
            for name in names:
                value = (value or {}).get(name)
            return value

        return read, last.letter

    def _value(self, letter: str) -> Any:
        kind, word = self._next()
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "moment":
            return _moment(word[len("datetimeoffset'") : -1])
        if kind == "guid":
            return word[5:-1].lower()
        if kind == "number":
            return Decimal(word)
        if word in ("true", "false"):
            return word == "true"
        if word == "null":
            return None
        raise BadFilter(f"A value of type {letter} was expected, not '{word}'.")

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] == word:
            self._at += 1
            return True
        return False

    def _needs(self, word: str) -> None:
        if not self._takes(word):
            raise BadFilter(f"'{word}' was expected.")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise BadFilter("The filter ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]


def _moment(text: str) -> datetime:
    try:
        # A plus sign that was not encoded arrives as a blank.
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(f"Unrecognized 'Edm.DateTimeOffset' literal 'datetimeoffset'{text}''.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
