"""HTTP for connectors: signed, rooted at one origin, throttled, recorded, bounded."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct


class Exchange(Struct, frozen=True):
    """One request and its answer as sent, with secrets removed. `status` is None when no answer came."""

    at: datetime
    operation: str
    method: str
    url: str
    status: int | None
    ms: int
    request: bytes
    response: bytes
    is_write: bool


class Answer(Struct, frozen=True):
    """An HTTP answer, its body read whole and within bounds. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Record = Callable[[Exchange], None]


class ObserveOnly(RuntimeError):
    """A write was tried through a connection that only observes. Always a bug of ours; nothing was sent."""


class Http:
    """What a client is given to talk through."""
