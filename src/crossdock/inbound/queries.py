"""The list of returns and one of them: what comes back, of which order, and where it stands at the store."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.domain.returns import ReturnState
from crossdock.orders.beyond import Returned, ReturnedLine
from crossdock.orders.queries import COUNTED
from crossdock.tenancy.scope import account_in_scope
from crossdock.ui.paging import NEWEST, Place

PAGE = 50
MOST = 500
"""Hits of a search."""


class ReturnFilters(Struct, frozen=True):
    """What a list of returns is limited to; nothing set is everything. `until` is excluded."""

    states: tuple[str, ...] = ()
    merchant_id: int | None = None
    store_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


class ReturnRow(Struct, frozen=True):
    """One return as lists show it. `order_public_id` is None while its order was not imported."""

    id: int
    public_id: UUID
    external_id: str
    number: str
    state: str
    order_number: str
    requested_at: datetime
    source_updated_at: datetime
    imported_at: datetime
    carrier: str
    tracking: Sequence[str]
    url: str
    lines_count: int
    units: Decimal
    reasons: str
    revision: int
    store: str
    merchant: str
    order_public_id: UUID | None

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.requested_at, self.id)


class LineRow(Struct, frozen=True):
    """One line of a return. `ordered` and `shipped` are those of the order's line, where it names one that was imported."""

    sku: str
    name: str
    quantity: Decimal
    reason: str
    note: str
    ordered: Decimal | None
    shipped: Decimal | None


class ReturnsListed(Struct, frozen=True):
    """A page of returns, newest first, and where the neighboring pages begin."""

    rows: tuple[ReturnRow, ...]
    newer: Place | None = None
    older: Place | None = None


ROWS = """
select r.id, r.public_id, r.external_id, r.number, r.state, r.order_number, r.requested_at, r.source_updated_at, r.imported_at,
       r.carrier, r.tracking, r.url, r.lines_count, r.units, r.reasons, r.revision, s.name, m.name, o.public_id
  from sales_return r join store s on s.id = r.store_id join merchant m on m.id = r.merchant_id
  left join sales_order o on o.store_id = r.store_id and o.external_id = r.order_external_id and o.deleted_at is null
"""

FOUND = """
select id from sales_return where account_id = %(account)s and number = any (%(texts)s)
union
select id from sales_return where account_id = %(account)s and order_number = any (%(texts)s)
union
(select id from sales_return where account_id = %(account)s and number >= %(start)s and number < %(end)s limit %(most)s)
union
select id from sales_return where store_id = any (array(select id from store)) and external_id = any (%(texts)s)
union
(select sales_return_id from sales_return_line where account_id = %(account)s and sku = any (%(texts)s) order by 1 desc limit %(most)s)
union
(select id from sales_return where account_id = %(account)s and tracking && %(texts)s::text[] limit %(most)s)
"""

LINES = """
select l.sku, l.name, l.quantity, l.reason, l.note, ol.ordered, ol.shipped
  from sales_return_line l join sales_return r on r.id = l.sales_return_id
  left join sales_order o on o.store_id = r.store_id and o.external_id = r.order_external_id and o.deleted_at is null
  left join sales_order_line ol on ol.order_id = o.id and ol.external_id = l.order_line_external_id and l.order_line_external_id <> ''
 where l.sales_return_id = %s order by l.position
"""


OF_ORDER = """
select r.id, r.public_id, r.number, r.state, r.requested_at
  from sales_order o join sales_return r on r.store_id = o.store_id and r.order_external_id = o.external_id
 where o.id = %s order by r.requested_at desc, r.id desc limit 100
"""

LINES_OF = """
select sales_return_id, sku, name, quantity, reason from sales_return_line where sales_return_id = any (%s)
 order by sales_return_id, position
"""


