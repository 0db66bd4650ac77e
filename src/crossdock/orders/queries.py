"""The list of orders: what it is filtered by, a page of it, and how many stand at each status."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.domain.statuses import OrderStatus
from crossdock.orders import searching
from crossdock.tenancy.scope import account_in_scope, current_scope
from crossdock.ui.paging import NEWEST, Place

PAGE = 50
"""Rows of a page."""

COUNTED = 10_000
"""Counts are exact up to here; above, nobody counts on."""

ISSUES = 5_000
"""Orders with an issue that are looked at, the newest ones."""


class OrderFilters(Struct, frozen=True):
    """What a list of orders is limited to; nothing set is everything. `placed_until` is excluded.

    `needs`: "issue" has one that nobody settled; "person" is held until a person releases it.
    """

    statuses: tuple[str, ...] = ()
    merchant_id: int | None = None
    store_id: int | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    needs: Literal["", "issue", "person"] = ""
    text: str = ""
    is_anywhere: bool = False


class OrderRow(Struct, frozen=True):
    """One order as lists show it."""

    id: int
    public_id: UUID
    number: str
    external_id: str
    store_id: int
    merchant_id: int
    status: str
    status_at: datetime
    wait_until: datetime | None
    reason: str
    issue: str
    placed_at: datetime
    imported_at: datetime
    ship_by: datetime | None
    currency: str
    grand_total: Decimal | None
    ship_name: str
    ship_country: str
    method_sold: str
    lines_count: int
    units: Decimal
    is_test: bool

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.placed_at, self.id)


class Listed(Struct, frozen=True):
    """A page of orders, newest first. `newer` and `older` are where the neighbouring pages begin, None where there is none.

    Of a search: `recognized` and `walked` as in `searching.Found`, `found` itself, and how many of it stand at each status, which
    `tab_counts` takes so as not to search again.
    """

    rows: tuple[OrderRow, ...]
    newer: Place | None = None
    older: Place | None = None
    recognized: searching.Recognized = ""
    walked: int = 0
    found: searching.Found | None = None
    counts: Mapping[str, int] | None = None


COLUMNS = ", ".join(f"o.{name}" for name in OrderRow.__struct_fields__)


def list_orders(filters: OrderFilters, before: Place | None = None, limit: int = PAGE, *, after: Place | None = None) -> Listed:
    """A page of orders, newest first: those older than `before`, or with `after` the nearest newer ones.

    Needs the account's scope; limited people get only their merchants'.
    """
    # Other filters drop some of what is found, so more has to be found at once.
    looked_up = _look_up(filters, before, limit + 1 if _is_only_text(filters) else searching.MOST)
    rows, counts = _page(filters, None if looked_up is None else looked_up.ids, before, after, limit)
    found = looked_up or searching.Found(())
    more = len(rows) > limit
    rows = rows[:limit]
    if after is not None:
        rows = rows[::-1]
    # What is found a part at a time leads onward only; back it is to the beginning.
    has_newer = (more if after is not None else before is not None) and found.is_complete
    has_older = more or after is not None or (not found.is_complete and found.walked == 0)
    older = rows[-1].place if rows and has_older else None
    return Listed(
        tuple(rows),
        newer=rows[0].place if rows and has_newer else None,
        older=older or found.further,
        recognized=found.recognized,
        walked=found.walked,
        found=looked_up,
        counts=counts,
    )


def tab_counts(filters: OrderFilters, listed: Listed | None = None) -> dict[str, int] | None:
    """Orders at each status under the other filters: exact up to COUNTED, COUNTED + 1 above. `listed` is the list by these filters.

    None where nobody counts: a search that did not look at all orders.
    """
    if listed is None and (filters.text or filters.needs == "issue"):
        listed = list_orders(filters)
    if listed is not None and listed.found is not None:
        return _counted(listed.counts or {}) if listed.found.is_complete else None
    values, conditions = _conditions(filters, None)
    values["most"] = COUNTED + 1
    one = f"select 1 from sales_order o where {conditions} and o.status = st.status"
    inner = f"{one} limit %(most)s"
    if "merchants" in values and filters.store_id is None:
        inner = (
            "select 1 from unnest(%(merchants)s::bigint[]) m(id) cross join lateral"
            f" ({one} and o.merchant_id = m.id limit %(most)s) y limit %(most)s"
        )
    with connection.cursor() as cursor:
        cursor.execute(f"select st.status, (select count(*) from ({inner}) x) from order_status st", values)
        return _counted(dict(cursor.fetchall()))


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {status.value: min(counts.get(status.value, 0), COUNTED + 1) for status in OrderStatus}


def _look_up(filters: OrderFilters, before: Place | None, wanted: int) -> searching.Found | None:
    """The orders that a search or an issue limits a list to; None for neither."""
    if filters.text:
        return searching.find(filters.text, before=before, wanted=wanted, is_anywhere=filters.is_anywhere)
    return searching.Found(tuple(_with_issue())) if filters.needs == "issue" else None


def _is_only_text(filters: OrderFilters) -> bool:
    return filters == OrderFilters(text=filters.text, is_anywhere=filters.is_anywhere)


def _with_issue() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from sales_order where account_id = %s and issue <> '' and deleted_at is null order by id desc limit %s",
            [account_in_scope(), ISSUES],
        )
        return [row[0] for row in cursor.fetchall()]


def _merchants(filters: OrderFilters) -> list[int] | None:
    """Whose orders: the chosen merchant's, of those this person may see; None for everybody's."""
    scope = current_scope()
    allowed = scope.merchants if scope else None
    if filters.merchant_id is not None:
        return [filters.merchant_id] if allowed is None or filters.merchant_id in allowed else []
    return None if allowed is None else sorted(allowed)


def _conditions(filters: OrderFilters, ids: Sequence[int] | None) -> tuple[dict[str, Any], str]:
    """Parameters, and the conditions that are the same in every branch of a statement."""
    values: dict[str, Any] = {"account": account_in_scope()}
    parts = ["o.account_id = %(account)s", "o.deleted_at is null"]
    if filters.store_id is not None:
        values["store"] = filters.store_id
        parts.append("o.store_id = %(store)s")
    if (merchants := _merchants(filters)) is not None:
        values["merchants"] = merchants
        if filters.store_id is not None or ids is not None:
            parts.append("o.merchant_id = any (%(merchants)s)")
    if filters.placed_from is not None:
        values["from"] = filters.placed_from
        parts.append("o.placed_at >= %(from)s")
    if filters.placed_until is not None:
        values["until"] = filters.placed_until
        parts.append("o.placed_at < %(until)s")
    if filters.needs == "person":
        parts.append("o.status = 'on_hold' and o.wait_until is null")
    if filters.needs == "issue" and filters.text:
        parts.append("o.issue <> ''")
    if ids is not None:
        values["ids"] = list(ids)
    return values, " and ".join(parts)


# Known orders are read by their keys and once, for the page and for the counts of all of them, which are there on an empty page too.
FOUND = """
with found as materialized (select {columns} from (select * from sales_order where id = any (%(ids)s) offset 0) o where {conditions}),
     counted as (select jsonb_object_agg(s.status, s.orders) as counts
                   from (select status, count(*) as orders from found group by status) s)
