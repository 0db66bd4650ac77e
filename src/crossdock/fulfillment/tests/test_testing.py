"""The orders that tests are given went the way that lanes take."""

import pytest

from crossdock.connections.testing import a_connection
from crossdock.domain.statuses import OrderStatus
from crossdock.fulfillment.testing import a_sent_order, a_shipment, posted
from crossdock.orders.models import SalesOrder, StatusChange
from crossdock.orders.testing import an_order
from crossdock.tenancy.scope import scoped


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_of_tests_stands_at_any_status(account, status):
    connection = a_connection(account)

    assert an_order(account, connection.store, status=status).status == status


def test_an_order_is_sent_shipped_and_closed(account):
    connection = a_connection(account)
    order = an_order(account, connection.store)

    part = a_sent_order(account, connection, order)
    posted(account, a_shipment(account, part))

    with scoped(account.pk):
        moves = list(StatusChange.objects.filter(order_id=order.pk).order_by("id").values_list("to_status", flat=True))
        assert SalesOrder.objects.get(pk=order.pk).status == "closed"
    assert moves == ["queued", "open", "shipped", "closed"]
