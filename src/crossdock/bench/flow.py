"""`crossdock bench flow`: orders per second through the whole way, and how long one takes to reach the warehouse.

Shops announce by webhook, web takes the announcements, workers import, send, take shipments and post them; the platforms' limits are
on; everything runs on this one machine. First many orders at once, counted until the last is Closed; then half that rate, evenly, for
the lag from placed to at the warehouse.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection as database

from crossdock.bench._processes import Process, cpu_of, free_port
from crossdock.bench._report import keep_logs, machine, say, show
from crossdock.bench._sandbox import Sandbox
from crossdock.bench._world import World, build
from crossdock.bench.chaos import answers
from crossdock.connections import gateway
from crossdock.tenancy.scope import across_accounts, in_db

RESTORE_RATE = 1000.0
"""Points a second of a shop's bucket: what Shopify gives shops on its Plus plan; the smallest plan has 100."""

AT_ONCE = 8
"""Orders being placed at the same time."""


@dataclass
class Plan:
    """How much: orders of the burst, seconds of the even part, and the house."""

    orders: int
    seconds: float
    stores: int
    warehouses: int
    workers: int
    web_processes: int
    patience: float


class Flow:
    """One run under way. `placed` is when each order was placed, by what the warehouse calls it."""

    def __init__(self, plan: Plan, sandbox: Sandbox, world: World, processes: Sequence[Process]) -> None:
        self.plan = plan
        self.sandbox = sandbox
        self.world = world
        self.processes = processes
        self.placed: dict[str, float] = {}
        self._numbers = dict.fromkeys((site.shop for site in world.sites), 1000)
        self._gates = {site.shop: asyncio.Lock() for site in world.sites}

    def cpu(self) -> dict[str, float]:
        """CPU seconds by process so far."""
        used: dict[str, float] = {}
        for process in self.processes:
            name = process.name.split("-")[0]
            used[name] = used.get(name, 0.0) + process.cpu()
        postgres = int(os.environ.get("CROSSDOCK_BENCH_POSTGRES") or 0)
        if postgres:
            used["postgres"] = cpu_of(postgres)
        used["this bench"] = time.process_time()
        return used

    async def transactions(self) -> int:
        """Transactions of the database so far."""
        return await across_accounts(_transactions)

    async def runs(self) -> dict[str, int]:
        """How often lanes of each kind have run so far."""
        return await in_db(self.world.account_id, _runs)

    async def place(self, count: int, rate: float | None = None) -> None:
        """Place orders over the shops in turn: as fast as it goes, or evenly so many a second."""
        started = time.monotonic()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(at: int) -> None:
            site = self.world.sites[at % len(self.world.sites)]
            async with gate, self._gates[site.shop]:
                self._numbers[site.shop] += 1
                number = self._numbers[site.shop]
                lines = [{"sku": f"SKU-{line}", "quantity": 1 + at % 2, "price": "12.50"} for line in range(1 + at % 3)]
                self.placed[f"{site.login}/{site.prefix}{number}"] = time.time()
                await self.sandbox.pull("shopify", "add_order", shop=site.shop, number=number, lines=lines)

        async with asyncio.TaskGroup() as group:
            for at in range(count):
                if rate is not None:
                    await asyncio.sleep(max(0.0, started + at / rate - time.monotonic()))
                group.create_task(one(at))

    async def until_closed(self, count: int) -> None:
        """Wait until so many orders are Closed. Raises RuntimeError when patience ends before."""
        deadline = time.monotonic() + self.plan.patience
        looked = 0.0
        while (closed := (await self.world.statuses()).get("closed", 0)) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"{closed} of {count} orders closed: {await self.world.statuses()} {await self.world.explain(5)}"
                )
            if time.monotonic() - looked > 5:
                looked = time.monotonic()
                say(f"{await self.world.statuses()}")
                await self.world.run_now("shipments")
            await asyncio.sleep(0.5)

    async def lags(self, since: set[str]) -> list[float]:
        """Seconds from placed to taken by the warehouse, of orders that were placed after those in `since`."""
        state, _ = await self.sandbox.state("files")
        arrived = {
            f"{login}/{order['number']}": datetime.fromisoformat(order["received_at"]).timestamp()
            for login, merchant in state["merchants"].items()
            for order in merchant["orders"]
        }
        return sorted(arrived[one] - at for one, at in self.placed.items() if one not in since)


def _transactions() -> int:
    with database.cursor() as cursor:
        cursor.execute("select xact_commit + xact_rollback from pg_stat_database where datname = current_database()")
        return int(cursor.fetchone()[0])


def _runs() -> dict[str, int]:
    with database.cursor() as cursor:
        cursor.execute("select kind, sum(fence)::int from lane group by 1 order by 1")
        return dict(cursor.fetchall())


