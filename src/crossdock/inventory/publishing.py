"""Telling a store its figures: whether it may be, what is told next, and what became of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from msgspec import Struct

from crossdock.activity.services import Told, tell
from crossdock.connections.models import Store
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.errors import ConnectorError, OutcomeUnknown
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.fulfillment import StockFigure
from crossdock.domain.stock import Drop
from crossdock.inventory.models import LevelState, Publishing, PublishingState, StoreLevel
from crossdock.jobs.policy import PAUSES, Step, decide
from crossdock.tenancy.rows import rows_to_tell
from crossdock.tenancy.scope import account_in_scope

BATCH = 100
"""Figures that are told in one go."""

# Written down before the store is told. The same figure keeps its revision: a try that is repeated can be told from another figure.
CLAIM = """
update store_level s set state = 'trying', attempt = s.attempt + 1,
       revision = s.revision + case when s.intended = s.computed and s.is_unsure then 0 else 1 end, intended = s.computed
  from (select id, is_unsure was_unsure from store_level
         where store_id = %(store)s and state = 'waiting' and computed is not null
           and (next_at is null or next_at <= clock_timestamp())
         order by id limit %(most)s for no key update) d, listing l
 where s.id = d.id and l.id = s.listing_id
returning s.id, s.sku, s.location, l.external_id, s.intended, case when d.was_unsure then null else s.pushed end, s.revision, s.attempt
"""

LAND = """
update store_level s set
  state = case when r.state = 'done' and s.computed is distinct from s.intended then 'waiting' else r.state end,
  pushed = case when r.state = 'done' then s.intended else s.pushed end,
  pushed_at = case when r.state = 'done' then clock_timestamp() else s.pushed_at end,
  is_unsure = case when r.state = 'done' then false else s.is_unsure or r.is_unsure end,
  attempt = case when r.state = 'done' then 0 when r.is_free then s.attempt - 1 else s.attempt end,
  next_at = clock_timestamp() + make_interval(secs => r.after), answer = r.answer, answered_at = clock_timestamp()
  from jsonb_to_recordset(%(rows)s::jsonb) r(id bigint, state text, answer text, after double precision, is_unsure boolean,
         is_free boolean)
 where s.id = r.id and s.state = 'trying'
"""

NEXT = "select count(*), min(coalesce(next_at, clock_timestamp())) from store_level where store_id = %s and state = 'waiting'"

FIRST = (
    "The figures of {store} were never sent from here. Look at what would be shown, and say yes: until then the store is told "
    "nothing."
)
HELD = (
    "{store} would show {percent} % less than before: {units} of {of_units} units and {skus} of {of_skus} SKUs would vanish, which "
    "its sales do not explain. Nothing is sent until somebody has looked at it."
)
LINK = "It is not known at which location of {store} the stock of {connections} is shown. Say so on the Stock page of the connection."

ASKS: dict[PublishingState, str] = {
    PublishingState.LINK: "store.stock_unlinked",
    PublishingState.FIRST: "store.stock_first",
    PublishingState.HELD: "store.stock_held",
}
"""States in which a person has to look, and what the story says of each."""


class Figure(Struct, frozen=True):
    """A figure in our hands, and the row it is of."""

    id: int
    figure: StockFigure
    attempt: int


class Outcome(Struct, frozen=True):
    """How many figures of a batch the store took and refused, how many are tried again, and what stops everything."""

    pushed: int = 0
    refused: int = 0
    delayed: int = 0
    stop: ConnectorError | None = None


def publishing_of(store: Store) -> Publishing:
    """How a store is told its stock, made when nobody asked yet."""
    row, _ = Publishing.objects.get_or_create(
        account_id=account_in_scope(), store=store, defaults={"merchant_id": store.merchant_id}
    )
    return row


def keep_locations(store_id: int, choices: Sequence[Choice]) -> None:
    """Remember the store's locations, for the page on which they are linked."""
    Publishing.objects.filter(store_id=store_id).update(
        locations=[[choice.value, choice.label] for choice in choices], locations_at=datetime.now(UTC)
    )


def stand(row: Publishing, state: PublishingState, reason: str = "") -> None:
    """Say how publishing stands; once in the story when it becomes something that a person has to look at."""
    is_news = row.state != state
    changed = is_news or row.reason != reason
    if changed:
        now = datetime.now(UTC)
        Publishing.objects.filter(pk=row.pk).update(state=state, reason=reason, **({"state_at": now} if is_news else {}))
        row.state, row.reason = state, reason
    if is_news and state in ASKS:
        tell([Told(kind=ASKS[state], store_id=row.store_id, params={"why": reason})])


