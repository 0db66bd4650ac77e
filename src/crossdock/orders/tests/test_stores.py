"""What a store's page says of its orders: fetches with what came of them, and days that differ, each with one thing to do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.rights import system
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import WebhookInbox
from crossdock.connections.testing import a_connection
from crossdock.domain.errors import RuleBroken
from crossdock.orders.backfilling import fetch_orders
from crossdock.orders.models import Backfill, DayCount, Difference
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def url(name, account, store):
    return reverse(name, kwargs={"account": account.public_id, "public_id": store.public_id})


def page(client, account, connection):
    return client.get(url("connections:store", account, connection.store)).content.decode()


def a_count(account, store, *, missing=(), gone=()):
    with scoped(account.pk):
        row = DayCount.objects.create(
            account_id=account.pk, store=store, day=date(2026, 3, 2), at_store=2, here=2, counted_at=datetime.now(UTC)
        )
        for external_id in missing:
            Difference.objects.create(account_id=account.pk, count=row, external_id=external_id, number=f"#{external_id}")
        for order in gone:
            Difference.objects.create(
                account_id=account.pk, count=row, external_id=order.external_id, number=order.number, order=order
            )


def test_a_day_on_which_all_is_there_says_only_that(account, connection, staff):
    a_count(account, connection.store)

    shown = page(staff, account, connection)

    assert "2 orders in the store, all there." in shown
    assert "Fetch it" not in shown


def test_each_difference_has_one_thing_to_do(account, connection, staff):
    order = an_order(account, connection.store, number="#77")
    a_count(account, connection.store, missing=["901"], gone=[order])

    shown = page(staff, account, connection)

    assert shown.count("Fetch it") == 1
    assert reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id}) in shown


def test_a_missing_order_is_fetched_once_by_its_name_and_is_no_difference_once_it_is_here(account, connection, staff):
    a_count(account, connection.store, missing=["901"])

    answer = staff.post(url("orders:store_fetch_one", account, connection.store), {"order": ["901", "12"]}, follow=True)

    assert "1 order is being fetched." in answer.content.decode()
    with scoped(account.pk):
        assert [row.subjects for row in WebhookInbox.objects.all()] == [["901"]]
        assert Audit.objects.filter(action="store.fetched").count() == 1
    received(account, connection.store, [a_canonical_order(external_id="901")])
    assert "all there" in page(staff, account, connection)


def test_orders_of_some_days_are_asked_for_and_shown_with_what_came_of_it(account, connection, staff):
    fetch = url("orders:store_fetch", account, connection.store)

    answer = staff.post(fetch, {"since": "2026-03-01", "until": "2026-03-02"}, follow=True)

    assert "They are being fetched." in answer.content.decode()
    with scoped(account.pk):
        row = Backfill.objects.get()
        assert row.until - row.since == timedelta(days=2, microseconds=-1)
        Backfill.objects.update(found=12, new=3, skipped=1, done_at=datetime.now(UTC))
    assert "12 found, 3 new (1 of them left out by the settings), 0 changed." in page(staff, account, connection)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("2026-03-03", "2026-03-02", "The first day lies behind the last."),
        ("9000-01-01", "9000-01-02", "These days are still to come."),
        ("", "2026-03-02", "This field is required."),
        ("1815-06-18", "2026-03-02", "Choose days between 1970 and 9000."),
    ],
)
def test_days_that_make_no_sense_are_refused_in_words(account, connection, staff, since, until, words):
    answer = staff.post(url("orders:store_fetch", account, connection.store), {"since": since, "until": until}, follow=True)

    assert words in answer.content.decode()
    with scoped(account.pk):
        assert not Backfill.objects.exists()


def test_nothing_is_fetched_while_no_connection_reads_and_not_too_much_at_once(account, connection):
    actor = system(account.pk)
    now = datetime.now(UTC)
    store = connection.store

    for _ in range(5):
        fetch_orders(actor=actor, store=store, since=now - timedelta(days=2), until=now)
    with pytest.raises(RuleBroken, match="Several are under way already"):
        fetch_orders(actor=actor, store=store, since=now - timedelta(days=2), until=now)
    with scoped(account.pk):
        type(connection).objects.update(mode="off")
    with pytest.raises(RuleBroken, match="No connection of this store reads its orders"):
        fetch_orders(actor=actor, store=store, since=now - timedelta(days=2), until=now)


def test_a_merchants_person_looks_and_fetches_nothing(account, connection):
    person = a_person(account, role=Role.MERCHANT, merchants=[connection.merchant_id])
    client = signed_in_client(person)
    a_count(account, connection.store, missing=["901"])

    shown = client.get(url("orders:store_part", account, connection.store)).content.decode()
    refused = client.post(url("orders:store_fetch_one", account, connection.store), {"order": ["901"]})

    assert "The store has it, and it is not here." in shown
    assert "Fetch it" not in shown
    assert refused.status_code == 403


def test_another_accounts_store_is_not_there(account, connection):
    stranger = signed_in_client(a_person(an_account(), role=Role.STAFF))

    assert stranger.get(url("orders:store_part", account, connection.store)).status_code in (403, 404)


def test_the_part_answers_204_while_nothing_changed(account, connection, staff):
    address = url("orders:store_part", account, connection.store)
    first = staff.get(address).content.decode()
    version = first.split('data-poll-version="')[1].split('"')[0]

    assert staff.get(address, headers={"X-Crossdock-Version": version}).status_code == 204
    a_count(account, connection.store)
    assert staff.get(address, headers={"X-Crossdock-Version": version}).status_code == 200
