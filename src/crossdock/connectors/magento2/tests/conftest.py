"""The running shop of these tests."""

from collections.abc import AsyncIterator

import pytest

from crossdock.connectors.magento2.tests.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A shop with its simulator, and a client to it."""
    made = Rig()
    await made.start()
    yield made
    await made.stop()
