"""Servers that pages of connections talk to, and people who look at them."""

from collections.abc import Iterator
from typing import Any

import pytest

from crossdock.connections.tests.rig import Sandbox, a_sandbox


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A shop and a warehouse that answer, for one file of tests."""
    with a_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(servers: Sandbox, db_ready: Any) -> Sandbox:
    """The servers, and the database. Each test has an account of its own; the servers are shared."""
    servers.shop.calm()
    return servers
