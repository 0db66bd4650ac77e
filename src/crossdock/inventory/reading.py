"""Stock levels as they come from a warehouse: written where they changed, and never taken for zero when they are not named."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.domain.fulfillment import StockLevel
from crossdock.tenancy.scope import account_in_scope


class Changed(Struct, frozen=True):
    """How many levels are new or different, and how many a whole reading no longer named."""

    levels: int = 0
    gone: int = 0


LEVELS = """
insert into warehouse_level (account_id, warehouse_id, facility, sku, available, on_hand, read_at, changed_at)
select %(account)s, %(warehouse)s, r.facility, r.sku, r.available, r.on_hand, %(at)s, clock_timestamp()
  from jsonb_to_recordset(%(rows)s::jsonb) r(facility text, sku text, available numeric, on_hand numeric)
 order by r.facility, r.sku
on conflict (warehouse_id, facility, sku) do update set
  available = excluded.available, on_hand = excluded.on_hand, read_at = excluded.read_at, gone_at = null,
  changed_at = excluded.changed_at
 where warehouse_level.read_at <= excluded.read_at
   and (warehouse_level.available, warehouse_level.on_hand, warehouse_level.gone_at)
       is distinct from (excluded.available, excluded.on_hand, null::timestamptz)
"""

GONE = """
update warehouse_level w set gone_at = %(at)s
 where w.warehouse_id = %(warehouse)s and w.gone_at is null and w.read_at <= %(at)s
   and not exists (select from unnest(%(facilities)s::text[], %(skus)s::text[]) n(facility, sku)
                    where n.facility = w.facility and n.sku = w.sku)
"""

ENDED = """
insert into stock_reading (account_id, warehouse_id, name, as_of, ended_at, whole_at, rejected)
values (%(account)s, %(warehouse)s, %(name)s, case when %(holds)s then %(at)s end, clock_timestamp(),
        case when %(whole)s then clock_timestamp() end, %(rejected)s)
on conflict (account_id, warehouse_id) do update set
  name = excluded.name, as_of = greatest(stock_reading.as_of, excluded.as_of), ended_at = excluded.ended_at,
  whole_at = coalesce(excluded.whole_at, stock_reading.whole_at), rejected = excluded.rejected
"""

Place = tuple[str, str]
"""Facility and SKU."""


def take_levels(*, warehouse_id: int, levels: Sequence[StockLevel], at: datetime) -> Changed:
    """Store levels that hold as of a moment. One that came from an older moment than what is known changes nothing."""
    last = {place_of(level): level for level in levels}
    if not last:
        return Changed()
    rows = [
        {"facility": facility, "sku": sku, "available": level.available, "on_hand": level.on_hand}
        for (facility, sku), level in last.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            LEVELS,
            {
                "account": account_in_scope(),
                "warehouse": warehouse_id,
                "rows": msgspec.json.encode(rows).decode(),
                "at": at,
            },
        )
        return Changed(levels=cursor.rowcount)


def end_reading(
    *, warehouse_id: int, name: str, at: datetime, named: Collection[Place] | None = None, holds: bool = True, rejected: int = 0
) -> Changed:
    """Note that a reading ended. `named` is all that a whole one named: the rest is missing since, which is not zero.

    `holds` says that every level was said or confirmed by it: false of a snapshot with rows that could not be understood, which
    changes nothing that it does not name, and makes it no fresher.
    """
    values: dict[str, Any] = {"account": account_in_scope(), "warehouse": warehouse_id, "at": at}
    with connection.cursor() as cursor:
        gone = 0
        if named is not None:
            pairs = sorted(named)
            cursor.execute(GONE, {**values, "facilities": [facility for facility, _ in pairs], "skus": [sku for _, sku in pairs]})
            gone = cursor.rowcount
        cursor.execute(ENDED, {**values, "name": name, "whole": named is not None, "holds": holds, "rejected": rejected})
    return Changed(gone=gone)


def place_of(level: StockLevel) -> Place:
    """Where a level belongs."""
    return (level.facility or "").strip(), level.sku.strip()


def last_reading(warehouse_id: int) -> tuple[str, datetime | None, datetime | None]:
    """Name, moment and last whole end of what was read of a warehouse."""
    with connection.cursor() as cursor:
        cursor.execute("select name, as_of, whole_at from stock_reading where warehouse_id = %s", [warehouse_id])
        return cursor.fetchone() or ("", None, None)
