"""Changes in the store while orders are given, under way, or at one of two warehouses."""

from datetime import timedelta

import msgspec
import pytest
from django.utils import timezone

from crossdock.accounts.rights import system
from crossdock.connections import services
from crossdock.connections.effects import Claimed, Settled
from crossdock.connections.gateway import Opened, Recorder
from crossdock.connections.models import Effect, Mode
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.fulfillment import following, preparing
from crossdock.fulfillment.adopting import leave
from crossdock.fulfillment.models import Allocation, FulfillmentOrder
from crossdock.fulfillment.sending import Sending
from crossdock.fulfillment.terms import terms_of
from crossdock.fulfillment.testing import a_shipment, confirmed, given, posted, settle_effect
from crossdock.jobs.models import Lane
from crossdock.orders.models import SalesOrder
from crossdock.orders.services import reprocess
from crossdock.orders.testing import ADA, a_canonical_order, received
from crossdock.tenancy.scope import scoped

ELSEWHERE = msgspec.structs.replace(ADA, lines=("9 Elsewhere Lane",))


@pytest.fixture
def store(account):
    return a_store(account)


def follow(account, store):
    with scoped(account.pk):
        following.follow_changes(terms_of(store.pk, links_of(store_id=store.pk)))


def changed(order, *, seconds=1, **changes):
    """The order as the store has it some seconds later."""
    return msgspec.structs.replace(order, updated_at=order.updated_at + timedelta(seconds=seconds), **changes)


def in_two_places(order):
    """The order, of whose two lines one ships from Reno and one from Newark."""
    lines = [msgspec.structs.replace(line, location=place) for line, place in zip(order.lines, ("reno", "newark"), strict=True)]
    return msgspec.structs.replace(order, lines=tuple(lines))


def loaded(account, connection):
    """What the connection's lane would ask and send now: requests by key, and the keys that are held back."""
    with scoped(account.pk):
        link = links_of(connection_id=connection.pk)[0]
        sending = Sending(None, link)
        rows = Effect.objects.filter(kind="warehouse.send", state__in=["intended", "trying", "unknown"])
        claimed = [Claimed(row.pk, row.key, row.subject_id, 1, row.state != "intended", {}) for row in rows]
        return list(sending.load(claimed).values()), set(sending.held_back())


def land(account, connection, part, state, message=""):
    """Have the sending of a part end like this, as the lane does."""
    with scoped(account.pk):
        Effect.objects.filter(subject_id=part.pk, kind="warehouse.send").update(state="trying", settled_at=None)
        sending = Sending(Opened(None, None, None, Recorder(), "live"), links_of(connection_id=connection.pk)[0])
        row = Effect.objects.get(subject_id=part.pk, kind="warehouse.send")
        claimed = Claimed(row.pk, row.key, part.pk, 1, False, {})
        sending.load([claimed])
        settle_effect(part.pk, state, error=message)
        sending.landed([Settled(claimed, state, "WMS-1" if state == "confirmed" else None, {}, message)])


@pytest.mark.parametrize("state", ["trying", "unknown"])
def test_what_is_under_way_is_asked_for_as_it_was_sent_however_the_store_changed_it_meanwhile(account, store, state):
    connection = a_connection(account, store=store)
    order = a_canonical_order()
    received(account, store, [order])
    (part,) = given(account, connection)
    with scoped(account.pk):
        settle_effect(part.pk, state)
    received(account, store, [changed(order, ship_to=ELSEWHERE)])
    received(account, store, [changed(order, seconds=2, ship_to=ELSEWHERE, tags=("vip",))])

    follow(account, store)
    (request,), held_back = loaded(account, connection)

    assert request.ship_to == ADA
    assert held_back == {request.key}

    confirmed(account, part)
    follow(account, store)
    with scoped(account.pk):
        assert SalesOrder.objects.get().issue.startswith("The shipping address was changed in the store")


def test_an_order_that_changed_is_not_sent_before_the_change_was_followed(account, store):
    connection = a_connection(account, store=store)
    order = a_canonical_order()
    received(account, store, [order])
    given(account, connection)
    received(account, store, [changed(order, ship_to=ELSEWHERE)])

    (request,), held_back = loaded(account, connection)

    assert held_back == {request.key}