def judge(row: Publishing, drop: Drop, store: str) -> bool:
    """Whether the store may be told now. A first push, and one that shows much less, need a person's yes."""
    if row.approved_at is None and not _has_figures(row.store_id):
        # Nothing to look at: nobody is asked before a warehouse has said what it has of something that the store sells.
        stand(row, PublishingState.NEW)
        return False
    if row.approved_at is None:
        stand(row, PublishingState.FIRST, FIRST.format(store=store))
        return False
    # What a person accepted is accepted up to what they saw.
    if drop.is_beyond(max(row.drop_limit, row.allowed or 0)):
        reason = HELD.format(
            store=store, percent=drop.percent, units=_plain(drop.units), of_units=_plain(drop.of_units), skus=drop.skus,
            of_skus=drop.of_skus,
        )  # fmt: skip
        stand(row, PublishingState.HELD, reason)
        return False
    stand(row, PublishingState.GOING)
    return True


def _has_figures(store_id: int) -> bool:
    return StoreLevel.objects.filter(store_id=store_id, computed__isnull=False).exclude(state=LevelState.GONE).exists()


def _plain(units: Decimal) -> str:
    return f"{units.normalize():,f}"


def claim(store_id: int) -> list[Figure]:
    """The next figures to tell, written down as intended. The key says the figure's place and which figure it is."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"store": store_id, "most": BATCH})
        return [
            Figure(
                row_id,
                StockFigure(
                    key=f"store:{store_id}/stock:{external_id}@{location}/{revision}",
                    sku=sku,
                    quantity=quantity,
                    location=location or None,
                    product_id=external_id,
                    previous=previous,
                ),
                attempt,
            )
            for row_id, sku, location, external_id, quantity, previous, revision, attempt in sorted(cursor.fetchall())
        ]


def land(figures: Sequence[Figure], outcomes: Sequence[Done | Failed]) -> Outcome:
    """Write down what the store said to each figure. One of which it said nothing may have been taken or not."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    rows: list[dict[str, Any]] = []
    counted = {"done": 0, "refused": 0, "waiting": 0}
    stop: ConnectorError | None = None
    for one in figures:
        outcome = by_key.get(one.figure.key)
        if outcome is None:
            outcome = Failed(one.figure.key, OutcomeUnknown("The store gave no answer for this figure."))
        row = _landed(one, outcome)
        counted[row["state"]] += 1
        rows.append(row)
        if isinstance(outcome, Failed) and decide(outcome.error, one.attempt).step in (Step.PAUSE, Step.BLOCK):
            stop = outcome.error
    with connection.cursor() as cursor:
        cursor.execute(LAND, {"rows": rows_to_tell(rows)})
    return Outcome(counted["done"], counted["refused"], counted["waiting"], stop)


def _landed(one: Figure, outcome: Done | Failed) -> dict[str, Any]:
    if isinstance(outcome, Done):
        return {"id": one.id, "state": "done", "answer": "", "after": 0.0, "is_unsure": False, "is_free": False}
    decision = decide(outcome.error, one.attempt)
    is_refused = decision.step is Step.REFUSE
    # A figure is absolute: one of which nobody knows whether it arrived is told again, there is nothing to ask for.
    pause = decision.after or PAUSES[min(one.attempt, len(PAUSES)) - 1]
    return {
        "id": one.id,
        "state": "refused" if is_refused else "waiting",
        "answer": outcome.error.message,
        "after": 0.0 if is_refused or decision.step in (Step.PAUSE, Step.BLOCK) else pause.total_seconds(),
        "is_unsure": isinstance(outcome.error, OutcomeUnknown),
        "is_free": decision.step in (Step.WAIT, Step.PAUSE, Step.BLOCK),
    }


def waiting(store_id: int) -> tuple[int, datetime | None]:
    """How many figures are still to be told, and when the next of them."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [store_id])
        return cursor.fetchone()  # type: ignore[no-any-return]


def end_push(store_id: int, *, full_since: datetime | None, is_all_told: bool) -> None:
    """After a push: what a person allowed is used up once everything was told, and a full push is over."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {"pushed_at": now}
    if is_all_told:
        values["allowed"] = None
        if full_since is not None:
            values |= {"full_since": None, "full_at": full_since}
    Publishing.objects.filter(store_id=store_id).update(**values)


LOCATIONS_FOR = timedelta(days=1)
"""How long what a store said of its locations is taken for true."""
