"""The story: of one order and of the account, newest first, each thing once, and to nobody who may not see what it is about."""

from datetime import UTC, datetime

import pytest

from crossdock.accounts.testing import an_account
from crossdock.activity import queries
from crossdock.activity.queries import StoryFilters, archived, newest, story_of_order
from crossdock.activity.services import Kept, Told, keep_messages, message_id_at, tell
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.kit.http import Exchange
from crossdock.orders.testing import an_order
from crossdock.tenancy.scope import scoped

ALL = StoryFilters()


@pytest.fixture
def connection(account):
    return a_connection(account)


def everything(filters=ALL, limit=3):
    found, before = [], None
    while True:
        story = newest(filters, before=before, limit=limit)
        found += [one.id for one in story.happened]
        before = story.older
        if before is None:
            return found


def test_pages_of_the_story_hold_each_thing_once_newest_first(account, connection):
    order = an_order(account, connection.store)
    with scoped(account.pk):
        tell([Told(kind="order.released", order_id=order.pk) for _ in range(10)])

        found = everything()
        assert len(found) == 11
        assert found == sorted(set(found), reverse=True)
        assert everything(StoryFilters(about="order"), limit=4) == found


def test_the_story_is_filtered_by_what_it_is_about(account, connection):
    other = a_store(account)
    order = an_order(account, connection.store, number="#31")
    with scoped(account.pk):
        tell(
            [
                Told(kind="order.refused", order_id=order.pk, params={"why": "Line 1 has no SKU."}),
                Told(kind="store.not_understood", store_id=other.pk, params={"count": 2}),
                Told(kind="warehouse.not_understood", warehouse_id=connection.warehouse_id, params={"why": "100% wrong"}),
                Told(kind="order.archived", order_id=order.pk, by=1),
            ]
        )

        def kinds(**filters):
            return [one.kind for one in newest(StoryFilters(**filters)).happened]

        assert kinds(about="problem") == ["warehouse.not_understood", "store.not_understood", "order.refused"]
        assert kinds(about="site") == ["warehouse.not_understood", "store.not_understood"]
        assert kinds(about="person") == ["order.archived"]
        assert kinds(about="shipment") == []
        assert kinds(store_id=other.pk) == ["store.not_understood"]
        assert kinds(warehouse_id=connection.warehouse_id) == ["warehouse.not_understood"]
        assert kinds(text="no sku") == ["order.refused"]
        assert kinds(text="100%") == ["warehouse.not_understood"]
        assert kinds(text="31") == ["order.archived", "order.refused", "order.imported"]


def test_limited_people_read_what_is_about_their_merchants_only(account, connection):
    mine, theirs = an_order(account, connection.store), an_order(account, a_store(account))
    with scoped(account.pk):
        tell(
            [
                Told(kind="store.mode", store_id=theirs.store_id),
                Told(kind="warehouse.not_understood", warehouse_id=connection.warehouse_id),
            ]
        )

    with scoped(account.pk, [connection.merchant_id]):
        assert {one.order_id for one in newest(StoryFilters()).happened} == {mine.pk}


def test_the_story_of_another_account_is_nowhere(account, connection):
    order = an_order(account, connection.store)

    with scoped(an_account().pk):
        assert newest(StoryFilters()).happened == ()
        assert story_of_order(order.pk) == []


def test_a_search_in_vain_says_how_far_it_looked_and_leads_on(account, connection, monkeypatch):
    monkeypatch.setattr(queries, "WALK", 4)
    order = an_order(account, connection.store)
    with scoped(account.pk):
        tell([Told(kind="order.refused", order_id=order.pk, params={"why": "needle"})])
        tell([Told(kind="order.released", order_id=order.pk) for _ in range(9)])

        first = newest(StoryFilters(text="needle"))
        assert (first.happened, first.walked) == ((), 4)
        assert len(everything(StoryFilters(text="needle"))) == 1


def test_an_exchange_comes_back_with_headers_and_bodies_as_they_were_said(account, connection):
    order = an_order(account, connection.store)
    said = Exchange(
        at=datetime.now(UTC), operation="orders", method="POST", url="https://shop.example.com/graphql.json", status=200, ms=12,
        request=b'{"a": 1}', response=b"line one\nline two", is_write=False, request_headers={"accept": "application/json"},
    )  # fmt: skip
    kept = Kept(message_id_at(said.at), said, ("key",))
    with scoped(account.pk):
        keep_messages([kept], store_id=connection.store_id, subjects={"key": order.pk})

        message = archived(kept.id)

    assert message is not None
    assert (message.request.body, message.response.body) == (said.request, said.response)
    assert (dict(message.request.headers), dict(message.response.headers)) == ({"accept": "application/json"}, {})
    assert (message.site, message.order_ids) == (connection.store.name, (order.pk,))
    with scoped(an_account().pk):
        assert archived(kept.id) is None
