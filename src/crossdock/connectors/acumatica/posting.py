"""What has to be done so that Acumatica counts one shipment as shipped, once: pure, from what it says it has now.

A shipment we make carries our mark in its description; packages carry it in their second reference number. So what stands already is
known by its mark, also after an answer that was lost, and only the rest is made.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.connectors.acumatica.mapping import HELD, figure
from crossdock.connectors.acumatica.payloads import AcLine, AcOrder, AcPackage, AcShipment
from crossdock.connectors.acumatica.settings import Settings, ship_via_of
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import ShipmentNotice

CONFIRMED = frozenset({"confirmed", "partially invoiced", "invoiced", "completed", "receipted"})
"""Statuses of shipments whose goods have left, in small letters."""

_SIGN = "Crossdock "


class Creation(Struct, frozen=True):
    """One shipment to be made: from one warehouse, units by line. `has_packages` on the first of several alone."""

    warehouse: str
    units: tuple[tuple[int, Decimal], ...]
    has_packages: bool


class Plan(Struct, frozen=True):
    """What stands already, what is to be made, and which of what stands still has to be confirmed."""

    found: tuple[AcShipment, ...]
    creations: tuple[Creation, ...]
    unconfirmed: tuple[AcShipment, ...]


def mark_of(key: str) -> str:
    """What tells our shipments from others: short enough for a reference number, without meaning to anybody else."""
    return _SIGN + hashlib.sha256(key.encode()).hexdigest()[:20]


def units_of(notice: ShipmentNotice) -> dict[int, Decimal]:
    """Units by line number. Raises InvalidData for a line that is no number, for no units and for less than none."""
    units: dict[int, Decimal] = {}
    for line in notice.lines:
        if not line.line_id.isdigit() or line.quantity <= 0:
            raise InvalidData(f"The shipment of {notice.order_number} has a line that cannot be posted.", field="lines")
        units[int(line.line_id)] = units.get(int(line.line_id), Decimal(0)) + line.quantity
    if not units:
        raise InvalidData(f"The shipment of {notice.order_number} has no items.", field="lines")
    return units


def numbers_of(notice: ShipmentNotice) -> list[str]:
    """Its tracking numbers, each once."""
    return list(dict.fromkeys(tracking.number.strip() for tracking in notice.tracking if tracking.number.strip()))


def standing(notice: ShipmentNotice, shipments: Iterable[AcShipment]) -> list[AcShipment]:
    """The shipments that are this one: those with our mark, and unmarked ones with one of its tracking numbers."""
    mark, wanted = mark_of(notice.key), {folded(number) for number in numbers_of(notice)}
    return [
        one
        for one in shipments
        if not is_canceled(one)
        and (
            mark in (one.description.plain or "")
            or (not is_marked(one.description.plain) and bool(wanted & {folded(number) for number in tracking_in(one)}))
        )
    ]


def plan(notice: ShipmentNotice, order: AcOrder, shipments: Sequence[AcShipment], *, confirms: bool) -> Plan:
    """How to bring Acumatica to count this shipment, given the order and its shipments.

    Raises InvalidData that names the items when more units left than the order has open, and when the order's status lets nothing be
    shipped.
    """
    found = standing(notice, shipments)
    posted = units_on(order, found)
    rest = {line: left for line, quantity in units_of(notice).items() if (left := quantity - posted.get(line, Decimal(0))) > 0}
    unconfirmed = tuple(one for one in found if confirms and not is_confirmed(one))
    if not rest:
        return Plan(tuple(found), (), unconfirmed)
    lines = {line.line_nbr.value: line for line in order.details}
    over = {number: units for number, units in rest.items() if number not in lines or units > open_of(lines[number])}
    if over:
        raise InvalidData(_too_many(notice, order, over, lines), field="lines")
    by_warehouse: dict[str, list[tuple[int, Decimal]]] = {}
    for number, units in sorted(rest.items()):
        by_warehouse.setdefault(lines[number].warehouse_id.plain or "", []).append((number, units))
    creations = tuple(
        Creation(warehouse, tuple(rows), position == 0 and not found)
        for position, (warehouse, rows) in enumerate(by_warehouse.items())
    )
    return Plan(tuple(found), creations, unconfirmed)


def shipment_fields(
    notice: ShipmentNotice, order: AcOrder, creation: Creation, settings: Settings, *, has_contents: bool
) -> dict[str, Any]:
    """The shipment to insert, as plain values. With `has_contents` the box of a shipment of one box says what is in it."""
    lines = {line.line_nbr.value: line for line in order.details}
    rows = [(lines[number], units) for number, units in creation.units]
    fields: dict[str, Any] = {
        "Type": "Shipment",
        "Operation": "Issue",
        "CustomerID": order.customer_id.plain,
        "LocationID": order.location_id.plain,
        "WarehouseID": creation.warehouse or settings.warehouse,
        "ShipmentDate": _day(notice.shipped_at, order),
        "Description": mark_of(notice.key),
        "Hold": False,
        # Where the module demands a control quantity, confirming is refused without one.
        "ControlQty": _plain(sum((units for _, units in rows), Decimal(0))),
        "ShipVia": ship_via_of(settings, notice.carrier, notice.service),
        "Details": [
            {
                "OrderType": order.order_type.plain,
                "OrderNbr": order.order_nbr.plain,
                "OrderLineNbr": line.line_nbr.value,
                "InventoryID": line.inventory_id.plain,
                "ShippedQty": _plain(units),
                **({"Allocations": [_allocation(line, units, settings.location)]} if settings.location else {}),
            }
            for line, units in rows
        ],
    }
    if creation.has_packages:
        contents = [_content(line, units, order) for line, units in rows] if has_contents else []
        fields["Packages"] = packages(notice, settings, contents)
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def packages(notice: ShipmentNotice, settings: Settings, contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One package for each tracking number. Contents are given only where there is one: who packed what is not told."""
    numbers = numbers_of(notice)
    return [
        {
            **({"BoxID": settings.default_box} if settings.default_box else {}),
            "TrackingNbr": number,
            "Confirmed": True,
            "CustomRefNbr2": mark_of(notice.key),
            **({"PackageContents": contents} if contents and len(numbers) == 1 else {}),
        }
        for number in numbers
    ]


