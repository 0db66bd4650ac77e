"""A platform with few sessions: ours is closed when a store goes or is signed in anew, and nothing waits for that to work."""

import pytest
from django.db import transaction

from crossdock.accounts.testing import a_person, actor_of, an_account
from crossdock.connections import checking, credentials, gateway, services, sites
from crossdock.connections.credentials import Owner, Sealed
from crossdock.connections.models import Store
from crossdock.connections.realms import destination_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.acumatica import connector as acumatica
from crossdock.connectors.acumatica.settings import Settings
from crossdock.connectors.acumatica.simulator import AcumaticaSimulator
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, SITE
from crossdock.connectors.kit.capabilities import Identity
from crossdock.tenancy.scope import scoped


class House:
    """An account with a store whose session is open."""

    def __init__(self, sim):
        self.sim = sim
        self.account = an_account()
        self.actor = actor_of(self.account, a_person(self.account))
        clear = self.settings().model_dump(mode="json", exclude={"client_secret", "password", "push_secret"})
        self.store = a_store(self.account, platform="acumatica", realm="sandbox", settings=clear)
        with scoped(self.account.pk):
            secrets = {"client_secret": self.sim.app().client_secret, "password": DEMO_PASSWORD}
            credentials.save(self.owner(), Sealed(secrets).with_tokens(self.signed_in()))

    def settings(self, **changes):
        app = self.sim.app()
        values = {"instance_url": f"{self.sim.url}{SITE}", "client_id": app.client_id, "client_secret": app.client_secret}
        return Settings(**values, **{"username": DEMO_USER, "password": DEMO_PASSWORD, "default_box": "MEDIUM", **changes})

    def owner(self):
        return Owner("store", self.store.pk, "sandbox", destination_of(acumatica, gateway.settings_of_row(self.store)))

    def signed_in(self):
        checked = checking.check(acumatica, self.settings(), account_public_id=str(self.account.public_id))
        assert checked.outcome.ok, checked.outcome.message
        return checked.tokens

    def replace(self, tokens=None, **changes):
        with scoped(self.account.pk):
            sites.replace_settings(
                actor=self.actor,
                site=Store.objects.get(pk=self.store.pk),
                settings=self.settings(**changes),
                identity=Identity(self.store.identity, "Acme"),
                tokens=tokens,
            )

    def remove(self):
        link = a_connection(self.account, store=self.store, mode="off")
        with scoped(self.account.pk):
            services.delete_connection(actor=self.actor, connection=link)

    def is_removed(self):
        with scoped(self.account.pk):
            return Store.objects.get(pk=self.store.pk).deleted_at is not None

    @property
    def sessions(self):
        return set(self.sim.access.sessions)


@pytest.fixture
def house(sandbox, monkeypatch):
    sim = AcumaticaSimulator()
    sandbox.do(sim.start())
    monkeypatch.setenv("CROSSDOCK_BASE_URL__ACUMATICA", f"{sim.url}{SITE}")
    yield House(sim)
    sandbox.do(sim.stop())


def test_a_store_that_goes_closes_its_session(house):
    assert len(house.sessions) == 1

    house.remove()

    assert house.is_removed()
    assert house.sessions == set()


def test_a_new_sign_in_closes_the_session_of_the_old_one_and_keeps_its_own(house):
    old = house.sessions
    tokens = house.signed_in()
    new = house.sessions - old

    house.replace(tokens)

    assert len(new) == 1
    assert house.sessions == new


def test_settings_that_have_no_part_in_signing_in_leave_the_session_open(house):
    before = house.sessions

    house.replace(default_box="LARGE")

    assert house.sessions == before


def test_a_change_that_is_rolled_back_leaves_the_session_open(house):
    before = house.sessions
    link = a_connection(house.account, store=house.store, mode="off")

    with scoped(house.account.pk):
        services.delete_connection(actor=house.actor, connection=link)
        transaction.set_rollback(True)

    assert house.sessions == before


def test_a_platform_that_does_not_answer_keeps_nobody_from_removing_its_store(house, sandbox):
    sandbox.do(house.sim.stop())

    house.remove()

    assert house.is_removed()
    sandbox.do(house.sim.start())
