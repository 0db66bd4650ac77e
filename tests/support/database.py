"""A real PostgreSQL for the tests, migrated once, and reached as the role that row-level security fences.

No transaction is rolled back after a test: threads and processes must see what a test wrote. Each test makes an account of its
own instead, and tenancy keeps it apart. Set DATABASE_URL (and DATABASE_OWNER_URL) to run on another server: scratch databases
are made there and dropped at the end.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crossdock.site.db import APP_ROLE, connection_settings
from crossdock.site.environment import DatabaseUrls
from crossdock.site.postgres import EmbeddedPostgres

TEMPLATE = "crossdock_template"

FINISHED_WITHIN = 60.0
"""Seconds after which a thread that a test left at work is a failure."""


@dataclass
class TestServer:
    """A server and, on it, one migrated database that the others are copied from."""

    __test__ = False
    admin_url: str
    urls: DatabaseUrls
    server: EmbeddedPostgres | None = None
    template: str = TEMPLATE

    @classmethod
    def start(cls) -> "TestServer":
        """From DATABASE_URL, else an embedded one in a folder of its own that syncs nothing to disk."""
        app = os.environ.get("DATABASE_URL")
        if app:
            owner = os.environ.get("DATABASE_OWNER_URL") or app
            # With our process's number, so that two runs on one server do not meet.
            urls = DatabaseUrls(app=app, owner=owner, is_single=owner == app)
            return cls(admin_url=owner, urls=urls, template=f"{TEMPLATE}_{os.getpid()}")
        folder = Path(tempfile.mkdtemp(prefix="crossdock-test-"))
        server = EmbeddedPostgres(folder, is_durable=False)
        logins = server.prepare()
        server.start()
        return cls(
            admin_url=logins.superuser_url,
            urls=DatabaseUrls(app=logins.web_url, owner=logins.owner_url, is_embedded=True),
            server=server,
        )

    def on(self, database: str) -> DatabaseUrls:
        """The same logins on another database."""
        assert self.urls.owner
        return DatabaseUrls(
            app=make_conninfo(self.urls.app, dbname=database),
            owner=make_conninfo(self.urls.owner, dbname=database),
            is_single=self.urls.is_single,
            is_embedded=self.urls.is_embedded,
        )

    def _administer(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def make_template(self) -> None:
        """Migrate once, in a process of its own, for Django is set up here already."""
        name = sql.Identifier(self.template)
        owner = sql.Identifier(str(conninfo_to_dict(self.urls.owner or "")["user"]))
        app = sql.Identifier(str(conninfo_to_dict(self.urls.app)["user"]))
        self._administer(
            sql.SQL("create database {} owner {}").format(name, owner),
            sql.SQL("grant connect on database {} to {}").format(name, app),
        )
        urls = self.on(self.template)
        assert urls.owner
        done = subprocess.run(
            [sys.executable, "-c", "from crossdock.site import roles, migrating, environment as e\n"
             "u = e.database_urls()\n"
             "roles.prepare(u.owner) if u.is_embedded else None\n"
             "migrating.migrate()"],
            env={**os.environ, **environment(urls)},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the migrations failed:\n{done.stdout}{done.stderr}")

    def clone(self, template: str, name: str) -> None:
        """Copy the migrated database, in some 50 ms."""
        owner = sql.Identifier(str(conninfo_to_dict(self.urls.owner or "")["user"]))
        app = sql.Identifier(str(conninfo_to_dict(self.urls.app)["user"]))
        database, source = sql.Identifier(name), sql.Identifier(template)
        self._administer(
            sql.SQL("create database {} template {} owner {}").format(database, source, owner),
            sql.SQL("revoke temporary on database {} from public").format(database),
            sql.SQL("grant connect on database {} to {}").format(database, app),
        )

    def drop(self, name: str) -> None:
        """Remove a database and whoever is still in it."""
        self._administer(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Leave nothing behind."""
        if self.server is None:
            self.drop(self.template)
            return
        self.server.stop()
        shutil.rmtree(self.server.folder, ignore_errors=True)
        shutil.rmtree(self.server.socket_dir, ignore_errors=True)


def environment(urls: DatabaseUrls) -> dict[str, str]:
    """The variables by which processes that a test starts find its database."""
    variables = {
        "DATABASE_URL": urls.app,
        "DATABASE_OWNER_URL": urls.owner or "",
        "CROSSDOCK_EMBEDDED": "1" if urls.is_embedded else "",
    }
    return {**variables, "DATABASE_OWNER_URL": "" if urls.is_single else variables["DATABASE_OWNER_URL"]}


