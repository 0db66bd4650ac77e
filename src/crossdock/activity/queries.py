"""Read the story: of one order, or everything that happened in the account; and what was said to a platform.

The list names the orders, stores and warehouses it is about, so its statement joins their tables by name.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.accounts.models import Person
from crossdock.activity.sentences import problems
from crossdock.activity.services import Said, opened
from crossdock.tenancy.scope import account_in_scope, current_scope
from crossdock.ui.paging import NEWEST, Place

WALK = 20_000
"""How many of the newest activities a search looks at before it says so."""


class Happened(Struct, frozen=True):
    """One activity, and what it is about by name. `by` is a person's name, empty for Crossdock itself."""

    id: int
    at: datetime
    kind: str
    params: Mapping[str, Any]
    message_id: uuid.UUID | None
    order_id: int | None = None
    order_public_id: uuid.UUID | None = None
    order_number: str = ""
    shipment_public_id: uuid.UUID | None = None
    store: str = ""
    warehouse: str = ""
    by: str = ""


class StoryFilters(Struct, frozen=True):
    """What the list of activity is limited to. `about` is one of ABOUT, "" for everything."""

    about: str = ""
    store_id: int | None = None
    warehouse_id: int | None = None
    text: str = ""


ABOUT = ("problem", "order", "shipment", "site", "person")
"""What activity may be about: something went wrong, orders, shipments, stores and warehouses, what people did."""


class Story(Struct, frozen=True):
    """A page of activity, newest first. `older` is where the next one begins; `walked` how many were looked at in vain."""

    happened: tuple[Happened, ...]
    older: Place | None = None
    walked: int = 0


OF_ORDER = """
select a.id, a.at, a.kind, a.params, a.message_id, a.order_id, h.public_id, a.by
  from activity a left join shipment h on h.id = a.shipment_id
 where a.account_id = %(account)s and a.order_id = %(order)s and (%(before)s::bigint is null or a.id < %(before)s)
 order by a.id desc limit %(limit)s
"""

NEWEST_FIRST = """
with w as materialized (
  select * from activity a where a.account_id = %(account)s and (a.at, a.id) < (%(at)s, %(id)s){on_order}
   order by a.at desc, a.id desc limit %(walk)s),
 named as (
  select w.id, w.at, w.kind, w.params, w.message_id, w.order_id, o.public_id order_public_id, o.number, h.public_id shipment_public_id,
         coalesce(s.name, '') store, coalesce(wh.name, '') warehouse, w.by
    from w left join sales_order o on o.id = w.order_id left join shipment h on h.id = w.shipment_id
    left join store s on s.id = coalesce(w.store_id, o.store_id)
    left join warehouse wh on wh.id = coalesce(w.warehouse_id, h.warehouse_id)
   where true{conditions}
   order by w.at desc, w.id desc limit %(limit)s)
select *, (select count(*) from w), (select min(w.at) from w) from named order by at desc, id desc
"""


def story_of_order(order_id: int, *, before: int | None = None, limit: int = 50) -> list[Happened]:
    """What happened to one order, newest first; older than the activity `before`. Needs the scope to show the order."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ORDER, {"account": account_in_scope(), "order": order_id, "before": before, "limit": limit})
        rows = cursor.fetchall()
    names = _names([row[7] for row in rows])
    return [
        Happened(
            id=row[0],
            at=row[1],
            kind=row[2],
            params=_params(row[3]),
            message_id=row[4],
            order_id=row[5],
            shipment_public_id=row[6],
            by=names.get(row[7], ""),
        )
        for row in rows
    ]


def story_of_shipment(shipment_id: int, *, limit: int = 50) -> list[Happened]:
    """What happened to one shipment, newest first. Needs the scope to show the shipment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select h.order_id, h.public_id from shipment h where h.id = %s",
            [shipment_id],
        )
        found = cursor.fetchone()
    if found is None:
        return []
    if found[0] is not None:
        # By its order, whose story has an index.
        return [one for one in story_of_order(found[0], limit=500) if one.shipment_public_id == found[1]][:limit]
    return []


def newest(filters: StoryFilters, *, before: Place | None = None, limit: int = 50) -> Story:
    """What happened in the account, newest first. Limited people see what is about their merchants' records only."""
    place = before or NEWEST
    conditions, values = _conditions(filters)
    orders = _orders_named(filters.text)
    on_order = ""
    if orders:
        on_order, values["orders"] = " and a.order_id = any (%(orders)s)", orders
    elif filters.text:
        values["words"] = "%" + re.sub(r"([\\%_])", r"\\\1", filters.text.strip()[:200].replace("\x00", "")) + "%"
        conditions += " and (w.params::text ilike %(words)s or s.name ilike %(words)s or wh.name ilike %(words)s)"
    walk = WALK if conditions else limit + 1
    values |= {"account": account_in_scope(), "at": place.at, "id": place.id, "walk": walk, "limit": limit + 1}
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_FIRST.format(on_order=on_order, conditions=conditions), values)
        rows = cursor.fetchall()
        end = None
        if len(rows) <= limit and conditions:
            end = _end_of_walk(cursor, values)
    names = _names([row[11] for row in rows])
    happened = tuple(_happened(row, names) for row in rows[:limit])
    if len(rows) > limit:
        return Story(happened, Place(happened[-1].at, happened[-1].id))
    return Story(happened, end, WALK if end else 0)


