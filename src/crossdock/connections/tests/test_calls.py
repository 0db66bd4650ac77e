"""What a platform calls for its app: believed when it is signed, and then about that one store, wherever it is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from crossdock.accounts.models import Audit
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import credentials, gateway
from crossdock.connections.credentials import Owner, Sealed
from crossdock.connections.models import Credential, Store
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_store
from crossdock.connectors.bigcommerce import connector as bigcommerce
from crossdock.connectors.bigcommerce.simulator.access import Access
from crossdock.connectors.bigcommerce.simulator.server import APP, BigCommerceSimulator
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.tokens import Tokens
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import scoped

pytestmark = pytest.mark.usefixtures("db_ready")

STAFF = {"id": 7, "email": "staff@example.com"}
STORES = iter(f"shop{number}abc" for number in range(1, 1_000))


class House:
    """An account with a BigCommerce store that was authorized for the installation's app an hour ago."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.store_hash = next(STORES)
        self.account = an_account("Northline")
        self.store = self.has()

    def has(self, account=None, **settings):
        account = account or self.account
        store = a_store(account, platform="bigcommerce", settings={"store_hash": self.store_hash, "access": "oauth", **settings})
        with scoped(account.pk):
            Store.objects.filter(pk=store.pk).update(identity=self.store_hash)
            credentials.save(self.owner(store), Sealed({"client_secret": "s"}, hook="h").with_tokens(Tokens(Secret("token"))))
            Credential.objects.update(changed_at=datetime.now(UTC) - timedelta(hours=1))
            open_lane("orders.pull", store.pk)
        return store

    @staticmethod
    def owner(store):
        return Owner("store", store.pk, store.realm, destination_of(bigcommerce, gateway.settings_of_row(store)))

    def call(self, name, browser=None, *, store=None, **changes):
        token = self.access.signed_call(store or self.store_hash, APP, **changes)
        return (browser or Client()).get(f"/apps/bigcommerce/{name}/", {"signed_payload_jwt": token})

    def kept(self, account=None, store=None):
        """The sealed credentials, and why lanes stand still."""
        account, store = account or self.account, store or self.store
        with scoped(account.pk):
            return credentials.load(self.owner(store))[0], Lane.objects.get(store_id=store.pk, kind="orders.pull").blocked_reason

    def page(self, account=None, store=None):
        account, store = account or self.account, store or self.store
        return reverse("connections:store", kwargs={"account": account.public_id, "public_id": store.public_id})


@pytest.fixture
def house(monkeypatch):
    access = BigCommerceSimulator().access
    monkeypatch.setenv("CROSSDOCK_APP__BIGCOMMERCE", f"{APP}:{access.apps[APP].client_secret}")
    return House(access)


def test_whoever_opens_the_app_is_led_to_the_store(house):
    answer = house.call("load", signed_in_client(a_person(house.account)), user=STAFF)

    assert (answer.status_code, answer.url) == (302, house.page())


def test_whoever_is_not_signed_in_signs_in_first_and_then_goes_there(house):
    answer = house.call("load")

    assert answer.url.startswith("/sign-in/login/?next=/apps/bigcommerce/load/")


def test_a_frame_of_the_control_panel_gets_a_link_that_opens_a_window(house):
    token = house.access.signed_call(house.store_hash, APP)

    answer = Client().get("/apps/bigcommerce/load/", {"signed_payload_jwt": token}, headers={"Sec-Fetch-Dest": "iframe"})

    assert answer.status_code == 200
    assert 'target="_blank"' in answer.content.decode()
    assert "frame-ancestors https:" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers


def test_a_store_that_is_not_here_gets_a_page_that_says_how_to_add_it(house):
    answer = house.call("load", store="elsewhere1")

    assert answer.status_code == 404
    assert "choose BigCommerce, enter elsewhere1, and choose Authorize" in answer.content.decode()


