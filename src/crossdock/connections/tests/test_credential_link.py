"""A credential link: what it shows to whom, what ends it, and that nothing but credentials of the right shop comes through it."""

import hashlib
from datetime import UTC, datetime

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from crossdock.accounts.models import Membership, Person, Role
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.connections import checking, requests
from crossdock.connections.models import CredentialLink, Store
from crossdock.connections.requests import MOST_TESTS, LinkIsDead, OtherBrowser, cookie_name
from crossdock.connections.testing import a_connection, a_merchant
from crossdock.connections.tests.link_rig import OLD_TOKEN, Case, link_on
from crossdock.tenancy.scope import scoped


@pytest.fixture
def case(sandbox):
    return Case(sandbox)


def shown(answer):
    return answer.content.decode()


# --- The first look ------------------------------------------------------------------------------------------------------------------


def test_a_mail_scanners_look_consumes_nothing_says_nothing_and_sets_nothing(case):
    link = case.ask()
    before = {**vars(case.link), "_state": None}

    answers = [Client().get(link), Client().head(link), Client(headers={"User-Agent": "scanner"}).get(link)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not any(answer.cookies for answer in answers)
    page = shown(answers[0])
    assert not [name for name in ("Northline", "Robin", "Acme", "Shopify", case.sandbox.handle) if name in page]
    assert {**vars(case.link), "_state": None} == before
    assert case.merchant.post(link).status_code == 303


@pytest.mark.parametrize("name", ["link", "form"])
def test_no_page_of_it_is_cached_indexed_or_named_to_another_site(case, name):
    answer = case.merchant.get(case.ask() if name == "link" else case.open())

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_of_the_link_and_the_browser_only_hashes_are_stored(case):
    link = case.ask()
    token = link.split("/")[2]
    case.merchant.post(link)

    row = case.link
    secret = case.merchant.cookies[cookie_name(row)]
    assert bytes(row.token_hash) == hashlib.sha256(token.encode()).digest()
    assert bytes(row.browser_hash) == hashlib.sha256(secret.value.encode()).digest()
    assert (secret["httponly"], secret["samesite"], secret["path"]) == (True, "Lax", "/")
    assert token not in shown(case.operator.get(case.asking))


def test_a_link_that_never_was_is_not_there(case):
    answers = [case.merchant.get(f"/credentials/{token}/{page}") for token in ("x", "A" * 43) for page in ("", "form/")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


# --- The form ------------------------------------------------------------------------------------------------------------------------


def test_the_form_says_who_asks_for_what_and_nothing_else_of_the_account(case):
    with scoped(case.account.pk):
        Store.objects.filter(pk=case.store.pk).update(settings={**case.store.settings, "client_id": "THECLIENTID"})

    page = shown(case.merchant.get(case.open()))

    for name in ("Northline Fulfillment", "Robin Example", "Shopify", "Acme shop", case.sandbox.handle, "read_orders"):
        assert name in page
    for name in ("Acme Outdoor Holding", "THECLIENTID", OLD_TOKEN, case.person.email, "Fulfillment location"):
        assert name not in page
    assert "<h2>Get your credentials for Shopify</h2>" in page
    assert 'name="credentials-admin_token"' in page
    assert 'name="credentials-shop"' not in page


def test_a_second_browser_is_refused_everywhere(case):
    link = case.ask()
    form = case.merchant.post(link).url
    other = Client()

    answers = [other.get(link), other.post(link), other.get(form), other.post(form, case.typed())]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert not [name for answer in answers for name in ("Northline", "Acme shop") if name in shown(answer)]
    assert case.stored_token() == OLD_TOKEN
    assert case.merchant.get(form).status_code == 200


def test_the_form_of_a_link_that_nobody_opened_leads_to_its_first_page(case):
    link = case.ask()

    assert case.merchant.get(f"{link}form/").url == link
    assert case.link.browser_hash is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_press_continue_or_send_the_form(case, site):
    link = case.ask()
    pressed = case.merchant.post(link, headers={"Sec-Fetch-Site": site})
    unbound = case.link.browser_hash
    form = case.merchant.post(link).url

    sent = case.merchant.post(form, case.typed(), headers={"Sec-Fetch-Site": site})

    assert (pressed.status_code, unbound, sent.status_code) == (403, None, 403)
    assert case.stored_token() == OLD_TOKEN


# --- What comes through it -----------------------------------------------------------------------------------------------------------


def test_credentials_that_work_are_stored_and_end_the_link(case):
    form = case.open()
    typed = case.typed()

    answer = case.merchant.post(form, typed)

    assert (answer.status_code, answer.url) == (303, "/credentials/done/")
    assert case.stored_token() == typed["credentials-admin_token"]
    assert [case.merchant.get(path).status_code for path in (form, form.removesuffix("form/"))] == [410, 410]
    assert case.merchant.post(form, case.typed()).status_code == 410
    assert case.merchant.cookies[cookie_name(case.link)].value == ""
    assert "It works" in shown(case.merchant.get(answer.url))


def test_whoever_asked_sees_that_they_arrived_and_never_what(case):
    typed = case.typed()
    case.merchant.post(case.open(), typed)

    pages = [case.operator.get(case.asking), case.operator.get(case.asking.replace("store-credentials", "stores"))]

    for page in map(shown, pages):
        assert "Credentials arrived, and work." in page
        assert typed["credentials-admin_token"] not in page
    assert case.audited() == [("credentials.asked", case.person.pk), ("credentials.arrived", None)]
    with scoped(case.account.pk), database.cursor() as cursor:
        cursor.execute(
            "select kind from activity where store_id = %s and kind like 'connection.cred%%' order by id", [case.store.pk]
        )
        kinds = [kind for (kind,) in cursor.fetchall()]
    assert kinds == ["connection.credentials_asked", "connection.credentials_arrived"]


def test_nothing_but_credentials_is_taken_from_the_form(case):
    case.merchant.post(
        case.open(), case.typed(**{"credentials-shop": "somebody-elses", "credentials-location": "1", "site_name": "Mine now"})
    )

    with scoped(case.account.pk):
        store = Store.objects.get(pk=case.store.pk)
    assert (store.name, store.settings["shop"], store.settings["location"]) == (
        "Acme shop",
        case.sandbox.handle,
        case.store.settings["location"],
    )


def test_a_stored_secret_is_not_used_for_one_that_was_not_typed(case):
    answer = case.merchant.post(case.open(), {"credentials-access": "token", "credentials-admin_token": ""})

    assert answer.status_code == 422
    assert "Enter the token." in shown(answer)
    assert case.link.tests == 0


def test_credentials_of_another_shop_are_not_attached(case):
    with scoped(case.account.pk):
        Store.objects.filter(pk=case.store.pk).update(identity="another shop's id")

    answer = case.merchant.post(case.open(), case.typed())

    assert answer.status_code == 422
    assert "not to Acme shop" in shown(answer)
    assert (case.stored_token(), case.link.used_at, case.link.tests) == (OLD_TOKEN, None, 1)


def test_what_the_platform_said_is_told_to_both_without_what_was_typed(case):
    answer = case.merchant.post(case.open(), case.wrong())

    complaint, page = case.link.complaint, shown(case.operator.get(case.asking))
    assert answer.status_code == 422
    assert "Shopify" in complaint
    assert escape(complaint) in shown(answer).partition("cn-asked-guide")[0]
    assert "4 tries are left" in shown(answer)
    assert escape(complaint) in page
    assert "shpat_wrong" not in page + complaint


def test_the_key_of_a_link_is_in_no_log(case, caplog):
    form = case.open()
    case.merchant.post(form, case.wrong())
    case.operator.post(case.asking, {"do": "revoke"})
    case.merchant.get(form)

    assert form.split("/")[2] not in caplog.text


# --- What ends it --------------------------------------------------------------------------------------------------------------------


def test_five_tests_that_fail_end_it(case):
    form = case.open()

    answers = [case.merchant.post(form, case.wrong()).status_code for _ in range(MOST_TESTS)]

    assert answers == [422] * MOST_TESTS
    assert case.merchant.post(form, case.typed()).status_code == 410
    assert case.stored_token() == OLD_TOKEN
    assert "ended after five tests that failed" in shown(case.operator.get(case.asking))


def test_a_pause_that_is_asked_for_costs_no_try(case):
    form = case.open()
    for _ in range(checking.A_MINUTE):
        checking.count(case.account.pk)

    answer = case.merchant.post(form, case.typed())

    assert "Wait a minute" in shown(answer)
    assert case.link.tests == 0


def test_a_revoked_link_ends_at_once_also_in_the_browser_that_opened_it(case):
    form = case.open()

    case.operator.post(case.asking, {"do": "revoke"})

    assert [case.merchant.get(form).status_code, case.merchant.post(form, case.typed()).status_code] == [410, 410]
    assert case.merchant.get(form.removesuffix("form/")).status_code == 410
    assert case.stored_token() == OLD_TOKEN
    assert case.audited()[-1] == ("credentials.revoked", case.person.pk)


def test_after_72_hours_it_has_ended(case):
    form = case.open()
    with scoped(case.account.pk):
        CredentialLink.objects.filter(pk=case.link.pk).update(expires_at=case.link.created_at)

    assert case.merchant.post(form, case.typed()).status_code == 410
    assert (case.stored_token(), "ended unused" in shown(case.operator.get(case.asking))) == (OLD_TOKEN, True)


def test_a_new_link_ends_the_one_before(case):
    first = case.ask()
    second = case.ask()

    assert [case.merchant.get(first).status_code, case.merchant.get(second).status_code] == [410, 200]


def test_it_ends_with_the_membership_of_whoever_asked(case):
    form = case.open()
    with scoped(case.account.pk):
        Membership.objects.filter(person=case.person).delete()

    assert case.merchant.post(form, case.typed()).status_code == 410


def test_it_ends_when_whoever_asked_is_locked_out(case):
    form = case.open()
    Person.objects.filter(pk=case.person.pk).update(is_active=False)

    assert case.merchant.post(form, case.typed()).status_code == 410
    assert case.stored_token() == OLD_TOKEN


def test_it_ends_with_the_store(case):
    form = case.open()
    with scoped(case.account.pk):
        Store.objects.filter(pk=case.store.pk).update(deleted_at=case.store.created_at)

    assert case.merchant.get(form).status_code == 410


def test_it_ends_when_whoever_asked_does_not_see_the_store_any_more(case):
    form = case.open()
    with scoped(case.account.pk):
        Membership.objects.filter(person=case.person).update(role=Role.STAFF, merchant_ids=[a_merchant(case.account).pk])

    assert case.merchant.post(form, case.typed()).status_code == 410
    assert case.stored_token() == OLD_TOKEN


def test_nobody_is_asked_while_the_platform_is_reached_elsewhere(case, monkeypatch):
    form = case.open()
    monkeypatch.delenv("CROSSDOCK_BASE_URL__SHOPIFY")

    assert case.merchant.get(form).status_code == 410


ENDED = {
    "used": {"used_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "revoked": {"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "expired": {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
}


def ended_meanwhile(case, changes):
    """A link as somebody found it, which has ended since."""
    found = requests.find(case.ask().rstrip("/").rpartition("/")[2])
    with scoped(case.account.pk):
        CredentialLink.objects.filter(pk=case.link.pk).update(**changes)
    return found


@pytest.mark.parametrize("changes", [*ENDED.values(), {"tests": MOST_TESTS}], ids=[*ENDED, "tested five times"])
def test_a_link_that_ended_meanwhile_tests_nothing(case, changes):
    found = ended_meanwhile(case, changes)

    with pytest.raises(LinkIsDead):
        requests.count_test(found)


@pytest.mark.parametrize("changes", ENDED.values(), ids=ENDED)
def test_a_link_that_ended_while_the_platform_was_asked_stores_nothing(case, changes):
    found = ended_meanwhile(case, changes)

    with pytest.raises(LinkIsDead), found.actor.scope():
        requests.use(found)


def test_of_two_browsers_that_press_continue_at_once_one_has_the_link(case):
    found = ended_meanwhile(case, {})
    requests.bind(found)

    with pytest.raises(OtherBrowser):
        requests.bind(found)


# --- Who may ask ---------------------------------------------------------------------------------------------------------------------


def test_a_merchant_who_signs_in_may_not_ask(case):
    merchant = signed_in_client(a_person(case.account, role=Role.MERCHANT, merchants=[case.store.merchant_id]))

    assert [merchant.get(case.asking).status_code, merchant.post(case.asking, {"do": "ask"}).status_code] == [403, 403]


def test_somebody_limited_to_other_merchants_sees_no_such_store(case):
    limited = signed_in_client(a_person(case.account, role=Role.STAFF, merchants=[a_merchant(case.account).pk]))

    assert limited.post(case.asking, {"do": "ask"}).status_code == 404


def test_somebody_limited_to_some_merchants_may_not_ask_for_a_warehouses_credentials(case):
    warehouse = a_connection(case.account, store=case.store).warehouse
    where = {"account": case.account.public_id, "side": "warehouse", "public_id": warehouse.public_id}
    limited = signed_in_client(a_person(case.account, role=Role.STAFF, merchants=[case.store.merchant_id]))

    assert limited.post(reverse("connections:asking", kwargs=where), {"do": "ask"}).status_code == 403
    assert case.link is None


def test_the_link_leads_to_the_configured_address_and_no_other(case, settings):
    answer = case.operator.post(case.asking, {"do": "ask"}, headers={"Host": "localhost"})

    assert f"{settings.PUBLIC_URL}{link_on(answer)}" in shown(answer)
