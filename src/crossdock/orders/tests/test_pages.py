"""Pages of orders: who may open them, what they show, what they refuse, and that they stay whole whatever stands in an order."""

import re
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crossdock.accounts.models import Audit, Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_connection, a_store
from crossdock.domain.orders import Address, LeftOut, OrderLine
from crossdock.domain.statuses import TRANSITIONS, OrderStatus
from crossdock.fulfillment.testing import a_sent_order, a_shipment
from crossdock.orders.models import LeftOutRecord, SalesOrder
from crossdock.orders.testing import a_canonical_order, an_order, received
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.packing import pack
from crossdock.tenancy.scope import scoped

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"


@pytest.fixture
def connection(account):
    return a_connection(account)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def url(name, account, **kwargs):
    return reverse(f"orders:{name}", kwargs={"account": account.public_id, **kwargs})


def detail(account, order):
    return url("detail", account, public_id=order.public_id)


def test_the_list_shows_orders_with_their_state_reason_and_issue(account, connection, staff):
    an_order(account, connection.store, number="#1", status="error", reason="Address line 2 is too long.")
    an_order(account, connection.store, number="#2", issue="Fewer units are wanted.")

    page = staff.get(url("list", account)).content.decode()

    assert "Address line 2 is too long." in page
    assert "Fewer units are wanted." in page


def test_an_empty_list_teaches_and_a_filtered_one_leads_back(account, staff):
    assert "No orders yet" in staff.get(url("list", account)).content.decode()
    assert "Show all orders" in staff.get(url("list", account) + "?status=error").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "store=x",
        "merchant=" + "z" * 22,
        "from=2026-13-45",
        "until=9999-12-31",
        "from=0001-01-01",
        "before=1-1-1",
        "after=-5",
        "q=%00%ff",
        "q=" + "x" * 5000,
        "needs=money",
        "before=99999999999999999-1",
        "after=0-0",
    ],
)
def test_an_address_that_makes_no_sense_still_opens_the_list(account, connection, staff, query):
    an_order(account, connection.store)

    assert staff.get(f"{url('list', account)}?{query}").status_code == 200


def test_the_rows_answer_204_while_nothing_changed(account, connection, staff):
    order = an_order(account, connection.store)
    version = re.search(r'data-poll-version="(\w+)"', staff.get(url("list", account)).content.decode())[1]

    same = staff.get(url("rows", account), headers={"X-Crossdock-Version": version})
    with scoped(account.pk):
        SalesOrder.objects.filter(pk=order.pk).update(issue="Something is up.")
    other = staff.get(url("rows", account), headers={"X-Crossdock-Version": version})

    assert same.status_code == 204
    assert (other.status_code, b"Something is up." in other.content) == (200, True)
    assert other.content.lstrip().startswith(b'<div id="orders"')


def test_the_list_asks_the_database_as_often_for_fifty_rows_as_for_one(account, connection, staff):
    def asked():
        with CaptureQueriesContext(database) as queries:
            assert staff.get(url("list", account)).status_code == 200
        return len(queries)

    an_order(account, connection.store)
    asked()
    one = asked()
    received(account, connection.store, [a_canonical_order() for _ in range(49)])

    assert asked() == one


def test_an_order_asks_the_database_as_often_for_200_lines_as_for_one(account, connection, staff):
    def asked(order):
        with CaptureQueriesContext(database) as queries:
            assert staff.get(detail(account, order)).status_code == 200
        return len(queries)

    small, large = an_order(account, connection.store, lines=1), an_order(account, connection.store, lines=200)
    asked(small)

    assert asked(large) == asked(small)


def test_an_order_with_hostile_and_endless_text_is_shown_as_text(account, connection, staff):
    long = "W" * 300
    order = a_canonical_order(
        number=f"#{HOSTILE}",
        lines=[
            OrderLine(f"{n}", f"SKU-{n}{HOSTILE}", f"{long}{HOSTILE}", Decimal(1), Decimal(1), options={HOSTILE: HOSTILE})
            for n in range(200)
        ],
        ship_to=Address(name=HOSTILE, company=long, lines=(HOSTILE, long), city=HOSTILE, country="US"),
        gift_message=HOSTILE,
        attributes={HOSTILE: HOSTILE},
        left_out=(LeftOut(HOSTILE, HOSTILE),),
        url="javascript:alert(3)",
    )
    (row,) = received(account, connection.store, [order])
    with scoped(account.pk):
        SalesOrder.objects.filter(pk=row.pk).update(issue=HOSTILE, reason=HOSTILE)

    for address in (detail(account, row), url("list", account), url("data", account, public_id=row.public_id)):
        page = staff.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "javascript:alert" not in page.replace("&quot;", '"') or "data/" in address
        assert 'href="javascript' not in page


