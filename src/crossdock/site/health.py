"""Readiness and counters, in a form that names parts and numbers only: no shops, no people, no addresses."""

import hmac
import os

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import InterfaceError
from prometheus_client import CONTENT_TYPE_LATEST as METRICS_TYPE
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from crossdock.jobs import queries
from crossdock.site.environment import Refused

__all__ = ["METRICS_TYPE", "may_read_metrics", "metrics_text", "readiness", "unapplied_migrations"]

_is_migrated = False


def unapplied_migrations() -> list[str]:
    """Names of migrations that the code has and the database has not. Raises DatabaseError."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def readiness() -> dict[str, str]:
    """The state of each part: "ok", or one word about what is wrong."""
    global _is_migrated  # applied migrations stay applied while a process runs: reading the graph once is enough
    parts = {"database": "ok", "migrations": "ok", "workers": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except (DatabaseError, InterfaceError, Refused):
        return {"database": "unreachable", "migrations": "unknown", "workers": "unknown"}
    try:
        _is_migrated = _is_migrated or not unapplied_migrations()
        parts["migrations"] = "ok" if _is_migrated else "missing"
        if queries.workers_alive() == 0:
            parts["workers"] = "none"
    except DatabaseError:
        parts["workers"] = "unknown"
    return parts


def metrics_text() -> bytes:
    """Everything counted, in Prometheus's text form. Computed by SQL when asked, so that it holds for all processes."""
    registry = CollectorRegistry()
    parts = readiness()
    ready = Gauge("crossdock_ready", "1 when this part is ok", ["part"], registry=registry)
    for part, state in parts.items():
        ready.labels(part=part).set(1 if state == "ok" else 0)
    if parts["database"] == "ok" and parts["migrations"] == "ok":
        for name, value in sorted(queries.gauges().items()):
            Gauge(f"crossdock_{name}", name.replace("_", " "), registry=registry).set(value)
    return generate_latest(registry)


def may_read_metrics(authorization: str) -> bool:
    """Whether this Authorization header carries the operator's metrics token; never when none is set."""
    token = os.environ.get("CROSSDOCK_METRICS_TOKEN", "")
    return bool(token) and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