def test_what_was_held_back_for_a_change_goes_on_as_soon_as_it_was_followed(account, store):
    reno = a_connection(account, store=store, locations=["reno"])
    newark = a_connection(account, store=store, locations=["newark"])
    order = in_two_places(a_canonical_order(lines=2))
    received(account, store, [order])
    (part,) = given(account, reno)
    confirmed(account, part)
    received(account, store, [changed(order, tags=("vip",))])
    with scoped(account.pk):
        held = Effect.objects.get(kind="warehouse.send", state="intended")
        Effect.objects.filter(pk=held.pk).update(next_at=timezone.now() + timedelta(seconds=5))
        Lane.objects.filter(pk=held.lane_id).update(due_at=timezone.now() + timedelta(seconds=5))

    follow(account, store)

    with scoped(account.pk):
        held.refresh_from_db()
        assert held.subject_id == FulfillmentOrder.objects.get(connection=newark).pk
        assert held.next_at <= timezone.now()
        assert Lane.objects.get(pk=held.lane_id).due_at <= timezone.now()


def test_nothing_more_is_sent_from_the_moment_a_connection_is_switched_off(account, store):
    connection = a_connection(account, store=store)
    received(account, store, [a_canonical_order()])
    given(account, connection)
    with scoped(account.pk):
        link = links_of(connection_id=connection.pk)[0]
        sending = Sending(None, link)
        row = Effect.objects.get(kind="warehouse.send")
        type(connection).objects.filter(pk=connection.pk).update(mode="off")

        requests = sending.load([Claimed(row.pk, row.key, row.subject_id, 1, False, {})])

    assert set(sending.held_back()) == set(requests) != set()


def test_units_that_one_warehouse_has_not_been_asked_for_are_taken_back_though_another_has_its_own(account, store):
    reno = a_connection(account, store=store, locations=["reno"])
    newark = a_connection(account, store=store, locations=["newark"])
    order = in_two_places(a_canonical_order(lines=2))
    received(account, store, [order])
    (part,) = given(account, reno)
    confirmed(account, part)
    none = tuple(msgspec.structs.replace(line, to_ship=0 * line.to_ship) for line in order.lines)
    received(account, store, [changed(order, lines=none, canceled_at=order.updated_at)])

    follow(account, store)

    with scoped(account.pk):
        assert FulfillmentOrder.objects.get(connection=newark).status == "withdrawn"
        assert Effect.objects.get(subject_id=FulfillmentOrder.objects.get(connection=newark).pk).state == "refused"
        assert SalesOrder.objects.get().issue.startswith("Canceled in the store after the warehouse had the order.")
        assert set(Allocation.objects.values_list("fulfillment_order__connection_id", "released")) == {
            (reno.pk, 0),
            (newark.pk, 1),
        }


def closed(account, connection, order):
    """The order, of which everything was given to the connection, left, and was told to the store."""
    received(account, connection.store, [order])
    (part,) = given(account, connection)
    confirmed(account, part)
    posted(account, a_shipment(account, part))


def with_a_further_line(order, location, **changes):
    """The order as the store has it after its line has left and another one was added."""
    (line,) = order.lines
    none = msgspec.structs.replace(line, to_ship=0 * line.to_ship)
    more = msgspec.structs.replace(line, external_id="further", sku="CAP", location=location)
    return changed(order, lines=(none, more), **changes)


def test_a_line_added_to_an_order_that_is_done_goes_to_the_warehouse_that_has_nothing_of_it_yet(account, store):
    reno = a_connection(account, store=store, locations=["reno"])
    newark = a_connection(account, store=store, locations=["newark"])
    order = a_canonical_order(lines=1)
    order = msgspec.structs.replace(order, lines=(msgspec.structs.replace(order.lines[0], location="reno"),))
    closed(account, reno, order)
    received(account, store, [with_a_further_line(order, "newark")])

    follow(account, store)
    with scoped(account.pk):
        preparing.give(terms_of(store.pk, links_of(store_id=store.pk)), 0, "again")

        assert SalesOrder.objects.get().status == "partially_shipped"
        assert FulfillmentOrder.objects.get(connection=newark).status == "given"


def test_a_line_added_to_an_order_that_is_done_is_put_before_a_person_where_its_warehouse_takes_no_more(account, store):
    link = a_connection(account, store=store)
    order = a_canonical_order(lines=1)
    closed(account, link, order)
    received(account, store, [with_a_further_line(order, order.lines[0].location)])

    follow(account, store)

    with scoped(account.pk):
        found = SalesOrder.objects.get()
        assert (found.status, found.issue.split(" after ")[0]) == ("partially_shipped", "1 more unit is wanted in the store")


