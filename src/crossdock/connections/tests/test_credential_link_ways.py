"""Credential links of platforms that give access themselves, of warehouses, and of what is still being added."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from crossdock.accounts.rights import system
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import checking, credentials, gateway, oauth, sites
from crossdock.connections.credentials import Owner
from crossdock.connections.models import CredentialLink, SignInState, Store, Warehouse
from crossdock.connections.realms import destination_of
from crossdock.connections.tests.link_rig import CALLBACK, OLD_TOKEN, Case, agree, link_on
from crossdock.connections.tests.rig import PASSWORD, posted
from crossdock.connectors.files import connector as files
from crossdock.connectors.files.settings import Settings as FilesSettings
from crossdock.connectors.nuorder.simulator import NuOrderSimulator
from crossdock.connectors.nuorder.simulator.server import DEMO_KEY, DEMO_SECRET
from crossdock.connectors.shopify import connector as shopify
from crossdock.tenancy.scope import scoped


@pytest.fixture
def case(sandbox):
    return Case(sandbox)


def shown(answer):
    return answer.content.decode()


# --- Agreeing at the platform --------------------------------------------------------------------------------------------------------


def by_consent(case):
    own = {f"credentials-{name}": value for name, value in case.sandbox.own_app.items()}
    return {"credentials-access": "oauth", **own}


def set_out(case, form):
    """Choose Authorize; the platform's address."""
    answer = case.merchant.post(form, {"do": "authorize", **by_consent(case)})
    return re.search(r'<a class="btn btn-primary" href="([^"]+)"', shown(answer))[1].replace("&amp;", "&")


def refresh_token(case):
    with scoped(case.account.pk):
        store = Store.objects.get(pk=case.store.pk)
        owner = Owner("store", store.pk, store.realm, destination_of(shopify, gateway.settings_of_row(store)))
        return credentials.load(owner)[0].refresh


def test_a_merchant_agrees_at_the_platform_without_an_account(case):
    form = case.open()

    answer = case.merchant.get(agree(case, set_out(case, form)))

    assert (answer.status_code, answer.url) == (303, "/credentials/done/")
    assert refresh_token(case) is not None
    assert case.merchant.get(form).status_code == 410
    assert case.audited()[-1] == ("credentials.arrived", None)


def test_what_was_typed_waits_sealed_and_the_sign_in_is_the_links_alone(case):
    set_out(case, case.open())

    with scoped(case.account.pk):
        row = SignInState.objects.get()
    assert (row.person_id, row.link_id) == (None, case.link.pk)
    assert case.sandbox.own_app["client_secret"].encode() not in bytes(row.sealed)
    assert case.sandbox.own_app["client_secret"] not in str(row.draft)


def test_the_way_back_is_refused_in_another_browser_and_to_a_member_of_the_account(case):
    callback = agree(case, set_out(case, case.open()))
    member = signed_in_client(case.person)
    member.cookies[oauth.cookie_name()] = case.merchant.cookies[oauth.cookie_name()].value

    answers = [Client().get(callback), member.get(callback)]

    assert [answer.status_code for answer in answers] == [409, 403]
    assert case.stored_token() == OLD_TOKEN


def test_the_way_back_works_once(case):
    callback = agree(case, set_out(case, case.open()))
    state = case.merchant.cookies[oauth.cookie_name()].value
    case.merchant.get(callback)
    case.merchant.cookies[oauth.cookie_name()] = state

    # Nobody's sign-in any more, so it is taken for that of a person, who has to sign in first.
    assert case.merchant.get(callback).url.startswith("/sign-in/login/")


def test_a_link_that_is_revoked_while_somebody_agrees_gets_nothing(case):
    callback = agree(case, set_out(case, case.open()))
    case.operator.post(case.asking, {"do": "revoke"})

    assert case.merchant.get(callback).status_code == 410
    assert refresh_token(case) is None


