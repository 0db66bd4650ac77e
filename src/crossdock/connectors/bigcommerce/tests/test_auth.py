"""Both ways in, the callbacks, and the app's own calls."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from pydantic import ValidationError
from yarl import URL

from crossdock.connectors.bigcommerce import auth, connector
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.bigcommerce.simulator.server import APP, DEMO_STORE
from crossdock.connectors.bigcommerce.tests.rig import Rig
from crossdock.connectors.kit.declaration import App
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.http import Answer
from crossdock.connectors.kit.opening import open_client, open_unsigned, sign_in
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.tokens import MemoryTokens, Tokens

BACK = "https://crossdock.example.com/oauth/bigcommerce/callback"


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def oauth(**changes):
    return Settings(**{"store_hash": DEMO_STORE, "access": "oauth", **changes})


def the_app(rig):
    return App(APP, Secret(rig.sim.access.apps[APP].client_secret))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("abc123xyz", "abc123xyz"),
        (" ABC123XYZ ", "abc123xyz"),
        ("store-abc123xyz", "abc123xyz"),
        ("https://store-abc123xyz.mybigcommerce.com/manage/dashboard", "abc123xyz"),
        ("https://store-abc123xyz-1.mybigcommerce.com/", "abc123xyz"),
        ("https://api.bigcommerce.com/stores/abc123xyz/v3/", "abc123xyz"),
        ("stores/abc123xyz", "abc123xyz"),
    ],
)
def test_the_store_hash_may_be_pasted_as_it_is_seen(typed, kept):
    assert oauth(store_hash=typed).store_hash == kept


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"store_hash": "a/b"}, "store_hash"),
        ({"access": "token"}, "access_token"),
        ({"client_id": "mine"}, "client_secret"),
        ({"import_status": "ready"}, "import_status"),
    ],
)
def test_what_is_missing_is_asked_for_by_its_field(values, field):
    with pytest.raises(ValidationError) as caught:
        oauth(**values)

    assert [error["loc"][0] for error in caught.value.errors()] == [field]


def test_consent_is_asked_for_at_bigcommerce_for_this_store():
    address = auth.authorize(oauth(), App("id", Secret("s")), BACK, "state", base_url=connector.base_url)

    parts, query = urlsplit(address), dict(parse_qsl(urlsplit(address).query))
    assert (parts.scheme, parts.hostname, parts.path) == ("https", "login.bigcommerce.com", "/oauth2/authorize")
    assert query == {
        "client_id": "id",
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": " ".join(auth.SCOPES),
        "context": f"stores/{DEMO_STORE}",
        "state": "state",
    }


async def agreed(rig, settings):
    address = auth.authorize(settings, the_app(rig), BACK, "s7", base_url=rig.base_url(settings))
    form = {**dict(parse_qsl(urlsplit(address).query)), "answer": "approve"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(address) as page,
        session.post(f"{rig.sim.url}/oauth2/authorize", data=form, allow_redirects=False) as answer,
    ):
        assert (page.status, answer.status) == (200, 302)
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


async def traded(rig, settings, code, app=None):
    async with open_unsigned(connector, settings, door=rig.door, base_url=rig.base_url(settings)) as http:
        return await auth.exchange(settings, app or the_app(rig), code, BACK, http)


async def opened(rig, settings, tokens):
    async with open_client(
        connector,
        settings,
        door=rig.door,
        realm="sandbox",
        base_url=rig.base_url(settings),
        tokens=tokens,
        record=rig.exchanges.append,
    ) as client:
        return await client.check()


async def test_consent_gives_a_permanent_token_that_opens_the_store(rig):
    settings = oauth()
    query = await agreed(rig, settings)
    auth.verify(settings, the_app(rig), query)

    tokens = await traded(rig, settings, query["code"])

    assert (tokens.refresh, tokens.expires_at) == (None, None)
    assert set(auth.SCOPES) == set(tokens.scopes)
    assert (await opened(rig, settings, MemoryTokens(tokens))).id == DEMO_STORE


async def test_a_second_consent_ends_the_token_of_the_first(rig):
    settings = oauth()
    first = await traded(rig, settings, (await agreed(rig, settings))["code"])
    second = await traded(rig, settings, (await agreed(rig, settings))["code"])

    async def renew(stale):
        return await sign_in(connector, settings, stale, door=rig.door, base_url=rig.base_url(settings))

    assert (await opened(rig, settings, MemoryTokens(second))).id == DEMO_STORE
    with pytest.raises(AuthenticationFailed, match="Choose Authorize again") as caught:
        await opened(rig, settings, MemoryTokens(first, renew))
    assert caught.value.field == "access"


async def test_a_code_is_good_once_and_for_the_app_that_asked(rig):
    settings = oauth()
    code = (await agreed(rig, settings))["code"]
    await traded(rig, settings, code)

    with pytest.raises(AuthenticationFailed, match="does not give access"):
        await traded(rig, settings, code)
    with pytest.raises(AuthenticationFailed) as caught:
        await traded(rig, settings, (await agreed(rig, settings))["code"], App(APP, Secret("another secret")))
    assert "another secret" not in caught.value.message


@pytest.mark.parametrize(
    "query", [{"context": "stores/elsewhere", "code": "c"}, {"code": "c"}, {"context": f"stores/{DEMO_STORE}"}]
)
def test_a_callback_about_another_store_or_without_code_is_refused(query):
    with pytest.raises(AuthenticationFailed):
        auth.verify(oauth(), None, query)


def test_without_any_app_a_client_id_is_asked_for():
    with pytest.raises(AuthenticationFailed) as caught:
        auth.authorize(oauth(), None, BACK, "s")

    assert caught.value.field == "client_id"


def test_the_installation_s_app_is_filled_in_where_a_store_names_none():
    app = App("id", Secret("secret"))

    assert auth.with_app(oauth(), app).client_id == "id"
    assert auth.with_app(oauth(client_id="mine", client_secret="s"), app).client_id == "mine"


async def test_what_bigcommerce_calls_when_the_app_is_opened_is_read(rig):
    token = rig.sim.access.signed_call(DEMO_STORE, APP)
    staff = rig.sim.access.signed_call(DEMO_STORE, APP, user={"id": 7, "email": "staff@example.com"})

    owner = auth.read_call(the_app(rig), {"signed_payload_jwt": token})

    assert (owner.store, owner.user, owner.is_owner) == ({"store_hash": DEMO_STORE}, "owner@example.com", True)
    assert auth.read_call(the_app(rig), {"signed_payload_jwt": staff}).is_owner is False
    assert connector.oauth.read_call is auth.read_call


@pytest.mark.parametrize(
    "kind", ["none", "another secret", "another app", "too old", "not yet", "another issuer", "unsigned", "cut", "large"]
)
async def test_a_call_that_is_not_bigcommerce_s_is_refused(rig, kind):
    app, now = the_app(rig), datetime.now(UTC)
    changes = {
        "another app": {"aud": "other"},
        "too old": {"exp": int((now - timedelta(minutes=5)).timestamp())},
        "not yet": {"nbf": int((now + timedelta(minutes=5)).timestamp())},
        "another issuer": {"iss": "me"},
    }.get(kind, {})
    token = rig.sim.access.signed_call(DEMO_STORE, APP, **changes)
    if kind == "another secret":
        app = App(APP, Secret("not it"))
    elif kind == "unsigned":
        head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
        token = f"{head}.{token.split('.')[1]}."
    elif kind == "cut":
        token = token[:-9]
    elif kind == "large":
        token += "A" * 20_000
    query = {} if kind == "none" else {"signed_payload_jwt": token}

    with pytest.raises(AuthenticationFailed):
        auth.read_call(app, query)


async def test_a_wrong_token_is_put_down_to_its_field(rig):
    async with rig.client(access_token="wrong-token") as client:
        with pytest.raises(AuthenticationFailed, match="store-level API account") as caught:
            await client.check()

    assert caught.value.field == "access_token"


async def test_a_missing_scope_is_named_and_what_is_only_useful_is_warned_of(rig):
    rig.token = rig.sim.give_token(scopes=["store_v2_information_read_only"])
    async with rig.client() as client:
        with pytest.raises(AuthenticationFailed, match="store_v2_orders") as caught:
            await client.check()
    rig.token = rig.sim.give_token(scopes=["store_v2_information_read_only", "store_v2_orders"])
    async with rig.client() as client:
        identity = await client.check()

    assert caught.value.field == "access_token"
    assert len(identity.warnings) == 2
    assert all("lack a scope" in warning for warning in identity.warnings)


async def test_a_status_the_store_does_not_have_is_found(rig):
    async with rig.client(import_status="77") as client:
        with pytest.raises(InvalidData) as caught:
            await client.check()

    assert caught.value.field == "import_status"


async def test_the_store_s_statuses_are_offered_under_its_own_names(rig):
    rig.store.labels[11] = "Ready to pack"
    async with rig.client() as client:
        offered = await client.choices("import_status")

    assert (offered[0].value, offered[0].label) == ("11", "Ready to pack")
    assert "0" not in {choice.value for choice in offered}


async def test_no_token_yet_asks_to_authorize(rig):
    async def renew(stale: Tokens | None):
        return await sign_in(connector, oauth(), stale, door=rig.door, base_url=rig.base_url(oauth()))

    with pytest.raises(AuthenticationFailed, match="not authorized yet"):
        await opened(rig, oauth(), MemoryTokens(None, renew))


async def test_at_bigcommerce_itself_the_code_is_traded_at_the_login_host():
    asked = []

    class Recording:
        base = URL(f"https://{auth.API_HOST}/stores/{DEMO_STORE}/")

        async def read(self, method, path, **more):
            asked.append((method, path, more["json"]["context"], more["json"]["redirect_uri"]))
            return Answer(200, {}, json.dumps({"access_token": "t0ken", "context": f"stores/{DEMO_STORE}"}).encode())

    tokens = await auth.exchange(oauth(), App("id", Secret("s")), "c0de", BACK, Recording())

    assert asked == [("POST", "https://login.bigcommerce.com/oauth2/token", f"stores/{DEMO_STORE}", BACK)]
    assert tokens.access.reveal() == "t0ken"
    assert "https://login.bigcommerce.com" in connector.sign_in_origins