# --- One server for all of xdist's workers: the controller starts it, and stops it when they are done ---------------------------

_server = pytest.StashKey[TestServer]()


def _server_of(config: pytest.Config) -> TestServer:
    """The run's server, started when first asked for. In a worker it is the controller's, which alone stops it."""
    if _server not in config.stash:
        told = getattr(config, "workerinput", {}).get("database")
        if told:
            server = TestServer(told["admin"], DatabaseUrls(told["app"], told["owner"], told["is_single"], told["is_embedded"]))
            server.template = told["template"]
        else:
            server = TestServer.start()
        config.stash[_server] = server
        if not told:
            server.make_template()
    return config.stash[_server]


class XdistHooks:
    """Registered only where xdist is there."""

    @pytest.hookimpl
    def pytest_configure_node(self, node: Any) -> None:
        server = _server_of(node.config)
        node.workerinput["database"] = {
            "admin": server.admin_url,
            "app": server.urls.app,
            "owner": server.urls.owner,
            "is_single": server.urls.is_single,
            "is_embedded": server.urls.is_embedded,
            "template": server.template,
        }


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(XdistHooks())


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server in config.stash and not hasattr(config, "workerinput"):
        config.stash[_server].stop()


# --- Fixtures ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> TestServer:
    """The server itself, for tests that need a database of their own: `server.clone(server.template, name)`, `server.drop(name)`."""
    return _server_of(request.config)


@pytest.fixture(scope="session")
def database(server: TestServer) -> Iterator[DatabaseUrls]:
    """A migrated database for this run (for this worker of it), with Django and the environment pointed at it.

    Its value says the addresses: `.app` is fenced, `.owner` migrates.
    """
    from django.conf import settings
    from django.db import connections

    name = f"crossdock_test_{os.getpid()}"
    server.clone(server.template, name)
    urls = server.on(name)
    # The vault's keys belong to this database, and never to the machine that tests run on.
    keys = Path(tempfile.mkdtemp(prefix="crossdock-test-keys-"))
    variables = {**environment(urls), "CROSSDOCK_KEY_FILE": str(keys / "keys.json")}
    before = {key: os.environ.get(key) for key in variables}
    os.environ.update(variables)
    settings.VAULT_KEY_FILE = variables["CROSSDOCK_KEY_FILE"]
    # In place: the handler makes each thread's connection from this dictionary.
    connections.settings["default"].update(connection_settings(urls.app, role=APP_ROLE))
    settings.DATABASES["default"].update(connection_settings(urls.app, role=APP_ROLE))
    connections["default"].settings_dict.update(connections.settings["default"])
    yield urls
    connections.close_all()
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
    server.drop(name)
    shutil.rmtree(keys, ignore_errors=True)


def _wait_for_threads() -> None:
    """Let the pool's threads finish what a test left them to do. Whoever is in the middle of a transaction when pytest closes the
    database to him cannot end it: what he and the next ones write is not committed.
    """
    from crossdock.tenancy.scope import _pool

    threads = _pool._max_workers
    together = threading.Barrier(threads)
    for waiting in [_pool.submit(together.wait, FINISHED_WITHIN) for _ in range(threads)]:
        waiting.result()


@pytest.fixture
def db_ready(database: DatabaseUrls, django_db_blocker: Any) -> Iterator[DatabaseUrls]:
    """Lets this test, its threads and what it starts use the database. What it writes stays: make an account of your own."""
    with django_db_blocker.unblock():
        yield database
        _wait_for_threads()
        from django.db import connection

        if connection.connection is not None and connection.in_atomic_block:
            connection.close()
            pytest.fail("the test left a transaction open")


@pytest.fixture(scope="session")
def django_db_setup(database: DatabaseUrls) -> None:
    """pytest-django's own marks work on the same database, in a transaction that is rolled back."""


@pytest.fixture
def account(db_ready: DatabaseUrls) -> Any:
    """A fresh account (`accounts.Account`) that nobody else uses; open `scoped(account.id)` to see its rows."""
    from django.db import connection

    from crossdock.accounts.models import Account
    from crossdock.tenancy.scope import scoped

    with connection.cursor() as cursor:
        # An account is fenced by its own id, so the scope must be open before the row is there.
        cursor.execute("select nextval('account_id_seq')")
        account_id = cursor.fetchone()[0]
    with scoped(account_id):
        row = Account(id=account_id, name=f"Account {account_id}")
        row.save(force_insert=True)
    return row
