"""What an order says has left already: its shipment records, and the notes that Crossdock writes where there are none. Pure.

A note is one line of the order's notes, made for people and read back by us:

    Crossdock shipment 3fb1c2d4 | 2026-11-21 | UPS | 1Z1, 1Z2 | 3 x RED-M; 2 x BLUE-M
    Crossdock shipment 3fb1c2d4 canceled
    Crossdock shipment 1Z1 is now | 2026-11-21 | UPS | 1Z9

The last line of a kind counts. The third kind corrects a shipment record, which nobody can change once it is there.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossdock.connectors.kit.decoding import amount
from crossdock.connectors.nuorder.payloads import NuOrder, text

_NOTE = re.compile(
    r"^Crossdock shipment (?P<ref>[0-9a-f]{8}) \| (?P<day>[^|]*) \| (?P<carrier>[^|]*) \| (?P<numbers>[^|]*) \| (?P<units>.*)$"
)
_CANCELED = re.compile(r"^Crossdock shipment (?P<ref>\S.*?) canceled$")
_NOW = re.compile(r"^Crossdock shipment (?P<ref>\S.*?) is now \| (?P<day>[^|]*) \| (?P<carrier>[^|]*) \| (?P<numbers>[^|]*)$")
_UNITS = re.compile(r"^(\d+(?:\.\d+)?) x (.+)$")


class Piece(Struct, frozen=True):
    """One line of the hub: one size of one line item. `row` and `column` say where it stands in the order."""

    id: str
    sku: str
    row: int
    column: int
    refs: tuple[str, ...]
    size: str
    ordered: Decimal


class Standing(Struct, frozen=True):
    """One shipment that the order shows. `units` are by line id; `ref` names it in our notes; records have their numbers as ref."""

    ref: str
    numbers: tuple[str, ...]
    units: Mapping[str, Decimal]
    is_record: bool = False
    is_canceled: bool = False

    @classmethod
    def record(cls, numbers: Sequence[str], units: Mapping[str, Decimal]) -> "Standing":
        """A shipment record: named by its numbers, and by its units where it has none."""
        said = " ".join(sorted(f"{line_id}={quantity.normalize():f}" for line_id, quantity in units.items()))
        return cls(", ".join(numbers) or f"of {ref_of(said)}", tuple(numbers), units, is_record=True)


def pieces_of(order: NuOrder, sku_of: "SkuOf") -> tuple[Piece, ...]:
    """The lines of an order, one a size.

    The id is the line's (where the portal gives one) or its product's, with the size; a repetition of the same is counted.
    """
    found: list[Piece] = []
    seen: dict[str, int] = {}
    for row, line in enumerate(order.line_items):
        product = line.product.id or f"{text(line.product.style_number)}:{text(line.product.color)}"
        refs = tuple(ref for ref in (text(line.id), product) if ref)
        for column, size in enumerate(line.sizes):
            name = text(size.size) or ""
            base = f"{refs[0]}:{name}"
            seen[base] = seen.get(base, 0) + 1
            id_ = base if seen[base] == 1 else f"{base}#{seen[base]}"
            ordered = amount(size.quantity, field=f"line_items[{row}].sizes[{column}].quantity") or Decimal(0)
            found.append(Piece(id_, sku_of(order, row, column), row, column, refs, name, max(ordered, Decimal(0))))
    return tuple(found)


class SkuOf:
    """How a warehouse knows a size: see the setting “SKU is”."""

    def __init__(self, sku_from: str) -> None:
        self._from = sku_from

    def __call__(self, order: NuOrder, row: int, column: int) -> str:
        line = order.line_items[row]
        size = line.sizes[column]
        return sku(
            self._from,
            upc=text(size.upc),
            style=text(line.product.style_number),
            color=text(line.product.color),
            size=text(size.size),
        )


def sku(sku_from: str, *, upc: str | None, style: str | None, color: str | None, size: str | None) -> str:
    """UPC, or style-color-size of what is there; empty when there is nothing at all."""
    if sku_from == "upc" and upc:
        return upc
    return "-".join(part for part in (style, color, size) if part)


def barcode(upc: str | None) -> str | None:
    """What a scanner reads: eight to fourteen digits. Brands put codes of their own into the UPC as well."""
    return upc if upc is not None and upc.isdecimal() and len(upc) in (8, 12, 13, 14) else None


def standing(order: NuOrder, pieces: Sequence[Piece]) -> tuple[Standing, ...]:
    """Every shipment the order shows, in the order they were written; canceled ones among them."""
    room = {piece.id: piece.ordered for piece in pieces}
    found: list[Standing] = []
    for record in order.shipments or ():
        units: dict[str, Decimal] = {}
        for line in record.line_items:
            ref = text(line.id)
            for size in line.sizes:
                fitting = [piece for piece in pieces if ref in piece.refs and piece.size == (text(size.size) or "")]
                _spread(size.quantity, fitting, room, units)
        numbers = tuple(number for number in record.tracking_numbers if number)
        found.append(Standing.record(numbers, units))
    for line_ in whole_notes(order):
        _read(line_, pieces, room, found)
    return tuple(found)


def shipped(shipments: Sequence[Standing]) -> dict[str, Decimal]:
    """Units that left, by line id."""
    units: dict[str, Decimal] = {}
    for one in shipments:
        if not one.is_canceled:
            for line_id, quantity in one.units.items():
                units[line_id] = units.get(line_id, Decimal(0)) + quantity
    return units


def ref_of(key: str) -> str:
    """The name of one of our shipments in notes: eight hexadecimal digits, the same each time."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def note_line(ref: str, *, day: date, carrier: str | None, numbers: Sequence[str], units: Mapping[str, Decimal]) -> str:
    """One shipment as a line of notes. `units` are by SKU."""
    what = "; ".join(f"{quantity.normalize():f} x {_one_line(sku_)}" for sku_, quantity in units.items())
    return (
        f"Crossdock shipment {ref} | {day:%Y-%m-%d} | {_one_line(carrier or '')} | {', '.join(map(_one_line, numbers))} | {what}"
    )


