"""`crossdock bench chaos`: workers die by kill -9, lines are cut before and after writes, and each thing still happens once.

Orders are placed in the sandbox's shops while workers are killed, frozen beyond their lease and started again, and both platforms
answer late, wrongly, half or not at all. Then the trouble ends, everything settles, and the platforms are counted, not we: each order
once at the warehouse, each tracking number once at the store.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossdock.bench._processes import Process, free_port
from crossdock.bench._report import keep_logs, machine, say, show
from crossdock.bench._sandbox import Sandbox
from crossdock.bench._world import Site, World, build
from crossdock.connections import gateway

FAULT_RATE = 0.04
"""Share of all requests that go wrong by chance, besides the faults that are aimed at writes."""

LONGEST_FREEZE = 24.0
"""Seconds a worker is frozen at most: longer than a lease, so that it wakes up in a world where somebody else holds its lanes."""


@dataclass
class Plan:
    """One run: how many orders, over how many seconds, by which seed."""

    orders: int
    seed: int
    workers: int
    shops: int
    warehouses: int
    seconds: float
    patience: float


@dataclass
class Placed:
    """What was done at the platforms, as the platforms know it: references the warehouse must have, tracking numbers it used."""

    references: list[str] = field(default_factory=list)
    tracking: list[str] = field(default_factory=list)


class Chaos:
    """One run under way."""

    def __init__(self, plan: Plan, sandbox: Sandbox, world: World, workers: Sequence[Process]) -> None:
        self.plan = plan
        self.sandbox = sandbox
        self.world = world
        self.workers = workers
        self.placed = Placed()
        self.kills = 0
        self.freezes = 0
        self.is_over = False
        self._next = Counter[str]()

    async def run(self) -> None:
        """Make trouble while orders are placed and shipped; then let it settle."""
        say(f"{self.plan.orders} orders over {self.plan.seconds:.0f} s, {len(self.workers)} workers, seed {self.plan.seed}")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kill())
            group.create_task(self._harm())
            group.create_task(self._ship())
            group.create_task(self._look())
            await self._place()
            self.is_over = True
        await self.sandbox.pull("shopify", "calm")
        await self.sandbox.pull("files", "calm")
        say(f"the trouble is over: {self.kills} kills, {self.freezes} freezes; {await self.world.statuses()}")

    async def _place(self) -> None:
        chance = random.Random(f"{self.plan.seed} place")  # noqa: S311  (repeatable, no secret)
        pause = self.plan.seconds / self.plan.orders
        for _ in range(self.plan.orders):
            site = chance.choice(self.world.sites)
            lines = [
                {"sku": f"SKU-{at}", "title": f"Thing {at}", "quantity": chance.randint(1, 3), "price": "12.50"}
                for at in range(1, chance.choice((1, 1, 2, 3)) + 1)
            ]
            await self.sandbox.pull("shopify", "add_order", shop=site.shop, lines=lines)
            self._next[site.shop] += 1
            self.placed.references.append(f"{site.login}/{site.prefix}{1000 + self._next[site.shop]}")
            if chance.random() < 0.1:
                await self.sandbox.pull("shopify", "touch_order", order=1000 + self._next[site.shop], shop=site.shop)
            await asyncio.sleep(chance.uniform(0, 2 * pause))

    async def _kill(self) -> None:
        chance = random.Random(f"{self.plan.seed} kill")  # noqa: S311
        frozen: set[asyncio.Task[None]] = set()
        while not self.is_over:
            await asyncio.sleep(chance.uniform(1, 5))
            worker = chance.choice(self.workers)
            if any(task.get_name() == worker.name for task in frozen):
                continue
            if chance.random() < 0.08:
                freeze = asyncio.create_task(self._freeze(worker, chance.uniform(1, LONGEST_FREEZE)), name=worker.name)
                frozen.add(freeze)
                freeze.add_done_callback(frozen.discard)
                continue
            await asyncio.to_thread(worker.kill)
            self.kills += 1
            await asyncio.sleep(chance.uniform(0, 1))
            worker.start()
        await asyncio.gather(*frozen)

    async def _freeze(self, worker: Process, seconds: float) -> None:
        worker.signal(signal.SIGSTOP)
        self.freezes += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            worker.signal(signal.SIGCONT)

    async def _harm(self) -> None:
        chance = random.Random(f"{self.plan.seed} harm")  # noqa: S311
        for platform in ("shopify", "files"):
            await self.sandbox.pull(platform, "faults", rate=FAULT_RATE, seed=self.plan.seed)
        await self.sandbox.pull("shopify", "duplicate_webhooks", copies=2, pause=0.2)
        aimed: list[tuple[str, str, dict[str, Any]]] = [
            ("shopify", "hang_up_after_write", {"operation": "fulfillmentCreate"}),
            ("shopify", "hang_up_before_write", {"operation": "fulfillmentCreate"}),
            ("shopify", "fail_next", {"status": 502, "after_write": True, "operation": "fulfillmentCreate"}),
            ("shopify", "fail_next", {"status": 500}),
            ("shopify", "fail_next", {"status": 429, "retry_after": 1.0}),
            ("shopify", "truncate_next", {}),
            ("files", "hang_up_after_write", {}),
            ("files", "hang_up_before_write", {}),
            ("files", "hang_up_after_write", {"operation": "write"}),
            ("files", "fail_next", {"status": 500, "operation": "rename", "after_write": True}),
            ("files", "fail_next", {"status": 500, "operation": "rename"}),
        ]
        while not self.is_over:
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            platform, lever, arguments = chance.choice(aimed)
            await self.sandbox.pull(platform, lever, **arguments)
            for lever in ("duplicate_pages", "reorder_pages"):
                await self.sandbox.pull("shopify", lever, on=chance.random() < 0.3)

    async def _look(self) -> None:
        """Somebody presses "run now" on the shipments every few seconds."""
        while not self.is_over:
            await self.world.run_now("shipments")
            await asyncio.sleep(2.0)

    async def _ship(self) -> None:
        chance = random.Random(f"{self.plan.seed} ship")  # noqa: S311
        while not self.is_over:
            await self.ship_some(chance)
            await asyncio.sleep(1.0)

    async def ship_some(self, chance: random.Random) -> None:
        """The warehouse ships what it has: some orders whole, some in two shipments, some in several boxes."""
        state, _ = await self.sandbox.state("files")
        for login, merchant in state["merchants"].items():
            for order in merchant["orders"]:
                left = {line["number"]: line["quantity"] - line["shipped"] for line in order["lines"]}
                left = {number: quantity for number, quantity in left.items() if quantity > 0}
                if not left:
                    continue
                is_part = chance.random() < 0.3 and sum(left.values()) > 1
                units = {next(iter(left)): 1} if is_part else left
                tracking = [
                    f"1Z{login}{len(self.placed.tracking) + box:06}" for box in range(min(len(units), chance.choice((1, 1, 2))))
                ]
                lines = {str(number): quantity for number, quantity in units.items()}
                await self.sandbox.pull("files", "ship", merchant=login, order=order["number"], lines=lines, tracking=tracking)
                self.placed.tracking += tracking

    async def settle(self) -> float:
        """Wait until every order is shipped and closed and nothing is left to do, or patience ends; the seconds it took."""
        started = time.monotonic()
        chance = random.Random(f"{self.plan.seed} rest")  # noqa: S311
        quiet = 0
        while time.monotonic() - started < self.plan.patience:
            await self.ship_some(chance)
            await self.world.hurry()
            await self.world.run_now("sales_orders")
            await self.world.run_now("shipments")
            lost, _ = await self.count()
            statuses = await self.world.statuses()
            # Once more round after it looks finished: what happens twice happens late.
            quiet = quiet + 1 if not lost and set(statuses) == {"closed"} else 0
            if quiet == 3:
                break
            await asyncio.sleep(1.5)
        return time.monotonic() - started

    async def count(self) -> tuple[list[str], list[str]]:
        """What is missing and what came more than once, counted on the platforms' side."""
        files, _ = await self.sandbox.state("files")
        shops, _ = await self.sandbox.state("shopify")
        at_warehouse = Counter[str]()
        for login, merchant in files["merchants"].items():
            at_warehouse.update({f"{login}/{order['number']}": order["times"] for order in merchant["orders"]})
        at_store = Counter[str]()
        for shop in shops.values():
            at_store.update(shop["fulfillments"])
        lost = [one for one in self.placed.references if not at_warehouse[one]]
        lost += [one for one in self.placed.tracking if not at_store[one]]
        doubled = [f"{one} × {times}" for one, times in (at_warehouse + at_store).items() if times > 1]
        strange = {*at_warehouse} - {*self.placed.references} | {*at_store} - {*self.placed.tracking}
        return lost, doubled + sorted(f"{one}: never placed" for one in strange)


