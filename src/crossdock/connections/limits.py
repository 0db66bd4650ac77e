"""One limit for a store, whoever asks: a bucket in the database that all workers take from in lots.

A process takes a tenth of the bucket at a time, so that most calls cost no query, and lets what is left of a lot lapse after some
seconds. Less urgent lanes leave a reserve: reading orders must not use up what posting tracking numbers needs.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from crossdock.connectors.kit.errors import RateLimited
from crossdock.connectors.kit.limits import PATIENCE, RateLimit
from crossdock.tenancy import statements
from crossdock.tenancy.scope import account_in_scope, in_db

LOT = 0.1
"""What part of the bucket a process takes at once."""

LOT_LASTS = 15.0
"""Seconds after which what is left of a lot is nobody's: the bucket has refilled by as much meanwhile."""

OPEN = """
insert into throttle (account_id, owner_kind, owner_id, available, maximum, restore, at)
values (%(account)s, %(kind)s, %(id)s, %(burst)s, %(burst)s, %(rate)s, clock_timestamp()) on conflict do nothing
"""

TAKE = """
with b as (
  select id, coalesce(%(maximum)s, maximum)::double precision top, coalesce(%(rate)s, restore)::double precision speed,
         least(coalesce(%(maximum)s, maximum),
               coalesce(%(learned)s, available + extract(epoch from clock_timestamp() - at) * restore))::double precision full_to,
         greatest(paused_until, %(pause)s::timestamptz) pause
    from throttle where account_id = %(account)s and owner_kind = %(kind)s and owner_id = %(id)s for no key update),
 g as (
  select b.*, least(%(cost)s, top * (1 - %(reserve)s)) want, full_to - top * %(reserve)s spare,
         greatest(0, coalesce(extract(epoch from pause - clock_timestamp()), 0)) rest from b),
 h as (select g.*, case when rest > 0 or spare < want then 0 else least(spare, greatest(want, top * %(lot)s)) end granted from g)
update throttle t set available = h.full_to - h.granted, maximum = h.top, restore = h.speed, at = clock_timestamp(),
                      paused_until = h.pause
  from h where t.id = h.id
returning h.granted, greatest(h.rest, case when h.granted > 0 then 0 else (h.want - h.spare) / h.speed end)
"""


class Seen:
    """What the platform last said of a store's bucket, and the lots of it that this process has: known to all who ask for it."""

    def __init__(self) -> None:
        self.said: tuple[float, float, float] | None = None
        self.lots: dict[float, tuple[float, float]] = {}
        """What is left of each reserve's lot, and until when."""

    def left(self, now: float) -> float:
        """What this process may still spend of all its lots."""
        return sum(left for left, ends in self.lots.values() if now < ends)


class SharedLimiter:
    """A `Limiter` over the shared bucket of one store or warehouse. `reserve` is the part of it that this one leaves to others.

    `seen` is shared by those of one process that ask for the same store.
    """

    def __init__(
        self,
        account_id: int,
        kind: str,
        owner_id: int,
        limit: RateLimit,
        *,
        reserve: float = 0.0,
        seen: Seen | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._account_id = account_id
        self._row: dict[str, Any] = {"kind": kind, "id": owner_id}
        self._limit = limit
        self._reserve = reserve
        self._clock = clock
        self._seen = seen or Seen()
        self._pause: datetime | None = None
        self._is_open = False
        self._guard = asyncio.Lock()

    async def acquire(self, cost: float = 1) -> None:
        """See `Limiter`. Short waits are spent here; a long one is RateLimited."""
        cost = max(cost, 1)
        async with self._guard:
            while not self._spend(cost):
                granted, wait = await in_db(self._account_id, self._take, cost)
                if granted:
                    self._seen.lots[self._reserve] = (granted - min(cost, granted), self._clock() + LOT_LASTS)
                    return
                if wait > PATIENCE.total_seconds():
                    raise RateLimited("The platform's limit is used up for now.", retry_after=timedelta(seconds=wait))
                await asyncio.sleep(max(wait, 0.01))

    def learn(self, available: float, maximum: float, restore_per_second: float) -> None:
        """See `Limiter`. Written down with the next lot; what of this lot is not spent yet is taken off."""
        if maximum > 0 and restore_per_second > 0:
            self._seen.said = (max(0.0, available - self._seen.left(self._clock())), maximum, restore_per_second)

    def pause(self, until: datetime) -> None:
        """See `Limiter`. What is left of the lot is not used."""
        self._pause = until
        self._seen.lots.pop(self._reserve, None)

    def _spend(self, cost: float) -> bool:
        if self._pause is not None and self._pause > datetime.now(UTC):
            return False
        left, ends = self._seen.lots.get(self._reserve, (0.0, 0.0))
        if left < cost or self._clock() >= ends:
            return False
        self._seen.lots[self._reserve] = (left - cost, ends)
        return True

    def _take(self, cost: float) -> tuple[float, float]:
        account_id = account_in_scope()
        available, maximum, rate = self._seen.said or (None, None, None)
        if not self._is_open:
            speed = self._limit.calls / self._limit.per.total_seconds()
            burst = self._limit.burst or self._limit.calls
            statements.run_kept(OPEN, {**self._row, "account": account_id, "burst": burst, "rate": speed})
            self._is_open = True
        granted, wait = statements.run_kept(
            TAKE,
            {
                **self._row,
                "account": account_id,
                "cost": cost,
                "reserve": self._reserve,
                "lot": LOT,
                "learned": available,
                "maximum": maximum,
                "rate": rate,
                "pause": self._pause,
            },
        )[0]
        self._seen.said = self._pause = None
        return float(granted), float(wait)


class SharedLimiters:
    """The limiters of this process, by event loop, store or warehouse, and reserve."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, str, int, float], SharedLimiter] = {}
        self._seen: dict[tuple[int, int, str, int], Seen] = {}

    def of(self, account_id: int, kind: str, owner_id: int, limit: RateLimit, reserve: float) -> SharedLimiter:
        """The limiter, made at first use."""
        store = (id(asyncio.get_running_loop()), account_id, kind, owner_id)
        key = (*store, reserve)
        if key not in self._known:
            seen = self._seen.setdefault(store, Seen())
            self._known[key] = SharedLimiter(account_id, kind, owner_id, limit, reserve=reserve, seen=seen)
        return self._known[key]
