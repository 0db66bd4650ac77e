"""Pacing: as fast as the platform allows, no faster, whoever asks.

A short wait is spent here; a long one is given back as RateLimited, so that a lane does not sleep on its lease.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

from crossdock.connectors.kit.errors import RateLimited

PATIENCE = timedelta(seconds=5)
"""The longest wait spent inside a call."""


class RateLimit(Struct, frozen=True):
    """What the platform documents: so many calls, or so many points of cost, in a stretch of time; `burst` may be spent at once."""

    calls: int
    per: timedelta
    burst: int | None = None


class Limiter(Protocol):
    """What a store's calls are paced by. Costs are in the platform's unit: calls, or points."""

    async def acquire(self, cost: float) -> None:
        """Wait until `cost` may be spent, and spend it. Raises RateLimited when that would take too long."""

    def learn(self, available: float, maximum: float, restore_per_second: float) -> None:
        """Take the platform's word for what is left, what fits, and how fast it comes back."""

    def pause(self, until: datetime) -> None:
        """Let nothing pass before a moment (UTC): what a 429 asks for."""


class LocalLimiter:
    """A token bucket in this process, safe to share between threads and event loops.

    Costs are taken in advance and waited for afterwards, which serves callers in the order they came without a queue. A cost below
    one counts as one: a pacing of nothing turns a throttled loop into a busy one.
    """

    def __init__(self, limit: RateLimit | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._restore = limit.calls / limit.per.total_seconds() if limit else math.inf
        self._maximum = float(limit.burst or limit.calls) if limit else math.inf
        self._available = self._maximum
        self._waiting = 0.0
        self._at = clock()
        self._closed_until = 0.0

    async def acquire(self, cost: float = 1) -> None:
        """See `Limiter`."""
        cost = min(max(cost, 1), self._maximum)
        with self._guard:
            now = self._refill()
            wait = max(0.0, self._closed_until - now)
            if math.isfinite(self._available):
                wait = max(wait, (cost - self._available) / self._restore)
            if wait > PATIENCE.total_seconds():
                raise RateLimited("The platform's limit is used up for now.", retry_after=timedelta(seconds=wait))
            self._available -= cost
            if wait <= 0:
                return
            self._waiting += cost
        try:
            await asyncio.sleep(wait)
        except BaseException:
            with self._guard:
                self._available += cost
            raise
        finally:
            with self._guard:
                self._waiting -= cost

    def learn(self, available: float, maximum: float, restore_per_second: float) -> None:
        """See `Limiter`. What still waits here is not yet known to the platform, so it is taken off."""
        if maximum <= 0 or restore_per_second <= 0:
            return
        with self._guard:
            self._at = self._clock()
            self._maximum, self._restore = maximum, restore_per_second
            self._available = min(available, maximum) - self._waiting

    def pause(self, until: datetime) -> None:
        """See `Limiter`."""
        with self._guard:
            self._closed_until = max(self._closed_until, self._clock() + (until - datetime.now(UTC)).total_seconds())

    def _refill(self) -> float:
        now = self._clock()
        if math.isfinite(self._maximum):
            self._available = min(self._maximum, self._available + (now - self._at) * self._restore)
        self._at = now
        return now