async def run(plan: Plan, folder: Path) -> dict[str, Any]:
    """One whole run; its figures."""
    port = free_port()
    os.environ["CROSSDOCK_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    started = time.monotonic()
    processes: list[Process] = []
    try:
        sandbox = await asyncio.to_thread(Sandbox.start, folder, dict(os.environ))
        processes.append(sandbox.process)
        os.environ.update(sandbox.environment())
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        web = Process("web", "web", "--port", str(port), "--threads", "4", environment=environment, logs=folder)
        web.start()
        processes.append(web)
        await asyncio.to_thread(web.wait_until, lambda: answers(port))
        workers = [
            Process(f"worker-{number}", "worker", environment=environment, logs=folder) for number in range(1, plan.workers + 1)
        ]
        async with sandbox:
            world = await build(sandbox, shops=plan.shops, warehouses=plan.warehouses)
            for worker in workers:
                worker.start()
                processes.append(worker)
            chaos = Chaos(plan, sandbox, world, workers)
            await chaos.run()
            settled_in = await chaos.settle()
            lost, doubled = await chaos.count()
            statuses = await world.statuses()
            faults = Counter[str]()
            for platform in ("shopify", "files"):
                faults.update((await sandbox.state(platform))[1])
            stuck = sum(count for status, count in statuses.items() if status != "closed")
            figures: dict[str, Any] = {
                "orders": plan.orders,
                "shipments": len(chaos.placed.tracking),
                "faults": sum(faults.values()),
                "kills": chaos.kills,
                "freezes": chaos.freezes,
                "lost": len(lost),
                "doubled": len(doubled),
                "stuck": stuck + max(0, plan.orders - sum(statuses.values())),
                "seed": plan.seed,
                "seconds": round(time.monotonic() - started, 1),
                "settled_in_s": round(settled_in, 1),
                "statuses": statuses,
                "faults_by_kind": dict(faults),
                "machine": machine(),
            }
            if lost or doubled or figures["stuck"]:
                figures |= {"lost_ones": lost[:20], "doubled_ones": doubled[:20], "stuck_ones": await world.explain()}
            return figures
    finally:
        await gateway.close_transports()
        for process in reversed(processes):
            process.signal(signal.SIGCONT)
            await asyncio.to_thread(process.kill if process.name.startswith("worker") else process.stop)


def answers(port: int) -> bool:
    """Whether web answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; the exit code is 1 when anything was lost, doubled or got stuck."""
    parser = argparse.ArgumentParser(prog="crossdock bench chaos", description=__doc__)
    parser.add_argument("--orders", type=int, default=500, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="repeats the same trouble (default %(default)s)")
    parser.add_argument("--workers", type=int, default=3, help="worker processes (default %(default)s)")
    parser.add_argument("--shops", type=int, default=3, help="default %(default)s")
    parser.add_argument("--warehouses", type=int, default=2, help="default %(default)s")
    parser.add_argument("--over", type=float, help="seconds over which orders are placed (default: orders / 8)")
    parser.add_argument("--patience", type=float, default=240.0, help="seconds it may take to settle (default %(default)s)")
    parser.add_argument("--logs", help="folder to copy the processes' logs to")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(argv)
    seconds = given.over if given.over is not None else given.orders / 8
    plan = Plan(given.orders, given.seed, given.workers, given.shops, given.warehouses, seconds, given.patience)
    with tempfile.TemporaryDirectory(prefix="crossdock-chaos-") as folder:
        try:
            figures = asyncio.run(run(plan, Path(folder)))
        finally:
            keep_logs(Path(folder), given.logs)
    show("Chaos", figures, as_json=given.json)
    return 1 if figures["lost"] or figures["doubled"] or figures["stuck"] else 0


__all__ = ["Chaos", "Plan", "Site", "main", "run"]
