"""What to do so that the shop counts one shipment as shipped, once: pure, from what the shop says it has now.

Shopify's fulfillmentCreate is not idempotent. So each time, also after a time-out, what already stands under the shipment's tracking
numbers is taken off first, and only the rest is created.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.carriers import company_of
from crossdock.connectors.shopify.payloads import (
    ShFulfillment,
    ShFulfillmentOrder,
    ShFulfillmentOrderLine,
    ShUserError,
    gid,
    number_of,
)
from crossdock.domain.fulfillment import ShipmentNotice

STANDS = frozenset({"SUCCESS", "PENDING", "OPEN"})
"""What a fulfillment is while it counts."""

_FULFILLABLE = frozenset({"OPEN", "IN_PROGRESS"})


class Move(Struct, frozen=True):
    """Units of a fulfillment order that have to go to the fulfillment location first."""

    fulfillment_order: str
    at: str
    lines: tuple[tuple[str, int], ...]


class Creation(Struct, frozen=True):
    """One fulfillmentCreate: parts of fulfillment orders at one location with one delivery method."""

    location: str
    parts: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class Plan(Struct, frozen=True):
    """What stands already (`found`, ids of fulfillments), what is moved first, and what is created."""

    found: tuple[str, ...]
    moves: tuple[Move, ...]
    creations: tuple[Creation, ...]


def units_of(notice: ShipmentNotice) -> dict[str, int]:
    """Units by line number. Raises InvalidData for a part of a unit, which Shopify does not know, and for no units at all."""
    units: dict[str, int] = defaultdict(int)
    for line in notice.lines:
        if line.quantity != int(line.quantity) or line.quantity <= 0:
            raise InvalidData(
                f"Shopify takes whole units; the shipment of {notice.order_number} has {line.quantity:f}.", field="lines"
            )
        units[number_of(line.line_id)] += int(line.quantity)
    if not units:
        raise InvalidData(f"The shipment of {notice.order_number} has no items.", field="lines")
    return dict(units)


def standing(
    notice: ShipmentNotice, fulfillments: Iterable[ShFulfillment], *, before: frozenset[str] | None = None
) -> list[ShFulfillment]:
    """The fulfillments that are this shipment.

    With tracking numbers: those that carry one of them. Without: those without any, with the very same units, that were not there
    `before` we began, or, where that was not noted, were made after the goods left.
    """
    alive = [one for one in fulfillments if one.status in STANDS]
    wanted = {_plain(tracking.number) for tracking in notice.tracking if tracking.number.strip()}
    if wanted:
        return [one for one in alive if wanted & {_plain(tracking.number) for tracking in one.tracking_info if tracking.number}]
    units = units_of(notice)
    same = [one for one in alive if not any(tracking.number for tracking in one.tracking_info) and _units_in([one]) == units]
    if before is not None:
        return [one for one in same if number_of(one.id) not in before][:1]
    # Shopify writes whole seconds.
    return [one for one in same if one.created_at >= notice.shipped_at - timedelta(seconds=1)][:1]


def rest_of(notice: ShipmentNotice, found: Sequence[ShFulfillment]) -> dict[str, int]:
    """Units of the shipment that do not stand yet."""
    posted = _units_in(found)
    return {line: rest for line, quantity in units_of(notice).items() if (rest := quantity - posted.get(line, 0)) > 0}


def plan(
    notice: ShipmentNotice,
    parts: Sequence[ShFulfillmentOrder],
    fulfillments: Sequence[ShFulfillment],
    *,
    location: str,
    moves_elsewhere: bool,
    before: frozenset[str] | None = None,
) -> Plan:
    """How to bring the shop to count this shipment, given what it says it has.

    `location` is the fulfillment location's number, or empty. With `moves_elsewhere` units assigned to other locations are moved
    there first; without it they are fulfilled where they are assigned. Raises InvalidData that names the items when more units were
    shipped than the shop has left.
    """
    found = standing(notice, fulfillments, before=before)
    rest = rest_of(notice, found if any(tracking.number.strip() for tracking in notice.tracking) or before is not None else ())
    if not rest:
        return Plan(tuple(one.id for one in found), (), ())
    taken, missing = _allocate(rest, parts, location)
    if missing:
        if found and not any(tracking.number.strip() for tracking in notice.tracking):
            return Plan(tuple(one.id for one in found), (), ())  # without numbers: the units are gone because they are these
        raise InvalidData(_too_many(notice, missing, parts), field="lines")
    moves = tuple(
        Move(part.id, part.assigned_location.name or "another location", rows)
        for part, rows in taken
        if moves_elsewhere and location and _location_of(part) != location
    )
    grouped: dict[tuple[str, str], list[tuple[str, tuple[tuple[str, int], ...]]]] = defaultdict(list)
    for part, rows in taken:
        # One call may span neither locations nor delivery methods.
        method = (part.delivery_method.method_type if part.delivery_method else None) or ""
        grouped[(_location_of(part), method)].append((part.id, rows))
    creations = tuple(Creation(place, tuple(rows)) for (place, _), rows in grouped.items())
    return Plan(tuple(one.id for one in found), moves, creations)


def _allocate(
    units: Mapping[str, int], parts: Sequence[ShFulfillmentOrder], location: str
) -> tuple[list[tuple[ShFulfillmentOrder, tuple[tuple[str, int], ...]]], dict[str, int]]:
    left = dict(units)
    taken: list[tuple[ShFulfillmentOrder, tuple[tuple[str, int], ...]]] = []
    # The fulfillment location first; sorting is stable, so the rest keep Shopify's order.
    for part in sorted((part for part in parts if can_fulfill(part)), key=lambda part: _location_of(part) != location):
        rows = []
        for row in part.line_items.nodes:
            line = number_of(row.line_item.id)
            quantity = min(left.get(line, 0), row.remaining_quantity)
            if quantity > 0:
                rows.append((row.id, quantity))
                left[line] -= quantity
        if rows:
            taken.append((part, tuple(rows)))
    return taken, {line: quantity for line, quantity in left.items() if quantity > 0}


def can_fulfill(part: ShFulfillmentOrder) -> bool:
    """Whether Shopify lets a fulfillment be made from it now."""
    return part.status in _FULFILLABLE and any(action.action == "CREATE_FULFILLMENT" for action in part.supported_actions)


def fulfillment_input(notice: ShipmentNotice, creation: Creation, *, notify: bool) -> dict[str, Any]:
    """The argument of fulfillmentCreate."""
    tracking = tracking_input(notice)
    return {
        "lineItemsByFulfillmentOrder": [
            {
                "fulfillmentOrderId": part,
                "fulfillmentOrderLineItems": [{"id": row, "quantity": quantity} for row, quantity in rows],
            }
            for part, rows in creation.parts
        ],
        "notifyCustomer": notify,
        **({"trackingInfo": tracking} if tracking else {}),
    }


def tracking_input(notice: ShipmentNotice) -> dict[str, Any]:
    """Carrier and numbers as Shopify takes them. A carrier Shopify does not know is sent with its tracking pages."""
    company, is_known = company_of(notice.carrier)
    tracking: dict[str, Any] = {}
    numbers = [tracking.number.strip() for tracking in notice.tracking if tracking.number.strip()]
    urls = [tracking.url for tracking in notice.tracking if tracking.number.strip() and _is_page(tracking.url)]
    if numbers:
        tracking["numbers"] = numbers
        # Shopify pairs them by place, so it is all of them or none.
        if not is_known and len(urls) == len(numbers):
            tracking["urls"] = urls
    if company:
        tracking["company"] = company
    return tracking


def parts_of(notice: ShipmentNotice, named: ShFulfillment, fulfillments: Sequence[ShFulfillment]) -> list[ShFulfillment]:
    """The fulfillments that make up a shipment of which one is named, that one last.

    A shipment from several locations is several fulfillments at Shopify. The others show the same numbers as the named one, or
    already those of the notice, and their units are in the notice. The named one comes last: as long as it shows the old numbers,
    the others can be found.
    """
    shown = {_numbers(named), _wanted_numbers(notice)}
    rest = rest_of(notice, [named]) if notice.lines else {}
    others = []
    for one in fulfillments:
        units = _units_in([one])
        fits = units and all(rest.get(line, 0) >= quantity for line, quantity in units.items())
        if one.id != named.id and one.status in STANDS and _numbers(one) in shown and fits:
            rest = {line: quantity - units.get(line, 0) for line, quantity in rest.items()}
            others.append(one)
    return [*others, named]


def shows(one: ShFulfillment, notice: ShipmentNotice) -> bool:
    """Whether a fulfillment already shows the notice's numbers and carrier, and the pages of a carrier Shopify does not know."""
    wanted = tracking_input(notice)
    company, pages = wanted.get("company"), set(wanted.get("urls", ()))
    if not pages <= {tracking.url for tracking in one.tracking_info}:
        return False
    companies = {tracking.company for tracking in one.tracking_info if tracking.number}
    return _numbers(one) == _wanted_numbers(notice) and (company is None or companies <= {company})


