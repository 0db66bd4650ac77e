"""What orders take off the shelf, or give back, concerns every other store that sells the same: their figures are worked out soon."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.jobs.wakes import wake
from crossdock.tenancy import statements
from crossdock.tenancy.scope import account_in_scope

PUBLISH = "inventory.publish"

WITHIN = timedelta(seconds=1)
"""How long a figure waits for more of the same: what comes in a burst is told once, by when the order was prepared, too."""

# Most stores share their stock with nobody, and that is all they are asked.
SHARES = """
select exists (
  select from connection mine join connection c on c.account_id = mine.account_id and c.warehouse_id = mine.warehouse_id
    join channel h on h.account_id = c.account_id and h.connection_id = c.id and h.kind = 'inventory' and h.is_on
   where mine.account_id = %(account)s and mine.store_id = %(store)s and mine.mode = 'live' and mine.deleted_at is null
     and c.store_id <> mine.store_id and c.mode = 'live' and c.deleted_at is null)
"""

OTHERS = """
with skus as materialized (
  select distinct sku from sales_order_line where order_id = any (%(orders)s::bigint[]) and sku <> ''),
 sellers as (
  select i.store_id from skus join listing i on i.account_id = %(account)s and i.sku = skus.sku
   where i.gone_at is null and i.store_id <> %(store)s
  union
  select i.store_id from listing i
   where exists (select from skus) and i.account_id = %(account)s and i.is_bundle and i.gone_at is null and i.store_id <> %(store)s
     and exists (select from jsonb_array_elements(i.components) part join skus on skus.sku = part ->> 'sku'))
select n.id from sellers s join lane n on n.account_id = %(account)s and n.kind = 'inventory.publish' and n.store_id = s.store_id
 where exists (select from connection c join channel h on h.connection_id = c.id and h.kind = 'inventory' and h.is_on
                where c.account_id = %(account)s and c.store_id = s.store_id and c.mode = 'live' and c.deleted_at is null)
"""


def wake_other_sellers(store_id: int, order_ids: Sequence[int]) -> int:
    """Have every other store's figures worked out anew that sells a SKU of these orders of a store, alone or in a bundle; how many.

    Only stores that are told their stock: Live, with the Inventory channel on. As many statements, however many orders; where no
    other store shares a warehouse it looks no further. Needs the account's scope, and belongs to the transaction that changes the
    orders.
    """
    if not order_ids:
        return 0
    values: dict[str, Any] = {"account": account_in_scope(), "store": store_id}
    if not statements.run_kept(SHARES, values)[0][0]:
        return 0
    values["orders"] = list(order_ids)
    lanes = [row[0] for row in statements.run(OTHERS, values)]
    wake(lanes, at=datetime.now(UTC) + WITHIN)
    return len(lanes)