def test_somebody_who_says_no_is_back_at_the_form_and_told_so(case):
    form = case.open()
    state = parse_qs(urlsplit(set_out(case, form)).query)["state"][0]

    answer = case.merchant.get(f"{CALLBACK}?error=access_denied&state={state}")

    assert answer.url == form
    assert "was not given access" in shown(case.merchant.get(form))
    assert case.link.tests == 1


def test_another_shop_that_agrees_is_not_attached(case):
    form = case.open()
    with scoped(case.account.pk):
        Store.objects.filter(pk=case.store.pk).update(identity="another shop's id")

    answer = case.merchant.get(agree(case, set_out(case, form)))

    assert answer.url == form
    assert "not to Acme shop" in shown(case.merchant.get(form))
    assert refresh_token(case) is None


def test_testing_where_consent_is_wanted_says_so_and_costs_no_try(case):
    answer = case.merchant.post(case.open(), by_consent(case))

    assert "Choose Authorize" in shown(answer)
    assert case.link.tests == 0


def test_a_code_that_the_platform_shows_is_typed_into_the_link(sandbox, monkeypatch):
    portal = NuOrderSimulator()
    sandbox.do(portal.start())
    try:
        monkeypatch.setenv("CROSSDOCK_BASE_URL__NUORDER", f"{portal.url}/nuorder/{{application_type}}")
        operator, at = a_draft(sandbox, "nuorder")
        merchant = Client()
        form = merchant.post(link_on(operator.post(f"{at}ask/", {"do": "ask"}))).url
        keys = {"access": "approve", "consumer_key": DEMO_KEY, "consumer_secret": DEMO_SECRET, "signature": "legacy"}
        more = {"application_type": "wholesale", "environment": "production", "application_name": "Crossdock"}
        page = shown(merchant.post(form, {"do": "authorize", **{f"credentials-{k}": v for k, v in (keys | more).items()}}))
        (pending,) = portal.access.pending.values()
        state = re.search(r'name="state" value="([^"]+)"', page)[1]

        answer = merchant.post(form.replace("/form/", "/code/"), {"state": state, "code": portal.approve(pending.name)})

        assert answer.url == "/credentials/done/", shown(merchant.get(form))
        assert "Credentials arrived, and work." in shown(operator.get(at))
    finally:
        sandbox.do(portal.stop())


# --- What is still being added -------------------------------------------------------------------------------------------------------


def a_draft(sandbox, platform, account=None):
    """The operator's browser at the wizard's last step, and that step's path."""
    account = account or an_account("Northline Fulfillment")
    operator = signed_in_client(a_person(account))
    at = operator.post(reverse("connections:new", kwargs={"account": account.public_id}), {"name": "Acme to Reno"}).url
    at = operator.post(at, {"how": "new", "name": "Acme"}).url
    at = operator.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields())}).url
    operator.post(at, {"do": "show", "how": "new", "platform": platform})
    return operator, at


def test_the_credentials_of_a_new_store_arrive_in_the_wizard_where_they_were_asked_for(sandbox):
    operator, at = a_draft(sandbox, "shopify")
    merchant = Client()
    form = merchant.post(link_on(operator.post(f"{at}ask/", {"do": "ask"}))).url
    token = sandbox.shop.give_token(sandbox.handle)

    answer = merchant.post(
        form, {"credentials-shop": sandbox.handle, "credentials-access": "token", "credentials-admin_token": token}
    )

    page = shown(operator.get(at))
    assert answer.url == "/credentials/done/"
    assert "Credentials arrived, and work." in page
    assert f'value="{sandbox.handle}"' in page
    assert token not in page
    for number in sandbox.locations.values():
        assert f'<option value="{number}">' in page


