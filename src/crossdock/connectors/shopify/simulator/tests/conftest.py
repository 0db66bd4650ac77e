"""The running simulator of these tests."""

from collections.abc import AsyncIterator

import pytest

from crossdock.connectors.shopify.simulator.tests.rig import Asking, running


@pytest.fixture
async def ask() -> AsyncIterator[Asking]:
    async with running() as asking:
        yield asking
