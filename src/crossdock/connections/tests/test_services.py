"""What changes of connections must not do."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection as database

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.rights import Actor, NotConfirmed, system
from crossdock.accounts.testing import an_account
from crossdock.connections import services, sites
from crossdock.connections.gateway import settings_of_row
from crossdock.connections.models import Connection, Mode, Store
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.kit.capabilities import Identity
from crossdock.connectors.kit.settings import StoreSettings
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.models import Lane
from crossdock.tenancy.scope import scoped


def test_a_shop_that_is_live_in_another_account_cannot_go_live_in_this_one(account):
    other = an_account()
    mine, theirs = a_store(account), a_store(other)
    with scoped(account.pk):
        Store.objects.filter(pk=mine.pk).update(identity="the-same-shop")
        mine.refresh_from_db()
    with scoped(other.pk):
        Store.objects.filter(pk=theirs.pk).update(identity="the-same-shop")
    a_connection(other, store=theirs, mode="live")
    connection = a_connection(account, store=mine, mode="off")

    with scoped(account.pk), pytest.raises(RuleBroken, match="Live in another account"):
        services.set_mode(actor=system(account.pk), connection=connection, mode=Mode.LIVE)

    with scoped(account.pk):
        services.set_mode(actor=system(account.pk), connection=connection, mode=Mode.OBSERVE)
        assert connection.mode == "observe"


def test_an_order_of_the_very_second_in_which_a_connection_goes_live_is_not_too_old(account):
    connection = a_connection(account, mode="off")
    clicked = datetime(2026, 5, 4, 12, 0, 7, 650_000, tzinfo=UTC)

    with scoped(account.pk):
        services.set_mode(actor=system(account.pk), connection=connection, mode=Mode.LIVE, accept_after=clicked)

    assert connection.accept_after == clicked.replace(microsecond=0)


def test_what_becomes_of_a_rest_waits_unless_said_otherwise_and_is_audited(account):
    connection = a_connection(account)

    with scoped(account.pk):
        services.set_remainder(actor=system(account.pk), connection=connection, remainder="reship")
        services.set_remainder(actor=system(account.pk), connection=Connection.objects.get(), remainder="reship")
        with pytest.raises(RuleBroken, match="Choose what becomes of the rest"):
            services.set_remainder(actor=system(account.pk), connection=connection, remainder="cancel")

        audited = Audit.objects.filter(action="connection.remainder_set").values_list("before", "after")
        assert list(audited) == [({"remainder": "wait"}, {"remainder": "reship"})]
        assert Connection.objects.get().remainder == "reship"


def test_a_channel_that_a_stopped_worker_is_in_the_middle_of_is_run_later_and_says_so(account):
    connection = a_connection(account, mode="live")
    with scoped(account.pk):
        services.run_now(actor=system(account.pk), connection=connection, kind="sales_orders")
    is_held, is_over = threading.Event(), threading.Event()

    def hold():
        with scoped(account.pk):
            list(Lane.objects.select_for_update())
            is_held.set()
            is_over.wait(20)
        database.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(10)
    try:
        with scoped(account.pk), database.cursor() as cursor:
            cursor.execute("set local lock_timeout = '50ms'")
            with pytest.raises(RuleBroken, match="Try again in a minute"):
                services.run_now(actor=system(account.pk), connection=connection, kind="sales_orders")
    finally:
        is_over.set()
        holder.join()


@pytest.mark.parametrize("was_live", [True, False])
@pytest.mark.parametrize("way", ["replaced", "added again", "replaced after its connection was deleted"])
def test_settings_that_would_make_known_orders_new_ones_are_refused_where_the_store_was_live(account, monkeypatch, was_live, way):
    store = a_store(account)
    link = a_connection(account, store=store, mode="live" if was_live else "observe")
    monkeypatch.setattr(StoreSettings, "keeps_orders_known", lambda self, before: False)

    def change():
        actor, settings, identity = system(account.pk), settings_of_row(store), Identity(store.identity, store.name)
        with scoped(account.pk):
            if "deleted" in way:
                services.set_mode(actor=actor, connection=link, mode=Mode.OFF)
                services.delete_connection(actor=actor, connection=link)
            if way == "added again":
                known = {"merchant": store.merchant, "platform": store.platform, "name": store.name}
                sites.save_store(actor=actor, settings=settings, identity=identity, **known)
            else:
                sites.replace_settings(actor=actor, site=store, settings=settings, identity=identity)

    if was_live:
        with pytest.raises(RuleBroken, match="could ship twice"):
            change()
    else:
        change()


def test_whoever_signed_in_long_ago_adds_no_store_and_no_warehouse(account):
    link = a_connection(account)
    stale = Actor(account.pk, None, Role.ADMINISTRATOR, is_confirmed=False)
    store, warehouse = link.store, link.warehouse

    with scoped(account.pk):
        with pytest.raises(NotConfirmed):
            sites.save_store(
                actor=stale,
                merchant=store.merchant,
                platform=store.platform,
                name="",
                settings=settings_of_row(store),
                identity=Identity("new", "New"),
            )
        with pytest.raises(NotConfirmed):
            sites.save_warehouse(
                actor=stale,
                platform=warehouse.platform,
                name="",
                settings=settings_of_row(warehouse),
                identity=Identity("new", "New"),
            )
