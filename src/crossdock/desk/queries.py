"""What looks across everything: what is stuck and for how long, what flows, how fresh each connection is, what is left to set up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import Struct

from crossdock.connections.presenting import DOES
from crossdock.tenancy.scope import account_in_scope, current_scope

COUNTED = 10_000
HOURS = 48
OLD_OPEN = timedelta(days=3)
"""An order that the warehouse has for longer than this without a shipment is worth a look."""


class Stuck(Struct, frozen=True):
    """How many records are stuck for one cause, and since when the longest."""

    count: int
    since: datetime | None


# Each looks at one index and stops where nobody counts on. Limited people: the orders' own policy drops what is others'.
STUCK = """
select 'error', count(*), min(status_at) from (
  select status_at from sales_order where account_id = %(account)s and status = 'error' and deleted_at is null limit %(most)s) x
union all
select 'delayed', count(*), min(status_at) from (
  select status_at from sales_order where account_id = %(account)s and status = 'delayed' and deleted_at is null limit %(most)s) x
union all
select 'person', count(*), min(status_at) from (
  select status_at from sales_order where account_id = %(account)s and status = 'on_hold' and wait_until is null and deleted_at is null
   limit %(most)s) x
union all
select 'issue', count(*), min(status_at) from (
  select status_at from sales_order where account_id = %(account)s and issue <> '' and deleted_at is null limit %(most)s) x
union all
select 'old', count(*), min(status_at) from (
  select status_at from sales_order where account_id = %(account)s and status = 'open' and deleted_at is null
     and placed_at < %(old)s and status_at < %(old)s limit %(most)s) x
union all
select 'shipment_error', count(*), min(shipped_at) from (
  select shipped_at from shipment where account_id = %(account)s and status = 'error' limit %(most)s) x
union all
select 'unmatched', count(*), min(shipped_at) from (
  select shipped_at from shipment where account_id = %(account)s and order_id is null and status <> 'archived' limit %(most)s) x
union all
select 'stock', count(*), min(state_at) from (
  select p.state_at from stock_publishing p join store s on s.id = p.store_id
   where p.account_id = %(account)s and p.state in ('link', 'first', 'held') and s.deleted_at is null limit %(most)s) x
union all
select 'not_understood', count(*), min(last_seen) from (
  select l.last_seen from left_out l join store s on s.id = l.store_id
   where l.account_id = %(account)s and l.set_aside_at is null and s.deleted_at is null limit %(most)s) x
union all
select 'file', count(*), min(first_seen) from (
  select f.first_seen from unread_file f join warehouse w on w.id = f.warehouse_id
   where f.account_id = %(account)s and f.set_aside_at is null and w.deleted_at is null and not %(limited)s limit %(most)s) x
"""

FLOW = """
select h.at, coalesce(o.n, 0), coalesce(p.n, 0)
  from generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '1 hour') h(at)
  left join (select date_trunc('hour', c.at) at, count(*) n from status_change c{join}
              where c.account_id = %(account)s and c.to_status = 'open' and c.at >= %(first)s group by 1) o on o.at = h.at
  left join (select date_trunc('hour', c.at) at, count(*) n from status_change c{join}
              where c.account_id = %(account)s and c.to_status in ('shipped', 'partially_shipped') and c.at >= %(first)s
              group by 1) p on p.at = h.at
 order by h.at
"""


class Hour(Struct, frozen=True):
    """What reached the warehouses, and what left them, within one hour from `at` on."""

    at: datetime
    sent: int
    shipped: int


class Blocked(Struct, frozen=True):
    """A store or warehouse that cannot be reached; `kind` is store or warehouse. `is_stopped` says that nothing is tried before a
    person does something here. `waiting` are the orders that are to be sent there, at a warehouse; beyond COUNTED one more than that.
    """

    kind: str
    name: str
    public_id: UUID
    reason: str
    is_stopped: bool
    waiting: int = 0


class Fresh(Struct, frozen=True):
    """How fresh one connection is: when its orders and shipments were last read, and when next."""

    public_id: UUID
    name: str
    mode: str
    realm: str
    orders_at: datetime | None
    orders_next: datetime | None
    shipments_at: datetime | None
    shipments_next: datetime | None
    trouble: str


FRESH = """
select c.public_id, c.name, c.mode, c.realm, po.last_done_at, po.due_at, ps.last_done_at, ps.due_at,
       coalesce(po.blocked_reason, ps.blocked_reason, nullif(po.last_error, ''), nullif(ps.last_error, ''), '')
  from connection c
  left join lane po on po.kind = 'orders.pull' and po.store_id = c.store_id
  left join lane ps on ps.kind = 'fulfillment.pull' and ps.warehouse_id = c.warehouse_id
 where c.account_id = %(account)s and c.deleted_at is null
 order by case c.mode when 'live' then 0 when 'observe' then 1 else 2 end, lower(c.name), c.id limit 100
