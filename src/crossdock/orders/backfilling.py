"""Orders of a stretch of time, fetched because somebody asked: through the same path as all others, behind everything urgent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.activity.services import Kept, Told, tell
from crossdock.connections import gateway, presenting
from crossdock.connections.models import Store
from crossdock.connections.queries import links_of, working
from crossdock.connectors.kit.capabilities import ListsOrders, PullsOrders
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, Window
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.intake import Intake
from crossdock.orders.lanes import intake_of, land
from crossdock.orders.models import Backfill
from crossdock.orders.rereading import AT_ONCE, LOW

BACKFILL = "orders.backfill"

MOST_UNDER_WAY = 5
"""Backfills of one store that may wait at once."""


def lists_orders(store: Store) -> bool:
    """Whether a store's platform can say which orders were placed when."""
    return presenting.lists_orders(store.platform)


def fetch_orders(*, actor: Actor, store: Store, since: datetime, until: datetime) -> Backfill:
    """Have all orders placed in a stretch of time fetched, both ends included. Raises Forbidden, RuleBroken."""
    actor.require(Right.RUN_CHANNELS)
    if not lists_orders(store):
        raise RuleBroken(f"{store.name} cannot say which orders were placed when.")
    if since >= until:
        raise RuleBroken("The first day lies behind the last.")
    if since > datetime.now(UTC):
        raise RuleBroken("These days are still to come.")
    with actor.scope():
        if not working(links_of(store_id=store.pk), "sales_orders"):
            raise RuleBroken("No connection of this store reads its orders. Turn one to Observe or Live first.")
        if Backfill.objects.filter(store=store, done_at=None).count() >= MOST_UNDER_WAY:
            raise RuleBroken("Several are under way already. Wait until one of them is done.")
        made = Backfill.objects.create(
            account_id=actor.account_id, store=store, since=since, until=until, asked_by=actor.person_id
        )
        record(
            actor=actor,
            action="store.backfill",
            subject_kind="store",
            subject_id=store.pk,
            after={"since": since.isoformat(), "until": until.isoformat()},
        )
        wake([open_lane(BACKFILL, store.pk)])
        return made


@lane("orders.backfill", of="store", slice=timedelta(seconds=10))
async def backfill(run: Run) -> More:
    """Fetch what somebody asked for, the oldest wish first; after each page it can go on from there."""
    links = working(await run.read(links_of, store_id=run.owner_id), "sales_orders")
    row = await run.read(_next, run.owner_id)
    if row is None or not links:
        return More.NO
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=False, reserve=LOW) as opened:
        client = opened.client
        if not isinstance(client, ListsOrders) or not isinstance(client, PullsOrders):
            await run.write(_finish, run, row.pk, "The platform cannot say which orders were placed when.")
            return More.NO
        intake = intake_of(run.owner_id, links, opened.settings)
        try:
            async for placed in client.orders_placed(Window(row.since, row.until), after=position_of(row.position)):
                ids = [external_id for external_id, _ in placed.orders]
                pages = []
                for start in range(0, len(ids), AT_ONCE):
                    pages.append((await client.orders_by_id(ids[start : start + AT_ONCE]), opened.recorder.drain()))
                await run.write(_land, run, intake, row.pk, placed, pages)
                if run.is_spent:
                    return More.YES
        except ConnectorError as error:
            await run.write(_say, row.pk, error.message)
            raise
        await run.write(_finish, run, row.pk, "")
    return More.YES if await run.read(_next, run.owner_id) else More.NO


def _next(store_id: int) -> Backfill | None:
    return Backfill.objects.filter(store_id=store_id, done_at=None).order_by("pk").first()


def position_of(stored: Any) -> Position | None:
    """Where to go on, as it was stored; None at the beginning."""
    if not stored:
        return None
    at = datetime.fromisoformat(stored["at"]) if stored.get("at") else None
    return Position(at, stored.get("id"), stored.get("cursor"))


def stored_position(position: Position) -> dict[str, str | None]:
    """A position as it is stored."""
    return {"at": position.at.isoformat() if position.at else None, "id": position.id, "cursor": position.cursor}


def _land(run: Run, intake: Intake, backfill_id: int, placed: PlacedPage, pages: list[tuple[Page, list[Kept]]]) -> None:
    new: list[int] = []
    changed = rejected = 0
    for page, kept in pages:
        received = land(run, intake, page, kept, [])
        new += received.new
        changed += len(received.changed)
        rejected += received.rejected
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from sales_order where id = any (%s) and status = 'skipped'", [new])
        skipped = cursor.fetchone()[0]
    Backfill.objects.filter(pk=backfill_id).update(
        position=stored_position(placed.position),
        found=F("found") + len(placed.orders),
        new=F("new") + len(new),
        skipped=F("skipped") + skipped,
        changed=F("changed") + changed,
        rejected=F("rejected") + rejected,
        trouble="",
    )


def _say(backfill_id: int, trouble: str) -> None:
    Backfill.objects.filter(pk=backfill_id).update(trouble=trouble)


def _finish(run: Run, backfill_id: int, trouble: str) -> None:
    Backfill.objects.filter(pk=backfill_id).update(done_at=datetime.now(UTC), trouble=trouble)
    row = Backfill.objects.get(pk=backfill_id)
    tell([Told(kind="store.backfilled", store_id=run.owner_id, params={"found": row.found, "new": row.new}, by=row.asked_by)])
