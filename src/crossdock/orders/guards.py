"""What people may do with an order, and why not: pure, so that the page's buttons and the services agree."""

from decimal import Decimal

from msgspec import Struct

from crossdock.domain.statuses import TRANSITIONS, OrderStatus
from crossdock.orders.beyond import NOWHERE, Standing

S = OrderStatus
_RESETS = frozenset(move.start for move in TRANSITIONS if move.event == "reset")

UNDER_WAY = (
    "Its sending is under way, or nobody knows yet whether it arrived. The warehouse is asked first; try again in a few minutes."
)


class Facts(Struct, frozen=True):
    """What the guards look at. `to_ship` are units the store still wants sent, over all lines."""

    status: OrderStatus
    standing: Standing = NOWHERE
    to_ship: Decimal = Decimal(1)
    is_canceled_in_store: bool = False
    is_erased: bool = False
    issue: str = ""


ERASED = "Its personal data were erased: there is nobody to send it to any more."


class Verdict(Struct, frozen=True):
    """`event` is the move that follows, empty when there is none; `why_not` is a sentence, empty when it may be done."""

    event: str = ""
    why_not: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.why_not


def _no(why: str) -> Verdict:
    return Verdict(why_not=why)


_GOES_ON = {
    S.NEW: "It is New and goes on by itself.",
    S.ON_HOLD: "It is on hold. Release it instead.",
    S.QUEUED: "It is being sent already.",
    S.OPEN: "The warehouse has it; nothing failed.",
    S.CANCEL_REQUESTED: "The warehouse was asked to cancel it and has not answered.",
    S.PARTIALLY_SHIPPED: "A part has left and the rest follows; nothing failed.",
    S.SHIPPED: "Everything has left. If the store was not told, reprocess the shipment.",
    S.CLOSED: "It is done: shipped, and the store was told.",
    S.ROUTED: "It was divided over several orders. Reprocess those.",
    S.BUNDLED: "It was joined to another order. Reprocess that one.",
}


def reprocessing(facts: Facts) -> Verdict:
    """Have the step that failed done again."""
    status, standing = facts.status, facts.standing
    if status in _GOES_ON:
        return _no(_GOES_ON[status])
    if facts.is_erased and status is not S.ABANDONED:
        return _no(ERASED)
    if status is S.DELAYED:
        return Verdict("sent_again")
    if standing.is_under_way:
        return _no(UNDER_WAY)
    if status is S.ERROR and standing.has_refused:
        return Verdict("sent_again")
    if status in (S.CANCELED, S.ARCHIVED, S.SKIPPED) and facts.is_canceled_in_store:
        return _no("It is canceled in the store, so nothing is sent for it.")
    if status is S.ABANDONED or (standing.is_at_warehouse and status in (S.ERROR, S.CANCELED, S.ARCHIVED)):
        return Verdict("waits_again")
    if facts.to_ship <= 0:
        return _no("Nothing is left to ship.")
    return Verdict("reprocessed")


def resetting(facts: Facts) -> Verdict:
    """Have it start over as freshly imported."""
    if facts.is_erased:
        return _no(ERASED)
    if facts.standing.is_under_way:
        return _no(UNDER_WAY)
    if facts.standing.is_at_warehouse:
        return _no("A warehouse has it, or had it: starting over would send it a second time.")
    if facts.status not in _RESETS:
        return _no(f"{facts.status.label} orders do not start over.")
    return Verdict("reset")


def archiving(facts: Facts) -> Verdict:
    """Set it aside."""
    if facts.status is S.ARCHIVED:
        return _no("It is archived already.")
    if facts.standing.is_under_way:
        return _no(UNDER_WAY)
    return Verdict("archived")


def deleting(facts: Facts, *, is_forced: bool = False) -> Verdict:
    """Remove it, as long as no warehouse had it; `is_forced` does without that guard."""
    if facts.standing.is_under_way:
        return _no(UNDER_WAY)
    if facts.standing.is_at_warehouse and not is_forced:
        return _no("It was sent to a warehouse, which may still ship it. Archive it instead.")
    return Verdict("deleted")


def releasing(facts: Facts) -> Verdict:
    """Let a held order go on."""
    if facts.status is not S.ON_HOLD:
        return _no("It is not on hold.")
    return Verdict("released")


def settling(facts: Facts) -> Verdict:
    """Say that an issue was dealt with."""
    return Verdict("settled") if facts.issue else _no("It has no open issue.")