def test_an_order_is_shown_with_its_shipments_and_what_its_warehouse_takes(account, connection, staff):
    order = an_order(account, connection.store, gift_message="Happy birthday", tags=("vip",))
    a_shipment(account, a_sent_order(account, connection, order), tracking="1Z999AA10123456784")

    page = staff.get(detail(account, order)).content.decode()

    assert "1Z999AA10123456784" in page
    assert f"carried to {connection.warehouse.name}" in page
    assert f"not taken by {connection.warehouse.name}" in page


def test_what_an_observing_connection_would_send_is_shown(account, staff):
    connection = a_connection(account, mode="observe")
    order = an_order(account, connection.store, number="#4711")

    page = staff.get(detail(account, order)).content.decode()

    assert "Would go to" in page
    assert "SKU-1" in page


def test_both_versions_are_shown_while_there_is_an_issue(account, connection, staff):
    first = a_canonical_order(gift_message="Before")
    (row,) = received(account, connection.store, [first])
    a_sent_order(account, connection, row)
    received(
        account, connection.store, [a_canonical_order(external_id=first.external_id, number=first.number, gift_message="After")]
    )
    with scoped(account.pk):
        SalesOrder.objects.filter(pk=row.pk).update(issue="It changed in the store.")

    page = staff.get(detail(account, row)).content.decode()

    assert "In the store now" in page
    assert "Before" in page
    assert "After" in page


def test_somebody_limited_to_a_merchant_does_not_find_the_orders_of_others(account, connection):
    other = an_order(account, a_store(account))
    limited = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[connection.merchant_id]))

    assert limited.get(detail(account, other)).status_code == 404
    assert limited.post(url("act_on_one", account, public_id=other.public_id), {"action": "archive"}).status_code == 404


def test_an_order_of_another_account_is_not_there(account, connection):
    order = an_order(account, connection.store)
    elsewhere = an_account()
    stranger = signed_in_client(a_person(elsewhere))

    for name in ("detail", "part", "data"):
        assert stranger.get(url(name, elsewhere, public_id=order.public_id)).status_code == 404
    assert stranger.post(url("act", elsewhere), {"action": "archive", "selected": [str(order.public_id)]}).status_code == 302
    with scoped(account.pk):
        assert SalesOrder.objects.get(pk=order.pk).status == "new"


def test_people_of_a_merchant_look_and_do_nothing(account, connection):
    order = an_order(account, connection.store, status="error")
    client = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[connection.merchant_id]))

    page = client.get(detail(account, order)).content.decode()

    assert "Reprocess" not in page
    assert client.post(url("act_on_one", account, public_id=order.public_id), {"action": "reprocess"}).status_code == 403
    assert client.get(url("data", account, public_id=order.public_id)).status_code == 403


def test_a_bulk_action_says_what_became_of_each(account, connection, staff):
    wrong, fine = an_order(account, connection.store, status="error"), an_order(account, connection.store)

    page = staff.post(
        url("act", account), {"action": "reprocess", "selected": [str(wrong.public_id), str(fine.public_id), "nonsense"]}
    )

    assert "Reprocessed 1 order" in page.content.decode()
    assert "It is New and goes on by itself." in page.content.decode()


def test_everything_of_a_filter_is_asked_for_once_more_and_then_done(account, connection, staff):
    received(account, connection.store, [a_canonical_order() for _ in range(60)])
    form = {"action": "archive", "everything": "1", "address": "status=new"}

    asked = staff.post(url("act", account), form)
    done = staff.post(url("act", account), form | {"sure": "1"})

    assert "Archive 60 orders?" in asked.content.decode()
    assert "Archived 60 orders" in done.content.decode()
    with scoped(account.pk):
        assert set(SalesOrder.objects.values_list("status", flat=True)) == {"archived"}