async def measure(flow: Flow) -> dict[str, Any]:
    """Both parts; their figures."""
    plan = flow.plan
    transactions, runs = await flow.transactions(), await flow.runs()
    before, started = flow.cpu(), time.monotonic()
    await flow.place(plan.orders)
    placing = time.monotonic() - started
    await flow.until_closed(plan.orders)
    took = time.monotonic() - started
    used = {name: seconds - before.get(name, 0.0) for name, seconds in flow.cpu().items()}
    transactions = await flow.transactions() - transactions
    runs = {kind: count - runs.get(kind, 0) for kind, count in (await flow.runs()).items()}
    rate = plan.orders / took
    say(f"{plan.orders} orders in {took:.1f} s, {rate:.1f}/s; placed in {placing:.1f} s")
    burst = set(flow.placed)
    half = rate / 2
    count = max(20, int(half * plan.seconds))
    before, started = flow.cpu(), time.monotonic()
    await flow.place(count, rate=half)
    even = time.monotonic() - started
    even_used = {name: seconds - before.get(name, 0.0) for name, seconds in flow.cpu().items()}
    await flow.until_closed(plan.orders + count)
    lags = await flow.lags(burst)
    return {
        "orders": plan.orders,
        "stores": plan.stores,
        "warehouses": plan.warehouses,
        "workers": plan.workers,
        "web_processes": plan.web_processes,
        "seconds": round(took, 1),
        "placing_s": round(placing, 1),
        "orders_per_s": round(rate, 1),
        "cpu_ms_per_order": {name: round(seconds / plan.orders * 1000, 1) for name, seconds in used.items()},
        "transactions_per_order": round(transactions / plan.orders, 1),
        "lane_runs_per_order": {kind: round(count / plan.orders, 2) for kind, count in runs.items()},
        "cores_used": round(sum(used.values()) / took, 2),
        "lag_rate_per_s": round(half, 1),
        "lag_orders": len(lags),
        "lag_p50_s": round(statistics.median(lags), 2),
        "lag_p99_s": round(lags[min(len(lags) - 1, int(len(lags) * 0.99))], 2),
        "lag_max_s": round(lags[-1], 2),
        "lag_cores_used": round(sum(even_used.values()) / even, 2),
        "machine": machine(),
    }


async def run(plan: Plan, folder: Path) -> dict[str, Any]:
    """Start the house, measure, stop it."""
    port = free_port()
    os.environ["CROSSDOCK_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    processes: list[Process] = []
    try:
        sandbox = await asyncio.to_thread(Sandbox.start, folder, dict(os.environ))
        processes.append(sandbox.process)
        os.environ.update(sandbox.environment())
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        options = ["--port", str(port), "--threads", "4", "--processes", str(plan.web_processes)]
        web = Process("web", "web", *options, environment=environment, logs=folder)
        web.start()
        processes.append(web)
        await asyncio.to_thread(web.wait_until, lambda: answers(port))
        async with sandbox:
            world = await build(sandbox, shops=plan.stores, warehouses=plan.warehouses)
            for site in world.sites:
                await sandbox.pull("shopify", "set_limits", on=True, restore_rate=RESTORE_RATE, shop=site.shop)
            await sandbox.pull("files", "auto_ship", seconds=1.0)
            for number in range(1, plan.workers + 1):
                worker = Process(f"worker-{number}", "worker", environment=environment, logs=folder)
                worker.start()
                processes.append(worker)
            await _until_webhooks_stand(sandbox)
            return await measure(Flow(plan, sandbox, world, processes))
    finally:
        await gateway.close_transports()
        for process in reversed(processes):
            await asyncio.to_thread(process.stop)


async def _until_webhooks_stand(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state, _ = await sandbox.state("shopify")
        if all(shop["subscriptions"] for handle, shop in state.items() if handle.startswith("bench-")):
            await asyncio.sleep(2.0)
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the webhooks were not registered within a minute")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="crossdock bench flow", description=__doc__)
    parser.add_argument("--orders", type=int, default=2_000, help="of the burst (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the even part (default %(default)s)")
    parser.add_argument("--stores", type=int, default=25, help="default %(default)s")
    parser.add_argument("--warehouses", type=int, default=5, help="default %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default %(default)s)")
    parser.add_argument("--web-processes", type=int, default=1, help="default %(default)s")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds for each part (default %(default)s)")
    parser.add_argument("--logs", help="folder to copy the processes' logs to")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(argv)
    plan = Plan(given.orders, given.seconds, given.stores, given.warehouses, given.workers, given.web_processes, given.patience)
    with tempfile.TemporaryDirectory(prefix="crossdock-flow-") as folder:
        try:
            figures = asyncio.run(run(plan, Path(folder)))
        finally:
            keep_logs(Path(folder), given.logs)
    show("Flow", figures, as_json=given.json)
    return 0
