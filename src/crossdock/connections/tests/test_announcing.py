"""A platform that is told by hand where to announce: the address is an administrator's to make and to copy."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner, Sealed
from crossdock.connections.models import WebhookInbox
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_store
from crossdock.connectors.acumatica import connector as acumatica
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")

SETTINGS = {
    "instance_url": "https://erp.example.com/Acme",
    "client_id": "00000000-0000-0000-0000-000000000000@Company",
    "username": "crossdock",
}
SECRETS = {"client_secret": "c", "password": "p", "push_secret": "a long text of their own"}


class House:
    """An account with an Acumatica store."""

    def __init__(self):
        self.account = an_account()
        self.store = a_store(self.account, platform="acumatica", settings=SETTINGS)
        with scoped(self.account.pk):
            owner = Owner(
                "store", self.store.pk, self.store.realm, destination_of(acumatica, gateway.settings_of_row(self.store))
            )
            credentials.save(owner, Sealed(SECRETS))

    def url(self, name, store=None):
        return reverse(
            f"connections:{name}", kwargs={"account": self.account.public_id, "public_id": (store or self.store).public_id}
        )

    def browser(self, role=Role.ADMINISTRATOR):
        return signed_in_client(a_person(self.account, role=role))

    def page(self, browser):
        return browser.get(self.url("store")).content.decode()


@pytest.fixture
def house():
    return House()


def address_in(page):
    found = re.search(r'data-copy="([^"]+/in/acumatica/[^"]+)"', page)
    return found[1] if found else None


def test_an_administrator_makes_the_address_and_copies_it(house):
    browser = house.browser()
    before = house.page(browser)

    browser.post(house.url("webhook_address"))

    after = house.page(browser)
    assert "Make the address" in before
    assert address_in(before) is None
    assert address_in(after).startswith("http://127.0.0.1:8000/in/acumatica/")
    assert "SM302000" in after
    assert "registered once a connection is Live" not in after
    with scoped(house.account.pk):
        assert Audit.objects.filter(action="store.webhook_address_made", subject_id=house.store.pk).count() == 1


def test_asking_again_keeps_the_address(house):
    browser = house.browser()
    browser.post(house.url("webhook_address"))
    first = address_in(house.page(browser))

    browser.post(house.url("webhook_address"))

    assert address_in(house.page(browser)) == first


def test_what_is_announced_there_wakes_the_store(house):
    browser = house.browser()
    browser.post(house.url("webhook_address"))
    path = address_in(house.page(browser)).removeprefix("http://127.0.0.1:8000")

    def announce(secret):
        headers = {"X-Crossdock-Secret": secret}
        return Client().post(path, b'{"Id": "1", "Inserted": []}', "application/json", headers=headers).status_code

    assert (announce("a guess"), announce(SECRETS["push_secret"])) == (401, 200)
    with scoped(house.account.pk):
        assert WebhookInbox.objects.filter(store=house.store).count() == 1


def test_staff_neither_see_nor_make_it(house):
    house.browser().post(house.url("webhook_address"))
    staff = house.browser(Role.STAFF)

    answer = staff.post(house.url("webhook_address"))

    assert answer.status_code == 403
    assert "/in/acumatica/" not in house.page(staff)
    assert "Webhook address" not in house.page(staff)


def test_a_platform_whose_webhooks_are_registered_for_people_has_no_such_address(house):
    shop = a_store(house.account)
    browser = house.browser()
    page = browser.get(house.url("store", shop)).content.decode()

    assert "Webhook address" not in page
    assert "registered once a connection is Live" in page
    assert browser.post(house.url("webhook_address", shop)).status_code == 404
