"""A running simulator and a few words to ask it with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from crossdock.connectors.shopify.simulator import ShopifySimulator


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


class Asking:
    """Asks one shop with one token."""

    def __init__(self, sim: ShopifySimulator, clock: Clock, session: aiohttp.ClientSession) -> None:
        self.sim = sim
        self.clock = clock
        self.session = session
        self.token = sim.give_token()
        self.shop = sim.shop()
        self.version = "2026-10"

    async def answer(self, query: str, /, **variables: Any) -> tuple[int, dict[str, Any], aiohttp.ClientResponse]:
        """Status, JSON and the response."""
        address = f"{self.sim.url}/{self.shop.handle}/admin/api/{self.version}/graphql.json"
        headers = {"X-Shopify-Access-Token": self.token}
        async with self.session.post(address, json={"query": query, "variables": variables}, headers=headers) as response:
            return response.status, await response.json(), response

    async def __call__(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        status, body, _ = await self.answer(query, **variables)
        assert status == 200
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def errors(self, query: str, /, **variables: Any) -> list[dict[str, Any]]:
        """The errors of an answer."""
        _, body, _ = await self.answer(query, **variables)
        return body["errors"]


@asynccontextmanager
async def running() -> AsyncIterator[Asking]:
    """A shop with one location, and a session to it."""
    clock = Clock()
    sim = ShopifySimulator(clock=clock)
    await sim.start()
    async with aiohttp.ClientSession() as session:
        try:
            yield Asking(sim, clock, session)
        finally:
            await sim.stop()
