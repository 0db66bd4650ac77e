"""Pages of returns: each once, found by what people know, beside its order, and only what is theirs to see."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_merchant, a_store
from crossdock.domain.fulfillment import Tracking
from crossdock.domain.returns import Return, ReturnLine, ReturnState
from crossdock.inbound.models import SalesReturn
from crossdock.inbound.queries import ReturnFilters, list_returns, return_counts
from crossdock.inbound.receiving import take_returns
from crossdock.orders.testing import an_order
from crossdock.tenancy.scope import scoped


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def returned(account, store, *numbers, order=None, **more):
    now = datetime.now(UTC)
    made = [
        Return(
            **{
                "external_id": f"id-{number}",
                "number": number,
                "state": ReturnState.APPROVED,
                "requested_at": now - timedelta(minutes=at),
                "updated_at": now,
                "lines": (ReturnLine("1", "BLUE-M", "Shirt", Decimal(2), reason="Too small"),),
                "order_id": order.external_id if order else "lost",
                "order_number": order.number if order else "#lost",
                "tracking": (Tracking(f"1Z{number}"),),
                **more,
            }
        )
        for at, number in enumerate(numbers)
    ]
    with scoped(account.pk):
        raws = [b'{"from": "Ada"}'] * len(made)
        take_returns(store_id=store.pk, merchant_id=store.merchant_id, returns=made, raws=raws)
        rows = {row.number: row for row in SalesReturn.objects.filter(store=store)}
    return [rows[number] for number in numbers]


def url(name, account, **kwargs):
    return reverse(f"inbound:{name}", kwargs={"account": account.public_id, **kwargs})


def test_pages_show_each_return_once_and_counts_agree(account):
    store = a_store(account)
    made = returned(account, store, *(f"R{n}" for n in range(7)))
    returned(account, store, "C1", "C2", state=ReturnState.CLOSED)
    with scoped(account.pk):
        seen, before = [], None
        while True:
            page = list_returns(ReturnFilters(states=("approved",)), before, 3)
            seen += [row.id for row in page.rows]
            before = page.older
            if before is None:
                break
        counts = return_counts(ReturnFilters())

    assert seen == [row.pk for row in made]
    assert {state: count for state, count in counts.items() if count} == {"approved": 7, "closed": 2}


@pytest.mark.parametrize("text", ["R77", "#5150", "5150", "BLUE-M", "1ZR77", "id-R77"])
def test_a_return_is_found_by_what_people_know(account, text):
    store = a_store(account)
    order = an_order(account, store, number="#5150")
    (row,) = returned(account, store, "R77", order=order)
    returned(account, store, "X1", lines=(), tracking=())

    with scoped(account.pk):
        assert [found.id for found in list_returns(ReturnFilters(text=text)).rows] == [row.pk]


def test_a_return_stands_beside_its_order_whichever_came_first(account, staff):
    store = a_store(account)
    (row,) = returned(account, store, "R1")
    before = staff.get(url("return", account, public_id=row.public_id)).content.decode()
    order = an_order(account, store, external_id="lost", number="#lost")

    after = staff.get(url("return", account, public_id=row.public_id)).content.decode()

    there = reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id})
    assert "which was not imported" in before
    assert there in after
    assert there in staff.get(url("returns", account)).content.decode()


def test_the_page_shows_lines_and_tracking_and_the_payload_to_those_who_may(account, staff):
    store = a_store(account)
    (row,) = returned(account, store, "R1", note="<b>Broken</b>")

    page = staff.get(url("return", account, public_id=row.public_id)).content.decode()
    raw = staff.get(url("return_raw", account, public_id=row.public_id)).content.decode()
    merchant = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[store.merchant_id]))

    assert "BLUE-M" in page
    assert "1ZR1" in page
    assert "&lt;b&gt;Broken&lt;/b&gt;" in page
    assert "Ada" in raw
    assert merchant.get(url("return", account, public_id=row.public_id)).status_code == 200
    assert merchant.get(url("return_raw", account, public_id=row.public_id)).status_code == 403


def test_limited_people_see_their_merchants_returns_only(account):
    mine, theirs = a_merchant(account, "Mine"), a_merchant(account, "Theirs")
    (seen,) = returned(account, a_store(account, mine), "MINE-1")
    (hidden,) = returned(account, a_store(account, theirs), "THEIRS-1")
    browser = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[mine.pk]))

    for query in ({}, {"q": "BLUE-M"}):
        shown = browser.get(url("returns", account), query).content.decode()
        assert "MINE-1" in shown
        assert "THEIRS-1" not in shown
    assert browser.get(url("return", account, public_id=seen.public_id)).status_code == 200
    assert browser.get(url("return", account, public_id=hidden.public_id)).status_code == 404


def test_others_accounts_returns_are_not_there(account, staff):
    other = an_account()
    (row,) = returned(other, a_store(other), "R1")

    assert staff.get(url("return", account, public_id=row.public_id)).status_code == 404
    assert "No returns yet" in staff.get(url("returns", account)).content.decode()
    assert "No returns match" in staff.get(url("returns", account), {"q": "x"}).content.decode()


def test_an_order_shows_what_comes_back_of_it_and_leads_there(account, staff):
    store = a_store(account)
    order = an_order(account, store)
    older, newer = returned(account, store, "R-older", "R-newer", order=order)
    with scoped(account.pk):
        SalesReturn.objects.filter(pk=older.pk).update(requested_at=datetime.now(UTC) - timedelta(days=2))
    returned(account, store, "R-elsewhere")

    page = staff.get(
        reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id})
    ).content.decode()

    assert page.index("R-newer") < page.index("R-older")
    assert "R-elsewhere" not in page
    assert all(text in page for text in ("What comes back of this order", "BLUE-M", "Too small", "Approved"))
    assert url("return", account, public_id=newer.public_id) in page


def test_an_order_of_which_nothing_comes_back_says_nothing_of_returns(account, staff):
    order = an_order(account, a_store(account))

    page = staff.get(
        reverse("orders:detail", kwargs={"account": account.public_id, "public_id": order.public_id})
    ).content.decode()

    assert "What comes back of this order" not in page


def test_the_page_of_an_order_is_drawn_anew_when_a_return_comes(account, staff):
    store = a_store(account)
    order = an_order(account, store)
    address = reverse("orders:part", kwargs={"account": account.public_id, "public_id": order.public_id})
    version = staff.get(address).context["version"]
    assert staff.get(address, headers={"X-Crossdock-Version": version}).status_code == 204

    returned(account, store, "R1", order=order)

    assert staff.get(address, headers={"X-Crossdock-Version": version}).status_code == 200