def now_line(ref: str, *, day: date, carrier: str | None, numbers: Sequence[str]) -> str:
    """What corrects a shipment record."""
    shown = ", ".join(map(_one_line, numbers))
    return f"Crossdock shipment {_one_line(ref)} is now | {day:%Y-%m-%d} | {_one_line(carrier or '')} | {shown}"


def canceled_line(ref: str) -> str:
    """What takes a shipment back."""
    return f"Crossdock shipment {_one_line(ref)} canceled"


def whole_notes(order: NuOrder) -> list[str]:
    """The lines of an order's notes."""
    return [line.strip() for line in (order.notes or "").splitlines()]


def notes_of_people(notes: str | None) -> str | None:
    """Notes without our lines."""
    kept = [line for line in (notes or "").splitlines() if not line.strip().startswith("Crossdock shipment ")]
    return "\n".join(kept).strip() or None


def _read(line: str, pieces: Sequence[Piece], room: dict[str, Decimal], found: list[Standing]) -> None:
    if not line.startswith("Crossdock shipment "):
        return
    if match := _CANCELED.match(line):
        for place, one in enumerate(found):
            if _one_line(one.ref) == match["ref"] and not one.is_canceled:
                found[place] = replace(one, is_canceled=True)
                for line_id, quantity in one.units.items():
                    room[line_id] += quantity
        return
    numbers: tuple[str, ...]
    if match := _NOW.match(line):
        numbers = _numbers(match["numbers"])
        found[:] = [replace(one, numbers=numbers) if _one_line(one.ref) == match["ref"] else one for one in found]
        return
    if not (match := _NOTE.match(line)):
        return
    numbers = _numbers(match["numbers"])
    for place, one in enumerate(found):
        if one.ref == match["ref"] and not one.is_record:
            found[place] = replace(one, numbers=numbers)
            return
    units: dict[str, Decimal] = {}
    for part in match["units"].split("; "):
        if said := _UNITS.match(part.strip()):
            fitting = [piece for piece in pieces if _one_line(piece.sku) == said[2]]
            _spread(Decimal(said[1]), fitting, room, units)
    found.append(Standing(match["ref"], numbers, units))


def _spread(quantity: Decimal, pieces: Sequence[Piece], room: dict[str, Decimal], units: dict[str, Decimal]) -> None:
    """Take units off the lines they fit, in order; what fits nowhere is not counted."""
    left = quantity if quantity.is_finite() else Decimal(0)
    for piece in pieces:
        taken = min(left, room[piece.id])
        if taken > 0:
            units[piece.id] = units.get(piece.id, Decimal(0)) + taken
            room[piece.id] -= taken
            left -= taken


def _numbers(said: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in said.split(",") if part.strip())


def _one_line(value: str) -> str:
    return " ".join(value.replace("|", "/").replace(";", ",").split())
