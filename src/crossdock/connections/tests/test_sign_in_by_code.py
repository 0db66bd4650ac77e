"""Authorize where the platform is asked first and shows a code: OAuth 1.0a, with the code typed here."""

import re

import pytest
from django.urls import reverse

from crossdock.accounts.testing import a_person, actor_of, an_account, signed_in_client
from crossdock.connections import drafts
from crossdock.connections.models import SignInState, Store
from crossdock.connections.oauth import cookie_name
from crossdock.connections.tests.rig import posted
from crossdock.connectors.nuorder.simulator import NuOrderSimulator
from crossdock.connectors.nuorder.simulator.server import DEMO_KEY, DEMO_SECRET
from crossdock.tenancy.scope import scoped

CALLBACK = "/oauth/nuorder/callback"


class Journey:
    """A person at the wizard's last step, with a portal that an admin has to approve."""

    def __init__(self, sandbox, portal):
        self.sandbox = sandbox
        self.portal = portal
        self.account = an_account("Northline")
        self.person = a_person(self.account)
        self.browser = signed_in_client(self.person)
        at = self.browser.post(self.url("new"), {"name": "Acme to Reno"}).url
        at = self.browser.post(at, {"how": "new", "name": "Acme"}).url
        self.at = self.browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields())}).url
        self.browser.post(self.at, {"do": "show", "how": "new", "platform": "nuorder"})

    def url(self, name, **kwargs):
        return reverse(f"connections:{name}", kwargs={"account": self.account.public_id, **kwargs})

    def fields(self, **changed):
        typed = {"access": "approve", "consumer_key": DEMO_KEY, "consumer_secret": DEMO_SECRET}
        return posted("store", "nuorder", {**typed, **changed})

    def authorize(self, **changed):
        """Press Authorize; the page that asks for the code, and its state."""
        answer = self.browser.post(self.at, {"do": "authorize", **self.fields(**changed)})
        found = re.search(r'name="state" value="([^"]+)"', answer.content.decode())
        return answer, found[1] if found else None

    def finish(self, state, code):
        return self.browser.post(CALLBACK, {"state": state, "code": code})

    def tokens(self):
        with scoped(self.account.pk):
            (one,) = drafts.open_drafts(actor_of(self.account, self.person))
            return drafts.load(actor_of(self.account, self.person), one.public_id).secrets("store").tokens()

    def page(self, url):
        return self.browser.get(url).content.decode()


@pytest.fixture
def journey(sandbox, monkeypatch):
    portal = NuOrderSimulator()
    sandbox.do(portal.start())
    monkeypatch.setenv("CROSSDOCK_BASE_URL__NUORDER", f"{portal.url}/nuorder/{{application_type}}")
    yield Journey(sandbox, portal)
    sandbox.do(portal.stop())


def test_an_application_waits_for_approval_before_the_person_leaves(journey):
    page, state = journey.authorize()

    text = page.content.decode()
    (pending,) = journey.portal.access.pending.values()
    assert pending.name == "Crossdock"
    assert f'href="{journey.portal.url}/nuorder/wholesale"' in text
    assert 'name="code"' in text
    assert pending.secret not in text
    assert page.cookies[cookie_name()].value == state


def test_the_temporary_secret_is_kept_sealed(journey):
    journey.authorize()

    (pending,) = journey.portal.access.pending.values()
    with scoped(journey.account.pk):
        row = SignInState.objects.get()
    assert row.sealed
    assert pending.secret.encode() not in bytes(row.sealed)
    assert pending.secret not in str(row.draft)


def test_the_code_an_admin_was_shown_gives_access(journey):
    _, state = journey.authorize()
    code = journey.portal.approve("Crossdock")

    answer = journey.finish(state, f" {code} ")

    assert answer.url == journey.at
    tokens = journey.tokens()
    assert journey.portal.access.tokens[tokens.access.reveal()][0] == tokens.refresh.reveal()
    page = journey.page(answer.url)
    assert "NuORDER gave access." in page
    assert "Authorize again" in page
    assert tokens.refresh.reveal() not in page


def test_a_store_can_be_made_with_the_access(journey):
    _, state = journey.authorize()
    journey.finish(state, journey.portal.approve())

    answer = journey.browser.post(journey.at, {"do": "next", **journey.fields()})

    assert answer.status_code == 302
    with scoped(journey.account.pk):
        assert Store.objects.get().platform == "nuorder"


def test_a_wrong_code_gives_no_access_and_uses_the_state_up(journey):
    _, state = journey.authorize()
    code = journey.portal.approve()

    wrong = journey.page(journey.finish(state, "GUESS").url)
    again = journey.finish(state, code)

    assert "NuORDER does not take this code" in wrong
    assert again.status_code == 409
    assert journey.tokens() is None


def test_a_code_before_the_approval_gives_no_access(journey):
    _, state = journey.authorize()

    answer = journey.finish(state, "")

    assert "Type the verifier code" in journey.page(answer.url)
    assert journey.tokens() is None


def test_a_wrong_consumer_secret_is_told_beside_the_field_before_anybody_leaves(journey):
    page, state = journey.authorize(consumer_secret="wrong")

    text = page.content.decode()
    assert page.status_code == 422
    assert state is None
    assert re.search(r'id="id_store-consumer_key_error">.*?NuORDER refuses the consumer key and secret', text, re.S)
    assert journey.portal.access.pending == {}


def test_a_code_typed_in_another_browser_is_refused(journey):
    _, state = journey.authorize()
    code = journey.portal.approve()

    answer = signed_in_client(journey.person).post(CALLBACK, {"state": state, "code": code})

    assert answer.status_code == 409
    assert journey.tokens() is None


def test_nobody_calls_back_where_a_code_is_typed(journey):
    _, state = journey.authorize()
    code = journey.portal.approve()

    answer = journey.browser.get(f"{CALLBACK}?state={state}&code={code}")

    assert answer.status_code == 404


def test_nobody_types_a_code_where_the_platform_calls_back(journey):
    answer = journey.browser.post("/oauth/shopify/callback", {"state": "x", "code": "y"})

    assert answer.status_code == 404
