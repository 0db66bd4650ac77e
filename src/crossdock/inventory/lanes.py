"""Read what warehouses have, and tell stores what there is to sell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from crossdock.activity.services import Kept, Told, keep_messages, tell
from crossdock.connections import gateway, unread
from crossdock.connections.gateway import Opened
from crossdock.connections.models import ChannelKind, Store
from crossdock.connections.queries import Link, links_of, next_time, rules_of, working
from crossdock.connectors.kit.capabilities import Done, Failed, PullsStock, TakesStock
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.pages import StockPage
from crossdock.domain.stock import Drop
from crossdock.inventory import planning, publishing
from crossdock.inventory.models import Publishing, PublishingState
from crossdock.inventory.publishing import Figure, Outcome
from crossdock.inventory.reading import Place, end_reading, last_reading, place_of, take_levels
from crossdock.inventory.reserving import Sold, sold_at
from crossdock.inventory.sources import Sources, sources_of
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.jobs.schedules import Daily, next_run
from crossdock.jobs.timing import times_of
from crossdock.jobs.wakes import open_lane, wake

PUBLISH = "inventory.publish"
RESERVE = 0.1
"""The part of the platform's limit that telling figures leaves to posting tracking numbers."""

WHOLE_EVERY = timedelta(days=1)
"""How often a warehouse that tells changes is asked for everything."""

TOLD_WITHIN = timedelta(minutes=5)
"""After which what is left of a push is worked out anew before the store is told."""


# --- Reading ----------------------------------------------------------------------------------------------------------------------


@lane("inventory.read", of="warehouse", slice=timedelta(seconds=20))
async def read_stock(run: Run) -> More:
    """Bring in what the warehouse has. While no connection is Live it is read and nothing is archived there.

    A whole reading is read to its end, however long that takes: there is nowhere in it to go on from.
    """
    links = working(await run.read(links_of, warehouse_id=run.owner_id), "inventory")
    if not links:
        return More.NO
    is_live = any(link.is_live for link in links)
    async with gateway.open_site(run.account_id, "warehouse", run.owner_id, may_write=is_live, before_write=run.sure) as opened:
        client = opened.client
        if not isinstance(client, PullsStock):
            return More.NO
        known, _, whole_at = await run.read(last_reading, run.owner_id)
        look = await run.read(unread.begin, run.owner_id, ChannelKind.INVENTORY)
        state: dict[str, Any] = dict(run.position or {})
        asked_at = datetime.now(UTC)
        is_whole_due = whole_at is None or whole_at < asked_at - WHOLE_EVERY
        since = None if is_whole_due or not state.get("done_to") else datetime.fromisoformat(state["done_to"])
        named: set[Place] = set()
        rejected = changed = 0
        is_replaced = False
        async for page in client.stock(since):
            kept = opened.recorder.drain()
            # A snapshot that stays because we only observe is no news, and makes nothing fresher than when it was first read.
            if page.reading != known or not page.is_snapshot:
                rejected += len(page.rejected)
                named.update(place_of(level) for level in page.levels)
                at = min(page.at or asked_at, asked_at)
                changed += await run.write(_land, run, page, kept, at, named, rejected)
            if page.rejected:
                await run.write(_note, run, page, is_live)
            is_replaced = is_replaced or (page.is_last and page.is_snapshot and not rejected)
            if page.is_last:
                named, rejected = set(), 0
            if page.receipt is not None and is_live:
                await client.settle_stock(page.receipt)
        ended = partial(unread.end, run.owner_id, ChannelKind.INVENTORY, look, is_replaced=is_replaced)
        await run.write(_finish, run, links, opened.recorder.drain(), asked_at, changed, ended)
    return More.NO


