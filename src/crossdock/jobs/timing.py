"""When a lane is due by itself. What the times come from lives above; it registers itself here, once for each kind."""

from collections.abc import Callable
from datetime import datetime

from crossdock.jobs.lanes import Run

NextDue = Callable[[Run], datetime | None]

_by_kind: dict[str, NextDue] = {}


def times_of(kind: str) -> Callable[[NextDue], NextDue]:
    """Register what tells when a kind of lane is due after a run; it is called inside the account's scope."""

    def register(tell: NextDue) -> NextDue:
        _by_kind[kind] = tell
        return tell

    return register


FindDue = Callable[[int], list[tuple[int, int]]]

_found: list[FindDue] = []


def also_due(find: FindDue) -> FindDue:
    """Register what finds lanes that have work which their own rows do not tell of: (account, lane) pairs, so many at most.

    Called by each sweep, outside any account. It finds none that somebody holds, and none twice for the same work.
    """
    if find not in _found:
        _found.append(find)
    return find


def found_due(most: int) -> list[tuple[int, int]]:
    """All that was registered has found, each lane once."""
    return list(dict.fromkeys(pair for find in _found for pair in find(most)))


_hourly: list[Callable[[], None]] = []


def every_hour(work: Callable[[], None]) -> Callable[[], None]:
    """Register work that one worker does every hour, outside any account. It may come twice, and a failure waits for the next hour."""
    if work not in _hourly:
        _hourly.append(work)
    return work


def hourly_work() -> list[Callable[[], None]]:
    """All that was registered."""
    return list(_hourly)


def next_due(run: Run) -> datetime | None:
    """When the lane is to be looked at again without being woken: what the run itself found, else its kind's times."""
    if run.next_at is not None:
        return run.next_at
    tell = _by_kind.get(run.kind)
    return tell(run) if tell else None