def test_an_order_is_done_when_the_store_takes_away_what_was_wanted_beyond_what_has_left(account, store):
    link = a_connection(account, store=store)
    order = a_canonical_order(lines=1)
    closed(account, link, order)
    received(account, store, [with_a_further_line(order, order.lines[0].location)])
    follow(account, store)
    gone = with_a_further_line(order, order.lines[0].location, seconds=2)
    received(account, store, [msgspec.structs.replace(gone, lines=gone.lines[:1])])

    follow(account, store)

    with scoped(account.pk):
        assert SalesOrder.objects.get().status == "closed"


def test_units_of_a_part_whose_number_the_warehouse_has_otherwise_are_not_taken_off_it_because_the_store_wants_fewer(
    account, store
):
    reno = a_connection(account, store=store, locations=["reno"])
    newark = a_connection(account, store=store, locations=["newark"])
    order = in_two_places(a_canonical_order(lines=2))
    received(account, store, [order])
    (part,) = given(account, reno)
    confirmed(account, part)
    with scoped(account.pk):
        other = FulfillmentOrder.objects.get(connection=newark)
        settle_effect(other.pk, "refused", error="it goes to another address")
        Effect.objects.filter(subject_id=other.pk, kind="warehouse.send").update(external_id="WMS-7")
    none = tuple(msgspec.structs.replace(line, to_ship=0 * line.to_ship) for line in order.lines)
    received(account, store, [changed(order, lines=none)])

    follow(account, store)

    with scoped(account.pk):
        other.refresh_from_db()
        assert other.status == "given"
        assert Allocation.objects.get(fulfillment_order=other).released == 0


def test_an_order_whose_number_the_warehouse_has_otherwise_is_not_sent_again_because_it_changed(account, store):
    connection = a_connection(account, store=store)
    order = a_canonical_order()
    received(account, store, [order])
    (part,) = given(account, connection)
    with scoped(account.pk):
        settle_effect(part.pk, "refused", error="it goes to another address")
        Effect.objects.filter(subject_id=part.pk, kind="warehouse.send").update(external_id="WMS-7")
    received(account, store, [changed(order, ship_to=ELSEWHERE)])

    follow(account, store)

    assert given(account, connection)[-1].part == 1
    with scoped(account.pk):
        assert SalesOrder.objects.get().issue.startswith(
            "It changed in the store, and the warehouse has an order with this number"
        )


def test_orders_under_way_hold_up_no_change_behind_them(account, store, monkeypatch):
    monkeypatch.setattr(following, "SET", 1)
    connection = a_connection(account, store=store)
    first, second = a_canonical_order(), a_canonical_order()
    received(account, store, [first, second])
    parts = given(account, connection)
    with scoped(account.pk):
        settle_effect(parts[0].pk, "unknown")
    received(account, store, [changed(first, tags=("a",)), changed(second, canceled_at=second.updated_at)])

    with scoped(account.pk):
        terms = terms_of(store.pk, links_of(store_id=store.pk))
        after = 0
        while after is not None:
            after = following.follow_changes(terms, after)

    with scoped(account.pk):
        assert dict(SalesOrder.objects.values_list("external_id", "status"))[second.external_id] == "canceled"


def test_what_one_warehouse_refuses_shows_though_another_has_its_part(account, store):
    reno = a_connection(account, store=store, locations=["reno"])
    newark = a_connection(account, store=store, locations=["newark"])
    order = a_canonical_order(lines=2)
    lines = tuple(
        msgspec.structs.replace(line, location=place) for line, place in zip(order.lines, ("reno", "newark"), strict=True)
    )
    (row,) = received(account, store, [msgspec.structs.replace(order, lines=lines)])
    (mine,) = given(account, reno)
    (other,) = given(account, newark)
    confirmed(account, mine)

    land(account, newark, other, "refused", "The SKU is unknown.")

    with scoped(account.pk):
        order = SalesOrder.objects.get()
        assert (order.status, order.reason) == ("error", "The SKU is unknown.")
    reprocess(actor=system(account.pk), ids=[row.pk])
    land(account, newark, other, "confirmed")
    with scoped(account.pk):
        assert SalesOrder.objects.get().status == "open"
        assert set(FulfillmentOrder.objects.values_list("status", flat=True)) == {"open"}


