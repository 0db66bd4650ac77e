"""One call for each item, some at a time, each answered by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, RateLimited

T = TypeVar("T")


async def each(
    items: Sequence[T], act: Callable[[T], Awaitable[Done | Failed]], *, key: Callable[[T], str], at_once: int = 4
) -> list[Done | Failed]:
    """Run `act` for every item, at most `at_once` at a time; outcomes in the order of the items.

    A typed error becomes that item's `Failed`. After AuthenticationFailed or RateLimited nothing new is started, and what had not
    begun fails with the same error: it would be refused as well. Anything else is a bug and is raised, after what runs has ended.
    """
    outcomes: list[Done | Failed | None] = [None] * len(items)
    stopped: list[ConnectorError] = []
    places = iter(range(len(items)))

    async def work() -> None:
        for place in places:
            item = items[place]
            if stopped:
                outcomes[place] = Failed(key(item), stopped[0])
                continue
            ABOUT.set((key(item),))
            try:
                outcomes[place] = await act(item)
            except ConnectorError as error:
                outcomes[place] = Failed(key(item), error)
                if isinstance(error, AuthenticationFailed | RateLimited):
                    stopped.append(error)

    # Not a TaskGroup: it would cancel calls under way, and a write that is cut off has an outcome nobody knows.
    ended = await asyncio.gather(*(work() for _ in range(min(at_once, len(items)))), return_exceptions=True)
    for result in ended:
        if isinstance(result, BaseException):
            raise result
    return [outcome for outcome in outcomes if outcome is not None]
