"""Whoever signed in long ago confirms before doing lasting harm: walked over every guarded address, and over every right."""

import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory
from django.urls import reverse

from crossdock.accounts.confirming import ask
from crossdock.accounts.models import Role
from crossdock.accounts.rights import CONFIRMED, RIGHTS, Actor, NotConfirmed, Right
from crossdock.accounts.testing import PASSWORD, a_person, an_account, signed_in_client
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner, Sealed
from crossdock.connections.drafts import Draft
from crossdock.connections.drafts import save as save_draft
from crossdock.connections.drafts import start as start_draft
from crossdock.connections.models import Connection, Store
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.tenancy.scope import scoped
from security.test_every_address import addresses, filled

pytestmark = pytest.mark.usefixtures("db_ready")

LONG_AGO = timedelta(minutes=16)
A_MOMENT_AGO = timedelta(minutes=14)
ERP = {
    "instance_url": "https://erp.example.com/Acme",
    "client_id": "00000000-0000-0000-0000-000000000000@Company",
    "username": "crossdock",
}


class House:
    """An account with a connection that observes, a store told by hand where to announce, and a draft of another connection."""

    def __init__(self):
        self.account = an_account()
        self.person = a_person(self.account)
        self.link = a_connection(self.account, mode="observe")
        self.erp = a_store(self.account, platform="acumatica", settings=ERP)
        with scoped(self.account.pk):
            for store, secrets in ((self.link.store, {"admin_token": "t"}), (self.erp, {"password": "p"})):
                platform, settings = gateway.platform_named(store.platform), gateway.settings_of_row(store)
                credentials.save(Owner("store", store.pk, store.realm, destination_of(platform, settings)), Sealed(secrets))
        self.draft = self.a_draft()

    def a_draft(self) -> Draft:
        actor = Actor(self.account.pk, self.person.pk, Role.ADMINISTRATOR)
        with scoped(self.account.pk):
            draft = start_draft(actor)
            draft.values.name, draft.values.reached = "Another", 3
            save_draft(actor, draft)
            return draft

    def browser(self, ago=LONG_AGO):
        return signed_in_client(self.person, ago=ago)

    def url(self, name, **kwargs):
        return reverse(name, kwargs={"account": self.account.public_id, **kwargs})

    @property
    def guarded(self):
        """What asks first: (method, address, what is posted)."""
        link, store = {"public_id": self.link.public_id}, {"public_id": self.link.store.public_id}
        warehouse = {"public_id": self.link.warehouse.public_id}
        steps = [self.url("connections:wizard", draft=self.draft.public_id, step=side) for side in ("warehouse", "store")]
        return [
            ("get", self.url("fulfillment:go_live", **link), {}),
            ("post", self.url("fulfillment:go_live", **link), {"older": "leave"}),
            *(("get", step, {}) for step in steps),
            *(("post", step, {"do": do}) for step in steps for do in ("test", "next", "authorize")),
            *(("post", self.url("connections:store", **store), {"do": do}) for do in ("test", "save", "authorize", "offer")),
            *(("post", self.url("connections:warehouse", **warehouse), {"do": do}) for do in ("test", "save")),
            *(
                ("post", self.url("connections:settings", **link), {"do": "save", "part": side})
                for side in ("store", "warehouse")
            ),
            ("post", self.url("connections:webhook_address", public_id=self.erp.public_id), {}),
            ("post", self.url("connections:asking", side="store", **store), {}),
        ]


@pytest.fixture
def house():
    return House()


def is_asked(answer):
    return answer.status_code == 302 and answer.url.startswith("/sign-in/reauthenticate/")


def back_from(answer):
    """Where the page that asks leads to afterwards."""
    return parse_qs(urlsplit(answer.url).query)["next"][0]


def confirm(browser, answer, password=PASSWORD):
    return browser.post("/sign-in/reauthenticate/", {"password": password, "next": back_from(answer)})


# --- What is guarded ------------------------------------------------------------------------------------------------------------