def test_an_address_that_whoever_asks_has_typed_cannot_be_changed_by_who_is_asked(sandbox):
    operator, at = a_draft(sandbox, "shopify")
    operator.post(at, {"do": "test", **posted("store", "shopify", {"shop": sandbox.handle})})
    merchant = Client()
    form = merchant.post(link_on(operator.post(f"{at}ask/", {"do": "ask"}))).url
    token = sandbox.shop.give_token(sandbox.handle)

    page = shown(merchant.get(form))
    answer = merchant.post(
        form, {"credentials-shop": "somebody-elses", "credentials-access": "token", "credentials-admin_token": token}
    )

    assert 'name="credentials-shop"' not in page
    assert answer.url == "/credentials/done/"
    assert f'value="{sandbox.handle}"' in shown(operator.get(at))


def test_a_secret_that_whoever_asks_has_typed_is_not_used_for_one_that_was_not(sandbox):
    operator, at = a_draft(sandbox, "shopify")
    token = sandbox.shop.give_token(sandbox.handle)
    mine = {"shop": sandbox.handle, "access": "token", "admin_token": token}
    operator.post(at, {"do": "test", **posted("store", "shopify", mine)})
    merchant = Client()
    form = merchant.post(link_on(operator.post(f"{at}ask/", {"do": "ask"}))).url

    answer = merchant.post(form, {"credentials-access": "token", "credentials-admin_token": ""})

    assert answer.status_code == 422
    assert "Enter the token." in shown(answer)


def test_a_draft_that_became_another_platforms_asks_for_nothing(sandbox):
    operator, at = a_draft(sandbox, "shopify")
    merchant = Client()
    form = merchant.post(link_on(operator.post(f"{at}ask/", {"do": "ask"}))).url
    operator.post(at, {"do": "show", "how": "new", "platform": "bigcommerce"})

    assert merchant.get(form).status_code == 410


def test_a_colleagues_draft_is_not_there_to_ask_for(sandbox):
    account = an_account("Northline Fulfillment")
    _, at = a_draft(sandbox, "shopify", account)
    colleague = signed_in_client(a_person(account))

    assert colleague.get(f"{at}ask/").status_code == 404


# --- Warehouses ----------------------------------------------------------------------------------------------------------------------


def test_a_warehouse_gets_a_new_password_by_a_link(sandbox):
    account = an_account("Northline Fulfillment")
    person = a_person(account)
    good = FilesSettings.model_validate(sandbox.warehouse_fields())
    identity = checking.check(files, good, account_public_id="x").outcome.found()
    with scoped(account.pk):
        found = sites.save_warehouse(
            actor=system(account.pk),
            platform="files",
            name="Reno warehouse",
            settings=good.model_copy(update={"password": type(good.password)("gone")}),
            identity=identity,
        )
    where = {"account": account.public_id, "side": "warehouse", "public_id": found.public_id}
    operator, merchant = signed_in_client(person), Client()
    form = merchant.post(link_on(operator.post(reverse("connections:asking", kwargs=where), {"do": "ask"}))).url

    answer = merchant.post(form, {"credentials-username": "acme", "credentials-password": PASSWORD, "credentials-host_key": ""})

    assert answer.url == "/credentials/done/"
    with scoped(account.pk):
        warehouse = Warehouse.objects.get()
        owner = Owner("warehouse", warehouse.pk, warehouse.realm, destination_of(files, gateway.settings_of_row(warehouse)))
        assert credentials.load(owner)[0].secrets["password"] == PASSWORD
        assert CredentialLink.objects.get().warehouse_id == warehouse.pk


# --- Where do I find these? ----------------------------------------------------------------------------------------------------------


def test_forms_lead_to_the_page_that_says_where_each_value_stands(case):
    operator, at = a_draft(case.sandbox, "nuorder")
    wizard, site = shown(operator.get(at)), shown(case.operator.get(case.asking.replace("store-credentials", "stores")))

    assert 'href="/help/nuorder/credentials/"' in wizard
    assert f'href="{at}ask/"' in wizard
    assert 'href="/help/shopify/credentials/"' in site
    assert f'href="{case.asking}"' in site
