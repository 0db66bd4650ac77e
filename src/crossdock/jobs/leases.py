"""Taking a lane, letting it go, and when it is due again."""

import json
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

from crossdock.jobs.lanes import LEASE, MARGIN, LaneKind, Run, kind_of
from crossdock.tenancy import statements

# One that is held is passed over without waiting. One that is just being woken is waited for: its wake-up may be this very one, merged
# with the earlier, and nobody else would come.
#
# While somebody is at it a lane is due again when its lease is over, so that the sweep finds one whose holder died.
TAKE = """
update lane l set fence = fence + 1, leased_until = clock_timestamp() + make_interval(secs => %(lease)s), holder = %(holder)s,
                  last_started_at = clock_timestamp(), due_at = clock_timestamp() + make_interval(secs => %(lease)s)
  from (select id, coalesce(woken_at > coalesce(last_started_at, '-infinity') and due_at > clock_timestamp(), false) told
          from lane where id = %(lane)s and (leased_until is null or leased_until < clock_timestamp())
           and blocked_reason is null for no key update) o
 where l.id = o.id
returning account_id, kind, store_id, warehouse_id, connection_id, fence, window_from, window_to, position, failures, o.told
"""

END = """
update lane set leased_until = null, holder = '', failures = %(failures)s, last_error = %(error)s,
                last_message_id = %(message)s::uuid,
                due_at = case when woken_at >= last_started_at then least(%(due)s::timestamptz, clock_timestamp())
                              else %(due)s::timestamptz end,
                last_done_at = case when %(done)s then clock_timestamp() else last_done_at end,
                blocked_reason = case when woken_at >= last_started_at then null else %(blocked)s::text end
 where id = %(lane)s and fence = %(fence)s returning due_at <= clock_timestamp()
"""


AGAIN = """
update lane l set leased_until = clock_timestamp() + make_interval(secs => %(lease)s), last_started_at = clock_timestamp(),
                  due_at = clock_timestamp() + make_interval(secs => %(lease)s), last_done_at = clock_timestamp(),
                  failures = 0, last_error = ''
  from (select id, coalesce(due_at > clock_timestamp(), false) told
          from lane where id = %(lane)s and fence = %(fence)s and leased_until > clock_timestamp()
           and woken_at >= last_started_at and blocked_reason is null for no key update) o
 where l.id = o.id returning o.told
"""


def take(lane_id: int, holder: str) -> Run | None:
    """Take the lease, or None when somebody holds it or the lane is blocked. Needs the account's scope."""
    asked_at = monotonic()
    rows = statements.run_kept(TAKE, {"lane": lane_id, "holder": holder, "lease": LEASE.total_seconds()})
    if not rows:
        return None
    account_id, kind, store, warehouse, link, fence, since, until, position, failures, told = rows[0]
    known: LaneKind = kind_of(kind)
    return Run(
        account_id=account_id,
        lane_id=lane_id,
        fence=fence,
        kind=kind,
        owner_id={"store": store, "warehouse": warehouse, "connection": link}[known.owner],
        window_from=since,
        window_to=until,
        position=_json(position),
        failures=failures,
        is_only_told=told,
        spent_at=monotonic() + known.slice.total_seconds(),
        sure_until=asked_at + LEASE.total_seconds() - MARGIN.total_seconds(),
    )


def _json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def end(
    run: Run,
    *,
    due_at: datetime | None,
    error: str = "",
    failures: int = 0,
    blocked: str | None = None,
    message_id: UUID | None = None,
) -> bool:
    """Let the lane go and say when it is due again. True when that is at once: more is left, or a wake came while we worked.

    `message_id` is the exchange behind the error.
    A lane that was woken meanwhile is not blocked: what it was refused with may have been replaced by then. Writes nothing when the
    lane is not ours any more.
    """
    rows = statements.run_kept(
        END,
        {
            "lane": run.lane_id,
            "fence": run.fence,
            "due": due_at,
            "failures": failures,
            "error": error.replace("\0", ""),
            "done": not error,
            "blocked": blocked.replace("\0", "") if blocked else None,
            "message": message_id,
        },
    )
    return bool(rows and rows[0][0])


def again(run: Run) -> bool:
    """Go on with the lane as if it was taken anew, when it was woken since the run began: whoever has it open needs no other."""
    asked_at = monotonic()
    rows = statements.run_kept(AGAIN, {"lane": run.lane_id, "fence": run.fence, "lease": LEASE.total_seconds()})
    if not rows:
        return False
    run.renewed(asked_at)
    run.failures, run.next_at, run.is_only_told = 0, None, rows[0][0]
    return True


def save_position(run: Run, position: object, window: tuple[datetime | None, datetime] | None) -> None:
    """Move a lane's cursor, in the transaction that lands the rows it passes."""
    since, until = window or (None, None)
    statements.run_kept(
        "update lane set position = %s::jsonb, window_from = %s::timestamptz, window_to = %s::timestamptz"
        " where id = %s and fence = %s",
        [json.dumps(position) if position is not None else None, since, until, run.lane_id, run.fence],
    )
    run.position, run.window_from, run.window_to = position, since, until


def soon(seconds: float) -> datetime:
    """A moment from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
