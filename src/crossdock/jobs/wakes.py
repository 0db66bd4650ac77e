"""Wake-ups: "look at lane X". They travel with the rows they are about, in one transaction."""

from collections.abc import Iterable
from datetime import datetime

import psycopg.errors
from django.db import OperationalError, connection, transaction

from crossdock.jobs.lanes import kind_of
from crossdock.tenancy import statements
from crossdock.tenancy.scope import account_in_scope

TASK = "crossdock.wake"

TOLD_WITHIN = 10.0
"""Seconds after which a lane that was told of something is due, if its wake-up was lost."""

PATIENCE = 0.3
"""Seconds that whoever announces something waits for a lane's row: longer than most writes of a run, shorter than anybody minds."""


def open_lane(kind: str, owner_id: int) -> int:
    """The lane of this kind and owner, made when it is not there yet. Needs an account's scope."""
    column = kind_of(kind).owner + "_id"
    find = f"select id from lane where account_id = %s and kind = %s and {column} = %s"
    make = (
        f"insert into lane (account_id, kind, {column}, fence, holder, failures, last_error)"
        " values (%s, %s, %s, 0, '', 0, '') on conflict do nothing"
    )
    named: list[int | str] = [account_in_scope(), kind, owner_id]
    rows = statements.run_kept(find, named)
    if not rows:
        statements.run_kept(make, named)
        rows = statements.run_kept(find, named)
    return int(rows[0][0])


# Whoever holds a lane sees at the end of a run that it was woken meanwhile, so only one that nobody holds needs a wake-up on the
# queue. Both update the lane's row: one of them waits for the other and then knows.
#
# Not by the library's `defer`: its refusal of a second wake-up is an error, which leaves the caller's transaction aborted, and an
# aborted transaction is rolled back by its commit without a word. The table is the library's (3.10, schema.sql).
WAKE = """
with found as materialized (select id, {owner} as owner from lane where {which} order by id for no key update {locked}),
 free as (
  update lane set woken_at = case when %(at)s::timestamptz is null or leased_until >= clock_timestamp() then clock_timestamp()
                                  else woken_at end,
                  due_at = least(due_at, coalesce(%(at)s::timestamptz, clock_timestamp() + make_interval(secs => %(within)s)))
   where id = any (array(select id from found)) and blocked_reason is null
  returning id, account_id, leased_until is null or leased_until < clock_timestamp() as is_free),
 queued as (
  insert into procrastinate_jobs (queue_name, task_name, queueing_lock, args)
  select 'default', %(task)s::text, 'lane:' || id, jsonb_build_object('account_id', account_id, 'lane_id', id)
    from free where is_free and %(at)s::timestamptz is null order by id
  on conflict (queueing_lock) where status = 'todo' do nothing)
select owner from found
"""

ENQUEUE = """
insert into procrastinate_jobs (queue_name, task_name, queueing_lock, args)
select 'default', %(task)s, 'lane:' || lane, jsonb_build_object('account_id', %(account)s::bigint, 'lane_id', lane)
  from unnest(%(lanes)s::bigint[]) lane order by lane
on conflict (queueing_lock) where status = 'todo' do nothing
"""


def wake(lane_ids: Iterable[int], *, at: datetime | None = None) -> None:
    """Have lanes looked at, now or no later than `at`. Part of the caller's transaction; waking twice is waking once.

    Without a wake-up (`at` in the future, or the queue losing it) the sweep finds the lane by its `due_at`. A lane that somebody
    holds looks again as soon as its run is over, whatever `at` says: its `due_at` is written anew then.
    """
    wanted = sorted(set(lane_ids))
    if wanted:
        statements.run_kept(
            WAKE.format(owner="id", which="id = any (%(ids)s)", locked=""), {"at": at, "within": 0.0, "task": TASK, "ids": wanted}
        )


def wake_lane(kind: str, owner_id: int) -> None:
    """Have the lane of this kind and owner looked at now, made when it is not there yet: as `wake`, in one statement."""
    _wake(kind, owner_id, 0.0)


def tell_lane(kind: str, owner_id: int) -> bool:
    """Tell a lane that something was announced, which it sees in its run; the lane is not due by that.

    The last words of a transaction, which commits what was announced whether or not the lane can be told: whoever has its row for
    longer than `PATIENCE` (a worker that was stopped in the middle of a write) holds up nobody. False then: what was announced is
    found at the end of that run, or by the sweep (`timing.also_due`).
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select set_config('lock_timeout', %s, true)", [f"{PATIENCE * 1000:.0f}ms"])
            _wake(kind, owner_id, TOLD_WITHIN)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
        return False
    return True


def tell_lanes(kind: str, owner_ids: Iterable[int]) -> set[int]:
    """As `tell_lane`, for those that nobody has right now, without waiting for the others; the owners of those that know by now."""
    return _woken(kind, sorted(set(owner_ids)), TOLD_WITHIN, "skip locked")


def _wake(kind: str, owner_id: int, within: float) -> None:
    if not _woken(kind, [owner_id], within, ""):
        wake([open_lane(kind, owner_id)])


def _woken(kind: str, owner_ids: list[int], within: float, locked: str) -> set[int]:
    """The owners of lanes that were there and are woken, or blocked."""
    column = f"{kind_of(kind).owner}_id"
    here = f"account_id = %(account)s and kind = %(kind)s and {column} = any (%(owners)s::bigint[])"
    values = {"at": None, "within": within, "task": TASK, "account": account_in_scope(), "kind": kind, "owners": owner_ids}
    return {row[0] for row in statements.run_kept(WAKE.format(owner=column, which=here, locked=locked), values)}


def enqueue(account_id: int, *lane_ids: int) -> int:
    """Put wake-ups on the queue, but for lanes of which one waits already; how many were put."""
    with connection.cursor() as cursor:
        cursor.execute(ENQUEUE, {"task": TASK, "account": account_id, "lanes": sorted(set(lane_ids))})
        return int(cursor.rowcount)
