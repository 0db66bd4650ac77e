"""`crossdock bench limits`: how much of each store's limit an import uses, how often it is refused, and what a backfill leaves.

Each platform's simulator counts calls or points as the platform does; windows of half a minute and more are shortened, with the same
number of calls in each, which the figures say. The limiter is the hub's, over the database. Two stretches of time for each store: an
import alone; then a backfill with its reserve while something urgent asks four times a second, and how long that had to wait.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from crossdock.accounts.services import create_account
from crossdock.bench._report import machine, show
from crossdock.connections.limits import Seen, SharedLimiter
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import RateLimited
from crossdock.connectors.kit.http import Exchange
from crossdock.connectors.kit.limits import RateLimit
from crossdock.connectors.kit.opening import open_client, resolve_base_url, sign_in
from crossdock.connectors.kit.pages import Window
from crossdock.connectors.kit.simulator import Counting, SimulatorDeclaration
from crossdock.connectors.kit.tokens import MemoryTokens, Tokens
from crossdock.connectors.kit.transport import Transport
from crossdock.connectors.registry import connector_for
from crossdock.orders.rereading import LOW
from crossdock.sandbox.simulators import every_simulator
from crossdock.tenancy.scope import across_accounts

ORDERS, PAGE = 20, 5
"""Orders of each store, and of one page."""

URGENT_EVERY = 0.25

LONG = 0.25
"""Seconds: a wait that is the bucket's and not the database's."""


def limit_of(connector: Connector, counting: Counting) -> RateLimit:
    """What the hub begins with, its window shortened as the simulator's is. The connector states one."""
    limit = connector.rate_limit
    assert limit is not None  # noqa: S101  (whoever counts has a limit)
    return limit if counting.per is None else RateLimit(calls=limit.calls, per=counting.per, burst=limit.burst)


class Meter:
    """A limiter that also measures: how long each call waited, and what the platform said of its bucket."""

    def __init__(self, inner: SharedLimiter) -> None:
        self._inner = inner
        self.waits: list[float] = []
        self.said: list[tuple[float, float]] = []
        """When the platform said what its bucket holds, and how much, from the first long wait on."""
        self.used_up = 0

    async def acquire(self, cost: float = 1) -> None:
        """See `Limiter`."""
        began = time.monotonic()
        try:
            await self._inner.acquire(cost)
        except RateLimited:
            self.used_up += 1
            raise
        self.waits.append(time.monotonic() - began)

    def learn(self, available: float, maximum: float, restore_per_second: float) -> None:
        """See `Limiter`."""
        # Until the bucket was used up once, what is spent is what had been saved.
        if self.said or (self.waits and self.waits[-1] > LONG and available < maximum / 2):
            self.said.append((time.monotonic(), available))
        self._inner.learn(available, maximum, restore_per_second)

    def pause(self, until: datetime) -> None:
        """See `Limiter`."""
        self._inner.pause(until)


class Shop:
    """One platform's simulator, started, with orders; clients of it as the hub opens them."""

    def __init__(self, declaration: SimulatorDeclaration, account_id: int, counting: Counting) -> None:
        self.connector = connector_for(declaration.key)
        self.counting = counting
        self.exchanges: list[Exchange] = []
        self._declaration = declaration
        self._account_id = account_id
        self._owner_id = 0
        self.sim: Any = declaration.make()

    async def start(self) -> None:
        """Start it, place the orders, and find out how one connects."""
        await self.sim.start()
        for _ in range(ORDERS):
            self.sim.add_order()
        values = dict(self._declaration.presets(self.sim)[0].settings)
        self._settings = self.connector.settings.model_validate(values | self.counting.choose(self.sim))
        template = (self._declaration.base_url or "").replace("{url}", self.sim.url)
        named = {f"CROSSDOCK_BASE_URL__{self.connector.key.upper()}": template}
        self._base_url = resolve_base_url(self.connector, self._settings, named).base_url
        self._door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", int(self.sim.url.rsplit(":", 1)[1]))}))
        self._transport = Transport(self._door)
        self._tokens = MemoryTokens(None, self._renew)

    async def stop(self) -> None:
        """Stop both."""
        await self._transport.aclose()
        await self.sim.stop()

    async def _renew(self, stale: Tokens | None) -> Tokens:
        return await sign_in(
            self.connector, self._settings, stale, door=self._door, base_url=self._base_url, transport=self._transport
        )

    def begin(self) -> Seen:
        """The limit with nothing spent yet, at the platform and in a bucket of its own here."""
        self._owner_id += 1
        self.counting.switch_on(self.sim)
        self.sim.forget_log()
        self.exchanges.clear()
        return Seen()

    @asynccontextmanager
    async def client(self, seen: Seen, reserve: float) -> AsyncIterator[tuple[Any, Meter]]:
        """A client that leaves a part of the limit to others."""
        limit = limit_of(self.connector, self.counting)
        inner = SharedLimiter(self._account_id, f"bench-{self.connector.key}", self._owner_id, limit, reserve=reserve, seen=seen)
        meter = Meter(inner)
        async with open_client(
            self.connector,
            self._settings,
            door=self._door,
            realm="sandbox",
            base_url=self._base_url,
            tokens=self._tokens if self.connector.sign_in is not None else None,
            record=self.exchanges.append,
            transport=self._transport,
            limiter=meter,
        ) as client:
            yield client, meter

    def refused(self) -> int:
        """How many calls the platform refused for being too many."""
        throttled = (b'"THROTTLED"', b'"Throttled"')
        return sum(one.status == 429 or any(mark in one.response for mark in throttled) for one in self.exchanges)


