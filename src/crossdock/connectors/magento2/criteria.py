"""Magento's search language: groups of filters are joined by AND, filters inside a group by OR."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from msgspec import Struct

PAGE = 100
"""Records asked for at once. Shops may cap it at 300, where their input limits are on."""


class Filter(Struct, frozen=True):
    """One comparison; `how` is one of Magento's condition types."""

    field: str
    value: str
    how: str = "eq"


Group = Sequence[Filter]


def query(
    groups: Sequence[Group] = (), *, sort: Sequence[str] = (), size: int = PAGE, page: int = 1, fields: str | None = None
) -> dict[str, str]:
    """The query of a search, oldest first by `sort`. `fields` is a projection: `items[entity_id],total_count`."""
    asked: dict[str, str] = {}
    for at, group in enumerate(groups):
        for place, one in enumerate(group):
            name = f"searchCriteria[filter_groups][{at}][filters][{place}]"
            asked[f"{name}[field]"] = one.field
            asked[f"{name}[value]"] = one.value
            asked[f"{name}[condition_type]"] = one.how
    for at, field in enumerate(sort):
        asked[f"searchCriteria[sortOrders][{at}][field]"] = field
        asked[f"searchCriteria[sortOrders][{at}][direction]"] = "ASC"
    asked["searchCriteria[pageSize]"] = str(size)
    asked["searchCriteria[currentPage]"] = str(page)
    if fields:
        asked["fields"] = fields
    return asked


def path_with(path: str, asked: dict[str, str]) -> str:
    """A path with its query. Everything is percent-encoded and no space becomes a plus: Magento signs a plus as a plus."""
    if not asked:
        return path
    return f"{path}?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in asked.items())


def after(moment_field: str, at: datetime, id_field: str, id_: str) -> tuple[Group, Group]:
    """Everything behind (at, id) in the order of both: later, or at the same second with a higher id."""
    at_text = moment(at)
    return (
        (Filter(moment_field, at_text, "gteq"),),
        (Filter(moment_field, at_text, "gt"), Filter(id_field, id_, "gt")),
    )


def one_of(field: str, values: Sequence[str]) -> Group:
    """Records whose field has one of the values. A value with a comma cannot stand in a list, so it gets a filter of its own."""
    plain = [value for value in values if "," not in value]
    others = [Filter(field, value) for value in values if "," in value]
    return ([Filter(field, ",".join(plain), "in")] if plain else []) + others


def moment(value: datetime) -> str:
    """As Magento writes and compares it: UTC, to the second, without a zone."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
