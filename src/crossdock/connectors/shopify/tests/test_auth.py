"""The three ways in, the callback, and the messages."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
import pytest
from pydantic import SecretStr, ValidationError

from crossdock.connectors.kit.declaration import App
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.opening import open_unsigned, sign_in
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.shopify import auth, connector, webhooks
from crossdock.connectors.shopify.settings import Settings
from crossdock.connectors.shopify.tests.examples import settings
from crossdock.connectors.shopify.tests.rig import Rig

SECRET = "shpss_0123456789abcdef"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def oauth(**changes):
    return Settings(**{"shop": "acme", "client_id": "abc", "client_secret": SECRET, **changes})


def a_callback(secret=SECRET, **changes):
    query = {
        "code": "c0de",
        "host": "YWRtaW4",
        "shop": "acme.myshopify.com",
        "state": "s",
        "timestamp": str(int(NOW.timestamp())),
        **changes,
    }
    message = "&".join(f"{key}={query[key]}" for key in sorted(query))
    return {**query, "hmac": hmac.digest(secret.encode(), message.encode(), hashlib.sha256).hex()}


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("acme", "acme"),
        (" ACME ", "acme"),
        ("acme.myshopify.com", "acme"),
        ("https://acme.myshopify.com/admin/orders", "acme"),
        ("https://admin.shopify.com/store/acme/settings", "acme"),
    ],
)
def test_a_shop_is_known_however_its_address_is_pasted(typed, kept):
    assert settings(shop=typed).shop == kept


@pytest.mark.parametrize("typed", ["", "acme.example.com", "acme/../x", "-acme", "acme#", "acme:9000", "127.0.0.1"])
def test_anything_else_is_no_shop(typed):
    with pytest.raises(ValidationError) as caught:
        settings(shop=typed)

    assert [error["loc"] for error in caught.value.errors()] == [("shop",)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"access": "token"}, "admin_token"),
        ({"access": "own_app", "client_secret": SECRET}, "client_id"),
        ({"access": "own_app", "client_id": "abc"}, "client_secret"),
        ({"access": "oauth", "client_id": "abc"}, "client_secret"),
        ({"access": "token", "admin_token": "shpat_1", "financial_statuses": ()}, "financial_statuses"),
    ],
)
def test_what_a_way_in_needs_is_asked_for_at_its_field(values, field):
    with pytest.raises(ValidationError) as caught:
        Settings(shop="acme", **values)

    assert field in {error["loc"][0] for error in caught.value.errors()}


def test_consent_is_asked_at_the_shop_with_our_scopes():
    address = urlsplit(auth.authorize(oauth(), None, "https://hub.example.com/oauth/shopify", "st4te"))

    query = parse_qs(address.query)
    assert (address.scheme, address.netloc, address.path) == ("https", "acme.myshopify.com", "/admin/oauth/authorize")
    assert (query["client_id"], query["state"]) == (["abc"], ["st4te"])
    assert query["redirect_uri"] == ["https://hub.example.com/oauth/shopify"]
    assert set(query["scope"][0].split(",")) == set(auth.SCOPES)
    assert auth.missing_scopes(auth.SCOPES, auth.REQUIRED_SCOPES + auth.WANTED_SCOPES) == ("read_all_orders",)


def test_a_shop_without_an_app_of_its_own_agrees_to_the_installations():
    app = App("hub-app", Secret(SECRET))

    assert "client_id=hub-app" in auth.authorize(oauth(client_id="", client_secret=""), app, "https://hub.example.com/", "s")
    filled = auth.with_app(oauth(client_id="", client_secret=""), app)
    assert (filled.client_id, filled.client_secret) == ("hub-app", SecretStr(SECRET))
    assert auth.with_app(oauth(), app) == oauth()


def test_without_any_app_the_field_is_named():
    with pytest.raises(AuthenticationFailed) as caught:
        auth.authorize(oauth(client_id="", client_secret=""), None, "https://hub.example.com/", "s")

    assert caught.value.field == "client_id"


def test_a_genuine_callback_passes():
    auth.verify(oauth(), None, a_callback(), now=NOW + timedelta(minutes=4))


@pytest.mark.parametrize(
    "query",
    [
        a_callback() | {"code": "another"},
        a_callback(secret="not ours"),
        {key: value for key, value in a_callback().items() if key != "hmac"},
        a_callback(shop="other.myshopify.com"),
        a_callback(shop="acme.myshopify.com.evil.example.com"),
        a_callback(timestamp=str(int((NOW - timedelta(minutes=6)).timestamp()))),
        a_callback(timestamp="soon"),
        a_callback(timestamp="9" * 30),
    ],
)
def test_a_forged_foreign_or_stale_callback_is_refused(query):
    with pytest.raises(AuthenticationFailed):
        auth.verify(oauth(), None, query, now=NOW)


async def test_an_own_app_signs_in_with_its_id_and_secret(rig):
    found = rig.settings()

    tokens = await sign_in(connector, found, None, door=rig.door, base_url=rig.base_url(found))

    assert tokens.refresh is None
    assert timedelta(hours=23) < tokens.expires_at - datetime.now(UTC) <= timedelta(hours=24)


async def test_consent_gives_an_expiring_pair_and_renewing_rotates_both(rig):
    found = rig.settings(access="oauth")
    redirect = "https://hub.example.com/oauth/shopify"
    query = await _agree(auth.authorize(found, None, redirect, "st4te", base_url=rig.base_url(found)))
    auth.verify(found, None, query)

    async with open_unsigned(connector, found, door=rig.door, base_url=rig.base_url(found)) as http:
        first = await auth.exchange(found, None, query["code"], redirect, http)
        second = await auth.sign_in(found, first, http)
        with pytest.raises(AuthenticationFailed):
            await auth.exchange(found, None, query["code"], redirect, http)

    assert timedelta(minutes=55) < first.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert first.refresh is not None
    assert (first.access != second.access, first.refresh != second.refresh) == (True, True)


async def test_a_store_that_was_never_authorized_says_so(rig):
    async with rig.client(access="oauth", client_id="abc") as client:
        with pytest.raises(AuthenticationFailed, match="not authorized yet") as caught:
            await client.check()

    assert caught.value.field == "access"


async def test_a_permanent_token_needs_no_sign_in_and_a_refused_one_is_named(rig):
    token = rig.sim.give_token()
    async with rig.client(access="token", admin_token=token) as client:
        assert (await client.check()).name
    rig.sim.revoke_key()

    async with rig.client(access="token", admin_token=token) as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.check()

    assert rig.sign_ins == 0
    assert caught.value.field == "admin_token"


def signed(body, secret=SECRET, topic="orders/updated"):
    digest = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    return {"x-shopify-hmac-sha256": digest, "x-shopify-topic": topic, "x-shopify-webhook-id": "w-1"}


@pytest.mark.parametrize(
    ("topic", "content", "subjects"),
    [
        ("orders/create", {"id": 820982911946154508}, ("820982911946154508",)),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 55}}, ("55",)),
        ("refunds/create", {"id": 7, "order_id": 55}, ("55",)),
        ("fulfillments/update", {"id": 7, "order_id": 55}, ("55",)),
        (
            "fulfillment_orders/moved",
            {"moved_fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/1"}, "source_location": {"id": 9}},
            ("gid://shopify/FulfillmentOrder/1",),
        ),
        ("fulfillment_orders/placed_on_hold", {"fulfillment_order": {"id": 1, "order_id": 55}}, ("55",)),
        ("app/uninstalled", {"id": 548380009}, ()),
        (
            "customers/data_request",
            {"shop_domain": "a.myshopify.com", "orders_requested": [55, 56], "customer": {"id": 1}},
            ("55", "56"),
        ),
        ("customers/redact", {"shop_domain": "a.myshopify.com", "orders_to_redact": [55], "customer": {"id": 1}}, ("55",)),
        ("customers/redact", {"shop_domain": "a.myshopify.com", "orders_to_redact": [], "customer": {"id": 1}}, ()),
        ("shop/redact", {"shop_id": 1, "shop_domain": "a.myshopify.com"}, ()),
        ("orders/create", {"id": {"$gt": 1}}, ()),
    ],
)
def test_a_message_names_the_orders_to_read_again(topic, content, subjects):
    body = json.dumps(content).encode()

    delivery = webhooks.receive(signed(body, topic=topic), body, [Secret(SECRET)], settings())

    assert (delivery.delivery_id, delivery.topic, delivery.subjects) == ("w-1", topic, subjects)


def test_a_message_is_believed_only_with_a_signature_of_this_shops_app():
    body = b'{"id": 1}'

    webhooks.receive(signed(body), body, [], settings(client_secret=SECRET))
    for headers, known in ((signed(body, "other"), SECRET), ({}, SECRET), (signed(b"{}"), SECRET)):
        with pytest.raises(AuthenticationFailed):
            webhooks.receive(headers, body, [], settings(client_secret=known))


def test_with_a_token_alone_messages_cannot_be_verified_and_say_so():
    with pytest.raises(AuthenticationFailed) as caught:
        webhooks.receive(signed(b"{}"), b"{}", [], settings())

    assert caught.value.field == "client_secret"


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff", b"[" * 100_000])
def test_a_signed_message_that_cannot_be_read_is_invalid(body):
    with pytest.raises(InvalidData):
        webhooks.receive(signed(body), body, [Secret(SECRET)], settings())


async def _agree(address):
    """Press the button on the page of consent; the query it leads back with."""
    form = dict(parse_qsl(urlsplit(address).query)) | {"answer": "approve"}
    async with aiohttp.ClientSession() as session, session.post(address, data=form, allow_redirects=False) as answer:
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))
