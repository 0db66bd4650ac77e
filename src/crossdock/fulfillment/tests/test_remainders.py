"""What becomes of the rest of a part when its warehouse says that nothing more of it follows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

import msgspec
import pytest
from django.db import connection as database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.accounts.rights import system
from crossdock.accounts.testing import an_account
from crossdock.activity.models import Activity
from crossdock.connections.models import Connection, Effect
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.fulfillment import Content, Package
from crossdock.domain.fulfillment import Shipment as Said
from crossdock.domain.orders import Hold
from crossdock.fulfillment import remainders, shipping
from crossdock.fulfillment.following import follow_changes
from crossdock.fulfillment.models import Allocation, FulfillmentOrder, Shipment
from crossdock.fulfillment.preparing import give
from crossdock.fulfillment.terms import terms_of
from crossdock.fulfillment.testing import confirmed
from crossdock.fulfillment.testing import given as given_to
from crossdock.jobs.models import Lane
from crossdock.orders.models import SalesOrder, SalesOrderLine
from crossdock.orders.services import reprocess
from crossdock.orders.testing import a_canonical_order, received
from crossdock.tenancy.scope import scoped

_ids = count(1)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Desk:
    """One connection, and an order of one line with three units at its warehouse."""

    def __init__(self, account, *, remainder="wait", units=3, lines=1):
        self.account = account
        self.link = a_connection(account, store=a_store(account))
        with scoped(account.pk):
            Connection.objects.filter(pk=self.link.pk).update(remainder=remainder)
        self.order_as_placed = a_canonical_order(number=f"#R{next(_ids)}", lines=lines, units=units)
        received(account, self.link.store, [self.order_as_placed])
        (self.part,) = given_to(account, self.link)
        confirmed(account, self.part)

    def said(self, units, *, reference="", final=True, external_id="", line=1, sku="SKU-1"):
        boxes = (Package("1", f"1Z{next(_ids)}", contents=(Content(sku, Decimal(units), line),)),) if units else ()
        name = external_id or f"S{next(_ids)}"
        return Said(name, reference or self.part.reference, datetime.now(UTC), boxes, carrier="UPS", is_final=final)

    def take(self, *shipments):
        with scoped(self.account.pk):
            return shipping.take_each(warehouse_id=self.part.warehouse_id, shipments=shipments)

    def ship(self, units, **how):
        shipment = self.said(units, **how)
        self.take(shipment)
        return shipment

    def prepare(self):
        """Follow changes and give what is to be given again, as the lane does."""
        with scoped(self.account.pk):
            terms = terms_of(self.link.store_id, links_of(store_id=self.link.store_id))
            follow_changes(terms)
            give(terms, 0)
            give(terms, 0, "again")

    def change(self, **changes):
        """The store says otherwise."""
        later = self.order_as_placed.updated_at + timedelta(hours=1)
        received(self.account, self.link.store, [msgspec.structs.replace(self.order_as_placed, updated_at=later, **changes)])

    def whole_but_one_of_the_first(self):
        """A shipment of both lines, after which one unit of the first will not follow."""
        contents = (Content("SKU-1", Decimal(2), 1), Content("SKU-2", Decimal(3), 2))
        boxes = (Package("1", f"1Z{next(_ids)}", contents=contents),)
        return Said(f"S{next(_ids)}", self.part.reference, datetime.now(UTC), boxes, carrier="UPS", is_final=True)

    def wants_more(self, line):
        """The store wants two more units of a line."""
        lines = [
            msgspec.structs.replace(one, ordered=one.ordered + 2, to_ship=one.to_ship + 2) if at == line else one
            for at, one in enumerate(self.order_as_placed.lines, start=1)
        ]
        self.change(lines=tuple(lines))

    @property
    def order(self):
        with scoped(self.account.pk):
            return SalesOrder.objects.get(store=self.link.store)

    @property
    def counts(self):
        """Given, sent, shipped and shipped beyond what was sent, of the first line."""
        with scoped(self.account.pk):
            line = SalesOrderLine.objects.filter(order__store=self.link.store).order_by("position").first()
            return int(line.allocated), int(line.sent), int(line.shipped), int(line.overshipped)

    @property
    def parts(self):
        with scoped(self.account.pk):
            rows = FulfillmentOrder.objects.filter(connection=self.link).order_by("part")
            return [(row.part, row.status, row.reference.rsplit("R", 1)[1].partition("_")[2]) for row in rows]

    def story(self):
        with scoped(self.account.pk):
            rows = Activity.objects.filter(order_id=self.order.pk, kind="order.rest_will_not_follow").order_by("id")
            return [(row.params["units"], row.params["then"]) for row in rows]


def test_while_the_rest_is_waited_for_only_the_story_says_that_it_will_not_follow(account):
    desk = Desk(account)

    desk.ship(1)
    desk.prepare()

    assert (desk.order.status, desk.order.issue) == ("partially_shipped", "")
    assert (desk.story(), desk.counts) == ([("2", "wait")], (3, 3, 1, 0))


def test_a_shipment_that_is_not_final_or_leaves_no_rest_says_nothing_of_one(account):
    desk = Desk(account, remainder="reship")

    desk.ship(1, final=False)
    desk.ship(1, final=None)
    desk.ship(1)

    assert (desk.order.status, desk.story(), desk.parts) == ("shipped", [], [(1, "open", "")])


def test_a_person_is_asked_and_no_longer_once_the_rest_ships_after_all(account):
    desk = Desk(account, remainder="ask")

    desk.ship(1)
    asked = desk.order.issue
    desk.ship(1, final=False)
    still = desk.order.issue
    desk.ship(1, final=False)

    assert asked == still
    assert asked.startswith("The warehouse says the rest, 2 units of ")
    assert (desk.order.status, desk.order.issue) == ("shipped", "")


def test_what_a_voided_shipment_said_of_the_rest_asks_nobody_once_more_leaves(account):
    desk = Desk(account, remainder="ask")
    shipment = desk.ship(1)
    asked = desk.order.issue

    desk.take(msgspec.structs.replace(shipment, is_void=True))
    desk.ship(1, final=False)

    assert asked.startswith(remainders.SAID)
    assert desk.order.issue == ""


CHANGES = {
    "nothing changed": ({}, {}, "reship"),
    "a person is to be asked": ({"remainder": "ask"}, {}, "ask"),
    "canceled": ({}, {"canceled_at": NOW}, "wait"),
    "archived": ({"status": "archived"}, {}, "wait"),
    "shipped": ({"status": "shipped"}, {}, "wait"),
    "given up": ({"status": "abandoned"}, {}, "ask"),
    "held": ({}, {"hold": Hold("Fraud check")}, "ask"),
    "held still": ({}, {"hold": Hold("Later", NOW + timedelta(hours=1))}, "ask"),
    "held until a while ago": ({}, {"hold": Hold("Later", NOW - timedelta(hours=1))}, "reship"),
    "again, and nothing left": ({"is_again": True, "has_left": False}, {}, "ask"),
    "again, and some left": ({"is_again": True}, {}, "reship"),
}


@pytest.mark.parametrize(("rest", "order", "fate"), CHANGES.values(), ids=CHANGES)
def test_a_rest_is_given_again_only_where_nothing_speaks_against_it(rest, order, fate):
    plain = remainders.Rest(1, 1, 1, "reship", "open", "R1", Decimal(2), has_left=True, is_again=False)

    assert remainders.fate_of(msgspec.structs.replace(plain, **rest), a_canonical_order(**order), NOW) == fate


def test_the_rest_is_given_again_as_the_next_part_and_ships(account):
    desk = Desk(account, remainder="reship")

    desk.ship(1)
    released = desk.counts
    with scoped(account.pk):
        Lane.objects.get(kind="fulfillment.prepare", store_id=desk.link.store_id, due_at__isnull=False)
    desk.prepare()
    desk.prepare()
    with scoped(account.pk):
        second = FulfillmentOrder.objects.get(part=2)
        keys = list(Effect.objects.filter(kind="warehouse.send", subject_id=second.pk).values_list("key", flat=True))
    confirmed(account, second)
    desk.ship(2, reference=second.reference)

    assert released == (1, 1, 1, 0)
    assert desk.parts == [(1, "closed", ""), (2, "open", "2")]
    assert [key.rsplit("/", 1)[1] for key in keys] == ["part:2"]
    assert (desk.order.status, desk.counts, desk.story()) == ("shipped", (3, 3, 3, 0), [("2", "reship")])


def test_the_rest_of_an_order_goes_though_its_connection_takes_no_orders_so_old_any_more(account):
    desk = Desk(account, remainder="reship")
    with scoped(account.pk):
        Connection.objects.filter(pk=desk.link.pk).update(accept_after=datetime.now(UTC))

    desk.ship(1)
    desk.prepare()

    assert desk.parts == [(1, "closed", ""), (2, "given", "2")]


@pytest.mark.parametrize("line", [1, 2])
def test_only_what_was_released_is_given_again_and_more_of_a_part_is_for_a_person(account, line):
    desk = Desk(account, remainder="reship", lines=2)
    desk.take(desk.whole_but_one_of_the_first())
    if line == 1:
        desk.prepare()
    desk.wants_more(line)

    desk.prepare()

    with scoped(account.pk):
        assert [
            (one.line.external_id[-1], int(one.quantity)) for one in Allocation.objects.filter(fulfillment_order__part__gt=1)
        ] == [("1", 1)]
    assert desk.order.issue.startswith("2 more units are wanted in the store")


def test_the_same_shipment_once_more_releases_nothing_once_more(account):
    desk = Desk(account, remainder="reship")
    shipment = desk.ship(1)
    desk.prepare()

    desk.take(shipment)
    desk.take(shipment, shipment)
    desk.prepare()

    assert (desk.parts, desk.counts) == ([(1, "closed", ""), (2, "given", "2")], (3, 1, 1, 0))
    assert desk.story() == [("2", "reship")]


def test_what_crashed_while_it_was_taken_in_is_taken_in_whole_the_next_time(account, monkeypatch):
    desk = Desk(account, remainder="reship")
    shipment = desk.said(1)
    with monkeypatch.context() as broken:
        broken.setattr(remainders, "CLOSED", "select 1 / 0")
        with pytest.raises(Exception, match="division by zero"), scoped(account.pk):
            shipping.take_shipments(warehouse_id=desk.part.warehouse_id, shipments=[shipment])
    before = desk.counts

    desk.take(shipment)
    desk.prepare()

    assert before == (3, 3, 0, 0)
    assert (desk.parts, desk.counts) == ([(1, "closed", ""), (2, "given", "2")], (3, 1, 1, 0))


def test_a_late_shipment_of_the_first_part_is_flagged_and_counts_for_nothing(account):
    desk = Desk(account, remainder="reship")
    desk.ship(1)
    desk.prepare()

    desk.ship(2, external_id="LATE", final=False)
    whole = msgspec.structs.replace(desk.said(1, external_id="WHOLE", final=None), packages=(Package("1", "1ZWHOLE"),))
    desk.take(whole)

    assert (desk.order.status, desk.counts) == ("partially_shipped", (3, 1, 1, 0))
    assert desk.order.issue == remainders.LATE_ISSUE
    with scoped(account.pk):
        late = Shipment.objects.filter(external_id__in=["LATE", "WHOLE"])
        assert {(row.is_flagged, row.reason) for row in late} == {(True, remainders.LATE)}


def test_a_final_shipment_of_nothing_never_makes_it_shipped_and_is_sent_again_once(account):
    desk = Desk(account, remainder="reship")

    desk.ship(0)
    status = desk.order.status
    desk.prepare()
    with scoped(account.pk):
        second = FulfillmentOrder.objects.get(part=2)
    confirmed(account, second)
    desk.ship(0, reference=second.reference)
    desk.prepare()

    assert status == "open"
    assert desk.parts == [(1, "closed", ""), (2, "open", "2")]
    assert (desk.order.status, desk.counts) == ("canceled", (3, 3, 0, 0))
    assert desk.order.issue == remainders.UNSHIPPED_ISSUE
    assert desk.story() == [("3", "reship")]


@pytest.mark.parametrize("remainder", ["wait", "ask"])
def test_an_order_closed_with_nothing_shipped_is_canceled_and_put_before_a_person_until_it_ships_after_all(account, remainder):
    desk = Desk(account, remainder=remainder)

    desk.ship(0)
    closed = desk.order
    desk.ship(1)
    partly = desk.order
    desk.ship(2)

    assert (closed.status, closed.reason, closed.issue) == ("canceled", remainders.CLOSED_UNSHIPPED, remainders.UNSHIPPED_ISSUE)
    assert (partly.status, partly.reason, remainders.CLOSED_UNSHIPPED in partly.issue) == ("partially_shipped", "", False)
    assert (desk.order.status, desk.order.issue, desk.counts) == ("shipped", "", (3, 3, 3, 0))
    with scoped(account.pk):
        assert Activity.objects.filter(kind="order.closed_unshipped").count() == 1


def test_a_shipment_of_nothing_cancels_no_order_of_which_something_left_or_another_part_is_under_way(account):
    desk = Desk(account)
    desk.ship(1, final=False)
    desk.ship(0)

    other = Desk(account, lines=2)
    with scoped(account.pk):
        split = FulfillmentOrder.objects.get(pk=other.part.pk)
        split.pk, split.public_id, split.part, split.reference = None, uuid4(), 2, f"{split.reference}_2"
        split.save(force_insert=True)
    other.ship(0)

    assert (desk.order.status, other.order.status) == ("partially_shipped", "open")


def test_an_order_that_the_store_canceled_is_done_once_its_warehouse_closed_it_too(account):
    desk = Desk(account)
    (line,) = desk.order_as_placed.lines
    desk.change(canceled_at=NOW, lines=(msgspec.structs.replace(line, to_ship=0 * line.to_ship),))
    desk.prepare()
    asked = desk.order.issue

    desk.ship(0)

    assert asked
    assert (desk.order.status, desk.order.issue) == ("canceled", "")


def test_nobody_is_asked_any_more_about_an_order_that_was_closed_with_nothing_shipped_once_the_store_canceled_it(account):
    desk = Desk(account)
    desk.ship(0)
    (line,) = desk.order_as_placed.lines

    desk.change(canceled_at=NOW, lines=(msgspec.structs.replace(line, to_ship=0 * line.to_ship),))
    desk.prepare()

    assert (desk.order.status, desk.order.reason, desk.order.issue) == ("canceled", remainders.CLOSED_UNSHIPPED, "")


def test_an_order_that_was_closed_with_nothing_shipped_is_waited_for_again_where_a_person_says_so(account):
    desk = Desk(account)
    desk.ship(0)

    reprocess(actor=system(account.pk), ids=[desk.order.pk])

    assert desk.order.status == "open"


def test_nothing_goes_out_again_of_an_order_that_the_store_holds_or_canceled(account):
    held, canceled = Desk(account, remainder="reship"), Desk(account, remainder="reship")
    held.change(hold=Hold("Fraud check"))
    canceled.change(canceled_at=NOW)

    for desk in (held, canceled):
        desk.ship(1)
        desk.prepare()

    assert (held.parts, held.story()) == ([(1, "open", "")], [("2", "ask")])
    assert (canceled.parts, canceled.story()) == ([(1, "open", "")], [("2", "wait")])


@pytest.mark.parametrize("units", [0, 1])
def test_what_is_canceled_between_the_release_and_the_sending_is_not_sent(account, units):
    desk = Desk(account, remainder="reship")
    desk.ship(units)
    desk.change(canceled_at=NOW)

    desk.prepare()

    assert desk.parts == [(1, "closed", "")]
    assert desk.order.issue.startswith("Canceled in the store")


def test_only_what_the_store_still_wants_is_given_again(account):
    desk = Desk(account, remainder="reship")
    (line,) = desk.order_as_placed.lines
    desk.change(lines=(msgspec.structs.replace(line, to_ship=Decimal(2)),))

    desk.ship(1)
    desk.prepare()

    assert (desk.parts, desk.counts) == ([(1, "closed", ""), (2, "given", "2")], (2, 1, 1, 0))
    assert desk.story() == [("1", "reship")]


def test_a_page_of_rests_costs_as_many_statements_as_one(account):
    desks = [Desk(account, remainder="ask") for _ in range(4)]
    parts = [desk.part.pk for desk in desks]
    orders = [desk.order.pk for desk in desks]
    seen = []

    def counted(run, *args):
        seen.append(args[0])
        return run(*args)

    with scoped(account.pk):
        with database.execute_wrapper(counted):
            remainders.settle_rests(parts[:1], orders[:1])
        alone = len(seen)
        with database.execute_wrapper(counted):
            remainders.settle_rests(parts, orders)

    assert len(seen) - alone == alone
    assert all(desk.order.issue.startswith(remainders.SAID) for desk in desks)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([True, True, False, None]), st.booleans(), st.booleans()),
        min_size=1,
        max_size=7,
    )
)
def test_whatever_a_warehouse_says_no_unit_is_given_twice_or_lost(db_ready, steps):
    desk = Desk(an_account(f"Any {next(_ids)}"), remainder="reship", units=4)
    for units, is_final, is_latest, is_repeated in steps:
        with scoped(desk.account.pk):
            parts = list(FulfillmentOrder.objects.filter(connection=desk.link).order_by("part"))
        for part in parts:
            if part.status == "given":
                confirmed(desk.account, part)
        shipment = desk.ship(units, final=is_final, reference=(parts[-1] if is_latest else parts[0]).reference)
        if is_repeated:
            desk.take(shipment)
        desk.prepare()

        allocated, sent, shipped, _ = desk.counts
        with scoped(desk.account.pk):
            held = sum(int(row.quantity - row.released) for row in Allocation.objects.filter(line__order__store=desk.link.store))
        assert shipped <= sent <= allocated == held <= 4
        assert (desk.order.status == "shipped") == (shipped == 4)
        assert allocated == 4, "what is released is given again at once"
