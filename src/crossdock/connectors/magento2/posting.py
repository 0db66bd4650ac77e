"""What to do so that Magento counts one shipment as shipped, once: pure, from what the shop says it has now.

Neither of Magento's calls for shipments is idempotent, and the older one does not even look at quantities (magento2#4052). So each
time, also after a time-out, what already stands is taken off first, and only what is left to ship is sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.magento2.carriers import carrier_of
from crossdock.connectors.magento2.mapping import CANCELED, HELD, REVIEW
from crossdock.connectors.magento2.payloads import MgOrder, MgShipment, is_yes, moment_of, text_of, units_of
from crossdock.connectors.magento2.rows import ZERO, Row, arranged, insides, is_shipped, left_of
from crossdock.domain.fulfillment import ShipmentNotice, Tracking

Units = dict[str, Decimal]


class Plan(Struct, frozen=True):
    """`found` are shipments that stand, `items` the units by row that are still to tell, `tracks` the numbers no shipment carries."""

    found: tuple[MgShipment, ...]
    items: tuple[tuple[str, Decimal], ...]
    tracks: tuple[Tracking, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.items and not self.tracks


def plan(
    notice: ShipmentNotice,
    order: MgOrder,
    shipments: Sequence[MgShipment],
    *,
    separately: frozenset[str],
    adopts_bare: bool = False,
) -> Plan:
    """How to bring the shop to count this shipment, given what it says it has.

    `separately` are the rows of bundles whose items ship one by one. With `adopts_bare` a shipment of the same units without any
    number, made after the goods left, is taken for one of ours that broke off before its numbers were told.
    Raises InvalidData that names the items where the order has no such line, fewer units left, or waits.
    """
    rows = arranged(order.items)
    needed = needed_units(notice, rows, separately)
    found = standing(notice, needed, shipments, adopts_bare=adopts_bare)
    told = _units_in(found) if _numbers(notice) else {}
    rest = {row: units for row, quantity in needed.items() if (units := quantity - told.get(row, ZERO)) > 0}
    carried = {_plain(track.track_number) for one in found for track in one.tracks or ()}
    tracks = tuple(tracking for tracking in notice.tracking if _plain(tracking.number) not in carried | {""})
    if rest:
        try:
            _refuse_what_is_not_there(notice, order, rows, rest)
        except InvalidData:
            alike = [] if _numbers(notice) else standing(notice, needed, shipments, adopts_bare=True)
            if not alike:
                raise
            # Without numbers to tell it by: the units are gone because this shipment of them is the one.
            return Plan(tuple(alike), (), ())
    return Plan(tuple(found), tuple(rest.items()), tracks)


def standing(
    notice: ShipmentNotice,
    needed: Mapping[str, Decimal],
    shipments: Iterable[MgShipment],
    *,
    before: frozenset[str] | None = None,
    adopts_bare: bool = False,
) -> list[MgShipment]:
    """The shipments that are this one.

    With tracking numbers those that carry one of them. Without: those without any, with the very same units, that were not there
    `before` we began; where that was not noted, none, for two alike shipments of one order cannot be told apart.
    """
    wanted = _numbers(notice)
    if wanted:
        carrying = [one for one in shipments if wanted & {_plain(track.track_number) for track in one.tracks or ()}]
        if carrying or not adopts_bare:
            return carrying
    bare = [one for one in shipments if not one.tracks and _covers(one, needed)]
    if before is not None:
        return [one for one in bare if text_of(one.entity_id) not in before][:1]
    if adopts_bare:
        left_at = notice.shipped_at - timedelta(seconds=1)
        return [one for one in bare if moment_of(one.created_at, "created_at") >= left_at][:1]
    return []


def needed_units(notice: ShipmentNotice, rows: Sequence[Row], separately: frozenset[str]) -> Units:
    """Units by the rows that Magento wants named: of a bundle that ships together the parent, of one that does not the items.

    Raises InvalidData for a line that is not in the order, and for a part of a bundle that Magento can only ship whole.
    """
    units: Units = defaultdict(Decimal)
    for line in notice.lines:
        if line.quantity <= 0:
            raise InvalidData(f"The shipment of {notice.order_number} has a line without units.", field="lines")
        units[line.line_id] += line.quantity
    if not units:
        raise InvalidData(f"The shipment of {notice.order_number} has no items.", field="lines")
    needed: Units = defaultdict(Decimal)
    for row in rows:
        if not row.is_bundle:
            if row.id in units:
                needed[row.id] += units.pop(row.id)
            continue
        bundles = units.pop(row.id, ZERO)
        parts = insides(row)
        taken = {part.id: quantity for part in parts if (quantity := units.pop(part.id, ZERO))}
        if row.id in separately:
            for part in parts:
                # The bundle's own line alone means everything inside.
                quantity = taken.get(part.id, ZERO) if taken else bundles * part.per_bundle
                if quantity:
                    needed[part.id] += quantity
        elif taken or bundles:
            needed[row.id] += bundles or _whole(notice, row, taken)
    if units:
        missing = ", ".join(sorted(units))
        raise InvalidData(
            f"The shipment of {notice.order_number} has lines that the order does not have in Magento: {missing}. Compare both sides, "
            "then Archive or Reprocess.",
            field="lines",
        )
    return needed


def _whole(notice: ShipmentNotice, row: Row, taken: Mapping[str, Decimal]) -> Decimal:
    """How many bundles the items make up."""
    counts = {part.id: taken.get(part.id, ZERO) / part.per_bundle for part in insides(row) if part.per_bundle}
    fewest, most = min(counts.values(), default=ZERO), max(counts.values(), default=ZERO)
    if fewest == most and most == most.to_integral_value():
        return most
    raise InvalidData(
        f"A part of {row.item.name or row.item.sku} of {notice.order_number} shipped, and Magento ships this bundle together, as a "
        "whole. Once the rest has left, ship the bundle in Magento with all tracking numbers and Archive this shipment; or set the "
        "bundle to ship its items separately.",
        field="lines",
    )


def _refuse_what_is_not_there(notice: ShipmentNotice, order: MgOrder, rows: Sequence[Row], rest: Mapping[str, Decimal]) -> None:
    number = notice.order_number
    if order.state == HELD:
        raise InvalidData(f"{number} shipped, but it is on hold in Magento. Unhold it there, then Reprocess.", field="order_id")
    if order.state == REVIEW:
        raise InvalidData(
            f"{number} shipped, but its payment is under review in Magento. Accept or deny it there, then Reprocess.",
            field="order_id",
        )
    if order.state == CANCELED:
        raise InvalidData(
            f"{number} shipped, but it was canceled in Magento, which takes no shipment any more. Compare both sides, then Archive.",
            field="order_id",
        )
    items = {}
    for row in rows:
        items[row.id] = row.item
        items |= {text_of(one.item_id): one for one in row.inside}
    missing = []
    for row_id, quantity in rest.items():
        item = items[row_id]
        over = quantity - (left_of(item) if is_shipped(item) and not is_yes(item.locked_do_ship) else ZERO)
        if over > 0:
            missing.append(f"{over.normalize():f} × {_sku_of(item, rows)}")
    if missing:
        raise InvalidData(
            f"{', '.join(missing)} of {number} shipped, but Magento has nothing of it left to ship: it was shipped, refunded or "
            "canceled there. Compare both sides, then Archive or Reprocess.",
            field="lines",
        )


def ship_body(notice: ShipmentNotice, made: Plan, *, notify: bool, source: str) -> dict[str, Any]:
    """The body of the compact call. The source stands below `arguments`, where nobody looks for it."""
    body: dict[str, Any] = {
        "items": item_rows(made.items),
        "notify": notify,
        "tracks": [track_row(notice, one) for one in made.tracks],
    }
    if source:
        body["arguments"] = {"extension_attributes": {"source_code": source}}
    return body


def item_rows(items: Iterable[tuple[str, Decimal]]) -> list[dict[str, Any]]:
    """Units by row, as both calls take them."""
    return [{"order_item_id": int(row), "qty": number(quantity)} for row, quantity in items]


def track_row(notice: ShipmentNotice, tracking: Tracking) -> dict[str, Any]:
    """A tracking number; all three are required."""
    code, title = carrier_of(notice.carrier, notice.service)
    return {"track_number": tracking.number.strip(), "title": title, "carrier_code": code}


def number(quantity: Decimal) -> int | float:
    """A quantity as a JSON number: some products are sold by the yard."""
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


def refusal(notice: ShipmentNotice, order: MgOrder, error: InvalidData) -> InvalidData:
    """Magento's refusal of a shipment as a sentence that says what to do."""
    said = error.evidence.get("said", error.message).replace("\n", " ").strip()
    plain = said.casefold()
    head = f"Magento refused the shipment of {notice.order_number}"
    if "not all of your products are available" in plain:
        items = ", ".join(sorted({item.sku or "" for item in order.items if item.sku and not item.parent_item_id}))[:200]
        message = (
            f"{head}: the inventory source has too few units of {items}, although they were packed. Choose the Inventory source they "
            "left from, or correct its stock in Magento to what was on hand before this shipment, then Reprocess. Magento says: "
            f"“{said}”"
        )
    elif "order does not allow" in plain or "has a status of" in plain:
        message = (
            f"{head}: the order's status does not allow one. Look at the order in Magento, then Reprocess. Magento says: “{said}”"
        )
    elif "invalid quantity" in plain:
        message = f"{head}: it has fewer units left to ship than left the warehouse. Compare both sides. Magento says: “{said}”"
    else:
        message = f"{head}. Magento says: “{said}”"
    return InvalidData(message, field=error.field or "lines", evidence=error.evidence)


def _sku_of(item: Any, rows: Sequence[Row]) -> str:
    inside = next((row.inside for row in rows if row.item is item), ())
    return (inside[0].sku if inside and item.product_type == "configurable" else item.sku) or item.name or text_of(item.item_id)


def _units_in(shipments: Iterable[MgShipment]) -> Units:
    units: Units = defaultdict(Decimal)
    for one in shipments:
        for item in one.items or ():
            units[text_of(item.order_item_id)] += units_of(item.qty, "qty")
    return units


def _covers(shipment: MgShipment, needed: Mapping[str, Decimal]) -> bool:
    """Whether it has these units and no other; the items inside a bundle that ships together stand beside their parent."""
    units = _units_in([shipment])
    return all(units.get(row) == quantity for row, quantity in needed.items())


def _numbers(notice: ShipmentNotice) -> frozenset[str]:
    return frozenset(_plain(tracking.number) for tracking in notice.tracking) - {""}


def _plain(text: str | None) -> str:
    return "".join((text or "").split()).casefold()
