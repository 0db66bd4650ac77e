"""The worker process: takes wake-ups off the queue, runs lanes, sweeps for what was missed, and says that it is alive."""

import asyncio
import os
import signal
import socket
import threading
import uuid
import weakref
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from django.db import Error as DatabaseFailed
from django.db import connection
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException

from crossdock.connectors.kit.errors import ConnectorError
from crossdock.jobs import leases, queries, wakes
from crossdock.jobs.lanes import RENEW_EVERY, LeaseLost, More, Run, close_all, kind_of, renew
from crossdock.jobs.policy import PAUSES, Step, decide
from crossdock.jobs.timing import found_due, hourly_work, next_due
from crossdock.tenancy.months import make_months
from crossdock.tenancy.scope import across_accounts, in_db

log = structlog.get_logger(__name__)

HOLDER = f"{socket.gethostname()}:{os.getpid()}"
SWEEP_EVERY = timedelta(seconds=5)
LANES_AT_WORK = 16
LANES_HELD = 64
"""Lanes that a worker holds, most of them only staying for a moment after their work."""
STAY = timedelta(seconds=0.3)
"""How long a lane is kept after its work at least; longer after work that took long, since then much is to be done elsewhere."""
STAY_AT_MOST = timedelta(seconds=1.5)
STAY_FOR_WORK = 1.0
QUEUE_AGAIN = timedelta(seconds=2)
LEAVE_WITHIN = timedelta(seconds=20)
"""Seconds after which a process that was asked to leave leaves as if it were killed: a lease and the ledger make that safe."""

_under_way: dict[int, Run] = {}
_gates: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = weakref.WeakKeyDictionary()


@app.task(name=wakes.TASK, pass_context=False)
async def look_at(account_id: int, lane_id: int) -> None:
    """Run a lane, unless somebody else is at it, and stay a moment in case it is woken again."""
    await run_lane(account_id, lane_id, stay=STAY)


async def run_lane(account_id: int, lane_id: int, *, stay: timedelta | None = None) -> More | None:
    """Take the lane, run a slice, let it go; None when somebody else holds it. What is left over wakes the lane again.

    With `stay` the lane is kept for that long after each piece of work: orders come one by one, and what they wake is then found by
    whoever has it, together, instead of each being a run of its own.
    """
    # Before its turn comes: whoever wakes a lane that somebody has needs to queue nothing.
    run = await in_db(account_id, leases.take, lane_id, HOLDER)
    if run is None:
        return None
    renewal = asyncio.create_task(_renew(run))
    _under_way[lane_id] = run
    try:
        while True:
            began = monotonic()
            async with _gate():
                more = await kind_of(run.kind).work(run)
            may_stay = stay is not None and more is More.NO and not run.is_spent
            if may_stay and stay is not None:
                worked = timedelta(seconds=(monotonic() - began) * STAY_FOR_WORK)
                await asyncio.sleep(min(max(stay, worked), STAY_AT_MOST).total_seconds())
            if not await in_db(account_id, _done, run, more, may_stay):
                return more
    except LeaseLost:
        log.warning("lane.lost", lane=lane_id, kind=run.kind)
    except ConnectorError as error:
        await _ended_by(run, error)
    except Exception as error:
        # A bug of ours: it keeps its traceback, the rows stay where they were, and the lane comes back later.
        log.exception("lane.failed", lane=lane_id, kind=run.kind, account=account_id)
        await in_db(
            account_id,
            _end,
            run,
            leases.soon(60),
            "A fault in Crossdock stopped this run; the log has the details.",
            run.failures + 1,
            message_id=getattr(error, "exchange", None),
        )
    finally:
        _under_way.pop(lane_id, None)
        renewal.cancel()
        with suppress(asyncio.CancelledError):
            await renewal
    return None


def _gate() -> asyncio.Semaphore:
    """Lets so many lanes of this event loop work at the same time; those that only stay are not counted."""
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(LANES_AT_WORK))


async def _ended_by(run: Run, error: ConnectorError) -> None:
    # What is announced while a platform is down is no try of ours: else a busy store would be tried ever more rarely within minutes.
    attempt = run.failures if run.is_only_told and run.failures else run.failures + 1
    decision = decide(error, attempt)
    failures = run.failures if decision.step is Step.WAIT else attempt
    blocked = error.message if decision.step is Step.BLOCK else None
    place = await in_db(run.account_id, queries.place_of, run.lane_id)
    # What waits for a person is to be found among the warnings; what goes on by itself is not one.
    tell = log.warning if blocked else log.info
    tell("lane.ended", lane=run.lane_id, kind=run.kind, at=place, error=type(error).__name__, message=error.message)
    # A store as a whole that cannot be read for another reason is tried again too, ever more rarely: nobody else would wake it.
    pause = decision.after or PAUSES[min(failures, len(PAUSES)) - 1]
    due = None if blocked else datetime.now(UTC) + max(pause, timedelta(seconds=5))
    await in_db(run.account_id, _end, run, due, error.message, failures, blocked, error.exchange)


