"""Somebody connects a platform that shows a code: wrong keys first, then the approval, in a browser."""

from collections.abc import Iterator

import pytest

from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import Store
from crossdock.connections.tests.rig import posted
from crossdock.connectors.nuorder.simulator import NuOrderSimulator
from crossdock.connectors.nuorder.simulator.server import DEMO_KEY, DEMO_SECRET
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import assert_accessible
from support.served import look, sign_in


@pytest.fixture
def portal(sandbox, monkeypatch) -> Iterator[NuOrderSimulator]:
    """A portal that answers."""
    made = NuOrderSimulator()
    sandbox.do(made.start())
    monkeypatch.setenv("CROSSDOCK_BASE_URL__NUORDER", f"{made.url}/nuorder/{{application_type}}")
    yield made
    sandbox.do(made.stop())


def begun(account, person, sandbox):
    """The wizard at its last step."""
    browser = signed_in_client(person)
    at = browser.post(f"/a/{account.slug}/connections/new/", {"name": "Acme to Reno"}).url
    at = browser.post(at, {"how": "new", "name": "Acme Outdoor"}).url
    return browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields()), "site_name": "Reno"}).url


def test_an_admin_approves_and_the_code_is_typed_here(site, page, expect, complaints, sandbox, portal):
    account = an_account("Northline Fulfillment")
    person = a_person(account)
    at = begun(account, person, sandbox)
    page.goto(f"{site}{at}")
    sign_in(page, person)

    page.get_by_role("radio", name="NuORDER", exact=True).check()
    page.get_by_label("Consumer key").fill(DEMO_KEY)
    page.get_by_label("Consumer secret").fill("not the secret")
    look(page, "form")
    page.get_by_role("button", name="Authorize in NuORDER").click()
    expect(page.get_by_text("NuORDER refuses the consumer key and secret")).to_be_visible()
    assert_accessible(page)
    look(page, "refused")

    page.get_by_label("Consumer secret").fill(DEMO_SECRET)
    page.get_by_role("button", name="Authorize in NuORDER").click()
    expect(page.get_by_role("heading", name="Go on at NuORDER")).to_be_visible()
    assert_accessible(page)
    look(page, "code")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Continue to").click()
    opened.value.get_by_role("button", name="Approve").click()
    code = opened.value.locator("code").inner_text()
    page.get_by_label("Verifier code").fill(code)
    page.get_by_role("button", name="Finish").click()

    expect(page.get_by_text("NuORDER gave access.")).to_be_visible()
    look(page, "given")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("NuORDER (wholesale, production)").first).to_be_visible()
    page.get_by_role("button", name="Add connection").last.click()
    expect(page.get_by_role("heading", name="Acme to Reno", level=1)).to_be_visible()
    with scoped(account.pk):
        assert Store.objects.get().platform == "nuorder"
    assert [one for one in complaints if "422" not in one] == []
