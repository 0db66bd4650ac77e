"""A database that nobody used yet, for what happens once in an installation's life."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection


@pytest.fixture
def fresh_database(server: Any, db_ready: Any) -> Iterator[None]:
    """A migrated database without accounts or keys, and this thread's connection to it until the test ends."""
    before, name = connection.settings_dict["NAME"], f"crossdock_fresh_{os.getpid()}"
    server.clone(server.template, name)
    connection.close()
    connection.settings_dict["NAME"] = name
    yield
    connection.close()
    connection.settings_dict["NAME"] = before
    server.drop(name)


@pytest.fixture
def no_administrator(fresh_database: None) -> None:
    """An installation without anybody in it."""