def test_an_order_given_to_a_connection_that_was_deleted_goes_to_the_one_that_is_there_now(account, store):
    gone = a_connection(account, store=store)
    received(account, store, [a_canonical_order()])
    given(account, gone)
    with scoped(account.pk):
        services.set_mode(actor=system(account.pk), connection=gone, mode=Mode.OFF)
        services.delete_connection(actor=system(account.pk), connection=gone)
    now = a_connection(account, store=store)

    with scoped(account.pk):
        following.take_from_deleted(store.pk)
    (part,) = given(account, now)

    with scoped(account.pk):
        assert part.connection_id == now.pk
        assert SalesOrder.objects.get().status == "queued"
        assert Effect.objects.filter(kind="warehouse.send", state="intended").count() == 1


@pytest.mark.parametrize("state", ["trying", "unknown", "confirmed"])
def test_what_began_to_be_sent_while_somebody_decided_to_take_it_back_is_left(account, store, state):
    connection = a_connection(account, store=store)
    (row,) = received(account, store, [a_canonical_order()])
    (part,) = given(account, connection)
    with scoped(account.pk):
        settle_effect(part.pk, state)

        assert following._take_back([row.pk]) == set()

        assert FulfillmentOrder.objects.get().status == "given"
        assert Effect.objects.get(subject_id=part.pk).state == state


class Divided:
    """An order of two lines: Reno has been asked for one, or is just being asked; the other waits to be sent to Newark."""

    def __init__(self, account, store):
        self.account, self.store = account, store
        self.reno = a_connection(account, store=store, locations=["reno"])
        self.newark = a_connection(account, store=store, locations=["newark"])
        order = a_canonical_order(lines=2)
        lines = [msgspec.structs.replace(line, location=at) for line, at in zip(order.lines, ("reno", "newark"), strict=True)]
        received(account, store, [msgspec.structs.replace(order, lines=tuple(lines))])
        (self.mine,) = given(account, self.reno)

    def stop(self, *, for_good):
        """Turn Newark off, or delete it, as a person does; what is the store's lane's to do follows."""
        with scoped(self.account.pk):
            services.set_mode(actor=system(self.account.pk), connection=self.newark, mode=Mode.OFF)
            if for_good:
                services.delete_connection(actor=system(self.account.pk), connection=self.newark)
                following.take_from_deleted(self.store.pk)
            else:
                following.take_from_stopped(self.newark.pk)

    def parts(self):
        with scoped(self.account.pk):
            return dict(FulfillmentOrder.objects.values_list("connection_id", "status"))


@pytest.mark.parametrize("for_good", [True, False], ids=["deleted", "stopped"])
@pytest.mark.parametrize("state", ["trying", "unknown", "refused"])
def test_an_order_does_not_start_over_while_a_warehouse_may_have_a_part_of_it(account, store, state, for_good):
    order = Divided(account, store)
    with scoped(account.pk):
        settle_effect(order.mine.pk, state)
        # Refused since the warehouse has an order of this number: it may be ours all the same.
        Effect.objects.filter(subject_id=order.mine.pk, state="refused").update(external_id="WMS-7")

    order.stop(for_good=for_good)

    assert order.parts() == {order.reno.pk: "given", order.newark.pk: "given"}


def test_a_part_whose_connection_was_deleted_is_put_before_a_person_when_another_warehouse_has_the_rest(account, store):
    order = Divided(account, store)
    confirmed(account, order.mine)

    order.stop(for_good=True)

    assert order.parts()[order.newark.pk] == "given"
    with scoped(account.pk):
        assert SalesOrder.objects.get().issue == following.ORPHANED


def test_an_order_that_was_left_to_an_earlier_tool_is_not_sent_because_the_store_changed_it(account, store):
    connection = a_connection(account, store=store, mode=Mode.OBSERVE)
    order = a_canonical_order()
    received(account, store, [order])
    with scoped(account.pk):
        assert leave(actor=system(account.pk), connection=connection, now=timezone.now()) == 1
        services.set_mode(actor=system(account.pk), connection=connection, mode=Mode.LIVE)
    received(account, store, [changed(order, ship_to=ELSEWHERE)])

    follow(account, store)

    assert given(account, connection) == []
    with scoped(account.pk):
        row = SalesOrder.objects.get()
        assert row.status == "skipped"
        reprocess(actor=system(account.pk), ids=[row.pk])
    received(account, store, [changed(order, seconds=2)])
    follow(account, store)
    assert len(given(account, connection)) == 1
