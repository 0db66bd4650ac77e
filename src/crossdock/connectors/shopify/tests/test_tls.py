"""The simulator over TLS, which only those trust who were told its authority."""

import pytest

from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.opening import open_client
from crossdock.connectors.kit.transport import Transport
from crossdock.connectors.shopify.tests.rig import Rig


@pytest.fixture
async def rig():
    made = Rig()
    await made.sim.start(tls_port=0)
    yield made
    await made.sim.stop()


async def asked(rig, authority):
    address = rig.sim.tls_url
    door = Door(realm="sandbox", listeners=frozenset({("127.0.0.1", int(address.rsplit(":", 1)[1]))}))
    settings = rig.settings(access="token", admin_token=rig.sim.give_token())
    async with (
        Transport(door, authority=authority) as transport,
        open_client(
            rig.connector,
            settings,
            door=door,
            realm="sandbox",
            base_url=f"{address}/{settings.shop}",
            transport=transport,
            record=lambda _: None,
        ) as client,
    ):
        return await client.check()


async def test_a_trusted_authority_is_spoken_with(rig):
    assert (await asked(rig, rig.sim.ca_file)).name


async def test_an_unknown_authority_is_not(rig):
    with pytest.raises(Unavailable, match="certificate"):
        await asked(rig, None)
