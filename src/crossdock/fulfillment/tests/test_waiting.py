"""Lines that wait for their connection: given as soon as it goes Live, however far the rest of their order is, and looked at only
when something changed.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import connection as database

from crossdock.accounts.rights import system
from crossdock.activity.models import Activity
from crossdock.connections import services as connections
from crossdock.connections.models import Connection, Mode
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.orders import Address, Hold
from crossdock.fulfillment import preparing
from crossdock.fulfillment.models import Allocation, FulfillmentOrder
from crossdock.fulfillment.services import go_live
from crossdock.fulfillment.terms import terms_of
from crossdock.fulfillment.testing import a_shipment, confirmed, posted, refused
from crossdock.jobs.wakes import open_lane
from crossdock.jobs.worker import run_lane
from crossdock.orders.models import Giving, SalesOrder, SalesOrderLine
from crossdock.orders.services import archive, reprocess
from crossdock.orders.testing import a_canonical_order, received
from crossdock.tenancy.scope import scoped


@pytest.fixture
def store(account):
    return a_store(account)


@pytest.fixture
def reno(account, store):
    return a_connection(account, store=store, locations=["reno"])


@pytest.fixture
def newark(account, store, reno):
    return a_connection(account, store=store, mode="observe", locations=["newark"])


def divided_order(*, units=1, **changes):
    """An order of two lines, the first of Reno, the second of Newark."""
    order = a_canonical_order(lines=2, units=units)
    lines = [msgspec.structs.replace(line, location=place) for line, place in zip(order.lines, ("reno", "newark"), strict=True)]
    return msgspec.structs.replace(order, lines=tuple(lines), **changes)


def later(order, *, seconds=1, **changes):
    return msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(seconds=seconds), **changes)


def prepare(account, store):
    """One run of the lane that prepares a store's orders."""
    with scoped(account.pk):
        lane = open_lane("fulfillment.prepare", store.pk)
    asyncio.run(run_lane(account.pk, lane))


def live(account, connection, *, mode="live"):
    with scoped(account.pk):
        connections.set_mode(actor=system(account.pk), connection=Connection.objects.get(pk=connection.pk), mode=Mode(mode))


def parts_of(account, connection):
    with scoped(account.pk):
        return list(FulfillmentOrder.objects.filter(connection=connection).exclude(status="withdrawn").order_by("pk"))


def test_lines_that_waited_are_given_when_their_connection_goes_live_though_the_rest_is_under_way(account, store, reno, newark):
    (row,) = received(account, store, [divided_order(units=3)])
    prepare(account, store)
    (first,) = parts_of(account, reno)
    confirmed(account, first)

    live(account, newark)
    prepare(account, store)
    prepare(account, store)

    (second,) = parts_of(account, newark)
    assert (second.part, second.reference) == (2, f"{row.number.removeprefix('#')}_2")
    with scoped(account.pk):
        assert set(SalesOrderLine.objects.values_list("location", "allocated")) == {("reno", 3), ("newark", 3)}
        assert Allocation.objects.count() == 2
        assert SalesOrder.objects.get().status == "open"
        assert SalesOrder.objects.get().giving == 0


def test_lines_that_waited_are_given_when_the_other_part_has_left_already(account, store, reno, newark):
    received(account, store, [divided_order()])
    prepare(account, store)
    (first,) = parts_of(account, reno)
    confirmed(account, first)
    posted(account, a_shipment(account, first))

    live(account, newark)
    prepare(account, store)

    (second,) = parts_of(account, newark)
    confirmed(account, second)
    posted(account, a_shipment(account, second))
    with scoped(account.pk):
        assert SalesOrder.objects.get().status == "closed"


def test_an_order_in_error_because_one_warehouse_refused_its_part_still_gets_its_other_part_out(account, store, reno, newark):
    received(account, store, [divided_order()])
    prepare(account, store)
    refused(account, parts_of(account, reno)[0], "Unknown SKU.")

    live(account, newark)
    prepare(account, store)

    assert len(parts_of(account, newark)) == 1


