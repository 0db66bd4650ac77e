"""The navigation: what is shown, to whom, and where one is."""

from types import SimpleNamespace
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path, resolve

from crossdock.ui.context import ENTRIES, frame, navigation
from crossdock.ui.icons import icon_names
from crossdock.ui.links import page_url, page_url_or_none

ACCOUNT = UUID("7f1e2d3c-4b5a-4978-8a6b-5c4d3e2f1a0b")


def a_page(request, **parts):
    return HttpResponse()


def pages(app, **names):
    return include(([path(where, a_page, name=name) for name, where in names.items()], app))


urlpatterns = [
    path("", pages("desk", search="a/<uuid:account>/search/", home="a/<uuid:account>/")),
    path("a/<uuid:account>/orders/", pages("orders", list="", one="<int:number>/")),
    path("a/<uuid:account>/connections/", pages("connections", list="", stores="stores/")),
    path("", pages("accounts", settings="a/<uuid:account>/settings/", profile="profile/")),
]
pytestmark = pytest.mark.urls(__name__)


def a_request(address, **attributes):
    request = RequestFactory().get(address)
    request.resolver_match = resolve(request.path)
    for name, value in attributes.items():
        setattr(request, name, value)
    return request


def labels(request):
    return [str(link.entry.label) for link in navigation(request)["navigation_links"]]


def test_an_entry_without_a_page_is_left_out():
    assert labels(a_request(f"/a/{ACCOUNT}/")) == ["Home", "Sales orders", "Connections", "Stores", "Account"]


def test_an_entry_that_needs_a_right_is_shown_to_those_who_hold_it():
    assert "Account" not in labels(a_request(f"/a/{ACCOUNT}/", rights=frozenset({"view_orders"})))
    assert "Account" in labels(a_request(f"/a/{ACCOUNT}/", rights=frozenset({"view_orders", "manage_account"})))


@pytest.mark.parametrize(
    ("address", "label"),
    [("", "Home"), ("orders/", "Sales orders"), ("orders/1042/", "Sales orders"), ("connections/stores/", "Stores")],
)
def test_the_entry_that_holds_the_page_is_marked(address, label):
    shown = navigation(a_request(f"/a/{ACCOUNT}/{address}"))["navigation_links"]

    assert [str(link.entry.label) for link in shown if link.is_current] == [label]


def test_a_page_outside_any_account_has_no_links_into_one():
    assert labels(a_request("/profile/")) == []
    assert navigation(a_request("/profile/"))["search_url"] is None


def test_a_link_stays_in_the_account_of_the_page():
    request = a_request(f"/a/{ACCOUNT}/orders/")

    assert page_url(request, "orders:one", number=7) == f"/a/{ACCOUNT}/orders/7/"
    assert page_url(request, "orders:one", 7) == f"/a/{ACCOUNT}/orders/7/"
    assert page_url(request, "accounts:profile") == "/profile/"
    assert page_url_or_none(request, "orders:gone") is None


def test_a_page_that_knows_its_account_but_does_not_name_it_links_into_it():
    request = a_request("/profile/", account=SimpleNamespace(public_id=ACCOUNT))

    assert page_url(request, "orders:list") == f"/a/{ACCOUNT}/orders/"


def test_every_entry_has_an_icon_and_a_key_of_its_own():
    keys = [entry.key for entry in ENTRIES if entry.key]

    assert all(entry.icon in icon_names() for entry in ENTRIES)
    assert len(keys) == len(set(keys))


def test_the_sandbox_is_announced_in_a_demo_only(settings):
    settings.IS_DEMO = True
    assert frame(a_request("/profile/"))["is_sandbox"]

    settings.IS_DEMO = False
    assert not frame(a_request("/profile/"))["is_sandbox"]


def test_the_theme_comes_from_the_cookie_and_made_up_ones_do_not_count():
    request = a_request("/profile/")
    request.COOKIES["crossdock_theme"] = "dark"
    assert frame(request)["theme"] == "dark"

    request.COOKIES["crossdock_theme"] = '"><script>'
    assert frame(request)["theme"] == "auto"
