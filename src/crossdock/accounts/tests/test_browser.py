"""The pages around sign-in in a real browser: usable, accessible, obedient to the content policy."""

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from crossdock.accounts.testing import PASSWORD, a_person, an_account
from crossdock.ui.testing import assert_accessible
from support.served import sign_in

pytestmark = pytest.mark.usefixtures("db_ready")


def test_somebody_signs_in_sets_up_an_authenticator_and_looks_at_their_pages(site, page, expect, complaints):
    account = an_account("Acme Fulfillment")
    person = a_person(account)

    page.goto(f"{site}/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert_accessible(page)
    sign_in(page, person)
    page.wait_for_url("**/a/**")
    page.goto(f"{site}/a/{account.slug}/settings/")
    expect(page.get_by_label("Account name")).to_have_value("Acme Fulfillment")
    assert_accessible(page)

    page.goto(f"{site}/profile/")
    assert_accessible(page)
    page.get_by_role("link", name="Second factor").click()
    assert_accessible(page)
    page.get_by_role("link", name="Set up").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    assert_accessible(page)
    secret = page.locator("[data-copy]").first.get_attribute("data-copy")
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert_accessible(page)

    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    for path in ("/accounts/", "/sign-in/sessions/", "/sign-in/password/change/", "/sign-in/email/", "/sign-in/2fa/webauthn/"):
        page.goto(f"{site}{path}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert complaints == []
