"""Finding whose orders they are, and having them erased, however many there are."""

from datetime import UTC, datetime

import msgspec
import pytest

from crossdock.accounts.testing import an_account
from crossdock.connections.testing import a_store
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.orders import Consignment, ShippingMethod
from crossdock.orders import erasing
from crossdock.orders.intake import Intake
from crossdock.orders.models import LeftOutRecord, SalesOrder, SalesOrderContent
from crossdock.orders.receiving import receive_page
from crossdock.orders.testing import ADA, a_canonical_order, an_order, received
from crossdock.tenancy.scope import scoped

FRIEND = msgspec.structs.replace(ADA, name="Bea Holm", email="bea@example.com", phone="+45 5550 1992")


@pytest.fixture
def store(account):
    return a_store(account)


@pytest.mark.parametrize(
    "to",
    [{"ship_to": FRIEND}, {"bill_to": FRIEND}, {"consignments": (Consignment(FRIEND, ShippingMethod()),)}],
    ids=["ship-to", "bill-to", "one of several places"],
)
def test_whoever_stands_in_an_address_only_is_found(account, store, to):
    row = an_order(account, store, **to)

    with scoped(account.pk):
        assert erasing.orders_of_person(store.pk, email="Bea@example.com") == [row.pk]
        assert erasing.orders_of_person(store.pk, phone="+45 55 50 19 92") == [row.pk]
        assert erasing.orders_with_email("bea@example.com ") == {store.pk: [row.pk]}


@pytest.mark.parametrize("email", ["@", "@example.com", "a@example.co", "da@example.com", ""])
def test_a_part_of_an_address_is_nobodys(account, store, email):
    an_order(account, store)

    with scoped(account.pk):
        assert erasing.orders_with_email(email) == {}


def test_orders_of_another_account_are_not_looked_at(account, store):
    an_order(account, store)

    with scoped(an_account("Elsewhere").pk):
        assert erasing.orders_with_email("ada@example.com") == {}


def test_an_order_of_the_same_id_in_another_store_is_somebody_elses(account, store):
    order = a_canonical_order()
    (row,) = received(account, store, [order])
    received(account, a_store(account), [order])

    with scoped(account.pk):
        assert erasing.orders_of_person(store.pk, external_ids=[order.external_id]) == [row.pk]


def test_of_an_erased_order_nothing_is_said_of_the_person_and_nothing_is_to_be_done(account, store):
    row, other = an_order(account, store), an_order(account, store)
    said = "Nobody is at home at Ada Marsh's."
    with scoped(account.pk):
        SalesOrder.objects.update(reason=said, issue=said, giving=2, followed=0)
        SalesOrderContent.objects.update(edits={"ship_to": {"name": "Ada Marsh"}})

        erasing.erase_orders([row.pk], lambda text: text.replace("Ada Marsh", "…"))

        rows = {one.pk: one for one in SalesOrder.objects.all()}
        edits = dict(SalesOrderContent.objects.values_list("order_id", "edits"))
        found = {pk: (one.reason, one.issue, one.giving, one.followed, edits[pk]) for pk, one in rows.items()}
    assert found == {
        row.pk: ("Nobody is at home at …'s.", "Nobody is at home at …'s.", 0, row.revision, None),
        other.pk: (said, said, 2, 0, {"ship_to": {"name": "Ada Marsh"}}),
    }


def test_a_whole_store_is_marked_part_by_part(account, store, monkeypatch):
    monkeypatch.setattr(erasing, "ASKED_AT_ONCE", 2)
    received(account, store, [a_canonical_order() for _ in range(3)])

    with scoped(account.pk):
        assert [erasing.ask_some_to_erase(store.pk) for _ in range(2)] == [True, False]
        assert SalesOrder.objects.filter(erase_asked_at__isnull=False).count() == 3
        assert erasing.ask_to_erase(store.pk, None) == 3


def test_asking_again_keeps_when_it_was_asked_first(account, store):
    row = an_order(account, store)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    with scoped(account.pk):
        SalesOrder.objects.update(erase_asked_at=first)

        assert erasing.ask_to_erase(store.pk, [row.pk]) == 1
        assert SalesOrder.objects.get().erase_asked_at == first


def test_records_nobody_understood_are_looked_through_part_by_part(account, store, monkeypatch):
    monkeypatch.setattr(erasing, "LOOKED_AT", 2)
    rejected = [Rejected(str(number), None, "It has no currency.", b"ada" if number % 2 else b"bea") for number in range(5)]
    with scoped(account.pk):
        receive_page(intake=Intake(store.pk, store.merchant_id), orders=(), raws=(), rejected=rejected)

        assert erasing.erase_not_understood(store.pk, lambda text: text == "bea", ["1"]) == 4
        assert list(LeftOutRecord.objects.exclude(why=erasing.ERASED).values_list("external_id", flat=True)) == ["3"]
