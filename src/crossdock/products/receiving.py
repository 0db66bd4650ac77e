"""Listings as they come from a store: written in sets, only where the store says something else, and marked gone when it no longer
names them.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import DataError, IntegrityError, connection, transaction
from msgspec import Struct

from crossdock.domain.products import Product
from crossdock.tenancy.models import new_public_id
from crossdock.tenancy.scope import account_in_scope


class Reading(Struct, frozen=True):
    """One whole reading of a store, over however many slices. `id` grows from one to the next."""

    id: int
    store_id: int
    merchant_id: int


class Taken(Struct, frozen=True):
    """What a page brought: how many listings are new, changed, or could not be stored."""

    new: int = 0
    changed: int = 0
    refused: int = 0


# Found by a list of ids, and joined then: in one join, all listings of the store are read for each page until there are statistics.
DIFFERENT = """
with l as materialized (
  select id, external_id, hash, gone_at from listing where store_id = %(store)s and external_id = any (%(ids)s::text[]))
select p.k from unnest(%(ids)s::text[], %(hashes)s::bytea[]) with ordinality p(external_id, hash, k)
  left join l on l.external_id = p.external_id
 where l.id is null or l.hash <> p.hash or l.gone_at is not null
"""

SEEN = "update listing set reading = %(reading)s where store_id = %(store)s and external_id = any (%(ids)s) and reading <> %(reading)s"

UPSERT = """
with page as materialized (
  select * from jsonb_to_recordset(%(page)s::jsonb) as x(
    k int, public_id uuid, external_id text, product_id text, sku text, name text, barcode text, price numeric, weight numeric,
    weight_unit text, options jsonb, components jsonb, hs_code text, origin text, url text, is_bundle boolean, is_active boolean,
    requires_shipping boolean, tracks_stock boolean, stock numeric, words text, source_updated_at timestamptz))
insert into listing (account_id, store_id, merchant_id, reading, public_id, external_id, product_id, sku, name, barcode, price, weight,
                     weight_unit, options, components, hs_code, origin, url, is_bundle, is_active, requires_shipping, tracks_stock,
                     stock, words, source_updated_at, hash)
select %(account)s, %(store)s, %(merchant)s, %(reading)s, p.public_id, p.external_id, p.product_id, p.sku, p.name, p.barcode, p.price,
       p.weight, p.weight_unit, p.options, p.components, p.hs_code, p.origin, p.url, p.is_bundle, p.is_active, p.requires_shipping,
       p.tracks_stock, p.stock, p.words, p.source_updated_at, h.hash
  from page p join unnest(%(hashes)s::bytea[]) with ordinality h(hash, k) on h.k = p.k
 order by p.external_id
on conflict (store_id, external_id) do update set
  reading = excluded.reading, product_id = excluded.product_id, sku = excluded.sku, name = excluded.name, barcode = excluded.barcode,
  price = excluded.price, weight = excluded.weight, weight_unit = excluded.weight_unit, options = excluded.options,
  components = excluded.components, hs_code = excluded.hs_code, origin = excluded.origin, url = excluded.url,
  is_bundle = excluded.is_bundle, is_active = excluded.is_active, requires_shipping = excluded.requires_shipping,
  tracks_stock = excluded.tracks_stock, stock = excluded.stock, words = excluded.words,
  source_updated_at = excluded.source_updated_at, hash = excluded.hash, changed_at = clock_timestamp(), gone_at = null
returning (xmax = 0)
"""

GONE = """
update listing set gone_at = clock_timestamp() where store_id = %(store)s and gone_at is null and reading < %(reading)s
"""

DOUBLED = """
update listing l set is_doubled = d.is_doubled
  from (select id, gone_at is null and sku <> '' and count(*) filter (where gone_at is null) over (partition by sku) > 1 is_doubled
          from listing where store_id = %(store)s) d
 where l.id = d.id and l.is_doubled <> d.is_doubled
"""


def take_products(*, reading: Reading, products: Sequence[Product]) -> Taken:
    """Store a page of what a store sells. What is as it was costs a look at its hash; taking a page twice changes nothing.

    A product that the database cannot store, such as one with a character zero in its name, is left out and counted.
    """
    unique = list({product.external_id: product for product in products}.values())
    try:
        with transaction.atomic():
            return _take(reading, unique)
    except (DataError, IntegrityError):
        if len(unique) == 1:
            return Taken(refused=1)
    half = len(unique) // 2
    parts = [take_products(reading=reading, products=some) for some in (unique[:half], unique[half:])]
    return Taken(*(sum(getattr(part, name) for part in parts) for name in Taken.__struct_fields__))


def _take(reading: Reading, products: Sequence[Product]) -> Taken:
    ids = [product.external_id for product in products]
    hashes = [_hash(product) for product in products]
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT, {"ids": ids, "hashes": hashes, "store": reading.store_id})
        places = [row[0] - 1 for row in cursor.fetchall()]
        cursor.execute(SEEN, {"reading": reading.id, "store": reading.store_id, "ids": ids})
        if not places:
            return Taken()
        cursor.execute(
            UPSERT,
            {
                "account": account_in_scope(),
                "store": reading.store_id,
                "merchant": reading.merchant_id,
                "reading": reading.id,
                "page": msgspec.json.encode([_row(k, products[place]) for k, place in enumerate(places, 1)]).decode(),
                "hashes": [hashes[place] for place in places],
            },
        )
        new = sum(row[0] for row in cursor.fetchall())
    return Taken(new=new, changed=len(places) - new)


def still_there(*, reading: Reading, external_ids: Sequence[str]) -> None:
    """Note that the store still has these, though what it says of them could not be understood: they stay as they were."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, {"reading": reading.id, "store": reading.store_id, "ids": list(external_ids)})


def finish(*, reading: Reading, is_whole: bool) -> int:
    """End a reading: what it did not see is gone, unless it was not whole; how many are. SKUs that stand twice are marked."""
    with connection.cursor() as cursor:
        gone = 0
        if is_whole:
            cursor.execute(GONE, {"store": reading.store_id, "reading": reading.id})
            gone = cursor.rowcount
        cursor.execute(DOUBLED, {"store": reading.store_id})
    return gone


def _hash(product: Product) -> bytes:
    return hashlib.sha256(msgspec.json.encode(product)).digest()[:16]


def _row(k: int, product: Product) -> dict[str, Any]:
    sku = (product.sku or "").strip()
    words = [sku, product.name, product.barcode, product.external_id, product.product_id, *product.options.values()]
    return {
        "k": k,
        "public_id": new_public_id(),
        "external_id": product.external_id,
        "product_id": product.product_id,
        "sku": sku,
        "name": product.name,
        "barcode": product.barcode or "",
        "price": product.price,
        "weight": product.weight.value if product.weight else None,
        "weight_unit": product.weight.unit if product.weight else "",
        "options": product.options,
        "components": [{"sku": part.sku, "quantity": str(part.quantity)} for part in product.components],
        "hs_code": product.hs_code or "",
        "origin": product.origin or "",
        "url": product.url if product.url and product.url.startswith(("https://", "http://")) else "",
        "is_bundle": product.is_bundle,
        "is_active": product.is_active,
        "requires_shipping": product.requires_shipping,
        "tracks_stock": product.tracks_stock,
        "stock": product.stock,
        "words": " ".join(word for word in words if word).lower(),
        "source_updated_at": product.updated_at,
    }
