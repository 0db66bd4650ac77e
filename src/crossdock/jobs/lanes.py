"""What a lane is in code: a name, what it belongs to, and one bounded run of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum
from time import monotonic
from typing import Any, Literal, ParamSpec, TypeVar

from msgspec import Struct

from crossdock.tenancy import statements
from crossdock.tenancy.scope import in_db

P = ParamSpec("P")
T = TypeVar("T")

LEASE = timedelta(seconds=20)
RENEW_EVERY = timedelta(seconds=6)
MARGIN = timedelta(seconds=2)
"""How long before its end a lease counts as over for whoever is about to tell a platform something."""

Owner = Literal["store", "warehouse", "connection"]


class More(Enum):
    """Whether a slice left something to do."""

    YES = "yes"
    NO = "no"


class LeaseLost(RuntimeError):
    """Somebody else holds the lane now: this run may not write any more. What it did not write, the other one does."""


class Run(Struct):
    """One slice of a lane under way. Everything it writes goes through `write`, which checks the fence in the same transaction."""

    account_id: int
    lane_id: int
    fence: int
    kind: str
    owner_id: int
    window_from: datetime | None
    window_to: datetime | None
    position: Any
    failures: int
    spent_at: float
    sure_until: float
    is_only_told: bool = False
    """Whether nothing but an announcement woke the lane: neither its own times nor a person."""
    next_at: datetime | None = None
    is_lost: bool = False
    keep: Callable[[], None] | None = None
    """What else is kept alive with the lease, in the same transaction."""

    @property
    def is_spent(self) -> bool:
        """Whether the slice's time is over."""
        return monotonic() >= self.spent_at

    def sure(self) -> None:
        """Raise LeaseLost unless the lease surely still holds, by this machine's own clock: asked right before a platform is told
        anything, so that a process that was stopped for a while does not act on a lease that went to another meanwhile.
        """
        if self.is_lost or monotonic() >= self.sure_until:
            self.is_lost = True
            raise LeaseLost(self.kind)

    def renewed(self, asked_at: float) -> None:
        """Note a renewal that was asked for at a moment of this machine's clock; the lease runs from then at the earliest."""
        self.sure_until = max(self.sure_until, asked_at + LEASE.total_seconds() - MARGIN.total_seconds())

    async def read(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `fn` in the account's transaction, for reading."""
        return await in_db(self.account_id, fn, *args, **kwargs)

    async def write(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `fn` in the account's transaction while holding the lane until its commit. Raises LeaseLost."""
        if self.is_lost:
            raise LeaseLost(self.kind)
        asked_at = monotonic()
        result = await in_db(self.account_id, self._held, fn, *args, **kwargs)
        self.renewed(asked_at)
        return result

    def _held(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        hold(self.lane_id, self.fence)
        return fn(*args, **kwargs)


def renew(run: Run) -> None:
    """Renew the lease, and what is kept with it. Raises LeaseLost."""
    hold(run.lane_id, run.fence)
    if run.keep is not None:
        run.keep()


HOLD = """
update lane set leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
 where id = %(lane)s and fence = %(fence)s and leased_until > clock_timestamp() returning id
"""


def hold(lane_id: int, fence: int) -> None:
    """Renew the lease and lock the lane until commit. Raises LeaseLost when the fence is not ours any more."""
    if not statements.run_kept(HOLD, {"lease": LEASE.total_seconds(), "lane": lane_id, "fence": fence}):
        raise LeaseLost(f"lane {lane_id}")


Work = Callable[[Run], Awaitable[More]]


class LaneKind(Struct, frozen=True):
    """A registered lane: its work, what it belongs to, and how long a slice may take. `is_ours`: it works here, and goes on when the
    platform refuses the credentials.
    """

    kind: str
    owner: Owner
    slice: timedelta
    work: Work
    is_ours: bool = False


_kinds: dict[str, LaneKind] = {}


def lane(kind: str, *, of: Owner, slice: timedelta = timedelta(seconds=15), is_ours: bool = False) -> Callable[[Work], Work]:
    """Register an async function as the work of a lane. It may run twice; it commits as it goes and ends when the slice is spent.

    `is_ours` is for lanes that are not stopped with the others of their store or warehouse when its credentials are refused.
    """

    def register(work: Work) -> Work:
        _kinds[kind] = LaneKind(kind, of, slice, work, is_ours)
        return work

    return register


def our_kinds() -> list[str]:
    """Kinds of lanes that go on when a platform refuses the credentials."""
    return [kind.kind for kind in _kinds.values() if kind.is_ours]


_endings: list[Callable[[], Awaitable[None]]] = []


def at_end(close: Callable[[], Awaitable[None]]) -> None:
    """Have something closed when a worker process ends, in its event loop, after its last lane."""
    if close not in _endings:
        _endings.append(close)


async def close_all() -> None:
    """Close what lanes kept open between their runs."""
    for close in _endings:
        await close()


def kind_of(kind: str) -> LaneKind:
    """The registered lane. Raises KeyError."""
    return _kinds[kind]


__all__ = ["LaneKind", "LeaseLost", "More", "Run", "at_end", "close_all", "hold", "kind_of", "lane", "our_kinds", "renew"]
