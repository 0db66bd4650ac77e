"""A database that a bench may fill and throw away: an embedded server of its own, or a database of its own on DATABASE_URL."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crossdock.site import roles
from crossdock.site.environment import Refused
from crossdock.site.postgres import EmbeddedPostgres
from crossdock.site.service_user import ServiceUser, service_user

IS_SCRATCH = "CROSSDOCK_BENCH_SCRATCH"
"""Set where the environment already names a scratch database."""


@contextmanager
def scratch() -> Iterator[dict[str, str]]:
    """The environment of a migrated, empty installation below a temporary folder; all of it is gone afterwards."""
    user = service_user()
    folder = Path(tempfile.mkdtemp(prefix="crossdock-bench-"))
    folder.chmod(0o755 if user.is_other else 0o700)
    try:
        with _database(folder, user) as addresses:
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith(("CROSSDOCK_", "DATABASE_", "PG"))},
                **addresses,
                IS_SCRATCH: "1",
                "HOME": str(user.make_dir(folder / "home")),
                "CROSSDOCK_DATA_DIR": str(user.make_dir(folder / "data")),
                "CROSSDOCK_KEY_FILE": str(user.make_dir(folder / "keys") / "keys.json"),
                "CROSSDOCK_SECRET_KEY": secrets.token_urlsafe(48),
                "CROSSDOCK_LOG": "json",
                "CROSSDOCK_LOG_LEVEL": os.environ.get("CROSSDOCK_LOG_LEVEL", "WARNING"),
            }
            _migrate(environment)
            yield environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(folder: Path, user: ServiceUser) -> Iterator[dict[str, str]]:
    if named := os.environ.get("DATABASE_URL"):
        with _on_server(named, os.environ.get("DATABASE_OWNER_URL") or named) as addresses:
            yield addresses
        return
    server = EmbeddedPostgres(folder / "server", user=user)
    logins = server.prepare()
    server.start()
    try:
        with psycopg.connect(make_conninfo(logins.superuser_url, dbname="crossdock"), autocommit=True) as connection:
            connection.execute("create extension pg_prewarm")
        pid = str(server.process.pid) if server.process else ""
        yield {
            "DATABASE_URL": logins.web_url,
            "DATABASE_OWNER_URL": logins.owner_url,
            "CROSSDOCK_EMBEDDED": "1",
            "CROSSDOCK_BENCH_POSTGRES": pid,
        }
    finally:
        server.stop()
        shutil.rmtree(server.socket_dir, ignore_errors=True)


@contextmanager
def _on_server(app: str, owner: str) -> Iterator[dict[str, str]]:
    name = f"crossdock_bench_{os.getpid()}"
    login = str(conninfo_to_dict(app).get("user", ""))
    with roles.connect(owner) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        if login:
            connection.execute(sql.SQL("grant connect on database {} to {}").format(sql.Identifier(name), sql.Identifier(login)))
    try:
        addresses = {"DATABASE_URL": make_conninfo(app, dbname=name)}
        yield addresses if owner == app else addresses | {"DATABASE_OWNER_URL": make_conninfo(owner, dbname=name)}
    finally:
        with roles.connect(owner) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _migrate(environment: Mapping[str, str]) -> None:
    """In a process of its own: it sets Django up with the owner's login."""
    done = subprocess.run(
        [sys.executable, "-m", "crossdock.site.cli", "migrate"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise Refused(f"the bench's database was not migrated: {lines[-1].removeprefix('crossdock: ')}")
