"""Telling stores what left: what is told, what waits, and that nothing counts twice."""

from datetime import UTC, datetime

import pytest
from django.db import connection as database

from crossdock.accounts.rights import system
from crossdock.connections.effects import Claimed
from crossdock.connections.gateway import Opened, Recorder
from crossdock.connections.models import ChannelKind, Connection, Effect, Mode
from crossdock.connections.queries import links_of
from crossdock.connections.services import set_channel, set_mode
from crossdock.connections.testing import a_connection, a_store
from crossdock.connectors.kit.capabilities import Done, PostsShipments
from crossdock.domain.fulfillment import ShipmentNotice, Tracking
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.names import POST_EFFECT
from crossdock.fulfillment.posting import CLOSE, POSTED, Posting, Progress
from crossdock.fulfillment.testing import a_sent_order, a_shipment, posted
from crossdock.orders.models import SalesOrder, SalesOrderLine
from crossdock.orders.testing import an_order
from crossdock.tenancy.scope import scoped


@pytest.fixture
def link(account):
    return a_connection(account, store=a_store(account))


@pytest.fixture
def part(account, link):
    """An order of two lines at its warehouse."""
    return a_sent_order(account, link, an_order(account, link.store))


def loaded(account, link):
    """What the lane would tell the store now: notices by key, and the keys that are held back."""
    with scoped(account.pk):
        posting = Posting(None, links_of(connection_id=link.pk)[0])
        rows = Effect.objects.filter(kind=POST_EFFECT)
        notices = posting.load([Claimed(row.pk, row.key, row.subject_id, 1, False, {}) for row in rows])
        return set(notices), set(posting.held_back())


def test_what_left_is_told_unless_it_was_voided_archived_or_told_before(account, link, part):
    shipment = a_shipment(account, part)
    found = {}
    with scoped(account.pk):
        for status in ("new", "voided", "archived", "completed"):
            Shipment.objects.filter(pk=shipment.pk).update(status=status)
            found[status] = len(loaded(account, link)[0])

    assert found == {"new": 1, "voided": 0, "archived": 0, "completed": 0}


def test_nothing_is_told_while_the_connection_or_its_channel_is_off(account, link, part):
    a_shipment(account, part)
    actor = system(account.pk)
    before = loaded(account, link)
    with scoped(account.pk):
        set_channel(actor=actor, connection=link, kind=ChannelKind.SHIPMENTS, is_on=False)
    without_channel = loaded(account, link)
    with scoped(account.pk):
        set_channel(actor=actor, connection=link, kind=ChannelKind.SHIPMENTS, is_on=True)
        set_mode(actor=actor, connection=link, mode=Mode.OFF)
    stopped = loaded(account, link)

    assert (len(before[0]), before[1]) == (1, set())
    assert without_channel[1] == without_channel[0] == before[0]
    assert stopped[1] == stopped[0] == before[0]


def test_a_shipment_that_is_told_is_counted_once(account, part):
    shipment = a_shipment(account, part)
    posted(account, shipment)

    posted(account, shipment)

    with scoped(account.pk):
        assert set(SalesOrderLine.objects.values_list("shipped", "posted")) == {(1, 1)}


def test_an_order_is_closed_with_the_last_of_its_shipments_and_not_before_all_has_left(account, part):
    first, second = a_shipment(account, part, units=1), None
    statuses = []
    posted(account, first)
    with scoped(account.pk), database.cursor() as cursor:
        statuses.append(SalesOrder.objects.get().status)
        second = a_shipment(account, part, reference="unknown")
        Shipment.objects.filter(pk=second.pk).update(order_id=part.order_id)
        SalesOrder.objects.update(status="shipped")
        cursor.execute(CLOSE, {"ids": [part.order_id]})
        statuses.append(SalesOrder.objects.get().status)
        cursor.execute(POSTED, {"ids": [second.pk]})
        cursor.execute(CLOSE, {"ids": [part.order_id]})
        statuses.append(SalesOrder.objects.get().status)

    assert statuses == ["partially_shipped", "shipped", "closed"]


def test_no_store_is_told_of_progress_while_none_of_its_connections_is_live(account, link, part):
    found = {}
    with scoped(account.pk):
        for mode in (Mode.LIVE, Mode.OBSERVE):
            Connection.objects.filter(pk=link.pk).update(mode=mode)
            progress = Progress(None, link.store_id)
            wanted = progress.load([Claimed(1, "key", part.order_id, 1, False, {})])
            found[mode] = (set(wanted), set(progress.held_back()))

    assert found == {Mode.LIVE: ({"key"}, set()), Mode.OBSERVE: ({"key"}, {"key"})}


class Deaf(PostsShipments):
    """A store that must be told nothing."""

    async def post_shipments(self, notices, note):
        raise AssertionError(notices)

    async def find_shipments(self, notices, evidence):
        return []


async def test_a_shipment_of_nothing_that_was_ordered_is_told_to_nobody(account, link):
    notice = ShipmentNotice("1", "900", "#1", (), (Tracking("1Z1"),), datetime(2026, 3, 2, tzinfo=UTC))
    posting = Posting(Opened(None, None, Deaf(), Recorder(), "live"), link)

    outcomes = await posting.act([notice], None)

    assert outcomes == [Done("1", "", {"told": "nothing"})]