def test_a_store_of_others_is_not_shown_to_strangers(house):
    answer = house.call("load", signed_in_client(a_person(an_account())))

    assert answer.status_code == 404
    assert house.store.name not in answer.content.decode()


def test_each_account_of_a_store_is_led_to_its_own_page(house):
    others = an_account()
    store = house.has(others)

    assert house.call("load", signed_in_client(a_person(others))).url == house.page(others, store)


def test_an_uninstalled_app_forgets_its_tokens_and_stops_the_store_in_every_account(house):
    others = an_account()
    store = house.has(others)

    answer = house.call("uninstall")

    assert answer.status_code == 200
    for sealed, why in (house.kept(), house.kept(others, store)):
        assert (sealed.tokens(), sealed.secrets, sealed.hook) == (None, {"client_secret": "s"}, "h")
        assert why.startswith("The app was uninstalled at BigCommerce")
    with scoped(house.account.pk):
        (line,) = Audit.objects.filter(action="store.sign_in_ended")
    assert (line.subject_id, line.by) == (house.store.pk, None)
    page = signed_in_client(a_person(house.account)).get(house.page()).content.decode()
    assert "The app was uninstalled at BigCommerce" in page


def test_another_store_is_left_alone(house):
    other = House(house.access)

    house.call("uninstall")

    assert other.kept()[0].tokens() is not None
    assert other.kept()[1] is None


@pytest.mark.parametrize("settings", [{"access": "token"}, {"client_id": "an app of their own"}])
def test_a_store_that_gets_in_another_way_is_left_alone(house, settings):
    account = an_account()
    store = house.has(account, **settings)

    assert house.call("uninstall").status_code == 200
    assert house.kept(account, store)[1] is None


def test_a_call_that_is_older_than_the_sign_in_changes_nothing(house):
    with scoped(house.account.pk):
        Credential.objects.update(changed_at=datetime.now(UTC) + timedelta(minutes=1))

    assert house.call("uninstall").status_code == 200
    assert house.kept()[1] is None


def test_somebody_else_than_the_owner_has_the_store_looked_at(house):
    with scoped(house.account.pk):
        Lane.objects.update(woken_at=None)

    assert house.call("uninstall", user=STAFF).status_code == 200

    sealed, why = house.kept()
    assert (sealed.tokens() is not None, why) == (True, None)
    with scoped(house.account.pk):
        assert Lane.objects.get(kind="orders.pull").woken_at is not None


def test_a_person_who_is_gone_there_is_agreed_to(house):
    assert house.call("remove_user", user=STAFF).status_code == 200
    assert house.kept()[0].tokens() is not None


@pytest.mark.parametrize("name", ["load", "uninstall", "remove_user"])
def test_nothing_is_believed_unsigned_and_nothing_changed_by_other_methods(house, name):
    address = f"/apps/bigcommerce/{name}/"
    token = house.access.signed_call(house.store_hash, APP)

    for forged in (
        {},
        {"signed_payload_jwt": token[:-3]},
        {"signed_payload_jwt": "\x00ü.𝕏.\ud7ff"},
        {"signed_payload_jwt": "a.b.c"},
    ):
        assert Client().get(address, forged).status_code == 401
    assert Client().post(f"{address}?signed_payload_jwt={token}").status_code == 405
    assert house.kept()[1] is None


@pytest.mark.parametrize("name", ["uninstall", "remove_user"])
def test_a_store_that_nobody_has_is_not_there(house, name):
    assert house.call(name, store="elsewhere1").status_code == 404


@pytest.mark.parametrize("platform", ["shopify", "nowhere", "bigcommerce"])
def test_a_platform_without_an_app_here_is_not_there(house, platform, monkeypatch):
    monkeypatch.delenv("CROSSDOCK_APP__BIGCOMMERCE")

    for name in ("load", "uninstall", "remove_user"):
        assert Client().get(f"/apps/{platform}/{name}/").status_code == 404
