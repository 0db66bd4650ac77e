"""Somebody connects a platform that shows a code: wrong keys first, then the approval, in a browser."""

import os
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application

from crossdock.accounts.testing import PASSWORD, a_person, an_account, signed_in_client
from crossdock.connections.models import Store
from crossdock.connections.tests.rig import Sandbox, a_sandbox, posted
from crossdock.connectors.nuorder.simulator import NuOrderSimulator
from crossdock.connectors.nuorder.simulator.server import DEMO_KEY, DEMO_SECRET
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import assert_accessible


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def sandbox(db_ready, tmp_path) -> Iterator[Sandbox]:
    with a_sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def portal(sandbox, monkeypatch) -> Iterator[NuOrderSimulator]:
    """A portal that answers."""
    made = NuOrderSimulator()
    sandbox.do(made.start())
    monkeypatch.setenv("CROSSDOCK_BASE_URL__NUORDER", f"{made.url}/nuorder/{{application_type}}")
    yield made
    sandbox.do(made.stop())


@pytest.fixture
def site(portal) -> Iterator[str]:
    """The address of the whole product."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def begun(account, person, sandbox):
    """The wizard at its last step."""
    browser = signed_in_client(person)
    at = browser.post(f"/a/{account.slug}/connections/new/", {"name": "Acme to Reno"}).url
    at = browser.post(at, {"how": "new", "name": "Acme Outdoor"}).url
    return browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields()), "site_name": "Reno"}).url


def look(page, name):
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("CROSSDOCK_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_an_admin_approves_and_the_code_is_typed_here(site, page, expect, sandbox, portal):
    account = an_account("Northline Fulfillment")
    person = a_person(account)
    at = begun(account, person, sandbox)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in {"warning", "error"} else None)
    page.goto(f"{site}{at}")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("radio", name="NuORDER").check()
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
    assert [one for one in heard if "422" not in one] == []
