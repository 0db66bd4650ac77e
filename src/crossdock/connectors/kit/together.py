"""Reading many things at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from typing import TypeVar

T = TypeVar("T")
V = TypeVar("V")


async def together(items: Iterable[T], read: Callable[[T], Awaitable[V]], *, at_once: int | None = None) -> list[V]:
    """Read each, at most `at_once` at a time where that is given; all answers in the order of the items, or the first error.

    After an error the others are given up, those not begun and those under way, and none goes on unseen: so this is for what may be
    asked twice, never for changes, whose outcome would be unknown. Those are for `each` and `each_in_turn`.
    """
    slots = asyncio.Semaphore(at_once) if at_once is not None else nullcontext()

    async def one(item: T) -> V:
        async with slots:
            return await read(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
