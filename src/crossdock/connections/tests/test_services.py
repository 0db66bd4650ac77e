"""What changes of connections must not do."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection as database

from crossdock.accounts.models import Audit
from crossdock.accounts.rights import system
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
def test_settings_that_would_make_known_orders_new_ones_are_refused_where_the_store_was_live(account, monkeypatch, was_live):
    store = a_store(account)
    a_connection(account, store=store, mode="live" if was_live else "observe")
    monkeypatch.setattr(StoreSettings, "keeps_orders_known", lambda self, before: False)

    def replace():
        with scoped(account.pk):
            settings = settings_of_row(store)
            sites.replace_settings(
                actor=system(account.pk), site=store, settings=settings, identity=Identity(store.identity, store.name)
            )

    if was_live:
        with pytest.raises(RuleBroken, match="could ship twice"):
            replace()
    else:
        replace()
