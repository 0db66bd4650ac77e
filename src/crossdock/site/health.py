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

__all__ = ["MEANINGS", "METRICS_TYPE", "PARTS", "may_read_metrics", "metrics_text", "readiness", "unapplied_migrations"]

PARTS = {
    "database": ("ok", "unreachable"),
    "migrations": ("ok", "missing", "unknown"),
    "workers": ("ok", "none", "unknown"),
}
"""What readiness is made of, and the states that each part may have."""

MEANINGS = {
    "ready": "1 when a part is ok: database, migrations, workers",
    "lanes_due": "Lanes that should run and wait for a worker",
    "lanes_running": "Lanes at work now",
    "lanes_blocked": "Lanes that stand still until a person acts",
    "effects_intended": "Changes at platforms that are written down and not yet made",
    "effects_trying": "Changes at platforms under way",
    "effects_unknown": "Changes of which nobody knows yet whether they happened",
    "effects_refused": "Changes that a platform refused, or that are not wanted any more",
    "webhooks_waiting": "Announcements of platforms that were stored and not yet acted on",
}
"""Every figure by its name behind `crossdock_`; the docs are made from it."""

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
    ready = Gauge("crossdock_ready", MEANINGS["ready"], ["part"], registry=registry)
    for part, state in parts.items():
        ready.labels(part=part).set(1 if state == "ok" else 0)
    if parts["database"] == "ok" and parts["migrations"] == "ok":
        for name, value in sorted(queries.gauges().items()):
            Gauge(f"crossdock_{name}", MEANINGS.get(name, name.replace("_", " ")), registry=registry).set(value)
    return generate_latest(registry)


def may_read_metrics(authorization: str) -> bool:
    """Whether this Authorization header carries the operator's metrics token; never when none is set."""
    token = os.environ.get("CROSSDOCK_METRICS_TOKEN", "")
    return bool(token) and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