def _land(run: Run, page: StockPage, kept: list[Kept], at: datetime, named: set[Place], rejected: int) -> int:
    found = take_levels(warehouse_id=run.owner_id, levels=page.levels, at=at).levels
    if page.is_last:
        is_whole = page.is_snapshot and not rejected
        found += end_reading(
            warehouse_id=run.owner_id,
            name=page.reading,
            at=at,
            named=named if is_whole else None,
            holds=not rejected,
            rejected=rejected,
        ).gone
    message_id = kept[-1].id if kept else None
    if page.levels or page.rejected:
        keep_messages(kept, warehouse_id=run.owner_id)
    if page.rejected:
        first = page.rejected[0]
        where = first.where or first.external_id or page.reading
        if (where, first.reason) not in unread.told_lately(run.owner_id):
            params = {"where": where, "why": first.reason, "field": first.field or "", "count": len(page.rejected)}
            tell([Told(kind=unread.NOT_UNDERSTOOD, warehouse_id=run.owner_id, params=params, message_id=message_id)])
    return found


def _note(run: Run, page: StockPage, is_live: bool) -> None:
    unread.note(run.owner_id, ChannelKind.INVENTORY, page.rejected, has_read=bool(page.levels), is_live=is_live)


def _finish(run: Run, links: list[Link], kept: list[Kept], asked_at: datetime, changed: int, ended: Callable[[], None]) -> None:
    keep_messages([one for one in kept if (one.exchange.status or 0) >= 400], warehouse_id=run.owner_id)
    ended()
    save_position(run, {"done_to": asked_at.isoformat()}, None)
    if changed:
        wake(open_lane(PUBLISH, store_id) for store_id in sorted({link.store_id for link in links}))


@times_of("inventory.read")
def next_read(run: Run) -> datetime | None:
    """As the schedules of the warehouse's connections say."""
    return next_time("inventory", datetime.now(UTC), warehouse_id=run.owner_id)


# --- Telling ----------------------------------------------------------------------------------------------------------------------


@lane("inventory.publish", of="store", slice=timedelta(seconds=20))
async def publish_stock(run: Run) -> More:
    """Work out what the store is to show, and tell it what differs; everything, when the daily run of the schedule has come.

    Without a Live connection, or a person's yes, it is worked out and shown here, and the store is told nothing.
    """
    links = working(await run.read(links_of, store_id=run.owner_id), "inventory")
    if not links:
        return More.NO
    is_live = any(link.is_live for link in links)
    async with gateway.open_site(
        run.account_id, "store", run.owner_id, may_write=is_live, before_write=run.sure, reserve=RESERVE
    ) as opened:
        if not isinstance(opened.client, TakesStock):
            return More.NO
        state = _under_way(run) if is_live else {}
        await run.write(planning.take_back, run.owner_id)
        if not state:
            await _know_locations(run, opened, opened.client)
            sources = await _plan(run, opened, links)
            if sources is None or not await run.write(_judge, run, is_live):
                return More.NO
        return await _tell(run, opened, opened.client, state)


def _under_way(run: Run) -> dict[str, Any]:
    """The push that the last slice left in the middle; nothing once its figures are old."""
    state = dict(run.position or {})
    planned_at = datetime.fromisoformat(state["planned_at"]) if "planned_at" in state else None
    return state if planned_at and planned_at > datetime.now(UTC) - TOLD_WITHIN else {}


async def _know_locations(run: Run, opened: Opened, client: TakesStock) -> None:
    row = await run.write(_publishing, run.owner_id)
    if row.locations_at is None or row.locations_at < datetime.now(UTC) - publishing.LOCATIONS_FOR:
        await run.write(publishing.keep_locations, run.owner_id, await client.stock_locations())
        await run.write(_keep_failures, run, opened)


def _publishing(store_id: int) -> Publishing:
    return publishing.publishing_of(Store.objects.get(pk=store_id))


def _keep_failures(run: Run, opened: Opened) -> None:
    kept = opened.recorder.drain()
    keep_messages([one for one in kept if (one.exchange.status or 0) >= 400], store_id=run.owner_id)


def usual_location(row: Publishing, settings: Any) -> str | None:
    """The location that is meant when nobody says another: the store's own setting, else the only one there is."""
    chosen = getattr(settings, "location", "") or ""
    if chosen:
        return str(chosen)
    if len(row.locations) > 1:
        return None
    return row.locations[0][0] if row.locations else ""


