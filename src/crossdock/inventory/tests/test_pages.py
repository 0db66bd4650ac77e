"""Pages of stock: each SKU where it is looked for, a yes only for what was looked at, and only what is theirs to see."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.rights import system
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.models import Channel, Connection, Mode
from crossdock.connections.services import create_connection
from crossdock.connections.testing import a_merchant, a_store, a_warehouse
from crossdock.inventory.models import Publishing, StockLink, StoreLevel
from crossdock.inventory.publishing import publishing_of
from crossdock.inventory.queries import FigureFilters, LevelFilters, list_figures, list_levels
from crossdock.inventory.testing import planned, read_levels
from crossdock.products.testing import a_product, read_products
from crossdock.tenancy.scope import scoped
from support.stall import stalls_and_sheds


@pytest.fixture
def connection(account):
    with stalls_and_sheds():
        yield a_link(account)


def a_link(account, *, merchant=None, warehouse=None, name="Web shop", mode=Mode.LIVE):
    store = a_store(account, merchant, name=name, platform="stall", settings={"name": name})
    warehouse = warehouse or a_warehouse(account, name="Reno", platform="shed", settings={"name": "Reno"})
    with scoped(account.pk):
        made = create_connection(actor=system(account.pk), name="", store=store, warehouse=warehouse)
        Connection.objects.filter(pk=made.pk).update(mode=mode, live_at=datetime.now(UTC))
        assert Channel.objects.filter(connection=made, kind="inventory", is_on=True).exists()
        return Connection.objects.select_related("store", "warehouse").get(pk=made.pk)


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def url(name, account, **kwargs):
    return reverse(f"inventory:{name}", kwargs={"account": account.public_id, **kwargs})


def filled(account, connection, *skus, stock=None):
    read_products(account, connection.store, [a_product(str(n), sku, stock=stock) for n, sku in enumerate(skus, 1)])
    read_levels(account, connection.warehouse, **{sku: n for n, sku in enumerate(skus, 1)})
    return planned(account, connection)


def every_sku(list_page, filters):
    seen, after = [], None
    while True:
        page = list_page(filters, after=after, limit=3)
        seen += [row.sku for row in page.rows]
        if page.after is None:
            return seen
        after = page.after


def test_both_lists_show_each_row_once_in_the_order_of_skus(account, connection):
    skus = [f"SKU{n}" for n in range(8)]
    filled(account, connection, *skus)

    with scoped(account.pk):
        assert every_sku(list_levels, LevelFilters()) == skus
        assert every_sku(list_figures, FigureFilters()) == skus
        second = list_levels(LevelFilters(), after=list_levels(LevelFilters(), limit=3).after, limit=3)
        back = list_levels(LevelFilters(), before=second.before, limit=3)
    assert [row.sku for row in back.rows] == skus[:3]


@pytest.mark.parametrize("page", ["list", "figures"])
def test_a_sku_is_found_by_any_part_of_it(account, connection, staff, page):
    filled(account, connection, "BLUE_M", "RED_S")

    shown = staff.get(url(page, account), {"q": "lue_m"}).content.decode()

    assert "BLUE_M" in shown
    assert "RED_S" not in shown


def test_levels_that_are_no_longer_named_have_their_filter_and_are_not_zero(account, connection, staff):
    filled(account, connection, "A", "B")
    read_levels(account, connection.warehouse, A=1)

    assert 'sku=B"' not in staff.get(url("list", account)).content.decode()
    gone = staff.get(url("list", account), {"gone": "1"}).content.decode()
    assert 'sku=B"' in gone
    assert "No longer named" in gone


def test_the_story_of_a_sku_says_level_figure_and_answer(account, connection, staff):
    filled(account, connection, "BLUE/M & co")
    with scoped(account.pk):
        StoreLevel.objects.update(state="refused", answer="Not stocked at <Reno>.", intended=1)

    page = staff.get(url("sku", account), {"sku": "BLUE/M & co"})

    text = page.content.decode()
    assert page.status_code == 200
    assert "Reno" in text
    assert "Not stocked at &lt;Reno&gt;." in text
    assert staff.get(url("sku", account), {"sku": "NOBODY"}).status_code == 404


def test_what_would_change_is_shown_before_anybody_says_yes(account, connection, staff):
    filled(account, connection, "A", "B", stock=9)

    page = staff.get(url("preview", account, public_id=connection.store.public_id)).content.decode()

    assert "18" in page
    assert re.search(r"Send these figures", page)
    rows = re.findall(r'cd-mono">(A|B)</span>', page)
    assert rows == ["A", "B"]


def test_a_location_goes_by_the_name_that_the_store_gave_it(account, connection, staff):
    filled(account, connection, "A")
    with scoped(account.pk):
        StoreLevel.objects.update(location="l1")
        Publishing.objects.update(locations=[["l1", "Front of <house>"]], locations_at=datetime.now(UTC))
    addresses = (
        url("preview", account, public_id=connection.store.public_id),
        url("sku", account) + "?sku=A",
    )

    for address in addresses:
        assert "Front of &lt;house&gt;" in staff.get(address).content.decode(), address


def seen_on(browser, address):
    return re.search(r'name="seen" value="(\w+)"', browser.get(address).content.decode())[1]


def test_a_yes_is_for_what_was_looked_at(account, connection, staff):
    filled(account, connection, "A", "B")
    address = url("preview", account, public_id=connection.store.public_id)
    seen = seen_on(staff, address)
    read_levels(account, connection.warehouse, A=7, B=8)
    planned(account, connection)

    late = staff.post(address, {"do": "allow", "seen": seen})
    again = staff.post(address, {"do": "allow", "seen": seen_on(staff, address)})

    assert late.status_code == 409
    assert "changed while you looked" in late.content.decode()
    assert again.status_code == 302
    with scoped(account.pk):
        row = Publishing.objects.get()
    assert (row.state, row.approved_at is not None) == ("going", True)


def test_the_limit_is_set_by_people_who_may(account, connection, staff):
    filled(account, connection, "A")
    address = url("preview", account, public_id=connection.store.public_id)
    merchant = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[connection.store.merchant_id]))

    assert staff.post(address, {"do": "limit", "limit": "12"}).status_code == 302
    assert staff.post(address, {"do": "limit", "limit": "120"}).status_code == 409
    assert staff.post(address, {"do": "nothing"}).status_code == 409
    assert staff.post(address, {"do": "push"}).status_code == 409
    for values in ({"do": "limit", "limit": "5"}, {"do": "allow", "seen": seen_or_none(merchant, address)}, {"do": "push"}):
        assert merchant.post(address, values).status_code in (403, 409)
    with scoped(account.pk):
        assert (Publishing.objects.get().drop_limit, Publishing.objects.get().approved_at) == (12, None)


def seen_or_none(browser, address):
    found = re.search(r'name="seen" value="(\w+)"', browser.get(address).content.decode())
    return found[1] if found else ""


def test_stores_that_wait_for_a_person_come_first(account, connection, staff):
    a_link(account, merchant=None, name="A calm one")
    filled(account, connection, "A")
    with scoped(account.pk):
        Publishing.objects.update(state="held", reason="It would show much less.")

    page = staff.get(url("publishing", account)).content.decode()

    assert page.index("Web shop") < page.index("A calm one")
    assert "It would show much less." in page
    home = staff.get(reverse("desk:home", kwargs={"account": account.public_id})).content.decode()
    assert "Stores whose stock waits for you" in home


def test_facilities_are_linked_to_locations_on_the_connections_page(account, connection, staff):
    read_levels(account, connection.warehouse, facility="EAST", A=1)
    assert "are not known yet" in staff.get(url("links", account, public_id=connection.public_id)).content.decode()
    with scoped(account.pk):
        publishing_of(connection.store)
        Publishing.objects.update(locations=[["l1", "Front"], ["l2", "Back"]], locations_at=datetime.now(UTC))
    address = url("links", account, public_id=connection.public_id)

    page = staff.get(address).content.decode()
    saved = staff.post(address, {"pairs": ["0:EAST", "1:", "7:EAST", "0:NOWHERE", "x"]})
    both = staff.post(address, {"pairs": ["0:EAST", "0:"]})

    assert "Front" in page
    assert "EAST" in page
    assert saved.status_code == 302
    assert both.status_code == 422
    with scoped(account.pk):
        assert sorted(StockLink.objects.values_list("location", "facility")) == [("l1", "EAST"), ("l2", "")]


def test_limited_people_see_stock_of_what_their_merchants_sell_only(account, connection):
    theirs = a_link(account, merchant=a_merchant(account, "Theirs"), warehouse=connection.warehouse, name="Theirs")
    read_products(account, connection.store, [a_product("1", "MINE")])
    read_products(account, theirs.store, [a_product("1", "THEIRS")])
    read_levels(account, connection.warehouse, MINE=1, THEIRS=2)
    for one in (connection, theirs):
        planned(account, one)
    browser = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[connection.store.merchant_id]))

    for page in ("list", "figures", "publishing"):
        shown = browser.get(url(page, account)).content.decode()
        assert "THEIRS" not in shown
        assert "Theirs" not in shown
    assert "MINE" in browser.get(url("list", account)).content.decode()
    assert browser.get(url("sku", account), {"sku": "THEIRS"}).status_code == 404
    assert browser.get(url("preview", account, public_id=theirs.store.public_id)).status_code == 404
    assert browser.get(url("links", account, public_id=connection.public_id)).status_code == 403


def test_others_accounts_stock_is_not_there(account, connection, staff):
    filled(account, connection, "A")
    other = an_account()
    stranger = signed_in_client(a_person(other))

    assert stranger.get(url("list", account)).status_code == 404
    assert "No levels yet" in stranger.get(url("list", other)).content.decode()
    assert "No figures yet" in stranger.get(url("figures", other)).content.decode()
    assert "No store is told its stock" in stranger.get(url("publishing", other)).content.decode()
    assert stranger.get(url("preview", other, public_id=connection.store.public_id)).status_code == 404
