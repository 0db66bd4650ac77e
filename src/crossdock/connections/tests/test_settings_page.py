"""Settings of a store or warehouse that is here: tested before they are stored, secrets never shown."""

import re

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner
from crossdock.connections.models import Connection, Store, Warehouse
from crossdock.connections.realms import destination_of
from crossdock.connections.tests.rig import PASSWORD, posted
from crossdock.connectors.shopify import connector as shopify
from crossdock.tenancy.scope import scoped


class House:
    """An account with one connection, made by the wizard."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.account = an_account("Northline")
        self.browser = signed_in_client(a_person(self.account))
        self.location = next(iter(sandbox.locations.values()))
        at = self.browser.post(self.url("new"), {"name": "Acme to Reno"}).url
        at = self.browser.post(at, {"how": "new", "name": "Acme"}).url
        at = self.browser.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields())}).url
        self.browser.post(at, {"do": "show", "platform": "shopify"})
        self.browser.post(at, {"do": "next", **posted("store", "shopify", self.fields())})
        with scoped(self.account.pk):
            self.link = Connection.objects.select_related("store", "warehouse").get()

    def url(self, name, **kwargs):
        return reverse(f"connections:{name}", kwargs={"account": self.account.public_id, **kwargs})

    def fields(self, **changed):
        return self.sandbox.store_fields(**{"location": self.location, **changed})

    def send(self, do, side="store", at=None, **changed):
        platform, fields = ("shopify", self.fields()) if side == "store" else ("files", self.sandbox.warehouse_fields())
        fields = {**fields, "client_secret": "", "password": "", **changed}
        fields = {name: value for name, value in fields.items() if name != "password" or side == "warehouse"}
        fields = {name: value for name, value in fields.items() if name != "client_secret" or side == "store"}
        at = at or self.url(side, public_id=getattr(self.link, side).public_id)
        return self.browser.post(at, {"do": do, "part": side, **posted(side, platform, fields)})

    def store(self):
        with scoped(self.account.pk):
            return Store.objects.get()

    def sealed(self):
        store = self.store()
        with scoped(self.account.pk):
            owner = Owner("store", store.pk, store.realm, destination_of(shopify, gateway.settings_of_row(store)))
            return credentials.load(owner)[0]


@pytest.fixture
def house(sandbox):
    return House(sandbox)


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_stored_secret_is_never_shown_anywhere(house):
    pages = [
        house.browser.get(house.url("settings", public_id=house.link.public_id)),
        house.browser.get(house.url("store", public_id=house.link.store.public_id)),
        house.browser.get(house.url("warehouse", public_id=house.link.warehouse.public_id)),
        house.send("test"),
    ]

    text = "".join(page.content.decode() for page in pages)
    assert "Stored. Type to replace it." in text
    assert house.sandbox.own_app["client_secret"] not in text
    assert PASSWORD not in text


def test_import_settings_are_saved_without_typing_a_secret_again(house):
    before = house.sealed()

    answer = house.send("save", delay_minutes="45")

    assert answer.status_code == 302
    assert house.store().settings["delay_minutes"] == 45
    assert house.sealed() == before


def test_the_location_is_shown_by_its_name_from_the_last_test(house):
    page = shown(house.browser.get(house.url("store", public_id=house.link.store.public_id)))

    assert f'<option value="{house.location}" selected>{next(iter(house.sandbox.locations))}</option>' in page


def test_a_test_changes_nothing_here(house):
    answer = house.send("test", delay_minutes="45")

    assert "answers." in shown(answer)
    assert house.store().settings["delay_minutes"] == 0


def test_wrong_credentials_are_refused_beside_the_field_and_not_stored(house):
    answer = house.send("save", client_secret="shpss_wrong_one")

    assert answer.status_code == 422
    assert 'id="id_store-client_secret_error"' in shown(answer)
    assert house.sealed().secrets["client_secret"] == house.sandbox.own_app["client_secret"]


def test_credentials_of_another_shop_are_refused(house):
    handle = f"other-{house.sandbox.handle}"
    house.sandbox.shop.add_shop(handle)

    secret = house.sandbox.own_app["client_secret"]
    answer = house.send("save", shop=handle, client_secret=secret, location="")

    assert answer.status_code == 422
    assert house.store().settings["shop"] == house.sandbox.handle


def test_another_address_asks_for_every_secret_again(house):
    answer = house.send("save", shop="another-shop")

    assert "The address changed, so this has to be entered again" in shown(answer)
    assert "Stored. Type to replace it." not in shown(answer)
    assert house.store().settings["shop"] == house.sandbox.handle


def test_a_secret_that_has_no_part_in_the_sign_in_leaves_the_tokens(house):
    before = house.sealed()
    assert before.access is not None

    house.send("save", return_magic_key="magic-key-1")

    assert house.sealed().secrets["return_magic_key"] == "magic-key-1"
    assert house.sealed().access == before.access


def test_a_stored_secret_can_be_forgotten(house):
    house.send("save", return_magic_key="magic-key-1")

    house.send("save", **{"forget-return_magic_key": True})

    assert "return_magic_key" not in house.sealed().secrets


def test_import_settings_can_be_stored_while_the_store_does_not_answer(house):
    house.sandbox.shop.fail_next(n=20, status=503)

    answer = house.send("save", delay_minutes="30")

    assert answer.status_code == 302
    assert house.store().settings["delay_minutes"] == 30
    assert "Saved, but not tried" in shown(house.browser.get(answer.url))


def test_the_settings_tab_saves_the_warehouse_and_leaves_the_store_alone(house):
    at = house.url("settings", public_id=house.link.public_id)

    answer = house.send("save", "warehouse", at=at, incoming="/in")

    assert answer.url == f"{at}#warehouse"
    with scoped(house.account.pk):
        assert Warehouse.objects.get().settings["incoming"] == "/in"


def test_a_live_stores_settings_do_not_open_when_the_platform_is_pointed_elsewhere(house, monkeypatch):
    monkeypatch.delenv("CROSSDOCK_BASE_URL__SHOPIFY")

    answer = house.send("test")

    assert answer.status_code == 422
    assert "this Crossdock reaches Shopify elsewhere now" in shown(answer)


def test_the_locations_are_loaded_from_the_store(house):
    at = house.url("locations", public_id=house.link.public_id)

    page = shown(house.browser.post(at, {"do": "load"}))

    for name in house.sandbox.locations:
        assert name in page


def test_somebody_limited_to_a_merchant_may_not_change_a_warehouse_that_others_may_use(house):
    person = a_person(house.account, role=Role.STAFF, merchants=[house.link.merchant_id])
    house.browser = signed_in_client(person)

    page = shown(house.browser.get(house.url("warehouse", public_id=house.link.warehouse.public_id)))
    house.send("save", "warehouse", incoming="/elsewhere")

    assert 'id="warehouse-form"' not in page
    with scoped(house.account.pk):
        assert Warehouse.objects.get().settings["incoming"] == "/in"
