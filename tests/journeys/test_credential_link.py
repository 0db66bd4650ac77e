"""A 3PL asks, a merchant on a phone hands over what it has, and neither sends a secret by mail: in two browsers."""

from urllib.parse import urlsplit

import pytest

from crossdock.connections.tests.link_rig import Case, agree
from crossdock.connectors.registry import every_connector
from crossdock.ui.testing import assert_accessible
from support.served import enter, look

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def phone(browser):
    """A page in another browser: a phone, in the dark."""
    context = browser.new_context(viewport=PHONE, locale="en-US", timezone_id="UTC", color_scheme="dark")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_a_merchant_hands_over_credentials_on_a_phone(site, page, phone, expect, sandbox, complaints):
    case = Case(sandbox)
    enter(page, site, case.operator)
    store = case.asking.replace("store-credentials", "stores")
    page.goto(f"{site}{store}")
    look(page, "operator-store")
    page.get_by_role("link", name="Ask the merchant").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("Nobody opened the link yet.")).to_be_visible()
    assert_accessible(page)
    look(page, "operator-link")
    link = urlsplit(page.locator("#link").inner_text().strip()).path

    phone.goto(f"{site}{link}")
    assert_accessible(phone)
    look(phone, "merchant-first")
    phone.get_by_role("button", name="Continue").click()
    expect(phone.get_by_role("heading", name="Northline Fulfillment asks you for credentials")).to_be_visible()
    phone.get_by_role("radio", name="Admin API access token").check()
    assert_accessible(phone)
    look(phone, "merchant-form")
    phone.get_by_label("Admin API access token", exact=True).last.fill("shpat_wrong")
    phone.get_by_role("button", name="Test and hand over").last.click()
    expect(phone.get_by_text("4 tries are left.")).to_be_visible()
    assert_accessible(phone)
    look(phone, "merchant-refused")
    phone.get_by_label("Admin API access token", exact=True).last.fill(sandbox.shop.give_token(sandbox.handle))
    phone.get_by_role("button", name="Test and hand over").last.click()
    expect(phone.get_by_role("heading", name="It works")).to_be_visible()
    look(phone, "merchant-done")
    phone.goto(f"{site}{link}")
    expect(phone.get_by_role("heading", name="The link has ended")).to_be_visible()
    look(phone, "merchant-ended")

    page.goto(f"{site}{store}")
    expect(page.get_by_text("Credentials arrived, and work.")).to_be_visible()
    assert_accessible(page)
    look(page, "operator-arrived")
    assert complaints == []


def test_a_merchant_agrees_at_the_platform_and_comes_back(site, page, expect, sandbox, complaints):
    case = Case(sandbox)
    own = case.sandbox.own_app
    page.goto(f"{site}{case.ask()}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="Authorize in Shopify").check()
    page.get_by_label("Client ID", exact=True).fill(own["client_id"])
    page.get_by_label("Client secret", exact=True).fill(own["client_secret"])
    look(page, "merchant-desktop")
    page.get_by_role("button", name="Authorize in Shopify").click()
    expect(page.get_by_role("heading", name="Go on at Shopify")).to_be_visible()
    assert_accessible(page)
    look(page, "merchant-authorize")

    # The platform leads back to the configured address, which is another one than this server's.
    leave = page.get_by_role("link", name="Continue to").get_attribute("href")
    page.goto(f"{site}{agree(case, leave)}")

    expect(page.get_by_role("heading", name="It works")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_each_platform_reads_well(site, page, width, complaints):
    page.set_viewport_size({"width": width, "height": 844})
    for key in every_connector():
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.goto(f"{site}/help/{key}/credentials/")
            look(page, f"help-{key}-{width}-{theme}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), key

    assert page.context.cookies() == []
    assert complaints == []
