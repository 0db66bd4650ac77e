"""A database that goes away for a while: workers go on by themselves, and leave when they are asked to meanwhile."""

import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chaos.workers import Worker
from support.database import TestServer, environment

SOON = 30.0
"""Seconds within which a worker has to go on after the database is back."""


@pytest.fixture
def server(monkeypatch) -> Iterator[TestServer]:
    """A server of this test's own, for it is stopped and started."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    server = TestServer.start()
    try:
        server.make_template()
        yield server
    finally:
        server.stop()


@pytest.fixture
def worker(server) -> Iterator[Worker]:
    with tempfile.TemporaryDirectory() as keys:
        key_file = str(Path(keys) / "keys.json")
        worker = Worker(environment={**environment(server.on(server.template)), "CROSSDOCK_KEY_FILE": key_file})
        try:
            yield worker
        finally:
            worker.kill()


def takes_a_wake_up(server: TestServer, worker: Worker, limit: float) -> float:
    """Put a wake-up of a lane that is nowhere on the queue; the seconds until a worker took it off. Fails at the limit."""
    started = time.monotonic()
    url = server.on(server.template).app
    with psycopg.connect(url, autocommit=True, options="-c role=crossdock_app") as connection:
        connection.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args)"
            " values ('default', 'crossdock.wake', '{\"account_id\": 1, \"lane_id\": 1}')"
        )
        while connection.execute("select count(*) from procrastinate_jobs").fetchone() != (0,):
            assert worker.process.poll() is None, worker.log()
            assert time.monotonic() - started < limit, worker.log()
            time.sleep(0.1)
    return time.monotonic() - started


def test_a_worker_goes_on_by_itself_after_the_database_was_restarted(server, worker):
    takes_a_wake_up(server, worker, 30)
    assert server.server is not None

    server.server.stop()
    time.sleep(2)
    server.server.start()

    takes_a_wake_up(server, worker, SOON)
    # It is told of wake-ups again, and does not only look every five seconds.
    time.sleep(1)
    assert sum(takes_a_wake_up(server, worker, 10) for _ in range(3)) < 6


def test_a_worker_that_others_took_for_dead_signs_on_anew(server, worker):
    takes_a_wake_up(server, worker, 30)

    with psycopg.connect(server.on(server.template).app, autocommit=True, options="-c role=crossdock_app") as connection:
        connection.execute("delete from procrastinate_workers")

    takes_a_wake_up(server, worker, SOON)


def test_a_worker_leaves_when_asked_to_though_the_database_is_gone(server, worker):
    takes_a_wake_up(server, worker, 30)
    assert server.server is not None

    server.server.stop()
    time.sleep(1)
    worker.process.send_signal(signal.SIGTERM)

    worker.process.wait(25)
