"""What a store is to show: computed for all its listings in sets, written down, and judged before anybody is told."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.domain.products import Component
from crossdock.domain.stock import Drop, Stock, bundles_of, left_of, to_sell
from crossdock.inventory.models import LevelState
from crossdock.inventory.reserving import Sold
from crossdock.inventory.sources import Sources
from crossdock.tenancy.scope import account_in_scope

SET = 1_000
"""Listings planned in one transaction."""


class Offered(Struct, frozen=True):
    """One listing as planning needs it."""

    id: int
    merchant_id: int
    sku: str
    components: tuple[Component, ...]
    tracks_stock: bool | None
    is_second: bool


class Said(Struct, frozen=True):
    """A warehouse's level, and the moment for which it holds."""

    facility: str
    available: Decimal | None
    on_hand: Decimal | None
    at: datetime


# A SKU that stands twice in a store: the listing that was there first is shown the figure, unless all are to be.
LISTINGS = """
select l.id, l.merchant_id, l.sku, l.components, l.tracks_stock,
       l.is_doubled and not %(all)s and exists (
         select from listing f where f.store_id = l.store_id and f.sku = l.sku and f.gone_at is null and f.id < l.id
            and f.tracks_stock is not false)
  from listing l where l.store_id = %(store)s and l.id > %(after)s and l.gone_at is null and l.sku <> '' order by l.id limit %(most)s
"""

LEVELS = """
select w.warehouse_id, w.sku, w.facility, w.available, w.on_hand, greatest(w.read_at, r.as_of)
  from warehouse_level w left join stock_reading r on r.warehouse_id = w.warehouse_id
 where w.account_id = %(account)s and w.sku = any (%(skus)s) and w.warehouse_id = any (%(warehouses)s) and w.gone_at is null
"""

MOMENTS = """
select w.id, coalesce(r.as_of, (select min(read_at) from warehouse_level l where l.warehouse_id = w.id), clock_timestamp())
  from unnest(%(warehouses)s::bigint[]) w(id) left join stock_reading r on r.warehouse_id = w.id
"""

# A figure that differs from what the store took last waits to be told; one that it refused waits for another figure or a full push.
WRITE = """
insert into store_level (account_id, merchant_id, store_id, listing_id, location, sku, computed, held, level_at, computed_at, state,
                         is_unsure, attempt, revision, answer)
select %(account)s, r.merchant_id, %(store)s, r.listing_id, r.location, r.sku, r.computed, r.held, r.level_at, clock_timestamp(),
       r.state, false, 0, 0, ''
  from jsonb_to_recordset(%(rows)s::jsonb) r(merchant_id bigint, listing_id bigint, location text, sku text, computed numeric,
         held numeric, level_at timestamptz, state text)
 order by r.listing_id, r.location
on conflict (listing_id, location) do update set
  sku = excluded.sku, computed = excluded.computed, held = excluded.held, level_at = excluded.level_at,
  computed_at = excluded.computed_at,
  next_at = case when excluded.computed is distinct from store_level.computed then null else store_level.next_at end,
  attempt = case when excluded.computed is distinct from store_level.computed then 0 else store_level.attempt end,
  state = case
    when excluded.state <> 'waiting' then excluded.state
    when store_level.is_unsure then 'waiting'
    when store_level.pushed = excluded.computed and store_level.pushed_at >= coalesce(%(full)s::timestamptz, '-infinity') then 'done'
    when store_level.state = 'refused' and store_level.intended = excluded.computed
     and store_level.answered_at >= coalesce(%(full)s::timestamptz, '-infinity') then 'refused'
    else 'waiting' end
"""

# What was under way when its run died: nobody knows whether the store heard of it.
LEFT = """
update store_level set state = 'waiting', is_unsure = true, next_at = null where store_id = %(store)s and state = 'trying'
"""

# Listings that are gone, and locations that are not linked any more: what the store shows there stays as it is.
UNPLANNED = """
update store_level s set state = 'gone', computed = null, next_at = null
 where s.store_id = %(store)s and s.state <> 'gone'
   and (not s.location = any (%(locations)s)
        or exists (select from listing l where l.id = s.listing_id and (l.gone_at is not null or l.sku = '')))
"""

# Places are counted once: joined, the count would be made again for every figure.
DROP = """
with places as materialized (
  select count(distinct location) many from store_level where store_id = %(store)s and state <> 'gone')
select coalesce(sum(greatest(0, s.before - s.computed - s.held)), 0), coalesce(sum(s.before), 0),
       count(*) filter (where s.before > 0 and s.computed + s.held <= 0), count(*) filter (where s.before > 0)
  from (select case when s.pushed is not null then s.pushed when (select many from places) = 1 then l.stock end before,
               s.computed, s.held
          from store_level s join listing l on l.id = s.listing_id
         where s.store_id = %(store)s and s.state in ('waiting', 'done')) s
 where s.before is not null
"""


def moments_of(sources: Sources) -> dict[int, datetime]:
    """For which moment the levels of each warehouse hold: what was sent after it is not in them."""
    with connection.cursor() as cursor:
        cursor.execute(MOMENTS, {"warehouses": list(sources.warehouses)})
        return dict(cursor.fetchall())