def _numbers(one: ShFulfillment) -> tuple[str, ...]:
    return tuple(sorted(_plain(tracking.number) for tracking in one.tracking_info if tracking.number))


def _wanted_numbers(notice: ShipmentNotice) -> tuple[str, ...]:
    return tuple(sorted(_plain(tracking.number) for tracking in notice.tracking if tracking.number.strip()))


def refusal(
    notice: ShipmentNotice, errors: Sequence[ShUserError], creation: Creation | None, parts: Sequence[ShFulfillmentOrder]
) -> InvalidData:
    """Shopify's refusal of a shipment as a sentence that names the items, the place and what to do."""
    said = "; ".join(error.message for error in errors)
    plain = said.casefold()
    items = _items(creation, parts)
    place = _place(creation, parts)
    if "stock" in plain:
        message = (
            f"Shopify refused the shipment of {notice.order_number}: {items} is not stocked at location {place}. Stock it there or "
            f"choose another fulfillment location, then Reprocess. Shopify says: “{said}”"
        )
    elif "quantity" in plain:
        message = (
            f"Shopify refused the shipment of {notice.order_number}: it has fewer units of {items} left to ship than left the "
            f"warehouse. Look at the order in Shopify for a shipment made by hand. Shopify says: “{said}”"
        )
    elif "unfulfillable status" in plain or "does not exist" in plain:
        message = (
            f"Shopify refused the shipment of {notice.order_number}: the part with {items} was closed or changed meanwhile. Look at "
            f"the order in Shopify, then Reprocess. Shopify says: “{said}”"
        )
    else:
        message = f"Shopify refused the shipment of {notice.order_number} with {items}. Shopify says: “{said}”"
    return InvalidData(message, field="lines", evidence={"said": said})


