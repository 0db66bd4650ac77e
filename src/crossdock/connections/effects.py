"""The effect ledger: every change we make in somebody else's system is written down, then made, then confirmed or refused.

A crash or time-out in between leaves it `trying` or `unknown`: then the other system is asked first, and only what it does not have
is done again. That is how a thing happens once.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, transaction
from msgspec import Struct

from crossdock.connectors.kit.capabilities import Done, Failed, Found, Note
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, NotReady, OutcomeUnknown
from crossdock.jobs.lanes import LeaseLost, Run
from crossdock.jobs.policy import PAUSES, Step, decide
from crossdock.tenancy import statements
from crossdock.tenancy.rows import rows_to_tell
from crossdock.tenancy.scope import account_in_scope

log = structlog.get_logger(__name__)

P = TypeVar("P")

FAULT = "A fault in Crossdock stopped this; it is tried again, and the log has the details."

TRYING_FOR = timedelta(seconds=60)
"""How long a claimed effect is left to whoever claimed it, though he may be dead: what he sent last can still be on its way, and
whoever asks too early is told of nothing, and sends again. As long as we wait for any answer.
"""

_OF_THE_SITE = (AuthenticationFailed, NotReady)
"""Faults of a store or warehouse itself: whatever else is sent would meet the same."""

HELD_FOR = timedelta(seconds=5)
"""After which an effect that was held back is looked at again."""

CLAIM = """
update effect e set state = 'trying', attempt = attempt + 1, fence = %(fence)s,
       next_at = clock_timestamp() + make_interval(secs => %(for)s)
  from (select id, state was from effect
         where lane_id = %(lane)s and kind = %(kind)s and state in ('intended', 'trying', 'unknown')
           and next_at <= clock_timestamp()
         order by next_at, id limit %(most)s for no key update skip locked) d
 where e.id = d.id returning e.id, e.key, e.subject_id, e.attempt, d.was, e.evidence
"""

# With every renewal of the lease: a minute counts from when its holder was last alive, however long he has been at it.
KEEP = """
update effect set next_at = clock_timestamp() + make_interval(secs => %(for)s)
 where lane_id = %(lane)s and state = 'trying' and fence = %(fence)s
"""

SETTLE = """
update effect e
   set state = r.state, external_id = coalesce(r.external_id, e.external_id), evidence = coalesce(r.evidence, e.evidence),
       error = r.error, attempt = e.attempt - case when r.free then 1 else 0 end,
       next_at = clock_timestamp() + make_interval(secs => r.after),
       settled_at = case when r.state in ('confirmed', 'refused') then clock_timestamp() end
  from jsonb_to_recordset(%(rows)s::jsonb)
       r(id bigint, state text, external_id text, evidence jsonb, error text, after double precision, free boolean)
 where e.id = r.id and e.state = 'trying' and e.fence = %(fence)s
returning e.id
"""

NOTE = """
update effect e set evidence = coalesce(e.evidence, '{}'::jsonb) || r.evidence
  from jsonb_to_recordset(%(rows)s::jsonb) r(key text, evidence jsonb)
 where e.account_id = %(account)s and e.kind = %(kind)s and e.key = r.key and e.state = 'trying' and e.fence = %(fence)s
"""

INTEND = """
insert into effect (account_id, kind, key, lane_id, store_id, warehouse_id, realm, subject_id)
select %(account)s, %(kind)s::text, r.key, r.lane_id, r.store_id, r.warehouse_id, r.realm, r.subject_id
  from jsonb_to_recordset(%(rows)s::jsonb)
       r(key text, lane_id bigint, store_id bigint, warehouse_id bigint, realm text, subject_id bigint)
on conflict (account_id, kind, key) do nothing returning subject_id
"""


class Claimed(Struct, frozen=True):
    """An effect in our hands. `must_ask` says that it may have happened already."""

    id: int
    key: str
    subject_id: int
    attempt: int
    must_ask: bool
    evidence: dict[str, str]
    was_left: bool = False
    """Whether whoever tried it before left it in the middle: he died, or a fault of ours stopped him."""


class Settled(Struct, frozen=True):
    """What became of an effect: confirmed with the platform's id, refused or put off with the reason."""

    effect: Claimed
    state: str
    external_id: str | None = None
    evidence: Mapping[str, str] | None = None
    message: str = ""
    next_at: datetime | None = None
    is_free: bool = False
    is_held_back: bool = False


class Ledgered(Protocol[P]):
    """What one kind of effect means. `load`, `landed` run inside the account's scope; `landed` in the transaction that settles."""

    kind: str

    def load(self, claimed: Sequence[Claimed]) -> Mapping[str, P]:
        """What is to be sent, by key. A key that is absent is not wanted any more: it is refused as withdrawn."""

    def held_back(self) -> Collection[str]:
        """Keys of what was just loaded that may be asked for and must not be done now: its record changed meanwhile and somebody
        has to look at that first, or the connection was switched off. They stay intended.
        """

    async def ask(self, wanted: Sequence[P], evidence: Mapping[str, Mapping[str, str]]) -> Sequence[Found]:
        """Which of these the platform has."""

    async def act(self, wanted: Sequence[P], note: Note) -> Sequence[Done | Failed]:
        """Do it."""

    def landed(self, settled: Sequence[Settled]) -> None:
        """Draw the consequences, and keep the messages."""


