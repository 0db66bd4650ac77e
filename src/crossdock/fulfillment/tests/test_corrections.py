"""Shipments that a warehouse changes after it reported them: the store is told what is true now, once it was told at all."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import OperationalError
from django.db import connection as database

from crossdock.accounts.rights import system
from crossdock.activity.models import Activity
from crossdock.connections.effects import run_effects
from crossdock.connections.gateway import Opened, Recorder
from crossdock.connections.models import ChannelKind, Connection, Effect, Mode
from crossdock.connections.queries import links_of
from crossdock.connections.services import set_channel
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.kit.capabilities import CorrectsShipments, Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.domain.fulfillment import Content, Package, ShipmentCorrection
from crossdock.domain.fulfillment import Shipment as Said
from crossdock.fulfillment import corrections, shipping
from crossdock.fulfillment.correcting import Correcting
from crossdock.fulfillment.for_orders import boxes_of
from crossdock.fulfillment.models import PackageContent, Shipment
from crossdock.fulfillment.services import archive_shipments, reprocess_shipments
from crossdock.fulfillment.testing import a_sent_order, a_shipment, posted, settle_effect
from crossdock.jobs import leases
from crossdock.jobs.wakes import open_lane
from crossdock.orders.models import OrderSearch, SalesOrder, SalesOrderLine
from crossdock.orders.testing import an_order
from crossdock.tenancy.scope import in_db, scoped


class Shop(CorrectsShipments):
    """A store that remembers what it was corrected to. `troubles` are what it answers first."""

    def __init__(self) -> None:
        self.told: list[ShipmentCorrection] = []
        self.troubles: list[Exception] = []

    async def correct_shipments(self, corrections: Sequence[ShipmentCorrection]) -> Sequence[Done | Failed]:
        self.told += corrections
        return [Failed(one.key, self.troubles.pop(0)) if self.troubles else Done(one.key, "F-1") for one in corrections]


@pytest.fixture
def link(account):
    return a_connection(account, store=a_store(account))


@pytest.fixture
def part(account, link):
    return a_sent_order(account, link, an_order(account, link.store, lines=1, status="new"))


def told(account, shipment):
    """The store took the notice, and calls it F-1."""
    posted(account, shipment)
    with scoped(account.pk):
        Effect.objects.filter(kind="store.post", subject_id=shipment.pk).update(external_id="F-1")


def said_again(account, shipment, **changes):
    """The warehouse reports a shipment once more."""
    with scoped(account.pk):
        row = Shipment.objects.get(pk=shipment.pk)
        before = Said(
            row.external_id,
            row.reference,
            row.shipped_at,
            tuple(Package(one.external_id, one.tracking) for one in row.packages.exclude(external_id="(void)")),
            carrier="UPS",
            service="Ground",
        )
        shipping.take_shipments(warehouse_id=row.warehouse_id, shipments=[msgspec.structs.replace(before, **changes)])


def now_with(tracking):
    return {"packages": (Package("1", tracking, contents=(Content("SKU-1", Decimal(1), 1),)),)}


def correct(account, link, client):
    """One run over the corrections of the lane that posts."""
    with scoped(account.pk):
        lane = open_lane("fulfillment.post", link.pk)
        row = links_of(connection_id=link.pk)[0]
        Effect.objects.filter(kind="store.correct").exclude(settled_at__isnull=False).update(next_at=datetime.now(UTC))

    async def work():
        run = await in_db(account.pk, leases.take, lane, "test")
        await run_effects(run, Correcting(Opened(None, None, client, Recorder(), "live"), row))
        await in_db(account.pk, leases.end, run, due_at=None)

    asyncio.run(work())


def test_a_store_that_was_told_is_told_the_corrected_number(account, link, part):
    shipment = a_shipment(account, part, tracking="1ZWRONG")
    told(account, shipment)
    shop = Shop()

    said_again(account, shipment, **now_with("1ZRIGHT"))
    said_again(account, shipment, **now_with("1ZRIGHT"))
    correct(account, link, shop)
    correct(account, link, shop)

    (one,) = shop.told
    assert (one.external_id, one.is_void, one.notice.mail_customer) == ("F-1", False, True)
    assert [tracking.number for tracking in one.notice.tracking] == ["1ZRIGHT"]
    with scoped(account.pk):
        row = Shipment.objects.get()
        assert (row.status, row.is_flagged, row.reason) == ("completed", False, "")
        assert Effect.objects.get(kind="store.correct").state == "confirmed"
        assert Activity.objects.filter(kind="shipment.correction_posted").count() == 1
        assert SalesOrder.objects.get().status == "closed"


def test_each_correction_is_an_effect_of_its_own_and_says_what_is_true_by_then(account, link, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()

    said_again(account, shipment, **now_with("1ZSECOND"))
    said_again(account, shipment, **now_with("1ZTHIRD"))
    correct(account, link, shop)

    assert [[one.number for one in told.notice.tracking] for told in shop.told] == [["1ZTHIRD"], ["1ZTHIRD"]]


def test_the_correction_of_an_old_shipment_mails_nobody(account, link, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    with scoped(account.pk):
        Shipment.objects.update(shipped_at=datetime.now(UTC) - timedelta(days=30))
    shop = Shop()

    said_again(account, shipment, **now_with("1ZRIGHT"))
    correct(account, link, shop)

    assert shop.told[0].notice.mail_customer is False


def test_a_correction_of_which_nobody_knows_is_made_again(account, link, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()
    shop.troubles = [OutcomeUnknown("The line was cut.")]

    said_again(account, shipment, **now_with("1ZRIGHT"))
    correct(account, link, shop)
    correct(account, link, shop)

    assert len(shop.told) == 2
    with scoped(account.pk):
        assert Effect.objects.get(kind="store.correct").state == "confirmed"


@pytest.mark.parametrize("state", ["trying", "unknown"])
def test_while_nobody_knows_whether_the_store_was_told_the_old_number_stays_and_the_correction_waits(account, link, part, state):
    shipment = a_shipment(account, part, tracking="1ZWRONG")
    with scoped(account.pk):
        settle_effect(shipment.pk, state, kind="store.post")
    shop = Shop()

    said_again(account, shipment, **now_with("1ZRIGHT"))
    correct(account, link, shop)

    assert shop.told == []
    with scoped(account.pk):
        assert Shipment.objects.get().packages.get().tracking == "1ZWRONG"
    told(account, shipment)
    correct(account, link, shop)
    assert [one.number for one in shop.told[0].notice.tracking] == ["1ZRIGHT"]


def test_what_the_store_was_not_told_yet_is_told_right_from_the_start(account, link, part):
    shipment = a_shipment(account, part, tracking="1ZWRONG")

    said_again(account, shipment, **now_with("1ZRIGHT"), carrier="DHL")

    with scoped(account.pk):
        row = Shipment.objects.get()
        assert (row.packages.get().tracking, row.carrier, row.is_flagged) == ("1ZRIGHT", "DHL", False)
        assert not Effect.objects.filter(kind="store.correct").exists()


@pytest.mark.parametrize("is_told", [True, False])
def test_a_voided_shipment_counts_no_more_and_its_order_waits_for_another(account, link, part, is_told):
    shipment = a_shipment(account, part)
    shop = Shop()
    if is_told:
        told(account, shipment)

    said_again(account, shipment, is_void=True)
    correct(account, link, shop)

    assert [one.is_void for one in shop.told] == ([True] if is_told else [])
    with scoped(account.pk):
        assert Shipment.objects.get().status == "voided"
        assert SalesOrderLine.objects.values_list("shipped", "posted").get() == (0, 0)
        assert SalesOrder.objects.get().status == "open"
        assert [len(boxes) for boxes in boxes_of([shipment.pk]).values()] == [1]
        assert Effect.objects.get(kind="store.post").state == ("confirmed" if is_told else "refused")
    again = a_shipment(account, part)
    told(account, again)
    with scoped(account.pk):
        assert SalesOrder.objects.get().status == "closed"
        assert SalesOrderLine.objects.values_list("shipped", "posted").get() == (1, 1)


def test_a_part_that_is_voided_leaves_the_other_shipped(account, link):
    part = a_sent_order(account, link, an_order(account, link.store, lines=2, status="new"))
    first = a_shipment(account, part, units=1)
    told(account, first)
    told(account, a_shipment(account, part))

    said_again(account, first, is_void=True)
    correct(account, link, Shop())

    with scoped(account.pk):
        assert SalesOrder.objects.get().status == "partially_shipped"


def test_an_order_that_has_left_whole_without_what_was_voided_stays_closed(account, link, part):
    told(account, a_shipment(account, part))
    beyond = a_shipment(account, part, units=1)
    told(account, beyond)

    said_again(account, beyond, is_void=True)
    correct(account, link, Shop())

    with scoped(account.pk):
        assert Shipment.objects.get(pk=beyond.pk).status == "voided"
        assert SalesOrder.objects.get().status == "closed"
        assert SalesOrderLine.objects.values_list("shipped", "posted").get() == (1, 1)


def test_units_of_which_the_store_was_not_told_are_not_taken_back_from_what_it_was_told(account, part):
    shipment = a_shipment(account, part)
    with scoped(account.pk):
        PackageContent.objects.update(is_flagged=True)
    told(account, shipment)

    with scoped(account.pk):
        corrections.take_back([shipment.pk], "Voided.")

        assert SalesOrderLine.objects.get().posted == 0


def test_taking_a_shipment_back_twice_takes_nothing_more_and_is_said_once(account, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    with scoped(account.pk):
        corrections.take_back([shipment.pk], "Voided.")
    told(account, a_shipment(account, part))

    with scoped(account.pk):
        corrections.take_back([shipment.pk], "Voided once more.")

        assert Shipment.objects.get(pk=shipment.pk).reason == "Voided."
        assert SalesOrderLine.objects.values_list("shipped", "posted").get() == (1, 1)
        assert SalesOrder.objects.get().status == "closed"
        assert Activity.objects.filter(kind="shipment.voided").count() == 1


def test_what_the_store_refused_of_a_shipment_is_still_said_when_the_warehouse_voids_it(account, part):
    shipment = a_shipment(account, part)
    with scoped(account.pk):
        settle_effect(shipment.pk, "refused", kind="store.post", error="The store has no such order.")

    said_again(account, shipment, is_void=True)

    with scoped(account.pk):
        assert Shipment.objects.get().status == "voided"
        assert Effect.objects.get(kind="store.post").error == "The store has no such order."


@pytest.mark.parametrize("client", [object(), None])
def test_where_the_store_takes_no_correction_a_person_is_asked(account, link, part, client):
    shipment = a_shipment(account, part)
    told(account, shipment)
    refusing = Shop()
    refusing.troubles = [InvalidData("The shipment is archived in the store.")]

    said_again(account, shipment, **now_with("1ZRIGHT"))
    correct(account, link, client or refusing)

    with scoped(account.pk):
        row = Shipment.objects.get()
        assert row.is_flagged
        assert row.reason.startswith("The warehouse corrected it to 1ZRIGHT after the store was told. ")
        assert row.reason.endswith("Change it in the store by hand.")
        assert row.status == "completed"
        assert Activity.objects.filter(kind="shipment.correction_refused").count() == 1


def test_a_person_can_have_a_refused_correction_made_again(account, link, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()
    shop.troubles = [InvalidData("Not now.")]
    said_again(account, shipment, **now_with("1ZRIGHT"))
    correct(account, link, shop)

    (outcome,) = reprocess_shipments(actor=system(account.pk), ids=[shipment.pk])
    correct(account, link, shop)

    assert outcome.is_done
    assert len(shop.told) == 2
    with scoped(account.pk):
        row = Shipment.objects.get()
        assert (row.status, row.is_flagged) == ("completed", False)


@pytest.mark.parametrize("what", ["connection", "channel"])
def test_nothing_is_corrected_from_the_moment_a_connection_or_its_channel_is_switched_off(account, link, part, what):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()
    said_again(account, shipment, **now_with("1ZRIGHT"))
    with scoped(account.pk):
        if what == "connection":
            Connection.objects.update(mode=Mode.OFF)
        else:
            set_channel(actor=system(account.pk), connection=link, kind=ChannelKind.SHIPMENTS, is_on=False)

    correct(account, link, shop)

    assert shop.told == []


@pytest.mark.parametrize("trouble", [InvalidData("It is refunded."), OutcomeUnknown("The line was cut.")])
def test_a_voided_shipment_counts_until_the_store_has_taken_that(account, link, part, trouble):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()
    shop.troubles = [trouble]

    said_again(account, shipment, is_void=True)
    correct(account, link, shop)

    with scoped(account.pk):
        assert Shipment.objects.get().status == "completed"
        assert SalesOrderLine.objects.values_list("shipped", "posted").get() == (1, 1)
        assert SalesOrder.objects.get().status == "closed"


def test_a_shipment_with_units_nobody_asked_for_stays_before_a_person_when_its_correction_is_taken(account, link, part):
    told(account, a_shipment(account, part))
    beyond = a_shipment(account, part, units=1)
    told(account, beyond)

    said_again(account, beyond, **now_with("1ZRIGHT"))
    correct(account, link, Shop())

    with scoped(account.pk):
        assert Effect.objects.get(kind="store.correct").state == "confirmed"
        assert Shipment.objects.get(pk=beyond.pk).is_flagged


def test_a_shipment_without_an_order_is_matched_as_it_is_by_now(account, link, part):
    shipment = a_shipment(account, part, reference="unknown")

    said_again(account, shipment, is_void=True)

    with scoped(account.pk):
        row = Shipment.objects.get()
        assert (row.status, row.is_flagged) == ("voided", False)


def test_boxes_are_replaced_in_their_own_shipment_and_the_order_is_found_by_their_new_numbers_alone(account, link):
    part = a_sent_order(account, link, an_order(account, link.store, lines=2, status="new"))
    first, other = a_shipment(account, part, units=1, tracking="1ZOLD"), a_shipment(account, part, tracking="1ZOTHER")

    said_again(account, first, packages=(Package("2", "1ZNEW"), Package("3")))

    with scoped(account.pk):
        numbers = [(box.tracking, "1ZNEW" in box.tracking_url) for box in first.packages.order_by("external_id")]
        assert numbers == [("", False), ("1ZNEW", True), ("", False)]
        assert other.packages.get().tracking == "1ZOTHER"
        assert OrderSearch.objects.get(order_id=part.order_id).tracking == "1znew 1zother"


def test_an_order_is_not_found_by_a_number_that_no_box_carries_any_more(account, link, part):
    shipment = a_shipment(account, part, tracking="1ZOLD")

    said_again(account, shipment, packages=(Package("2"),))

    with scoped(account.pk):
        assert OrderSearch.objects.get(order_id=part.order_id).tracking == ""


def test_a_carrier_alone_can_be_corrected_and_boxes_in_another_order_are_no_correction(account, part):
    shipment = a_shipment(account, part)
    boxes = (Package("1", "1ZA"), Package("2", "1ZB"))
    said_again(account, shipment, packages=boxes)

    said_again(account, shipment, packages=boxes[::-1])
    said_again(account, shipment, service="Next Day")

    with scoped(account.pk):
        assert Shipment.objects.get().service == "Next Day"
        said = Activity.objects.filter(kind="shipment.corrected").order_by("id")
        assert [row.params["what"].split(" to ")[0] for row in said] == [
            "The warehouse corrected the tracking number",
            "The warehouse corrected the carrier",
        ]


def test_a_voided_shipment_is_put_before_a_person_once_the_warehouse_takes_that_back_and_not_before(account, link, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()
    said_again(account, shipment, is_void=True)
    correct(account, link, shop)
    said_again(account, shipment, is_void=True, carrier="DHL")
    with scoped(account.pk):
        assert not Shipment.objects.get().is_flagged

    said_again(account, shipment)
    correct(account, link, shop)

    assert [one.is_void for one in shop.told] == [True]
    with scoped(account.pk):
        row = Shipment.objects.get()
        assert (row.status, row.is_flagged) == ("voided", True)
        assert row.reason.startswith("The warehouse took back that it had voided this shipment. Look into it")
        assert Effect.objects.filter(kind="store.correct").count() == 1


def test_nothing_comes_of_a_correction_once_a_person_has_set_the_shipment_aside(account, part):
    shipment = a_shipment(account, part, tracking="1ZWRONG")
    told(account, shipment)
    archive_shipments(actor=system(account.pk), ids=[shipment.pk])

    said_again(account, shipment, **now_with("1ZRIGHT"))

    with scoped(account.pk):
        assert not Effect.objects.filter(kind="store.correct").exists()
        assert not Activity.objects.filter(kind="shipment.corrected").exists()


def test_what_else_is_done_under_the_number_of_a_voided_shipment_is_left_alone(account, part):
    shipment = a_shipment(account, part)
    with scoped(account.pk):
        sending = Effect.objects.filter(kind="warehouse.send", subject_id=part.pk)
        sending.update(subject_id=shipment.pk, state="intended", settled_at=None, evidence=None)

    said_again(account, shipment, is_void=True)

    with scoped(account.pk):
        assert dict(Effect.objects.values_list("kind", "state")) == {"warehouse.send": "intended", "store.post": "refused"}


def test_nobody_begins_to_tell_a_store_while_it_is_decided_what_a_correction_means(account, part):
    shipment = a_shipment(account, part)

    def decide():
        try:
            with scoped(account.pk), database.cursor() as cursor:
                cursor.execute("set local lock_timeout = '50ms'")
                corrections._stored([shipment.pk])
        finally:
            database.close()

    with scoped(account.pk), ThreadPoolExecutor(1) as pool:
        settle_effect(shipment.pk, "trying", kind="store.post")
        with pytest.raises(OperationalError, match="lock timeout"):
            pool.submit(decide).result()


def test_a_shipment_without_an_order_is_voided_or_waits_as_the_warehouse_says_unless_a_person_set_it_aside(account, part):
    shipment = a_shipment(account, part, reference="unknown")
    stood = []

    for is_void, is_set_aside in [(True, False), (False, False), (True, False), (False, True), (True, True)]:
        if is_set_aside:
            with scoped(account.pk):
                Shipment.objects.update(status="archived")
        said_again(account, shipment, is_void=is_void)
        with scoped(account.pk):
            stood.append(Shipment.objects.get().status)

    assert stood == ["voided", "new", "voided", "archived", "archived"]
    with scoped(account.pk):
        assert not Activity.objects.filter(shipment_id=shipment.pk).exists()