select k.counts, x.* from counted k left join ({page}) x on true {order}
"""


def _page(
    filters: OrderFilters, ids: Sequence[int] | None, before: Place | None, after: Place | None, limit: int
) -> tuple[list[OrderRow], Mapping[str, int] | None]:
    """Rows of a page and one more; of known orders also how many there are at each status."""
    values, conditions = _conditions(filters, ids)
    place = after or before or NEWEST
    values |= {"at": place.at, "id": place.id, "limit": limit + 1}
    sign, way = (">", "asc") if after is not None else ("<", "desc")
    order = f"order by placed_at {way}, id {way} limit %(limit)s"
    beyond = f"(o.placed_at, o.id) {sign} (%(at)s, %(id)s)"
    statuses = list(filters.statuses)
    if ids is not None:
        if statuses:
            values["statuses"] = statuses
            beyond += " and o.status = any (%(statuses)s)"
        page = f"select {COLUMNS} from found o where {beyond} {order}"
        with connection.cursor() as cursor:
            cursor.execute(FOUND.format(columns=COLUMNS, conditions=conditions, page=page, order=order), values)
            rows = cursor.fetchall()
        return [OrderRow(*row[1:]) for row in rows if row[1] is not None], json.loads(rows[0][0] or "{}")
    inner = f"select {COLUMNS} from sales_order o where {conditions} and {beyond}"
    branches = []
    # The indexes by status and by store have the status before the date: over several, the newest of each are merged.
    if statuses or filters.store_id is not None:
        values["statuses"] = statuses or [status.value for status in OrderStatus]
        branches.append("unnest(%(statuses)s::text[]) st(status)")
        inner += " and o.status = st.status"
    if "merchants" in values and filters.store_id is None:
        branches.append("unnest(%(merchants)s::bigint[]) m(id)")
        inner += " and o.merchant_id = m.id"
    statement = f"{inner} {order}"
    if branches:
        statement = f"select x.* from {' cross join '.join(branches)} cross join lateral ({inner} {order}) x {order}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [OrderRow(*row) for row in cursor.fetchall()], None