def test_lines_that_wait_follow_the_store_until_they_are_given(account, store, reno, newark):
    order = divided_order(units=2)
    received(account, store, [order])
    prepare(account, store)
    confirmed(account, parts_of(account, reno)[0])
    more = tuple(msgspec.structs.replace(line, ordered=Decimal(5), to_ship=Decimal(5)) for line in order.lines[1:])
    received(account, store, [later(order, lines=(order.lines[0], *more))])

    prepare(account, store)

    with scoped(account.pk):
        assert SalesOrder.objects.get().issue == ""

    live(account, newark)
    prepare(account, store)

    with scoped(account.pk):
        assert Allocation.objects.get(fulfillment_order__connection=newark).quantity == 5


def test_a_line_added_for_a_warehouse_that_was_not_asked_yet_is_given_and_one_for_the_other_is_put_before_a_person(
    account, store, reno, newark
):
    live(account, newark)
    order = divided_order()
    only_reno = msgspec.structs.replace(order, lines=order.lines[:1])
    received(account, store, [only_reno])
    prepare(account, store)
    confirmed(account, parts_of(account, reno)[0])
    received(account, store, [later(order)])

    prepare(account, store)

    assert len(parts_of(account, newark)) == 1
    with scoped(account.pk):
        assert SalesOrder.objects.get().issue == ""
    again = msgspec.structs.replace(order.lines[0], external_id="added", location="reno")
    received(account, store, [later(order, seconds=2, lines=(*order.lines, again))])

    prepare(account, store)

    assert len(parts_of(account, reno)) == 1
    with scoped(account.pk):
        assert SalesOrder.objects.get().issue.startswith("1 more unit is wanted in the store")


def test_what_waits_is_not_given_while_the_store_holds_the_order_or_after_it_was_canceled_there(account, store, reno, newark):
    held, canceled = divided_order(), divided_order()
    received(account, store, [held, canceled])
    prepare(account, store)
    for part in parts_of(account, reno):
        confirmed(account, part)
    received(account, store, [later(held, hold=Hold("Fraud check")), later(canceled, canceled_at=canceled.updated_at)])
    live(account, newark)

    prepare(account, store)

    assert parts_of(account, newark) == []
    received(account, store, [later(held, seconds=2)])

    prepare(account, store)

    (part,) = parts_of(account, newark)
    with scoped(account.pk):
        assert SalesOrder.objects.get(pk=part.order_id).external_id == held.external_id


def test_older_parts_that_wait_are_taken_over_left_or_sent_as_a_person_says_when_their_connection_goes_live(account, store, reno):
    actor = system(account.pk)
    for choice, status in (("adopt", ["open"]), ("leave", []), ("take", ["given"])):
        place = f"newark-{choice}"
        newark = a_connection(account, store=store, mode="observe", locations=[place])
        order = divided_order()
        order = msgspec.structs.replace(order, lines=(order.lines[0], msgspec.structs.replace(order.lines[1], location=place)))
        received(account, store, [order])
        prepare(account, store)
        confirmed(account, parts_of(account, reno)[-1])

        go_live(actor=actor, connection=newark, older=choice)
        prepare(account, store)

        assert [part.status for part in parts_of(account, newark)] == status


def test_a_part_that_waits_is_given_when_its_order_comes_back_from_the_archive(account, store, reno, newark):
    (row,) = received(account, store, [divided_order()])
    prepare(account, store)
    confirmed(account, parts_of(account, reno)[0])
    actor = system(account.pk)
    archive(actor=actor, ids=[row.pk])
    live(account, newark)
    prepare(account, store)
    assert parts_of(account, newark) == []

    reprocess(actor=actor, ids=[row.pk])
    prepare(account, store)

    assert len(parts_of(account, newark)) == 1


