"""`crossdock bench list`: the list of orders over very many orders, every tab, filter, deep page and search of it.

A request is the whole page as web answers it: middleware, session, membership, every query under row-level security, template; only
the socket is left out. What of it is the database's is told apart: `queries` is the time spent waiting for its answers, `server` its
own time by EXPLAIN ANALYZE, and `cpu` the time of processors, ours and PostgreSQL's, which does not grow when others use the machine.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from crossdock.accounts.services import create_account
from crossdock.bench._filling import fill, held_in_memory, search_index_afterwards
from crossdock.bench._looking import Looker, lookers, questions
from crossdock.bench._processes import cpu_of
from crossdock.bench._report import machine, say, show
from crossdock.orders.queries import OrderFilters, tab_counts
from crossdock.tenancy.scope import scoped

WARM_UPS, EXPLAINED = 1, 3
"""Requests of each case before those that count, and after them, in which the database says its own time.

One before is enough for a new connection to know the tables. More would hide the plans that PostgreSQL makes for the first five calls
of a function, which are other ones than it keeps.
"""


class Waited:
    """Counts the seconds spent waiting for the database."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's wrapper around every statement."""
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started


class Explained:
    """Counts the database's own milliseconds, planning and execution, of every statement that reads."""

    def __init__(self) -> None:
        self.ms = 0.0
        self.slowest = (0.0, "")

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's wrapper around every statement: asks for the plan first."""
        # Setting the scope is no reading, and done twice it would be taken for a leak.
        if not many and "set_config" not in sql and sql.lstrip()[:4].lower() in ("sele", "with"):
            execute(f"explain (analyze, timing off, format json) {sql}", params, many, context)
            plan = context["cursor"].cursor.fetchone()[0][0]
            took = plan["Planning Time"] + plan["Execution Time"]
            self.ms += took
            self.slowest = max(self.slowest, (took, " ".join(sql.split())[:100]))
        return execute(sql, params, many, context)


def measured(ask: Callable[[], object], rounds: int) -> dict[str, Any]:
    """What one case takes, in ms: median, 95th percentile and maximum of `rounds` requests over a connection of its own, and what
    of it is the database's.
    """
    connection.close()
    for _ in range(WARM_UPS):
        ask()
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        backend = cursor.fetchone()[0]
    whole, waited = [], []
    before = time.process_time(), cpu_of(backend)
    for _ in range(rounds):
        wait, started = Waited(), time.perf_counter()
        with connection.execute_wrapper(wait):
            ask()
        whole.append((time.perf_counter() - started) * 1_000)
        waited.append(wait.seconds * 1_000)
    cpu = time.process_time() - before[0], cpu_of(backend) - before[1]
    explained = [Explained() for _ in range(EXPLAINED)]
    for explain in explained:
        with connection.execute_wrapper(explain):
            ask()
    return {
        "p50": round(statistics.median(whole), 1),
        "p95": round(_p95(whole), 1),
        "max": round(max(whole), 1),
        "queries_p50": round(statistics.median(waited), 1),
        "queries_p95": round(_p95(waited), 1),
        "server": round(statistics.median(explain.ms for explain in explained), 1),
        "cpu": round(sum(cpu) / rounds * 1_000, 1),
        "slowest": max(explain.slowest for explain in explained),
    }


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


class Page:
    """The list in the browser of somebody who signed in."""

    def __init__(self, looker: Looker) -> None:
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.force_login(looker.person, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.path = reverse("orders:list", kwargs={"account": looker.account.public_id})

    def open(self, query: dict[str, str]) -> str:
        """The page as text. Raises RuntimeError when it is not there."""
        answer = self.client.get(self.path, query)
        if answer.status_code != 200:
            raise RuntimeError(f"the list answered {answer.status_code} to {query}")
        return answer.content.decode()


def look(looker: Looker, end: datetime, rounds: int) -> dict[str, dict[str, Any]]:
    """Every case of one person, the counts of the tabs by themselves at the end."""
    page, chance = Page(looker), random.Random(13)  # noqa: S311  (repeatable, no secret)
    figures = {}
    for name, query in questions(looker, end):
        figures[name] = measured(lambda query=query: page.open(query(chance)), rounds)  # type: ignore[misc]
    limits = {
        "account": OrderFilters(),
        "big store": OrderFilters(store_id=looker.big.pk),
        "merchant": OrderFilters(merchant_id=looker.small.merchant_id),
    }
    for name, filters in limits.items():
        figures[f"tab counts alone: {name}"] = measured(lambda filters=filters: _count(looker, filters), rounds)  # type: ignore[misc]
    return figures


def _count(looker: Looker, filters: OrderFilters) -> None:
    with scoped(looker.account.pk, looker.merchants):
        tab_counts(filters)


def run(orders: int, rounds: int, around_filling: AbstractContextManager[None]) -> dict[str, Any]:
    """Fill an account of its own and look at it."""
    account, end = create_account(name="List"), datetime.now(UTC)
    started = time.perf_counter()
    with around_filling:
        fill(account.pk, orders, end)
    fill_s = round(time.perf_counter() - started, 1)
    say(f"{orders:,} orders filled in {fill_s} s")
    held_mb = held_in_memory()
    cases: dict[str, dict[str, Any]] = {}
    for looker in lookers(account):
        say(f"looking as {looker.name}")
        cases |= {f"{looker.name}: {name}": figures for name, figures in look(looker, end, rounds).items()}
    return {
        "orders": orders,
        "fill_s": fill_s,
        "held_mb": held_mb,
        "rounds": rounds,
        **summed_up(cases),
        "cases": cases,
        "machine": machine(),
    }


def summed_up(cases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The slowest case, and which take more than 100 ms."""
    worst = max(cases, key=lambda name: cases[name]["p95"])
    return {
        "worst_p95_ms": cases[worst]["p95"],
        "worst_case": worst,
        "over_100_ms": [name for name, figures in cases.items() if figures["p95"] > 100],
        "median_p95_ms": round(statistics.median(figures["p95"] for figures in cases.values()), 1),
        "worst_p50_ms": max(figures["p50"] for figures in cases.values()),
        "worst_cpu_ms": max(figures["cpu"] for figures in cases.values()),
        "worst_server_ms": max(figures["server"] for figures in cases.values()),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Fill, measure and print."""
    parser = argparse.ArgumentParser(prog="crossdock bench list", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000, help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=40, help="requests of each case (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(argv)
    figures = run(given.orders, given.rounds, search_index_afterwards() if given.orders > 10_000 else nullcontext())
    cases = figures.pop("cases")
    if given.json:
        show("List", {**figures, "cases": cases}, as_json=True)
    else:
        show("List, in ms", {**figures, **{name: _line(case) for name, case in cases.items()}}, as_json=False)
    return 0


def _line(case: dict[str, Any]) -> str:
    return (
        f"p50 {case['p50']:6.1f}  p95 {case['p95']:6.1f}  max {case['max']:6.1f}  queries {case['queries_p50']:6.1f}"
        f" / {case['queries_p95']:6.1f}  server {case['server']:6.1f}  cpu {case['cpu']:6.1f}"
    )
