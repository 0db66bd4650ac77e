"""What a warehouse's files mean: rows to shipments and stock levels. Pure; files come in as rows, with their line numbers."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from crossdock.connectors.files.columns import SHIPMENT_COLUMNS, STOCK_COLUMNS, Cells, Layout, layout_of
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.fulfillment import Content, Package, Shipment, StockLevel
from crossdock.domain.orders import Measure
from crossdock.formats.delimited import BadRow, Row


class ReadShipments(Struct, frozen=True):
    """What a shipment file holds, in the order of its first rows; `raws[i]` are the rows of `shipments[i]`."""

    shipments: tuple[Shipment, ...]
    raws: tuple[bytes, ...]
    rejected: tuple[Rejected, ...]


class ReadStock(Struct, frozen=True):
    """What a stock file holds."""

    levels: tuple[StockLevel, ...]
    rejected: tuple[Rejected, ...]


class _Line(Struct, frozen=True):
    """One row of a shipment file, understood."""

    where: str
    raw: bytes
    reference: str
    shipped_at: datetime
    sku: str
    quantity: Decimal
    trackings: tuple[str, ...]
    carrier: str | None
    service: str | None
    shipment_id: str | None
    package_id: str | None
    line_number: int | None
    lot: str | None
    serials: tuple[str, ...]
    expiry: str | None
    cost: Decimal | None
    weight: Decimal | None
    is_final: bool | None
    is_void: bool
    content: Content

    @property
    def box(self) -> str:
        """What tells the boxes of a shipment apart."""
        return self.package_id or (self.trackings[0] if self.trackings else "")


Key = tuple[str, str, str]
"""What rows belong together by: the order number, and the shipment's id or else the tracking number."""


def shipments_of(name: str, rows: Iterable[Row | BadRow], settings: Settings) -> ReadShipments:
    """Understand a shipment file.

    Rows with a shipment id make one shipment with its boxes. Without ids each box (each tracking number) is a shipment of its own,
    so that a file sent again with one more box does not change the boxes sent before. A row that cannot be understood is rejected
    with file and line, and holds back the rows of its own shipment only: half a shipment would be taken for a whole one.
    """
    layout: Layout | None = None
    rejected: list[Rejected] = []
    groups: dict[Key, list[_Line]] = {}
    broken: dict[Key, str] = {}
    for row in rows:
        where = f"{name} line {row.line}"
        if isinstance(row, BadRow):
            rejected.append(Rejected(None, None, row.reason, row.raw, where))
            continue
        if layout is None:
            try:
                layout = layout_of(row.fields, SHIPMENT_COLUMNS, ("order_number", "ship_date", "sku", "quantity"))
            except InvalidData as error:
                return ReadShipments((), (), (*rejected, Rejected(None, error.field, error.message, row.raw[:4096], where)))
            if layout.has_header:
                continue
        cells = Cells(row.fields, layout)
        try:
            line = _line(cells, where, row.raw, settings)
            groups.setdefault(_key(line.reference, line.shipment_id, line.box, line.shipped_at.isoformat()), []).append(line)
        except InvalidData as error:
            reference = cells.text("order_number")
            rejected.append(Rejected(reference, error.field, error.message, row.raw[:4096], where))
            if reference:
                box = cells.text("package_id") or (_trackings(cells) or ("",))[0]
                broken.setdefault(_key(reference, cells.text("shipment_id"), box, ""), where)
    shipments, raws = [], []
    for key, lines in groups.items():
        fault = broken.get(key) or broken.get((key[0], key[1], ""))
        if fault:
            reason = f"Held back with {fault}, which belongs to the same shipment. Correct that row and send the file again."
            rejected += [Rejected(line.reference, None, reason, line.raw[:4096], line.where) for line in lines]
            continue
        try:
            shipments.append(_shipment(lines, settings))
        except InvalidData as error:
            rejected.append(Rejected(lines[0].reference, error.field, error.message, lines[0].raw[:4096], lines[0].where))
        else:
            raws.append(b"".join(line.raw for line in lines))
    return ReadShipments(tuple(shipments), tuple(raws), tuple(rejected))


def stock_of(name: str, rows: Iterable[Row | BadRow], settings: Settings) -> ReadStock:
    """Understand a stock file: one level for each SKU and facility.

    Where there is a lot column, the lots of a SKU are added up; without one a SKU named twice is rejected the second time, for
    adding what was exported twice would sell what is not there.
    """
    layout: Layout | None = None
    columns: Mapping[str, tuple[str, ...]] = STOCK_COLUMNS
    if settings.stock_meaning == "on_hand":
        order = ("sku", "on_hand", "available", "facility", "lot")
        columns = {column: STOCK_COLUMNS[column] for column in order}
    levels: dict[tuple[str, str | None], StockLevel] = {}
    rejected: list[Rejected] = []
    for row in rows:
        where = f"{name} line {row.line}"
        if isinstance(row, BadRow):
            rejected.append(Rejected(None, None, row.reason, row.raw, where))
            continue
        if layout is None:
            try:
                layout = layout_of(row.fields, columns, ("sku",))
            except InvalidData as error:
                return ReadStock((), (*rejected, Rejected(None, error.field, error.message, row.raw[:4096], where)))
            if layout.has_header:
                continue
        cells = Cells(row.fields, layout)
        try:
            level = _level(cells)
            key = (level.sku, level.facility)
            before = levels.get(key)
            if before is not None and "lot" not in (layout.places if layout.has_header else ()):
                raise InvalidData(f"The SKU “{level.sku}” is in the file twice; its first figure is used.", field="sku")
            levels[key] = level if before is None else _added(before, level)
        except InvalidData as error:
            rejected.append(Rejected(cells.text("sku"), error.field, error.message, row.raw[:4096], where))
    return ReadStock(tuple(levels.values()), tuple(rejected))


