"""Pages of products: by SKU, each once, found by what people know, and only what is theirs to see."""

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_merchant, a_store
from crossdock.products.queries import Place, ProductFilters, counts, list_products
from crossdock.products.testing import a_product, read_products
from crossdock.tenancy.scope import scoped


@pytest.fixture
def staff(account):
    return signed_in_client(a_person(account, role=Role.STAFF))


def url(account, **query):
    path = reverse("products:list", kwargs={"account": account.public_id})
    return path + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def skus(account, **filters):
    with scoped(account.pk):
        return [line.sku for line in list_products(ProductFilters(**filters)).lines]


def test_pages_show_each_sku_once_in_their_order_there_and_back(account):
    store, other = a_store(account), a_store(account)
    read_products(account, store, [a_product(str(n), f"SKU-{n:02}") for n in range(7)])
    read_products(account, other, [a_product(str(n), f"SKU-{n:02}") for n in range(3, 9)])

    seen, after, firsts = [], None, []
    with scoped(account.pk):
        while True:
            page = list_products(ProductFilters(), after=after, limit=4)
            seen += [(line.sku, line.merchant_id) for line in page.lines]
            firsts.append(page)
            if page.after is None:
                break
            after = page.after
        back = list_products(ProductFilters(), before=firsts[1].before, limit=4)

    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == 13
    assert [line.sku for line in back.lines] == [line.sku for line in firsts[0].lines]
    assert back.before is None


def test_one_sku_in_two_stores_of_a_merchant_is_one_line(account, staff):
    merchant = a_merchant(account)
    first, second = a_store(account, merchant, name="Web shop"), a_store(account, merchant, name="Outlet")
    for store in (first, second):
        read_products(account, store, [a_product("1", "BLUE-M", options={"Size": "M"})])

    page = staff.get(url(account)).content.decode()

    assert page.count('data-key="') == 1
    assert "Web shop" in page
    assert "Outlet" in page
    assert "×2" not in page


@pytest.mark.parametrize("text", ["BLUE-M", "blue-m", "BLU", "meadow", "0123456789012", "ue-m"])
def test_a_product_is_found_by_what_people_know_of_it(account, text):
    store = a_store(account)
    read_products(
        account,
        store,
        [a_product("1", "BLUE-M", name="Shirt Meadow", barcode="0123456789012"), a_product("2", "RED-S", name="Other")],
    )

    assert skus(account, text=text) == ["BLUE-M"]


def test_letters_that_mean_something_in_a_pattern_mean_themselves(account):
    store = a_store(account)
    read_products(account, store, [a_product("1", "A_1%"), a_product("2", "AB1C")])

    assert skus(account, text="_1%") == ["A_1%"]


def test_missing_doubled_and_gone_have_their_views_and_counts(account, staff):
    store = a_store(account)
    read_products(account, store, [a_product("9", "OLD")])
    read_products(
        account, store, [a_product("1", "A"), a_product("2", "A"), a_product("3", None), a_product("4", ""), a_product("5", "B")]
    )

    with scoped(account.pk):
        assert counts(ProductFilters()) == {"all": 2, "missing": 2, "doubled": 1, "gone": 1}
    assert skus(account) == ["A", "B"]
    assert skus(account, view="missing") == ["", ""]
    assert skus(account, view="doubled") == ["A"]
    assert skus(account, view="gone") == ["OLD"]
    for view in ("missing", "doubled", "gone"):
        assert staff.get(url(account, view=view)).status_code == 200


def test_places_survive_the_address_and_nonsense_does_not():
    place = Place("A.B 1/ü", 12)

    assert Place.read(str(place)) == place
    assert [Place.read(text) for text in ("", "x.y", "12", "1.\0", "9" * 30 + ".a")] == [None] * 5


def test_a_products_page_says_what_every_store_knows(account, staff):
    merchant = a_merchant(account)
    store = a_store(account, merchant, name="Web shop")
    (row,) = read_products(
        account, store, [a_product("77", "BLUE-M", name="Shirt <b>", tracks_stock=False, url="javascript:alert(1)")]
    )

    page = staff.get(reverse("products:product", kwargs={"account": account.public_id, "public_id": row.public_id}))

    text = page.content.decode()
    assert "Web shop" in text
    assert "Shirt &lt;b&gt;" in text
    assert "figures sent to it have no effect" in text
    assert "javascript:" not in text


def test_limited_people_see_their_merchants_products_only(account):
    mine, theirs = a_merchant(account, "Mine"), a_merchant(account, "Theirs")
    (seen,) = read_products(account, a_store(account, mine), [a_product("1", "MINE-1")])
    (hidden,) = read_products(account, a_store(account, theirs), [a_product("1", "THEIRS-1")])
    browser = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[mine.pk]))

    def there(row):
        return reverse("products:product", kwargs={"account": account.public_id, "public_id": row.public_id})

    assert "MINE-1" in browser.get(url(account)).content.decode()
    assert "THEIRS-1" not in browser.get(url(account)).content.decode()
    assert "THEIRS-1" not in browser.get(url(account, q="THEIRS")).content.decode()
    assert browser.get(there(seen)).status_code == 200
    assert browser.get(there(hidden)).status_code == 404


def test_an_empty_list_says_what_will_be_there(account, staff):
    assert "No products yet" in staff.get(url(account)).content.decode()
    assert "No products match" in staff.get(url(account, q="nothing")).content.decode()


def test_others_accounts_products_are_not_there(staff, account):
    other = an_account()
    (row,) = read_products(other, a_store(other), [a_product("1", "A")])

    assert staff.get(url(other)).status_code == 404
    assert (
        staff.get(reverse("products:product", kwargs={"account": account.public_id, "public_id": row.public_id})).status_code
        == 404
    )
