"""Listings by SKU: what each store knows of it, and which SKUs are missing or stand twice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.tenancy.scope import account_in_scope

PAGE = 50
COUNTED = 10_000
"""Counts are exact up to here."""

MOST = 2_000
"""Hits of a search that are looked at."""

SHORTEST = 3
"""Fewer letters would have the trigram index read whole: they are looked up as beginnings of SKUs only."""

VIEWS = ("all", "missing", "doubled", "gone")


class Place(Struct, frozen=True):
    """Where a page of SKUs ends: a SKU, and the merchant (of a listing without SKU, the listing itself)."""

    sku: str
    id: int

    def __str__(self) -> str:
        return f"{self.id}.{self.sku}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """From the address; None for what is none."""
        number, dot, sku = text.partition(".")
        is_number = number.isascii() and number.isdigit() and len(number) <= 18
        return cls(sku, int(number)) if dot and is_number and "\0" not in sku else None


class ProductFilters(Struct, frozen=True):
    """What a list of products is limited to. `view` is one of VIEWS; nothing else set is everything."""

    view: str = "all"
    merchant_id: int | None = None
    store_id: int | None = None
    text: str = ""


class Part(Struct, frozen=True):
    """Units of another SKU in a bundle."""

    sku: str
    quantity: Decimal


class ListingRow(Struct, frozen=True):
    """One listing as lists and pages show it."""

    id: int
    public_id: UUID
    merchant_id: int
    store_id: int
    external_id: str
    product_id: str
    sku: str
    name: str
    barcode: str
    price: Decimal | None
    weight: Decimal | None
    weight_unit: str
    options: dict[str, str]
    components: tuple[Part, ...]
    hs_code: str
    origin: str
    url: str
    is_bundle: bool
    is_active: bool
    requires_shipping: bool
    tracks_stock: bool | None
    stock: Decimal | None
    is_doubled: bool
    source_updated_at: datetime | None
    first_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None


class Line(Struct, frozen=True):
    """One line of the list: a SKU of a merchant with its listings, or a listing without SKU by itself."""

    sku: str
    merchant_id: int
    listings: tuple[ListingRow, ...]

    @property
    def first(self) -> ListingRow:
        """The listing that names the line."""
        return self.listings[0]


class ProductsListed(Struct, frozen=True):
    """A page in the order of SKUs, and where its neighbors begin. `is_cut`: the search found more than is looked at."""

    lines: tuple[Line, ...]
    before: Place | None = None
    after: Place | None = None
    is_cut: bool = False


COLUMNS = ", ".join(f"l.{name}" for name in ListingRow.__struct_fields__)

_VIEW = {
    "all": "l.gone_at is null and l.sku > ''",
    "missing": "l.gone_at is null and l.sku = ''",
    "doubled": "l.gone_at is null and l.is_doubled",
    "gone": "l.gone_at is not null",
}
# Listings that are looked at one by one, since their SKU is none or may be somebody else's by now.
_SINGLE = frozenset({"missing", "gone"})

EXACT = """
select l.id from listing l where l.account_id = %(account)s and l.sku = any (%(texts)s)
union
select l.id from listing l where l.account_id = %(account)s and l.barcode = any (%(texts)s) and l.barcode <> ''
union
(select l.id from listing l where l.account_id = %(account)s and l.sku >= %(start)s and l.sku < %(end)s limit %(most)s)
"""


def list_products(
    filters: ProductFilters, *, after: Place | None = None, before: Place | None = None, limit: int = PAGE
) -> ProductsListed:
    """A page of SKUs in their order: those after a place, or the nearest before one. Needs the account's scope."""
    ids = _found(filters.text)
    values, conditions = _conditions(filters, ids)
    place = before or after or Place("", 0)
    second = "l.id" if filters.view in _SINGLE else "l.merchant_id"
    sign, way = ("<", "desc") if before is not None else (">", "asc")
    values |= {"sku": place.sku, "id": place.id, "limit": limit + 1}
    group = "" if filters.view in _SINGLE else f"group by l.sku, {second}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"select l.sku, {second} from listing l where {conditions} and (l.sku, {second}) {sign} (%(sku)s, %(id)s) {group}"
            f" order by l.sku {way}, {second} {way} limit %(limit)s",
            values,
        )
        keys: list[Any] = cursor.fetchall()
    more = len(keys) > limit
    keys = keys[:limit] if before is None else keys[:limit][::-1]
    lines = _lines(filters, keys, values, conditions)
    has_before = more if before is not None else after is not None
    has_after = more or before is not None
    return ProductsListed(
        tuple(lines),
        before=Place(*keys[0]) if keys and has_before else None,
        after=Place(*keys[-1]) if keys and has_after else None,
        is_cut=ids is not None and len(ids) >= MOST,
    )