async def _plan(run: Run, opened: Opened, links: list[Link]) -> Sources | None:
    """Work everything out anew. None where a person has to say first where stock is shown."""
    row = await run.read(_publishing, run.owner_id)
    sources = await run.read(sources_of, links, usual_location(row, opened.settings))
    if sources.missing:
        await run.write(_ask_for_links, run, sources)
        return None
    full_since = await run.write(_full_since, run)
    sold: Sold = await run.read(_sold, sources)
    await run.write(planning.begin, run.owner_id, sources)
    is_every_double = bool(getattr(opened.settings, "include_duplicate_skus", False))
    after: int | None = 0
    while after is not None:
        after = await run.write(
            planning.plan_some, run.owner_id, sources, sold, after, full_since=full_since, is_every_double=is_every_double
        )
    return sources


def _sold(sources: Sources) -> Sold:
    return sold_at(planning.moments_of(sources))


def _ask_for_links(run: Run, sources: Sources) -> None:
    row = _publishing(run.owner_id)
    names = ", ".join(sources.missing)
    publishing.stand(row, PublishingState.LINK, publishing.LINK.format(store=row.store.name, connections=names))


def _full_since(run: Run) -> datetime | None:
    """When the full push under way began; one begins when the daily run of the schedule has come since the last."""
    row = _publishing(run.owner_id)
    if row.full_since is None:
        rules, zone = rules_of("inventory", store_id=run.owner_id)
        daily = [rule for rule in rules if isinstance(rule, Daily)]
        due = next_run(daily, row.full_at or row.approved_at, zone) if row.approved_at else None
        if due is not None and due <= datetime.now(UTC):
            row.full_since = datetime.now(UTC)
            Publishing.objects.filter(pk=row.pk).update(full_since=row.full_since)
    return row.full_since


def _judge(run: Run, is_live: bool) -> bool:
    row = _publishing(run.owner_id)
    Publishing.objects.filter(pk=row.pk).update(planned_at=datetime.now(UTC))
    drop: Drop = planning.drop_of(run.owner_id)
    return is_live and publishing.judge(row, drop, row.store.name)


async def _tell(run: Run, opened: Opened, client: TakesStock, state: dict[str, Any]) -> More:
    state = state or {"planned_at": datetime.now(UTC).isoformat(), "pushed": 0, "refused": 0}
    while True:
        if run.is_spent:
            return More.YES
        figures = await run.write(publishing.claim, run.owner_id)
        if not figures:
            break
        outcomes = await _publish(client, figures)
        done = await run.write(_landed, run, opened, figures, outcomes, state)
        if done.stop is not None:
            raise done.stop
    run.next_at = await run.write(_end, run, opened, state)
    return More.NO


async def _publish(client: TakesStock, figures: list[Figure]) -> list[Done | Failed]:
    try:
        return list(await client.publish_stock([one.figure for one in figures]))
    except ConnectorError as error:
        return [Failed(one.figure.key, error) for one in figures]


def _landed(run: Run, opened: Opened, figures: list[Figure], outcomes: list[Done | Failed], state: dict[str, Any]) -> Outcome:
    keep_messages(opened.recorder.drain(), store_id=run.owner_id)
    done = publishing.land(figures, outcomes)
    state["pushed"] += done.pushed
    state["refused"] += done.refused
    save_position(run, state, None)
    return done


def _end(run: Run, opened: Opened, state: dict[str, Any]) -> datetime | None:
    """Say what was told. When the lane is due again: at its schedule, or earlier where a figure is to be tried again."""
    left, next_at = publishing.waiting(run.owner_id)
    row = _publishing(run.owner_id)
    if state["pushed"] or state["refused"] or not left:
        publishing.end_push(run.owner_id, full_since=row.full_since, is_all_told=not left)
    if state["pushed"] or state["refused"]:
        counts = {"pushed": state["pushed"], "refused": state["refused"]}
        tell([Told(kind="store.stock", store_id=run.owner_id, params=counts)])
    save_position(run, None, None)
    times = [moment for moment in (next_publish(run), next_at if left else None) if moment]
    return min(times, default=None)


@times_of("inventory.publish")
def next_publish(run: Run) -> datetime | None:
    """As the schedules of the store's connections say."""
    return next_time("inventory", datetime.now(UTC), store_id=run.owner_id)
