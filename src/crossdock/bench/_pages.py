"""A shop for the import bench: the simulator's own answers, asked for once and then served from memory.

So the server costs little, costs the same for whoever reads, and cannot be what limits either side. Run as a program.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.pull import PAGE
from crossdock.connectors.shopify.simulator import ShopifySimulator

SHOP = "bench"
_STREETS = ("Harbor Street", "Mill Lane", "Station Road", "Orchard Avenue", "Riverside Drive")
_THINGS = ("Rain jacket", "Wool socks", "Camp stove", "Head lamp", "Water bottle", "Day pack", "Trail map", "Sun hat")


def fill(simulator: ShopifySimulator, orders: int) -> None:
    """Place orders of usual make: one to three lines, an address, a note now and then; the same ones each time."""
    chance = random.Random(4_000)  # noqa: S311  (repeatable, no secret)
    for number in range(orders):
        lines = [
            {
                "sku": f"{chance.choice('ABCDEFGH')}{chance.randint(100, 999)}-{chance.choice(('S', 'M', 'L', 'XL'))}",
                "title": chance.choice(_THINGS),
                "quantity": chance.randint(1, 3),
                "price": f"{chance.randint(500, 20_000) / 100:.2f}",
            }
            for _ in range(chance.choice((1, 1, 2, 2, 3)))
        ]
        simulator.add_order(
            shop=SHOP,
            lines=lines,
            ship_to={
                "firstName": f"Robin{number}",
                "lastName": f"Example{chance.randint(1, 9_999)}",
                "address1": f"{chance.randint(1, 900)} {chance.choice(_STREETS)}",
            },
            email=f"robin{number}@example.com",
            note="Please leave it at the back door." if chance.random() < 0.2 else None,
        )


class Pages:
    """The pages of the list of orders, by cursor; anything else is asked of the simulator."""

    def __init__(self, simulator: ShopifySimulator, token: str) -> None:
        self.simulator = simulator
        self.token = token
        self.pages: dict[str | None, bytes] = {}
        self.size = 0
        self._session: aiohttp.ClientSession | None = None

    async def record(self) -> None:
        """Ask the simulator for every page, with the connector's own query."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        after: str | None = None
        while True:
            variables = {"first": PAGE, "after": after, "query": "updated_at:<='2099-01-01T00:00:00Z'"}
            body = await self._asked(msgspec.json.encode({"query": queries.ORDERS, "variables": variables}))
            self.pages[after] = body
            self.size += len(body)
            orders = msgspec.json.decode(body)["data"]["orders"]
            if not orders["pageInfo"]["hasNextPage"]:
                return
            after = orders["pageInfo"]["endCursor"]

    async def answer(self, request: web.Request) -> web.Response:
        """One GraphQL request."""
        body = await request.read()
        asked: dict[str, Any] = msgspec.json.decode(body)
        variables = asked.get("variables") or {}
        if "first" in variables and "orders(" in asked["query"] and (page := self.pages.get(variables.get("after"))):
            return web.Response(body=page, content_type="application/json")
        return web.Response(body=await self._asked(body), content_type="application/json")

    async def _asked(self, body: bytes) -> bytes:
        assert self._session is not None  # noqa: S101  (made by `record`)
        address = f"{self.simulator.url}/{SHOP}/admin/api/{queries.VERSION}/graphql.json"
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self.token}
        async with self._session.post(address, data=body, headers=headers) as answer:
            return await answer.read()

    async def close(self) -> None:
        """End the session to the simulator."""
        if self._session is not None:
            await self._session.close()


async def serve(orders: int, announce: Path) -> None:
    """Fill, record, then serve until the bench ends us."""
    simulator = ShopifySimulator(shops=[SHOP])
    simulator.set_limits(on=True, restore_rate=1e9, shop=SHOP)
    await simulator.start()
    fill(simulator, orders)
    token = simulator.give_token(SHOP)
    pages = Pages(simulator, token)
    await pages.record()
    app = web.Application()
    app.router.add_post("/{shop}/admin/api/{version}/graphql.json", pages.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    location = str(next(iter(simulator.shop(SHOP).locations.values()))["id"]).rsplit("/", 1)[-1]
    said = {"url": f"http://{host}:{port}", "token": token, "location": location, "bytes": pages.size, "orders": orders}
    announce.with_suffix(".part").write_text(json.dumps(said))
    announce.with_suffix(".part").replace(announce)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await pages.close()
        await simulator.stop()


def main(argv: Sequence[str]) -> None:
    """Serve so many orders; the address goes to a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--announce", type=Path, required=True)
    given = parser.parse_args(argv)
    asyncio.run(serve(given.orders, given.announce))


if __name__ == "__main__":
    main(sys.argv[1:])