def _lines(filters: ProductFilters, keys: Sequence[Any], values: dict[str, Any], conditions: str) -> list[Line]:
    wanted = "l.id = any (%(keys)s)" if filters.view in _SINGLE else "l.sku = any (%(keys)s)"
    keyed = [key[1] if filters.view in _SINGLE else key[0] for key in keys]
    rows = _rows(f"{conditions} and {wanted} order by l.store_id, l.id", {**values, "keys": keyed})
    grouped: dict[tuple[str, int], list[ListingRow]] = defaultdict(list)
    for row in rows:
        grouped[row.sku, row.id if filters.view in _SINGLE else row.merchant_id].append(row)
    return [Line(key[0], grouped[key][0].merchant_id, tuple(grouped[key])) for key in map(tuple, keys) if key in grouped]


def counts(filters: ProductFilters) -> dict[str, int]:
    """Lines in each view under the other filters, exact up to COUNTED, as the list shows them: a merchant's SKU is one."""
    values, conditions = _conditions(msgspec.structs.replace(filters, view=""), _found(filters.text))
    values["most"] = COUNTED + 1
    parts = ", ".join(
        f"(select count(*) from (select {'1' if view in _SINGLE else 'distinct l.sku, l.merchant_id'} from listing l"
        f" where {conditions} and {_VIEW[view]} limit %(most)s) x)"
        for view in VIEWS
    )
    with connection.cursor() as cursor:
        cursor.execute(f"select {parts}", values)
        return dict(zip(VIEWS, cursor.fetchone(), strict=True))


def listings_like(row: ListingRow) -> list[ListingRow]:
    """Everything the merchant's stores know of the SKU of a listing, those that are gone last; of one without SKU, itself."""
    if not row.sku:
        return [row]
    condition = "l.account_id = %(account)s and l.sku = %(sku)s and l.merchant_id = %(merchant)s"
    values = {"account": account_in_scope(), "sku": row.sku, "merchant": row.merchant_id}
    return _rows(f"{condition} order by l.gone_at is not null, l.store_id, l.id", values)


def listing(public_id: UUID) -> ListingRow | None:
    """One listing that this person may see."""
    rows = _rows(
        "l.account_id = %(account)s and l.public_id = %(public_id)s", {"account": account_in_scope(), "public_id": public_id}
    )
    return rows[0] if rows else None


def _rows(condition: str, values: Mapping[str, Any]) -> list[ListingRow]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {COLUMNS} from listing l where {condition}", values)
        return [_row(row) for row in cursor.fetchall()]


def _row(row: Sequence[Any]) -> ListingRow:
    values = dict(zip(ListingRow.__struct_fields__, row, strict=True))
    for name, kind in (("options", dict[str, str]), ("components", tuple[Part, ...])):
        stored = values[name]
        values[name] = msgspec.json.decode(stored, type=kind) if isinstance(stored, str) else msgspec.convert(stored, kind)
    return ListingRow(**values)


def _conditions(filters: ProductFilters, ids: Sequence[int] | None) -> tuple[dict[str, Any], str]:
    values: dict[str, Any] = {"account": account_in_scope()}
    parts = ["l.account_id = %(account)s"]
    if filters.view:
        parts.append(_VIEW[filters.view])
    for name, value in (("merchant_id", filters.merchant_id), ("store_id", filters.store_id)):
        if value is not None:
            values[name] = value
            parts.append(f"l.{name} = %({name})s")
    if ids is not None:
        values["ids"] = list(ids)
        parts.append("l.id = any (%(ids)s)")
    return values, " and ".join(parts)


def _found(text: str) -> list[int] | None:
    """Listings that a search finds: a whole SKU or barcode or the beginning of a SKU; else any part of what is known of them."""
    if not text:
        return None
    # A range with the last letter moved on, since `like` cannot use the index under row-level security.
    end = text[:-1] + chr(min(ord(text[-1]) + 1, 0xD7FF))
    texts = sorted({text, text.upper(), text.lower()})
    with connection.cursor() as cursor:
        cursor.execute(EXACT, {"account": account_in_scope(), "texts": texts, "start": text, "end": end, "most": MOST})
        found = {row[0] for row in cursor.fetchall()}
        if len(text) >= SHORTEST:
            escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            cursor.execute("select id from find_listings(%s, %s)", [f"%{escaped}%", MOST])
            found |= {row[0] for row in cursor.fetchall()}
    return sorted(found)
