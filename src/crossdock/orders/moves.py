"""Move orders between statuses, in sets: a pair that is not in the table of moves is not moved."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from crossdock.domain.statuses import OrderStatus
from crossdock.tenancy import statements

MOVE = """
update sales_order o set status = t.to_status, status_at = clock_timestamp(), reason = x.reason, wait_until = x.wait_until,
       giving = case when t.to_status = 'new' then 0 else o.giving end
  from unnest(%(ids)s::bigint[], %(reasons)s::text[], %(waits)s::timestamptz[]) x(id, reason, wait_until), order_transition t
 where o.id = x.id and o.id = any (%(ids)s) and o.deleted_at is null and t.from_status = o.status and t.event = %(event)s
returning o.id, o.status
"""


def move(
    ids: Sequence[int],
    event: str,
    *,
    reasons: Sequence[str] | str = "",
    waits: Sequence[datetime | None] | datetime | None = None,
) -> dict[int, OrderStatus]:
    """Let an event happen to orders; those it moved, with where they stand now. `reasons` and `waits` are one for all or one each."""
    if not ids:
        return {}
    every = sorted(range(len(ids)), key=lambda at: ids[at])
    moved = statements.run(
        MOVE,
        {
            "ids": [ids[at] for at in every],
            "reasons": [(reasons if isinstance(reasons, str) else reasons[at]).replace("\0", "") for at in every],
            "waits": [waits[at] if isinstance(waits, Sequence) else waits for at in every],
            "event": event,
        },
    )
    return {row[0]: OrderStatus(row[1]) for row in moved}


def raise_issue(ids: Sequence[int], issue: str) -> list[int]:
    """Put a sentence for a person on orders, beside their status; those that did not carry it yet."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "update sales_order set issue = %s where id = any (%s) and issue <> %s returning id", [issue, sorted(ids), issue]
        )
        return [row[0] for row in cursor.fetchall()]