def test_each_guarded_address_asks_and_leads_back_to_a_page_of_its_own(house):
    browser = house.browser()

    for method, address, data in house.guarded:
        answer = getattr(browser, method)(address, data, headers={"Referer": f"http://testserver{house.url('connections:list')}"})

        assert is_asked(answer), (method, address, data)
        assert back_from(answer).startswith(f"/a/{house.account.slug}/"), address
    with scoped(house.account.pk):
        assert set(Connection.objects.values_list("mode", flat=True)) == {"observe"}
        assert not Store.objects.exclude(hook_hash=None).exists()


def test_none_of_them_asks_somebody_who_signed_in_a_moment_ago(house):
    browser = house.browser(A_MOMENT_AGO)

    for method, address, data in house.guarded:
        if data.get("do") not in {"test", "save", "next", "authorize", "offer"}:  # those would talk to a platform
            assert not is_asked(getattr(browser, method)(address, data)), (method, address, data)


def test_every_address_that_needs_such_a_right_asks_before_it_looks_for_anything(house):
    browser = house.browser()
    needing = {route: view for route, view in addresses() if getattr(view, "required_right", None) in CONFIRMED}

    answers = {route: browser.post(filled(route, house.account.slug)) for route in needing}

    assert needing
    assert all(is_asked(answer) or answer.status_code == 405 for answer in answers.values()), answers


@pytest.mark.parametrize("right", Right)
def test_a_right_asks_whoever_is_not_sure_to_be_the_same_person(right):
    stale = Actor(1, 2, Role.ADMINISTRATOR, is_confirmed=False)

    asked = False
    try:
        stale.require(right)
    except NotConfirmed:
        asked = True

    assert asked is (right in CONFIRMED)
    stale.require_role(right)
    Actor(1, 2, Role.ADMINISTRATOR).require(right)


def test_the_rights_that_ask_are_these():
    assert {Right.GO_LIVE, Right.REPLACE_CREDENTIALS, Right.MANAGE_PEOPLE} == CONFIRMED
    assert not CONFIRMED & RIGHTS[Role.MERCHANT]


# --- How it is asked ------------------------------------------------------------------------------------------------------------


def test_after_the_password_the_choice_is_there_again_and_is_done_by_a_second_press(house):
    browser = house.browser()
    address = house.url("fulfillment:go_live", public_id=house.link.public_id)
    asked = browser.post(address, {"older": "leave"})

    page = browser.get(confirm(browser, asked).url)
    with scoped(house.account.pk):
        mode_before = Connection.objects.get().mode
    done = browser.post(address, {"older": "leave"})

    assert '<input class="form-check-input" type="radio" name="older" value="leave" required checked>' in page.content.decode()
    assert (mode_before, done.status_code) == ("observe", 302)
    with scoped(house.account.pk):
        assert Connection.objects.get().mode == "live"


def test_a_wrong_password_confirms_nothing(house):
    browser = house.browser()
    asked = browser.get(house.url("fulfillment:go_live", public_id=house.link.public_id))

    answer = confirm(browser, asked, "not the password")

    assert answer.status_code == 200
    assert is_asked(browser.get(house.url("fulfillment:go_live", public_id=house.link.public_id)))


def test_what_was_typed_into_the_settings_is_there_again_but_for_secrets(house):
    browser = house.browser()
    address = house.url("connections:store", public_id=house.link.store.public_id)
    typed = {
        "do": "save",
        "part": "store",
        "site_name": "A new name",
        "store-order_number_prefix": "ACME-",
        "store-admin_token": "a token nobody may find",
    }

    asked = browser.post(address, typed)
    kept = str(dict(browser.session.items()))
    page = browser.get(confirm(browser, asked).url).content.decode()
    again = browser.get(address).content.decode()

    assert "a token nobody may find" not in kept
    assert "a token nobody may find" not in page
    assert ("A new name" in page, "ACME-" in page, "what you typed before you confirmed" in page) == (True, True, True)
    assert "A new name" not in again
    with scoped(house.account.pk):
        assert Store.objects.get(pk=house.link.store.pk).name == house.link.store.name


