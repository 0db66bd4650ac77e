"""Several calls at once, none of which is cut off by another's failure."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(waiting: Iterable[Awaitable[T]]) -> list[T]:
    """The results in order. The first error is raised after all have ended, so that nothing goes on unseen."""
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    found: list[T] = []
    for result in ended:
        if isinstance(result, BaseException):
            raise result
        found.append(result)
    return found
