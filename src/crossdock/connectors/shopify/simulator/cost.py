"""What a query costs, by the rule that fits recorded answers: not the linear scheme of older documentation."""

import math

FREE = frozenset({"MoneyBag", "MoneyV2", "PageInfo", "LocationAddress"})
"""Objects that cost nothing."""

MUTATION = 10
ROOT_COUNT = 10
DEAR = {"fulfillmentTrackingInfoUpdate": 50, "refundCreate": 20}
MOST = 1000
"""Points one query may cost, whatever the plan."""


def own_cost(parent: str, name: str, kind: str | None) -> int:
    """A field's own points, without what is below it. `kind` is the type it gives, None for scalars and enums."""
    if parent == "Mutation":
        return DEAR.get(name, MUTATION)
    if parent == "QueryRoot" and name.endswith("Count"):
        return ROOT_COUNT
    if kind is None:
        return 1 if (parent, name) == ("Location", "hasUnfulfilledOrders") else 0
    if kind in FREE or kind.endswith(("Edge", "Connection", "UserError")):
        return 0
    # What a mutation gives back at its first level is paid with the mutation.
    return 0 if parent.endswith("Payload") else 1


def times(first: int, inner: int) -> int:
    """A list of at most `first` records of `inner` points each."""
    return 2 + max(1, math.floor(2 * math.log(max(first, 1)))) * inner


def cost_of_list(length: int, inner: int) -> int:
    """A list as it came out; an empty one costs its two points."""
    return times(length, inner) if length else 2


class Bucket:
    """Points of one app at one shop: full at `maximum`, refilled by `rate` a second. Moments are seconds of any steady clock."""

    def __init__(self, maximum: float, rate: float) -> None:
        self.maximum = maximum
        self.rate = rate
        self._level = maximum
        self._at: float | None = None

    def level(self, now: float) -> float:
        """What is available now."""
        if self._at is not None:
            self._level = min(self.maximum, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def take(self, points: float, now: float) -> bool:
        """Take points, or say that there are not enough."""
        if self.level(now) < points:
            return False
        self._level -= points
        return True

    def give(self, points: float) -> None:
        """Give back what was reserved and not used."""
        self._level = min(self.maximum, self._level + points)

    def status(self, now: float) -> dict[str, int]:
        """The `throttleStatus` of an answer."""
        return {
            "maximumAvailable": int(self.maximum),
            "currentlyAvailable": int(self.level(now)),
            "restoreRate": int(self.rate),
        }
