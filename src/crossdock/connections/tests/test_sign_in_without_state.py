"""Authorize at a platform that may not hand the state back: the browser's cookie stands in for it, and nothing else does."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.urls import reverse

from crossdock.accounts.testing import a_person, actor_of, an_account, signed_in_client
from crossdock.connections import drafts
from crossdock.connections.oauth import cookie_name
from crossdock.connections.tests.rig import posted
from crossdock.connectors.bigcommerce.simulator.server import APP, DEMO_STORE, BigCommerceSimulator
from crossdock.tenancy.scope import scoped

CALLBACK = "/oauth/bigcommerce/callback"


class Journey:
    """A person at the wizard's last step, with a store that is authorized in the browser."""

    def __init__(self, sandbox, platform):
        self.platform = platform
        self.account = an_account("Northline")
        self.person = a_person(self.account)
        self.browser = signed_in_client(self.person)
        at = self.browser.post(self.url("new"), {"name": "Acme to Reno"}).url
        at = self.browser.post(at, {"how": "new", "name": "Acme"}).url
        self.at = self.browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields())}).url
        self.browser.post(self.at, {"do": "show", "how": "new", "platform": "bigcommerce"})

    def url(self, name, **kwargs):
        return reverse(f"connections:{name}", kwargs={"account": self.account.public_id, **kwargs})

    def authorize(self):
        """Press Authorize and agree: what the platform calls back with, the state left out."""
        secret = self.platform.access.apps[APP].client_secret
        typed = {"access": "oauth", "store_hash": DEMO_STORE, "client_id": APP, "client_secret": secret}
        page = self.browser.post(self.at, {"do": "authorize", **posted("store", "bigcommerce", typed)}).content.decode()
        link = re.search(r'<a class="btn btn-primary" href="([^"]+)"', page)[1].replace("&amp;", "&")
        asked = dict(parse_qsl(urlsplit(link).query))
        code = self.platform.access.code(DEMO_STORE, APP, tuple(asked["scope"].split()), asked["redirect_uri"])
        return {"code": code, "scope": asked["scope"], "context": asked["context"]}, asked["state"]

    def tokens(self):
        with scoped(self.account.pk):
            (one,) = drafts.open_drafts(actor_of(self.account, self.person))
            return drafts.load(actor_of(self.account, self.person), one.public_id).secrets("store").tokens()


@pytest.fixture
def journey(sandbox, monkeypatch):
    platform = BigCommerceSimulator()
    sandbox.do(platform.start())
    monkeypatch.setenv("CROSSDOCK_BASE_URL__BIGCOMMERCE", f"{platform.url}/stores/{{store_hash}}")
    yield Journey(sandbox, platform)
    sandbox.do(platform.stop())


def back(journey, query, browser=None):
    return (browser or journey.browser).get(f"{CALLBACK}?{urlencode(query)}")


def test_consent_counts_in_the_browser_that_set_out(journey):
    query, _ = journey.authorize()

    answer = back(journey, query)

    assert answer.url == journey.at
    assert journey.tokens() is not None


def test_a_state_that_comes_back_is_held_against_the_cookie_all_the_same(journey):
    query, state = journey.authorize()

    forged = back(journey, {**query, "state": "another"})
    empty = back(journey, {**query, "state": ""})

    assert (forged.status_code, empty.status_code, journey.tokens()) == (409, 409, None)
    assert back(journey, {**query, "state": state}).url == journey.at


def test_another_browser_is_refused(journey):
    query, _ = journey.authorize()

    answer = back(journey, query, signed_in_client(journey.person))

    assert answer.status_code == 409
    assert journey.tokens() is None


def test_another_person_is_refused(journey):
    query, _ = journey.authorize()
    other = signed_in_client(a_person(journey.account))
    other.cookies[cookie_name()] = journey.browser.cookies[cookie_name()].value

    assert back(journey, query, other).status_code == 409


def test_it_works_once(journey):
    query, state = journey.authorize()
    back(journey, query)
    journey.browser.cookies[cookie_name()] = state

    assert back(journey, query).status_code == 409


def test_a_sign_in_begun_elsewhere_is_not_ended_here(journey):
    query, _ = journey.authorize()

    answer = journey.browser.get(f"/oauth/shopify/callback?{urlencode(query)}")

    assert answer.status_code == 409
    assert journey.tokens() is None