def take_back(store_id: int) -> None:
    """Have figures told again that a dead run left in the middle: absolute ones may be."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT, {"store": store_id})


def begin(store_id: int, sources: Sources) -> None:
    """Before a plan: set aside what is not sold or linked any more."""
    with connection.cursor() as cursor:
        cursor.execute(UNPLANNED, {"store": store_id, "locations": list(sources.locations)})


def plan_some(
    store_id: int, sources: Sources, sold: Sold, after: int, *, full_since: datetime | None, is_every_double: bool
) -> int | None:
    """Compute the figures of the next set of listings and write them down; the last id looked at, None when none is left."""
    with connection.cursor() as cursor:
        cursor.execute(LISTINGS, {"store": store_id, "after": after, "most": SET, "all": is_every_double})
        offered = [Offered(row[0], row[1], row[2], _components(row[3]), row[4], row[5]) for row in cursor.fetchall()]
        if not offered:
            return None
        skus = {one.sku for one in offered} | {part.sku for one in offered for part in one.components}
        cursor.execute(LEVELS, {"account": account_in_scope(), "skus": sorted(skus), "warehouses": list(sources.warehouses)})
        levels: dict[tuple[int, str], list[Said]] = defaultdict(list)
        for warehouse_id, sku, facility, available, on_hand, at in cursor.fetchall():
            levels[warehouse_id, sku].append(Said(facility, available, on_hand, at))
        rows = [row for one in offered for row in figures_of(one, sources, levels, sold)]
        cursor.execute(
            WRITE,
            {"account": account_in_scope(), "store": store_id, "rows": msgspec.json.encode(rows).decode(), "full": full_since},
        )
    return offered[-1].id


def figures_of(
    one: Offered, sources: Sources, levels: Mapping[tuple[int, str], Sequence[Said]], sold: Sold
) -> list[dict[str, Any]]:
    """What a listing is to show at each location, as rows of `WRITE`. Pure.

    A bundle that the warehouse knows by its own SKU is as many as it says; else as many as its parts make, less those sold.
    """
    rows = []
    for location in sources.locations:
        stocks = _stocks(one.sku, location, sources, levels, sold)
        left, at = left_of(stock for stock, _ in stocks), [said for _, said in stocks]
        held = sum((stock.held for stock, _ in stocks if stock.left is not None), Decimal(0))
        if left is None and one.components:
            left, at = _as_bundle(one, location, sources, levels, sold)
        state = LevelState.WAITING
        if one.tracks_stock is False:
            state = LevelState.UNTRACKED
        elif one.is_second:
            state = LevelState.SECOND
        elif left is None:
            state = LevelState.UNKNOWN
        computed = to_sell(left)
        rows.append(
            {
                "merchant_id": one.merchant_id,
                "listing_id": one.id,
                "location": location,
                "sku": one.sku,
                "computed": computed,
                # What is taken off beyond what there is explains no drop.
                "held": max(Decimal(0), min(held, (left or Decimal(0)) + held)),
                "level_at": min(at, default=None),
                "state": state.value,
            }
        )
    return rows


def _as_bundle(
    one: Offered, location: str, sources: Sources, levels: Mapping[tuple[int, str], Sequence[Said]], sold: Sold
) -> tuple[Decimal | None, list[datetime]]:
    left: dict[str, Decimal | None] = {}
    moments: list[datetime] = []
    for sku in {part.sku for part in one.components}:
        stocks = _stocks(sku, location, sources, levels, sold)
        left[sku] = left_of(stock for stock, _ in stocks)
        moments += [said for _, said in stocks]
    made = bundles_of(one.components, left)
    if made is None:
        return None, []
    places = [source for source in sources.all if source.location == location]
    gone = [sold.of(source.warehouse_id, source.facility, one.sku) for source in places]
    return made - sum((units.unsent + units.since for units in gone), Decimal(0)), moments


def _stocks(
    sku: str, location: str, sources: Sources, levels: Mapping[tuple[int, str], Sequence[Said]], sold: Sold
) -> list[tuple[Stock, datetime]]:
    """What each source of a location says of a SKU: the facilities of one source are one stock, less what is sold of them."""
    found: list[tuple[Stock, datetime]] = []
    for source in sources.all:
        if source.location != location:
            continue
        said = [
            one for one in levels.get((source.warehouse_id, sku), ()) if not source.facility or one.facility == source.facility
        ]
        if not said:
            continue
        stock = Stock(
            _sum(one.available for one in said),
            _sum(one.on_hand for one in said),
            sold.of(source.warehouse_id, source.facility, sku),
        )
        found.append((stock, min(one.at for one in said)))
    return found


def _sum(figures: Any) -> Decimal | None:
    """The sum of figures; None unless all are stated."""
    stated = list(figures)
    return sum(stated, Decimal(0)) if all(one is not None for one in stated) else None


def _components(stored: Any) -> tuple[Component, ...]:
    rows = json.loads(stored) if isinstance(stored, str) else stored
    return tuple(Component(row["sku"], Decimal(row["quantity"])) for row in rows)


def drop_of(store_id: int) -> Drop:
    """How much less the store would show than it was told last, or showed when its products were read, where it was never told."""
    with connection.cursor() as cursor:
        cursor.execute(DROP, {"store": store_id})
        return Drop(*cursor.fetchone())
