"""What a call is given, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.simulator.faults import Faults
from crossdock.connectors.nuorder.simulator.state import Portal


class Refusal(Exception):
    """An answer that is an error, in the platform's form."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NoSuchCall(Exception):
    """A path the platform does not serve: its web server answers with a page."""


class Asked(Struct, frozen=True):
    """One request: parts of its path, its query and its body, decoded."""

    parts: tuple[str, ...]
    query: dict[str, str]
    body: Any
    troubles: Faults


Answered = tuple[int, Any]
Call = Callable[[Portal, Asked], Answered]


def troubled(ids: list[str], troubles: Faults) -> list[str]:
    """A list as the faults in force leave it."""
    if troubles.has_reordered_pages:
        ids = ids[::-1]
    return [*ids, *ids[:2]] if troubles.has_duplicate_pages else ids
