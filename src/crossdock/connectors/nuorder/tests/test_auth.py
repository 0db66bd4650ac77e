"""Signatures, ours and the simulator's, in both forms; and what is refused."""

import json

import pytest
from yarl import URL

from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.nuorder import auth
from crossdock.connectors.nuorder.settings import Settings
from crossdock.connectors.nuorder.simulator.access import Access, Refused, parsed
from crossdock.connectors.nuorder.tests.examples import settings
from crossdock.connectors.nuorder.tests.rig import Rig

ORDER = ("oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce", "oauth_version", "oauth_signature_method")


def pairs_of(vector, further=()):
    values = (vector["consumer_key"], vector["token"], vector["timestamp"], vector["nonce"], "1.0", "HMAC-SHA1")
    return [*zip(ORDER, values, strict=True), *further]


def test_the_dialect_signs_in_its_own_order_and_leaves_the_query_out():
    pairs = pairs_of({"consumer_key": "ck", "token": "tk", "timestamp": "1", "nonce": "n"})

    base = auth.legacy_base("get", URL("https://x.example.com/api/a?b=c"), pairs)

    assert base == (
        "GEThttps://x.example.com/api/a?oauth_consumer_key=ck&oauth_token=tk&oauth_timestamp=1&oauth_nonce=n&oauth_version=1.0"
        "&oauth_signature_method=HMAC-SHA1"
    )


def test_the_standard_form_is_that_of_the_rfc():
    # RFC 5849, 1.2: the request for the photos.
    pairs = [
        ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
        ("oauth_token", "nnch734d00sl2jdk"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131202"),
        ("oauth_nonce", "chapoH"),
    ]
    url = URL("http://photos.example.net/photos?file=vacation.jpg&size=original")

    signature = auth.standard_signature("GET", url, pairs, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00")

    assert signature == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


def _vectors(reference):
    for path in ("specs/nuorder/legacy-signature-vectors.json", "fixtures/nuorder/nuorder_signature_vectors.json"):
        yield from json.loads((reference / path).read_text())["vectors"]


@pytest.mark.needs_reference
def test_every_collected_vector_of_the_dialect_agrees(reference):
    checked = 0
    for vector in _vectors(reference):
        base = vector["base_string"]
        further = [tuple(part.split("=")) for part in base.split("oauth_signature_method=HMAC-SHA1")[1].split("&") if part]
        pairs = pairs_of(vector, further)

        assert auth.legacy_base(vector["method"], URL(vector["url"]), pairs) == base
        secrets = (vector["consumer_secret"], vector["token_secret"])
        if "&" in (key := vector.get("key") or vector.get("hmac_key", "")):
            secrets = tuple(key.split("&"))
        assert auth.legacy_signature(vector["method"], URL(vector["url"]), pairs, *secrets) == vector["signature_hex"]
        checked += 1
    assert checked == 9


@pytest.mark.needs_reference
def test_every_vector_of_the_standard_agrees(reference):
    rows = json.loads((reference / "fixtures/nuorder/oauth1_rfc5849_vectors.json").read_text())["vectors"]
    for row in (row for row in rows if not row["body"]):
        pairs = list(row["params"].items())

        signature = auth.standard_signature(row["method"], URL(row["url"]), pairs, row["consumer_secret"], row["token_secret"])

        assert signature == row["signature"], row["name"]


def test_each_call_has_its_own_nonce_and_a_call_may_ask_for_the_other_form():
    request = Request("GET", URL("https://wholesale.nuorder.com/api/orders/approved/list"), {})
    other = Request("GET", request.url, {"authorization": "rfc5849"})

    one, two = (parsed(auth.sign(settings(), None, request)["authorization"]) for _ in range(2))
    standard = parsed(auth.sign(settings(), None, other)["authorization"])

    assert one["oauth_nonce"] != two["oauth_nonce"]
    assert len(one["oauth_nonce"]) == 16
    assert len(one["oauth_signature"]) == 40
    assert standard["oauth_signature"].endswith("=")


def test_without_a_token_nothing_is_signed():
    waiting = Settings(consumer_key="ckey", consumer_secret="csecret")

    with pytest.raises(AuthenticationFailed) as caught:
        auth.sign(waiting, None, Request("GET", URL("https://wholesale.nuorder.com/api/x"), {}))

    assert caught.value.field == "access"


def test_a_header_is_read_in_any_case_quoted_or_not():
    assert parsed('oAuth a=1,b="x y"') == parsed('OAuth a="1", b=x%20y') == {"a": "1", "b": "x y"}
    with pytest.raises(Refused):
        parsed("Bearer abc")


class Clock:
    now = 1_700_000_000.0

    def __call__(self):
        return self

    def timestamp(self):
        return self.now


def signed(access, **changed):
    url = "http://127.0.0.1/nuorder/wholesale/api/orders/approved/list"
    token, secret = access.grant("ckey")
    made = settings(token=token, token_secret=secret)
    header = auth.authorization(made, "GET", URL(url), token, secret, style=changed.pop("style", "legacy"))
    return header, url


@pytest.fixture
def access():
    import time

    found = Access(Clock())
    found.clock.now = time.time()
    found.register("ckey", "csecret")
    return found


@pytest.mark.parametrize("style", ["legacy", "rfc5849"])
def test_both_forms_are_taken_once_each_and_not_another_time(access, style):
    header, url = signed(access, style=style)

    assert access.admit(header, "GET", url) == "ckey"
    with pytest.raises(Refused, match="nonce"):
        access.admit(header, "GET", url)


def test_a_clock_that_is_far_off_is_refused(access):
    header, url = signed(access)
    access.clock.now += 3_600

    with pytest.raises(Refused, match="timestamp"):
        access.admit(header, "GET", url)


def test_a_signature_for_another_address_or_method_is_refused(access):
    header, url = signed(access)

    for method, address in (("POST", url), ("GET", url + "x")):
        with pytest.raises(Refused, match="signature"):
            access.admit(header, method, address)


def test_a_portal_may_take_one_form_only(access):
    access.styles = frozenset({"legacy"})
    header, url = signed(access, style="rfc5849")

    with pytest.raises(Refused, match="signature"):
        access.admit(header, "GET", url)


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("signature", ["legacy", "rfc5849"])
async def test_orders_are_read_with_either_signature(rig, signature):
    rig.places()

    orders = await rig.orders(signature=signature)

    assert len(orders) == 1


async def test_the_check_finds_that_the_other_signature_is_taken(rig):
    rig.sim.take_signatures(legacy=False)

    async with rig.client() as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.check()

    assert caught.value.field == "signature"
    assert "Standard (RFC 5849)" in caught.value.message


async def test_wrong_keys_are_refused_beside_the_token(rig):
    async with rig.client(token_secret="wrong") as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.check()

    assert caught.value.field == "token"
    assert "consumer key" in caught.value.message


async def test_a_consumer_key_that_nobody_knows_is_refused_beside_it(rig):
    async with rig.client(consumer_key="nobodyknowsthis") as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.check()

    assert caught.value.field == "consumer_key"