async def read_for(client: Any, seconds: float) -> None:
    """Read all orders again and again, as a lane does: it waits as long as it is asked to."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(RateLimited):
            async for _ in client.orders_changed(Window(None, datetime.now(UTC)), page_size=PAGE):
                if time.monotonic() >= ends:
                    return
            continue
        await asyncio.sleep(0.1)


async def imported(shop: Shop, seconds: float) -> dict[str, Any]:
    """An import alone: what was allowed, reached and refused."""
    seen = shop.begin()
    async with shop.client(seen, 0.0) as (client, meter):
        began = time.monotonic()
        await read_for(client, seconds)
        took = time.monotonic() - began
    calls = len(shop.exchanges)
    figures: dict[str, Any] = {"unit": shop.counting.unit, "allowed_per_s": shop.counting.allowed, "calls": calls}
    if shop.counting.unit == "points":
        figures |= _points(meter, shop.exchanges, shop.counting.allowed or 0.0)
    elif shop.counting.allowed is not None:
        figures |= {"reached_per_s": round(calls / took, 1), "share": round(calls / took / shop.counting.allowed, 3)}
    else:
        figures |= {"reached_per_s": round(calls / took, 1), "most_under_way": getattr(shop.sim, "most_under_way", None)}
    return figures | {"refused_share": round(shop.refused() / max(calls, 1), 4), "scaled": shop.counting.said}


def _points(meter: Meter, exchanges: Sequence[Exchange], allowed: float) -> dict[str, Any]:
    """Points spent a second from when the bucket was used up first: what the answers say that their questions cost."""
    if len(meter.said) < 2:
        return {"reached_per_s": None, "share": None}
    (began, first), (ended, last) = meter.said[0], meter.said[-1]
    took = ended - began
    # Each answer was learned from once, so these are the calls since.
    spent = sum(_cost(one) for one in exchanges[1 - len(meter.said) :])
    might = took * allowed + max(0.0, first - last)
    return {"reached_per_s": round(spent / max(took, 0.001), 1), "share": round(spent / max(might, 1), 3)}


def _cost(exchange: Exchange) -> float:
    cost = msgspec.json.decode(exchange.response).get("extensions", {}).get("cost", {})
    return float(cost.get("actualQueryCost") or 0)


async def reserved(shop: Shop, seconds: float) -> dict[str, Any]:
    """A backfill that leaves its reserve, and something urgent beside it: the calls of both, and how long the urgent one waited."""
    seen = shop.begin()
    async with shop.client(seen, LOW) as (low, slow), shop.client(seen, 0.0) as (high, quick):
        backfill = asyncio.create_task(read_for(low, seconds))
        while not backfill.done():
            with suppress(RateLimited):
                await high.orders_by_id(["1"])
            await asyncio.sleep(URGENT_EVERY)
        await backfill
    waits = sorted(quick.waits) or [0.0]
    return {
        "reserve": LOW,
        "backfill_calls": len(slow.waits),
        "urgent_calls": len(quick.waits),
        "urgent_wait_p50_s": round(statistics.median(waits), 3),
        "urgent_wait_max_s": round(waits[-1], 3),
        "urgent_put_off": quick.used_up,
        "refused_share": round(shop.refused() / max(len(shop.exchanges), 1), 4),
    }


async def measure(seconds: float, window: float, only: Sequence[str]) -> dict[str, Any]:
    """Every store in turn; its import takes `seconds` and its backfill half as long."""
    account = await across_accounts(partial(create_account, name="Limits"))
    figures: dict[str, Any] = {}
    for key, declaration in every_simulator().items():
        connector = connector_for(key)
        if connector.kind != "store" or declaration.counting is None or (only and key not in only):
            continue
        shop = Shop(declaration, account.pk, declaration.counting(window))
        await shop.start()
        try:
            alone = await imported(shop, seconds)
            figures[key] = {**alone, "beside_a_backfill": await reserved(shop, seconds / 2)}
        finally:
            await shop.stop()
    return figures


def judged(figures: dict[str, Any]) -> dict[str, list[str]]:
    """Who misses the aims: 95 % of the limit, fewer than 1 % of calls refused."""
    return {
        "below_95_percent": [key for key, one in figures.items() if one.get("share") is not None and one["share"] < 0.95],
        "refused_too_often": [key for key, one in figures.items() if one["refused_share"] >= 0.01],
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="crossdock bench limits", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each store's import (default %(default)s)")
    parser.add_argument("--window", type=float, default=3.0, help="what long windows are shortened to (default %(default)s s)")
    parser.add_argument("--store", action="append", default=[], help="only this platform; may be given several times")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(argv)
    figures = asyncio.run(measure(given.seconds, given.window, given.store))
    show("Limits", {**figures, **judged(figures), "machine": machine()}, as_json=given.json)
    return 0
