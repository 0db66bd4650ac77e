"""Where a connection leads, and in which realm."""

import pytest

from crossdock.connectors.kit.capabilities import Client, Identity
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.opening import open_client, resolve_base_url, sign_in
from crossdock.connectors.kit.settings import ConnectorSettings


class Settings(ConnectorSettings):
    shop: str = "acme"
    store_url: str = "https://store.example.com/shop/"


class Asking(Client[Settings]):
    async def check(self):
        return Identity("1", "Store")


def a_connector(base_url="https://{shop}.example.com", **more):
    return Connector(
        key="teststore",
        name="Teststore",
        kind="store",
        settings=Settings,
        client=Asking,
        base_url=base_url,
        docs="https://example.com",
        version="1",
        **more,
    )


def test_the_address_is_filled_from_the_settings():
    target = resolve_base_url(a_connector(), Settings(), {})

    assert (target.base_url, target.realm) == ("https://acme.example.com", "live")


def test_a_whole_address_can_be_a_setting():
    assert resolve_base_url(a_connector("{store_url}"), Settings(), {}).base_url == "https://store.example.com/shop"


def test_an_override_makes_it_sandbox():
    environ = {"CROSSDOCK_BASE_URL__TESTSTORE": "http://127.0.0.1:9000/{shop}"}

    target = resolve_base_url(a_connector(), Settings(), environ)

    assert (target.base_url, target.realm) == ("http://127.0.0.1:9000/acme", "sandbox")


@pytest.mark.parametrize("shop", ["a/b", "a:1", "evil.example.com#", "..", "a b", "a@b", "ä"])
def test_a_setting_cannot_turn_the_address_elsewhere(shop):
    with pytest.raises(InvalidData) as caught:
        resolve_base_url(a_connector(), Settings(shop=shop), {})

    assert caught.value.field == "shop"


def test_a_missing_setting_is_named():
    with pytest.raises(InvalidData) as caught:
        resolve_base_url(a_connector(), Settings(shop=""), {})

    assert caught.value.field == "shop"


async def test_live_credentials_do_not_open_through_a_sandbox_door():
    with pytest.raises(InvalidData, match="realm"):
        async with open_client(a_connector(), Settings(), door=Door(realm="sandbox"), record=lambda _: None):
            pass


async def test_a_live_client_is_not_opened_at_a_loopback_address():
    with pytest.raises(InvalidData):
        async with open_client(a_connector(), Settings(), door=Door(), record=lambda _: None, base_url="http://127.0.0.1:9000/"):
            pass


async def test_what_a_platform_does_not_have_is_a_bug_to_use():
    async with open_client(a_connector(None), Settings(), door=Door(), record=lambda _: None) as client:
        with pytest.raises(RuntimeError, match="no address"):
            await client.http.read("GET", "x", operation="look")
        with pytest.raises(RuntimeError, match="no folder"):
            await client.files.entries("/")


async def test_a_platform_without_sign_in_asks_for_new_credentials():
    with pytest.raises(Exception, match="Enter them again"):
        await sign_in(a_connector(), Settings(), None, door=Door())
