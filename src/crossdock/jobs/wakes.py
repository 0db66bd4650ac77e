"""Wake-ups: "look at lane X". They travel with the rows they are about, in one transaction."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from crossdock.jobs.lanes import kind_of
from crossdock.tenancy.scope import account_in_scope

TASK = "crossdock.wake"


def open_lane(kind: str, owner_id: int) -> int:
    """The lane of this kind and owner, made when it is not there yet. Needs an account's scope."""
    column = kind_of(kind).owner + "_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into lane (account_id, kind, {column}, fence, holder, failures, last_error)"
            " values (%s, %s, %s, 0, '', 0, '') on conflict do nothing",
            [account_in_scope(), kind, owner_id],
        )
        cursor.execute(
            f"select id from lane where account_id = %s and kind = %s and {column} = %s", [account_in_scope(), kind, owner_id]
        )
        return int(cursor.fetchone()[0])


def wake(lane_ids: Iterable[int], *, at: datetime | None = None) -> None:
    """Have lanes looked at, now or no later than `at`. Part of the caller's transaction; waking twice is waking once.

    Without a wake-up (`at` in the future, or the queue losing it) the sweep finds the lane by its `due_at`.
    """
    wanted = sorted(set(lane_ids))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "update lane set woken_at = case when %(at)s::timestamptz is null then clock_timestamp() else woken_at end,"
            " due_at = least(due_at, coalesce(%(at)s, clock_timestamp()))"
            " where id = any (%(ids)s) and blocked_reason is null",
            {"at": at, "ids": wanted},
        )
    if at is None:
        account_id = account_in_scope()
        for lane_id in wanted:
            enqueue(account_id, lane_id)


def enqueue(account_id: int | None, lane_id: int) -> bool:
    """Put a wake-up on the queue unless one waits already; whether it was put."""
    key = f"lane:{lane_id}"
    with connection.cursor() as cursor:
        # Asked first, since a refused insert costs a savepoint; the queue's unique key still decides between two of us.
        cursor.execute("select 1 from procrastinate_jobs where queueing_lock = %s and status = 'todo'", [key])
        if cursor.fetchone():
            return False
    try:
        app.configure_task(TASK, queueing_lock=key).defer(account_id=account_id, lane_id=lane_id)
    except AlreadyEnqueued:
        return False
    return True
