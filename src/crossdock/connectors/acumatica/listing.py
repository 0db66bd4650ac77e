"""Reading what changed, without trusting the order in which Acumatica lists.

It has no `$orderby`, and `$skip` drifts when rows move. So a slim list (keys and moments) of a window is read first; where it is cut,
the window is shortened. The keys, sorted here by moment, are then read in full, some at a time: nothing depends on how the server
sorts, and a record that changes meanwhile is read as it is now.
"""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Raw, Struct

from crossdock.connectors.acumatica.endpoint import Endpoint, any_of, is_since, moment, quoted
from crossdock.connectors.acumatica.mapping import aware
from crossdock.connectors.acumatica.payloads import Moment, Text
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, Window

SLIM = 1_000
"""Rows of a slim list at once."""

FULL = 25
"""Records read in full at once: their keys have to fit into an address, which some servers cut at 2,048 characters."""

_NOTE_ID_SINCE = "22.200.001"
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_SHORTEST = timedelta(milliseconds=1)
_TICK = timedelta(microseconds=1)
_ROW_NUMBER = re.compile(rb'"rowNumber"\s*:\s*\d+')


class Table(Struct, frozen=True):
    """A top-level entity: its key fields, the field that says when it changed, and what has to be expanded."""

    entity: str
    keys: tuple[str, ...]
    changed: str
    expand: str


SALES_ORDERS = Table(
    "SalesOrder",
    ("OrderType", "OrderNbr"),
    "LastModified",
    "Details,Details/Allocations,ShippingSettings,ShipToAddress,ShipToContact,BillToAddress,BillToContact,Totals,FinancialSettings",
)
SHIPMENTS = Table(
    "Shipment",
    ("ShipmentNbr",),
    "LastModifiedDateTime",
    "Details,Packages,Packages/PackageContents,ShippingSettings,ShippingSettings/ShipToAddress,ShippingSettings/ShipToContact",
)
ITEMS = Table("StockItem", ("InventoryID",), "LastModified", "CrossReferences")


