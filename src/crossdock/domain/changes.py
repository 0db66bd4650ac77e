"""What is different between two versions of an order."""

from decimal import Decimal

import msgspec

from crossdock.domain.orders import Order

LEFT_TO_SHIP = "left_to_ship"
"""Said of lines that differ in nothing but how much of them the store still wants sent, and where from, as after each shipment."""

FOLLOWS = frozenset({"left_out", "not_imported"})
"""Fields that only say what follows from others for the import."""

_MOMENT = "updated_at"


def what_changed(before: Order, after: Order) -> tuple[str, ...]:
    """The fields that differ, by their names; none where the store only says that something changed which no order carries."""
    names = [
        name
        for name in Order.__struct_fields__
        if name not in (_MOMENT, "lines") and getattr(before, name) != getattr(after, name)
    ]
    if before.lines != after.lines:
        names.append("lines" if _apart_from_quantity(before) != _apart_from_quantity(after) else LEFT_TO_SHIP)
    return tuple(names)


def _apart_from_quantity(order: Order) -> list[object]:
    return [msgspec.structs.replace(line, to_ship=Decimal(0), location=None) for line in order.lines]
