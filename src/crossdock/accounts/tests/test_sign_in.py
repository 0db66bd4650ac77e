"""Signing in, out and back in: passwords, tries, mails, second factors, sessions."""

import base64
import re
import secrets
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from crossdock.accounts import vault
from crossdock.accounts.sessions import SessionsSeen
from crossdock.accounts.templatetags.accounts import browser as browser_name
from crossdock.accounts.testing import PASSWORD, a_person, an_account, signed_in_client

pytestmark = pytest.mark.usefixtures("db_ready")

LOGIN, RESET = "/sign-in/login/", "/sign-in/password/reset/"


@pytest.fixture
def person():
    return a_person(an_account())


@pytest.fixture
def browser():
    """A browser at an address of its own, so that tests do not use up one another's tries."""
    return Client(REMOTE_ADDR=f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}")


def sign_in(browser, person, password=PASSWORD, **more):
    return browser.post(LOGIN, {"login": person.email, "password": password, **more})


def is_in(browser):
    return browser.get("/profile/").status_code == 200


def code_for(secret, ahead=0):
    """What an authenticator app shows now, or `ahead` half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


# --- Password -------------------------------------------------------------------------------------------------------------------


def test_email_and_password_sign_in_and_the_session_gets_a_new_name(browser, person):
    browser.get("/profile/")
    browser.post("/sign-in/login/", {"login": "nobody@example.com", "password": "x"})
    before = browser.session.session_key

    answer = sign_in(browser, person)

    assert (answer.status_code, answer.url) == (302, "/")
    assert is_in(browser)
    assert browser.session.session_key not in {None, before}


def test_the_email_may_be_typed_in_any_case(browser, person):
    assert browser.post(LOGIN, {"login": person.email.upper(), "password": PASSWORD}).status_code == 302


def test_signing_in_leads_back_to_where_one_was_but_never_to_another_site(person):
    def led_to(address):
        return sign_in(Client(REMOTE_ADDR=f"10.9.{secrets.randbelow(256)}.{secrets.randbelow(256)}"), person, next=address).url

    assert led_to("/profile/") == "/profile/"
    assert led_to("https://attacker.example.com/") == "/"
    assert led_to("//attacker.example.com/") == "/"


def test_a_wrong_password_and_an_unknown_email_read_the_same(browser, person):
    wrong = sign_in(browser, person, "not the password")
    unknown = browser.post(LOGIN, {"login": "nobody@example.com", "password": "not the password"})

    assert (wrong.status_code, unknown.status_code) == (200, 200)
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert not is_in(browser)


def test_somebody_switched_off_does_not_get_in(browser, person):
    type(person).objects.filter(pk=person.pk).update(is_active=False)

    answer = sign_in(browser, person)

    assert answer.url == "/sign-in/inactive/"
    assert not is_in(browser)


def test_after_five_wrong_tries_the_right_password_waits_too(browser, person):
    for _ in range(5):
        sign_in(browser, person, "not the password")

    answer = sign_in(browser, person)

    assert answer.status_code == 200
    assert "Too many" in str(answer.context["form"].errors)
    assert not is_in(browser)


def test_tries_are_counted_per_person_whatever_address_they_claim(person):
    for number in range(5):
        sign_in(Client(REMOTE_ADDR="10.1.1.1"), person, "no", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")

    answer = sign_in(Client(REMOTE_ADDR="10.1.1.2"), person)

    assert "Too many" in str(answer.context["form"].errors)


def test_a_forged_forwarding_header_does_not_move_the_bucket():
    address = f"10.77.{secrets.randbelow(256)}.{secrets.randbelow(256)}"

    answers = [
        Client(REMOTE_ADDR=address).post(
            LOGIN, {"login": f"nobody{number}@example.com", "password": "x"}, headers={"X-Forwarded-For": f"192.0.2.{number}"}
        )
        for number in range(31)
    ]

    assert any(
        "Too many" in str(answer.context["form"].errors) if answer.context else answer.status_code == 429 for answer in answers
    )


def test_tries_are_kept_in_the_cache_that_all_processes_share(settings):
    assert settings.CACHES["default"]["BACKEND"] == "crossdock.site.cache.JsonDatabaseCache"
    assert type(cache._connections[cache._alias]).__name__ == "JsonDatabaseCache"


def test_sign_up_is_closed(browser):
    answer = browser.post("/sign-in/signup/", {"email": "new@example.com", "password1": PASSWORD})

    assert b"Sign-up is closed" in answer.content
    assert b"Create a sign-in" not in browser.get(LOGIN).content


def test_every_field_has_its_label_over_it_and_none_repeated_inside(browser):
    content = browser.get(LOGIN).content.decode()

    assert ">E-mail<" in content
    assert "placeholder" not in content.split("<main")[1].split("</main")[0]


def test_signing_out_needs_a_post(person):
    browser = signed_in_client(person)

    assert browser.get("/sign-in/logout/").status_code == 200
    assert is_in(browser)
    browser.post("/sign-in/logout/")
    assert not is_in(browser)


# --- A forgotten password -------------------------------------------------------------------------------------------------------


def test_a_reset_mail_leads_to_a_new_password_once(browser, person, settings):
    settings.PUBLIC_URL = "https://crossdock.example.com"

    asked = browser.post(RESET, {"email": person.email}, headers={"Host": "localhost"})

    assert asked.url == "/sign-in/password/reset/done/"
    (sent,) = mail.outbox
    assert sent.to == [person.email]
    link = re.search(r"https?://\S+", sent.body)[0]
    assert link.startswith("https://crossdock.example.com/sign-in/password/reset/key/")
    path = link.removeprefix("https://crossdock.example.com")
    page = browser.get(path, follow=True)
    form_path = page.redirect_chain[-1][0]
    browser.post(form_path, {"password1": "a new and long password", "password2": "a new and long password"})
    assert sign_in(browser, person).status_code == 200
    assert sign_in(browser, person, "a new and long password").status_code == 302
    assert b"does not work any more" in Client().get(path, follow=True).content


def test_asking_for_an_unknown_address_reads_the_same(browser, person):
    known = browser.post(RESET, {"email": person.email}, follow=True)
    unknown = browser.post(RESET, {"email": "nobody-at-all@example.com"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert [message.to for message in mail.outbox] == [[person.email], ["nobody-at-all@example.com"]]
    assert "nobody signs in with it" in mail.outbox[1].body
    assert "/key/" not in mail.outbox[1].body


def test_changing_the_password_signs_out_every_browser(person):
    browser, other = signed_in_client(person), signed_in_client(person)

    browser.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "a new and long password", "password2": "a new and long password"},
    )

    assert not is_in(other)


# --- Second factor --------------------------------------------------------------------------------------------------------------


def confirmed(browser, person):
    """Sign in and confirm it once more, as what guards the sign-in asks for."""
    sign_in(browser, person)
    browser.post("/sign-in/reauthenticate/", {"password": PASSWORD})


def with_authenticator(browser, person):
    """Sign in and switch the authenticator app on; the secret it was given."""
    confirmed(browser, person)
    secret = browser.get("/sign-in/2fa/totp/activate/").context["form"].secret
    answer = browser.post("/sign-in/2fa/totp/activate/", {"code": code_for(secret)})
    assert answer.url == "/sign-in/2fa/recovery-codes/", answer.context and answer.context["form"].errors
    return secret


def test_an_authenticator_app_is_switched_on_and_asked_for(browser, person):
    secret = with_authenticator(browser, person)
    later = Client(REMOTE_ADDR=browser.defaults["REMOTE_ADDR"])

    first = sign_in(later, person)

    assert first.url == "/sign-in/2fa/authenticate/"
    assert not is_in(later)
    later.post(first.url, {"code": "000000"})
    assert not is_in(later)
    later.post(first.url, {"code": code_for(secret, ahead=1)})
    assert is_in(later)


def test_a_recovery_code_signs_in_once(browser, person):
    with_authenticator(browser, person)
    code = browser.get("/sign-in/2fa/recovery-codes/").context["unused_codes"][0]

    def get_in_by_code():
        one = Client(REMOTE_ADDR=browser.defaults["REMOTE_ADDR"])
        one.post(sign_in(one, person).url, {"code": code})
        return is_in(one)

    assert get_in_by_code()
    assert not get_in_by_code()


def test_the_seeds_of_second_factors_are_sealed_in_the_database(browser, person):
    secret = with_authenticator(browser, person)

    stored = {row.type: row.data for row in Authenticator.objects.filter(user=person)}

    assert set(stored) == {"totp", "recovery_codes"}
    assert secret not in str(stored)
    assert len(stored["totp"]["secret"]) > 90
    with pytest.raises(vault.CannotUnseal):
        vault.unseal_for_installation("another field", base64.b64decode(stored["totp"]["secret"]))


def test_without_the_key_file_a_second_factor_is_not_skipped_but_answered_with_a_page(browser, person, key_file):
    secret = with_authenticator(browser, person)
    later = Client(REMOTE_ADDR=browser.defaults["REMOTE_ADDR"])
    page = sign_in(later, person).url
    key_file.unlink()
    vault.forget_keys()

    answer = later.post(page, {"code": code_for(secret, ahead=1)})

    assert answer.status_code == 503
    assert b"Secrets are locked" in answer.content
    assert not is_in(later)


def test_setting_up_a_second_factor_asks_who_is_there_when_the_sign_in_is_old(person):
    answer = signed_in_client(person).get("/sign-in/2fa/totp/activate/")

    assert answer.url.startswith("/sign-in/reauthenticate/")


# --- Sessions -------------------------------------------------------------------------------------------------------------------


def test_a_person_sees_where_they_are_signed_in_and_ends_one(person):
    here, there = signed_in_client(person), signed_in_client(person)
    assert is_in(here)
    assert is_in(there)

    page = here.get("/sign-in/sessions/")
    (other,) = UserSession.objects.filter(user=person).exclude(session_key=here.session.session_key)
    here.post(reverse("accounts:end_session", kwargs={"pk": other.pk}))

    assert page.status_code == 200
    assert is_in(here)
    assert not is_in(there)


@pytest.mark.parametrize(
    ("user_agent", "called"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML, like Gecko) Version/26 Safari/605.1",
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26 like Mac OS X) AppleWebKit/605.1 CriOS/150.0 Mobile Safari/604.1",
            "Chrome on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "–"),
    ],
)
def test_a_browser_is_called_as_people_call_it(user_agent, called):
    assert browser_name(user_agent) == called


def test_a_session_is_noted_at_its_first_page_and_again_after_five_minutes(person):
    browser = signed_in_client(person)
    browser.get("/profile/")
    session = UserSession.objects.get(user=person)
    UserSession.objects.filter(pk=session.pk).update(last_seen_at=session.created_at, ip="192.0.2.1")

    browser.get("/profile/")
    soon = UserSession.objects.get(pk=session.pk)
    kept = browser.session
    kept[SessionsSeen.KEY] -= SessionsSeen.GRAIN
    kept.save()
    browser.get("/profile/")
    later = UserSession.objects.get(pk=session.pk)

    assert soon.ip == "192.0.2.1"
    assert later.ip == "127.0.0.1"
    assert later.last_seen_at > session.created_at


def test_somebody_elses_session_cannot_be_ended(person):
    stranger = signed_in_client(a_person())
    mine = signed_in_client(person)
    assert is_in(mine)
    session = UserSession.objects.get(user=person)

    answer = stranger.post(reverse("accounts:end_session", kwargs={"pk": session.pk}))

    assert answer.status_code == 404
    assert is_in(mine)


# --- Every page is ours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LOGIN, RESET, "/sign-in/password/reset/done/", "/sign-in/signup/", "/sign-in/inactive/"])
def test_pages_before_sign_in_have_our_frame(path):
    content = Client().get(path).content.decode()

    assert "cd-plain" in content
    assert "<h1" in content


PAGES = [
    "/profile/",
    "/accounts/",
    "/sign-in/logout/",
    "/sign-in/email/",
    "/sign-in/password/change/",
    "/sign-in/sessions/",
    "/sign-in/2fa/",
    "/sign-in/2fa/totp/deactivate/",
    "/sign-in/2fa/recovery-codes/",
    "/sign-in/2fa/recovery-codes/generate/",
    "/sign-in/2fa/webauthn/",
    "/sign-in/2fa/webauthn/add/",
    "/sign-in/reauthenticate/",
    "/sign-in/2fa/reauthenticate/",
]


def test_pages_of_a_person_have_our_frame_and_stay_in_no_cache(browser, person):
    with_authenticator(browser, person)

    for path in PAGES:
        answer = browser.get(path)

        assert answer.status_code == 200, path
        assert "cd-plain" in answer.content.decode(), path
        assert "<h1" in answer.content.decode(), path
        assert answer.headers["Cache-Control"] == "no-store", path


def test_the_page_that_sets_up_an_authenticator_shows_a_picture_and_the_key(browser, person):
    confirmed(browser, person)

    page = browser.get("/sign-in/2fa/totp/activate/")

    assert b'src="data:image/svg+xml;base64,' in page.content
    assert page.context["form"].secret.encode() in page.content
