"""Pages of shipments and of going Live: who may open them, what they show, and that each list shows each shipment once."""

import re

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import Connection
from crossdock.connections.testing import a_connection
from crossdock.fulfillment.queries import ShipmentFilters, list_shipments, shipment_counts
from crossdock.fulfillment.testing import a_shipment, confirmed, given, posted
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def shipments(account, connection, count=9):
    received(account, connection.store, [a_canonical_order(lines=1) for _ in range(count)])
    made = []
    for part in given(account, connection):
        confirmed(account, part)
        made.append(a_shipment(account, part))
    for shipment in made[::3]:
        posted(account, shipment)
    return made


def url(name, account, **kwargs):
    return reverse(f"fulfillment:{name}", kwargs={"account": account.public_id, **kwargs})


def test_pages_show_each_shipment_once_and_counts_agree(account, connection):
    made = shipments(account, connection)
    with scoped(account.pk):
        for filters in (
            ShipmentFilters(),
            ShipmentFilters(warehouse_id=connection.warehouse_id),
            ShipmentFilters(store_id=connection.store_id),
        ):
            seen, before = [], None
            while True:
                page = list_shipments(filters, before, 2)
                seen += [row.id for row in page.rows]
                before = page.older
                if before is None:
                    break
            assert sorted(seen) == sorted(shipment.pk for shipment in made)
            assert len(seen) == len(set(seen))
            assert shipment_counts(filters)["completed"] == 3
        assert len(list_shipments(ShipmentFilters(statuses=("completed",))).rows) == 3


@pytest.mark.parametrize("what", ["tracking", "start", "number", "reference", "external_id"])
def test_a_shipment_is_found_by_its_numbers(account, connection, what):
    order = an_order(account, connection.store, number="#5150")
    (part,) = given(account, connection)
    confirmed(account, part)
    shipment = a_shipment(account, part, tracking="1Z999AA10123456784")
    an_order(account, connection.store)
    text = {
        "tracking": "1z999aa10123456784",
        "start": "1Z999AA1012",
        "number": order.number,
        "reference": part.reference,
        "external_id": shipment.external_id,
    }[what]

    with scoped(account.pk):
        assert [row.id for row in list_shipments(ShipmentFilters(text=text)).rows] == [shipment.pk]


def test_shipments_without_an_order_are_shown_with_the_reason(account, connection, staff):
    made = shipments(account, connection, 1)
    with scoped(account.pk):
        part = made[0].fulfillment_order
    lost = a_shipment(account, part, reference="NOBODY-1")

    page = staff.get(url("shipments", account) + "?needs=match").content.decode()

    assert lost.external_id in page
    assert "NOBODY-1" in page
    assert made[0].external_id not in page
    assert staff.get(url("shipment", account, public_id=lost.public_id)).status_code == 200


def test_the_list_asks_the_database_as_often_for_many_rows_as_for_one(account, connection, staff):
    def asked():
        with CaptureQueriesContext(database) as queries:
            assert staff.get(url("shipments", account)).status_code == 200
        return len(queries)

    shipments(account, connection, 1)
    asked()
    one = asked()
    shipments(account, connection, 12)

    assert asked() == one


def test_the_rows_answer_204_while_nothing_changed(account, connection, staff):
    shipments(account, connection, 1)
    version = re.search(r'data-poll-version="(\w+)"', staff.get(url("shipments", account)).content.decode())[1]

    assert staff.get(url("rows", account), headers={"X-Crossdock-Version": version}).status_code == 204
    assert staff.get(url("rows", account), headers={"X-Crossdock-Version": "x"}).status_code == 200


def test_another_accounts_shipment_is_not_there(account, connection):
    (shipment,) = shipments(account, connection, 1)
    elsewhere = an_account()
    stranger = signed_in_client(a_person(elsewhere))

    assert stranger.get(url("shipment", elsewhere, public_id=shipment.public_id)).status_code == 404


def test_a_bulk_action_on_shipments_says_what_became_of_each(account, connection, staff):
    made = shipments(account, connection, 2)
    page = staff.post(
        url("act", account), {"action": "reprocess", "selected": [str(one.public_id) for one in made]}
    ).content.decode()

    assert "It is done: the store was told." in page
    assert "The store is asked" in page


def test_going_live_asks_before_anything_happens(account, staff):
    connection = a_connection(account, mode="observe")
    an_order(account, connection.store, number="#77")
    page = url("go_live", account, public_id=connection.public_id)

    shown = staff.get(page).content.decode()
    refused = staff.post(page, {})
    done = staff.post(page, {"older": "leave"})

    assert "77" in shown
    assert refused.status_code == 422
    assert done.status_code == 302
    with scoped(account.pk):
        assert Connection.objects.get(pk=connection.pk).mode == "live"


def test_why_a_connection_cannot_go_live_stands_on_the_page_with_what_was_chosen(account, staff):
    elsewhere = an_account()
    live = a_connection(elsewhere, mode="live")
    connection = a_connection(account, mode="observe")
    with scoped(account.pk):
        type(connection.store).objects.filter(pk=connection.store_id).update(identity=live.store.identity)

    refused = staff.post(url("go_live", account, public_id=connection.public_id), {"older": "leave"})

    page = refused.content.decode()
    assert refused.status_code == 409
    assert "This shop is Live in another account of this Crossdock." in page
    assert 'value="leave" required checked' in page


def test_people_of_a_merchant_do_not_open_the_page_of_going_live(account):
    connection = a_connection(account, mode="observe")
    client = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[connection.merchant_id]))

    assert client.get(url("go_live", account, public_id=connection.public_id)).status_code == 403
