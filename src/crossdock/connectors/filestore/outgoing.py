"""What the store is told: shipments and stock as files of its format. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from crossdock.connectors.filestore.mapping import parts_of_line_id
from crossdock.connectors.filestore.outgoing_columns import LINE_FIELDS, Column, columns_of
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.filestore.synonyms import plain
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import ShipmentNotice, StockFigure
from crossdock.formats.delimited import Unwritable, for_machines
from crossdock.formats.xml import render

Values = Mapping[str, Any]


def shipment_file_name(notices: Sequence[ShipmentNotice], settings: Settings) -> str:
    """The final name of a file that begins with this shipment: the same in every attempt."""
    keys = "\n".join(notice.key for notice in notices)
    number = re.sub(r"[^A-Za-z0-9-]+", "-", notices[0].order_number).strip("-")[:40] or "order"
    return f"shipment_{number}_{hashlib.sha256(keys.encode()).hexdigest()[:12]}.{settings.out_format}"


def stock_file_name(at: datetime, content: bytes, settings: Settings) -> str:
    """A name that sorts by time, and is another one for other content."""
    return f"stock_{at.astimezone(UTC):%Y%m%dT%H%M%S%f}_{hashlib.sha256(content).hexdigest()[:8]}.{settings.out_format}"


def shipment_file(notices: Sequence[ShipmentNotice], settings: Settings) -> bytes:
    """A shipment file, the same bytes whenever it is made of the same notices. Raises InvalidData as `shipment_values`."""
    columns = columns_of(settings.shipment_columns, "shipment")
    shipments = [shipment_values(notice, settings) for notice in notices]
    if settings.out_format == "csv":
        rows = [[_cell(column, shipment, line) for column in columns] for shipment, lines in shipments for line in lines]
        return _csv([[column.name for column in columns], *rows])
    heads = [column for column in columns if column.field not in LINE_FIELDS]
    inner = [column for column in columns if column.field in LINE_FIELDS]
    trees = [
        {**_named(heads, shipment, {}), "lines": [_named(inner, shipment, line) for line in lines]}
        for shipment, lines in shipments
    ]
    return _json_or_xml("shipments", "shipment", trees, settings)


def stock_file(figures: Sequence[StockFigure], at: datetime, settings: Settings) -> bytes:
    """A stock file: the figures of these SKUs at these places, whole; others stay as they are."""
    columns = columns_of(settings.stock_columns, "stock")
    rows: list[Values] = [
        {"sku": one.sku, "quantity": one.quantity, "location": one.location, "updated_at": _iso(at)} for one in figures
    ]
    if settings.out_format == "csv":
        return _csv([[column.name for column in columns], *([_cell(column, row, {}) for column in columns] for row in rows)])
    return _json_or_xml("stock", "item", [_named(columns, row, {}) for row in rows], settings)


def shipment_values(notice: ShipmentNotice, settings: Settings) -> tuple[Values, list[Values]]:
    """A shipment's fields, and those of each of its lines.

    Several boxes have their tracking numbers side by side, for a notice does not say what lies in which. Raises InvalidData for a line
    that came from no order file.
    """
    lines: list[Values] = []
    for line in notice.lines:
        parts = parts_of_line_id(line.line_id)
        if parts is None:
            message = (
                f"Order {notice.order_number} has no line “{line.line_id[:60]}”, so the store cannot be told what was shipped."
            )
            raise InvalidData(message, field="lines")
        lines.append({"line_id": parts[0], "sku": parts[1], "quantity": line.quantity})
    if not lines:
        raise InvalidData(f"The shipment of order {notice.order_number} has no lines.", field="lines")
    shipped_at = notice.shipped_at.replace(microsecond=0)
    numbers = [tracking.number for tracking in notice.tracking]
    urls = [tracking.url for tracking in notice.tracking if tracking.url]
    return {
        "shipment_id": notice.key,
        "order_id": notice.order_id,
        "order_number": notice.order_number,
        "carrier": notice.carrier,
        "service": notice.service,
        "tracking_number": numbers,
        "first_tracking_number": numbers[0] if numbers else None,
        "tracking_url": urls,
        "shipped_at": _iso(shipped_at),
        "ship_date": shipped_at.astimezone(ZoneInfo(settings.time_zone)).date().isoformat(),
        "is_final": notice.is_final,
        "notify_customer": notice.mail_customer,
    }, lines


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _value(column: Column, outer: Values, inner: Values) -> Any:
    if column.constant is not None:
        return column.constant
    field = column.field or ""
    return inner[field] if field in inner else outer.get(field)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, Decimal):
        return f"{value.to_integral_value():f}" if value == value.to_integral_value() else f"{value.normalize():f}"
    return "; ".join(value) if isinstance(value, list) else str(value)


def _cell(column: Column, outer: Values, inner: Values) -> str:
    return _text(_value(column, outer, inner))


def _named(columns: Sequence[Column], outer: Values, inner: Values) -> dict[str, Any]:
    return {column.name: _value(column, outer, inner) for column in columns}


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    try:
        return for_machines(rows)
    except Unwritable as error:
        raise InvalidData("A value holds a character that no file can carry.", evidence={"field": str(error.field)}) from error


def _json_or_xml(name: str, each: str, trees: Sequence[dict[str, Any]], settings: Settings) -> bytes:
    if settings.out_format == "json":
        return msgspec.json.format(msgspec.json.encode({name: [_for_json(tree) for tree in trees]}), indent=2) + b"\n"
    try:
        return render(name, {each: [_for_xml(tree) for tree in trees]})
    except ValueError as error:
        raise InvalidData(f"A value does not fit into XML: {error}.") from error


def _for_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _for_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_for_json(one) for one in value]
    if isinstance(value, Decimal):
        # As a number where it is whole, as text where a float would bend it.
        return int(value) if value == value.to_integral_value() else _text(value)
    return value


def _for_xml(value: Any) -> Any:
    if isinstance(value, dict):
        return {_tag(key): {"line": _for_xml(one)} if key == "lines" else _for_xml(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_for_xml(one) for one in value] if any(isinstance(one, dict) for one in value) else _text(value)
    return _text(value)


def _tag(name: str) -> str:
    """A column's name as an element: blanks and signs become underscores."""
    tag = re.sub(r"[^\w.-]", "_", name)
    return tag if re.match(r"[^\W\d]", tag) and plain(tag) else f"_{tag}"
