"""Orders that a setting left out, read again when the setting changed."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from crossdock.activity.services import Kept
from crossdock.connections import gateway
from crossdock.connections.queries import links_of, working
from crossdock.connectors.kit.capabilities import PullsOrders
from crossdock.connectors.kit.pages import Page
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.domain.arrival import NOTHING_LEFT, TOO_OLD
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.orders.intake import Intake
from crossdock.orders.lanes import intake_of, judged_by, land
from crossdock.orders.receiving import JUDGED_AGAIN

LOW = 0.5
"""The part of the platform's limit that is left to everything that is more urgent."""

AT_ONCE = 50
"""Orders that are read in one go."""

# What a person left to an earlier tool, or is older than its connection, or has nothing left to ship, was left out by no setting.
LEFT_OUT = """
select o.placed_at, o.id, o.external_id from sales_order o
 where o.account_id = %(account)s and o.store_id = %(store)s and o.status = 'skipped' and o.deleted_at is null
   and (o.placed_at, o.id) < (%(at)s, %(id)s) and o.reason <> all (%(others)s)
   and not exists (select from activity a where a.account_id = o.account_id and a.order_id = o.id and a.kind = 'order.left_behind')
 order by o.placed_at desc, o.id desc limit %(most)s
"""


@lane("orders.reread", of="store", slice=timedelta(seconds=10))
async def reread_left_out(run: Run) -> More:
    """Read what a setting left out again once the store's import settings changed, the newest first; else nothing."""
    links = working(await run.read(links_of, store_id=run.owner_id), "sales_orders")
    if not links:
        return More.NO
    state: dict[str, Any] = dict(run.position or {})
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=False, reserve=LOW) as opened:
        if not isinstance(opened.client, PullsOrders):
            return More.NO
        terms = _mark(opened.settings)
        if state.get("terms") != terms:
            state = {"terms": terms, "at": "9999-01-01T00:00:00+00:00", "id": 0}
        intake = intake_of(run.owner_id, links, opened.settings)
        while state["at"] is not None:
            if run.is_spent:
                return More.YES
            rows = await run.read(_left_out, run, state)
            page = await opened.client.orders_by_id([row[2] for row in rows]) if rows else None
            state |= {"at": rows[-1][0].isoformat(), "id": rows[-1][1]} if rows else {"at": None, "id": None}
            await run.write(_land, run, intake, page, opened.recorder.drain(), dict(state))
    return More.NO


def _mark(settings: ConnectorSettings) -> str:
    return hashlib.sha256(repr(judged_by(settings)).encode()).hexdigest()[:16]


def _left_out(run: Run, state: dict[str, Any]) -> list[tuple[datetime, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            LEFT_OUT,
            {
                "account": run.account_id,
                "store": run.owner_id,
                "at": datetime.fromisoformat(state["at"]),
                "id": state["id"],
                "others": [TOO_OLD, NOTHING_LEFT],
                "most": AT_ONCE,
            },
        )
        rows: list[tuple[datetime, int, str]] = cursor.fetchall()
    return rows


def _land(run: Run, intake: Intake, page: Page | None, kept: list[Kept], state: dict[str, Any]) -> None:
    if page is not None:
        land(run, intake, page, kept, [], JUDGED_AGAIN)
    save_position(run, state, None)
