"""searchCriteria, as Magento reads it: groups by AND, filters inside a group by OR, sorting, paging, and a projection of fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from crossdock.connectors.magento2.simulator.errors import Refusal, required

Record = dict[str, Any]

_NAMES = {
    "filter_groups": "filterGroups",
    "condition_type": "conditionType",
    "page_size": "pageSize",
    "current_page": "currentPage",
    "sort_orders": "sortOrders",
}
_NO_PAGE = 10**9


class Criteria:
    """A search as asked. Raises Refusal where it was not asked for at all, or makes no sense."""

    def __init__(self, query: Mapping[str, str]) -> None:
        named = [name for name in query if re.match(r"search_?[cC]riteria(\[|$)", name)]
        if not named:
            raise required("searchCriteria")
        self.groups: dict[str, dict[str, dict[str, str]]] = {}
        self.sorts: dict[str, dict[str, str]] = {}
        self.size, self.page = _NO_PAGE, 1
        for name in named:
            path = [_NAMES.get(part, part) for part in re.findall(r"\[([^\]]*)\]", name)]
            self._take(path, query[name])
        self.fields = query.get("fields")

    def _take(self, path: Sequence[str], value: str) -> None:
        match path:
            case ["filterGroups", group, "filters", place, what]:
                self.groups.setdefault(group, {}).setdefault(place, {})[what] = value
            case ["sortOrders", place, what]:
                self.sorts.setdefault(place, {})[what] = value
            case ["pageSize"]:
                self.size = int(value)
            case ["currentPage"]:
                self.page = max(1, int(value))

    @property
    def echoed(self) -> Record:
        """The criteria as an answer repeats them."""
        found: Record = {
            "filter_groups": [
                {
                    "filters": [
                        {
                            "field": one.get("field", ""),
                            "value": one.get("value", ""),
                            "condition_type": one.get("conditionType", "eq"),
                        }
                        for one in group.values()
                    ]
                }
                for group in self.groups.values()
            ]
        }
        if self.sorts:
            found["sort_orders"] = [
                {"field": one.get("field", ""), "direction": one.get("direction", "DESC")} for one in self.sorts.values()
            ]
        if self.size != _NO_PAGE:
            found |= {"page_size": self.size, "current_page": self.page}
        return found

    def matching(self, records: Iterable[Record], columns: Mapping[str, str]) -> list[Record]:
        """The records that fit, sorted. `columns` are the table's columns, each with the name it has in a record."""
        found = list(records)
        for group in self.groups.values():
            tests = [_test(one, columns) for one in group.values()]
            if len(tests) == 1:
                found = list(filter(tests[0], found))
            else:
                found = [record for record in found if any(test(record) for test in tests)]
        return self.sorted(found, columns)

    def sorted(self, records: Iterable[Record], columns: Mapping[str, str]) -> list[Record]:
        """Records in the order asked for."""
        found = list(records)
        for one in reversed(list(self.sorts.values())):
            column = _column(one.get("field", ""), columns, "order clause")
            found.sort(key=lambda record: _sortable(record.get(column)), reverse=one.get("direction", "DESC").upper() == "DESC")
        return found

    def paged(self, records: list[Record], *, repeats_last: bool) -> list[Record]:
        """One page. Behind the last one old releases give the last one again, newer ones nothing."""
        start = (self.page - 1) * self.size
        if start >= len(records) > 0 and repeats_last:
            start = (len(records) - 1) // self.size * self.size
        return records[start : start + self.size]


def _test(one: Mapping[str, str], columns: Mapping[str, str]) -> Callable[[Record], bool]:
    column = _column(one.get("field", ""), columns, "where clause")
    wanted, how = one.get("value", ""), one.get("conditionType", "eq")

    as_wanted, as_text = _sortable(wanted), (2, wanted.casefold())

    def compared(record: Record) -> int:
        left, right = _sortable(record.get(column)), as_wanted
        if left[0] != right[0]:
            left, right = (2, str(record.get(column)).casefold()), as_text
        return (left > right) - (left < right)

    listed = {text.strip().casefold() for text in wanted.split(",")}
    pattern = re.compile(
        "".join(".*" if part == "%" else re.escape(part) for part in re.split("(%)", wanted)), re.IGNORECASE | re.DOTALL
    )
    tests: dict[str, Callable[[Record], bool]] = {
        "eq": lambda record: record.get(column) is not None and compared(record) == 0,
        "neq": lambda record: record.get(column) is not None and compared(record) != 0,
        "gt": lambda record: record.get(column) is not None and compared(record) > 0,
        "gteq": lambda record: record.get(column) is not None and compared(record) >= 0,
        "from": lambda record: record.get(column) is not None and compared(record) >= 0,
        "lt": lambda record: record.get(column) is not None and compared(record) < 0,
        "lteq": lambda record: record.get(column) is not None and compared(record) <= 0,
        "to": lambda record: record.get(column) is not None and compared(record) <= 0,
        "in": lambda record: str(record.get(column)).casefold() in listed,
        "nin": lambda record: str(record.get(column)).casefold() not in listed,
        "like": lambda record: pattern.fullmatch(str(record.get(column) or "")) is not None,
        "nlike": lambda record: pattern.fullmatch(str(record.get(column) or "")) is None,
        "null": lambda record: record.get(column) is None,
        "notnull": lambda record: record.get(column) is not None,
    }
    if how not in tests:
        raise Refusal(400, "Unsupported condition type %1", [how])
    return tests[how]


def _column(field: str, columns: Mapping[str, str], where: str) -> str:
    if field not in columns:
        raise Refusal(400, f"SQLSTATE[42S22]: Column not found: 1054 Unknown column '{field}' in '{where}'")
    return columns[field]


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    if isinstance(value, int | float):
        return (1, float(value))
    return _sortable_text(str(value))


@lru_cache(maxsize=200_000)
def _sortable_text(text: str) -> tuple[int, Any]:
    if re.fullmatch(r"-?\d{1,15}(\.\d+)?", text):
        return (1, float(text))
    return (2, text.casefold())


def projected(value: Any, fields: str | None) -> Any:
    """Only the named fields: `items[entity_id,items[sku]],total_count`. None gives everything."""
    if not fields:
        return value
    tree, rest = _tree(fields)
    if rest:
        raise Refusal(400, "The fields filter is not valid.")
    return _cut(value, tree)


def _tree(text: str) -> tuple[dict[str, Any], str]:
    tree: dict[str, Any] = {}
    while text and text[0] != "]":
        found = re.match(r"\s*(\w+)\s*", text)
        if found is None:
            return tree, text or "?"
        text = text[found.end() :]
        inner: dict[str, Any] | None = None
        if text[:1] == "[":
            inner, text = _tree(text[1:])
            text = text[1:] if text[:1] == "]" else "?"
        tree[found[1]] = inner
        text = text.removeprefix(",")
    return tree, text


def _cut(value: Any, tree: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_cut(one, tree) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: value[name] if inner is None else _cut(value[name], inner) for name, inner in tree.items() if name in value}