def test_what_was_typed_into_one_page_is_shown_on_no_other_and_only_once(house):
    browser = house.browser()
    typed = {"do": "save", "part": "store", "site_name": "A new name"}
    store, other = (house.url("connections:store", public_id=one.public_id) for one in (house.link.store, house.erp))
    asked = browser.post(store, typed)
    browser.get(store)
    confirm(browser, asked)

    pages = [browser.get(page).content.decode() for page in (other, store, store)]

    assert ["A new name" in page for page in pages] == [False, True, False]


def test_more_than_fits_into_a_session_is_not_kept(house):
    browser = house.browser()
    address = house.url("connections:store", public_id=house.link.store.public_id)
    typed = {"do": "save", "part": "store", "site_name": "A new name" * 2_001}

    page = browser.get(confirm(browser, browser.post(address, typed)).url).content.decode()

    assert "A new name" not in page


def test_the_wizard_keeps_everything_in_its_draft(house):
    browser = house.browser()
    address = house.url("connections:wizard", draft=house.draft.public_id, step="warehouse")
    typed = {"how": "new", "platform": "files", "rendered": "files", "site_name": "Reno", "do": "test"}

    asked = browser.post(address, typed)
    page = browser.get(confirm(browser, asked).url)

    assert page.status_code == 200
    assert 'value="Reno"' in page.content.decode()


def test_a_page_shows_its_facts_and_a_button_in_place_of_the_settings(house):
    browser = house.browser()
    address = house.url("connections:store", public_id=house.link.store.public_id)

    before = browser.get(address).content.decode()
    browser.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    after = browser.get(address).content.decode()

    assert ("store-form" in before, "/sign-in/reauthenticate/?next=" in before) == (False, True)
    assert ("store-form" in after, "/sign-in/reauthenticate/?next=" in after) == (True, False)


def test_htmx_is_told_to_leave_the_page_and_comes_back_to_it(house):
    address = house.url("connections:store", public_id=house.link.store.public_id)
    page = house.url("connections:settings", public_id=house.link.public_id)

    answer = house.browser().post(
        house.url("connections:webhook_address", public_id=house.erp.public_id),
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"},
    )
    typed = house.browser().post(address, {"do": "test"}, headers={"HX-Request": "true"})

    assert (answer.status_code, typed.status_code) == (204, 204)
    assert typed.headers["HX-Redirect"].startswith("/sign-in/reauthenticate/?next=")


@pytest.mark.parametrize("was_at", ["https://attacker.example.com/a/", "//attacker.example.com/", "javascript:alert(1)", ""])
def test_nobody_is_led_to_another_site_by_a_forged_page_address(was_at):
    request = RequestFactory().post("/a/x/", headers={"Referer": was_at})
    request._messages = CookieStorage(request)

    assert ask(request, NotConfirmed()).url == "/sign-in/reauthenticate/?next=%2F"


def test_a_code_of_the_authenticator_app_confirms_as_well(house):
    secret = generate_totp_secret()
    TOTP.activate(house.person, secret)
    browser = house.browser()
    asked = browser.get(house.url("fulfillment:go_live", public_id=house.link.public_id))

    page = browser.get(asked.url).content.decode()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = browser.post("/sign-in/2fa/reauthenticate/", {"code": code, "next": back_from(asked)})

    assert "/sign-in/2fa/reauthenticate/?next=" in page
    assert answer.url == back_from(asked)
    assert browser.get(answer.url).status_code == 200


def test_whoever_signs_in_need_not_confirm_for_a_quarter_of_an_hour(house):
    browser = house.browser(timedelta(days=1))
    browser.logout()
    browser.post("/sign-in/login/", {"login": house.person.email, "password": PASSWORD})

    assert browser.get(house.url("fulfillment:go_live", public_id=house.link.public_id)).status_code == 200


def test_looking_asks_nobody(house):
    browser = house.browser()
    names = ("connections:list", "connections:stores", "connections:warehouses", "orders:list", "accounts:settings")

    assert [browser.get(house.url(name)).status_code for name in names] == [200] * len(names)
    for name, row in (("one", house.link), ("settings", house.link), ("store", house.link.store)):
        assert browser.get(house.url(f"connections:{name}", public_id=row.public_id)).status_code == 200
