"""Signing in: by token, by all four values, and what a refusal says."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qsl, unquote

import pytest
from pydantic import ValidationError
from yarl import URL

from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.magento2 import auth
from crossdock.connectors.magento2.api import words_of
from crossdock.connectors.magento2.criteria import Filter, path_with, query
from crossdock.connectors.magento2.tests.examples import settings

FOUR = {
    "access": "oauth",
    "access_token": "t" * 32,
    "consumer_key": "k" * 32,
    "consumer_secret": "c" * 32,
    "token_secret": "s" * 32,
}


def test_a_token_alone_goes_as_bearer():
    request = Request("GET", URL("https://shop.example.com/rest/V1/orders"), {}, None)

    assert auth.sign(settings(access_token="abcdef123"), None, request) == {"authorization": "Bearer abcdef123"}


def test_all_four_values_sign_with_sha256_and_a_new_nonce_each_time():
    request = Request("GET", URL("https://shop.example.com/rest/V1/orders"), {}, None)

    first, second = (auth.sign(settings(**FOUR), None, request)["authorization"] for _ in range(2))

    given = dict(re.findall(r'(\w+)="([^"]*)"', first))
    assert first.startswith("OAuth ")
    assert given["oauth_signature_method"] == "HMAC-SHA256"
    assert (given["oauth_consumer_key"], given["oauth_token"]) == ("k" * 32, "t" * 32)
    assert given["oauth_nonce"] != dict(re.findall(r'(\w+)="([^"]*)"', second))["oauth_nonce"]
    assert "c" * 32 not in first
    assert "s" * 32 not in first


def test_no_space_of_a_search_is_sent_as_plus_for_magento_signs_a_plus_as_a_plus():
    path = path_with("rest/V1/orders", query([[Filter("updated_at", "2026-03-01 09:30:00", "gteq")]]))

    sent = URL(f"https://shop.example.com/{path}")

    assert "+" not in str(sent)
    assert "2026-03-01%2009:30:00" in str(sent)


def test_brackets_of_a_search_are_in_what_is_signed():
    url = URL("https://shop.example.com:443/rest/V1/orders?searchCriteria%5BpageSize%5D=1")

    base = auth.base_string("get", url, [("oauth_nonce", "x")])

    assert base == (
        "GET&https%3A%2F%2Fshop.example.com%2Frest%2FV1%2Forders&oauth_nonce%3Dx%26searchCriteria%255BpageSize%255D%3D1"
    )


@pytest.mark.needs_reference
def test_the_examples_of_the_rfc_are_signed_as_there(reference):
    vectors = json.loads((reference / "fixtures" / "nuorder" / "oauth1_rfc5849_vectors.json").read_text())["vectors"]

    for one in vectors:
        given = [*one["params"].items(), *(parse_qsl(one["body"], keep_blank_values=True) if one["body"] else ())]
        base = auth.base_string(one["method"], URL(one["url"], encoded=True), given)

        assert base == one["base_string"], one["name"]
        assert auth.signature(base, one["consumer_secret"], one["token_secret"], "HMAC-SHA1") == one["signature"], one["name"]
    assert len(vectors) == 3


async def test_the_refusal_of_2_4_4_names_both_remedies_beside_the_field(rig):
    rig.sim.set_bearer_switch(False)

    with pytest.raises(AuthenticationFailed) as caught:
        async with rig.client() as client:
            await client.check()

    said = caught.value.message
    assert caught.value.field == "access_token"
    assert "The consumer isn't authorized to access Magento_Sales::actions_view." in said
    assert "Allow OAuth Access Tokens to be used as standalone Bearer tokens" in said
    assert "give the integration access to Sales › Operations › Orders › Actions › View" in said
    assert "%" not in said


async def test_all_four_values_sign_in_where_the_switch_is_off(rig):
    rig.places(number=1)
    rig.sim.set_bearer_switch(False)

    async with rig.client(**rig.oauth()) as client:
        identity = await client.check()

    assert identity.warnings == ()
    assert len(await rig.orders(**rig.oauth())) == 1


async def test_shipments_post_with_all_four_values(rig):
    rig.sim.set_bearer_switch(False)
    order = await rig.order(rig.places(lines=[{"sku": "RED", "quantity": 2}]), **rig.oauth())

    (done,) = await rig.post(rig.notice(order), **rig.oauth())

    assert done.external_id
    assert set(rig.told().values()) == {1}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [("consumer_key", "consumer_key"), ("consumer_secret", "consumer_secret"), ("token_secret", "consumer_secret")],
)
async def test_a_wrong_one_of_the_four_is_named(rig, wrong, field):
    with pytest.raises(AuthenticationFailed) as caught:
        async with rig.client(**rig.oauth() | {wrong: "0" * 32}) as client:
            await client.check()

    assert caught.value.field == field


async def test_a_token_of_no_integration_is_named(rig):
    with pytest.raises(AuthenticationFailed) as caught:
        async with rig.client(**rig.oauth() | {"access_token": "0" * 32}) as client:
            await client.check()

    assert caught.value.field == "access_token"


async def test_a_shops_clock_that_is_wrong_is_named(rig):
    clock = rig.sim.clock
    rig.sim.clock = lambda: clock() - timedelta(hours=2)

    with pytest.raises(AuthenticationFailed) as caught:
        async with rig.client(**rig.oauth()) as client:
            await client.check()

    assert "clock" in caught.value.message


async def test_a_right_that_is_missing_with_all_four_values_is_not_blamed_on_the_switch(rig):
    rig.sim.set_rights(["Magento_Catalog::products"])

    with pytest.raises(AuthenticationFailed) as caught:
        async with rig.client(**rig.oauth()) as client:
            await client.check()

    assert "standalone Bearer" not in caught.value.message
    assert "Sales › Operations › Orders › Actions › View" in caught.value.message


async def test_rights_missing_for_something_else_are_warnings(rig):
    rig.sim.set_rights(["Magento_Sales::actions_view"])

    async with rig.client() as client:
        identity = await client.check()

    assert len(identity.warnings) == 4
    assert any("shipments cannot be posted" in one for one in identity.warnings)


async def test_a_right_missing_for_a_part_fails_that_part_and_not_the_store(rig):
    rig.sells("RED", 5)
    rig.sim.set_rights(["Magento_Sales::actions_view", "Magento_Backend::store"])

    (failed,) = await rig.publish(rig.figure("RED", 3))
    with pytest.raises(InvalidData) as products:
        _ = [page async for page in rig.products()]
    with pytest.raises(InvalidData) as returned:
        _ = [page async for page in rig.returned()]

    assert isinstance(failed.error, InvalidData)
    for error, right in (
        (failed.error, "Catalog › Inventory › Products"),
        (products.value, "Catalog › Inventory › Products"),
        (returned.value, "Sales › Operations › Returns"),
    ):
        assert f"no access to {right}." in error.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"message":"The consumer isn\'t authorized to access %resources.",'
            b'"parameters":{"resources":"Magento_Sales::ship"},"trace":"#0 \\/va',
            "The consumer isn't authorized to access Magento_Sales::ship.",
        ),
        (
            b'{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"sku","fieldValue":"A"}}',
            "No such entity with sku = A",
        ),
        (b'{"message":"%1 of %2 is wrong","parameters":["A","B"]}', "A of B is wrong"),
        (
            b'{"message":"Validation Failed","errors":[{"message":"\\"%field\\" is wrong","parameters":{"field":"qty"}}]}',
            'Validation Failed; "qty" is wrong',
        ),
        (b'{"messages":{"error":[{"code":500,"message":"Fatal Error"}]}}', "Fatal Error"),
        (b"<html>Service Unavailable</html>", ""),
        (b'"15"', ""),
    ],
)
def test_magentos_words_come_with_what_belongs_into_them(body, words):
    assert words_of(body) == words


async def test_a_right_to_ship_that_is_missing_is_named_when_it_is_needed(rig):
    order = await rig.order(rig.places())
    rig.sim.set_rights(["Magento_Sales::actions_view", "Magento_Sales::shipment", "Magento_Backend::store"])

    (failed,) = await rig.post(rig.notice(order))

    assert isinstance(failed.error, AuthenticationFailed)
    assert failed.error.message.startswith(
        "The store refuses our token: “The consumer isn't authorized to access Magento_Sales::ship.”"
    )
    assert "Give the integration access to Sales › Operations › Orders › Actions › Ship" in failed.error.message


async def test_an_address_that_is_no_magento_is_named(rig):
    rig.base_url = lambda _: f"{rig.sim.url}/blog"

    with pytest.raises(InvalidData) as caught:
        async with rig.client() as client:
            await client.check()

    assert caught.value.field == "store_url"


async def test_a_web_page_where_the_api_should_be_is_named(rig):
    rig.sim.hostile("html")

    with pytest.raises(InvalidData) as caught:
        async with rig.client() as client:
            await client.check()

    assert caught.value.field == "store_url"
    assert "web page" in caught.value.message


async def test_a_store_view_that_is_not_there_is_named(rig):
    with pytest.raises(InvalidData) as caught:
        async with rig.client(store_view="french") as client:
            await client.check()

    assert caught.value.field == "store_view"
    assert "default, german" in caught.value.message


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Shop.Example.com/", "https://shop.example.com"),
        ("shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com/rest/default/V1/orders", "https://shop.example.com"),
        ("https://shop.example.com/index.php/admin_x1y2/dashboard/", "https://shop.example.com"),
        ("https://shop.example.com/admin_x1y2", "https://shop.example.com"),
        ("https://shop.example.com/index.php", "https://shop.example.com/index.php"),
        ("https://shop.example.com/index.php/rest/V1/orders", "https://shop.example.com/index.php"),
        ("https://example.com/Shop/?utm=1", "https://example.com/Shop"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
    ],
)
def test_what_people_paste_becomes_the_shops_address(typed, kept):
    assert settings(store_url=typed).store_url == kept


@pytest.mark.parametrize("typed", ["", "ftp://shop.example.com", "https://user:secret@shop.example.com", "a b"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValidationError):
        settings(store_url=typed)


@pytest.mark.parametrize("missing", ["consumer_key", "consumer_secret", "token_secret"])
def test_all_four_values_are_asked_for(missing):
    with pytest.raises(ValidationError) as caught:
        settings(**FOUR | {missing: ""})

    assert [error["loc"] for error in caught.value.errors()] == [(missing,)]


async def test_a_nonce_is_taken_once(rig):
    header = ""

    async with rig.client(**rig.oauth()) as client:
        sign = client.http._signer._sign
        header = sign(client.settings, None, Request("GET", client.http.base, {}, None))["authorization"]
        client.http._signer._sign = lambda *_: {"authorization": header}
        with pytest.raises(AuthenticationFailed):
            await client.check()

    assert unquote(header).count("oauth_nonce") == 1
