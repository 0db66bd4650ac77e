"""The platform's search syntax: terms, quotes, ranges, AND, OR, NOT; what it does not know it ignores, with a warning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from crossdock.connectors.shopify.simulator.values import Record, moment, read_moment

Test = Callable[[Record], bool]
Terms = dict[str, Callable[[str, str], Test | None]]
"""By field: (operator, value) to a test, or None when the value is not accepted."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])
    |(?P<minus>-)?(?P<field>[A-Za-z0-9_]+):(?P<op>>=|<=|>|<|)(?:'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>[^\s():]*))
    |(?P<word>'[^']*'|"[^"]*"|[^\s()]+))""",
    re.VERBOSE,
)
_OPERATORS = {">=": "range_gte", "<=": "range_lte", ">": "range_gt", "<": "range_lt"}


@dataclass
class Parsed:
    """A query understood: the test, what was ignored and why, and the tree that the answer's extensions show.

    `since` and `until` are bounds that every match keeps in `updatedAt`, for the index.
    """

    test: Test | None = None
    tree: Any = None
    warnings: list[Record] = field(default_factory=list)
    since: str | None = None
    until: str | None = None
    ids: list[int] | None = None


def parse(query: str | None, terms: Terms) -> Parsed:
    """Read a query with the terms a list knows."""
    parsed = Parsed()
    if not query or not query.strip():
        return parsed
    parsed.test, parsed.tree = _Reader(query, terms, parsed).everything()
    return parsed


class _Reader:
    def __init__(self, query: str, terms: Terms, parsed: Parsed) -> None:
        self.tokens = list(_tokens(query))
        self.at = 0
        self.terms = terms
        self.parsed = parsed
        self.depth = 0

    def everything(self) -> tuple[Test | None, Any]:
        test, tree = self._and()
        while self.at < len(self.tokens):  # A closing parenthesis too many is passed over.
            self.at += 1
            more, other = self._and()
            test, tree = _both(test, more), {"and": [tree, other]}
        return test, tree

    def _and(self) -> tuple[Test | None, Any]:
        tests: list[Test | None] = []
        trees: list[Any] = []
        while self.at < len(self.tokens) and self.tokens[self.at][0] != ")":
            kind, *_ = self.tokens[self.at]
            if kind == "AND":
                self.at += 1
                continue
            test, tree = self._or()
            tests.append(test)
            trees.append(tree)
        result: Test | None = None
        for test in tests:
            result = _both(result, test)
        return result, trees[0] if len(trees) == 1 else {"and": trees}

    def _or(self) -> tuple[Test | None, Any]:
        first, tree = self._one()
        tests, trees = [first], [tree]
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "OR":
            self.at += 1
            # Bounds inside an alternative do not bound the whole.
            self.depth += 1
            test, tree = self._one()
            self.depth -= 1
            tests.append(test)
            trees.append(tree)
        if len(tests) == 1:
            return first, trees[0]
        self.parsed.since = self.parsed.until = None
        known = [test for test in tests if test is not None]
        if len(known) < len(tests):
            return None, {"or": trees}
        return (lambda record: any(test(record) for test in known)), {"or": trees}

    def _one(self) -> tuple[Test | None, Any]:
        if self.at >= len(self.tokens):
            return None, {}
        kind, *rest = self.tokens[self.at]
        self.at += 1
        if kind == "NOT":
            self.depth += 1
            test, tree = self._one()
            self.depth -= 1
            return (None if test is None else _not(test)), {"not": tree}
        if kind == "(":
            test, tree = self._and()
            self.at += 1
            return test, tree
        if kind == "word":
            return self._word(rest[0])
        return self._term(*rest)

    def _word(self, text: str) -> tuple[Test | None, Any]:
        default = self.terms.get("default")
        value = text.strip("'\"")
        return (default("", value) if default else None), {"field": "default", "match_all": value}

    def _term(self, name: str, operator: str, value: str, is_phrase: bool, is_negated: bool) -> tuple[Test | None, Any]:
        shown = _OPERATORS.get(operator, "match_phrase" if is_phrase else "match_all")
        tree: Any = {"field": name, shown: value}
        known = self.terms.get(name)
        if known is None:
            self._warn(name, "Invalid search field for this query.", "invalid_field")
            return None, tree
        test = known(operator, value)
        if test is None:
            self._warn(name, f"Input `{value}` is not an accepted value.", "invalid_value")
            return None, tree
        if is_negated:
            return _not(test), {"not": tree}
        if name == "updated_at" and self.depth == 0:
            self._bound(operator, value)
        return test, tree

    def _bound(self, operator: str, value: str) -> None:
        at = read_moment(value)
        assert at is not None  # noqa: S101  (the term's test was made from it)
        if operator in (">=", ">"):
            self.parsed.since = max(self.parsed.since or "", moment(at))
        elif operator in ("<=", "<"):
            self.parsed.until = min(self.parsed.until or "9", moment(at))

    def _warn(self, name: str, message: str, code: str) -> None:
        self.parsed.warnings.append({"field": name, "message": message, "code": code})