def test_orders_that_wait_are_looked_at_once_and_again_only_when_what_decides_changes(account, store, monkeypatch):
    monkeypatch.setattr(preparing, "SET", 2)
    link = a_connection(account, store=store, mode="observe")
    received(account, store, [a_canonical_order() for _ in range(5)])

    prepare(account, store)

    with scoped(account.pk):
        terms = terms_of(store.pk, links_of(store_id=store.pk))
        assert preparing.give(terms, 0) is None
        assert SalesOrder.objects.filter(giving=1, reason=preparing.OBSERVED).count() == 5
    received(account, store, [a_canonical_order()])
    with scoped(account.pk):
        preparing.give(terms, 0)
        assert SalesOrder.objects.filter(giving=1, reason=preparing.OBSERVED).count() == 6
    live(account, link)
    prepare(account, store)
    with scoped(account.pk):
        assert set(SalesOrder.objects.values_list("status", "giving")) == {("queued", 0)}


@pytest.mark.parametrize("place", ["newark", "austin"])
def test_a_line_that_the_store_took_out_and_puts_in_again_goes_to_whoever_ships_its_location_by_then(
    account, store, reno, newark, place
):
    live(account, newark)
    places = {"newark": newark, "austin": a_connection(account, store=store, locations=["austin"])}
    order = divided_order()
    received(account, store, [order])
    prepare(account, store)
    confirmed(account, parts_of(account, reno)[0])
    received(account, store, [later(order, lines=order.lines[:1])])
    prepare(account, store)
    assert parts_of(account, newark) == []
    again = msgspec.structs.replace(order.lines[1], location=place)
    received(account, store, [later(order, seconds=2, lines=(order.lines[0], again))])

    prepare(account, store)

    assert [len(parts_of(account, each)) for each in places.values()] == [int(at == place) for at in places]


def test_a_part_older_than_what_its_connection_takes_waits_while_the_rest_is_under_way(account, store, reno, newark):
    received(account, store, [divided_order()])
    prepare(account, store)
    confirmed(account, parts_of(account, reno)[0])
    live(account, newark)
    with scoped(account.pk):
        Connection.objects.filter(pk=newark.pk).update(accept_after=datetime.now(UTC))

    prepare(account, store)

    assert parts_of(account, newark) == []
    with scoped(account.pk):
        assert SalesOrder.objects.values_list("status", "giving").get() == ("open", Giving.WAITS)


def test_an_order_in_error_because_nobody_could_ship_it_is_left_to_a_person_when_a_connection_goes_live(
    account, store, reno, newark
):
    received(account, store, [divided_order(ship_to=Address(name="Robin"))])
    prepare(account, store)

    live(account, newark)
    prepare(account, store)

    with scoped(account.pk):
        assert SalesOrder.objects.values_list("status", "issue").get() == ("error", "")
        assert Activity.objects.filter(kind="order.unfit").count() == 1


def test_a_waiting_order_that_changes_in_the_store_is_looked_at_again(account, store, reno, newark):
    order = divided_order()
    order = msgspec.structs.replace(order, lines=order.lines[1:])
    received(account, store, [order])
    prepare(account, store)
    moved = msgspec.structs.replace(order.lines[0], location="reno")
    received(account, store, [later(order, lines=(moved,))])

    prepare(account, store)

    assert len(parts_of(account, reno)) == 1


def test_looking_reads_no_order_that_waits(account, store):
    a_connection(account, store=store, mode="observe")
    received(account, store, [a_canonical_order()])
    with scoped(account.pk), database.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plans = []
        for which in ("new", "again", "waiting"):
            cursor.execute(f"explain {preparing.STATEMENTS[which]}", {"store": store.pk, "after": 0, "most": 200})
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert "sales_order_to_give" in plans[0]
    assert "sales_order_waits" in plans[1]
    assert "sales_order_waits" in plans[2]
