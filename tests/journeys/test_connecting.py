"""Somebody connects a platform in a browser: refused first, then let in; and its first order goes the whole way."""

from collections.abc import Iterator

import pytest

from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import Store
from crossdock.connections.tests.rig import MERCHANT, posted
from crossdock.orders.models import SalesOrder
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import assert_accessible
from support.lanes import Lanes
from support.platforms import WAYS, Typed, Way
from support.served import enter, look


@pytest.fixture(params=WAYS)
def way(request, sandbox, monkeypatch) -> Iterator[Way]:
    """A platform that answers, and a way into it."""
    make, describe = WAYS[request.param]
    simulator = make()
    sandbox.do(simulator.start())
    found = describe(simulator)
    monkeypatch.setenv(f"CROSSDOCK_BASE_URL__{found.key.upper()}", found.address)
    yield found
    sandbox.do(simulator.stop())


def begun(account, person, sandbox):
    """The wizard at its last step."""
    browser = signed_in_client(person)
    at = browser.post(f"/a/{account.slug}/connections/new/", {"name": "Acme to Reno"}).url
    at = browser.post(at, {"how": "new", "name": "Acme Outdoor"}).url
    warehouse = posted("warehouse", "files", sandbox.warehouse_fields(default_method="Ground"))
    return browser, browser.post(at, {"do": "next", **warehouse, "site_name": "Reno"}).url


def field(page, name: str):
    """A field of the store's form, whole: label, control, what is said about it."""
    return page.locator(".cd-field", has=page.locator(f"[name=store-{name}]"))


def typed(page, what: Typed) -> None:
    """Do what somebody does before pressing a button."""
    if what.first is not None:
        what.first()
    for name in what.chosen:
        page.get_by_role("radio", name=name, exact=True).check()
    for name, value in what.text.items():
        control = page.locator(f"[name=store-{name}]")
        control.select_option(value) if control.evaluate("one => one.tagName") == "SELECT" else control.fill(value)


def agree(page, way: Way) -> None:
    """Leave for the platform, agree there, and come back."""
    page.get_by_role("button", name=f"Authorize in {way.name}").click()
    page.get_by_role("link", name="Continue to").click()
    page.get_by_role("button", name="Confirm").click()


def test_who_was_refused_is_let_in_and_the_first_order_comes_goes_and_is_told(
    way, site, page, expect, complaints, sandbox, settings
):
    settings.PUBLIC_URL = site
    account = an_account("Northline Fulfillment")
    browser, at = begun(account, a_person(account), sandbox)
    enter(page, site, browser)
    page.goto(f"{site}{at}")
    page.get_by_role("radio", name=way.name, exact=True).check()
    expect(page.locator(f"input[name=rendered][value={way.key}]")).to_be_attached()

    for number, refused in enumerate(way.refusals):
        typed(page, refused.typed)
        if way.agrees:
            agree(page, way)
            said = page.get_by_role("alert")
        else:
            page.get_by_role("button", name="Test connection").click()
            said = field(page, refused.beside).locator(".cd-field-error")
        for words in refused.says:
            expect(said.filter(has_text=words)).to_be_visible()
        look(page, f"{way.key}-refused-{number}")
    assert_accessible(page)

    typed(page, way.right)
    if way.agrees:
        agree(page, way)
        expect(page.get_by_text(f"{way.name} gave access.")).to_be_visible()
    else:
        page.get_by_role("button", name="Test connection").click()
    expect(page.locator(".cn-outcome").get_by_text("answers.")).to_be_visible()
    for name, options in way.offers.items():
        for option in options:
            expect(field(page, name).locator("option", has_text=option).first).to_be_attached()
    assert_accessible(page)
    look(page, f"{way.key}-tested")
    page.get_by_role("button", name="Add connection").last.click()

    expect(page.get_by_role("heading", name="Acme to Reno", level=1)).to_be_visible()
    with scoped(account.pk):
        assert Store.objects.get().platform == way.key
    page.get_by_role("button", name="Live").click()
    page.get_by_label("Send them now").check()
    page.get_by_role("button", name="Go Live").click()
    expect(page.locator(".cd-page-title").get_by_text("Live")).to_be_visible()

    way.place()
    lanes = Lanes(account)
    sandbox.do(lanes.poll("orders.pull"))
    page.goto(f"{site}/a/{account.slug}/orders/")
    expect(page.locator("tbody tr").get_by_text("Open", exact=True)).to_be_visible()
    sandbox.wms.take_orders()
    assert list(sandbox.wms.orders_received(MERCHANT).values()) == [1]

    sandbox.wms.ship_all(MERCHANT)
    sandbox.do(lanes.poll("fulfillment.pull"))
    page.reload()
    expect(page.locator("tbody tr").get_by_text("Closed", exact=True)).to_be_visible()
    look(page, f"{way.key}-orders")
    assert len(way.told()) == 1
    with scoped(account.pk):
        assert SalesOrder.objects.get().issue == ""
    # What was refused on purpose above is told to the browser as 422.
    assert [said for said in complaints if "422" not in said] == []
