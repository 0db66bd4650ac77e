"""Shipments as they come from a warehouse: matched however many others wait, and none lost that cannot be stored as it is."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from crossdock.activity.models import Activity
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.fulfillment import Content, Package
from crossdock.domain.fulfillment import Shipment as Said
from crossdock.fulfillment import shipping
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.testing import confirmed, given
from crossdock.orders.models import SalesOrder
from crossdock.orders.testing import a_canonical_order, received
from crossdock.tenancy.scope import scoped


@pytest.fixture
def part(account):
    """A fulfillment order of one line with two units, given and not yet known to be at its warehouse."""
    store = a_store(account)
    connection = a_connection(account, store=store)
    received(account, store, [a_canonical_order(number="#Ab1", lines=1, units=2)])
    (part,) = given(account, connection)
    return part


def said(external_id, reference, **changes):
    box = Package("1", f"1Z{external_id}", contents=(Content("SKU-1", Decimal(1), 1),))
    return msgspec.structs.replace(Said(external_id, reference, datetime.now(UTC), (box,), carrier="UPS"), **changes)


def take(account, part, *shipments):
    with scoped(account.pk):
        return shipping.take_each(warehouse_id=part.warehouse_id, shipments=shipments)


def test_a_shipment_that_came_too_early_is_matched_behind_any_number_that_fit_nothing(account, part, monkeypatch):
    monkeypatch.setattr(shipping, "WAITING", 2)
    take(account, part, *(said(f"F{n}", f"foreign-{n}") for n in range(5)), said("S1", part.reference.lower()), said("S2", "x"))
    confirmed(account, part)

    with scoped(account.pk):
        matched = shipping.match_waiting(part.warehouse_id)

    assert matched == 1
    with scoped(account.pk):
        assert Shipment.objects.get(external_id="S1").order_id == part.order_id
        assert SalesOrder.objects.get().status == "partially_shipped"


def test_a_shipment_that_was_voided_before_we_saw_it_counts_for_nothing(account, part):
    confirmed(account, part)

    take(account, part, said("S1", part.reference, is_void=True))

    with scoped(account.pk):
        assert Shipment.objects.get().status == "voided"
        assert SalesOrder.objects.get().status == "open"


def test_a_shipment_that_cannot_be_stored_as_it_is_holds_up_no_other_and_is_kept_for_a_person(account, part):
    confirmed(account, part)

    take(account, part, said("S\u0000", part.reference), said("S2", part.reference))

    with scoped(account.pk):
        found = dict(Shipment.objects.values_list("external_id", "status"))
        assert found == {"S\ufffd": "error", "S2": "new"}
        assert Activity.objects.filter(kind="warehouse.not_understood").count() == 1
