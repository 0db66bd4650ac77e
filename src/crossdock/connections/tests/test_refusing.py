"""Announcements whose signature does not fit are counted by store, and told of where somebody has to act."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.rights import system
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.connections import inbox, refusing, sites
from crossdock.connections.models import HookRefusals
from crossdock.connections.testing import a_connection
from crossdock.connections.tests.test_inbox import Shop
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.shopify import connector as shopify
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")


@pytest.fixture
def shop(account, monkeypatch):
    monkeypatch.setattr(refusing, "WRITTEN_EVERY", 0.0)
    return Shop(account)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def says(shop, order=1, *, key="another"):
    """The answer to an announcement, signed with a key."""
    return inbox.take(inbox.Hook(*shop.said(order, key=key)))


def told(shop, **which):
    with scoped(shop.account.pk):
        return [(one.is_all, one.count) for one in refusing.refusals(**which)]


def test_a_store_none_of_whose_announcements_fits_is_told_of_on_its_pages_and_at_home(account, shop, staff):
    link = a_connection(account, store=shop.store)

    assert [says(shop, order) for order in range(3)] == [401] * 3

    here = {"account": account.public_id}
    home = staff.get(reverse("desk:home", kwargs=here)).content.decode()
    one = staff.get(reverse("connections:one", kwargs=here | {"public_id": link.public_id})).content.decode()
    store = staff.get(reverse("connections:store", kwargs=here | {"public_id": shop.store.public_id})).content.decode()
    for page in (home, one, store):
        assert f"{shop.store.name}: what the platform announces is refused." in page
        assert "3 came whose signatures do not fit, and none that fits." in page
        assert "Its orders are still read by schedule. Check “Client secret”" in page


def test_forged_ones_between_those_that_fit_are_told_of_on_the_store_s_pages_alone(account, shop):
    a_connection(account, store=shop.store)

    answers = [says(shop, order, key=key) for order in range(4) for key in ("another", "the app's secret")]

    assert answers == [401, 200] * 4
    assert told(shop) == []
    assert told(shop, stores=[shop.store]) == [(False, 4)]


def test_once_one_fits_again_home_says_nothing_more(account, shop):
    a_connection(account, store=shop.store)
    for order in range(5):
        says(shop, order)
    assert told(shop) == [(True, 5)]

    says(shop, key="the app's secret")

    assert told(shop) == []


def test_a_flood_is_one_row_and_written_twice_a_minute_at_most(account, shop, monkeypatch):
    monkeypatch.setattr(refusing, "WRITTEN_EVERY", 30.0)
    says(shop, 0)

    with CaptureQueriesContext(database) as asked:
        assert {says(shop, order) for order in range(20)} == {401}

    assert not [query for query in asked if "hook_refusals" in query["sql"]]
    with scoped(account.pk):
        assert HookRefusals.objects.get().refused == 1
    monkeypatch.setattr(refusing, "WRITTEN_EVERY", 0.0)
    says(shop, 21)
    assert told(shop, stores=[shop.store]) == [(True, 22)]


def test_after_a_day_of_silence_nobody_is_told_and_another_one_begins_anew(shop):
    for order in range(5):
        says(shop, order)
    with scoped(shop.account.pk):
        HookRefusals.objects.update(last_at=datetime.now(UTC) - timedelta(hours=25))
    assert told(shop, stores=[shop.store]) == []

    says(shop, 9)

    assert told(shop, stores=[shop.store]) == [(False, 1)]


def test_a_count_that_cannot_be_written_changes_no_answer(shop, monkeypatch):
    monkeypatch.setattr(refusing, "REFUSED", "insert into nowhere values (%(store)s)")

    assert says(shop) == 401
    assert says(shop, key="the app's secret") == 200


def test_another_secret_begins_anew_and_other_settings_do_not(account, shop):
    for order in range(5):
        says(shop, order)

    def enter(secret, **changes):
        settings = {
            "access": "token",
            "admin_token": "shpat_x",
            "client_secret": secret,
            **changes,
        }
        with scoped(account.pk):
            identity = Identity(shop.store.identity, "Store")
            read = shopify.settings.model_validate({**shop.store.settings, **settings})
            sites.replace_settings(actor=system(account.pk), site=shop.store, settings=read, identity=identity)

    enter("the app's secret", use_local_currency=True)
    assert told(shop, stores=[shop.store]) == [(True, 5)]
    enter("another")
    assert told(shop, stores=[shop.store]) == []
