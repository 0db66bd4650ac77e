"""Reading Shopify's lists to their end: a search that goes on where it stood, a connection inside a record, a smaller page."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.bounds import ORDER_LINES
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, Window
from crossdock.connectors.shopify.graphql import GraphQL, TooExpensive
from crossdock.connectors.shopify.payloads import ShPageInfo

RE_ANCHOR = 20_000
"""Objects after which a search begins anew behind what was read: a list ends silently at 25,000."""

_MOST_PAGES = ORDER_LINES // 25 + 4


class Pages:
    """The pages of one search, until it no longer `goes_on`. `cursor` is Shopify's: behind what the page to ask for begins."""

    def __init__(self, what: str, cursor: str | None) -> None:
        self.cursor = cursor
        self.goes_on = True
        self._what = what
        self._begin()

    def _begin(self) -> None:
        self._read, self._seen = 0, {self.cursor}

    def turn(self, info: ShPageInfo, count: int, *, may_begin_anew: bool) -> bool:
        """Go to the next page after one of so many objects; whether the search has to begin anew before that, behind what was read.

        Raises InvalidData where the next page is one that was read, or nothing says which it is.
        """
        self._read += count
        self.goes_on = info.has_next_page
        self.cursor = info.end_cursor if info.has_next_page else None
        if self.goes_on and (self.cursor is None or self.cursor in self._seen):
            raise InvalidData(f"Shopify repeats a page of {self._what} without end.")
        self._seen.add(self.cursor)
        begins_anew = self.goes_on and may_begin_anew and self._read >= RE_ANCHOR
        if begins_anew:
            self.cursor = None
            self._begin()
        return begins_anew


class Cursor(Struct, frozen=True, rename="camel"):
    """Where a search by moments stands. Shopify's cursor belongs to one search text, which follows from the two moments."""

    since: datetime | None
    until: datetime
    after: str


class Moments:
    """Orders of a closed window by one of their moments, `field`, the earliest first.

    Shopify's cursor is kept while the search text stays the same, else the search begins anew at the last moment seen.
    """

    def __init__(self, field: str, window: Window, after: Position | None) -> None:
        self._field = field
        self._until = window.until
        self._since, cursor = _resume(window, after)
        self._at, self._last = (after.at, after.id) if after is not None else (None, None)
        self._pages = Pages("orders", cursor)

    @property
    def goes_on(self) -> bool:
        """There is another page to ask for."""
        return self._pages.goes_on

    @property
    def cursor(self) -> str | None:
        """Behind what the page to ask for begins."""
        return self._pages.cursor

    @property
    def search(self) -> str:
        """The search text of the page to ask for."""
        terms = [f"{self._field}:>='{moment(self._since)}'"] if self._since is not None else []
        return " ".join([*terms, f"{self._field}:<='{moment(self._until)}'"])

    def turn(self, info: ShPageInfo, count: int, moments: Iterable[datetime], last: str | None) -> Position:
        """Go to the next page after one of so many orders, with their moments and the last one's number; where one stands then."""
        self._at = max(moments, default=self._at)
        self._last = last or self._last
        # At one moment alone there is nothing to begin anew at: the same orders would come again.
        if self._pages.turn(info, count, may_begin_anew=self._at is not None and self._at != self._since):
            self._since = self._at
        if self.cursor is None:
            return Position(self._at, self._last)
        return Position(self._at, self._last, msgspec.json.encode(Cursor(self._since, self._until, self.cursor)).decode())


def _resume(window: Window, after: Position | None) -> tuple[datetime | None, str | None]:
    """Since when, and with which cursor of Shopify's, to go on: the cursor only while the search stays the same."""
    if after is None:
        return window.since, None
    if after.cursor is not None:
        try:
            place = msgspec.json.decode(after.cursor, type=Cursor)
        except (msgspec.DecodeError, ValueError):
            place = None
        if place is not None and place.until == window.until:
            return place.since, place.after
    return after.at or window.since, None


async def extend(
    graphql: GraphQL, connection: dict[str, Any], document: str, id_: str, path: tuple[str, str], *, what: str = "order"
) -> None:
    """Append the following pages of a connection to its `nodes`, in place.

    Raises InvalidData when the record is gone meanwhile, when pages repeat, and beyond the bound on an order's lines.
    """
    for _ in range(_MOST_PAGES):
        info = connection.get("pageInfo") or {}
        if not info.get("hasNextPage"):
            return
        data: dict[str, Any] = await graphql.query(document, dict[str, Any], cost=100, id=id_, after=info.get("endCursor"))
        more = (data.get(path[0]) or {}).get(path[1])
        if not more or (more.get("pageInfo") or {}).get("endCursor") == info.get("endCursor"):
            break
        connection["nodes"] += more["nodes"]
        connection["pageInfo"] = more["pageInfo"]
    else:
        raise InvalidData(f"The {what} has more than {ORDER_LINES:,} lines; no more are taken.", field="lines")
    raise InvalidData(f"The {what} changed while it was read. It is read again with the next change.")


def halved(size: int, error: TooExpensive) -> int:
    """A smaller page: the rule of cost is Shopify's and changes."""
    if size == 1:
        raise InvalidData(f"Shopify finds one order too expensive to read: {error}.") from error
    return size // 2


def moment(value: datetime) -> str:
    """A moment as search terms take it: UTC, whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
