"""A webhook address that somebody else may know is replaced: both are taken until the platform was told, then the new one alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.connections import inbox
from crossdock.connections.models import Store
from crossdock.connections.testing import a_store
from crossdock.connections.tests.test_announcing import SECRETS, House, address_in
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")


@pytest.fixture
def house():
    made = House()
    made.browser().post(made.url("webhook_address"))
    return made


def announce(address):
    # Found or not is remembered for a minute.
    inbox._known.clear()
    path = address.removeprefix("http://127.0.0.1:8000")
    body, headers = b'{"Id": "1", "Inserted": []}', {"X-Crossdock-Secret": SECRETS["push_secret"]}
    return Client().post(path, body, "application/json", headers=headers).status_code


def replaced(house):
    """Replace the address; the one before and the new one."""
    browser = house.browser()
    before = address_in(house.page(browser))
    assert browser.post(house.url("webhook_address_replace")).status_code == 302
    return before, address_in(house.page(browser))


def test_both_addresses_are_taken_until_the_platform_was_told(house):
    old, new = replaced(house)

    assert old != new
    assert (announce(old), announce(new)) == (200, 200)
    assert "The address before it is taken until" in house.page(house.browser())
    with scoped(house.account.pk):
        assert Audit.objects.filter(action="store.webhook_address_replaced", subject_id=house.store.pk).count() == 1


def test_after_two_days_the_old_one_is_nobodys(house):
    old, new = replaced(house)
    with scoped(house.account.pk):
        until = Store.objects.get(pk=house.store.pk).old_hook_until
        assert timedelta(hours=47) < until - datetime.now(UTC) <= timedelta(hours=48)
        Store.objects.filter(pk=house.store.pk).update(old_hook_until=datetime.now(UTC) - timedelta(seconds=1))

    assert (announce(old), announce(new)) == (404, 200)
    assert "The address before it is taken until" not in house.page(house.browser())


def test_replacing_again_ends_the_one_before_the_last(house):
    first, second = replaced(house)
    again, third = replaced(house)

    assert again == second
    assert (announce(first), announce(second), announce(third)) == (404, 200, 200)


def test_the_page_asks_before_it_replaces(house):
    page = house.page(house.browser())

    assert 'data-dialog="#ask-replace-address"' in page
    assert house.url("webhook_address_replace") in page


def test_staff_replace_nothing(house):
    before = address_in(house.page(house.browser()))

    answer = house.browser(Role.STAFF).post(house.url("webhook_address_replace"))

    assert answer.status_code == 403
    assert address_in(house.page(house.browser())) == before


def test_an_address_that_was_never_made_and_one_made_by_us_are_not_replaced(house):
    shop = a_store(house.account)
    fresh = House()

    assert house.browser().post(house.url("webhook_address_replace", shop)).status_code == 404
    assert fresh.browser().post(fresh.url("webhook_address_replace")).status_code == 404


def test_whoever_signed_in_long_ago_confirms_first(house):
    before = address_in(house.page(house.browser()))

    answer = signed_in_client(a_person(house.account), ago=timedelta(hours=2)).post(house.url("webhook_address_replace"))

    assert "reauthenticate" in answer.headers["Location"]
    assert address_in(house.page(house.browser())) == before
