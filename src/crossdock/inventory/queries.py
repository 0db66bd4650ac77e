"""Stock as people look at it: what warehouses say, what stores are to show, what would change, and the story of one SKU."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.inventory.models import LevelState
from crossdock.products.queries import Place
from crossdock.tenancy.scope import account_in_scope, current_scope

PAGE = 50
COUNTED = 10_000


class LevelFilters(Struct, frozen=True):
    """What a list of warehouse levels is limited to; nothing set is everything."""

    warehouse_id: int | None = None
    facility: str = ""
    is_gone: bool = False
    text: str = ""


class LevelRow(Struct, frozen=True):
    """What a warehouse said of a SKU in a facility. `as_of` is the moment for which that holds."""

    id: int
    sku: str
    facility: str
    available: Decimal | None
    on_hand: Decimal | None
    changed_at: datetime
    gone_at: datetime | None
    as_of: datetime
    warehouse_id: int
    warehouse: str
    name: str


class FigureFilters(Struct, frozen=True):
    """What a list of stores' figures is limited to; nothing set is everything."""

    store_id: int | None = None
    state: str = ""
    text: str = ""


class FigureRow(Struct, frozen=True):
    """What a store is to show of a listing, and what it was told. `location` is the place's name at the store, else its id."""

    id: int
    sku: str
    location: str
    computed: Decimal | None
    held: Decimal
    level_at: datetime | None
    computed_at: datetime
    state: str
    pushed: Decimal | None
    pushed_at: datetime | None
    is_unsure: bool
    next_at: datetime | None
    answer: str
    answered_at: datetime | None
    store_id: int
    store: str
    listing_public_id: UUID
    name: str
    shown: Decimal | None


class Listed(Struct, frozen=True):
    """A page in the order of SKUs, and where its neighbors begin."""

    rows: tuple[Any, ...]
    before: Place | None = None
    after: Place | None = None


LEVELS = """
select w.id, w.sku, w.facility, w.available, w.on_hand, w.changed_at, w.gone_at,
       case when w.gone_at is null then greatest(w.read_at, r.as_of) else w.read_at end, w.warehouse_id, h.name,
       coalesce((select l.name from listing l where l.account_id = w.account_id and l.sku = w.sku and l.gone_at is null
                  order by l.id limit 1), '')
  from warehouse_level w join warehouse h on h.id = w.warehouse_id left join stock_reading r on r.warehouse_id = w.warehouse_id
"""

# A location under the store's own name for it, as far as it was heard.
FIGURES = """
select s.id, s.sku,
       coalesce((select place ->> 1 from stock_publishing p, jsonb_array_elements(p.locations) place
                  where p.account_id = s.account_id and p.store_id = s.store_id and place ->> 0 = s.location limit 1), s.location),
       s.computed, s.held, s.level_at, s.computed_at, s.state, s.pushed, s.pushed_at, s.is_unsure, s.next_at,
       s.answer, s.answered_at, s.store_id, o.name, l.public_id, l.name, coalesce(s.pushed, l.stock)
  from store_level s join store o on o.id = s.store_id join listing l on l.id = s.listing_id
"""


def list_levels(filters: LevelFilters, *, after: Place | None = None, before: Place | None = None, limit: int = PAGE) -> Listed:
    """A page of warehouse levels by SKU. Needs the account's scope.

    Warehouses may serve several merchants, and a level says nothing of them: limited people see those of SKUs that their own stores
    sell, at warehouses that they are connected to.
    """
    values, parts = _level_conditions(filters)
    return _page("w", LEVELS, values, parts, after, before, limit, LevelRow)


def list_figures(filters: FigureFilters, *, after: Place | None = None, before: Place | None = None, limit: int = PAGE) -> Listed:
    """A page of what stores are to show, by SKU. Needs the account's scope."""
    values, parts = _figure_conditions(filters)
    return _page("s", FIGURES, values, parts, after, before, limit, FigureRow)


