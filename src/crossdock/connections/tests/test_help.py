"""“Get your credentials” is open to everybody, about nobody, and there for every platform."""

import pytest
from django.test import Client
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_store
from crossdock.connectors.kit import guide
from crossdock.connectors.kit.settings import fields_of
from crossdock.connectors.registry import every_connector

CONNECTORS = every_connector()

every_platform = pytest.mark.parametrize("key", sorted(CONNECTORS))


def address(key):
    return reverse("connections:help", kwargs={"platform": key})


@every_platform
def test_every_platform_has_its_page_without_sign_in_and_without_a_database(key):
    answer = Client().get(address(key))

    page = answer.content.decode()
    assert address(key) == f"/help/{key}/credentials/"
    assert answer.status_code == 200
    assert f"<h1>Get your credentials for {CONNECTORS[key].name}</h1>" in page
    for field in fields_of(CONNECTORS[key].settings):
        if field.group == "credentials":
            assert f"<strong>{field.label}</strong>" in page
    for title in guide.sections_of(CONNECTORS[key]):
        assert (f"<h2>{title}</h2>" in page) is (title in guide.FOR_THE_MERCHANT)


@every_platform
def test_nothing_of_markdown_is_left_on_the_page(key):
    page = Client().get(address(key)).content.decode().partition('<article class="cd-prose">')[2].partition("</article>")[0]

    assert not [mark for mark in ("**", "`", "\n#", "<p>|", "](") if mark in page]


def test_nobody_indexes_it_and_it_leaves_nothing_in_the_browser():
    answer = Client().get(address("shopify"))

    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in answer.content.decode()
    assert not answer.cookies
    assert "Set-Cookie" not in answer.headers
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_installations_own_address_stands_where_one_is_needed(settings):
    page = Client().get(address("shopify")).content.decode()

    assert f"<code>{settings.PUBLIC_URL}/oauth/shopify/callback</code>" in page
    assert "your Crossdock&gt;" not in page


@pytest.mark.parametrize("key", ["nowhere", "kit", "..", "SHOPIFY"])
def test_a_platform_that_is_not_known_has_no_page(key):
    assert Client().get(f"/help/{key}/credentials/").status_code == 404


@pytest.mark.usefixtures("db_ready")
def test_it_is_the_same_for_a_stranger_and_for_an_administrator():
    account = an_account("Northline Fulfillment")
    a_store(account, name="Acme Outdoor shop")
    member = signed_in_client(a_person(account, role=Role.ADMINISTRATOR))

    theirs, strangers = member.get(address("shopify")).content, Client().get(address("shopify")).content

    assert theirs == strangers
    assert b"Northline" not in theirs
    assert b"Acme Outdoor" not in theirs