def _end_of_walk(cursor: Any, values: Mapping[str, Any]) -> Place | None:
    cursor.execute(
        "select at, id from activity where account_id = %(account)s and (at, id) < (%(at)s, %(id)s)"
        " order by at desc, id desc offset %(walk)s - 1 limit 1",
        values,
    )
    row = cursor.fetchone()
    return Place(*row) if row else None


def _conditions(filters: StoryFilters) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {}
    conditions = ""
    scope = current_scope()
    if scope is not None and scope.merchants is not None:
        # Orders, shipments and stores of others do not join, so neither does what happened to them.
        conditions += (
            " and (o.id is not null or h.id is not null or (w.order_id is null and w.shipment_id is null and s.id is not null))"
        )
    match filters.about:
        case "problem":
            conditions += " and w.kind = any (%(kinds)s)"
            values["kinds"] = list(problems())
        case "person":
            conditions += " and w.by is not null"
        case "order" | "shipment":
            conditions += " and w.kind like %(kind)s"
            values["kind"] = f"{filters.about}.%"
        case "site":
            conditions += " and w.order_id is null and w.shipment_id is null"
    if filters.store_id is not None:
        conditions += " and s.id = %(store)s"
        values["store"] = filters.store_id
    if filters.warehouse_id is not None:
        conditions += (
            " and (wh.id = %(warehouse)s or exists (select from fulfillment_order f"
            " where f.order_id = w.order_id and f.warehouse_id = %(warehouse)s))"
        )
        values["warehouse"] = filters.warehouse_id
    return conditions, values


def _orders_named(text: str) -> list[int]:
    """Orders with exactly this number, so that their story is read by its own index."""
    bare = text.strip().removeprefix("#")[:200].replace("\x00", "")
    if not bare:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from sales_order where account_id = %s and number = any (%s) limit 50",
            [account_in_scope(), [bare, f"#{bare}", bare.upper(), f"#{bare.upper()}"]],
        )
        return [row[0] for row in cursor.fetchall()]


def _happened(row: Sequence[Any], names: Mapping[int | None, str]) -> Happened:
    return Happened(
        id=row[0],
        at=row[1],
        kind=row[2],
        params=_params(row[3]),
        message_id=row[4],
        order_id=row[5],
        order_public_id=row[6],
        order_number=row[7] or "",
        shipment_public_id=row[8],
        store=row[9],
        warehouse=row[10],
        by=names.get(row[11], ""),
    )


def _params(stored: Any) -> Mapping[str, Any]:
    return dict(json.loads(stored) if isinstance(stored, str) else stored)


def _names(ids: Sequence[int | None]) -> dict[int | None, str]:
    wanted = {one for one in ids if one is not None}
    return {person.pk: str(person) for person in Person.objects.filter(pk__in=wanted)} if wanted else {}


class Archived(Struct, frozen=True):
    """One exchange as it was archived. `request` and `response` are None once their bodies were erased."""

    id: uuid.UUID
    at: datetime
    store_id: int | None
    warehouse_id: int | None
    site: str
    operation: str
    method: str
    url: str
    status: int | None
    ms: int
    request: Said | None = None
    response: Said | None = None
    order_ids: tuple[int, ...] = ()


MESSAGE = """
select m.id, m.at, m.store_id, m.warehouse_id, coalesce(s.name, w.name, ''), m.operation, m.method, m.url, m.status, m.ms, m.request,
       m.response, m.erased_at
  from message m left join store s on s.id = m.store_id left join warehouse w on w.id = m.warehouse_id
 where m.account_id = %(account)s and m.at = %(at)s and m.id = %(id)s
"""


def archived(message_id: uuid.UUID) -> Archived | None:
    """One exchange, opened; None when there is none of this id. Raises CannotUnseal or SecretsLocked."""
    account_id = account_in_scope()
    if message_id.version != 7:
        return None
    at = datetime.fromtimestamp((message_id.int >> 80) / 1000, UTC)
    with connection.cursor() as cursor:
        cursor.execute(MESSAGE, {"account": account_id, "at": at, "id": message_id})
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute(
            "select order_id from message_subject where account_id = %s and at = %s and message_id = %s",
            [account_id, at, message_id],
        )
        about = {one[0] for one in cursor.fetchall()}
    bodies = [
        None if row[12] else opened(account_id, message_id, part, bytes(row[at]))
        for part, at in (("request", 10), ("response", 11))
    ]
    return msgspec.structs.replace(Archived(*row[:10]), request=bodies[0], response=bodies[1], order_ids=tuple(sorted(about)))
