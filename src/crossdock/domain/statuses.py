"""Statuses of sales orders and shipments, and the one table of moves between them.

The migration that fills `order_transition`, the page that explains the statuses and the tests all read this table.
"""

from enum import StrEnum

from msgspec import Struct


class OrderStatus(StrEnum):
    """Where a sales order stands. Values are stored; `label` is what people read."""

    NEW = "new"
    ON_HOLD = "on_hold"
    QUEUED = "queued"
    OPEN = "open"
    CANCEL_REQUESTED = "cancel_requested"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CLOSED = "closed"
    CANCELED = "canceled"
    ROUTED = "routed"
    BUNDLED = "bundled"
    SKIPPED = "skipped"
    DELAYED = "delayed"
    ERROR = "error"
    ARCHIVED = "archived"
    ABANDONED = "abandoned"

    @property
    def label(self) -> str:
        """The words on the screen: Partially Shipped."""
        return self.value.replace("_", " ").title()


class ShipmentStatus(StrEnum):
    """Where a shipment stands. Values are stored."""

    NEW = "new"
    OPEN = "open"
    COMPLETED = "completed"
    ERROR = "error"
    VOIDED = "voided"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        """The word on the screen."""
        return self.value.title()


class Transition(Struct, frozen=True):
    """A move: what happened to an order in `start` takes it to `end`; `meaning` is a sentence for the page on statuses."""

    start: OrderStatus
    event: str
    end: OrderStatus
    meaning: str


S = OrderStatus


def _moves() -> tuple[Transition, ...]:
    moves: list[Transition] = []

    def move(starts: OrderStatus | tuple[OrderStatus, ...], event: str, end: OrderStatus, meaning: str) -> None:
        for start in (starts,) if isinstance(starts, OrderStatus) else starts:
            moves.append(Transition(start, event, end, meaning))

    move(S.NEW, "left_out", S.SKIPPED, "A setting of the store leaves it out.")
    move(S.NEW, "rule_archived", S.ARCHIVED, "A rule sets it aside.")
    move(S.NEW, "held", S.ON_HOLD, "It waits for a time, the store or a person.")
    move(S.ON_HOLD, "released", S.NEW, "What it waited for has come.")
    move(S.NEW, "routed", S.ROUTED, "It was split over several connections.")
    move(S.NEW, "bundled", S.BUNDLED, "It was joined to another order.")
    move(S.NEW, "unfit", S.ERROR, "Data are missing or do not fit the warehouse.")
    move(S.NEW, "ready", S.QUEUED, "It is ready to be sent.")
    move((S.QUEUED, S.DELAYED), "confirmed", S.OPEN, "The warehouse has it.")
    move(S.QUEUED, "retry_scheduled", S.DELAYED, "The warehouse did not answer; another try is scheduled.")
    move(S.DELAYED, "retry_comes", S.QUEUED, "The next try has come.")
    move((S.QUEUED, S.DELAYED), "refused", S.ERROR, "The warehouse refused it, or the tries are used up.")
    move(
        (S.OPEN, S.PARTIALLY_SHIPPED, S.ABANDONED),
        "refused",
        S.ERROR,
        "One warehouse has its part; another refused its own, or the tries are used up.",
    )
    move(
        (S.NEW, S.ON_HOLD, S.QUEUED, S.DELAYED, S.ERROR, S.SKIPPED),
        "canceled_in_store",
        S.CANCELED,
        "Canceled in the store before sending.",
    )
    move((S.NEW, S.ON_HOLD, S.QUEUED, S.DELAYED, S.ERROR), "nothing_to_ship", S.SKIPPED, "Nothing is left to ship.")
    move(
        (S.OPEN, S.PARTIALLY_SHIPPED),
        "cancel_requested",
        S.CANCEL_REQUESTED,
        "Canceled or reduced in the store; the warehouse was asked.",
    )
    move(S.CANCEL_REQUESTED, "cancel_confirmed", S.CANCELED, "The warehouse canceled it.")
    move(S.CANCEL_REQUESTED, "cancel_refused", S.OPEN, "The warehouse will ship it all the same.")
    move(
        (S.OPEN, S.CANCEL_REQUESTED, S.ABANDONED, S.CANCELED),
        "part_shipped",
        S.PARTIALLY_SHIPPED,
        "A part has left, the rest follows.",
    )
    move(
        (S.OPEN, S.CANCEL_REQUESTED, S.PARTIALLY_SHIPPED, S.ABANDONED, S.CANCELED, S.QUEUED, S.DELAYED),
        "all_shipped",
        S.SHIPPED,
        "Everything has left the warehouse.",
    )
    move(S.QUEUED, "part_shipped", S.PARTIALLY_SHIPPED, "A part left before the warehouse had confirmed the order.")
    move(S.PARTIALLY_SHIPPED, "declared_final", S.SHIPPED, "The warehouse ships no more of it.")
    move(S.OPEN, "closed_unshipped", S.CANCELED, "Closed at the warehouse with nothing shipped.")
    move((S.PARTIALLY_SHIPPED, S.SHIPPED, S.CLOSED), "all_voided", S.OPEN, "The warehouse took back all it had shipped of it.")
    move((S.SHIPPED, S.CLOSED), "part_voided", S.PARTIALLY_SHIPPED, "The warehouse took back a part of what it had shipped.")
    move((S.SHIPPED, S.CLOSED), "more_wanted", S.PARTIALLY_SHIPPED, "The store wants more of it after everything had left.")
    move(S.SHIPPED, "store_told", S.CLOSED, "The store has taken the last notice.")
    move((S.OPEN, S.PARTIALLY_SHIPPED), "abandoned", S.ABANDONED, "The account's days passed without a shipment.")
    move(S.SKIPPED, "passes_now", S.NEW, "It changed in the store and is no longer left out.")
    move((S.ERROR, S.SKIPPED, S.CANCELED, S.ARCHIVED), "reprocessed", S.NEW, "A person has it tried again.")
    move((S.ERROR, S.DELAYED), "sent_again", S.QUEUED, "A person has the sending tried again.")
    move(
        (S.ABANDONED, S.CANCELED, S.ARCHIVED, S.ERROR),
        "waits_again",
        S.OPEN,
        "The warehouse has it; it waits for its shipment again.",
    )
    move(
        (S.NEW, S.ON_HOLD, S.QUEUED, S.DELAYED, S.ERROR, S.SKIPPED, S.CANCELED, S.ARCHIVED),
        "reset",
        S.NEW,
        "A person has it start over as freshly imported.",
    )
    move(tuple(status for status in S if status is not S.ARCHIVED), "archived", S.ARCHIVED, "A person set it aside.")
    return tuple(dict.fromkeys(moves))


TRANSITIONS = _moves()
"""Every move there is."""

_NEXT = {(t.start, t.event): t.end for t in TRANSITIONS}

FINAL = frozenset({S.CLOSED, S.CANCELED, S.ROUTED, S.BUNDLED, S.SKIPPED, S.ARCHIVED})
"""Nothing more happens by itself."""

AT_WAREHOUSE = frozenset({S.OPEN, S.CANCEL_REQUESTED, S.PARTIALLY_SHIPPED, S.SHIPPED, S.CLOSED, S.ABANDONED})
"""The warehouse has it, or had it."""


def after(status: OrderStatus, event: str) -> OrderStatus | None:
    """Where an event takes an order, or None when it does not move it."""
    return _NEXT.get((status, event))
