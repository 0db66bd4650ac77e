"""What people do with shipments, and what becomes of older orders when a connection goes Live."""

from datetime import UTC, datetime

import pytest

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.rights import Actor, Forbidden
from crossdock.activity.models import Activity
from crossdock.connections.models import Connection, Effect, Mode
from crossdock.connections.queries import links_of
from crossdock.connections.services import set_mode
from crossdock.connections.testing import a_connection, a_store, a_warehouse
from crossdock.domain.errors import RuleBroken
from crossdock.fulfillment import services
from crossdock.fulfillment.adopting import collision_at, waiting_for
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.preparing import give
from crossdock.fulfillment.terms import terms_of
from crossdock.fulfillment.testing import a_sent_order, a_shipment, given, posted, settle_effect
from crossdock.orders.models import SalesOrder, SalesOrderLine
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped

POST = "store.post"


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def actor(account):
    return Actor(account_id=account.pk, person_id=None, role=Role.ADMINISTRATOR, name="Robin")


@pytest.fixture
def shipment(account, connection):
    return a_shipment(account, a_sent_order(account, connection, an_order(account, connection.store)))


def now(account, row):
    with scoped(account.pk):
        return type(row).objects.get(pk=row.pk)


def notice(account, shipment):
    with scoped(account.pk):
        return Effect.objects.get(kind=POST, subject_id=shipment.pk)


def refuse(account, shipment):
    with scoped(account.pk):
        settle_effect(shipment.pk, "refused", kind=POST, error="Not stocked.")
        Shipment.objects.filter(pk=shipment.pk).update(status="error", reason="Not stocked.")


# --- Shipments ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reprocess", "archive"])
def test_a_merchants_person_may_do_nothing_with_shipments(account, shipment, name):
    person = Actor(account_id=account.pk, person_id=None, role=Role.MERCHANT, merchants=(shipment.merchant_id,))

    with pytest.raises(Forbidden):
        services.ACTIONS[name](actor=person, ids=[shipment.pk])


def test_a_refused_shipment_is_told_again_once_the_store_was_asked(account, shipment, actor):
    refuse(account, shipment)

    (outcome,) = services.reprocess_shipments(actor=actor, ids=[shipment.pk])

    assert outcome.is_done
    assert now(account, shipment).status == "open"
    assert notice(account, shipment).state == "unknown"
    with scoped(account.pk):
        assert Activity.objects.filter(shipment_id=shipment.pk, kind="shipment.reprocessed").count() == 1
        assert Audit.objects.filter(action="shipment.reprocessed", subject_id=shipment.pk).count() == 1


def test_a_completed_shipment_is_not_told_twice(account, shipment, actor):
    posted(account, shipment)

    assert not services.reprocess_shipments(actor=actor, ids=[shipment.pk])[0].is_done
    assert notice(account, shipment).state == "confirmed"


@pytest.mark.parametrize("state", ["trying", "unknown"])
def test_a_notice_under_way_is_never_taken_back(account, shipment, actor, state):
    with scoped(account.pk):
        settle_effect(shipment.pk, state, kind=POST)

    (outcome,) = services.archive_shipments(actor=actor, ids=[shipment.pk])

    assert (outcome.is_done, outcome.text) == (False, services.UNDER_WAY)
    assert notice(account, shipment).state == state
    assert now(account, shipment).status != "archived"


def test_an_archived_shipment_is_not_told_and_its_order_waits_for_no_more(account, shipment, actor):
    assert services.archive_shipments(actor=actor, ids=[shipment.pk])[0].is_done

    assert notice(account, shipment).state == "refused"
    with scoped(account.pk):
        assert SalesOrder.objects.get(pk=shipment.order_id).status == "closed"


def test_archiving_can_be_taken_back(account, shipment, actor):
    services.archive_shipments(actor=actor, ids=[shipment.pk])

    assert services.reprocess_shipments(actor=actor, ids=[shipment.pk])[0].is_done
    assert (now(account, shipment).status, notice(account, shipment).state) == ("open", "intended")


def test_a_shipment_without_an_order_is_looked_for_again(account, connection, shipment, actor):
    with scoped(account.pk):
        part = shipment.fulfillment_order
    lost = a_shipment(account, part, reference="NOBODY-1")

    (outcome,) = services.reprocess_shipments(actor=actor, ids=[lost.pk])

    assert not outcome.is_done
    assert "No order was sent" in outcome.text


# --- Going Live -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def observing(account):
    return a_connection(account, mode="observe")


def older_orders(account, connection):
    fresh = received(account, connection.store, [a_canonical_order() for _ in range(3)])
    held = an_order(account, connection.store, status="on_hold")
    return [*fresh, held]


