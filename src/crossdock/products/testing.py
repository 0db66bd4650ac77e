"""Listings for tests of every package, taken in as a store's page is."""

import itertools
from collections.abc import Sequence
from typing import Any

from crossdock.accounts.models import Account
from crossdock.connections.models import Store
from crossdock.domain.products import Product
from crossdock.products.models import Listing
from crossdock.products.receiving import Reading, finish, take_products
from crossdock.tenancy.scope import scoped

_readings = itertools.count(1)


def a_product(external_id: str, sku: str | None, **more: Any) -> Product:
    """A product as a store says it; `more` are fields of `Product`."""
    return Product(**{"external_id": external_id, "product_id": external_id, "sku": sku, "name": f"Thing {sku}", **more})


def read_products(account: Account, store: Store, products: Sequence[Product]) -> list[Listing]:
    """Read a store as a whole: exactly these products. The rows, in their order."""
    with scoped(account.pk):
        reading = Reading(next(_readings), store.pk, store.merchant_id)
        take_products(reading=reading, products=products)
        finish(reading=reading, is_whole=True)
        rows = {row.external_id: row for row in Listing.objects.filter(store=store)}
    return [rows[product.external_id] for product in products]
