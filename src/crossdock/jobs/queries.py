"""What looks across lanes: due ones, workers alive, gauges."""

import uuid
from typing import Any

from django.db import connection

from crossdock.jobs.lanes import our_kinds


def due_lanes(most: int) -> list[tuple[int, int]]:
    """(account, lane) of lanes that are due and held by nobody, the longest due first. Looks across accounts."""
    with connection.cursor() as cursor:
        cursor.execute("select account_id, lane_id from due_lanes(%s)", [most])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def block_siblings(lane_id: int, reason: str) -> None:
    """Block every lane of the same store or warehouse: with refused credentials none of them can work, but for those of our own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update lane l set blocked_reason = %s from lane me where me.id = %s and l.id <> me.id"
            " and (l.store_id = me.store_id or l.warehouse_id = me.warehouse_id) and l.kind <> all (%s)",
            [reason, lane_id, our_kinds()],
        )


def place_of(lane_id: int) -> str:
    """The name of the store, the warehouse or the connection that a lane belongs to, for who reads the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(s.name, w.name, c.name, '') from lane l left join store s on s.id = l.store_id"
            " left join warehouse w on w.id = l.warehouse_id left join connection c on c.id = l.connection_id where l.id = %s",
            [lane_id],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def unblock(*, store_id: int | None = None, warehouse_id: int | None = None, connection_id: int | None = None) -> list[int]:
    """Let the lanes of a store, warehouse or connection go again; their ids, to be woken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update lane set blocked_reason = null, failures = 0, last_error = '', due_at = clock_timestamp()"
            " where blocked_reason is not null and (store_id = %s or warehouse_id = %s or connection_id = %s) returning id",
            [store_id, warehouse_id, connection_id],
        )
        return [row[0] for row in cursor.fetchall()]


def beat(worker: uuid.UUID, host: str, pid: int) -> None:
    """Say that a worker process is alive."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into worker_beat (id, host, pid, started_at, beat_at) values (%s, %s, %s, clock_timestamp(), clock_timestamp())"
            " on conflict (id) do update set beat_at = clock_timestamp()",
            [worker, host, pid],
        )


def is_sweeper(worker: uuid.UUID) -> bool:
    """Whether this worker is the one that sweeps: the longest-living one that still beats."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from worker_beat where beat_at > clock_timestamp() - interval '15 s' order by started_at, id limit 1"
        )
        row = cursor.fetchone()
        return row is not None and row[0] == worker


def stop_beating(worker: uuid.UUID) -> None:
    """Take a worker off the list, and those that died a day ago."""
    with connection.cursor() as cursor:
        cursor.execute("delete from worker_beat where id = %s or beat_at < clock_timestamp() - interval '1 day'", [worker])


def workers_alive() -> int:
    """Worker processes that said so within the last 30 seconds."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from worker_beat where beat_at > clock_timestamp() - interval '30 s'")
        return int(cursor.fetchone()[0])


def clear_finished_jobs() -> None:
    """Drop wake-ups that are over, and those whose worker died: the lane's `due_at` has them looked at again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from procrastinate_jobs j where status in ('succeeded', 'failed', 'aborted', 'cancelled')"
            " or (status = 'doing' and not exists (select from procrastinate_workers w where w.id = j.worker_id))"
            " or (status = 'doing' and exists (select from procrastinate_workers w where w.id = j.worker_id"
            "      and w.last_heartbeat < now() - interval '1 minute'))"
        )


def gauges() -> dict[str, float]:
    """Counts over the whole installation for /metrics: no names, no ids."""
    with connection.cursor() as cursor:
        cursor.execute("select name, value from gauges()")
        rows: list[tuple[str, Any]] = cursor.fetchall()
    return {name: float(value) for name, value in rows}
