"""An account full of synthetic orders, made by the database itself: the same ones each time, but for the day they end at.

One big account as a fulfillment house has it: 100 stores of 60 merchants, the first store with 30 % of the orders and the others with
fewer and fewer; 95 % Closed, the rest spread over the other statuses and over all the time; one to three lines of 5,000 SKUs, the
popular ones often; a search row for each, and a shipment with a box and its tracking number for what was shipped.
Not made: payloads, given units, boxes' contents, activity. No list reads them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from crossdock.bench._report import say
from crossdock.connections.models import Merchant, Realm, Store, Warehouse
from crossdock.domain.statuses import OrderStatus
from crossdock.tenancy.scope import in_scope

STORES, MERCHANTS, SKUS = 100, 60, 5_000
DAYS = 365
AT_ONCE = 25_000
"""Orders of one statement, which is one transaction."""

FIRST_NUMBER, FIRST_ID = 1_000_000, 5_400_000_000
"""Order n is number #1000000 + n, and 5400000000 + n at its store."""

SIZES = "array['xs','s','m','l','xl']"
KINDS = "array['jkt','sck','stv','lmp','btl','pck','map','hat','tnt','bag']"
GIVEN = "array['ada','ben','cleo','dan','edith','femi','grace','hugo','ines','jonas','kira','liam','mona','noor','otto','petra']"
FIRST = "array['mar','hol','win','ash','bark','cran','dal','elm','fair','gar','hart','lang','mor','nor','oak','pen','red','stan']"
SECOND = "array['ber','ing','en','el','ow','and','er','ley','ber','wor']"
THIRD = "array['ton','field','man','son','wood','worth','ley','ford','by','well','stead','ham','dale','brook','gate']"
HOSTS = "array['gmail.example','gmail.example','gmail.example','yahoo.example','outlook.example','example.com','example.org']"

OTHERS = [status.value for status in OrderStatus if status is not OrderStatus.CLOSED]
SENT = [OrderStatus.CLOSED.value, OrderStatus.SHIPPED.value, OrderStatus.PARTIALLY_SHIPPED.value]


def _chance(salt: int, of: str = "n") -> str:
    """SQL: from 0 to below 1, always the same for a row."""
    return f"((hashint8extended({of}, {salt}) & 1073741823) / 1073741824.0::float8)"


def _one_of(array: str, chance: str) -> str:
    """SQL: an element of an array."""
    return f"({array})[1 + floor({chance} * array_length({array}, 1))::int]"


def _sku(chance: str) -> str:
    """SQL: a SKU such as `jkt-0042-xl`, lower case; the chance squared makes some popular."""
    number = f"floor({chance} * {chance} * {SKUS})::int"
    return (
        f"(({KINDS})[1 + mod({number}, 10)] || '-' || lpad(({number})::text, 4, '0') || '-' || ({SIZES})[1 + mod({number}, 5)])"
    )


FILL = f"""
with drawn as (
  select n, %(end)s - make_interval(secs => (%(all)s - n) * {DAYS} * 86400.0 / %(all)s) placed_at,
         case when {_chance(1)} < 0.3 then 1 else 2 + floor(power({_chance(2)}, 2) * {STORES - 1})::int end store_number,
         case when {_chance(3)} < 0.95 then 'closed' else {_one_of("%(others)s::text[]", _chance(4))} end status,
         {_one_of(GIVEN, _chance(5))} given_name,
         {_one_of(FIRST, _chance(6))} || {_one_of(SECOND, _chance(7))} || {_one_of(THIRD, _chance(8))} family_name,
         {_one_of(HOSTS, _chance(9))} host,
         1 + floor({_chance(10)} * 3)::int lines_count,
         md5(%(account)s || '/' || n) noise
    from generate_series(%(first)s::bigint, %(last)s::bigint) n),
 page as materialized (
  select d.*, s.store_id, s.merchant_id, '#' || {FIRST_NUMBER} + d.n number, ({FIRST_ID} + d.n)::text external_id,
         initcap(given_name || ' ' || family_name) ship_name,
         case when status = any (%(sent)s) then '1z' || substr(noise, 1, 16) else '' end tracking
    from drawn d join unnest(%(stores)s::bigint[], %(merchants)s::bigint[]) with ordinality s(store_id, merchant_id, store_number)
      on s.store_number = d.store_number
   order by d.n),
 line as materialized (
  select p.n, at position, {_sku(_chance(11, "p.n * 4 + at"))} sku, 1 + mod(p.n, 2) units
    from page p, generate_series(1, p.lines_count) at),
 o as (
  insert into sales_order (account_id, store_id, merchant_id, public_id, external_id, number, status, status_at, wait_until, reason,
                           issue, placed_at, imported_at, source_updated_at, content_hash, currency, grand_total, ship_name,
                           ship_country, method_sold, lines_count, units, is_test)
  select %(account)s, store_id, merchant_id,
         (lpad(to_hex((extract(epoch from placed_at) * 1000)::bigint), 12, '0') || '7' || substr(noise, 17, 3)
          || 'a' || substr(noise, 1, 15))::uuid,
         external_id, number, status, placed_at + interval '1 day',
         case when status = 'delayed' or (status = 'on_hold' and mod(n, 2) = 0) then %(end)s + interval '1 day' end,
         case when status in ('error', 'on_hold') then 'Address line 2 is too long.' else '' end,
         case when {_chance(12)} < 0.001 then 'Fewer units are wanted.' else '' end,
         placed_at, placed_at + interval '2 min', placed_at, decode(noise, 'hex'), 'USD', 5 + mod(n, 20000) / 100.0, ship_name,
         case when mod(n, 9) = 0 then 'CA' else 'US' end, 'Standard shipping', lines_count, lines_count * (1 + mod(n, 2)), false
    from page order by n
  returning id, external_id),
 m as materialized (select o.id, p.* from o join page p using (external_id)),
 l as (
  insert into sales_order_line (account_id, order_id, external_id, position, sku, name, location, ordered, to_ship, unit_price)
  select %(account)s, m.id, m.external_id || '-' || line.position, line.position, upper(line.sku), 'Thing ' || line.sku, '',
         line.units, line.units, 12.5
    from m join line using (n) order by m.id, line.position),
 t as (
  insert into order_search (order_id, account_id, words, tracking)
  select m.id, %(account)s,
         m.number || ' ' || m.given_name || ' ' || m.family_name || ' '
         || m.given_name || '.' || m.family_name || mod(m.n, 100) || '@' || m.host || ' 1555'
         || lpad(mod(m.n * 7919, 10000000)::text, 7, '0') || ' ' || k.skus, m.tracking
    from m join (select n, string_agg(distinct sku, ' ') skus from line group by n) k using (n) order by m.id),
 h as (
  insert into shipment (account_id, public_id, merchant_id, warehouse_id, order_id, external_id, reference, status, carrier, service,
                        shipped_at, imported_at, is_final, is_flagged, doc)
  select %(account)s, gen_random_uuid(), merchant_id, %(warehouse)s, id, external_id, number, 'completed', 'UPS', 'Ground',
         placed_at + interval '1 day', placed_at + interval '1 day', true, false, ''
    from m where tracking <> '' order by id
  returning id, external_id)
insert into package (account_id, shipment_id, external_id, tracking)
select %(account)s, h.id, 'box', upper(m.tracking) from h join m using (external_id) order by h.id
"""