class Row(Struct, frozen=True):
    """A record by its key, with the moment it is listed by and its external id."""

    at: datetime
    key: tuple[str, ...]
    id: str

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in the order of changes."""
        return self.at, " ".join(self.key)


class Listing:
    """Reads one entity. `where` is a condition on every row, `by` the field whose moments are listed, `slim` rows at once."""

    def __init__(
        self, endpoint: Endpoint, table: Table, *, where: str | None = None, by: str | None = None, slim: int = SLIM
    ) -> None:
        self._slim_rows = slim
        self._endpoint = endpoint
        self._table = table
        self._where = where
        self._by = by or table.changed

    async def rows(self, window: Window, after: Position | None) -> AsyncIterator[list[Row]]:
        """Rows of a window in order, from behind `after` on; each list is complete up to its last moment."""
        seen = (after.at, after.id or "") if after is not None and after.at is not None else None
        low = max(seen[0], window.since or _BEGINNING) if seen else window.since or _BEGINNING
        width: timedelta | None = None
        while low <= window.until:
            high = window.until if width is None else min(window.until, low + width)
            found = await self._between(low, high)
            is_whole = len(found) < self._slim_rows
            if not is_whole and high - low > _SHORTEST:
                width = _shorter(found, low, high)
                continue
            if not is_whole:
                found = await self._all_between(low, high)
            rows = sorted({row.place: row for row in found}.values(), key=lambda row: row.place)
            fresh = [row for row in rows if seen is None or row.place > seen]
            if fresh:
                seen = fresh[-1].place
                yield fresh
            if high >= window.until:
                return
            # Both ends belong to a window, so the last moment is read again, unless it alone has more rows than fit on a list.
            low, width = (
                (high, (high - low) * (2 if len(found) < self._slim_rows // 2 else 1))
                if is_whole
                else (high + _TICK, _SHORTEST * 1000)
            )

    async def full(self, rows: Sequence[Row]) -> list[bytes]:
        """The records of some rows as they are now, in their order; those that are gone are absent."""
        found = await self._endpoint.rows(self._table.entity, filter=_keys(self._table, rows), expand=self._table.expand)
        by_key = {self._key(raw): _without_place(bytes(raw)) for raw in found}
        return [by_key[row.key] for row in rows if row.key in by_key]

    async def named(self, keys: Sequence[tuple[str, ...]]) -> list[Row]:
        """Slim rows of some keys; those that do not exist are absent."""
        found: list[Row] = []
        for start in range(0, len(keys), FULL):
            rows = [Row(_BEGINNING, key, "") for key in keys[start : start + FULL]]
            raws = await self._endpoint.rows(self._table.entity, filter=_keys(self._table, rows), select=await self._slim())
            found += [self._row(raw) for raw in raws]
        return found

    async def _slim(self) -> str:
        own = ("NoteID",) if is_since(await self._endpoint.version(), _NOTE_ID_SINCE) else ()
        return ",".join((*self._table.keys, self._by, *own))

    async def _between(self, low: datetime, high: datetime, *, beyond: tuple[str, ...] | None = None) -> list[Row]:
        terms = [f"{self._by} ge {moment(low)}", f"{self._by} le {moment(high)}"]
        if self._where:
            terms.append(self._where)
        if beyond is not None:
            terms.append(_beyond(self._table.keys, beyond))
        raws = await self._endpoint.rows(
            self._table.entity, filter=" and ".join(terms), select=await self._slim(), top=self._slim_rows
        )
        return [self._row(raw) for raw in raws]

    async def _all_between(self, low: datetime, high: datetime) -> list[Row]:
        """Rows of a moment that has more than fit on a list, as a mass update makes them: on by key, the only thing left to go by."""
        found: dict[tuple[str, ...], Row] = {}
        beyond: tuple[str, ...] | None = None
        while True:
            page = await self._between(low, high, beyond=beyond)
            fresh = {row.key: row for row in page if row.key not in found}
            found |= fresh
            if len(page) < self._slim_rows or not fresh:
                return list(found.values())
            beyond = max(row.key for row in page)

    def _row(self, raw: Raw) -> Row:
        fields = decode(raw, dict[str, msgspec.Raw], what=f"Acumatica's list of {self._table.entity}")
        at = aware(decode(fields[self._by], Moment, what="A field")) if self._by in fields else None
        if at is None:
            raise InvalidData(f"Acumatica lists a {self._table.entity} without {self._by}.", field=self._by)
        own = decode(fields.get("id", msgspec.Raw(b'""')), str, what="An id")
        return Row(at, self._key(raw), _text(fields.get("NoteID")) or own)

    def _key(self, raw: Raw) -> tuple[str, ...]:
        fields = decode(raw, dict[str, msgspec.Raw], what=f"Acumatica's list of {self._table.entity}")
        return tuple(_text(fields.get(name)) for name in self._table.keys)


def _without_place(content: bytes) -> bytes:
    """A record without its place on the list it came in: else the same record would look changed on another page."""
    return _ROW_NUMBER.sub(b'"rowNumber":1', content, count=1)


def _shorter(found: Sequence[Row], low: datetime, high: datetime) -> timedelta:
    """How long the window may be, now that it held too many rows: about half of those that were listed."""
    middle = sorted(row.at for row in found)[len(found) // 2]
    return middle - low if low < middle < high else max((high - low) / 2, _SHORTEST)


def _text(raw: msgspec.Raw | None) -> str:
    return ((decode(raw, Text, what="A field").value if raw is not None else None) or "").strip()


def _keys(table: Table, rows: Sequence[Row]) -> str:
    if len(table.keys) == 1:
        return any_of(table.keys[0], [row.key[0] for row in rows])
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row.key[0], []).append(row.key[1])
    parts = [f"({table.keys[0]} eq {quoted(first)} and {any_of(table.keys[1], rest)})" for first, rest in groups.items()]
    return parts[0] if len(parts) == 1 else "(" + " or ".join(parts) + ")"


def _beyond(names: Sequence[str], key: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} gt {quoted(key[0])}"
    first = f"{names[0]} eq {quoted(key[0])}"
    return f"({names[0]} gt {quoted(key[0])} or ({first} and {names[1]} gt {quoted(key[1])}))"
