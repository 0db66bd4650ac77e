"""What of preparing there is to do at a store: asked once, so that a run costs what it has to do."""

from datetime import datetime

from django.db import connection
from msgspec import Struct

from crossdock.connections.queries import links_of, working
from crossdock.fulfillment.terms import Terms, terms_of

# Each condition is that of the statement which does the work, and of the partial index that both use.
ASK = """
select exists (select from sales_order where store_id = %(store)s and followed < revision and deleted_at is null),
       exists (select from sales_order where store_id = %(store)s and status = 'on_hold' and wait_until <= clock_timestamp()
                 and deleted_at is null),
       exists (select from sales_order where store_id = %(store)s and status = 'new' and giving <> 1 and deleted_at is null),
       exists (select from sales_order where store_id = %(store)s and giving > 0 and giving = 2 and deleted_at is null),
       exists (select from connection where store_id = %(store)s and deleted_at is not null),
       (select min(wait_until) from sales_order where store_id = %(store)s and status = 'on_hold')
"""


class Todo(Struct, frozen=True):
    """A store's terms, and what waits: changes to follow, holds that are over, orders to give, connections that are gone.

    `next_release` is when the next hold ends.
    """

    terms: Terms
    has_changed: bool
    has_due_holds: bool
    has_new: bool
    has_more: bool
    has_deleted_connections: bool
    next_release: datetime | None


def todo_of(store_id: int) -> Todo | None:
    """What there is to do; None while no connection of the store looks at its orders. Needs the account's scope."""
    links = working(links_of(store_id=store_id), "sales_orders")
    if not links:
        return None
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"store": store_id})
        return Todo(terms_of(store_id, links), *cursor.fetchone())
