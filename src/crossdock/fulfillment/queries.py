"""The list of shipments and one of them: what left, for which order, and how far the store was told."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.domain.statuses import ShipmentStatus
from crossdock.fulfillment.corrections import VOID_BOX
from crossdock.orders.queries import COUNTED
from crossdock.orders.searching import cleaned
from crossdock.tenancy.scope import account_in_scope
from crossdock.ui.paging import NEWEST, Place

PAGE = 50
UNMATCHED = 5_000
"""Shipments without an order that are looked at, the newest ones."""

MOST = 500
"""Hits of a search."""


class ShipmentFilters(Struct, frozen=True):
    """What a list of shipments is limited to; nothing set is everything. `shipped_until` is excluded."""

    statuses: tuple[str, ...] = ()
    warehouse_id: int | None = None
    store_id: int | None = None
    shipped_from: datetime | None = None
    shipped_until: datetime | None = None
    is_unmatched: bool = False
    text: str = ""


class ShipmentRow(Struct, frozen=True):
    """One shipment as lists show it; `tracking` are its numbers, `boxes` how many boxes it has."""

    id: int
    public_id: UUID
    external_id: str
    reference: str
    status: str
    reason: str
    is_flagged: bool
    carrier: str
    service: str
    shipped_at: datetime
    imported_at: datetime
    warehouse: str
    order_public_id: UUID | None
    order_number: str
    store: str
    tracking: tuple[str, ...] = ()
    boxes: int = 0

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.shipped_at, self.id)


class ShipmentsListed(Struct, frozen=True):
    """A page of shipments, newest first, and where the neighbouring pages begin."""

    rows: tuple[ShipmentRow, ...]
    newer: Place | None = None
    older: Place | None = None


COLUMNS = """
h.id, h.public_id, h.external_id, h.reference, h.status, h.reason, h.is_flagged, h.carrier, h.service, h.shipped_at, h.imported_at,
w.name, o.public_id, coalesce(o.number, ''), coalesce(s.name, '')
"""

FROM = """
from shipment h join warehouse w on w.id = h.warehouse_id
left join sales_order o on o.id = h.order_id left join store s on s.id = o.store_id
"""

FOUND = """
select h.id from package p join shipment h on h.id = p.shipment_id where p.account_id = %(account)s and p.tracking = any (%(texts)s)
union
(select h.id from package p join shipment h on h.id = p.shipment_id
  where p.account_id = %(account)s and p.tracking >= %(text)s and p.tracking < %(after)s limit %(most)s)
union
select h.id from shipment h join sales_order o on o.id = h.order_id
 where o.account_id = %(account)s and h.account_id = %(account)s and o.number = any (%(texts)s)
union
select h.id from shipment h where h.warehouse_id = any (array(select id from warehouse)) and h.external_id = any (%(texts)s)
union
select h.id from shipment h join fulfillment_order f on f.id = h.fulfillment_order_id
 where f.account_id = %(account)s and h.account_id = %(account)s and f.reference = any (%(texts)s)
union
select h.id from shipment h where h.warehouse_id = any (array(select id from warehouse)) and h.order_id is null
   and h.reference = any (%(texts)s)
