"""Signing in with a password, staying in with a refresh token, one session, and what is said when it is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from crossdock.connectors.acumatica import connector
from crossdock.connectors.acumatica.auth import SCOPE
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData, RateLimited, Unavailable
from crossdock.connectors.kit.opening import sign_in
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.tokens import Tokens, is_due


async def signed_in(rig, stale=None, **changes):
    settings = rig.settings(**changes)
    return await sign_in(connector, settings, stale, door=rig.door, base_url=settings.instance_url, transport=rig._transport)


async def test_a_sign_in_gives_tokens_that_are_renewed_before_they_end(rig):
    tokens = await signed_in(rig)

    assert tokens.refresh is not None
    assert tokens.scopes == ("api", "offline_access")
    assert "concurrent_access" not in SCOPE
    assert not is_due(tokens)
    assert is_due(tokens, datetime.now(UTC) + timedelta(minutes=56))


async def test_renewing_keeps_the_one_session(rig):
    rig.sim.set_license(sessions=1)
    tokens = await signed_in(rig)

    for _ in range(5):
        tokens = await signed_in(rig, tokens)

    assert len(rig.sim.access.sessions) == 1


async def test_a_refresh_token_that_ended_leads_to_a_new_sign_in_and_no_second_session(rig):
    rig.sim.set_license(sessions=1)
    tokens = await signed_in(rig)
    ended = Tokens(tokens.access, Secret("a refresh token that was used before"), tokens.expires_at)

    again = await signed_in(rig, ended)

    assert again.access != tokens.access
    assert len(rig.sim.access.sessions) == 1


async def test_all_calls_of_a_client_share_one_session(rig):
    for number in range(1, 4):
        rig.places(number=number)
    rig.sim.set_license(sessions=1)

    await rig.orders()
    async with rig.client() as client:
        await client.check()

    assert rig.sign_ins == 1
    assert len(rig.sim.access.sessions) == 1


async def test_signing_out_closes_the_session(rig):
    async with rig.client() as client:
        await client.check()
        await client.sign_out()

    assert rig.sim.access.sessions == {}


async def test_a_license_without_a_free_session_is_waited_for_in_plain_words(rig):
    rig.sim.set_license(sessions=0)

    with pytest.raises(RateLimited) as caught:
        await signed_in(rig)

    assert "SM604000" in caught.value.message
    assert caught.value.retry_after >= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"password": SecretStr("another one")}, "password", "does not know this username with this password"),
        ({"username": "nobody"}, "password", "in the tenant Company"),
        ({"client_secret": SecretStr("not the secret")}, "client_secret", "SM303010"),
        ({"client_id": "00000000-0000-0000-0000-000000000000@Company"}, "client_secret", "after an @"),
        (
            {"client_secret": SecretStr("an old secret"), "secret_expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
            "client_secret",
            "has expired",
        ),
    ],
)
async def test_wrong_credentials_are_named_with_their_field_and_the_remedy(rig, changes, field, words):
    with pytest.raises(AuthenticationFailed) as caught:
        await signed_in(rig, **changes)

    assert caught.value.field == field
    assert words in caught.value.message


async def test_an_application_with_another_flow_is_named(rig):
    rig.sim.app().flow = "authorization_code"

    with pytest.raises(AuthenticationFailed, match="Resource Owner Password Credentials") as caught:
        await signed_in(rig)

    assert caught.value.field == "client_id"


async def test_an_address_without_an_acumatica_behind_it_is_named(rig):
    with pytest.raises(InvalidData) as caught:
        await signed_in(rig, instance_url=f"{rig.sim.url}/SomethingElse")

    assert caught.value.field == "instance_url"


async def test_a_broken_identity_server_is_tried_again(rig):
    rig.sim.fail_next(n=1, status=503)

    with pytest.raises(Unavailable):
        await signed_in(rig)


async def test_what_was_typed_never_shows_in_an_error(rig):
    with pytest.raises(AuthenticationFailed) as caught:
        await signed_in(rig, password=SecretStr("a very secret word"))

    assert "a very secret word" not in repr((caught.value.message, caught.value.evidence))


async def test_the_check_warns_of_a_secret_that_ends_soon(rig):
    async with rig.client(secret_expires_at=datetime.now(UTC) + timedelta(days=6)) as client:
        identity = await client.check()

    assert any("Client (shared) secret ends in 6 days" in warning for warning in identity.warnings)


async def test_the_check_names_the_field_that_was_typed_wrong(rig):
    async with rig.client(password=SecretStr("another one")) as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.check()

    assert caught.value.field == "password"


async def test_the_check_names_the_instance_and_the_tenant(rig):
    async with rig.client() as client:
        identity = await client.check()

    assert identity.id == f"127.0.0.1:{rig.sim.url.rsplit(':', 1)[1]}/acumaticaerp|company"
    assert identity.name == "Company at 127.0.0.1"
    assert identity.warnings == ()


async def test_two_tenants_of_one_instance_are_two_stores(rig):
    app = rig.sim.app("Stationery")
    rig.sim.add_order(tenant="Stationery", number="S-1")

    async with rig.client(client_id=app.client_id) as client:
        other = await client.check()

    assert other.id.endswith("|stationery")


async def test_a_user_without_the_right_to_orders_is_named(rig):
    await rig.orders()
    rig.sim.fail_next(n=1, status=403, operation="SalesOrder_GetList")

    async with rig.client() as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.check()

    assert caught.value.field == "username"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"warehouse": "NOWHERE"}, "warehouse"), ({"endpoint_version": "17.200.001"}, "endpoint_version")],
)
async def test_the_check_finds_settings_that_do_not_fit(rig, changes, field):
    async with rig.client(**changes) as client:
        with pytest.raises(InvalidData) as caught:
            await client.check()

    assert caught.value.field == field


async def test_a_missing_box_is_warned_of(rig):
    async with rig.client(default_box="") as client:
        identity = await client.check()

    assert any("default box" in warning for warning in identity.warnings)


async def test_warehouses_boxes_and_versions_are_offered(rig):
    async with rig.client() as client:
        warehouses = await client.choices("warehouse")
        boxes = await client.choices("default_box")
        versions = await client.choices("endpoint_version")

    assert [choice.value for choice in warehouses] == ["", "MAIN", "WEST"]
    assert [choice.value for choice in boxes] == ["LARGE", "MEDIUM"]
    assert [choice.value for choice in versions] == ["", "24.200.001", "23.200.001", "22.200.001", "20.200.001"]
