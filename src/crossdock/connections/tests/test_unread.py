"""Files of warehouses that could not be understood are named until they are, are gone, or somebody set them aside."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.rights import Actor, Forbidden, system
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.activity.models import Activity
from crossdock.activity.services import Told, tell
from crossdock.connections import unread
from crossdock.connections.models import ChannelKind, UnreadFile, Warehouse
from crossdock.connections.testing import a_connection
from crossdock.connectors.kit.pages import Rejected
from crossdock.tenancy.scope import scoped

SHIPMENTS = ChannelKind.SHIPMENTS
NO_HEADER = "The first row names none of the columns."


@pytest.fixture
def warehouse(account):
    return a_connection(account).warehouse


def bad(file, why=NO_HEADER, *, stays=False):
    return Rejected(None, None, why, b"", f"{file} line 1", file, stays=stays)


def looked(account, warehouse, *rejected, is_live=True, has_read=False, understood=(), channel=SHIPMENTS, **ending):
    with scoped(account.pk):
        look = unread.begin(warehouse.pk, channel)
        unread.note(warehouse.pk, channel, rejected, has_read=has_read, is_live=is_live)
        unread.understood(warehouse.pk, channel, look.names.intersection(understood))
        unread.end(warehouse.pk, channel, look, **ending)
        return [file.name for file in unread.waiting()]


def test_a_file_is_named_once_however_many_of_its_rows_are_at_fault(account, warehouse):
    assert looked(account, warehouse, bad("a.csv"), bad("a.csv", "Another."), bad("b.csv"), has_read=True) == ["a.csv", "b.csv"]

    with scoped(account.pk):
        first, _ = unread.waiting()
        assert (first.why, first.rows) == (NO_HEADER, 2)
        assert "2 of its rows are missing here" in unread.what_to_do(first)


def test_a_file_that_was_moved_away_is_named_until_it_comes_again_and_is_understood(account, warehouse):
    looked(account, warehouse, bad("a.csv"))

    assert looked(account, warehouse) == ["a.csv"]
    assert looked(account, warehouse, understood=["b.csv"]) == ["a.csv"]
    assert looked(account, warehouse, understood=["a.csv"]) == []


@pytest.mark.parametrize("why_it_stands", [{"stays": True}, {"is_live": False}])
def test_a_file_that_stands_in_the_folder_is_named_until_it_is_gone(account, warehouse, why_it_stands):
    is_live = why_it_stands.get("is_live", True)
    file = bad("a.csv", stays=why_it_stands.get("stays", False))

    assert looked(account, warehouse, file, is_live=is_live) == ["a.csv"]
    assert looked(account, warehouse, file, is_live=is_live) == ["a.csv"]
    assert looked(account, warehouse, is_live=is_live) == []


def test_stock_that_is_understood_makes_older_stock_files_no_matter(account, warehouse):
    looked(account, warehouse, bad("inv_1.csv"), channel=ChannelKind.INVENTORY)
    looked(account, warehouse, bad("shp_1.csv"))

    assert looked(account, warehouse, channel=ChannelKind.INVENTORY, is_replaced=True) == ["shp_1.csv"]


def test_no_more_files_are_remembered_than_anybody_looks_at(account, warehouse, monkeypatch):
    monkeypatch.setattr(unread, "MOST", 2)
    looked(account, warehouse, bad("a.csv", stays=True), bad("b.csv", stays=True))

    assert looked(account, warehouse, *(bad(f"{name}.csv", stays=True) for name in "abcd")) == ["a.csv", "b.csv"]


def test_what_somebody_set_aside_is_named_again_only_for_another_fault(account, warehouse):
    staff = signed_in_client(a_person(account, role=Role.STAFF))
    page = reverse("connections:unread_files", kwargs={"account": account.public_id})
    looked(account, warehouse, bad("a.csv", stays=True), bad("b.csv"))
    shown = staff.get(page).content.decode()

    for address in re.findall(r'action="([^"]+set-aside/)"', shown):
        staff.post(address)

    assert NO_HEADER in shown
    assert warehouse.name in shown
    assert looked(account, warehouse, bad("a.csv", stays=True)) == []
    assert looked(account, warehouse, bad("a.csv", "It is empty.", stays=True), bad("b.csv")) == ["a.csv", "b.csv"]
    with scoped(account.pk):
        assert Audit.objects.filter(action="warehouse.file_set_aside", subject_id=warehouse.pk).count() == 2


def test_what_was_told_of_a_warehouse_within_a_day_is_known_with_its_reason_and_nothing_else(account, warehouse):
    other = a_connection(account).warehouse
    why = {"where": "a.csv line 1", "why": NO_HEADER}
    with scoped(account.pk):
        tell([Told(kind=unread.NOT_UNDERSTOOD, warehouse_id=warehouse.pk, params=why)])
        tell([Told(kind="warehouse.blocked", warehouse_id=warehouse.pk, params={"where": "b.csv", "why": "Refused."})])

        assert unread.told_lately(warehouse.pk) == {("a.csv line 1", NO_HEADER)}
        assert unread.told_lately(other.pk) == set()
        Activity.objects.filter(warehouse_id=warehouse.pk).update(at=datetime.now(UTC) - timedelta(hours=25))
        assert unread.told_lately(warehouse.pk) == set()


def test_a_file_of_one_channel_is_forgotten_for_its_own_alone(account, warehouse):
    looked(account, warehouse, bad("a.csv"), channel=ChannelKind.INVENTORY)

    assert looked(account, warehouse, bad("a.csv")) == ["a.csv", "a.csv"]
    assert looked(account, warehouse, understood=["a.csv"]) == ["a.csv"]
    with scoped(account.pk):
        assert UnreadFile.objects.get().channel == ChannelKind.INVENTORY


def test_a_file_that_was_set_aside_and_comes_once_more_to_be_moved_away_is_named_again(account, warehouse):
    looked(account, warehouse, bad("a.csv", stays=True))
    with scoped(account.pk):
        unread.set_aside(actor=system(account.pk), file=UnreadFile.objects.get())

    assert looked(account, warehouse, bad("a.csv")) == ["a.csv"]


def test_a_name_or_reason_that_no_database_holds_is_remembered_all_the_same(account, warehouse):
    assert looked(account, warehouse, bad("a\0" + "b" * 600, "“\0” is no number.")) == [f"a\ufffd{'b' * 498}"]


def test_files_of_a_warehouse_that_was_deleted_wait_for_nobody(account, warehouse):
    looked(account, warehouse, bad("a.csv"))
    with scoped(account.pk):
        Warehouse.objects.filter(pk=warehouse.pk).update(deleted_at=datetime.now(UTC))

        assert not unread.waiting().exists()


def test_people_limited_to_some_merchants_set_no_file_aside(account, warehouse):
    looked(account, warehouse, bad("a.csv"))
    with scoped(account.pk):
        limited = Actor(account.pk, None, Role.ADMINISTRATOR, merchants=(warehouse.connections.get().merchant_id,))

        with pytest.raises(Forbidden):
            unread.set_aside(actor=limited, file=UnreadFile.objects.get())


def test_people_limited_to_some_merchants_are_told_of_no_file(account, warehouse):
    looked(account, warehouse, bad("a.csv"))
    with scoped(account.pk):
        merchant = warehouse.connections.get().merchant_id
        file = UnreadFile.objects.get()
    limited = signed_in_client(a_person(account, role=Role.STAFF, merchants=[merchant]))
    here = {"account": account.public_id}
    home = reverse("desk:home", kwargs=here)

    assert "a.csv" not in limited.get(reverse("connections:unread_files", kwargs=here)).content.decode()
    set_aside = reverse("connections:unread_set_aside", kwargs=here | {"public_id": file.public_id})
    assert limited.post(set_aside).status_code == 404
    assert "a.csv" not in limited.get(home).content.decode()
    assert "a.csv" in signed_in_client(a_person(account)).get(home).content.decode()