"""


def list_shipments(
    filters: ShipmentFilters, before: Place | None = None, limit: int = PAGE, *, after: Place | None = None
) -> ShipmentsListed:
    """A page of shipments, newest first: those older than `before`, or with `after` the nearest newer ones."""
    values, conditions = _conditions(filters, _ids(filters))
    place = after or before or NEWEST
    sign, way = (">", "asc") if after is not None else ("<", "desc")
    values |= {"at": place.at, "id": place.id, "limit": limit + 1}
    if filters.statuses:
        values["statuses"] = list(filters.statuses)
        conditions += " and h.status = any (%(statuses)s)"
    statement = (
        f"select {COLUMNS} {FROM} where {conditions} and (h.shipped_at, h.id) {sign} (%(at)s, %(id)s)"
        f" order by h.shipped_at {way}, h.id {way} limit %(limit)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[Any] = cursor.fetchall()
    more = len(rows) > limit
    rows = rows[:limit] if after is None else rows[:limit][::-1]
    shown = _with_tracking([ShipmentRow(*row) for row in rows])
    has_newer = more if after is not None else before is not None
    return ShipmentsListed(
        tuple(shown),
        newer=shown[0].place if shown and has_newer else None,
        older=shown[-1].place if shown and (more or after is not None) else None,
    )


def shipment_counts(filters: ShipmentFilters) -> dict[str, int]:
    """Shipments at each status under the other filters, exact up to COUNTED."""
    values, conditions = _conditions(filters, _ids(filters))
    values |= {"most": COUNTED + 1, "every": [status.value for status in ShipmentStatus]}
    joins = FROM if filters.store_id is not None else "from shipment h"
    with connection.cursor() as cursor:
        cursor.execute(
            f"select st.status, (select count(*) from (select 1 {joins} where {conditions} and h.status = st.status"
            " limit %(most)s) x) from unnest(%(every)s::text[]) st(status)",
            values,
        )
        return dict(cursor.fetchall())


def _conditions(filters: ShipmentFilters, ids: Sequence[int] | None) -> tuple[dict[str, Any], str]:
    values: dict[str, Any] = {"account": account_in_scope()}
    parts = ["h.account_id = %(account)s"]
    for name, value, condition in (
        ("warehouse", filters.warehouse_id, "h.warehouse_id = %(warehouse)s"),
        ("store", filters.store_id, "o.store_id = %(store)s"),
        ("from", filters.shipped_from, "h.shipped_at >= %(from)s"),
        ("until", filters.shipped_until, "h.shipped_at < %(until)s"),
    ):
        if value is not None:
            values[name] = value
            parts.append(condition)
    if ids is not None:
        values["ids"] = list(ids)
        parts.append("h.id = any (%(ids)s)")
    return values, " and ".join(parts)


def _ids(filters: ShipmentFilters) -> list[int] | None:
    """What a search finds, and what has no order; None when neither is asked for."""
    found: set[int] | None = None
    with connection.cursor() as cursor:
        if filters.text:
            cursor.execute(FOUND, _found(filters.text))
            found = {row[0] for row in cursor.fetchall()}
        if filters.is_unmatched:
            cursor.execute(
                "select id from shipment where account_id = %s and order_id is null and status <> 'archived'"
                " order by id desc limit %s",
                [account_in_scope(), UNMATCHED],
            )
            unmatched = {row[0] for row in cursor.fetchall()}
            found = unmatched if found is None else found & unmatched
    return None if found is None else sorted(found)


def _found(text: str) -> dict[str, Any]:
    text = cleaned(text)
    bare = text.removeprefix("#")
    start = text.upper() or "\x01"
    after = start[:-1] + chr(min(ord(start[-1]) + 1, 0xD7FF))
    texts = {text, text.upper(), bare, f"#{bare}", f"#{bare.upper()}"}
    return {"account": account_in_scope(), "texts": sorted(texts), "text": start, "after": after, "most": MOST}


def _with_tracking(rows: Sequence[ShipmentRow]) -> list[ShipmentRow]:
    numbers: dict[int, list[str]] = defaultdict(list)
    boxes: dict[int, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(
            "select shipment_id, tracking from package where shipment_id = any (%s) and external_id <> %s order by id",
            [[r.id for r in rows], VOID_BOX],
        )
        for shipment_id, tracking in cursor.fetchall():
            boxes[shipment_id] += 1
            if tracking:
                numbers[shipment_id].append(tracking)
    return [msgspec.structs.replace(row, tracking=tuple(numbers[row.id]), boxes=boxes[row.id]) for row in rows]


class Notice(Struct, frozen=True):
    """How far the store was told of a shipment."""

    state: str
    attempt: int
    error: str
    next_at: datetime | None
    settled_at: datetime | None
    external_id: str


def notice_of(shipment_id: int) -> Notice | None:
    """The effect that tells the store; None when there is nothing to tell yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select state, attempt, error, next_at, settled_at, coalesce(external_id, '') from effect"
            " where account_id = %s and kind = 'store.post' and subject_id = %s",
            [account_in_scope(), shipment_id],
        )
        row = cursor.fetchone()
    return Notice(*row) if row else None
