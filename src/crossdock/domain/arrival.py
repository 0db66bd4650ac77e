"""Where an order stands when it comes from its store, and before anything of it was sent."""

from datetime import datetime, timedelta

from msgspec import Struct

from crossdock.domain.orders import Order
from crossdock.domain.statuses import OrderStatus

TOO_OLD = "Placed before orders are accepted."
NOTHING_LEFT = "Nothing is left to ship."


class Arrival(Struct, frozen=True):
    """A status, why, and until when it waits. `event` is the move that leads there from New; None when it stays New."""

    status: OrderStatus
    event: str | None = None
    reason: str = ""
    wait_until: datetime | None = None


def arrive(order: Order, *, now: datetime, delay: timedelta = timedelta(0), accept_after: datetime | None = None) -> Arrival:
    """Decide from the order alone. `delay` counts from when it was placed; `accept_after` is the connection's, besides the store's."""
    if order.canceled_at is not None:
        return Arrival(OrderStatus.CANCELED, "canceled_in_store", "Canceled in the store.")
    if order.not_imported:
        return Arrival(OrderStatus.SKIPPED, "left_out", order.not_imported)
    if accept_after is not None and order.placed_at < accept_after:
        return Arrival(OrderStatus.SKIPPED, "left_out", TOO_OLD)
    if order.units_to_ship == 0:
        return Arrival(OrderStatus.SKIPPED, "nothing_to_ship", _nothing(order))
    if order.hold is not None and (order.hold.until is None or order.hold.until > now):
        return Arrival(OrderStatus.ON_HOLD, "held", order.hold.reason, order.hold.until)
    waits = [moment for moment in (order.ship_not_before, order.placed_at + delay) if moment and moment > now]
    if waits:
        return Arrival(OrderStatus.ON_HOLD, "held", "Its time has not come.", max(waits))
    return Arrival(OrderStatus.NEW)


def _nothing(order: Order) -> str:
    if not order.left_out:
        return NOTHING_LEFT
    return "Nothing to ship: " + "; ".join(f"{part.what}, {part.why}" for part in order.left_out[:3]) + "."


def unfit(order: Order) -> str | None:
    """Why no warehouse could ship this order, as a sentence that says what to do; None when it has what every warehouse needs."""
    to = order.ship_to
    if to is None:
        return "It has no shipping address. Add one in the store; the change is picked up by itself."
    missing = [
        what
        for what, value in (
            ("name or company", to.name or to.company),
            ("street", any(line.strip() for line in to.lines)),
            ("city", to.city),
            ("country", to.country),
        )
        if not value
    ]
    if missing:
        return f"The shipping address has no {_and(missing)}. Complete it in the store; the change is picked up by itself."
    bare = [line.name for line in order.lines if line.to_ship > 0 and not line.sku]
    if bare:
        return f"{_and([f'“{name}”' for name in bare[:3]])} has no SKU, so no warehouse can find it. Give it one in the store."
    return None


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
