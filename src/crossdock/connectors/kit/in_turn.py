"""Changes of one thing after the other, and several things at a time: shipments of an order take from the same units."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import ConnectorError, InvalidData, OutcomeUnknown, Unavailable

T = TypeVar("T")

BY_ITSELF = (InvalidData, OutcomeUnknown, Unavailable)
"""Errors that say nothing of the next item, where items do not take from one another."""


async def each_in_turn(
    items: Sequence[T],
    act: Callable[[T], Awaitable[Done | Failed]],
    *,
    key: Callable[[T], str],
    of: Callable[[T], Hashable],
    at_once: int,
    alone: type[ConnectorError] | tuple[type[ConnectorError], ...] = InvalidData,
) -> list[Done | Failed]:
    """Run `act` for every item, those `of` one thing in their order, at most `at_once` things at a time; outcomes in the items' order.

    After an error that stands `alone`, the next item of the same thing is tried all the same. After any other, what waited behind it
    was not begun and fails with it; where nobody knows what became of the one before, as Unavailable, since of its own nothing was
    sent. Else as `each`: AuthenticationFailed and RateLimited end it for all.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, item in enumerate(items):
        groups.setdefault(of(item), []).append(place)
    outcomes: dict[int, Done | Failed] = {}

    async def work(group: list[int]) -> Done | Failed:
        for position, place in enumerate(group):
            ABOUT.set(key(items[place]))
            try:
                outcomes[place] = await act(items[place])
            except ConnectorError as error:
                outcomes[place] = Failed(key(items[place]), error)
                if isinstance(error, alone):
                    continue
                for waiting in group[position + 1 :]:
                    outcomes[waiting] = Failed(key(items[waiting]), _not_begun(error))
                raise
        return outcomes[group[-1]]

    ended = await each(list(groups.values()), work, key=lambda group: key(items[group[0]]), at_once=at_once)
    for group, outcome in zip(groups.values(), ended, strict=True):
        for place in group:
            if place not in outcomes and isinstance(outcome, Failed):
                outcomes[place] = Failed(key(items[place]), outcome.error)
    return [outcomes[place] for place in range(len(items))]


def _not_begun(error: ConnectorError) -> ConnectorError:
    """The error for what waited behind the one that failed: nothing of it was sent, whatever became of the other."""
    if isinstance(error, OutcomeUnknown):
        return Unavailable("An earlier shipment of the same order has to be looked up first.", evidence=error.evidence)
    return error
