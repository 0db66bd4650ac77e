"""A running simulator with the client's rig."""

from collections.abc import AsyncIterator

import pytest

from crossdock.connectors.acumatica.tests.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """The rig of the contract tests."""
    made = Rig()
    await made.start()
    yield made
    await made.stop()