def test_adopted_orders_are_open_and_nothing_is_sent(account, observing, actor):
    orders = older_orders(account, observing)

    went = services.go_live(actor=actor, connection=observing, older="adopt")

    assert went.adopted == 4
    with scoped(account.pk):
        assert set(SalesOrder.objects.filter(pk__in=[o.pk for o in orders]).values_list("status", flat=True)) == {"open"}
        effects = list(Effect.objects.filter(kind="warehouse.send"))
        assert {(e.state, e.evidence["adopted_by"]) for e in effects} == {("confirmed", "Robin")}
        assert all(line.sent == line.allocated == line.to_ship for line in SalesOrderLine.objects.all())
        live = Connection.objects.get(pk=observing.pk)
        assert (live.mode, live.accept_after is not None) == ("live", True)
    assert given(account, observing) == []


def test_the_shipment_of_an_adopted_order_finds_it(account, observing, actor):
    order = an_order(account, observing.store, number="#812")
    services.go_live(actor=actor, connection=observing, older="adopt")
    with scoped(account.pk):
        part = order.fulfillment_orders.get()

    shipment = a_shipment(account, part)

    assert shipment.order_id == order.pk
    assert now(account, order).status == "shipped"


def test_orders_that_are_taken_are_given_to_the_connection(account, observing, actor):
    orders = older_orders(account, observing)

    services.go_live(actor=actor, connection=observing, older="take")

    assert now(account, observing).accept_after is None
    assert {part.order_id for part in given(account, observing)} == {order.pk for order in orders[:3]}


def test_orders_that_are_left_are_skipped_with_the_reason(account, observing, actor):
    orders = older_orders(account, observing)

    went = services.go_live(actor=actor, connection=observing, older="leave")

    assert went.left == 4
    for order in orders:
        row = now(account, order)
        assert (row.status, "went Live" in row.reason) == ("skipped", True)
    assert given(account, observing) == []


def test_orders_of_other_locations_are_left_alone(account, actor):
    store = a_store(account)
    live = a_connection(account, store=store, locations=["reno"])
    other = a_connection(account, store=store, mode="observe", locations=["dayton"])
    mine = an_order(account, store, lines=[line_at("dayton")])
    theirs = an_order(account, store, lines=[line_at("reno")])

    services.go_live(actor=actor, connection=other, older="leave")

    assert (now(account, mine).status, now(account, theirs).status) == ("skipped", "new")
    assert {part.order_id for part in given(account, live)} == {theirs.pk}


def line_at(location):
    from decimal import Decimal

    from crossdock.domain.orders import OrderLine

    return OrderLine("1", "SKU-1", "Thing", Decimal(1), Decimal(1), location=location)


def test_a_connection_goes_live_once(account, connection, actor):
    with pytest.raises(RuleBroken, match="Live already"):
        services.go_live(actor=actor, connection=connection, older="take")


def test_people_of_a_merchant_take_nothing_live(account, observing):
    with pytest.raises(Forbidden):
        services.go_live(
            actor=Actor(account_id=account.pk, person_id=None, role=Role.MERCHANT, merchants=(observing.merchant_id,)),
            connection=observing,
            older="take",
        )


def test_what_waits_is_counted_and_shown_as_it_would_be_sent(account, observing):
    older_orders(account, observing)

    with scoped(account.pk):
        waiting = waiting_for(Connection.objects.get(pk=observing.pk))

    assert (waiting.new, waiting.held, len(waiting.sample)) == (3, 1, 4)
    assert waiting.oldest < datetime.now(UTC)
    assert [line.sku for line in waiting.sample[0].request.lines] == ["SKU-1", "SKU-2"]
    with scoped(account.pk):
        assert Effect.objects.count() == 0


def test_stores_that_could_collide_at_a_warehouse_are_named_with_a_prefix_that_keeps_them_apart(account):
    warehouse = a_warehouse(account)
    a_connection(account, store=a_store(account, name="Acme"), warehouse=warehouse)
    second = a_connection(account, store=a_store(account, name="blue heron goods"), warehouse=warehouse, mode="observe")
    third = a_connection(
        account, store=a_store(account, settings={"order_number_prefix": "S-"}), warehouse=warehouse, mode="observe"
    )

    with scoped(account.pk):
        collision = collision_at(Connection.objects.select_related("store").get(pk=second.pk))
        none = collision_at(Connection.objects.select_related("store").get(pk=third.pk))

    assert (collision.stores, collision.proposed) == (("Acme",), "BLUE-")
    assert none is None


def test_orders_that_were_queued_when_a_connection_was_stopped_are_left_with_the_others(account, actor):
    connection = a_connection(account)
    with scoped(account.pk):
        store = connection.store
    order = an_order(account, store)
    prepare(account, store)
    assert now(account, order).status == "queued"
    with scoped(account.pk):
        set_mode(actor=actor, connection=connection, mode=Mode.OFF)

    services.go_live(actor=actor, connection=connection, older="leave")
    prepare(account, store)

    assert now(account, order).status == "skipped"
    with scoped(account.pk):
        assert not Effect.objects.filter(state__in=["intended", "trying", "unknown"]).exists()


def prepare(account, store):
    """Give everything of a store, as its lane does."""
    with scoped(account.pk):
        terms = terms_of(store.pk, links_of(store_id=store.pk))
    after = 0
    while after is not None:
        with scoped(account.pk):
            after = give(terms, after)
