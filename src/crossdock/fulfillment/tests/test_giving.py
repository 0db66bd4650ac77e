"""Lines given to connections: every unit to exactly one warehouse, whoever races."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import OperationalError, connection, connections

from crossdock.accounts.rights import system
from crossdock.activity.models import Activity
from crossdock.connections.models import Effect
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.giving import Candidate, connection_for
from crossdock.domain.orders import Address, Consignment, Hold
from crossdock.fulfillment import preparing
from crossdock.fulfillment.models import Allocation, FulfillmentOrder
from crossdock.fulfillment.terms import terms_of
from crossdock.orders.models import Giving, SalesOrder, SalesOrderLine
from crossdock.orders.services import delete, reprocess
from crossdock.orders.testing import ADA, a_canonical_order, an_order, received
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
        assert not Activity.objects.filter(kind="order.unfit").exists()


def test_an_order_that_changed_is_given_to_nobody_before_the_change_was_followed(account):
    store = a_store(account)
    a_connection(account, store=store)
    order = a_canonical_order()
    received(account, store, [order])
    received(
        account,
        store,
        [msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(minutes=1), email="b@example.com")],
    )

    prepare(account, store)

    with scoped(account.pk):
        assert not FulfillmentOrder.objects.exists()


@pytest.mark.parametrize(("which", "waits"), [("new", False), ("again", False), ("waiting", True)])
def test_whoever_walks_over_all_that_waits_passes_none_over_that_somebody_else_holds(account, which, waits):
    store = a_store(account)
    a_connection(account, store=store)
    row = an_order(account, store, status="open" if which == "again" else "new")
    giving = {"new": Giving.NOTHING, "again": Giving.AGAIN, "waiting": Giving.WAITS}[which]

    def give():
        try:
            with scoped(account.pk), connection.cursor() as cursor:
                cursor.execute("set local lock_timeout = '50ms'")
                preparing.give(terms_of(store.pk, links_of(store_id=store.pk)), 0, which)
        except OperationalError:
            return True
        else:
            return False
        finally:
            connections.close_all()

    with scoped(account.pk):
        SalesOrder.objects.filter(pk=row.pk).update(giving=giving)
    with scoped(account.pk), ThreadPoolExecutor(1) as pool:
        SalesOrder.objects.select_for_update().get(pk=row.pk)
        assert pool.submit(give).result() is waits


def test_a_line_goes_to_its_locations_connection_and_the_rest_to_the_default(account):
    store = a_store(account)
    default = a_connection(account, store=store)
    newark = a_connection(account, store=store, locations=["newark"])
    received(account, store, [at(a_canonical_order(lines=2), "newark", "elsewhere")])

    prepare(account, store)

    with scoped(account.pk):
        given = dict(Allocation.objects.values_list("line__location", "fulfillment_order__connection_id"))
    assert given == {"newark": newark.pk, "elsewhere": default.pk}


def test_a_linked_location_goes_nowhere_else_while_its_connection_takes_no_orders():
    default = Candidate(1, is_live=True, is_default=True)

    assert connection_for("reno", candidates=[default], links={"reno": 2}) is None
    assert connection_for("newark", candidates=[default], links={"reno": 2}) is default


def test_a_location_is_linked_in_its_own_store_and_whatever_decides_has_waiting_orders_looked_at_again(account):
    stores = [a_store(account), a_store(account)]
    links = [a_connection(account, store=store, locations=["reno"]) for store in stores]
    with scoped(account.pk):
        terms, other = (terms_of(store.pk, links_of(store_id=store.pk)) for store in stores)
    (link,) = terms.links
    again = [
        msgspec.structs.replace(terms, links=(msgspec.structs.replace(link, **change),))
        for change in ({"is_default": False}, {"mode": "observe"}, {"accept_after": datetime.now(UTC)})
    ]
    again.append(msgspec.structs.replace(terms, locations={"newark": link.id}))

    assert [one.locations for one in (terms, other)] == [{"reno": one.pk} for one in links]
    assert len({one.mark for one in (terms, *again)}) == 5


def test_what_goes_to_two_addresses_is_asked_for_apart_of_the_same_warehouse(account):
    store = a_store(account)
    a_connection(account, store=store)
    order = a_canonical_order(lines=3)
    lines = [msgspec.structs.replace(line, consignment=number) for line, number in zip(order.lines, (0, 1, 0), strict=True)]
    received(
        account, store, [msgspec.structs.replace(order, lines=tuple(lines), consignments=(Consignment(ADA, order.method),) * 2)]
    )

    prepare(account, store)

    with scoped(account.pk):
        asked = Allocation.objects.order_by("fulfillment_order__part", "number")
        assert list(asked.values_list("fulfillment_order__consignment", "sku")) == [(0, "SKU-1"), (0, "SKU-3"), (1, "SKU-2")]


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


def test_two_stores_with_the_same_number_may_send_it_to_a_warehouse_each(account):
    stores = [a_store(account), a_store(account)]
    for store in stores:
        a_connection(account, store=store)
        received(account, store, [a_canonical_order(number="#1001")])
        prepare(account, store)

    with scoped(account.pk):
        assert set(SalesOrder.objects.values_list("store_id", "status")) == {(store.pk, "queued") for store in stores}


def test_a_prefix_stands_right_before_the_number(account):
    store = a_store(account, settings={"order_number_prefix": "ACME-"})
    a_connection(account, store=store)
    received(account, store, [a_canonical_order(number="#1001")])

    prepare(account, store)

    with scoped(account.pk):
        assert FulfillmentOrder.objects.get().reference == "ACME-1001"


def test_without_a_prefix_the_number_is_as_the_store_writes_it(account):
    store = a_store(account)
    a_connection(account, store=store)
    received(account, store, [a_canonical_order(number="#1001")])

    with scoped(account.pk):
        terms = msgspec.structs.replace(terms_of(store.pk, links_of(store_id=store.pk)), references={})
        preparing.give(terms, 0)

        assert FulfillmentOrder.objects.get().reference == "#1001"


def test_a_connection_that_takes_orders_from_a_later_moment_on_is_given_no_older_ones(account):
    store = a_store(account)
    a_connection(account, store=store)
    newark = a_connection(account, store=store, locations=["newark"], accept_after=datetime.now(UTC))
    order = at(a_canonical_order(lines=1), "newark")
    (row,) = received(account, store, [order])

    prepare(account, store)

    with scoped(account.pk):
        assert not FulfillmentOrder.objects.filter(connection=newark).exists()
        skipped = SalesOrder.objects.get()
        assert (skipped.status, skipped.reason) == ("skipped", "Placed before the connection that ships it takes orders.")
        actor = system(account.pk)
    reprocess(actor=actor, ids=[row.pk])
    prepare(account, store)
    with scoped(account.pk):
        assert FulfillmentOrder.objects.filter(connection=newark).count() == 1


def test_each_connection_takes_what_was_placed_since_its_own_moment_whatever_that_of_the_other(account):
    store = a_store(account)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    a_connection(account, store=store, locations=["reno"], accept_after=datetime.now(UTC))
    newark = a_connection(account, store=store, locations=["newark"], accept_after=an_hour_ago)
    received(account, store, [at(a_canonical_order(lines=2), "reno", "newark")])

    prepare(account, store)

    with scoped(account.pk):
        given = list(Allocation.objects.values_list("line__location", "fulfillment_order__connection_id"))
    assert given == [("newark", newark.pk)]


def test_a_deleted_order_is_given_to_nobody(account):
    store = a_store(account)
    a_connection(account, store=store)
    (row,) = received(account, store, [a_canonical_order()])
    delete(actor=system(account.pk), ids=[row.pk])

    prepare(account, store)

    with scoped(account.pk):
        assert not FulfillmentOrder.objects.exists()


def test_an_order_under_way_is_given_more_only_while_the_store_neither_canceled_nor_holds_it():
    now = datetime.now(UTC)
    free = [a_canonical_order(), a_canonical_order(hold=Hold("Later", now - timedelta(minutes=1)))]
    until = a_canonical_order(hold=Hold("Later", now + timedelta(hours=1)))
    held, canceled = a_canonical_order(hold=Hold("Fraud check")), a_canonical_order(canceled_at=now)

    assert [preparing._not_now(order) for order in free] == [None, None]
    assert preparing._not_now(until) is Giving.AGAIN
    assert preparing._not_now(held) is Giving.WAITS
    assert preparing._not_now(canceled) is Giving.NOTHING


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
