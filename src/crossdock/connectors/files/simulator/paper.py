"""The warehouse's own reading and writing of files. On purpose it shares nothing with the connector, so that a mistake in one shows.

Order rows are read by Python's csv module and by position, as the exchange's description has them.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_HEADS = {25: 1, 26: 2, 27: 3}
_SHIPMENT_HEAD = (
    "Order Number,Ship Date,Carrier Code,Tracking Number,SKU,Qty,Cost,Weight,"
    "Line Number,Shipment ID,Package ID,Lot,Serial,Expiry,Final"
)
_STOCK_HEAD = "SKU,Available,On Hand,Facility"


@dataclass
class OrderedLine:
    """A PD row."""

    number: int
    sku: str
    quantity: float
    price: str
    shipped: float = 0.0


@dataclass
class ReceivedOrder:
    """A PH row with its lines. `times` counts how often it came: more than once is what must never happen."""

    number: str
    version: int
    po: str
    email: str
    name: str
    address1: str
    address2: str
    city: str
    state: str
    postal_code: str
    country: str
    attention: str
    phone: str
    method: str
    payment: str
    account: str
    ordered_at: str
    notes: str
    facility: str
    file: str
    received_at: str
    lines: list[OrderedLine] = field(default_factory=list)
    times: int = 1
    shipments: int = 0

    @property
    def is_shipped(self) -> bool:
        """Whether nothing of it is left to ship."""
        return all(line.shipped >= line.quantity for line in self.lines)


def read_orders(content: bytes, *, file: str, received_at: str, encoding: str, delimiter: str) -> list[ReceivedOrder]:
    """The orders of a file. Raises ValueError, IndexError or csv.Error: a warehouse refuses the whole file."""
    rows = csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter, strict=True)
    orders: list[ReceivedOrder] = []
    for row in rows:
        if row and row[0] == "PH":
            orders.append(_order(row, file, received_at, rows.line_num))
        elif row and row[0] == "PD":
            if not orders or row[1] != orders[-1].number or len(row) != 6:
                raise ValueError(f"line {rows.line_num}: a PD row that belongs to no PH row")
            orders[-1].lines.append(OrderedLine(int(row[2]), row[3], float(row[4]), row[5]))
        else:
            raise ValueError(f"line {rows.line_num}: neither PH nor PD")
    for order in orders:
        if not order.lines:
            raise ValueError(f"order {order.number} has no lines")
    if not orders:
        raise ValueError("no order in the file")
    return orders


def _order(row: Sequence[str], file: str, received_at: str, line: int) -> ReceivedOrder:
    version = _HEADS.get(len(row))
    if version is None:
        raise ValueError(f"line {line}: a PH row of {len(row)} fields")
    cells = list(row) if version == 1 else [*row[:3], *row[4:]]
    if not all(cells[place] for place in (1, 3, 4, 6, 8, 9, 19)):
        raise ValueError(f"line {line}: a field that must be there is empty")
    if not all(character.isalnum() or character in "-_" for character in cells[1]):
        raise ValueError(f"line {line}: the order number {cells[1]!r} has characters we do not take")
    return ReceivedOrder(
        number=cells[1],
        version=version,
        po=cells[2],
        email=row[3] if version > 1 else "",
        name=cells[3],
        address1=cells[4],
        address2=cells[5],
        city=cells[6],
        state=cells[7],
        postal_code=cells[8],
        country=cells[9],
        attention=cells[10],
        phone=cells[11],
        method=cells[19],
        payment=cells[20],
        account=cells[21],
        ordered_at=cells[22],
        notes=cells[24],
        facility=cells[25] if version == 3 else "",
        file=file,
        received_at=received_at,
    )


@dataclass(frozen=True)
class Style:
    """How a warehouse happens to write its files."""

    header: bool = True
    bom: bool = False
    encoding: str = "utf-8"
    newline: str = "\r\n"
    delimiter: str = ","
    with_ids: bool = True


def shipment_file(rows: Iterable[Sequence[str]], style: Style) -> bytes:
    """A shipment file; rows have the 15 columns of its header, of which a file without ids has the first eight."""
    width = 15 if style.with_ids else 8
    return _text([_SHIPMENT_HEAD.split(",")[:width]] if style.header else [], [row[:width] for row in rows], style)


def stock_file(rows: Iterable[Sequence[str]], style: Style) -> bytes:
    """A stock file: SKU, available, on hand, facility."""
    return _text([_STOCK_HEAD.split(",")] if style.header else [], rows, style)


def _text(head: Iterable[Sequence[str]], rows: Iterable[Sequence[str]], style: Style) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=style.delimiter, lineterminator=style.newline)
    writer.writerows(head)
    writer.writerows(rows)
    return (b"\xef\xbb\xbf" if style.bom else b"") + out.getvalue().encode(style.encoding, errors="replace")
