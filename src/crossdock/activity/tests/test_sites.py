"""Stores, warehouses and merchants as lists name them, and who reads which of their names."""

import pytest
from django.urls import reverse

from crossdock.accounts.models import Role
from crossdock.accounts.testing import a_person, signed_in_client
from crossdock.activity import sites
from crossdock.connections.testing import a_connection, a_merchant, a_store, a_warehouse
from crossdock.tenancy.scope import scoped


def named(found):
    return [site.name for site in found.values()]


def test_sites_come_by_name_and_are_found_by_what_stands_in_an_address(account):
    merchant = a_merchant(account, "Blue Heron Goods")
    second, first = a_store(account, merchant, name="b shop"), a_store(account, merchant, name="A shop")

    with scoped(account.pk):
        stores = sites.stores()

        assert named(stores) == ["A shop", "b shop"]
        assert named(sites.merchants()) == ["Blue Heron Goods"]
        assert sites.id_of(stores[second.pk].slug, stores) == second.pk
        assert sites.id_of(stores[first.pk].slug, sites.merchants()) is None
        assert sites.id_of("", stores) is None


def test_one_that_is_the_only_one_of_its_kind_is_no_choice(account):
    a_store(account, a_merchant(account))
    a_store(account, a_merchant(account))
    a_warehouse(account)

    with scoped(account.pk):
        facets = sites.facets_of(("store", "Store", sites.stores()), ("warehouse", "Warehouse", sites.warehouses()))

    assert [(facet.name, len(facet.choices)) for facet in facets] == [("store", 2)]


@pytest.mark.parametrize("page", ["activity:list", "fulfillment:shipments", "inventory:list"])
def test_limited_people_read_the_names_of_their_own_warehouses_only(account, page):
    mine = a_merchant(account)
    for name in ("Reno", "Memphis"):
        a_connection(account, store=a_store(account, mine), warehouse=a_warehouse(account, name=name))
    a_connection(account, warehouse=a_warehouse(account, name="Elsewhere"))
    merchant = signed_in_client(a_person(account, role=Role.MERCHANT, merchants=[mine.pk]))

    text = merchant.get(reverse(page, kwargs={"account": account.public_id})).content.decode()

    assert "Reno" in text
    assert "Memphis" in text
    assert "Elsewhere" not in text
