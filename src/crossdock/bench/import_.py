"""`crossdock bench import`: the real import path against dlt, reading the same server into the same PostgreSQL.

Ours is all that happens in the field: fetch over the socket, typed decoding, mapping, hash, upsert of order, lines, raw payload and
search text, activity, archived exchange, wake-up, every page a durable commit with its cursor.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from django.db import connection as database
from psycopg.conninfo import conninfo_to_dict

from crossdock.accounts.rights import system
from crossdock.accounts.services import create_account
from crossdock.bench._processes import cpu_of, end_with_parent
from crossdock.bench._report import machine, say, show
from crossdock.connections import merchants, services, sites
from crossdock.connections.models import Mode
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.pull import PAGE
from crossdock.connectors.shopify.settings import Settings as ShopifySettings
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import in_scope

PEERS: dict[str, dict[str, Any]] = {
    "append, csv, one table": {"disposition": "append", "nesting": 0, "workers": 1},
    "upsert, csv, one table": {"disposition": "merge", "nesting": 0, "workers": 1},
}
"""The ways dlt is measured: its fastest, which keeps every repetition, and the one that keeps an order once, as ours does."""


class Server:
    """The page server, and PostgreSQL's processes where they are ours to watch."""

    def __init__(self, folder: Path, orders: int) -> None:
        announced = folder / "pages.json"
        command = [sys.executable, "-m", "crossdock.bench._pages", "--orders", str(orders), "--announce", str(announced)]
        self.process = subprocess.Popen(command, preexec_fn=end_with_parent)  # noqa: S603  (our own program)
        while not announced.exists():
            if self.process.poll() is not None:
                raise RuntimeError("the page server did not start")
            asyncio.run(asyncio.sleep(0.1))
        self.said: dict[str, Any] = json.loads(announced.read_text())
        self.postgres = int(os.environ.get("CROSSDOCK_BENCH_POSTGRES") or 0)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def watched(self, work: Callable[[], dict[str, float]]) -> dict[str, float]:
        """What a piece of work took, with the CPU that the page server and PostgreSQL spent on it."""
        before = cpu_of(self.process.pid), cpu_of(self.postgres)
        took = work()
        return took | {
            "server_cpu": cpu_of(self.process.pid) - before[0],
            "postgres_cpu": cpu_of(self.postgres) - before[1] if self.postgres else 0.0,
        }


def ours(server: Server, number: int) -> tuple[int, int]:
    """A fresh account with the shop, observed: so that importing is all that happens; account and lane."""
    account = create_account(name=f"Import {number}")

    def join() -> int:
        actor = system(account.pk)
        settings = ShopifySettings.model_validate(
            {"shop": "bench", "access": "token", "admin_token": server.said["token"], "location": server.said["location"]}
        )
        store = sites.save_store(
            actor=actor,
            merchant=merchants.create_merchant(actor=actor, name="Bench"),
            platform="shopify",
            name="Bench",
            settings=settings,
            identity=Identity("bench", "Bench"),
        )
        warehouse = sites.save_warehouse(
            actor=actor,
            platform="files",
            name="Bench",
            settings=FilesSettings.model_validate({"host": "127.0.0.1", "port": 9, "username": "bench", "password": "bench"}),
            identity=Identity("bench", "Bench"),
        )
        connection = services.create_connection(actor=actor, name="Bench", store=store, warehouse=warehouse)
        services.set_mode(actor=actor, connection=connection, mode=Mode.OBSERVE)
        return open_lane("orders.pull", store.pk)

    return account.pk, in_scope(account.pk, join)


def forget_place(account_id: int, lane_id: int) -> None:
    """Let the lane read everything again from the start."""

    def reset() -> None:
        with database.cursor() as cursor:
            cursor.execute("update lane set position = null, window_from = null, window_to = null where id = %s", [lane_id])

    in_scope(account_id, reset)


def count(account_id: int) -> int:
    """Orders the account has."""

    def read() -> int:
        with database.cursor() as cursor:
            cursor.execute("select count(*) from sales_order")
            return int(cursor.fetchone()[0])

    return in_scope(account_id, read)


def client(module: str, *arguments: str) -> dict[str, float]:
    """Run one side in a process of its own; what it says it took."""
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-m", f"crossdock.bench.{module}", *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout.strip().splitlines()[-1])) if done.stdout.strip() else {}