def intend(kind: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write down effects that are to happen: key, lane, store or warehouse, realm, subject. Known keys stay as they are.

    Returns the subjects of those that are new.
    """
    values = {"account": account_in_scope(), "kind": kind, "rows": msgspec.json.encode(rows).decode()}
    return [row[0] for row in statements.run_kept(INTEND, values)]


async def run_effects(run: Run, handler: "Ledgered[P]", *, most: int = 50) -> bool:
    """Settle due effects of the handler's kind in a lane until none is left or the slice is spent; whether any may be left.

    Raises AuthenticationFailed or NotReady after settling what it could, so that the lane stops. After a run that failed a single one
    goes first: where the site is still at fault, the others are left as they are.
    """
    run.keep = partial(_keep, run)
    few = 1 if run.failures else most
    while not run.is_spent:
        batch = await run.write(_take, run, handler, few)
        if batch.fault is not None:
            raise batch.fault
        stop = await _settle_some(run, handler, batch.together, batch.wanted) if batch.together else None
        for effect in batch.alone:
            stop = stop or await _settle_alone(run, handler, effect)
        if stop is not None:
            raise stop
        # What is written down from now on wakes the lane again.
        is_last = len(batch.together) + len(batch.alone) < few
        few = most
        if is_last:
            if batch.alone:
                run.next_at = await run.read(_next_at, run.lane_id)
            return False
    return True


async def _settle_alone(run: Run, handler: "Ledgered[P]", effect: Claimed) -> ConnectorError | None:
    try:
        return await _settle_some(run, handler, [effect], await run.read(handler.load, [effect]))
    except (LeaseLost, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("effect.failed", effect=effect.id, kind=handler.kind, attempt=effect.attempt)
    pause = PAUSES[min(effect.attempt, len(PAUSES)) - 1]
    faulty = Settled(effect, "unknown", message=FAULT, next_at=datetime.now(UTC) + pause)
    await run.write(_put_aside, run, handler, faulty)
    return None


def _put_aside(run: Run, handler: "Ledgered[Any]", faulty: Settled) -> None:
    try:
        with transaction.atomic():
            _land(run, handler, [faulty])
    except (LeaseLost, OperationalError, InterfaceError):
        raise
    except Exception:
        # Even saying so fails: then only the ledger knows, and the log.
        log.exception("effect.not_told", effect=faulty.effect.id)
        _settle(run, [faulty])


async def _settle_some(
    run: Run, handler: "Ledgered[P]", claimed: Sequence[Claimed], wanted: Mapping[str, P]
) -> ConnectorError | None:
    by_key = {effect.key: effect for effect in claimed}
    held_back = set(handler.held_back())
    settled = [Settled(effect, "refused", message="Not wanted any more.") for key, effect in by_key.items() if key not in wanted]
    stop: ConnectorError | None = None

    note = _Notes(run, handler.kind)
    to_ask = [key for key in wanted if by_key[key].must_ask]
    to_do = [key for key in wanted if not by_key[key].must_ask]
    if to_ask:
        try:
            found = {f.key: f for f in await handler.ask([wanted[k] for k in to_ask], {k: by_key[k].evidence for k in to_ask})}
        except ConnectorError as error:
            stop = error if isinstance(error, _OF_THE_SITE) else None
            # Not asked is not known: it stays unknown, whatever kept us from asking.
            settled += [_put_off(by_key[key], error, state="unknown") for key in to_ask]
        else:
            for key in to_ask:
                if key not in found:
                    to_do.append(key)
                elif found[key].differs:
                    settled.append(
                        Settled(by_key[key], "refused", found[key].external_id, found[key].evidence, _taken(found[key]))
                    )
                else:
                    evidence = {**found[key].evidence, "found": "true"}
                    settled.append(Settled(by_key[key], "confirmed", found[key].external_id, evidence))
    # Known not to be there, so whoever looks at the change may take it back.
    soon = datetime.now(UTC) + HELD_FOR
    settled += [
        Settled(by_key[key], "intended", next_at=soon, is_free=True, is_held_back=True) for key in to_do if key in held_back
    ]
    to_do = [key for key in to_do if key not in held_back]
    if to_do and stop is None:
        try:
            outcomes = await handler.act([wanted[key] for key in to_do], note)
        except ConnectorError as error:
            outcomes = [Failed(key, error) for key in to_do]
        for outcome in outcomes:
            effect = by_key[outcome.key]
            if isinstance(outcome, Done):
                settled.append(Settled(effect, "confirmed", outcome.external_id, outcome.evidence))
            else:
                stop = outcome.error if isinstance(outcome.error, _OF_THE_SITE) else stop
                settled.append(_put_off(effect, outcome.error))
    elif to_do:
        settled += [Settled(by_key[key], "intended", message=stop.message if stop else "") for key in to_do]
    await run.write(_land, run, handler, settled)
    return stop


def _put_off(effect: Claimed, error: ConnectorError, *, state: str | None = None) -> Settled:
    decision = decide(error, effect.attempt)
    if state is None and decision.step is Step.REFUSE:
        return Settled(effect, "refused", message=error.message, evidence=error.evidence or None)
    unknown = state == "unknown" or isinstance(error, OutcomeUnknown) or decision.step is Step.ASK
    wait = decision.after or PAUSES[min(effect.attempt, len(PAUSES)) - 1]
    return Settled(
        effect,
        "unknown" if unknown else "intended",
        message=error.message,
        next_at=datetime.now(UTC) + wait,
        is_free=decision.step in (Step.WAIT, Step.PAUSE, Step.BLOCK),
    )


def _taken(found: Found) -> str:
    return (
        f"The warehouse already has an order with this number, and it is not ours: {found.differs}. "
        "Compare both, then give this one another number or archive it."
    )


class _Batch(Struct, frozen=True):
    """Claimed effects: those that go together with what is to be sent, those that go alone, and why loading failed if it did."""

    together: Sequence[Claimed]
    alone: Sequence[Claimed]
    wanted: Mapping[str, Any]
    fault: Exception | None = None


def _take(run: Run, handler: "Ledgered[Any]", most: int) -> _Batch:
    claimed = _claim(run, handler.kind, most)
    # What was left in the middle again and again may be what stopped everything: it goes alone, and stops nothing but itself.
    alone = [effect for effect in claimed if effect.was_left and effect.attempt > 2]
    together = [effect for effect in claimed if effect not in alone]
    if not together:
        run.next_at = _next_at(run.lane_id)
        return _Batch((), alone, {})
    try:
        with transaction.atomic():
            return _Batch(together, alone, handler.load(together))
    except (LeaseLost, OperationalError, InterfaceError):
        raise
    except Exception as fault:  # noqa: BLE001  (raised by the caller, after the claim is kept)
        # That they were tried is kept: whatever cannot even be loaded goes alone before long.
        return _Batch(together, alone, {}, fault)


def _claim(run: Run, kind: str, most: int) -> list[Claimed]:
    rows = statements.run(
        CLAIM,
        {"fence": run.fence, "lane": run.lane_id, "kind": kind, "for": TRYING_FOR.total_seconds(), "most": most},
    )
    return [
        Claimed(row[0], row[1], row[2], row[3], row[4] != "intended", _evidence(row[5]), row[4] == "trying")
        for row in sorted(rows, key=lambda row: row[0])
    ]


class _Notes:
    """Writes evidence down before it returns; what several call for at the same moment goes in one transaction."""

    def __init__(self, run: Run, kind: str) -> None:
        self._run = run
        self._kind = kind
        self._waiting: dict[str, dict[str, str]] = {}
        self._turn = asyncio.Lock()

    async def __call__(self, evidence: Mapping[str, Mapping[str, str]]) -> None:
        """See `Note`."""
        for key, values in evidence.items():
            self._waiting[key] = self._waiting.get(key, {}) | dict(values)
        async with self._turn:
            # Whoever had the turn before may have taken these along; if so, they are written.
            if any(key in self._waiting for key in evidence):
                taken, self._waiting = self._waiting, {}
                try:
                    await self._run.write(_note, self._run, self._kind, taken)
                except BaseException:
                    self._waiting = taken | self._waiting
                    raise


def _evidence(stored: Any) -> dict[str, str]:
    return dict(msgspec.json.decode(stored) if isinstance(stored, str) else stored or {})


def _note(run: Run, kind: str, evidence: Mapping[str, Mapping[str, str]]) -> None:
    rows = [{"key": key, "evidence": dict(values)} for key, values in evidence.items()]
    statements.run(NOTE, {"rows": rows_to_tell(rows), "account": run.account_id, "kind": kind, "fence": run.fence})


def _keep(run: Run) -> None:
    statements.run(KEEP, {"fence": run.fence, "lane": run.lane_id, "for": TRYING_FOR.total_seconds()})


def _land(run: Run, handler: "Ledgered[Any]", settled: Sequence[Settled]) -> None:
    ours = _settle(run, settled)
    handler.landed([one for one in settled if one.effect.id in ours])
    run.next_at = _next_at(run.lane_id)


def _settle(run: Run, settled: Sequence[Settled]) -> set[int]:
    now = datetime.now(UTC)
    rows = [
        {
            "id": one.effect.id,
            "state": one.state,
            "external_id": one.external_id,
            "evidence": dict(one.evidence) if one.evidence is not None else ({} if one.state == "confirmed" else None),
            "error": one.message,
            "after": max(0.0, (one.next_at - now).total_seconds()) if one.next_at else 0.0,
            "free": one.is_free,
        }
        for one in sorted(settled, key=lambda one: one.effect.id)
    ]
    return {row[0] for row in statements.run(SETTLE, {"rows": rows_to_tell(rows), "fence": run.fence})}


def _next_at(lane_id: int) -> datetime | None:
    found = statements.run(
        "select min(next_at) from effect where lane_id = %s and state in ('intended', 'trying', 'unknown')", [lane_id]
    )
    return found[0][0]  # type: ignore[no-any-return]
