"""Somebody who signed in this morning changes a store: asked once, in a browser, and led back to what was typed."""

import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from crossdock.accounts.testing import PASSWORD, a_person, an_account
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner, Sealed
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_connection
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import assert_accessible
from support.served import sign_in


def let_time_pass(page, minutes):
    """Make the browser's sign-in and confirmations that much older."""
    key = next(one["value"] for one in page.context.cookies() if one["name"] == "session")
    session = SessionStore(key)
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] = time.time() - 60 * minutes
    session.save()


def test_a_store_is_changed_long_after_sign_in(site, page, expect):
    account = an_account("Northline Fulfillment")
    person = a_person(account)
    link = a_connection(account, mode="observe")
    with scoped(account.pk):
        shop, settings = gateway.platform_named("shopify"), gateway.settings_of_row(link.store)
        credentials.save(
            Owner("store", link.store.pk, link.store.realm, destination_of(shop, settings)), Sealed({"admin_token": "t"})
        )
    page.goto(f"{site}/a/{account.slug}/stores/")
    sign_in(page, person)
    page.get_by_role("link", name=link.store.name, exact=True).click()
    page.get_by_label("Name", exact=True).fill("Acme in the west")

    # The form stood open over lunch; the test is asked for by HTMX.
    let_time_pass(page, 20)
    page.get_by_role("button", name="Test connection").click()

    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    expect(page.get_by_text("Nothing was done yet.")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Acme in the west")
    expect(page.get_by_text("This is what you typed before you confirmed.")).to_be_visible()
    assert_accessible(page)

    # Later still the page shows what it knows, and a button in place of the form.
    let_time_pass(page, 20)
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    assert_accessible(page)
    page.get_by_role("link", name="Confirm").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value(link.store.name)
