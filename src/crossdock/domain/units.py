"""The arithmetic of units between a store that takes back and we who ship. Mirrored in SQL where lines are received."""

from decimal import Decimal


def wanted(*, to_ship: Decimal, shipped: Decimal, posted: Decimal, remaining: Decimal) -> Decimal:
    """How many units of a line are wanted in all, now that the store says `remaining` are left to ship.

    The store's figure falls by itself when it takes a shipment of ours: `posted` units surely are in it, up to `shipped` may be, for
    a notice can be under way. Only what that does not explain is a change in the store. Never less than what was shipped.
    """
    most = to_ship - posted
    least = to_ship - shipped
    more = max(Decimal(0), remaining - most)
    fewer = max(Decimal(0), least - remaining)
    return to_ship + more - fewer


def withdrawn(*, wanted: Decimal, allocated: Decimal) -> Decimal:
    """Units given away that the store no longer wants."""
    return max(Decimal(0), allocated - wanted)
