"""Filters and columns: read from the address and the cookie, written back to them."""

import pytest
from django.test import Client, RequestFactory

from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import Facet, filter_bar

STATUS = Facet("status", "Status", [("error", "Error"), ("open", "Open")], kind="many")
MERCHANT = Facet("merchant", "Merchant", [("heron", "Blue Heron")])
SINCE = Facet("since", "Since", kind="date")
COLUMNS = (Column("number", "Number", is_fixed=True), Column("total", "Total"), Column("po", "PO", is_default=False))


def a_bar(query):
    return filter_bar(RequestFactory().get(f"/orders?{query}"), [STATUS, MERCHANT, SINCE])


def test_the_filter_is_what_the_address_says():
    bar = a_bar("q=+ada+&status=error&status=open&merchant=heron&since=2026-11-01")

    assert bar.text == "ada"
    assert bar.values("status") == ("error", "open")
    assert bar.value("merchant") == "heron"
    assert [str(chip.value) for chip in bar.chips] == ["ada", "Error", "Open", "Blue Heron", "2026-11-01"]


def test_a_chip_leads_to_the_list_without_it_and_back_to_the_first_page():
    bar = a_bar("status=error&status=open&tab=stuck&before=abc")

    assert bar.chips[0].remove_url == "/orders?status=open&tab=stuck"


def test_what_is_no_filter_stays_when_all_are_cleared():
    bar = a_bar("status=error&tab=stuck&after=abc")

    assert bar.kept == (("tab", "stuck"),)
    assert bar.clear_url == "/orders?tab=stuck"


def test_a_value_that_is_not_offered_is_no_filter():
    bar = a_bar("status=<script>&merchant=nobody")

    assert bar.chips == ()
    assert bar.values("status") == ()


def test_a_table_shows_its_default_columns_until_a_person_chooses():
    request = RequestFactory().get("/orders")

    assert chosen_columns(request, "orders", COLUMNS).shown == ("number", "total")


def test_a_fixed_column_stays_and_a_made_up_one_does_not_count():
    request = RequestFactory().get("/orders")
    request.COOKIES["crossdock_columns_orders"] = "po.nonsense"

    columns = chosen_columns(request, "orders", COLUMNS)

    assert columns.shown == ("number", "po")
    assert "total" not in columns


@pytest.fixture
def client():
    return Client(HTTP_HOST="localhost")


def test_choosing_columns_keeps_them_and_leads_back(client):
    answer = client.post("/ui/columns", {"table": "orders", "columns": ["total", "po"], "next": "/orders?status=open"})

    assert answer.status_code == 303
    assert answer["Location"] == "/orders?status=open"
    assert answer.cookies["crossdock_columns_orders"].value == "total.po"


def test_resetting_columns_forgets_the_choice(client):
    answer = client.post("/ui/columns", {"table": "orders", "columns": ["po"], "reset": "1", "next": "/orders"})

    assert answer.cookies["crossdock_columns_orders"]["max-age"] == 0


@pytest.mark.parametrize("table", ["", "or ders", "a;b", "x" * 41])
def test_a_table_that_could_not_be_ours_is_refused(client, table):
    assert client.post("/ui/columns", {"table": table, "columns": ["po"]}).status_code == 400


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client, elsewhere):
    assert client.post("/ui/theme", {"theme": "dark", "next": elsewhere})["Location"] == "/"


def test_choosing_a_theme_keeps_it_and_auto_forgets_it(client):
    kept = client.post("/ui/theme", {"theme": "dark", "next": "/profile/"})
    forgotten = client.post("/ui/theme", {"theme": "auto", "next": "/profile/"})

    assert kept.cookies["crossdock_theme"].value == "dark"
    assert forgotten.cookies["crossdock_theme"]["max-age"] == 0
    assert client.post("/ui/theme", {"theme": "neon"}).status_code == 400


def test_a_script_that_changes_the_theme_is_not_led_anywhere(client):
    assert client.post("/ui/theme", {"theme": "dark"}, headers={"X-Crossdock-Script": "1"}).status_code == 204
