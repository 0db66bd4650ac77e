"""What is at warehouses of orders that are to be erased: whether anything is still to be told, and what was said of people."""

from datetime import timedelta

import msgspec
import pytest

from crossdock.connections.effects import intend
from crossdock.connections.models import Effect
from crossdock.connections.testing import a_connection, a_store
from crossdock.fulfillment import erasing
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.names import CORRECT_EFFECT, POST, POST_EFFECT
from crossdock.fulfillment.preparing import SEND_EFFECT
from crossdock.fulfillment.sending import PROGRESS_EFFECT
from crossdock.fulfillment.testing import a_sent_order, a_shipment, given, posted, settle_effect
from crossdock.jobs.wakes import open_lane
from crossdock.orders.erasing import known_of_people
from crossdock.orders.testing import ADA, a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped

KINDS = [SEND_EFFECT, PROGRESS_EFFECT, POST_EFFECT, CORRECT_EFFECT]


class Told:
    """A closed order, of which the warehouse and the store were told everything, by one effect of each kind."""

    def __init__(self, account, store):
        link = a_connection(account, store=store)
        self.order = an_order(account, store)
        part = a_sent_order(account, link, self.order)
        self.shipment = a_shipment(account, part)
        posted(account, self.shipment)
        self.warehouse_id = part.warehouse_id
        self.subjects = {
            SEND_EFFECT: part.pk,
            PROGRESS_EFFECT: self.order.pk,
            POST_EFFECT: self.shipment.pk,
            CORRECT_EFFECT: self.shipment.pk,
        }
        row = {"lane_id": None, "store_id": store.pk, "warehouse_id": None, "realm": store.realm}
        with scoped(account.pk):
            row["lane_id"] = open_lane(POST, link.pk)
            for kind in (PROGRESS_EFFECT, CORRECT_EFFECT):
                intend(kind, [{**row, "key": f"{kind}:{self.order.pk}", "subject_id": self.subjects[kind]}])
                self.settle(kind, "confirmed")

    def settle(self, kind, state, error=""):
        settle_effect(self.subjects[kind], state, kind=kind, error=error)


@pytest.fixture
def store(account):
    return a_store(account)


@pytest.mark.parametrize("state", ["intended", "trying", "unknown", "confirmed", "refused"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_order_is_under_way_while_anything_of_it_is_still_to_be_told(account, store, kind, state):
    one, other = Told(account, store), Told(account, a_store(account))
    with scoped(account.pk):
        one.settle(kind, state)

        found = erasing.under_way([one.order.pk, other.order.pk])

    assert found == (set() if state in ("confirmed", "refused") else {one.order.pk})


def test_people_are_hidden_in_what_was_said_of_their_orders_and_of_no_others(account, store):
    one, other = Told(account, store), Told(account, a_store(account))
    with scoped(account.pk):
        for each in (one, other):
            for kind in KINDS:
                each.settle(kind, "refused", "Ada Marsh is not at home.")
            Shipment.objects.filter(pk=each.shipment.pk).update(reason="Ada Marsh refused it.")

        erasing.hide_in_shipping([one.order.pk], lambda text: text.replace("Ada Marsh", "…"))

        said = {order: set() for order in (one, other)}
        for each, found in said.items():
            subjects = [(kind, each.subjects[kind]) for kind in KINDS]
            found |= {Effect.objects.get(kind=kind, subject_id=subject).error for kind, subject in subjects}
            found.add(Shipment.objects.get(pk=each.shipment.pk).reason)
    assert said[one] == {"… is not at home.", "… refused it."}
    assert said[other] == {"Ada Marsh is not at home.", "Ada Marsh refused it."}


def test_the_warehouses_that_were_told_of_an_order_are_known(account, store):
    one = Told(account, store)
    Told(account, a_store(account))

    with scoped(account.pk):
        assert erasing.warehouses_of([one.order.pk]) == [one.warehouse_id]


def test_whom_an_order_named_before_it_changed_is_known_as_well(account, store):
    link = a_connection(account, store=store)
    order = a_canonical_order()
    (row,) = received(account, store, [order])
    given(account, link)
    elsewhere = msgspec.structs.replace(ADA, name="Bea Holm")
    later = order.updated_at + timedelta(seconds=1)
    received(account, store, [msgspec.structs.replace(order, updated_at=later, ship_to=elsewhere, bill_to=elsewhere)])

    with scoped(account.pk):
        assert {"Ada Marsh", "Bea Holm"} <= known_of_people([row.pk])
