"""Authorize: a sign-in at the platform is bound to person, browser and draft, used once, and dead after ten minutes."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from crossdock.accounts.testing import a_person, actor_of, an_account, signed_in_client
from crossdock.connections import credentials, drafts, gateway
from crossdock.connections.credentials import Owner
from crossdock.connections.models import SignInState, Store
from crossdock.connections.oauth import cookie_name
from crossdock.connections.realms import app_of, destination_of
from crossdock.connections.tests.rig import posted
from crossdock.connectors.shopify import connector as shopify
from crossdock.tenancy.scope import scoped

CALLBACK = "/oauth/shopify/callback"


class Journey:
    """A person at the wizard's last step, with a shop that is authorized in the browser."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.account = an_account("Northline")
        self.person = a_person(self.account)
        self.browser = signed_in_client(self.person)
        at = self.browser.post(self.url("new"), {"name": "Acme to Reno"}).url
        at = self.browser.post(at, {"how": "new", "name": "Acme"}).url
        self.at = self.browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields())}).url
        self.browser.post(self.at, {"do": "show", "how": "new", "platform": "shopify"})

    def url(self, name, **kwargs):
        return reverse(f"connections:{name}", kwargs={"account": self.account.public_id, **kwargs})

    def fields(self, **changed):
        return posted("store", "shopify", self.sandbox.store_fields(access="oauth", **changed))

    def authorize(self, **changed):
        """Press Authorize; the address it leads to and the page that says so."""
        answer = self.browser.post(self.at, {"do": "authorize", **self.fields(**changed)})
        found = re.search(r'id="leave"', answer.content.decode())
        if not found:
            return None, answer
        link = re.search(r'<a class="btn btn-primary" href="([^"]+)"', answer.content.decode())[1].replace("&amp;", "&")
        return link, answer

    def agree(self, link):
        """What the platform calls back with after consent."""
        asked = parse_qs(urlsplit(link).query)
        scopes = tuple(asked["scope"][0].split(","))
        query = self.sandbox.shop.callback_query(self.sandbox.handle, asked["client_id"][0], scopes, asked["state"][0])
        return f"{CALLBACK}?{query}"

    def tokens(self):
        with scoped(self.account.pk):
            (one,) = drafts.open_drafts(actor_of(self.account, self.person))
            return drafts.load(actor_of(self.account, self.person), one.public_id).secrets("store").tokens()


@pytest.fixture
def journey(sandbox):
    return Journey(sandbox)


def test_the_page_names_where_it_leads_and_the_way_back(journey):
    link, page = journey.authorize()

    asked = parse_qs(urlsplit(link).query)
    assert link.startswith(f"{journey.sandbox.shop.url}/{journey.sandbox.handle}/admin/oauth/authorize?")
    assert asked["redirect_uri"] == [f"http://127.0.0.1:8000{CALLBACK}"]
    assert f"Continue to {urlsplit(link).netloc}" in page.content.decode()
    assert journey.sandbox.own_app["client_secret"] not in page.content.decode() + link
    cookie = page.cookies[cookie_name()]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == (asked["state"][0], True, "Lax")


def test_the_state_is_stored_as_a_hash_alone(journey):
    link, _ = journey.authorize()

    with scoped(journey.account.pk):
        row = SignInState.objects.get()
    assert parse_qs(urlsplit(link).query)["state"][0].encode() not in bytes(row.state_hash)


def test_consent_leads_back_to_the_step_with_access_and_the_shops_locations(journey):
    link, _ = journey.authorize()

    answer = journey.browser.get(journey.agree(link))

    page = journey.browser.get(answer.url).content.decode()
    assert answer.url == journey.at
    assert "Authorize again" in page
    for number in journey.sandbox.locations.values():
        assert f'<option value="{number}">' in page
    tokens = journey.tokens()
    assert tokens.refresh is not None
    assert tokens.access.reveal() not in page


def test_tokens_of_another_way_in_are_no_consent(journey):
    own = posted("store", "shopify", journey.sandbox.store_fields())
    journey.browser.post(journey.at, {"do": "test", **own})
    assert journey.tokens() is not None

    page = journey.browser.post(journey.at, {"do": "show", **journey.fields(client_secret="")}).content.decode()

    assert "Authorize again" not in page
    assert "Authorize in Shopify</button>" in page
    assert journey.tokens() is None


def test_a_connection_made_after_consent_keeps_the_tokens(journey):
    link, _ = journey.authorize()
    journey.browser.get(journey.agree(link))
    location = next(iter(journey.sandbox.locations.values()))

    answer = journey.browser.post(journey.at, {"do": "next", **journey.fields(location=location)})

    assert answer.status_code == 302
    with scoped(journey.account.pk):
        store = Store.objects.get()
        owner = Owner("store", store.pk, store.realm, destination_of(shopify, gateway.settings_of_row(store)))
        sealed, _ = credentials.load(owner)
    assert sealed.refresh is not None


