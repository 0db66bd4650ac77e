"""What to do so that the store counts one shipment, once: pure, from what the store says it has now.

A BigCommerce shipment has one tracking number and one shipping address, and making one is not idempotent. So each time, also after a
time-out, what already stands under the shipment's tracking numbers is taken off first, and only the rest is made.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from crossdock.connectors.bigcommerce.carriers import MOST_CHARACTERS, Named, named
from crossdock.connectors.bigcommerce.mapping import is_shipped, lines_of, quantity
from crossdock.connectors.bigcommerce.payloads import BcLine, BcOrder, BcShipment, moment, text
from crossdock.connectors.bigcommerce.statuses import CALLED_OFF, REFUNDED, name_of
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.carriers import tracking_page
from crossdock.domain.fulfillment import ShipmentNotice

BOXES = "Tracking numbers: "
"""Begins the comment that lists the numbers of several boxes, or one that is too long for its own field."""

_LONGEST_LINK = 500


_OVER = CALLED_OFF | {REFUNDED}


class Creation(Struct, frozen=True):
    """One shipment to make: units of order lines that go to one shipping address."""

    address: int
    units: Mapping[int, int]


class Plan(Struct, frozen=True):
    """What stands already (`found`, ids of shipments), and what is to be made."""

    found: tuple[int, ...]
    creations: tuple[Creation, ...]


def units_of(notice: ShipmentNotice) -> dict[int, int]:
    """Units by order line. Raises InvalidData for a part of a unit, which BigCommerce does not know, and for no units at all."""
    units: dict[int, int] = defaultdict(int)
    for line in notice.lines:
        if line.quantity != int(line.quantity) or line.quantity <= 0:
            raise InvalidData(
                f"BigCommerce takes whole units; the shipment of {notice.order_number} has {line.quantity:f}.", field="lines"
            )
        if not line.line_id.isdigit():
            raise InvalidData(f"{notice.order_number} has no line {line.line_id}.", field="lines")
        units[int(line.line_id)] += int(line.quantity)
    if not units:
        raise InvalidData(f"The shipment of {notice.order_number} has no items.", field="lines")
    return dict(units)


def numbers_of(shipment: BcShipment) -> frozenset[str]:
    """The tracking numbers of a shipment: of its field, and of the comment where it is one of ours."""
    written = [text(shipment.tracking_number) or ""]
    comment = text(shipment.comments) or ""
    if BOXES in comment:
        written.append(comment.partition(BOXES)[2].partition("\n")[0])
    return frozenset(found for part in written for number in part.split(",") if (found := _plain(number)))


def standing(
    notice: ShipmentNotice, shipments: Iterable[BcShipment], *, before: frozenset[str] | None = None
) -> list[BcShipment]:
    """The shipments that are this one.

    With tracking numbers: those that carry one of them. Without: those without any, with the very same units, that were not there
    `before` we began, or, where that was not noted, were made after the goods left.
    """
    wanted = {_plain(tracking.number) for tracking in notice.tracking if tracking.number.strip()}
    if wanted:
        return [one for one in shipments if wanted & numbers_of(one)]
    units = units_of(notice)
    same = [one for one in shipments if not numbers_of(one) and posted([one]).items() <= units.items()]
    if before is not None:
        fresh = [one for one in same if str(one.id) not in before]
    else:
        # BigCommerce writes whole seconds.
        floor = notice.shipped_at - timedelta(seconds=1)
        fresh = [one for one in same if (made := moment(one.date_created, field="date_created")) is not None and made >= floor]
    # An order to several addresses has one shipment for each of them.
    taken: dict[int, BcShipment] = {}
    for one in fresh:
        taken.setdefault(one.order_address_id or 0, one)
    return list(taken.values())


def posted(shipments: Iterable[BcShipment]) -> dict[int, int]:
    """Units by order line in some shipments."""
    units: dict[int, int] = defaultdict(int)
    for one in shipments:
        for item in one.items:
            units[item.order_product_id] += int(quantity(item.quantity, "quantity"))
    return dict(units)


def rest_of(notice: ShipmentNotice, found: Sequence[BcShipment]) -> dict[int, int]:
    """Units of the shipment that do not stand yet."""
    stands = posted(found)
    return {line: rest for line, units in units_of(notice).items() if (rest := units - stands.get(line, 0)) > 0}


def plan(
    notice: ShipmentNotice, order: BcOrder, shipments: Sequence[BcShipment], *, before: frozenset[str] | None = None
) -> Plan:
    """How to bring the store to count this shipment, given what it says it has.

    `before` names shipments that stood when we began: without tracking numbers only those later than that can be ours. Raises
    InvalidData that names the items when more units left than the store has left, or when one of them cannot be shipped.
    """
    has_numbers = any(tracking.number.strip() for tracking in notice.tracking)
    found = standing(notice, shipments, before=before) if has_numbers or before is not None else []
    rest = rest_of(notice, found)
    ids = tuple(one.id for one in found)
    if not rest:
        return Plan(ids, ())
    if order.status_id in _OVER or order.is_deleted:
        # BigCommerce would take it, and make an order that was canceled or refunded a shipped one.
        raise InvalidData(
            f"{notice.order_number} shipped, but in BigCommerce it is {_state(order)}. Set it back there if the shipment is to count, "
            "then Reprocess; else Archive.",
            field="status_id",
        )
    lines = {line.id: line for line in lines_of(order)}
    too_many: list[str] = []
    by_address: dict[int, dict[int, int]] = defaultdict(dict)
    for line_id, units in rest.items():
        line = lines.get(line_id)
        if line is None:
            raise InvalidData(
                f"{units} units of line {line_id} of {notice.order_number} shipped, but the order has no such line any more: it was "
                "edited in BigCommerce. Compare both sides, then Archive or Reprocess.",
                field="lines",
            )
        if not is_shipped(line):
            raise InvalidData(f"{_name(line)} of {notice.order_number} is nothing that BigCommerce ships.", field="lines")
        left = left_of(line)
        if Decimal(units) > left:
            too_many.append(f"{units} × {_name(line)} (left: {max(left, Decimal(0)):f})")
        by_address[line.order_address_id or 0][line_id] = units
    if too_many:
        # Without numbers, what was shipped since may just be this shipment; the noted look-up would have found it.
        raise InvalidData(
            f"{', '.join(too_many)} of {notice.order_number} shipped, but BigCommerce has less of it left to ship. Look at the order "
            "in BigCommerce for a shipment made by hand. Compare both sides, then Archive or Reprocess.",
            field="lines",
        )
    return Plan(ids, tuple(Creation(place, units) for place, units in sorted(by_address.items())))


def left_of(line: BcLine) -> Decimal:
    """Units that were neither shipped nor refunded; below zero where units came back after they were shipped."""
    gone = quantity(line.quantity_shipped, "quantity_shipped") + quantity(line.quantity_refunded, "quantity_refunded")
    return quantity(line.quantity, "quantity") - gone


def _state(order: BcOrder) -> str:
    shown = name_of(order.status_id, text(order.custom_status))
    return shown if order.status_id in _OVER else f"archived, with the status {shown}"


def shipment_input(notice: ShipmentNotice, creation: Creation) -> dict[str, Any]:
    """The body of a new shipment."""
    return {
        "order_address_id": creation.address,
        **tracking_input(notice),
        **({"shipping_method": notice.service} if notice.service else {}),
        "items": [{"order_product_id": line, "quantity": units} for line, units in creation.units.items()],
    }


def tracking_input(notice: ShipmentNotice) -> dict[str, str]:
    """Numbers, carrier and link as a shipment carries them.

    There is room for one number of fifty characters. Several are joined while they fit, and all are listed in the comment. The link
    is ours where BigCommerce could make none, or would make a wrong one of joined numbers.
    """
    numbers = [tracking.number.strip() for tracking in notice.tracking if tracking.number.strip()]
    carrier = named(notice.carrier) if numbers else Named()
    joined = ", ".join(numbers)
    if len(joined) > MOST_CHARACTERS:
        joined = numbers[0] if len(numbers[0]) <= MOST_CHARACTERS else ""
    link = next((tracking.url for tracking in notice.tracking if _is_page(tracking.url)), None)
    if link is None and numbers:
        link = tracking_page(notice.carrier, numbers[0])
    is_known = bool(carrier.provider or carrier.carrier)
    needs_link = bool(link) and (not is_known or joined != numbers[0])
    return {
        "tracking_number": joined,
        # Always sent: left out, BigCommerce takes the carrier for a custom one and makes no link.
        "shipping_provider": carrier.provider,
        "tracking_carrier": carrier.carrier,
        "tracking_link": (link or "") if needs_link else "",
        "comments": BOXES + ", ".join(numbers) if len(numbers) > 1 or joined != "".join(numbers[:1]) else "",
    }


def is_told(shipment: BcShipment, wanted: Mapping[str, str]) -> bool:
    """Whether a shipment says already what `tracking_input` would say; a link BigCommerce made itself does not count."""
    given = {
        "tracking_number": shipment.tracking_number,
        "shipping_provider": shipment.shipping_provider,
        "tracking_carrier": shipment.tracking_carrier,
        "comments": shipment.comments,
    }
    has_link = not wanted["tracking_link"] or text(shipment.tracking_link) == wanted["tracking_link"]
    return has_link and all((text(value) or "") == wanted[name] for name, value in given.items())


def _name(line: BcLine) -> str:
    return text(line.sku) or text(line.name) or f"line {line.id}"


def _plain(number: str | None) -> str:
    return "".join((number or "").split()).casefold()


def _is_page(url: str | None) -> bool:
    return url is not None and url.startswith("https://") and len(url) <= _LONGEST_LINK