def move_refusal(
    notice: ShipmentNotice, move: Move, errors: Sequence[ShUserError], parts: Sequence[ShFulfillmentOrder]
) -> InvalidData:
    """The refusal to move units to the fulfillment location, naming both."""
    said = "; ".join(error.message for error in errors)
    items = _items(Creation("", ((move.fulfillment_order, move.lines),)), parts)
    return InvalidData(
        f"Shopify refused to move {items} of {notice.order_number} from {move.at} to the fulfillment location, so the shipment is not "
        f"posted. Move it in Shopify or take it back from its service, then Reprocess. Shopify says: “{said}”",
        field="location",
        evidence={"said": said},
    )


def _too_many(notice: ShipmentNotice, missing: Mapping[str, int], parts: Sequence[ShFulfillmentOrder]) -> str:
    names = {}
    held = set()
    for part in parts:
        for row in part.line_items.nodes:
            line = number_of(row.line_item.id)
            names[line] = row.sku or row.line_item.name or line
            if part.status in ("ON_HOLD", "SCHEDULED") and row.remaining_quantity > 0:
                held.add(line)
    items = ", ".join(f"{quantity} × {names.get(line, f'line {line}')}" for line, quantity in missing.items())
    if held & set(missing):
        return (
            f"{items} of {notice.order_number} shipped, but Shopify has it on hold or scheduled for later. Release it in Shopify, "
            "then Reprocess."
        )
    return (
        f"{items} of {notice.order_number} shipped, but Shopify has nothing of it left to ship: it was fulfilled, refunded or removed "
        "there. Compare both sides, then Archive or Reprocess."
    )


def _rows(creation: Creation | None, parts: Sequence[ShFulfillmentOrder]) -> list[tuple[ShFulfillmentOrderLine, int]]:
    by_id = {row.id: row for part in parts for row in part.line_items.nodes}
    wanted = [row for _, rows in creation.parts for row in rows] if creation is not None else []
    return [(by_id[row], quantity) for row, quantity in wanted if row in by_id]


def _items(creation: Creation | None, parts: Sequence[ShFulfillmentOrder]) -> str:
    named = [f"{quantity} × {row.sku or row.line_item.name or row.line_item.id}" for row, quantity in _rows(creation, parts)]
    return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "") or "its items"


def _place(creation: Creation | None, parts: Sequence[ShFulfillmentOrder]) -> str:
    ids = {part for part, _ in creation.parts} if creation is not None else set()
    return next((part.assigned_location.name for part in parts if part.id in ids and part.assigned_location.name), "of the order")


def _units_in(fulfillments: Iterable[ShFulfillment]) -> dict[str, int]:
    units: dict[str, int] = defaultdict(int)
    for one in fulfillments:
        for row in one.fulfillment_line_items.nodes:
            units[number_of(row.line_item.id)] += row.quantity or 0
    return dict(units)


def _location_of(part: ShFulfillmentOrder) -> str:
    location = part.assigned_location.location
    return number_of(location.id) if location is not None else ""


def _plain(number: str | None) -> str:
    return "".join((number or "").split()).casefold()


def _is_page(url: str | None) -> bool:
    return url is not None and url.startswith("https://")


def location_gid(number: str) -> str:
    """The global id of a location's number."""
    return gid("Location", number)
