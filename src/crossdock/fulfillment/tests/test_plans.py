"""Statements that run at every slice read what they need, however much lies beside it."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from crossdock.fulfillment import following, matching, shipping
from crossdock.site.db import APP_ROLE, connection_settings

Plan = Callable[[str, dict[str, Any]], str]


@pytest.fixture
def plan(server: Any, db_ready: object) -> Iterator[Plan]:
    """How PostgreSQL would run a statement, as the fenced role, in a database of its own: what other tests leave behind, and what
    is noted of it by the way, would change the choice.
    """
    name = f"crossdock_plans_{os.getpid()}"
    server.clone(server.template, name)
    made = connection_settings(server.on(name).app, role=APP_ROLE)
    address = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    with psycopg.connect(**{key: made[of] for key, of in address.items() if made[of]}, **made["OPTIONS"]) as connection:
        connection.execute("select set_config('app.account_id', '1', true)")
        # With few rows a sequential scan is right; where an index can serve, this shows it.
        connection.execute("set local enable_seqscan = off")
        yield lambda sql, params: "\n".join(row[0] for row in connection.execute(f"explain {sql}", params))  # type: ignore[arg-type]
    server.drop(name)


def test_row_level_security_lets_the_planner_use_the_indexes_that_lanes_live_on(plan):
    changed = plan(following.CHANGED, {"store": 1, "after": 0, "most": 200})
    loose = plan(matching.LOOSE, {"warehouse": 1, "references": ["A", "B"]})
    fitting = plan(shipping.FITTING, {"warehouse": 1, "most": 500})

    assert "sales_order_follow" in changed
    assert "fulfillment_order_key" in loose
    assert "fulfillment_order_key" in fitting
