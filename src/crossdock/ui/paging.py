"""Pages of a list in its address: where one begins, and the way to the others."""

import re
from datetime import UTC, datetime, timedelta

from django.http import QueryDict
from msgspec import Struct

PAGING = ("before", "after", "cursor")
"""What a changed list must drop from its address: a page of the old one means nothing in the new one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(Struct, frozen=True):
    """Where a page of a list by time ends: keys of its last row, in the order of the list."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """From the address; None for what is none."""
        match = re.fullmatch(r"(\d{1,17})-(\d{1,18})", text, re.ASCII)
        return cls(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None


NEWEST = Place(datetime(9999, 1, 1, tzinfo=UTC), 2**63 - 1)
"""Before every row."""


def with_query(path: str, query: QueryDict) -> str:
    """A path and what is asked of it, without the question mark where that is nothing."""
    text = query.urlencode()
    return f"{path}?{text}" if text else path


def asking(path: str, query: QueryDict, **changes: str | None) -> str:
    """The list's address with other values, at its first page; None takes a value away."""
    wanted = query.copy()
    for name in (*PAGING, *changes):
        wanted.pop(name, None)
    for name, value in changes.items():
        if value is not None:
            wanted[name] = value
    return with_query(path, wanted)


def page_at(path: str, query: QueryDict, *, before: object = None, after: object = None) -> str:
    """The address of the page that ends before, or begins after, a place; empty where there is none."""
    changes = {name: str(place) for name, place in (("before", before), ("after", after)) if place is not None}
    return asking(path, query, **changes) if changes else ""