def peer(server: Server, name: str, number: int) -> dict[str, float]:
    """One run of dlt into a dataset of its own, dropped afterwards."""
    login = conninfo_to_dict(os.environ["DATABASE_OWNER_URL"])
    dataset = f"dlt_{number}"
    plan = {
        "url": f"{server.said['url']}/bench/admin/api/{queries.VERSION}/graphql.json",
        "token": server.said["token"],
        "query": queries.ORDERS,
        "page": PAGE,
        "credentials": {
            # A folder of sockets stands in an address in percent signs only.
            "host": quote(str(login.get("host") or "localhost"), safe=""),
            "port": int(login.get("port") or 5432),
            "database": login["dbname"],
            "username": login["user"],
            "password": login.get("password", ""),
        },
        "dataset": dataset,
        **PEERS[name],
    }
    took = server.watched(lambda: client("_import_dlt", json.dumps(plan)))
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        found = connection.execute(f"select count(*) from {dataset}.orders").fetchone()
        connection.execute(f"drop schema {dataset} cascade")
        connection.execute(f"drop schema if exists {dataset}_staging cascade")
    if not found or found[0] != server.said["orders"]:
        raise RuntimeError(f"dlt brought {found} of {server.said['orders']} orders")
    return took


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="crossdock bench import", description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000, help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="each side once a round, in turn (default %(default)s)")
    parser.add_argument("--no-peer", action="store_true", help="measure ours alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="crossdock-import-") as folder:
        say(f"recording {given.orders} orders")
        server = Server(Path(folder), given.orders)
        os.environ["CROSSDOCK_BASE_URL__SHOPIFY"] = f"{server.said['url']}/{{shop}}"
        os.environ["CROSSDOCK_BASE_URL__FILES"] = "sftp://127.0.0.1:9"
        try:
            figures = measure(server, given.orders, given.rounds, with_peer=not given.no_peer)
        finally:
            server.stop()
    show("Import", figures, as_json=given.json)
    return 0


def measure(server: Server, orders: int, rounds: int, *, with_peer: bool) -> dict[str, Any]:
    """All rounds, and the figures of the medians."""
    first: list[dict[str, float]] = []
    again: list[dict[str, float]] = []
    peers: dict[str, list[dict[str, float]]] = {name: [] for name in PEERS} if with_peer else {}
    for number in range(rounds):
        account_id, lane_id = ours(server, number)
        first.append(server.watched(lambda: client("_import_ours", str(account_id), str(lane_id))))  # noqa: B023  (called at once)
        if count(account_id) != orders:
            raise RuntimeError(f"{count(account_id)} of {orders} orders came")
        forget_place(account_id, lane_id)
        again.append(server.watched(lambda: client("_import_ours", str(account_id), str(lane_id))))  # noqa: B023
        for at, (name, runs) in enumerate(peers.items()):
            runs.append(peer(server, name, number * 10 + at))
        said = {name: round(orders / runs[-1]["seconds"]) for name, runs in peers.items()}
        say(
            f"round {number + 1}: ours {orders / first[-1]['seconds']:.0f}/s, unchanged {orders / again[-1]['seconds']:.0f}/s, {said}"
        )
    mine, repoll = _median(first), _median(again)
    figures: dict[str, Any] = {
        "orders": orders,
        "bytes_per_order": round(server.said["bytes"] / orders),
        "rounds": rounds,
        "orders_per_s": round(orders / mine["seconds"]),
        "orders_per_cpu_s": round(orders / mine["cpu"]),
        "peak_mb": round(mine["peak_mb"], 1),
        "repoll_per_s": round(orders / repoll["seconds"]),
        "repoll_ratio": round(mine["seconds"] / repoll["seconds"], 2),
        "cpu_s": {name: round(mine[name], 2) for name in ("cpu", "postgres_cpu", "server_cpu")},
        "repoll_cpu_s": {name: round(repoll[name], 2) for name in ("cpu", "postgres_cpu", "server_cpu")},
    }
    if peers:
        medians = {name: _median(runs) for name, runs in peers.items()}
        best = min(medians, key=lambda name: medians[name]["seconds"])
        thriftiest = min(medians.values(), key=lambda took: took["cpu"])
        figures |= {
            "peer": f"dlt, {best}",
            "peer_orders_per_s": round(orders / medians[best]["seconds"]),
            "peer_orders_per_cpu_s": round(orders / thriftiest["cpu"]),
            "peer_peak_mb": round(medians[best]["peak_mb"], 1),
            "ratio_wall": round(medians[best]["seconds"] / mine["seconds"], 2),
            "ratio_cpu": round(thriftiest["cpu"] / mine["cpu"], 2),
            "peers": {name: {key: round(value, 2) for key, value in took.items()} for name, took in medians.items()},
        }
    return figures | {"machine": machine()}


def _median(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}
