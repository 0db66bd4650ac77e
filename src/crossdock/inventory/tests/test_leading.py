"""What a connection's page leads on to: SKUs, methods, stock, first orders, each ticked when true, each a link."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.connections.leading import leads
from crossdock.connections.models import Connection
from crossdock.connections.testing import a_connection
from crossdock.domain.orders import ShippingMethod
from crossdock.inventory.models import Publishing
from crossdock.inventory.publishing import publishing_of
from crossdock.orders.testing import an_order
from crossdock.products.testing import a_product, read_products
from crossdock.tenancy.scope import scoped


@pytest.fixture
def connection(account):
    return a_connection(account)


def ticked(account, connection):
    with scoped(account.pk):
        link = Connection.objects.select_related("store", "warehouse").get(pk=connection.pk)
        return {lead.url_name: lead.is_done for lead in leads(link)}


def test_each_step_is_ticked_when_it_is_true_and_all_done_is_silence(account, connection):
    steps = ("products:list", "connections:settings", "inventory:preview", "orders:list")
    assert ticked(account, connection) == dict.fromkeys(steps, False)

    read_products(account, connection.store, [a_product("1", "A"), a_product("2", None)])
    assert not ticked(account, connection)["products:list"]
    read_products(account, connection.store, [a_product("1", "A")])
    assert ticked(account, connection)["products:list"]

    an_order(account, connection.store)
    assert ticked(account, connection)["connections:settings"]
    an_order(account, connection.store, method=ShippingMethod(name=""))
    assert not ticked(account, connection)["connections:settings"]
    with scoped(account.pk):
        type(connection.warehouse).objects.update(settings={"default_method": "Ground"})
    assert ticked(account, connection)["connections:settings"]

    an_order(account, connection.store, status="open")
    assert ticked(account, connection)["orders:list"]

    with scoped(account.pk):
        publishing_of(connection.store)
        Publishing.objects.update(state="going", pushed_at=datetime.now(UTC))
    assert ticked(account, connection) == {}


def test_each_step_is_a_link(account, connection):
    browser = signed_in_client(a_person(account, role=Role.STAFF))
    page = browser.get(reverse("connections:one", kwargs={"account": account.public_id, "public_id": connection.public_id}))

    text = page.content.decode()
    for name, kwargs in (
        ("products:list", {}),
        ("connections:settings", {"public_id": connection.public_id}),
        ("inventory:preview", {"public_id": connection.store.public_id}),
        ("orders:list", {}),
    ):
        address = reverse(name, kwargs={"account": account.public_id, **kwargs})
        assert f'href="{address}' in text.partition('id="leads-title"')[2]
        assert browser.get(address).status_code == 200
