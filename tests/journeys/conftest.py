"""What several journeys go through."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.connections import gateway
from crossdock.connections.tests.rig import Sandbox, a_sandbox


@pytest.fixture
def sandbox(db_ready: Any, tmp_path: Path) -> Iterator[Sandbox]:
    """A shop and a warehouse that answer."""
    with a_sandbox(tmp_path) as running:
        yield running
        running.do(gateway.close_transports())