def _level(cells: Cells) -> StockLevel:
    available, on_hand = cells.number("available"), cells.number("on_hand")
    if available is None and on_hand is None:
        raise InvalidData("The row states no figure.", field="available")
    return StockLevel(cells.sku(), available, on_hand, cells.text("facility"))


def _added(one: StockLevel, other: StockLevel) -> StockLevel:
    def total(left: Decimal | None, right: Decimal | None) -> Decimal | None:
        return right if left is None else left if right is None else left + right

    return StockLevel(one.sku, total(one.available, other.available), total(one.on_hand, other.on_hand), one.facility)


def _line(cells: Cells, where: str, raw: bytes, settings: Settings) -> _Line:
    quantity = cells.number("quantity")
    if quantity is None or quantity < 0:
        raise InvalidData("The quantity is missing or below zero.", field="quantity")
    expiry = cells.day("expiry", settings.slash_dates)
    serials = tuple(part.strip() for part in re.split(r"[;|]", cells.text("serial") or "") if part.strip())
    sku, number, lot = cells.sku(), cells.line_number(), cells.text("lot")
    return _Line(
        where=where,
        raw=raw,
        reference=cells.needed("order_number"),
        shipped_at=cells.moment("ship_date", settings.slash_dates, ZoneInfo(settings.time_zone)),
        sku=sku,
        quantity=quantity,
        trackings=_trackings(cells),
        carrier=cells.text("carrier"),
        service=cells.text("service"),
        shipment_id=cells.text("shipment_id"),
        package_id=cells.text("package_id"),
        line_number=number,
        lot=lot,
        serials=serials,
        expiry=expiry.isoformat() if expiry else None,
        cost=cells.number("cost"),
        weight=cells.number("weight"),
        is_final=cells.claim("final"),
        is_void=bool(cells.claim("void")),
        content=Content(sku, quantity, number, lot, expiry, serials),
    )


def _trackings(cells: Cells) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[;,|]", cells.text("tracking") or "") if part.strip())


def _key(reference: str, shipment_id: str | None, box: str, moment: str) -> Key:
    if shipment_id:
        return reference, f"id {shipment_id}", ""
    # Boxes without any number are told apart by the moment they left; a row at fault ("") stands for all of them.
    return reference, f"box {box}", "" if box else moment


def _shipment(lines: list[_Line], settings: Settings) -> Shipment:
    first = lines[0]
    boxes: dict[str, list[_Line]] = {}
    for line in lines:
        boxes.setdefault(line.box, []).append(line)
    packages: list[Package] = []
    for number, (box, rows) in enumerate(boxes.items(), 1):
        packages += _packages(box or str(number), rows, settings)
    finals = {line.is_final for line in lines} - {None}
    is_final = None if not finals else True in finals
    contents = [content for package in packages for content in package.contents]
    if not contents and not is_final:
        raise InvalidData("No units left with this shipment, and it is not marked final: it says nothing.", field="quantity")
    costs = [
        cost for rows in boxes.values() if (cost := next((row.cost for row in rows if row.cost is not None), None)) is not None
    ]
    return Shipment(
        external_id=_external_id(first, lines),
        reference=first.reference,
        shipped_at=first.shipped_at,
        packages=tuple(packages) if contents else (),
        carrier=first.carrier,
        service=first.service,
        is_final=is_final,
        is_void=any(line.is_void for line in lines),
        freight=sum(costs, Decimal(0)) if costs else None,
    )


def _packages(box: str, rows: list[_Line], settings: Settings) -> list[Package]:
    """The box, and an empty one for each further tracking number the warehouse wrote into the same field."""
    first = rows[0]
    merged: dict[tuple[object, ...], Content] = {}
    for row in rows:
        if row.quantity == 0:
            continue
        content = row.content
        key = (content.sku, content.line_number, content.lot, content.expiry)
        before = merged.get(key)
        if before is not None:
            serials = before.serials + content.serials
            content = msgspec.structs.replace(content, quantity=before.quantity + content.quantity, serials=serials)
        merged[key] = content
    weight = next((row.weight for row in rows if row.weight is not None), None)
    digits = (first.package_id or "").removeprefix("(00)")
    sscc = digits[-18:] if re.fullmatch(r"(00)?\d{18}", digits) else None
    tracking = next((row.trackings[0] for row in rows if row.trackings), None)
    more = dict.fromkeys(number for row in rows for number in row.trackings[1:])
    return [
        Package(
            external_id=box,
            tracking=tracking,
            sscc=sscc,
            weight=None if weight is None else Measure(weight, settings.weight_unit),
            contents=tuple(merged.values()),
        ),
        *(Package(external_id=number, tracking=number) for number in more),
    ]


def _external_id(first: _Line, lines: list[_Line]) -> str:
    """The same for the same shipment whatever its file is called and however often it is read.

    With an id: order number and id, so a corrected tracking number is a change of the shipment known. Without: order number,
    tracking and a digest of what is in the box, so that a second file of the same box with other items is not taken for a repeat.
    """
    if first.shipment_id:
        return f"{first.reference}/{first.shipment_id}"
    stated = sorted(
        (
            line.sku,
            f"{line.quantity.normalize():f}",
            str(line.line_number),
            line.lot or "",
            line.expiry or "",
            ";".join(line.serials),
        )
        for line in lines
    )
    moment = "" if first.box else first.shipped_at.isoformat()
    digest = hashlib.sha256(repr((moment, stated)).encode()).hexdigest()[:12]
    return f"{first.reference}/{first.box or 'untracked'}/{digest}"