def test_the_installations_own_app_is_used_where_the_store_names_none(journey, monkeypatch):
    app = journey.sandbox.own_app
    monkeypatch.setenv("CROSSDOCK_APP__SHOPIFY", f"{app['client_id']}:{app['client_secret']}")
    assert app_of(shopify).client_id == app["client_id"]

    link, _ = journey.authorize(client_id="", client_secret="")
    answer = journey.browser.get(journey.agree(link))

    assert answer.url == journey.at
    assert journey.tokens() is not None


def test_without_any_app_the_client_id_is_asked_for(journey):
    link, page = journey.authorize(client_id="", client_secret="")

    assert link is None
    assert "This Crossdock has no Shopify app of its own." in page.content.decode()


def refused(answer):
    assert answer.status_code in (409, 404), answer.status_code
    return answer.content.decode()


def test_a_callback_works_once(journey):
    link, _ = journey.authorize()
    callback = journey.agree(link)
    state = journey.browser.cookies[cookie_name()].value
    journey.browser.get(callback)
    journey.browser.cookies[cookie_name()] = state

    assert "used already or is older than ten minutes" in refused(journey.browser.get(callback))


def test_a_callback_of_another_browser_is_refused(journey):
    link, _ = journey.authorize()

    answer = signed_in_client(journey.person).get(journey.agree(link))

    assert "not begun in this browser" in refused(answer)
    assert journey.tokens() is None


def test_a_callback_of_another_person_is_refused(journey):
    link, _ = journey.authorize()
    other = signed_in_client(a_person(journey.account))
    other.cookies[cookie_name()] = journey.browser.cookies[cookie_name()].value

    assert "used already or is older" in refused(other.get(journey.agree(link)))


def test_a_callback_whose_state_was_swapped_for_an_own_one_is_refused(journey, sandbox):
    attacker = Journey(sandbox)
    stolen, _ = attacker.authorize()
    journey.authorize()

    assert "not begun in this browser" in refused(journey.browser.get(attacker.agree(stolen)))


def test_a_callback_after_ten_minutes_is_refused(journey):
    link, _ = journey.authorize()
    with scoped(journey.account.pk), database.cursor() as cursor:
        cursor.execute("update sign_in_state set created_at = now() - interval '11 minutes'")

    assert "older than ten minutes" in refused(journey.browser.get(journey.agree(link)))


def test_a_callback_for_another_shop_gives_no_access(journey):
    link, _ = journey.authorize()
    other = journey.sandbox.shop
    other.add_shop("somebody-elses")
    asked = parse_qs(urlsplit(link).query)
    query = other.callback_query("somebody-elses", asked["client_id"][0], ("read_orders",), asked["state"][0])

    answer = journey.browser.get(f"{CALLBACK}?{query}")

    assert "and this store is" in journey.browser.get(answer.url).content.decode()
    assert journey.tokens() is None


def test_a_forged_signature_gives_no_access_and_uses_the_state_up(journey):
    link, _ = journey.authorize()
    callback = journey.agree(link)

    journey.browser.get(re.sub("hmac=[0-9a-f]+", "hmac=" + "0" * 64, callback))

    assert journey.tokens() is None
    with scoped(journey.account.pk):
        assert SignInState.objects.get().used_at is not None


def test_a_shop_that_was_changed_meanwhile_gives_no_access(journey):
    link, _ = journey.authorize()
    journey.browser.post(journey.at, {"do": "show", **journey.fields(shop="another-shop")})

    answer = journey.browser.get(journey.agree(link))

    assert "changed after you chose Authorize" in journey.browser.get(answer.url).content.decode()
    assert journey.tokens() is None


def test_somebody_who_says_no_is_told_so(journey):
    link, _ = journey.authorize()
    state = parse_qs(urlsplit(link).query)["state"][0]

    answer = journey.browser.get(f"{CALLBACK}?error=access_denied&state={state}")

    assert "was not given access" in journey.browser.get(answer.url).content.decode()


def test_nobody_comes_back_without_being_signed_in(journey):
    link, _ = journey.authorize()

    assert Client().get(journey.agree(link)).url.startswith("/sign-in/login/")


def test_a_platform_that_is_not_known_is_not_there(journey):
    assert journey.browser.get("/oauth/nowhere/callback?state=x").status_code == 404


def test_a_store_that_is_here_can_be_authorized_again(journey):
    location = next(iter(journey.sandbox.locations.values()))
    own = posted("store", "shopify", journey.sandbox.store_fields(location=location))
    journey.browser.post(journey.at, {"do": "next", **own})
    with scoped(journey.account.pk):
        store = Store.objects.get()
    journey.at = journey.url("store", public_id=store.public_id)

    link, _ = journey.authorize(location=location)
    answer = journey.browser.get(journey.agree(link))

    assert answer.url == journey.at
    with scoped(journey.account.pk):
        store.refresh_from_db()
        owner = Owner("store", store.pk, store.realm, destination_of(shopify, gateway.settings_of_row(store)))
        sealed, _ = credentials.load(owner)
        assert SignInState.objects.get().sealed is None
    assert (store.settings["access"], sealed.refresh is not None) == ("oauth", True)