def _end(
    run: Run,
    due: datetime | None,
    error: str,
    failures: int,
    blocked: str | None = None,
    message_id: uuid.UUID | None = None,
) -> None:
    if leases.end(run, due_at=due, error=error, failures=failures, blocked=blocked, message_id=message_id):
        wakes.enqueue(run.account_id, run.lane_id)
    elif blocked:
        queries.block_siblings(run.lane_id, blocked)


def _done(run: Run, more: More, may_stay: bool) -> bool:
    """Whether to go on at once, since the lane was woken meanwhile; else it is let go."""
    if may_stay and leases.again(run):
        return True
    due = datetime.now(UTC) if more is More.YES else next_due(run)
    if leases.end(run, due_at=due):
        wakes.enqueue(run.account_id, run.lane_id)
    return False


async def _renew(run: Run) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY.total_seconds())
        asked_at = monotonic()
        try:
            await in_db(run.account_id, renew, run)
            run.renewed(asked_at)
        except LeaseLost:
            run.is_lost = True
            return
        except DatabaseFailed:
            # Tried again; a run that goes on without it stops by its own clock before it tells anybody anything.
            log.warning("lane.not_renewed", lane=run.lane_id, kind=run.kind)


async def sweep() -> int:
    """Wake every lane that is due, or has work that its row does not tell of, and that nobody holds; how many.

    One worker at a time does it. It locks no lane, so that a row which somebody keeps to himself holds up no other.
    """
    due = await across_accounts(queries.due_lanes, 500)
    due += await across_accounts(found_due, 500)
    woken = 0
    for account_id, lane_id in dict.fromkeys(due):
        woken += await in_db(account_id, wakes.enqueue, account_id, lane_id)
    return woken


async def _sweep_forever(beat: uuid.UUID) -> None:
    months_at = 0.0
    while True:
        try:
            await across_accounts(queries.beat, beat, socket.gethostname(), os.getpid())
            if await across_accounts(queries.is_sweeper, beat):
                await sweep()
                await across_accounts(queries.clear_finished_jobs)
                if monotonic() >= months_at:
                    months_at = monotonic() + 3600
                    for work in (make_months, *hourly_work()):
                        await across_accounts(work)
        except (DatabaseFailed, ConnectorException) as error:
            _tell_database_is_away("sweep.failed", error)
        except Exception:
            log.exception("sweep.failed")
        await asyncio.sleep(SWEEP_EVERY.total_seconds())


def _tell_database_is_away(event: str, error: Exception) -> None:
    """One line, for somebody who is to start it; a traceback through two libraries would say no more."""
    words = " ".join(str(error.__cause__ or error).split())
    log.error(event, message=f"The database cannot be used ({words}). It is tried again; `crossdock doctor` says more.")


async def work() -> None:
    """Run until canceled, then have the slices under way end soon, and leave."""
    beat = uuid.uuid4()
    sweeping = asyncio.create_task(_sweep_forever(beat))
    try:
        await _take_wakes()
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        await close_all()
        try:
            await across_accounts(queries.stop_beating, beat)
        except DatabaseFailed:
            log.warning("worker.not_signed_off")


async def _take_wakes() -> None:
    """Take wake-ups off the queue until canceled.

    The library's worker ends when the database cannot be reached, or when another took it for dead and removed its row: a new one
    takes its place, with connections and a row of its own.
    """
    me = asyncio.current_task()
    while me is not None and not me.cancelling():
        # Short, since whoever waits for a database that is gone can do nothing better than look again.
        worker_app = app.with_connector(PsycopgConnector(kwargs=connector_params(), timeout=5.0))
        try:
            async with worker_app.open_async():
                await worker_app.run_worker_async(
                    concurrency=LANES_HELD,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=5.0,
                    shutdown_graceful_timeout=10.0,
                )
        except (DatabaseFailed, ConnectorException) as error:
            _tell_database_is_away("queue.lost", error)
        except Exception:
            log.exception("queue.lost")
        await asyncio.sleep(QUEUE_AGAIN.total_seconds())


def run() -> None:
    """The worker process's whole life. Blocks; SIGTERM and SIGINT end it in order, within `LEAVE_WITHIN`."""

    async def main() -> None:
        task = asyncio.create_task(work())
        loop = asyncio.get_running_loop()

        def leave() -> None:
            last = threading.Timer(LEAVE_WITHIN.total_seconds(), os._exit, [1])
            last.daemon = True
            last.start()
            for run in _under_way.values():
                run.spent_at = 0.0
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave)
        with suppress(asyncio.CancelledError):
            await task

    connection.close()
    asyncio.run(main())