def figure_counts(filters: FigureFilters) -> dict[str, int]:
    """Figures at each state under the other filters, exact up to COUNTED."""
    values, parts = _figure_conditions(FigureFilters(filters.store_id, "", filters.text))
    values |= {"most": COUNTED + 1, "every": list(LevelState.values)}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select st.state, (select count(*) from (select 1 from store_level s where {' and '.join(parts)} and s.state = st.state"
            " limit %(most)s) x) from unnest(%(every)s::text[]) st(state)",
            values,
        )
        return dict(cursor.fetchall())


def levels_of(sku: str) -> list[LevelRow]:
    """Every warehouse's word on one SKU."""
    values, parts = _level_conditions(LevelFilters())
    parts = [part for part in parts if "gone_at" not in part]
    return _rows(
        f"{LEVELS} where {' and '.join(parts)} and w.sku = %(sku)s order by h.name, w.facility", {**values, "sku": sku}, LevelRow
    )


def figures_of(sku: str) -> list[FigureRow]:
    """What every store is to show of one SKU."""
    values = {"account": account_in_scope(), "sku": sku}
    return _rows(
        f"{FIGURES} where s.account_id = %(account)s and s.sku = %(sku)s order by o.name, s.location, s.id", values, FigureRow
    )


def _level_conditions(filters: LevelFilters) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {"account": account_in_scope()}
    parts = ["w.account_id = %(account)s", f"w.gone_at is {'not ' if filters.is_gone else ''}null"]
    scope = current_scope()
    if scope is not None and scope.merchants is not None:
        # Both tables show limited people their merchants' rows only.
        parts.append("w.warehouse_id in (select c.warehouse_id from connection c where c.deleted_at is null)")
        parts.append("exists (select from listing l where l.account_id = w.account_id and l.sku = w.sku and l.sku <> '')")
    for name, value in (("warehouse_id", filters.warehouse_id), ("facility", filters.facility or None)):
        if value is not None:
            values[name] = value
            parts.append(f"w.{name} = %({name})s")
    _search("w", filters.text, values, parts)
    return values, parts


def _figure_conditions(filters: FigureFilters) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {"account": account_in_scope()}
    parts = ["s.account_id = %(account)s"]
    for name, value in (("store_id", filters.store_id), ("state", filters.state or None)):
        if value is not None:
            values[name] = value
            parts.append(f"s.{name} = %({name})s")
    _search("s", filters.text, values, parts)
    return values, parts


def _search(table: str, text: str, values: dict[str, Any], parts: list[str]) -> None:
    """Any part of the SKU. Rows come in the order of an index on it, so that a page of them ends the search."""
    if text:
        values["text"] = text.upper()
        parts.append(f"strpos(upper({table}.sku), %(text)s) > 0")


def _page(
    table: str,
    statement: str,
    values: dict[str, Any],
    parts: Sequence[str],
    after: Place | None,
    before: Place | None,
    limit: int,
    kind: type[Struct],
) -> Listed:
    place = before or after or Place("", 0)
    sign, way = ("<", "desc") if before is not None else (">", "asc")
    values = {**values, "sku": place.sku, "id": place.id, "limit": limit + 1}
    rows = _rows(
        f"{statement} where {' and '.join(parts)} and ({table}.sku, {table}.id) {sign} (%(sku)s, %(id)s)"
        f" order by {table}.sku {way}, {table}.id {way} limit %(limit)s",
        values,
        kind,
    )
    more = len(rows) > limit
    rows = rows[:limit] if before is None else rows[:limit][::-1]
    has_before = more if before is not None else after is not None
    has_after = more or before is not None
    return Listed(
        tuple(rows),
        before=Place(rows[0].sku, rows[0].id) if rows and has_before else None,
        after=Place(rows[-1].sku, rows[-1].id) if rows and has_after else None,
    )


def _rows(statement: str, values: dict[str, Any], kind: type[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [kind(*row) for row in cursor.fetchall()]


# --- Publishing -------------------------------------------------------------------------------------------------------------------


class Channel(Struct, frozen=True):
    """A store whose connections carry stock, and how it is told. `waiting` figures differ from what it took last."""

    store_id: int
    public_id: UUID
    name: str
    state: str
    state_at: datetime | None
    reason: str
    is_live: bool
    planned_at: datetime | None
    pushed_at: datetime | None
    waiting: int
    refused: int


CHANNELS = """
select s.id, s.public_id, s.name, coalesce(p.state, 'new'), p.state_at, coalesce(p.reason, ''), bool_or(c.mode = 'live'), p.planned_at,
       p.pushed_at,
       (select count(*) from (select 1 from store_level l where l.account_id = s.account_id and l.store_id = s.id
                                 and l.state in ('waiting', 'trying') limit %(most)s) x),
       (select count(*) from (select 1 from store_level l where l.account_id = s.account_id and l.store_id = s.id
                                 and l.state = 'refused' limit %(most)s) x)
  from store s join connection c on c.store_id = s.id and c.deleted_at is null
  join channel h on h.connection_id = c.id and h.kind = 'inventory' and h.is_on
  left join stock_publishing p on p.store_id = s.id
 where s.account_id = %(account)s and s.deleted_at is null
 group by s.id, p.id order by p.state in ('first', 'held', 'link') desc nulls last, lower(s.name), s.id limit 500
"""


def channels() -> list[Channel]:
    """Stores that are to be told stock, those that wait for a person first."""
    return _rows(CHANNELS, {"account": account_in_scope(), "most": COUNTED + 1}, Channel)


class Change(Struct, frozen=True):
    """What a push would do: how many figures rise, fall, fall to nothing, stay, or show for the first time; units before and after."""

    rises: int
    falls: int
    to_zero: int
    stays: int
    first: int
    units_before: Decimal
    units_after: Decimal


CHANGE = """
select count(*) filter (where s.computed > s.before), count(*) filter (where s.computed < s.before),
       count(*) filter (where s.computed = 0 and s.before > 0), count(*) filter (where s.computed = s.before),
       count(*) filter (where s.before is null), coalesce(sum(s.before), 0), coalesce(sum(s.computed), 0)
  from (select s.computed, coalesce(s.pushed, l.stock) before from store_level s join listing l on l.id = s.listing_id
         where s.account_id = %(account)s and s.store_id = %(store)s and s.state in ('waiting', 'done', 'refused', 'trying')) s
"""


def change_of(store_id: int) -> Change:
    """What telling a store its figures would change."""
    return Change(*_rows(CHANGE, {"account": account_in_scope(), "store": store_id}, lambda *row: row)[0])  # type: ignore[arg-type]


def worst_changes(store_id: int, most: int = 200) -> list[FigureRow]:
    """Figures that would change, those that lose most first."""
    statement = (
        f"{FIGURES} where s.account_id = %(account)s and s.store_id = %(store)s and s.state in ('waiting', 'refused')"
        " order by s.computed - coalesce(s.pushed, l.stock, 0), s.sku, s.id limit %(most)s"
    )
    return _rows(statement, {"account": account_in_scope(), "store": store_id, "most": most}, FigureRow)


def facilities() -> list[str]:
    """Facilities that levels name, at most fifty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct facility from warehouse_level where account_id = %s and facility <> '' order by 1 limit 50",
            [account_in_scope()],
        )
        return [row[0] for row in cursor.fetchall()]
