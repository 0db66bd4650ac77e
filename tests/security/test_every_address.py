"""Walks every address of the product: what is an account's is its members' only."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from crossdock.accounts.models import Role
from crossdock.accounts.slugs import short
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.tenancy.models import new_public_id

pytestmark = pytest.mark.usefixtures("db_ready")

FILLERS = {
    "int": "1",
    "str": "x",
    "slug": "x",
    "path": "x",
    "uuid": "00000000-0000-7000-8000-000000000000",
    "side": "store",
    "channel": "sales-orders",
}


def addresses(patterns=None, before=""):
    """Each address of an account's page, with its view: the route as written, without what comes before the root."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "<account:account>" in route:
            yield route, pattern.callback


def filled(route, account_slug):
    """The route with the account's name, and ids of things that are not there."""

    def value(match):
        kind = match["kind"] or "str"
        return account_slug if kind == "account" else short(new_public_id()) if kind == "short" else FILLERS[kind]

    return "/" + re.sub(r"<(?:(?P<kind>\w+):)?\w+>", value, route)


def test_every_address_below_a_names_its_account_and_asks_for_membership():
    pages = dict(addresses())

    assert pages
    assert not [route for route, view in pages.items() if not getattr(view, "is_for_account", False)]
    assert not [route for route in pages if not route.startswith("a/<account:account>/")]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_account_of_others_is_not_there_at_any_address(method):
    stranger = signed_in_client(a_person(an_account(), role=Role.ADMINISTRATOR))
    others = an_account()

    answers = {route: getattr(stranger, method)(filled(route, others.slug)).status_code for route, _ in addresses()}

    # 405: the address does not take this method from anybody.
    assert set(answers.values()) <= {404, 405}, {route: status for route, status in answers.items() if status not in {404, 405}}


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_of_an_account_opens_without_sign_in(method):
    account = an_account()

    for route, _ in addresses():
        answer = getattr(Client(), method)(filled(route, account.slug))

        assert answer.status_code in {302, 405}, route
        if answer.status_code == 302:
            assert answer.url.startswith("/sign-in/login/"), route


def open_addresses(patterns=None, before=""):
    """Each address of ours that names no account, but for those of the sign-in library."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and route != "sign-in/":
            yield from open_addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "<account:account>" not in route:
            yield route


def test_platforms_call_in_at_these_addresses_and_no_others():
    called = {route for route in open_addresses() if route.startswith(("in/", "apps/", "oauth/"))}

    assert called == {
        "in/<str:platform>/<str:token>",
        "apps/<slug:platform>/load/",
        "apps/<slug:platform>/uninstall/",
        "apps/<slug:platform>/webhooks/",
        "apps/<slug:platform>/remove_user/",
        "oauth/<slug:platform>/callback",
    }


@pytest.mark.parametrize("name", ["load", "uninstall", "remove_user"])
def test_what_a_platform_calls_for_its_app_is_nothing_without_its_signature(name, monkeypatch):
    address = f"/apps/bigcommerce/{name}/"

    without_an_app = Client().get(address)
    monkeypatch.setenv("CROSSDOCK_APP__BIGCOMMERCE", "id:secret")

    assert without_an_app.status_code == 404
    assert [Client().get(address, query).status_code for query in ({}, {"signed_payload_jwt": "e30.e30.e30"})] == [401, 401]