"""

# What waits to be sent is read from the index of open effects, by the lanes that send to the warehouse, and no further than anybody
# counts.
BLOCKED = """
with b(kind, name, public_id, reason, is_stopped, warehouse_id) as (
select distinct case when w.id is null then 'store' else 'warehouse' end, coalesce(w.name, s.name),
       coalesce(w.public_id, s.public_id), coalesce(l.blocked_reason, l.last_error), l.blocked_reason is not null, w.id
  from lane l
  left join connection c on c.id = l.connection_id
  left join store s on s.id = coalesce(l.store_id, c.store_id)
  left join warehouse w on w.id = coalesce(l.warehouse_id, case when l.kind = any(%(at_warehouse)s) then c.warehouse_id end)
 where l.account_id = %(account)s and (s.id is not null or w.id is not null)
   and (l.blocked_reason is not null or (l.kind = any(%(sending)s) and l.failures > 1 and l.last_error <> ''))
   and (l.warehouse_id is null or not %(limited)s) limit 50
)
select kind, name, public_id, reason, is_stopped,
       (select count(*) from (
          select from effect e
           where e.lane_id = any (array(select l.id from lane l join connection c on c.id = l.connection_id
                                         where l.kind = 'fulfillment.send' and c.warehouse_id = b.warehouse_id))
             and e.state in ('intended', 'trying', 'unknown') limit %(most)s) x)
  from b order by kind desc, name, reason
"""

SENDING = ("fulfillment.send", "fulfillment.post")
"""Lanes in which orders and shipments wait for the other side. A single failure of theirs is over before anybody could look."""

STEPS = """
select exists (select from store where account_id = %(account)s and deleted_at is null),
       exists (select from warehouse where account_id = %(account)s and deleted_at is null),
       exists (select from sales_order where account_id = %(account)s),
       exists (select from connection where account_id = %(account)s and mode = 'live' and deleted_at is null)
"""


def stuck(now: datetime | None = None) -> dict[str, Stuck]:
    """What is stuck, by cause: orders in error, delayed, held for a person, with an issue, open for long; shipments that the store
    refused or that match no order; stores whose stock waits for a yes; records and warehouses' files that could not be understood.

    Of files people who are limited to some merchants are not told: others' orders may be in them.
    """
    old = (now or datetime.now(UTC)) - OLD_OPEN
    with connection.cursor() as cursor:
        cursor.execute(STUCK, {"account": account_in_scope(), "most": COUNTED + 1, "old": old, "limited": _is_limited()})
        return {row[0]: Stuck(row[1], row[2]) for row in cursor.fetchall()}


def _is_limited() -> bool:
    scope = current_scope()
    return scope is not None and scope.merchants is not None


def blocked() -> list[Blocked]:
    """Stores and warehouses whose lanes are blocked, and those that take nothing for another reason, which is tried again by itself: a
    run of these lanes fails for what concerns all orders. A connection's lane names the side that it talks to.

    Warehouses serve several merchants: limited people are told of one only by what their own connections send there.
    """
    values: dict[str, Any] = {
        "account": account_in_scope(),
        "at_warehouse": [kind for kind, words in DOES.items() if "{warehouse}" in words],
        "sending": list(SENDING),
        "most": COUNTED + 1,
        "limited": _is_limited(),
    }
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED, values)
        return [Blocked(*row) for row in cursor.fetchall()]


def flow(now: datetime | None = None) -> list[Hour]:
    """Orders that reached a warehouse and that left one, by the hour, over the last HOURS."""
    last = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    # Moves carry no merchant: for limited people they are those of orders they see.
    join = " join sales_order o on o.id = c.order_id" if _is_limited() else ""
    with connection.cursor() as cursor:
        cursor.execute(
            FLOW.format(join=join), {"account": account_in_scope(), "first": last - timedelta(hours=HOURS - 1), "last": last}
        )
        return [Hour(*row) for row in cursor.fetchall()]


def freshness() -> list[Fresh]:
    """Each connection's last and next look at its store and its warehouse, Live ones first."""
    with connection.cursor() as cursor:
        cursor.execute(FRESH, {"account": account_in_scope()})
        return [Fresh(*row) for row in cursor.fetchall()]


def first_steps() -> Sequence[bool]:
    """Whether there is a store, a warehouse, an order, and a Live connection: the four things to do first."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS, {"account": account_in_scope()})
        return list(cursor.fetchone())
