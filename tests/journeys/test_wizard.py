"""Somebody adds a second connection by the wizard, in a browser, with a shop and a warehouse that answer."""

import json

import pytest
from django.urls import reverse

from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import Connection, LocationLink
from crossdock.connections.tests.rig import posted
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import assert_accessible
from support.served import sign_in


@pytest.fixture
def presets(sandbox, tmp_path, monkeypatch) -> None:
    """What the demo tells the wizard about its sandbox: the shop, and a second login at the warehouse."""
    sandbox.wms.add_merchant("acme-west", "another password")
    login = {**sandbox.warehouse_fields(username="acme-west", password="another password"), "port": sandbox.wms.sftp_port}
    shop = {"shop": sandbox.handle, "access": "own_app", **sandbox.own_app}
    file = tmp_path / "presets.json"
    file.write_text(
        json.dumps(
            {
                "files": {"label": "Demo warehouse over SFTP", "settings": login},
                "shopify": [{"label": "Sandbox shop, by own app", "settings": shop}],
            }
        )
    )
    monkeypatch.setenv("CROSSDOCK_SANDBOX_PRESETS", str(file))


def a_first_connection(account, person, sandbox):
    """What the account has already."""
    browser = signed_in_client(person)
    at = browser.post(reverse("connections:new", kwargs={"account": account.public_id}), {"name": "Acme to Reno"}).url
    at = browser.post(at, {"how": "new", "name": "Acme Outdoor"}).url
    at = browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields()), "site_name": "Reno"}).url
    location = next(iter(sandbox.locations.values()))
    browser.post(at, {"do": "show", "platform": "shopify"})
    fields = posted("store", "shopify", sandbox.store_fields(location=location))
    assert browser.post(at, {"do": "next", **fields, "site_name": "Acme shop"}).status_code == 302


def test_a_second_connection_is_added_by_the_wizard(site, page, expect, complaints, sandbox, presets):
    account = an_account("Northline Fulfillment")
    person = a_person(account)
    a_first_connection(account, person, sandbox)
    location, number = next(iter(sandbox.locations.items()))

    page.goto(f"{site}/a/{account.slug}/connections/")
    sign_in(page, person)
    expect(page.get_by_role("link", name="Acme to Reno")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="Add connection").click()
    assert_accessible(page)
    page.get_by_label("Connection name").fill("Acme to the West")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Merchant Information")).to_be_visible()
    page.get_by_label("Merchant", exact=True).select_option(label="Acme Outdoor")
    assert_accessible(page)
    page.get_by_role("button", name="Continue", exact=True).click()

    expect(page.get_by_role("heading", name="Warehouse Setup")).to_be_visible()
    expect(page.get_by_label("Warehouse", exact=True)).to_have_value(page.locator("option[selected]").get_attribute("value"))
    page.get_by_label("A new warehouse").check()
    page.get_by_role("button", name="Demo warehouse over SFTP").click()
    expect(page.get_by_label("User name")).to_have_value("acme-west")
    page.get_by_label("Warehouse name").fill("West")
    page.get_by_label("Port").fill("1")
    page.get_by_label("Password", exact=True).fill("another password")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("is no sandbox of this installation")).to_be_visible()
    page.get_by_label("Port").fill(str(sandbox.wms.sftp_port))
    page.get_by_label("Password", exact=True).fill("another password")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("answers.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("heading", name="Merchant Information")).to_be_visible()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_label("Warehouse name")).to_have_value("West")
    page.get_by_role("button", name="Continue", exact=True).click()

    expect(page.get_by_role("heading", name="Store Setup")).to_be_visible()
    page.get_by_label("A new store").check()
    page.get_by_role("radio", name="Shopify", exact=True).check()
    page.get_by_role("button", name="Sandbox shop, by own app").click()
    expect(page.get_by_label("Shop name")).to_have_value(sandbox.handle)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Choose the location whose orders the warehouse ships.")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Fulfillment location").select_option(label=location)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("This shop is here already")).to_be_visible()
    page.get_by_role("radio", name="By location").check()
    page.get_by_role("group", name="How are this store's orders divided?").get_by_label(location).check()
    assert_accessible(page)
    page.get_by_role("button", name="Add connection").last.click()

    expect(page.get_by_role("heading", name="Acme to the West", level=1)).to_be_visible()
    expect(page.get_by_text("Until orders flow")).to_be_visible()
    assert_accessible(page)
    with scoped(account.pk):
        first, second = Connection.objects.order_by("pk")
        assert (second.mode, second.is_default, second.store_id) == ("off", False, first.store_id)
        assert LocationLink.objects.get().location == number

    page.get_by_role("button", name="Observe").click()
    expect(page.locator(".cd-page-title").get_by_text("Observe")).to_be_visible()
    page.get_by_role("button", name="Run now Sales Orders").click()
    page.get_by_role("switch", name="Shipments").uncheck()
    expect(page.locator("#switch-shipments")).not_to_be_checked(timeout=15_000)
    page.get_by_role("link", name="Schedule Sales Orders").click()
    page.get_by_label("Minutes between runs").fill("1")
    expect(page.locator("#schedule-preview").get_by_text("Every minute")).to_be_visible()
    page.get_by_role("button", name="Add rule").click()
    page.get_by_role("listitem", name="Rule 2").get_by_role("combobox", name="Runs").select_option("daily")
    expect(page.locator("#schedule-preview").get_by_text("Every minute; every day at 02:00")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Every minute; every day at 02:00").first).to_be_visible()
    # What was refused on purpose above is told to the browser as 422.
    assert [said for said in complaints if "422" not in said] == []
