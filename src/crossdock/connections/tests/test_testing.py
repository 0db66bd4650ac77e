"""What tests are given stands on its feet: the rows hold what lanes and pages read."""

from crossdock.connections import gateway
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store, a_warehouse
from crossdock.tenancy.scope import scoped


def test_a_connection_of_tests_is_live_has_its_channels_and_is_its_stores_default(account):
    connection = a_connection(account)

    with scoped(account.pk):
        (link,) = links_of(connection_id=connection.pk)
    assert (link.is_live, link.is_default) == (True, True)
    assert {"sales_orders", "shipments"} <= link.channels


def test_a_second_connection_of_a_store_is_not_its_default(account):
    store = a_store(account)
    a_connection(account, store=store)

    assert not a_connection(account, store=store, mode="observe").is_default


def test_stores_and_warehouses_of_tests_have_settings_that_can_be_read(account):
    store, warehouse = a_store(account, settings={"order_number_prefix": "A-"}), a_warehouse(account)

    assert gateway.settings_of_row(store).order_number_prefix == "A-"
    assert gateway.settings_of_row(warehouse).transport == "folder"
