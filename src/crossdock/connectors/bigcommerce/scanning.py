"""Reading a list of orders by a date, without losing any while the list moves.

BigCommerce pages by number over a list that shifts under the reader, and its moments are whole seconds. So each page begins anew at
the last moment seen; a second in which more orders stand than a page holds is read by id, which does not move.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Raw, Struct

from crossdock.connectors.bigcommerce.api import Api
from crossdock.connectors.bigcommerce.payloads import moment, written
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, Window


class Mark(Struct, frozen=True):
    """The little that is needed to go on from an order, even if the rest of it cannot be read."""

    id: int | None = None
    date_modified: str | None = None
    date_created: str | None = None
    status_id: int | None = None


class Cursor(Struct, frozen=True, omit_defaults=True):
    """Where the reading stands: from which moment on, and within one crowded second after which id."""

    since: datetime | None
    second: datetime | None = None
    after: int = 0


class Scanned(Struct, frozen=True):
    """One answer's orders that were not given before, as received, and where to go on."""

    orders: tuple[tuple[bytes, Mark], ...]
    position: Position


class Scan:
    """Reads `GET /v2/orders` by `date_modified` or `date_created`, oldest first; `included` are parameters that widen the answer."""

    def __init__(self, api: Api, by: str, *, what: str, included: dict[str, str] | None = None) -> None:
        self._api = api
        self._by = by
        self._what = what
        self._included = included or {}

    async def pages(self, window: Window, after: Position | None, size: int) -> AsyncIterator[Scanned]:
        """Each answer in turn; at least one. May give an order again after it was resumed; never hides one."""
        place: Cursor | None = _resume(window, after)
        at, last = (after.at, after.id) if after is not None else (None, None)
        given: set[tuple[int | None, str | None]] = set()
        shared: datetime | None = None
        while place is not None:
            contents = await self._listed(place, window.until, size)
            marks = [mark_of(content) for content in contents]
            moments = [found for mark in marks if (found := self.moment_of(mark)) is not None]
            newest = max(moments, default=None)
            fresh = tuple(
                (content, mark)
                for content, mark in zip(contents, marks, strict=True)
                if mark.id is None or (mark.id, mark.date_modified) not in given
            )
            # Only what shares the last second can come again, since every page begins there.
            if newest != shared:
                given, shared = set(), newest
            given |= {(mark.id, mark.date_modified) for mark in marks if self.moment_of(mark) == newest}
            at = max((one for one in (at, newest) if one is not None), default=None)
            last = next((str(mark.id) for _, mark in reversed(fresh) if mark.id is not None), last)
            place = self._next(place, marks, moments, is_last=len(contents) < size)
            yield Scanned(fresh, Position(at, last, msgspec.json.encode(place).decode() if place is not None else None))

    def moment_of(self, mark: Mark) -> datetime | None:
        """The moment an order is sorted by, to the second; None where it cannot be read."""
        try:
            found = moment(getattr(mark, self._by), field=self._by)
        except InvalidData:
            return None
        return found.replace(microsecond=0).astimezone(UTC) if found is not None else None

    async def _listed(self, place: Cursor, until: datetime, size: int) -> list[bytes]:
        low, high = f"min_{self._by}", f"max_{self._by}"
        params = {"limit": str(size), "page": "1", **self._included}
        if place.second is not None:
            second = written(place.second)
            params |= {low: second, high: second, "sort": "id:asc", "min_id": str(place.after + 1)}
        else:
            params |= {high: written(until), "sort": f"{self._by}:asc"}
            if place.since is not None:
                params[low] = written(place.since)
        listed = await self._api.ask("v2/orders", tuple[Raw, ...], what=self._what, params=params, empty=())
        return [bytes(raw) for raw in listed]

    def _next(self, place: Cursor, marks: Sequence[Mark], moments: Sequence[datetime], *, is_last: bool) -> Cursor | None:
        """Where the next page begins; None after the last."""
        if place.second is not None:
            after = max((mark.id for mark in marks if mark.id is not None), default=place.after)
            # A page that brings nobody new would be asked for again without end.
            if is_last or after <= place.after:
                return Cursor(place.second + timedelta(seconds=1))
            return Cursor(place.since, place.second, after)
        if is_last:
            return None
        if not moments:
            raise InvalidData(f"BigCommerce lists orders without their {self._by}.", field=self._by)
        newest = max(moments)
        is_crowded = min(moments) == newest or (place.since is not None and newest <= place.since)
        return Cursor(None, newest) if is_crowded else Cursor(newest)


def mark_of(content: bytes) -> Mark:
    """The mark of an order as received; an empty one where even that cannot be read."""
    try:
        return decode(content, Mark, what="The order")
    except InvalidData:
        return Mark()


def _resume(window: Window, after: Position | None) -> Cursor:
    if after is None:
        return Cursor(window.since)
    if after.cursor is not None:
        try:
            return msgspec.json.decode(after.cursor, type=Cursor)
        except (msgspec.DecodeError, ValueError):
            pass
    return Cursor(after.at or window.since)