def test_an_archived_set_can_be_taken_back(account, connection, staff):
    order = an_order(account, connection.store)
    page = staff.post(url("act", account), {"action": "archive", "selected": [str(order.public_id)]}).content.decode()

    assert "Undo" in page
    staff.post(url("act", account), {"action": "reprocess", "selected": [str(order.public_id)]})
    with scoped(account.pk):
        assert SalesOrder.objects.get(pk=order.pk).status == "new"


@pytest.mark.parametrize("name", ["act", "act_on_one"])
def test_an_action_that_is_none_is_refused(account, connection, staff, name):
    order = an_order(account, connection.store)
    target = url(name, account) if name == "act" else url(name, account, public_id=order.public_id)

    assert staff.post(target, {"action": "launch", "selected": [str(order.public_id)]}).status_code == 400


def test_an_order_that_is_not_there_is_a_404(account, staff):
    assert staff.get(url("detail", account, public_id=new_public_id())).status_code == 404


def test_the_page_of_statuses_tells_every_move_there_is(account, staff):
    page = staff.get(url("statuses", account)).content.decode()

    for move in TRANSITIONS:
        assert move.meaning.replace("'", "&#x27;") in page
    for status in OrderStatus:
        assert f'id="{status.value}"' in page


def test_what_could_not_be_understood_is_listed_with_its_reason_and_the_raw_behind_it(account, connection, staff):
    with scoped(account.pk):
        record = LeftOutRecord.objects.create(
            account_id=account.pk, store=connection.store, external_id="gid/9", what="created_at", why="The date cannot be read.",
            raw=pack(b'{"id": 9, "email": "ada@example.com"}'),
        )  # fmt: skip

    assert "The date cannot be read." in staff.get(url("not_understood", account)).content.decode()
    raw = staff.get(url("not_understood_raw", account, pk=record.pk)).content.decode()
    assert "ada@example.com" not in raw
    assert "•••" in raw


def test_what_is_not_understood_of_others_is_not_shown_to_limited_people(account, connection):
    with scoped(account.pk):
        record = LeftOutRecord.objects.create(
            account_id=account.pk,
            store=a_store(account),
            external_id="gid/9",
            what="x",
            why="Secret reason.",
            raw=pack(b"{}"),
        )
    limited = signed_in_client(a_person(account, role=Role.STAFF, merchants=[connection.merchant_id]))

    assert "Secret reason." not in limited.get(url("not_understood", account)).content.decode()
    assert limited.get(url("not_understood_raw", account, pk=record.pk)).status_code == 404
    assert limited.post(url("not_understood_set_aside", account, pk=record.pk)).status_code == 404


def test_a_record_that_somebody_has_seen_to_is_set_aside(account, connection, staff):
    with scoped(account.pk):
        record = LeftOutRecord.objects.create(
            account_id=account.pk, store=connection.store, external_id="gid/9", what="created_at", why="The date cannot be read.",
            raw=pack(b"{}"),
        )  # fmt: skip

    page = staff.post(url("not_understood_set_aside", account, pk=record.pk), follow=True).content.decode()

    assert "gid/9 of" in page
    assert "The date cannot be read." not in page


# --- Personal data --------------------------------------------------------------------------------------------------------------


def test_the_data_of_an_order_hide_the_shopper_until_somebody_looks_and_that_is_written_down(account, connection, staff):
    order = an_order(account, connection.store)
    hidden = staff.get(url("data", account, public_id=order.public_id)).content.decode()
    shown = staff.post(url("reveal_data", account, public_id=order.public_id)).content.decode()

    assert "Ada Marsh" not in hidden
    assert "ada@example.com" not in hidden
    assert "Ada Marsh" in shown
    with scoped(account.pk):
        assert Audit.objects.filter(action="order.revealed", subject_id=order.pk).count() == 1


@pytest.mark.parametrize("kind", ["received", "understood"])
def test_a_download_is_an_attachment_that_runs_nowhere_and_is_written_down(account, connection, staff, kind):
    order = an_order(account, connection.store, number='#1"; rm')

    answer = staff.post(url("download", account, public_id=order.public_id), {"kind": kind})

    assert answer.headers["Content-Disposition"] == f'attachment; filename="1rm-{kind}.json"'
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert b"Ada Marsh" in answer.content
    with scoped(account.pk):
        assert Audit.objects.get(action="order.downloaded", subject_id=order.pk).after == {"what": kind}
