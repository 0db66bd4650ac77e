"""The list of orders: every filter finds what it says, and paging shows each order once, whatever the filter."""

import random
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crossdock.connections.testing import a_store
from crossdock.domain.statuses import OrderStatus
from crossdock.orders.models import SalesOrder
from crossdock.orders.queries import COUNTED, OrderFilters, list_orders, tab_counts
from crossdock.orders.testing import a_canonical_order, an_order, received, walk_to
from crossdock.tenancy.scope import scoped

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUSES = ("new", "open", "error", "closed")


@pytest.fixture
def mixed(account):
    """Three stores of three merchants with orders at several statuses; many share the moment they were placed."""
    draw = random.Random(account.pk)
    stores = [a_store(account) for _ in range(3)]
    rows = []
    for store in stores:
        orders = [a_canonical_order(lines=1, placed_at=NOW - timedelta(hours=draw.randrange(12))) for _ in range(25)]
        rows += received(account, store, orders)
    with scoped(account.pk):
        for row in rows:
            walk_to(row, OrderStatus(draw.choice(STATUSES)))
        SalesOrder.objects.filter(pk__in=[row.pk for row in rows[::9]]).update(issue="Both versions are kept below.")
        return stores, list(SalesOrder.objects.all())


def pages(filters, limit=7):
    """Every page from the newest on."""
    found, before = [], None
    while True:
        page = list_orders(filters, before, limit)
        found.append(page)
        before = page.older
        if before is None:
            return found


def expected(rows, filters):
    """What a filter means, said once more in plain words."""
    kept = [
        row
        for row in rows
        if (not filters.statuses or row.status in filters.statuses)
        and (filters.store_id is None or row.store_id == filters.store_id)
        and (filters.merchant_id is None or row.merchant_id == filters.merchant_id)
        and (filters.placed_from is None or row.placed_at >= filters.placed_from)
        and (filters.placed_until is None or row.placed_at < filters.placed_until)
        and (filters.needs != "issue" or row.issue)
        and (filters.needs != "person" or (row.status == "on_hold" and row.wait_until is None))
    ]
    return [row.pk for row in sorted(kept, key=lambda row: (row.placed_at, row.pk), reverse=True)]


def every_filter(stores):
    choices = product(
        [(), ("open",), ("open", "error")],
        [None, stores[0].pk],
        [None, stores[0].merchant_id, stores[1].merchant_id],
        [None, NOW - timedelta(hours=6)],
        [None, NOW - timedelta(hours=3)],
        ["", "issue", "person"],
    )
    return [OrderFilters(*choice) for choice in ((s, m, st, f, u, n) for s, st, m, f, u, n in choices)]


def test_pages_show_each_order_once_and_none_is_missing_whatever_the_filter(account, mixed):
    stores, rows = mixed

    with scoped(account.pk):
        for filters in every_filter(stores):
            found = [row.id for page in pages(filters) for row in page.rows]
            assert found == expected(rows, filters), filters


def test_newer_pages_lead_back_the_same_way(account, mixed):
    stores, _ = mixed

    with scoped(account.pk):
        for filters in (OrderFilters(), OrderFilters(store_id=stores[0].pk), OrderFilters(statuses=("open",))):
            forth = pages(filters)
            back = [forth[-1]]
            while back[0].newer is not None:
                back.insert(0, list_orders(filters, limit=7, after=back[0].newer))
            assert [row.id for page in back for row in page.rows] == [row.id for page in forth for row in page.rows]
            assert back[0].newer is None


def test_counts_agree_with_the_lists(account, mixed):
    stores, rows = mixed

    with scoped(account.pk):
        for filters in every_filter(stores):
            if filters.statuses:
                continue
            counts = tab_counts(filters)
            for status in OrderStatus:
                alike = OrderFilters(
                    **{**{f: getattr(filters, f) for f in filters.__struct_fields__}, "statuses": (status.value,)}
                )
                assert counts[status.value] == len(expected(rows, alike)), alike


def test_people_limited_to_merchants_see_count_and_page_through_theirs_only(account, mixed):
    stores, rows = mixed
    mine = {stores[0].merchant_id, stores[2].merchant_id}

    with scoped(account.pk, sorted(mine)):
        found = [row for page in pages(OrderFilters()) for row in page.rows]
        counts = tab_counts(OrderFilters())
        others = list_orders(OrderFilters(merchant_id=stores[1].merchant_id))
    assert [row.id for row in found] == expected([row for row in rows if row.merchant_id in mine], OrderFilters())
    assert sum(counts.values()) == len(found)
    assert others.rows == ()


def test_another_accounts_orders_are_nowhere(account, mixed, db_ready):
    from crossdock.accounts.testing import an_account

    stranger = an_account()
    with scoped(stranger.pk):
        assert list_orders(OrderFilters()).rows == ()
        assert sum(tab_counts(OrderFilters(text="#10")).values()) == 0


def test_deleted_orders_are_in_no_list_and_no_count(account):
    order = an_order(account, a_store(account))
    with scoped(account.pk):
        SalesOrder.objects.filter(pk=order.pk).update(deleted_at=NOW)

        assert list_orders(OrderFilters()).rows == ()
        assert list_orders(OrderFilters(text=order.number)).rows == ()
        assert sum(tab_counts(OrderFilters()).values()) == 0


def test_the_list_takes_one_statement_however_many_rows_there_are(account, mixed):
    with scoped(account.pk):
        for limit in (1, 50):
            with CaptureQueriesContext(
                connection,
            ) as asked:
                list_orders(OrderFilters(), limit=limit)
            assert len(asked) == 1


def test_counts_stop_where_nobody_counts_on():
    assert COUNTED == 10_000
