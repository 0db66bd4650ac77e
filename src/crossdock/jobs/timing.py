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


def next_due(run: Run) -> datetime | None:
    """When the lane is to be looked at again without being woken: what the run itself found, else its kind's times."""
    if run.next_at is not None:
        return run.next_at
    tell = _by_kind.get(run.kind)
    return tell(run) if tell else None