def _tokens(query: str) -> Iterator[tuple[Any, ...]]:
    position = 0
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None:
            return
        position = found.end()
        if found["paren"]:
            yield (found["paren"],)
        elif found["field"]:
            quoted = found["single"] if found["single"] is not None else found["double"]
            value = quoted if quoted is not None else found["bare"]
            if quoted is not None:
                value = re.sub(r"\\(.)", r"\1", value)
            yield "term", found["field"], found["op"], value, quoted is not None, bool(found["minus"])
            # As observed: an unquoted moment ends at its first colon, and what follows is taken for a field of that name.
            if quoted is None and query[position : position + 1] == ":":
                rest = re.match(r":(\w+)(?::(\S*))?", query[position:])
                if rest:
                    position += rest.end()
                    yield "term", rest[1], "", rest[2] or rest[1], False, False
        else:
            word = found["word"]
            yield (word,) if word in ("AND", "OR", "NOT") else ("word", word)


def _both(first: Test | None, second: Test | None) -> Test | None:
    if first is None or second is None:
        return first or second
    return lambda record: first(record) and second(record)


def _not(test: Test) -> Test:
    return lambda record: not test(record)


def by_moment(name: str) -> Callable[[str, str], Test | None]:
    """A term that compares a moment, to the second."""

    def term(operator: str, value: str) -> Test | None:
        try:
            # A bare hour ("2026-01-01T00") is what is left of an unquoted moment.
            at = read_moment(value)
        except ValueError:
            return None
        if at is None:
            return None
        return _comparing(lambda record: record.get(name) or "", operator, moment(at))

    return term


def by_number(read: Callable[[Record], int]) -> Callable[[str, str], Test | None]:
    """A term that compares a number, a global id's too."""

    def term(operator: str, value: str) -> Test | None:
        tail = value.rpartition("/")[2]
        if not tail.isdigit():
            return None
        return _comparing(read, operator, int(tail))

    return term


def by_choice(read: Callable[[Record], Any], choices: dict[str, Any]) -> Callable[[str, str], Test | None]:
    """A term that takes one of some words; `choices` says what each stands for, a set for several."""

    def term(operator: str, value: str) -> Test | None:
        wanted = choices.get(value.lower())
        if wanted is None:
            return None
        allowed = wanted if isinstance(wanted, frozenset | set) else frozenset({wanted})
        return lambda record: read(record) in allowed

    return term


def by_text(read: Callable[[Record], Any]) -> Callable[[str, str], Test | None]:
    """A term that is equal to a text or, for several, to one of them, whatever the case."""

    def term(operator: str, value: str) -> Test | None:
        wanted = value.casefold()

        def test(record: Record) -> bool:
            found = read(record)
            texts = found if isinstance(found, list) else [found]
            return any(text is not None and str(text).casefold() == wanted for text in texts)

        return test

    return term


def _comparing(read: Callable[[Record], Any], operator: str, bound: Any) -> Test:
    if operator == ">=":
        return lambda record: read(record) >= bound
    if operator == "<=":
        return lambda record: read(record) <= bound
    if operator == ">":
        return lambda record: read(record) > bound
    if operator == "<":
        return lambda record: read(record) < bound
    return lambda record: read(record) == bound