def is_whole(notice: ShipmentNotice, creation: Creation, made: AcShipment) -> bool:
    """Whether a shipment that was made has all units; Acumatica puts less on it where stock is short."""
    return all(sum((_shipped(line) for line in _lines_of(made, number)), Decimal(0)) >= units for number, units in creation.units)


def short_words(notice: ShipmentNotice, order: AcOrder, creation: Creation, made: AcShipment) -> str:
    """What is missing on a shipment that was made with less than left."""
    lines = {line.line_nbr.value: line for line in order.details}
    missing = [
        f"{_number(units - got)} × {lines[number].inventory_id.plain}"
        for number, units in creation.units
        if (got := sum((_shipped(line) for line in _lines_of(made, number)), Decimal(0))) < units
    ]
    return (
        f"Acumatica has no stock to allocate for {', '.join(missing)} of {notice.order_number} in warehouse "
        f"{creation.warehouse or 'of the order'}, so the shipment is not posted. Correct the stock there, then Reprocess."
    )


def units_on(order: AcOrder, shipments: Iterable[AcShipment]) -> dict[int, Decimal]:
    """Units of this order on some shipments, by its line numbers; a shipment can serve several orders."""
    units: dict[int, Decimal] = {}
    for one in shipments:
        for line in one.details:
            is_ours = line.order_nbr.plain == order.order_nbr.plain and line.order_type.plain == order.order_type.plain
            if is_ours and line.order_line_nbr.value is not None:
                units[line.order_line_nbr.value] = units.get(line.order_line_nbr.value, Decimal(0)) + _shipped(line)
    return units


