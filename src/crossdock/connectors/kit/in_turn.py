"""Changes of one thing after the other, and several things at a time: shipments of an order take from the same units."""

from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)

T = TypeVar("T")

BY_ITSELF = (InvalidData, OutcomeUnknown, Unavailable)
"""Errors that say nothing of the next item, where items do not take from one another."""

_MEETS_ALL = (AuthenticationFailed, RateLimited)


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

    async def act_on_one(some: Sequence[T]) -> list[Done | Failed]:
        return [await act(some[0])]

    return await some_in_turn(items, act_on_one, key=key, of=of, most=1, at_once=at_once, alone=alone)


async def some_in_turn(
    items: Sequence[T],
    act: Callable[[Sequence[T]], Awaitable[Sequence[Done | Failed]]],
    *,
    key: Callable[[T], str],
    of: Callable[[T], Hashable],
    most: int,
    at_once: int,
    alone: type[ConnectorError] | tuple[type[ConnectorError], ...] = InvalidData,
) -> list[Done | Failed]:
    """As `each_in_turn`, for calls that serve up to `most` items of different things: `act` answers for each of them in their order.

    What it raises is the outcome of all it was given.
    """
    waiting: dict[Hashable, deque[int]] = {}
    for place, item in enumerate(items):
        waiting.setdefault(of(item), deque()).append(place)
    outcomes: dict[int, Done | Failed] = {}

    def fail(place: int, error: ConnectorError) -> None:
        outcomes[place] = Failed(key(items[place]), error)

    async def work(bunch: list[int]) -> Done | Failed:
        ABOUT.set(tuple(key(items[place]) for place in bunch))
        outcomes.update(zip(bunch, await act([items[place] for place in bunch]), strict=True))
        for place in bunch:
            # Raised, so that nothing else is begun.
            if isinstance(outcome := outcomes[place], Failed) and isinstance(outcome.error, _MEETS_ALL):
                raise outcome.error
        return outcomes[bunch[0]]

    while waiting:
        firsts = [places.popleft() for places in waiting.values()]
        bunches = [firsts[start : start + most] for start in range(0, len(firsts), most)]
        ended = await each(bunches, work, key=lambda bunch: key(items[bunch[0]]), at_once=at_once)
        stopped: ConnectorError | None = None
        for bunch, outcome in zip(bunches, ended, strict=True):
            if isinstance(outcome, Failed):
                stopped = outcome.error if isinstance(outcome.error, _MEETS_ALL) else stopped
                for place in bunch:
                    if place not in outcomes:
                        fail(place, outcome.error)
        for place, places in zip(firsts, waiting.values(), strict=True):
            outcome = outcomes[place]
            error = stopped or (outcome.error if isinstance(outcome, Failed) and not isinstance(outcome.error, alone) else None)
            while error is not None and places:
                fail(places.popleft(), _not_begun(error))
        waiting = {thing: places for thing, places in waiting.items() if places}
    return [outcomes[place] for place in range(len(items))]


def _not_begun(error: ConnectorError) -> ConnectorError:
    """The error for what waited behind the one that failed: nothing of it was sent, whatever became of the other."""
    if isinstance(error, OutcomeUnknown):
        return Unavailable("An earlier shipment of the same order has to be looked up first.", evidence=error.evidence)
    return error
