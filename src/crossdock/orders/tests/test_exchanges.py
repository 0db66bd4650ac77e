"""Exchanges: shown without the shopper, whole only to those who may, never to those who may not see what they are about."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.activity.services import Kept, envelope, keep_messages, message_id_at
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.kit.http import Exchange
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.scope import scoped

SENT = b"order,ship_to_name,ship_to_zip\n1,Ada Marsh,89501\n<script>alert(1)</script>,x,y\n"


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def kept(account, connection, order=None, *, request=SENT, response=b"{}", others=()):
    said = Exchange(
        at=datetime.now(UTC), operation="put", method="PUT", url="folder:/in/ord_1.csv", status=200, ms=3, request=request,
        response=response, is_write=True, request_headers={"content-type": "text/csv"},
    )  # fmt: skip
    one = Kept(message_id_at(said.at), said, ("key",))
    with scoped(account.pk):
        keep_messages([one], store_id=connection.store_id, subjects={"key": order.pk} if order else {})
        for other in others:
            keep_messages([one], store_id=connection.store_id, subjects={"key": other.pk})
    return one.id


def url(account, message_id, name="exchange", order=None):
    address = reverse(f"orders:{name}", kwargs={"account": account.public_id, "message_id": message_id})
    return f"{address}?order={order.pk}" if order else address


def test_an_exchange_is_shown_with_headers_and_without_the_shopper(account, connection, staff):
    order = an_order(account, connection.store)
    page = staff.get(url(account, kept(account, connection, order), order=order)).content.decode()

    assert "content-type: text/csv" in page
    assert "ord_1.csv" in page
    assert "Ada Marsh" not in page
    assert "89501" not in page
    assert "<script>alert" not in page


def test_a_fragment_is_given_to_the_story_and_a_page_to_a_link(account, connection, staff):
    message = kept(account, connection, an_order(account, connection.store))

    assert b"<html" in staff.get(url(account, message)).content
    assert b"<html" not in staff.get(url(account, message), headers={"HX-Request": "true"}).content


def test_looking_at_the_shopper_is_written_down(account, connection, staff):
    order = an_order(account, connection.store)
    message = kept(account, connection, order)

    page = staff.post(url(account, message, "reveal"), {"order": order.pk}).content.decode()

    assert "Ada Marsh" in page
    assert "<script>alert" not in page
    with scoped(account.pk):
        assert Audit.objects.get(action="exchange.revealed").after == {"message": str(message), "orders": [order.pk]}


def test_of_a_page_of_orders_the_one_that_is_looked_at_is_put_back(account, connection, staff):
    raws = [b'{"id":"A","note":"the first"}', b'{"id":"B","note":"the second"}']
    rows = received(account, connection.store, [a_canonical_order(), a_canonical_order()], raws=raws)
    body = envelope(
        b'{"orders":[' + b",".join(raws) + b"]}", [(row.external_id, raw) for row, raw in zip(rows, raws, strict=True)]
    )
    message = kept(account, connection, response=body)

    page = staff.get(url(account, message, order=rows[0])).content.decode()

    assert "the first" in page
    assert "the second" not in page
    assert "$record" in page


def test_people_of_a_merchant_see_no_exchange(account, connection):
    order = an_order(account, connection.store)
    client = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[connection.merchant_id]))
    message = kept(account, connection, order)

    assert client.get(url(account, message, order=order)).status_code == 403
    assert client.post(url(account, message, "reveal")).status_code == 403


def test_limited_staff_see_exchanges_that_are_about_their_orders_alone(account, connection):
    mine, theirs = an_order(account, connection.store), an_order(account, a_store(account))
    limited = signed_in_client(a_person(account, role=Role.STAFF, merchants=[connection.merchant_id]))

    assert limited.get(url(account, kept(account, connection, mine), order=mine)).status_code == 200
    assert limited.get(url(account, kept(account, connection, mine, others=[theirs]), order=mine)).status_code == 404
    assert limited.get(url(account, kept(account, connection, theirs), order=mine)).status_code == 404
    assert limited.get(url(account, kept(account, connection))).status_code == 404


def test_an_exchange_of_another_account_or_of_nobody_is_not_there(account, connection, staff):
    message = kept(account, connection)
    elsewhere = an_account()

    assert signed_in_client(a_person(elsewhere)).get(url(elsewhere, message)).status_code == 404
    assert staff.get(url(account, new_public_id())).status_code == 404
    assert staff.get(url(account, "00000000-0000-4000-8000-000000000000")).status_code == 404
