"""The bench of the list of orders, over few of them: what it fills is what it says, and every question opens a page."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings

from crossdock.accounts.services import create_account
from crossdock.bench import list as bench
from crossdock.bench._filling import fill
from crossdock.bench._looking import lookers, questions
from crossdock.tenancy.scope import scoped

ORDERS = 1_500
END = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(database, django_db_blocker):
    with django_db_blocker.unblock():
        account = create_account(name="List")
        fill(account.pk, ORDERS, END)
        yield account, lookers(account)


@pytest.fixture
def one(db_ready, filled):
    """Asks the filled account for one row."""

    def ask(sql):
        with scoped(filled[0].pk), connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()

    return ask


def test_an_account_is_filled_as_the_figures_say_it_is(one):
    orders, closed, first, last, stores = one(
        "select count(*), count(*) filter (where status = 'closed'), min(placed_at), max(placed_at), count(distinct store_id)"
        " from sales_order"
    )

    assert orders == ORDERS
    assert 0.93 < closed / orders < 0.97
    assert (last, last - first > timedelta(days=364)) == (END, True)
    assert stores > 90
    assert 0.26 < one("select max(n) from (select count(*) n from sales_order group by store_id) x")[0] / ORDERS < 0.34


def test_every_order_has_its_lines_and_its_search_row_and_what_was_shipped_a_tracking_number(one):
    assert one(
        "select count(*) from sales_order o where lines_count <> (select count(*) from sales_order_line l where l.order_id = o.id)"
    ) == (0,)
    assert one("select count(*) from order_search where words like '#%% %% %%@%%'") == (ORDERS,)
    assert one(
        "select count(*) from sales_order o join order_search t on t.order_id = o.id"
        " left join shipment h on h.order_id = o.id left join package p on p.shipment_id = h.id"
        " where (o.status = 'closed') > (t.tracking <> '') or coalesce(lower(p.tracking), '') <> t.tracking"
    ) == (0,)


def test_every_question_opens_the_page_for_everybody(db_ready, filled):
    chance = random.Random(1)
    with override_settings(ALLOWED_HOSTS=["127.0.0.1"]):
        for looker in filled[1]:
            page = bench.Page(looker)
            for name, query in questions(looker, END):
                assert 'id="orders"' in page.open(query(chance)), name


def test_what_is_looked_for_is_there_to_be_found(db_ready, filled):
    chance = random.Random(1)
    looker = filled[1][0]
    page, asked = bench.Page(looker), dict(questions(looker, END))
    for name in asked:
        if name.startswith("search") and "error" not in name and name not in ("search: absent", "search: common only long ago"):
            text = page.open(asked[name](chance))
            assert "#100" in text.split('id="orders"')[1], name


def test_a_case_is_told_with_what_of_it_is_the_databases(db_ready):
    def ask():
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(0.001)")

    figures = bench.measured(ask, rounds=2)

    assert figures["server"] >= 1
    assert 1 <= figures["queries_p50"] <= figures["p50"] <= figures["p95"] <= figures["max"]


def test_the_worst_case_is_named_and_the_slow_ones_are_listed():
    figures = {"p50": 10.0, "cpu": 9.0, "server": 3.0}
    told = bench.summed_up({"all": {**figures, "p95": 20.0}, "search": {**figures, "p95": 130.0, "server": 70.0}})

    assert (told["worst_case"], told["worst_p95_ms"], told["worst_server_ms"]) == ("search", 130.0, 70.0)
    assert told["over_100_ms"] == ["search"]
