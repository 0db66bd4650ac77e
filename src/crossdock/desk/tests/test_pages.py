"""Home says what is stuck and for how long; the search leads to the one order that was meant."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_connection, a_store
from crossdock.desk.causes import CAUSES
from crossdock.desk.queries import HOURS, blocked, flow, stuck
from crossdock.fulfillment.testing import a_sent_order, a_shipment, given
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane
from crossdock.orders.models import SalesOrder
from crossdock.orders.testing import an_order
from crossdock.tenancy.scope import scoped


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def url(name, account):
    return reverse(f"desk:{name}", kwargs={"account": account.public_id})


def test_home_begins_with_four_steps_that_tick_themselves_off(account, staff):
    assert staff.get(url("home", account)).content.decode().count('class="is-done"') == 0

    a_connection(account, mode="observe")
    two = staff.get(url("home", account)).content.decode()
    assert two.count('class="is-done"') == 2
    assert "See an order come in" in two


def test_once_orders_flow_live_the_steps_are_gone(account, connection, staff):
    an_order(account, connection.store)

    page = staff.get(url("home", account)).content.decode()

    assert "First steps" not in page
    assert "Nothing is stuck." in page


def test_every_cause_is_counted_with_its_age_and_leads_to_its_list(account, connection, staff):
    an_order(account, connection.store, status="error")
    an_order(account, connection.store, status="delayed")
    an_order(account, connection.store, status="on_hold")
    an_order(account, connection.store, issue="They no longer agree.")
    old = an_order(account, connection.store)
    part = a_sent_order(account, connection, old)
    a_shipment(account, part, reference="NOBODY-1")
    with scoped(account.pk):
        SalesOrder.objects.filter(pk=old.pk).update(placed_at="2020-01-01T00:00Z", status_at="2020-01-01T00:00Z")
        counts = {key: one.count for key, one in stuck().items()}

    page = staff.get(url("home", account)).content.decode()

    assert counts == {
        "error": 1,
        "delayed": 1,
        "person": 1,
        "issue": 1,
        "old": 1,
        "shipment_error": 0,
        "unmatched": 1,
        "stock": 0,
        "not_understood": 0,
        "file": 0,
    }
    assert set(counts) == {cause.key for cause in CAUSES}
    links = re.findall(r'<li class="tone-\w+" data-key="\w+">\s*<a href="([^"]+)"', page)
    assert len(links) == 6
    for link in links:
        assert 'data-row data-key="' in staff.get(link.replace("&amp;", "&")).content.decode(), link


def test_a_store_that_is_not_reached_is_said_first(account, connection, staff):
    with scoped(account.pk):
        Lane.objects.filter(pk=open_lane("orders.pull", connection.store_id)).update(blocked_reason="Shopify refuses the token.")

    page = staff.get(url("home", account)).content.decode()

    assert "Shopify refuses the token." in page
    assert f"{connection.store.name} is not reached." in page


def test_a_warehouse_that_refuses_what_a_connection_sends_is_named_and_the_store_is_not(account, connection, staff):
    with scoped(account.pk):
        for kind, owner in (("fulfillment.send", connection.pk), ("fulfillment.pull", connection.warehouse_id)):
            Lane.objects.filter(pk=open_lane(kind, owner)).update(blocked_reason="It refuses the password.")
        Lane.objects.filter(pk=open_lane("fulfillment.post", connection.pk)).update(blocked_reason="A scope is missing.")
        told = {(one.kind, one.name, one.reason) for one in blocked()}
    with scoped(account.pk, [connection.merchant_id]):
        told_to_limited = {one.kind for one in blocked()}

    page = staff.get(url("home", account)).content.decode()

    assert told == {
        ("warehouse", connection.warehouse.name, "It refuses the password."),
        ("store", connection.store.name, "A scope is missing."),
    }
    assert told_to_limited == {"warehouse", "store"}
    assert page.count(f"{connection.warehouse.name} is not reached.") == 1


def test_a_warehouse_that_can_take_nothing_is_named_once_while_it_is_tried_again(account, connection, staff):
    other = a_connection(account, warehouse=connection.warehouse)
    with scoped(account.pk):
        lanes = [open_lane("fulfillment.send", one.pk) for one in (connection, other)]
        Lane.objects.filter(pk__in=lanes).update(last_error="There is no folder /in.", failures=1)
    at_first = staff.get(url("home", account)).content.decode()
    with scoped(account.pk):
        Lane.objects.filter(pk__in=lanes).update(failures=2)

    page = staff.get(url("home", account)).content.decode()

    assert "There is no folder /in. It is tried again by itself." in page
    assert page.count(f"{connection.warehouse.name} is not reached.") == 1
    assert "is not reached." not in at_first


def test_the_orders_that_wait_for_a_warehouse_are_counted_once_and_over_all_its_connections(account, connection, staff):
    other = a_connection(account, warehouse=connection.warehouse)
    elsewhere = a_connection(account)
    for one, orders in ((connection, 2), (other, 1), (elsewhere, 4)):
        for _ in range(orders):
            an_order(account, one.store)
        given(account, one)
    with scoped(account.pk):
        for one, reason in ((connection, "It refuses the password."), (other, "It refuses the key.")):
            Lane.objects.filter(pk=open_lane("fulfillment.send", one.pk)).update(blocked_reason=reason)
        Lane.objects.filter(pk=open_lane("orders.pull", elsewhere.store_id)).update(blocked_reason="Refused.")
        counts = [(one.kind, one.waiting) for one in blocked()]

    page = staff.get(url("home", account)).content.decode()

    assert counts == [("warehouse", 3), ("warehouse", 3), ("store", 0)]
    assert page.count("3 orders wait for it.") == 1
    assert page.count("wait for it.") == 1


def test_limited_people_see_what_is_stuck_of_theirs_only(account, connection):
    other = a_store(account)
    an_order(account, other, status="error")
    with scoped(account.pk):
        Lane.objects.filter(pk=open_lane("orders.pull", other.pk)).update(blocked_reason="Refused.")
    with scoped(account.pk, [connection.merchant_id]):
        assert stuck()["error"].count == 0
        assert blocked() == []
        assert sum(hour.sent for hour in flow()) == 0


def test_what_flows_is_counted_by_the_hour(account, connection):
    a_shipment(account, a_sent_order(account, connection, an_order(account, connection.store)))

    with scoped(account.pk):
        hours = flow()

    assert len(hours) == HOURS
    assert (sum(hour.sent for hour in hours), sum(hour.shipped for hour in hours)) == (1, 1)


def test_home_asks_the_database_as_often_however_much_there_is(account, connection, staff):
    def asked():
        with CaptureQueriesContext(database) as queries:
            assert staff.get(url("home", account)).status_code == 200
        return len(queries)

    an_order(account, connection.store, status="error")
    asked()
    one = asked()
    for _ in range(3):
        an_order(account, a_connection(account).store, status="error")

    assert asked() == one


def test_home_answers_204_while_nothing_changed(account, connection, staff):
    page = staff.get(url("home", account)).content.decode()
    version = re.search(r'data-poll-version="(\w+)"', page)[1]

    assert staff.get(url("part", account), headers={"X-Crossdock-Version": version}).status_code == 204
    an_order(account, connection.store, status="error")
    assert staff.get(url("part", account), headers={"X-Crossdock-Version": version}).status_code == 200


def test_a_search_that_finds_one_order_opens_it(account, connection, staff):
    order = an_order(account, connection.store, number="#8001")
    an_order(account, connection.store, number="#8002")

    for text in ("#8001", "8001", order.external_id):
        answer = staff.get(url("search", account), {"q": text})
        assert answer.url == reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id})


@pytest.mark.parametrize("text", ["ada marsh", "nobody at all", "", "\x00", "<script>"])
def test_a_search_that_finds_several_or_none_shows_the_list(account, connection, staff, text):
    an_order(account, connection.store)
    an_order(account, connection.store)

    answer = staff.get(url("search", account), {"q": text}, follow=True)

    assert answer.status_code == 200
    assert "Sales orders" in answer.content.decode()


def test_a_stranger_finds_nothing(account, connection):
    an_order(account, connection.store, number="#8001")
    elsewhere = an_account()
    stranger = signed_in_client(a_person(elsewhere))

    assert stranger.get(url("home", account)).status_code == 404
    assert "orders/?q=" in stranger.get(url("search", elsewhere), {"q": "#8001"}).url


def test_a_credential_that_ends_soon_is_told_until_it_is_renewed(account, staff):
    ends = datetime.now(UTC) + timedelta(days=6, hours=12)
    settings = {"instance_url": "https://erp.example.com/Acme", "client_id": "ABC@Acme", "secret_expires_at": ends.isoformat()}
    store = a_store(account, platform="acumatica", name="Acme ERP", settings=settings)
    page = reverse("connections:store", kwargs={"account": account.public_id, "public_id": store.public_id})

    before = staff.get(url("home", account)).content.decode()
    with scoped(account.pk):
        later = {**store.settings, "secret_expires_at": (ends + timedelta(days=300)).isoformat()}
        type(store).objects.filter(pk=store.pk).update(settings=later)
    after = staff.get(url("home", account)).content.decode()

    assert "Acme ERP: “Client (shared) secret” ends soon." in before
    assert "It ends in 7 days" in before
    assert f'href="{page}#settings"' in before
    assert "ends soon" not in after
