"""Lines given to connections: every unit to exactly one warehouse, whoever races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from django.db import connection, connections

from crossdock.accounts.rights import system
from crossdock.connections.models import Effect
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.orders import Address
from crossdock.fulfillment import preparing
from crossdock.fulfillment.models import Allocation, FulfillmentOrder
from crossdock.fulfillment.terms import terms_of
from crossdock.orders.models import SalesOrder, SalesOrderLine
from crossdock.orders.services import reprocess
from crossdock.orders.testing import a_canonical_order, received
from crossdock.tenancy.scope import scoped


def prepare(account, store):
    """Give everything of a store, as its lane does."""
    with scoped(account.pk):
        terms = terms_of(store.pk, links_of(store_id=store.pk))
    after = 0
    while after is not None:
        with scoped(account.pk):
            after = preparing.give(terms, after)


def at(order, *locations):
    """The order with its lines assigned to locations, in turn."""
    lines = [msgspec.structs.replace(line, location=locations[k % len(locations)]) for k, line in enumerate(order.lines)]
    return msgspec.structs.replace(order, lines=tuple(lines))


def test_two_live_connections_and_a_thousand_orders_give_each_unit_to_one_warehouse(account):
    store = a_store(account)
    a_connection(account, store=store, locations=["reno"])
    a_connection(account, store=store, locations=["newark"])
    orders = [at(a_canonical_order(lines=2, units=3), "reno", "newark") for _ in range(1000)]
    for start in range(0, 1000, 250):
        received(account, store, orders[start : start + 250])

    def race(_):
        try:
            prepare(account, store)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(race, range(4)))

    with scoped(account.pk):
        lines = list(SalesOrderLine.objects.values_list("to_ship", "allocated", "withdrawn"))
        assert len(lines) == 2000
        assert all(line == (Decimal(3), Decimal(3), Decimal(0)) for line in lines)
        assert FulfillmentOrder.objects.count() == 2000
        assert Effect.objects.filter(kind="warehouse.send", state="intended").count() == 2000
        assert set(SalesOrder.objects.values_list("status", flat=True)) == {"queued"}
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from (select line_id from allocation group by line_id having count(*) > 1) twice")
            assert cursor.fetchone()[0] == 0


def test_a_line_goes_to_its_locations_connection_and_the_rest_to_the_default(account):
    store = a_store(account)
    default = a_connection(account, store=store)
    newark = a_connection(account, store=store, locations=["newark"])
    received(account, store, [at(a_canonical_order(lines=2), "newark", "elsewhere")])

    prepare(account, store)

    with scoped(account.pk):
        given = dict(Allocation.objects.values_list("line__location", "fulfillment_order__connection_id"))
    assert given == {"newark": newark.pk, "elsewhere": default.pk}


def test_a_line_whose_connection_is_not_live_waits_and_goes_nowhere_else(account):
    store = a_store(account)
    a_connection(account, store=store)
    a_connection(account, store=store, mode="observe", locations=["newark"])
    received(account, store, [at(a_canonical_order(lines=2), "newark", "reno")])

    prepare(account, store)

    with scoped(account.pk):
        assert list(Allocation.objects.values_list("line__location", flat=True)) == ["reno"]


def test_an_order_no_warehouse_could_ship_says_why(account):
    store = a_store(account)
    a_connection(account, store=store)
    received(account, store, [a_canonical_order(ship_to=Address(name="Robin"))])

    prepare(account, store)

    with scoped(account.pk):
        order = SalesOrder.objects.get()
    assert order.status == "error"
    assert order.reason.startswith("The shipping address has no street, city and country.")


def test_two_stores_with_the_same_number_cannot_both_send_it_to_one_warehouse(account):
    first, second = a_store(account), a_store(account)
    connection_of_first = a_connection(account, store=first)
    with scoped(account.pk):
        warehouse = connection_of_first.warehouse
    a_connection(account, store=second, warehouse=warehouse)
    received(account, first, [a_canonical_order(number="#1001")])
    received(account, second, [a_canonical_order(number="#1001")])

    prepare(account, first)
    prepare(account, second)

    with scoped(account.pk):
        statuses = dict(SalesOrder.objects.values_list("store_id", "status"))
        reason = SalesOrder.objects.get(store=second).reason
    assert statuses == {first.pk: "queued", second.pk: "error"}
    assert "order number prefix" in reason


def test_a_prefix_stands_right_before_the_number(account):
    store = a_store(account, settings={"order_number_prefix": "ACME-"})
    a_connection(account, store=store)
    received(account, store, [a_canonical_order(number="#1001")])

    prepare(account, store)

    with scoped(account.pk):
        assert FulfillmentOrder.objects.get().reference == "ACME-1001"


def test_a_connection_that_takes_orders_from_a_later_moment_on_is_given_no_older_ones(account):
    store = a_store(account)
    a_connection(account, store=store)
    newark = a_connection(account, store=store, locations=["newark"], accept_after=datetime.now(UTC))
    order = at(a_canonical_order(lines=1), "newark")
    (row,) = received(account, store, [order])

    prepare(account, store)

    with scoped(account.pk):
        assert not FulfillmentOrder.objects.filter(connection=newark).exists()
        assert SalesOrder.objects.get().status == "skipped"
        actor = system(account.pk)
    reprocess(actor=actor, ids=[row.pk])
    prepare(account, store)
    with scoped(account.pk):
        assert FulfillmentOrder.objects.filter(connection=newark).count() == 1


def test_orders_of_which_everything_was_given_hold_up_none_behind_them(account, monkeypatch):
    monkeypatch.setattr(preparing, "SET", 1)
    store = a_store(account)
    a_connection(account, store=store)
    first, _ = received(account, store, [a_canonical_order(), a_canonical_order()])
    with scoped(account.pk), connection.cursor() as cursor:
        cursor.execute("update sales_order_line set to_ship = 0 where order_id = %s", [first.pk])

    prepare(account, store)

    with scoped(account.pk):
        assert sorted(SalesOrder.objects.values_list("status", flat=True)) == ["new", "queued"]


def test_an_order_of_which_one_part_has_no_number_of_its_own_goes_nowhere(account):
    store, other = a_store(account), a_store(account)
    a_connection(account, store=store, locations=["reno"])
    newark = a_connection(account, store=store, locations=["newark"])
    with scoped(account.pk):
        warehouse = newark.warehouse
    a_connection(account, store=other, warehouse=warehouse)
    received(account, other, [a_canonical_order(number="#1001_2", lines=1)])
    prepare(account, other)
    received(account, store, [at(a_canonical_order(number="#1001", lines=2), "reno", "newark")])

    prepare(account, store)

    with scoped(account.pk):
        assert SalesOrder.objects.get(store=store).status == "error"
        assert not FulfillmentOrder.objects.filter(order__store=store).exists()
