"""Shipments that a warehouse changes after it reported them: the store is told what is true now, once it was told at all."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from crossdock.accounts.rights import system
from crossdock.activity.models import Activity
from crossdock.connections.effects import run_effects
from crossdock.connections.gateway import Opened, Recorder
from crossdock.connections.models import Connection, Effect, Mode
from crossdock.connections.queries import links_of
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.kit.capabilities import CorrectsShipments, Done, Failed
from crossdock.connectors.kit.errors import InvalidData, OutcomeUnknown
from crossdock.domain.fulfillment import Content, Package, ShipmentCorrection
from crossdock.domain.fulfillment import Shipment as Said
from crossdock.fulfillment import shipping
from crossdock.fulfillment.correcting import Correcting
from crossdock.fulfillment.for_orders import boxes_of
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.services import reprocess_shipments
from crossdock.fulfillment.testing import a_sent_order, a_shipment, posted, settle_effect
from crossdock.jobs import leases
from crossdock.jobs.wakes import open_lane
from crossdock.orders.models import SalesOrder, SalesOrderLine
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


def test_nothing_is_corrected_from_the_moment_a_connection_is_switched_off(account, link, part):
    shipment = a_shipment(account, part)
    told(account, shipment)
    shop = Shop()
    said_again(account, shipment, **now_with("1ZRIGHT"))
    with scoped(account.pk):
        Connection.objects.update(mode=Mode.OFF)

    correct(account, link, shop)

    assert shop.told == []


def test_a_shipment_without_an_order_is_matched_as_it_is_by_now(account, link, part):
    shipment = a_shipment(account, part, reference="unknown")

    said_again(account, shipment, is_void=True)

    with scoped(account.pk):
        row = Shipment.objects.get()
        assert (row.status, row.is_flagged) == ("voided", False)