def open_of(line: AcLine) -> Decimal:
    """Units of a line that no shipment has yet."""
    ordered = figure(line.order_qty, "OrderQty") or Decimal(0)
    rest = ordered - (figure(line.qty_on_shipments, "QtyOnShipments") or Decimal(0))
    open_quantity = figure(line.open_qty, "OpenQty")
    return Decimal(0) if line.completed.value else rest if open_quantity is None else min(rest, open_quantity)


def is_confirmed(shipment: AcShipment) -> bool:
    """Whether its goods have left."""
    return (shipment.status.plain or "").casefold() in CONFIRMED


def is_canceled(shipment: AcShipment) -> bool:
    """Whether it will not be shipped."""
    return (shipment.status.plain or "").casefold() in ("canceled", "cancelled")


def is_marked(text: str | None) -> bool:
    """Whether a text carries a mark of ours, whichever shipment's."""
    return _SIGN in (text or "")


def tracking_in(shipment: AcShipment) -> list[str]:
    """The tracking numbers of its packages."""
    return [number for one in shipment.packages if (number := one.tracking_nbr.plain)]


def marked_packages(shipment: AcShipment, mark: str) -> list[AcPackage]:
    """Packages that carry a mark."""
    return [one for one in shipment.packages if one.custom_ref_nbr2.plain == mark]


def boxed_units(shipment: AcShipment) -> dict[str, Decimal]:
    """Units in packages that we entered, by item."""
    units: dict[str, Decimal] = {}
    for one in shipment.packages:
        if is_marked(one.custom_ref_nbr2.plain):
            for content in one.package_contents:
                sku = content.inventory_id.plain or ""
                units[sku] = units.get(sku, Decimal(0)) + (figure(content.quantity, "Quantity") or Decimal(0))
    return units


def folded(number: str) -> str:
    """A tracking number without blanks, in small letters: as two systems may write the same one."""
    return "".join(number.split()).casefold()


def _too_many(notice: ShipmentNotice, order: AcOrder, over: Mapping[int, Decimal], lines: Mapping[int | None, AcLine]) -> str:
    items = ", ".join(
        f"{_number(units)} × {(lines[number].inventory_id.plain if number in lines else None) or f'line {number}'}"
        for number, units in over.items()
    )
    status = (order.status.plain or "").casefold()
    if status in HELD:
        return f"{items} of {notice.order_number} shipped, but the order waits. {HELD[status]} Release it there, then Reprocess."
    if status in ("canceled", "cancelled"):
        return (
            f"{items} of {notice.order_number} shipped, but the order was canceled in Acumatica. Reopen it there, then Reprocess."
        )
    return (
        f"{items} of {notice.order_number} shipped, but Acumatica has nothing of it left to ship: it was shipped, reduced or closed "
        "there. Compare both sides, then Archive or Reprocess."
    )


def _allocation(line: AcLine, units: Decimal, location: str) -> dict[str, Any]:
    return {
        "InventoryID": line.inventory_id.plain,
        "LocationID": location,
        "Qty": _plain(units),
        **({"UOM": line.uom.plain} if line.uom.plain else {}),
    }


def _content(line: AcLine, units: Decimal, order: AcOrder) -> dict[str, Any]:
    return {
        "InventoryID": line.inventory_id.plain,
        "Quantity": _plain(units),
        **({"UOM": line.uom.plain} if line.uom.plain else {}),
        "OrigOrderType": order.order_type.plain,
        "OrigOrderNbr": order.order_nbr.plain,
    }


def _day(shipped_at: datetime, order: AcOrder) -> str:
    """The day it left, never before the order's own, which Acumatica refuses."""
    day = shipped_at.astimezone(UTC).date()
    if order.date.value is not None:
        day = max(day, order.date.value.date())
    return f"{day.isoformat()}T00:00:00+00:00"


def _lines_of(shipment: AcShipment, number: int) -> list[Any]:
    return [line for line in shipment.details if line.order_line_nbr.value == number]


def _shipped(line: Any) -> Decimal:
    return figure(line.shipped_qty, "ShippedQty") or Decimal(0)


def _plain(quantity: Decimal) -> int | float:
    """A JSON number; Acumatica takes no text for one."""
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


def _number(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
