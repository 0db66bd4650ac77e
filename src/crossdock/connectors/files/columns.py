"""Columns of the files a warehouse writes: by header names where there is a header, else by position; and how values are read.

Nothing is guessed: a number a spreadsheet has bent, or a date that could be two, is refused with the reason.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData

SHIPMENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "order_number": ("order", "order no", "order id", "client order number", "reference", "reference number"),
    "ship_date": ("shipped", "shipped at", "date shipped", "shipping date"),
    "carrier": ("carrier code", "carrier name", "scac"),
    "tracking": ("tracking number", "tracking no", "tracking id"),
    "sku": ("item", "item sku", "item number", "product"),
    "quantity": ("qty", "quantity shipped", "qty shipped", "shipped quantity"),
    "cost": ("freight", "freight cost", "shipping cost"),
    "weight": ("package weight",),
    "line_number": ("line", "line no"),
    "shipment_id": ("shipment", "shipment number", "shipment no"),
    "package_id": ("package", "sscc", "carton", "carton id", "box"),
    "lot": ("lot number", "batch"),
    "serial": ("serials", "serial number", "serial numbers"),
    "expiry": ("expiration", "expiration date", "expiry date", "best before"),
    "final": ("is final", "complete", "last shipment"),
    "service": ("service level", "ship method", "method"),
    "void": ("voided", "is void"),
}
"""Columns of a shipment file in their order without a header, with the other names a header may give them."""

STOCK_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sku": ("item", "item sku", "item number", "product"),
    "available": ("quantity", "qty", "quantity available", "qty available", "available quantity"),
    "on_hand": ("quantity on hand", "qty on hand", "onhand"),
    "facility": ("warehouse", "facility id", "location"),
    "lot": ("lot number", "batch"),
}
"""Columns of a stock file, likewise."""

_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,6})?")
_SPREADSHEET = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_YES = frozenset({"y", "yes", "true", "1", "final", "complete"})
_NO = frozenset({"n", "no", "false", "0", "partial"})


class Layout(Struct, frozen=True):
    """Where each column stands; `has_header` says that the first row is one."""

    places: Mapping[str, int]
    has_header: bool


def layout_of(first: Sequence[str], columns: Mapping[str, tuple[str, ...]], needed: Sequence[str]) -> Layout:
    """The layout that a file's first row shows. Two known names make it a header.

    Raises InvalidData when a header lacks a needed column or names one twice.
    """
    known = {_plain(name): column for column, others in columns.items() for name in (column, *others)}
    named = [known.get(_plain(cell)) for cell in first]
    if len([name for name in named if name]) < 2:
        return Layout({name: place for place, name in enumerate(columns)}, has_header=False)
    for column in needed:
        if column not in named:
            message = f"The header has no column “{column}”. It has: {', '.join(cell.strip() for cell in first)[:300]}."
            raise InvalidData(message, field=column)
    twice = next((name for name in named if name and named.count(name) > 1), None)
    if twice:
        raise InvalidData(f"The header names “{twice}” twice.", field=twice)
    return Layout({name: place for place, name in enumerate(named) if name}, has_header=True)


class Cells:
    """One row by column names. Every method raises InvalidData with the column at fault."""

    def __init__(self, fields: Sequence[str], layout: Layout) -> None:
        self._fields = fields
        self._places = layout.places

    def text(self, column: str) -> str | None:
        """The value without blanks around it; None when it is empty or there is no such column."""
        place = self._places.get(column)
        if place is None or place >= len(self._fields):
            return None
        return self._fields[place].strip() or None

    def needed(self, column: str) -> str:
        """A value that must be there."""
        value = self.text(column)
        if value is None:
            raise InvalidData(f"The {column.replace('_', ' ')} is missing.", field=column)
        return value

    def sku(self) -> str:
        """The SKU, unless a spreadsheet has turned it into a number."""
        value = self.needed("sku")
        if _SPREADSHEET.fullmatch(value):
            message = f"The SKU “{value}” was turned into a number by a spreadsheet. Export it as text."
            raise InvalidData(message, field="sku")
        return value

    def number(self, column: str) -> Decimal | None:
        """A plain decimal number: 12, -3, 0.5."""
        value = self.text(column)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            message = f"The {column.replace('_', ' ')} “{value[:60]}” is not a plain number such as 12 or 0.5."
            raise InvalidData(message, field=column)
        return Decimal(value)

    def line_number(self) -> int | None:
        """The line of the order file."""
        value = self.text("line_number")
        if value is not None and not re.fullmatch(r"\d{1,9}", value):
            raise InvalidData(f"The line number “{value[:60]}” is not a whole number.", field="line_number")
        return None if value is None else int(value)

    def claim(self, column: str) -> bool | None:
        """Y or N; None when it is empty."""
        value = self.text(column)
        if value is None:
            return None
        if value.casefold() not in _YES | _NO:
            raise InvalidData(f"“{value[:60]}” in the column {column.replace('_', ' ')} is neither Y nor N.", field=column)
        return value.casefold() in _YES

    def day(self, column: str, slashes: str) -> date | None:
        """A date without time."""
        value = self.text(column)
        return None if value is None else _day(value, column, slashes)

    def moment(self, column: str, slashes: str, zone: ZoneInfo) -> datetime:
        """A moment in UTC. A date alone means noon in `zone`, so that no other zone shows another day."""
        value = self.needed(column)
        if re.fullmatch(r"\d{14}", value):
            value = f"{value[:8]}T{value[8:]}"
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            head, _, clock = value.partition(" ")
            try:
                found = datetime.combine(_day(head, column, slashes), time.fromisoformat(clock) if clock else time(12))
            except ValueError:
                raise _no_date(value, column) from None
        else:
            if re.fullmatch(r"\d{4}-?\d\d-?\d\d", value):
                found = found.replace(hour=12)
        if not 2000 <= found.year <= 2100:
            raise _no_date(value, column)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _day(value: str, column: str, slashes: str) -> date:
    parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", value)
    try:
        if parts is None:
            return date.fromisoformat(value)
        if slashes == "refuse":
            message = f"“{value}” could be two dates. Say in the settings whether month or day comes first, or write 2026-01-31."
            raise InvalidData(message, field=column)
        first, second = int(parts[1]), int(parts[2])
        month, day = (first, second) if slashes == "mdy" else (second, first)
        return date(int(parts[3]), month, day)
    except ValueError:
        raise _no_date(value, column) from None


def _no_date(value: str, column: str) -> InvalidData:
    return InvalidData(f"The {column.replace('_', ' ')} “{value[:60]}” is not a date such as 2026-01-31.", field=column)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