def returns_of_order(order_id: int) -> list[Returned]:
    """The returns of an order with their lines, newest first; a hundred at most. For the page of the order."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ORDER, [order_id])
        rows = cursor.fetchall()
        if not rows:
            return []
        lines: dict[int, list[ReturnedLine]] = {row[0]: [] for row in rows}
        cursor.execute(LINES_OF, [list(lines)])
        for return_id, *line in cursor.fetchall():
            lines[return_id].append(ReturnedLine(*line))
    return [
        Returned(public_id, number, state, requested_at, tuple(lines[return_id]))
        for return_id, public_id, number, state, requested_at in rows
    ]


def list_returns(
    filters: ReturnFilters, before: Place | None = None, limit: int = PAGE, *, after: Place | None = None
) -> ReturnsListed:
    """A page of returns, newest first: those older than `before`, or with `after` the nearest newer ones."""
    values, conditions = _conditions(filters)
    place = after or before or NEWEST
    sign, way = (">", "asc") if after is not None else ("<", "desc")
    values |= {"at": place.at, "id": place.id, "limit": limit + 1}
    if filters.states:
        values["states"] = list(filters.states)
        conditions += " and r.state = any (%(states)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{ROWS} where {conditions} and (r.requested_at, r.id) {sign} (%(at)s, %(id)s)"
            f" order by r.requested_at {way}, r.id {way} limit %(limit)s",
            values,
        )
        found: list[Any] = cursor.fetchall()
    more = len(found) > limit
    found = found[:limit] if after is None else found[:limit][::-1]
    rows = [ReturnRow(*row) for row in found]
    has_newer = more if after is not None else before is not None
    return ReturnsListed(
        tuple(rows),
        newer=rows[0].place if rows and has_newer else None,
        older=rows[-1].place if rows and (more or after is not None) else None,
    )


def return_counts(filters: ReturnFilters) -> dict[str, int]:
    """Returns at each state under the other filters, exact up to COUNTED."""
    values, conditions = _conditions(filters)
    values |= {"most": COUNTED + 1, "every": [state.value for state in ReturnState]}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select st.state, (select count(*) from (select 1 from sales_return r where {conditions} and r.state = st.state"
            " limit %(most)s) x) from unnest(%(every)s::text[]) st(state)",
            values,
        )
        return dict(cursor.fetchall())


def one_return(public_id: UUID) -> ReturnRow | None:
    """A return that this person may see."""
    with connection.cursor() as cursor:
        cursor.execute(f"{ROWS} where r.account_id = %s and r.public_id = %s", [account_in_scope(), public_id])
        row = cursor.fetchone()
    return ReturnRow(*row) if row else None


def lines_of(return_id: int) -> list[LineRow]:
    """The lines of a return, each beside the order's."""
    with connection.cursor() as cursor:
        cursor.execute(LINES, [return_id])
        return [LineRow(*row) for row in cursor.fetchall()]


def _conditions(filters: ReturnFilters) -> tuple[dict[str, Any], str]:
    values: dict[str, Any] = {"account": account_in_scope()}
    parts = ["r.account_id = %(account)s"]
    for name, value, condition in (
        ("merchant", filters.merchant_id, "r.merchant_id = %(merchant)s"),
        ("store", filters.store_id, "r.store_id = %(store)s"),
        ("since", filters.since, "r.requested_at >= %(since)s"),
        ("until", filters.until, "r.requested_at < %(until)s"),
    ):
        if value is not None:
            values[name] = value
            parts.append(condition)
    if filters.text:
        values["ids"] = _found(filters.text)
        parts.append("r.id = any (%(ids)s)")
    return values, " and ".join(parts)


def _found(text: str) -> list[int]:
    """Returns by a whole number, order number, SKU or tracking number, or the beginning of their number."""
    bare = text.removeprefix("#")
    texts = sorted({text, text.upper(), bare, f"#{bare}", f"#{bare.upper()}"})
    end = text[:-1] + chr(min(ord(text[-1]) + 1, 0xD7FF))
    with connection.cursor() as cursor:
        cursor.execute(FOUND, {"account": account_in_scope(), "texts": texts, "start": text, "end": end, "most": MOST})
        return sorted(row[0] for row in cursor.fetchall())