def fill(account_id: int, orders: int, end: datetime) -> None:
    """Put orders into an account that has none, the last of them placed at `end`, the others over the year before it."""
    stores, warehouse_id = in_scope(account_id, _places, account_id)
    values: dict[str, Any] = {
        "account": account_id,
        "all": orders,
        "end": end,
        "stores": [store.pk for store in stores],
        "merchants": [store.merchant_id for store in stores],
        "warehouse": warehouse_id,
        "others": OTHERS,
        "sent": SENT,
    }
    for first in range(1, orders + 1, AT_ONCE):
        in_scope(account_id, _fill, values | {"first": first, "last": min(first + AT_ONCE - 1, orders)})
        if first // AT_ONCE % 8 == 7:
            say(f"{first + AT_ONCE - 1:,} of {orders:,} orders")


HOLD = """
select sum(pg_prewarm(c.oid)) * current_setting('block_size')::int / (1 << 20)
  from pg_class c where c.relkind in ('r', 'i', 't') and c.relowner = current_user::regrole
"""


def _places(account_id: int) -> tuple[list[Store], int]:
    """Stores in the order of their numbers, the first being the big one; and a warehouse."""
    merchants = Merchant.objects.bulk_create(
        [Merchant(account_id=account_id, name=f"Merchant {number:03}") for number in range(1, MERCHANTS + 1)]
    )
    stores = Store.objects.bulk_create(
        [
            Store(
                account_id=account_id,
                merchant=merchants[number % MERCHANTS],
                platform="shopify",
                identity=f"store-{number + 1}",
                realm=Realm.LIVE,
                name=f"Store {number + 1:03}",
                settings={},
            )
            for number in range(STORES)
        ]
    )
    warehouse = Warehouse.objects.create(
        account_id=account_id, platform="files", identity="warehouse", realm=Realm.LIVE, name="Warehouse", settings={}
    )
    return stores, warehouse.pk


def _fill(values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute(FILL, values)


@contextmanager
def search_index_afterwards() -> Iterator[None]:
    """Leave the search index out while a scratch database is filled, build it at the end, then `vacuum analyze` everything.

    It ends as it would have been; a row at a time it takes several times as long. Needs the owner's login.
    """
    with psycopg.connect(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"], autocommit=True) as owner:
        row = owner.execute("select pg_get_indexdef('order_search_words'::regclass)").fetchone()
        assert row is not None  # noqa: S101  (a migration made it)
        owner.execute("drop index order_search_words")
        yield
        say("building the search index")
        owner.execute("set maintenance_work_mem = '512MB'")
        owner.execute(row[0])
        say("vacuum analyze")
        owner.execute("vacuum analyze")


def held_in_memory() -> int | None:
    """Read every table and index into PostgreSQL's own memory, as they are where orders have been looked at all day; the megabytes
    they are. None where the server lacks `pg_prewarm`: what was not used lately is then read from the disk while we measure.
    """
    with psycopg.connect(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"], autocommit=True) as owner:
        if owner.execute("select from pg_extension where extname = 'pg_prewarm'").fetchone() is None:
            return None
        say("reading everything into memory")
        row = owner.execute(HOLD).fetchone()
        return int(row[0]) if row else 0
