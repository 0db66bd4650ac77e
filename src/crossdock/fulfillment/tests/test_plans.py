"""Statements that run at every slice read what they need, however much lies beside it."""

from django.db import connection

from crossdock.connections.testing import a_connection, a_store
from crossdock.fulfillment import following, matching, shipping
from crossdock.orders.testing import a_canonical_order, received
from crossdock.tenancy.scope import scoped


def plan_of(account, sql, params):
    with scoped(account.pk), connection.cursor() as cursor:
        # With few rows a sequential scan is right; where an index can serve, this shows it.
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(f"explain {sql}", params)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_row_level_security_lets_the_planner_use_the_indexes_that_lanes_live_on(account):
    store = a_store(account)
    link = a_connection(account, store=store)
    received(account, store, [a_canonical_order()])

    changed = plan_of(account, following.CHANGED, {"store": store.pk, "after": 0, "most": 200})
    loose = plan_of(account, matching.LOOSE, {"warehouse": link.warehouse_id, "references": ["A", "B"]})
    fitting = plan_of(account, shipping.FITTING, {"warehouse": link.warehouse_id, "most": 500})

    assert "sales_order_follow" in changed
    assert "fulfillment_order_key" in loose
    assert "fulfillment_order_key" in fitting
