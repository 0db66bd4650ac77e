"""The first registration of a store's webhooks closes the gap between its first reading and its first announcement."""

from datetime import UTC, datetime, timedelta

from crossdock.connections import lanes
from crossdock.connections.gateway import Opened, Recorder
from crossdock.connections.testing import a_connection
from crossdock.jobs import leases
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane
from crossdock.tenancy.scope import scoped


def test_orders_are_read_once_more_when_a_store_has_begun_to_announce_them(account):
    link = a_connection(account)
    later = datetime.now(UTC) + timedelta(minutes=5)
    opened = Opened(None, None, None, Recorder(), "live")

    with scoped(account.pk):
        pull = open_lane("orders.pull", link.store_id)
        run = leases.take(open_lane("connections.webhooks", link.store_id), "somebody")

    def due_after_registering():
        with scoped(account.pk):
            Lane.objects.filter(pk=pull).update(due_at=later)
            lanes._keep(run, opened, 8)
            return Lane.objects.get(pk=pull).due_at

    assert due_after_registering() < later
    assert due_after_registering() == later
