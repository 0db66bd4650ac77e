"""Pages of an account are its members' only, and say what a person may not do."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import Http404, HttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from crossdock.accounts import first_admin, services
from crossdock.accounts.keyring import SecretsLocked
from crossdock.accounts.models import Account, Audit, Role
from crossdock.accounts.rights import Forbidden, Right, system
from crossdock.accounts.slugs import addresses, long, short
from crossdock.accounts.testing import PASSWORD, a_person, an_account, signed_in_client
from crossdock.accounts.web import BrokenRules, for_account, requires
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.scope import current_account, current_scope

pytestmark = pytest.mark.usefixtures("db_ready")
FIRST = {
    "account_name": "Acme Fulfillment",
    "time_zone": "America/Chicago",
    "name": "Robin",
    "email": "robin@example.com",
    "password": PASSWORD,
}


def settings_of(account):
    return reverse("accounts:settings", kwargs={"account": account.public_id})


def a_request(person=None, path="/a/x/", **headers):
    request = RequestFactory().get(path, headers=headers)
    request.user = person or AnonymousUser()
    request.session = SessionStore()
    request._messages = CookieStorage(request)
    return request


# --- Addresses ------------------------------------------------------------------------------------------------------------------


def test_an_id_has_22_characters_in_an_address_and_comes_back_whole():
    for public_id in (new_public_id(), new_public_id()):
        assert len(short(public_id)) == 22
        assert long(short(public_id)) == public_id


def test_addresses_made_from_one_are_those_that_django_makes():
    account, orders = new_public_id(), [new_public_id(), new_public_id()]
    address = addresses("orders:part", account=account)

    assert [address(order) for order in orders] == [
        reverse("orders:part", kwargs={"account": account, "public_id": order}) for order in orders
    ]


@pytest.mark.parametrize("text", ["z" * 22, "0" * 21, "-" * 22])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  (Django asks for ValueError, whatever it says)
        long(text)


def test_an_account_of_others_and_one_that_is_not_there_are_the_same_404():
    client = signed_in_client(a_person(an_account()))
    others = an_account()

    answers = [client.get(f"/a/{slug}/settings/") for slug in (others.slug, short(new_public_id()))]

    assert [answer.status_code for answer in answers] == [404, 404]
    # Each page carries a request forgery token of its own.
    assert len({re.sub(rb'"X-CSRFToken": "\w+"', b"", answer.content) for answer in answers}) == 1
    assert client.get(f"/a/{'z' * 22}/settings/").status_code == 404


def test_somebody_who_is_not_signed_in_is_led_to_sign_in_and_back():
    account = an_account()

    answer = Client().get(settings_of(account))

    assert (answer.status_code, answer.url) == (302, f"/sign-in/login/?next={settings_of(account)}")


# --- The decorator --------------------------------------------------------------------------------------------------------------


def test_a_view_is_given_account_actor_and_scope():
    account = an_account("Acme")
    person = a_person(account, role=Role.STAFF, merchants=[7])

    @for_account
    def view(request, number):
        assert current_scope().merchants == {7}
        assert Account.objects.get() == request.account
        return HttpResponse(f"{request.account} {request.actor.role} {request.actor.merchants} {number}")

    answer = view(a_request(person), account=account.public_id, number=3)

    assert answer.content == b"Acme staff (7,) 3"
    assert current_account() is None


def test_a_view_that_talks_to_a_platform_opens_its_own_scope():
    account = an_account()

    @for_account(transaction=False)
    def view(request):
        assert current_account() is None
        with request.actor.scope():
            return HttpResponse(str(current_account()))

    assert view(a_request(a_person(account)), account=account.public_id).content == str(account.pk).encode()


def test_a_template_that_reads_rows_lazily_is_rendered_inside_the_scope():
    account = an_account()

    @for_account
    def view(request):
        return SimpleTemplateResponse(
            engines["django"].from_string("{% for a in rows %}{{ a.action }}{% endfor %}"),
            {"rows": Audit.objects.order_by("action")},
        )

    answer = view(a_request(a_person(account)), account=account.public_id)

    assert answer.content == b"account.createdmember.added"


def test_an_error_in_a_view_undoes_what_it_did():
    account = an_account("Before")

    @for_account
    def view(request):
        Account.objects.update(name="After")
        raise RuleBroken("No.")

    with pytest.raises(RuleBroken):
        view(a_request(a_person(account)), account=account.public_id)

    assert signed_in_client(a_person(account)).get(settings_of(account)).context["account"].name == "Before"


def test_a_view_that_requires_a_right_refuses_a_role_without_it():
    account = an_account()

    @for_account
    @requires(Right.GO_LIVE)
    def view(request):
        return HttpResponse("live")

    assert view(a_request(a_person(account, role=Role.STAFF)), account=account.public_id).content == b"live"
    with pytest.raises(Forbidden):
        view(a_request(a_person(account, role=Role.MERCHANT, merchants=[1])), account=account.public_id)


def test_somebody_who_was_removed_is_out_at_the_next_click():
    account = an_account()
    with pytest.raises(Http404):
        for_account(lambda request: HttpResponse())(a_request(a_person()), account=account.public_id)


# --- Broken rules ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"), [(Forbidden("You may not."), 403), (SecretsLocked("Locked."), 503), (RuleBroken("Not now."), 409)]
)
def test_a_broken_rule_becomes_a_page_with_its_sentence(error, status):
    answer = BrokenRules(lambda request: HttpResponse()).process_exception(a_request(), error)

    assert answer.status_code == status
    assert error.message in answer.content.decode()


def test_a_broken_rule_becomes_a_notice_on_the_page_for_htmx():
    account = an_account()
    client = signed_in_client(a_person(account, role=Role.STAFF))

    answer = client.get(settings_of(account), headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#messages")
    assert b"You may not change the account" in answer.content


def test_a_bug_stays_a_bug():
    assert BrokenRules(lambda request: HttpResponse()).process_exception(a_request(), ZeroDivisionError()) is None


# --- Pages ----------------------------------------------------------------------------------------------------------------------


def test_home_leads_to_the_only_account():
    account = an_account()

    answer = signed_in_client(a_person(account)).get("/")

    assert answer.status_code == 302
    assert answer.url.startswith(f"/a/{account.slug}/")


def test_home_of_somebody_in_two_accounts_asks_which_and_in_none_says_so():
    first, second = an_account("First Account"), an_account("Second Account")
    person = a_person(first)
    services.add_member(actor=system(second.pk), person=person, role=Role.STAFF)

    both = signed_in_client(person).get("/", follow=True)
    none = signed_in_client(a_person()).get("/", follow=True)

    assert both.redirect_chain == [("/accounts/", 302)]
    assert b"First Account" in both.content
    assert b"Second Account" in both.content
    assert b"You are in no account yet." in none.content


def test_home_of_a_stranger_is_sign_in():
    assert Client().get("/").url == "/sign-in/login/?next=/"


def test_settings_are_shown_and_saved():
    account = an_account("Acme")
    client = signed_in_client(a_person(account))
    assert b'value="Acme"' in client.get(settings_of(account)).content

    answer = client.post(
        settings_of(account), {"name": "Acme Two", "time_zone": "Europe/Paris", "abandon_after_days": "30"}, follow=True
    )

    assert answer.status_code == 200
    assert b"Saved." in answer.content
    assert (answer.context["account"].name, answer.context["account"].time_zone) == ("Acme Two", "Europe/Paris")


def test_settings_that_cannot_be_come_back_with_a_sentence_beside_the_field():
    account = an_account("Acme")

    answer = signed_in_client(a_person(account)).post(
        settings_of(account), {"name": "   ", "time_zone": "Mars/Olympus", "abandon_after_days": "0"}
    )

    assert set(answer.context["form"].errors) == {"name", "time_zone", "abandon_after_days"}


@pytest.mark.parametrize("role", [Role.STAFF, Role.MERCHANT])
def test_settings_are_an_administrators(role):
    account = an_account()
    client = signed_in_client(a_person(account, role=role, merchants=[1] if role == Role.MERCHANT else None))

    for answer in (client.get(settings_of(account)), client.post(settings_of(account), {})):
        assert answer.status_code == 403
        assert b"Ask an administrator" in answer.content


def test_a_person_changes_their_name():
    person = a_person()
    client = signed_in_client(person)

    answer = client.post("/profile/", {"name": "Robin Sample"}, follow=True)

    person.refresh_from_db()
    assert person.name == "Robin Sample"
    assert answer.status_code == 200


def test_a_page_costs_four_questions_before_its_own_and_writes_nothing(django_assert_num_queries):
    account = an_account()
    client = signed_in_client(a_person(account))
    client.get(settings_of(account))

    with django_assert_num_queries(5) as counted:
        client.get(settings_of(account))

    asked = [query["sql"].split()[0].upper() for query in counted.captured_queries]
    # Session, person, accounts; then the scope, which travels with the beginning of its transaction.
    assert asked == ["SELECT", "SELECT", "SELECT", "BEGIN", "COMMIT"]


def test_a_link_that_is_none_shows_a_page_that_says_what_to_do():
    answer = Client().get("/first-administrator/not-a-token/")

    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (410, "same-origin")
    assert b"crossdock createadmin" in answer.content


def test_the_first_administrators_page_uses_nothing_up_by_looking_and_signs_in_by_posting(no_administrator):
    path = first_admin.link().removeprefix("http://127.0.0.1:8000")
    browser = Client()

    looks = [browser.get(path) for _ in range(2)]
    weak = browser.post(path, FIRST | {"password": "short"})
    answer = browser.post(path, FIRST)

    assert [look.status_code for look in looks] == [200, 200]
    assert set(weak.context["form"].errors) == {"password"}
    assert answer.url.startswith("/a/")
    assert b"Acme Fulfillment" in browser.get(answer.url, follow=True).content
    # Who just chose a password is not asked for it by the first connection.
    assert browser.session["account_authentication_methods"][-1]["method"] == "password"
    assert Client().get(path).status_code == 410
