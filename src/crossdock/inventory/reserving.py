"""What is sold and not in a warehouse's levels yet: not sent, sent since they were read, or sent and not left."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import connection
from msgspec import Struct

from crossdock.domain.statuses import OrderStatus as S
from crossdock.domain.stock import Reserved
from crossdock.tenancy.scope import account_in_scope

WANTED = tuple(
    status.value for status in (S.NEW, S.ON_HOLD, S.QUEUED, S.DELAYED, S.ERROR, S.OPEN, S.PARTIALLY_SHIPPED, S.CANCEL_REQUESTED)
)
"""Orders whose units are still owed to somebody."""

MOVED = tuple(status.value for status in (S.OPEN, S.PARTIALLY_SHIPPED, S.SHIPPED, S.CLOSED))

# Orders under way, and those that were sent and have left since the levels were read. Units that were given to a connection are its
# warehouse's; the others go where `domain.giving` would have them go: by the line's location, else to the default connection, else to
# the only one. Of which facility they are, the location's link says, if anybody does. What only observes counts nothing: another tool
# sends its orders, and nobody knows how far it is.
RESERVED = """
with asof as (select * from unnest(%(warehouses)s::bigint[], %(moments)s::timestamptz[]) w(warehouse_id, at)),
 touched as materialized (
  select o.id, o.store_id, o.status = any (%(wanted)s) is_wanted from sales_order o
   where o.account_id = %(account)s and o.status = any (%(wanted)s) and o.deleted_at is null
  union
  select o.id, o.store_id, o.status = any (%(wanted)s) from status_change c join sales_order o on o.id = c.order_id
   where c.account_id = %(account)s and c.to_status = any (%(moved)s) and c.at > (select min(at) from asof)),
 fallback as (
  select store_id,
         coalesce(min(warehouse_id) filter (where is_default), case when count(*) = 1 then min(warehouse_id) end) warehouse_id
    from connection where account_id = %(account)s and deleted_at is null and mode = 'live' group by 1),
 link as (select k.store_id, k.location, k.facility, c.warehouse_id from location_link k join connection c on c.id = k.connection_id
           where k.account_id = %(account)s and c.deleted_at is null and c.mode = 'live'),
 free as (
  select coalesce(k.warehouse_id, d.warehouse_id) warehouse_id, coalesce(k.facility, '') facility, l.sku,
         l.to_ship + l.withdrawn - l.allocated unsent, 0::numeric since, 0::numeric waiting
    from touched t join sales_order_line l on l.order_id = t.id
    left join link k on k.store_id = t.store_id and k.location = l.location and l.location <> ''
    left join fallback d on d.store_id = t.store_id
   where t.is_wanted and l.to_ship + l.withdrawn > l.allocated and l.sku <> ''),
 given as (
  select f.warehouse_id, coalesce(k.facility, '') facility, a.sku,
         case when f.status = 'given' then a.quantity - a.released else 0 end unsent,
         case when f.status <> 'given' and e.settled_at > w.at then a.quantity - a.released else 0 end since,
         case when f.status <> 'given' then greatest(0, a.quantity - a.released - coalesce((
           select sum(p.quantity) from package_content p join package b on b.id = p.package_id join shipment h on h.id = b.shipment_id
            where p.allocation_id = a.id and h.imported_at <= w.at), 0)) else 0 end waiting
    from touched t join fulfillment_order f on f.order_id = t.id join asof w on w.warehouse_id = f.warehouse_id
    join allocation a on a.fulfillment_order_id = f.id join sales_order_line l on l.id = a.line_id
    left join link k on k.store_id = t.store_id and k.location = l.location and l.location <> ''
    left join effect e on e.account_id = %(account)s and e.kind = 'warehouse.send' and e.subject_id = f.id and e.state = 'confirmed'
   where f.status in ('given', 'open', 'closed') and a.sku <> '')
select warehouse_id, facility, sku, sum(unsent), sum(since), sum(waiting)
  from (select * from free union all select * from given) x
 where warehouse_id = any (%(warehouses)s) group by 1, 2, 3
having sum(unsent) <> 0 or sum(since) <> 0 or sum(waiting) <> 0
"""


class Key(Struct, frozen=True):
    """A SKU in a facility of a warehouse; an empty facility is one that nobody said."""

    warehouse_id: int
    facility: str
    sku: str


class Sold(Struct, frozen=True):
    """Everything that is reserved at some warehouses, by SKU and by facility."""

    by: Mapping[tuple[int, str], Mapping[str, Reserved]]

    def of(self, warehouse_id: int, facility: str, sku: str) -> Reserved:
        """What is reserved of a SKU at a facility, units of which nobody said the facility among them; at all for an empty one."""
        found = self.by.get((warehouse_id, sku), {})
        wanted = found.values() if not facility else [found[name] for name in ("", facility) if name in found]
        total = Reserved()
        for one in wanted:
            total = total.plus(one)
        return total

    @property
    def skus(self) -> frozenset[str]:
        """SKUs of which anything is reserved."""
        return frozenset(sku for _, sku in self.by)


def sold_at(moments: Mapping[int, datetime]) -> Sold:
    """What is reserved at warehouses, whose levels hold as of these moments. One statement, whatever the number of SKUs."""
    if not moments:
        return Sold({})
    with connection.cursor() as cursor:
        cursor.execute(
            RESERVED,
            {
                "account": account_in_scope(),
                "warehouses": list(moments),
                "moments": list(moments.values()),
                "wanted": list(WANTED),
                "moved": list(MOVED),
            },
        )
        by: dict[tuple[int, str], dict[str, Reserved]] = defaultdict(dict)
        for warehouse_id, facility, sku, unsent, since, waiting in cursor.fetchall():
            by[warehouse_id, sku][facility] = Reserved(Decimal(unsent), Decimal(since), Decimal(waiting))
    return Sold(by)
