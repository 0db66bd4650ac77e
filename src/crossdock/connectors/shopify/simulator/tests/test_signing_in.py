"""Tokens and refusals: what is answered before any query runs."""

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from crossdock.connectors.shopify.simulator.server import OWN_APP
from crossdock.connectors.shopify.simulator.tests.rig import Asking

SHOP = "{ shop { name } }"


async def grant(ask: Asking, **given: Any) -> tuple[int, dict[str, Any]]:
    secret = ask.sim.access.apps[OWN_APP].client_secret
    form = {"client_id": OWN_APP, "client_secret": secret, **given}
    async with ask.session.post(f"{ask.sim.url}/{ask.shop.handle}/admin/oauth/access_token", data=form) as answer:
        return answer.status, await answer.json()


async def code_by_consent(ask: Asking, answer: str = "approve") -> dict[str, str]:
    address = f"{ask.sim.url}/{ask.shop.handle}/admin/oauth/authorize"
    asked = {"client_id": OWN_APP, "scope": "read_orders", "redirect_uri": "http://127.0.0.1:1/back", "state": "s1"}
    async with ask.session.get(address, params=asked) as page:
        assert "Approve" in await page.text()
    async with ask.session.post(address, data=asked | {"answer": answer}, allow_redirects=False) as agreed:
        return dict(parse_qsl(urlsplit(agreed.headers["Location"]).query))


async def test_a_wrong_token_is_refused_with_a_text_not_a_list(ask: Asking) -> None:
    ask.token = "wrong"

    status, body, _ = await ask.answer(SHOP)

    assert status == 401
    assert body == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


@pytest.mark.parametrize("status", [402, 404, 423])
async def test_a_stopped_shop_answers_with_its_status(ask: Asking, status: int) -> None:
    ask.sim.stop_shop(status)

    assert (await ask.answer(SHOP))[0] == status


async def test_a_retired_version_falls_forward_and_says_so(ask: Asking) -> None:
    ask.version = "2024-01"

    _, _, response = await ask.answer(SHOP)

    assert response.headers["X-Shopify-API-Version"] == "2026-01"


async def test_a_version_that_does_not_exist_is_not_found(ask: Asking) -> None:
    ask.version = "2031-01"

    assert (await ask.answer(SHOP))[0] == 404


async def test_client_credentials_give_a_token_of_a_day_without_refresh(ask: Asking) -> None:
    status, body = await grant(ask, grant_type="client_credentials")

    ask.token = body["access_token"]
    assert (status, body["expires_in"]) == (200, 86_399)
    assert "refresh_token" not in body
    assert (await ask(SHOP))["shop"]["name"] == "Demo Outdoor"
    ask.clock.pass_(days=1)
    assert (await ask.answer(SHOP))[0] == 401


async def test_consent_leads_to_a_signed_callback_whose_code_works_once(ask: Asking) -> None:
    values = await code_by_consent(ask)
    signed = values.pop("hmac")
    message = "&".join(f"{name}={values[name]}" for name in sorted(values))
    secret = ask.sim.access.apps[OWN_APP].client_secret

    first, body = await grant(ask, code=values["code"], expiring="1")
    second, refusal = await grant(ask, code=values["code"], expiring="1")

    assert signed == hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    assert (values["state"], values["shop"]) == ("s1", "demo-outdoor.myshopify.com")
    assert (first, body["expires_in"], body["scope"]) == (200, 3600, "read_orders")
    assert re.fullmatch(r"shprt_\w+", body["refresh_token"])
    assert (second, refusal["error"]) == (400, "invalid_request")


async def test_saying_no_leads_back_without_a_code(ask: Asking) -> None:
    values = await code_by_consent(ask, answer="deny")

    assert values == {"error": "access_denied", "state": "s1"}


async def test_both_tokens_rotate_and_the_old_refresh_lives_until_the_new_access_token_is_used(ask: Asking) -> None:
    code = (await code_by_consent(ask))["code"]
    _, first = await grant(ask, code=code, expiring="1")
    _, lost = await grant(ask, grant_type="refresh_token", refresh_token=first["refresh_token"])

    status, again = await grant(ask, grant_type="refresh_token", refresh_token=first["refresh_token"])
    ask.token = again["access_token"]
    await ask(SHOP)
    dead, refusal = await grant(ask, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert status == 200
    assert again["access_token"] != lost["access_token"]
    assert (dead, refusal["error"]) == (400, "invalid_grant")


async def test_a_new_expiring_token_ends_the_earlier_one(ask: Asking) -> None:
    _, first = await grant(ask, code=(await code_by_consent(ask))["code"], expiring="1")
    await grant(ask, code=(await code_by_consent(ask))["code"], expiring="1")

    ask.token = first["access_token"]

    assert (await ask.answer(SHOP))[0] == 401


async def test_a_token_of_one_shop_does_not_open_another(ask: Asking) -> None:
    ask.sim.add_shop("other")
    ask.shop = ask.sim.shop("other")

    assert (await ask.answer(SHOP))[0] == 401


async def test_a_revoked_key_is_refused(ask: Asking) -> None:
    ask.sim.revoke_key()

    assert (await ask.answer(SHOP))[0] == 401
