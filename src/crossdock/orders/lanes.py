"""Bring orders in from stores: what changed since last time, and what webhooks named."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog
from django.db import connection
from msgspec import Struct

from crossdock.activity.services import Kept, Told, envelope, keep_messages, tell
from crossdock.connections import gateway
from crossdock.connections.gateway import Opened
from crossdock.connections.models import Store
from crossdock.connections.queries import Link, links_of, next_time, working
from crossdock.connectors.kit.capabilities import PullsOrders, SettlesOrders
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Page, Position, Window
from crossdock.connectors.kit.settings import ConnectorSettings, fields_of
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.jobs.timing import times_of
from crossdock.jobs.wakes import wake_lane
from crossdock.orders.intake import Intake, Prepared, prepare
from crossdock.orders.receiving import Received, receive_each, stored_already
from crossdock.orders.selling import wake_other_sellers
from crossdock.tenancy import statements

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=10)
"""Windows overlap by this much: platforms index changes late, and receiving an order twice changes nothing."""

FIRST_LOOK = timedelta(days=30)
"""How far back a store is read for the first time when no date was set."""

RESERVE = 0.2
"""The part of the platform's limit that reading orders leaves to posting tracking numbers."""

TOGETHER = 200
"""So many orders, and a page at most beyond them, are read while others are being stored; they are stored together then."""

PREPARE = "fulfillment.prepare"

MOST = 100
"""Announcements taken at once."""


@lane("orders.pull", of="store", slice=timedelta(seconds=20))
async def pull_orders(run: Run) -> More:
    """Bring in what webhooks named, then what changed at the store since last time."""
    start = await run.read(_start, run)
    if start is None:
        return More.NO
    # Reading writes nothing; only a store whose orders are taken off it is let do so, and only once somebody ships them.
    takes_off = start.site.connector.can(SettlesOrders) and any(link.is_live for link in start.links)
    opening = gateway.open_site(
        run.account_id,
        "store",
        run.owner_id,
        may_write=takes_off,
        before_write=run.sure if takes_off else None,
        reserve=RESERVE,
        site=start.site,
    )
    async with opening as opened:
        if not isinstance(opened.client, PullsOrders):
            return More.NO
        intake = intake_of(run.owner_id, start.links, opened.settings)
        is_due = await _take_webhooks(run, opened, opened.client, intake, start) if start.told else start.is_due
        if run.is_spent:
            return More.YES
        return await _read_window(run, opened, opened.client, intake, takes_off) if is_due else More.NO


Announced = list[tuple[int, list[str]]]
"""Deliveries that nobody took yet, by the inbox's id, and what they name."""


class Start(Struct, frozen=True):
    """What a pull begins with, read at once."""

    links: list[Link]
    site: gateway.Site
    told: Announced
    is_due: bool


def _start(run: Run) -> Start | None:
    links = working(links_of(store_id=run.owner_id), "sales_orders")
    if not links:
        return None
    told = _waiting(run.owner_id, MOST)
    is_due = not run.is_only_told or _is_due(run)
    return Start(links, gateway.load_site("store", run.owner_id), told, is_due) if told or is_due else None


def intake_of(store_id: int, links: Sequence[Link], settings: ConnectorSettings) -> Intake:
    """What the store's settings and its connections say about receiving."""
    delay = getattr(settings, "delay_minutes", 0) or 0
    # Every connection has its own floor; the store's orders are wanted from the earliest of them on.
    floors = [link.accept_after for link in links]
    accept_after = None if any(floor is None for floor in floors) else min(floor for floor in floors if floor)
    terms = hashlib.sha256(f"{judged_by(settings)} {accept_after}".encode()).digest()[:8]
    return Intake(store_id, links[0].merchant_id, timedelta(minutes=delay), accept_after, terms)


def judged_by(settings: ConnectorSettings) -> dict[str, Any]:
    """The import settings of a store: what says which orders are left out."""
    return {spec.name: getattr(settings, spec.name) for spec in fields_of(type(settings)) if spec.group == "import"}


class Already:
    """Tells a client which orders are stored exactly so, and remembers them: the archived page points at them, too."""

    def __init__(self, run: Run, intake: Intake) -> None:
        self._run = run
        self._intake = intake
        self._seen: list[tuple[str, bytes]] = []

    async def __call__(self, rows: Sequence[tuple[str, bytes]]) -> list[int]:
        places = await self._run.read(stored_already, self._intake, rows)
        self._seen += [rows[place] for place in places]
        return places

    def drain(self) -> list[tuple[str, bytes]]:
        """What was known since the last time."""
        seen, self._seen = self._seen, []
        return seen


async def _take_webhooks(run: Run, opened: Opened, client: PullsOrders, intake: Intake, start: Start) -> bool:
    """Read the orders again that webhooks named; whether the window is to be read too: it is due, or not all was named.

    What a store does not let us read by its name is passed over, so that one delivery holds up neither the others nor the window.
    """
    told, is_all_named, most = start.told, True, MOST
    while told and not run.is_spent:
        is_all_named = is_all_named and all(named for _, named in told)
        subjects = list(dict.fromkeys(subject for _, named in told for subject in named))
        try:
            page = await client.orders_by_id(subjects) if subjects else None
        except InvalidData:
            if most > 1:
                told, most = told[:1], 1
                continue
            page, is_all_named = None, False
            log.warning("webhook.passed_over", store=run.owner_id, delivery=told[0][0])
        inbox = [row_id for row_id, _ in told]
        # Whatever is announced from now on wakes the lane again; only where this was not all is there more to ask for.
        is_all = len(told) < most and most > 1
        told = await run.write(_land_named, run, intake, page, inbox, opened.recorder.drain(), 0 if is_all else most)
    return start.is_due or not is_all_named


def _waiting(store_id: int, most: int) -> Announced:
    rows = statements.run(
        "select id, subjects from webhook_inbox where store_id = %s and taken_at is null order by id limit %s", [store_id, most]
    )
    return [(row[0], msgspec.json.decode(row[1]) if isinstance(row[1], str) else row[1]) for row in rows]


def _land_named(run: Run, intake: Intake, page: Page | None, inbox: list[int], kept: list[Kept], most: int) -> Announced:
    """Store what was named; the next that wait, so many at most."""
    if page is not None:
        land(run, intake, page, kept, [])
    statements.run_kept("update webhook_inbox set taken_at = clock_timestamp() where id = any (%s)", [inbox])
    return _waiting(run.owner_id, most) if most else []


async def _read_window(run: Run, opened: Opened, client: PullsOrders, intake: Intake, takes_off: bool) -> More:
    opened.client.known = already = Already(run, intake)
    state = dict(run.position or {})
    window, position = _window(run, state, opened.settings)
    batches = _ahead(run, client.orders_changed(window, after=position), opened, intake, already)
    async with aclosing(batches):
        async for batch in batches:
            last = batch[-1].page.position
            state |= {"at": _iso(last.at), "id": last.id, "cursor": last.cursor}
            await run.write(_land_batch, run, intake, batch, dict(state), window)
            if takes_off and isinstance(client, SettlesOrders):
                for read in batch:
                    if read.page.receipt is not None:
                        await client.settle_orders(read.page.receipt)
            if run.is_spent:
                return More.YES
    await run.write(_finish, run, window, opened.recorder.drain())
    return More.NO


class Read(Struct, frozen=True):
    """A page, the exchanges that brought it, what of it was known, and the rest as it goes into the database."""

    page: Page
    kept: list[Kept]
    known: list[tuple[str, bytes]]
    ready: Prepared

    @property
    def rows(self) -> int:
        """Orders on it, however they were found."""
        return len(self.page.orders) + len(self.page.rejected) + self.page.unchanged


async def _ahead(
    run: Run, pages: AsyncIterator[Page], opened: Opened, intake: Intake, already: Already
) -> AsyncGenerator[list[Read], None]:
    """Read on while what was read is being stored: the platform and the database work side by side. What was read by the time the
    database is free is stored at once. A page that cannot be read is raised after those before it are stored.
    """
    broken: Exception | None = None

    async def read(is_awaited: asyncio.Event) -> list[Read]:
        nonlocal broken
        found: list[Read] = []
        while broken is None and sum(one.rows for one in found) < TOGETHER:
            if found and (is_awaited.is_set() or run.is_spent):
                break
            try:
                page = await anext(pages, None)
            except Exception as error:  # noqa: BLE001  (raised below, when its turn has come)
                broken = error
                break
            if page is None:
                break
            found.append(Read(page, opened.recorder.drain(), already.drain(), prepare(intake, page.orders, page.raws)))
        return found

    is_awaited = asyncio.Event()
    reading = asyncio.create_task(read(is_awaited))
    try:
        while True:
            is_awaited.set()
            found = await reading
            if not found:
                break
            if run.is_spent:
                yield found
                return
            is_awaited = asyncio.Event()
            reading = asyncio.create_task(read(is_awaited))
            yield found
        if broken is not None:
            raise broken
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def _window(run: Run, state: dict[str, Any], settings: ConnectorSettings) -> tuple[Window, Position | None]:
    """The window under way, or a new one that overlaps the last. Its end is fixed, so that rows do not move while we read."""
    if run.window_to is not None:
        at = datetime.fromisoformat(state["at"]) if state.get("at") else None
        position = Position(at, state.get("id"), state.get("cursor")) if state.get("id") or state.get("cursor") else None
        return Window(run.window_from, run.window_to), position
    until = datetime.now(UTC)
    if done_to := state.get("done_to"):
        return Window(datetime.fromisoformat(done_to) - OVERLAP, until), None
    return Window(getattr(settings, "accept_orders_after", None) or until - FIRST_LOOK, until), None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _land_batch(run: Run, intake: Intake, batch: list[Read], state: dict[str, Any], window: Window) -> None:
    received = [land(run, intake, read.page, read.kept, read.known, prepared=read.ready) for read in batch]
    save_position(run, state, (window.since, window.until))
    if any(one.new for one in received):
        note_growth()


def note_growth() -> int:
    """Have the database look at the tables of orders that grew fourfold since it last did; how many it looked at.

    It does so by itself, but late for a first import, each page of which takes longer than the one before until then.
    """
    return int(statements.run_kept("select note_growth()", [])[0][0])


def _finish(run: Run, window: Window, kept: list[Kept]) -> None:
    keep_messages([one for one in kept if (one.exchange.status or 0) >= 400], store_id=run.owner_id)
    save_position(run, {"done_to": window.until.isoformat()}, None)


def land(
    run: Run,
    intake: Intake,
    page: Page,
    kept: list[Kept],
    known: list[tuple[str, bytes]],
    told_as: str = "order.changed",
    prepared: Prepared | None = None,
) -> Received:
    """Store a page and what was said to get it; wake what prepares the orders for their warehouse."""
    message_id = kept[-1].id if kept else None
    received = receive_each(
        intake=intake,
        orders=page.orders,
        raws=page.raws,
        rejected=page.rejected,
        message_id=message_id,
        told_as=told_as,
        prepared=prepared,
    )
    if received.new or received.changed or received.rejected:
        raws = [(order.external_id, raw) for order, raw in zip(page.orders, page.raws, strict=True)] + known
        keep_messages(_without_records(kept, raws), store_id=intake.store_id)
        if received.rejected:
            said = {"count": received.rejected}
            tell([Told(kind="store.not_understood", store_id=intake.store_id, params=said, message_id=message_id)])
        wake_lane(PREPARE, intake.store_id)
        wake_other_sellers(intake.store_id, received.new + received.changed)
    if received.new:
        log.info("orders.received", store=intake.store_id, new=len(received.new), changed=len(received.changed))
    return received


def _without_records(kept: list[Kept], raws: list[tuple[str, bytes]]) -> list[Kept]:
    return [
        Kept(one.id, msgspec.structs.replace(one.exchange, response=envelope(one.exchange.response, raws)), one.about)
        for one in kept
    ]


def _is_due(run: Run) -> bool:
    done_to = dict(run.position or {}).get("done_to")
    if done_to is None or run.window_to is not None:
        return True
    moment = next_time("sales_orders", datetime.fromisoformat(done_to), store_id=run.owner_id)
    return moment is None or moment <= datetime.now(UTC)


@times_of("orders.pull")
def next_pull(run: Run) -> datetime | None:
    """As the schedules of the store's connections say; at once when something was announced that nobody could tell the lane of."""
    moment = next_time("sales_orders", datetime.now(UTC), store_id=run.owner_id)
    return datetime.now(UTC) if moment is not None and _waiting(run.owner_id, 1) else moment


@lane("orders.age", of="store", slice=timedelta(seconds=10))
async def abandon_old(run: Run) -> More:
    """Give up waiting for shipments after the account's number of days; a late one is still taken and posted."""
    abandoned = await run.write(_abandon, run.owner_id)
    await run.write(_forget_deliveries, run.owner_id)
    run.next_at = datetime.now(UTC) + timedelta(hours=1)
    return More.YES if abandoned == 500 else More.NO


ABANDON = """
with old as (
  select o.id from sales_order o join account a on a.id = o.account_id
   where o.store_id = %(store)s and o.status in ('open', 'partially_shipped') and o.deleted_at is null
     and o.status_at < clock_timestamp() - make_interval(days => a.abandon_after_days)
   order by o.id limit 500 for no key update of o skip locked)
update sales_order o set status = 'abandoned', status_at = clock_timestamp(), reason = %(reason)s
  from old where o.id = old.id returning o.id
"""


def _forget_deliveries(store_id: int) -> None:
    """Drop announcements that were acted on a week ago: no platform delivers one again that late."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from webhook_inbox where id in (select id from webhook_inbox where store_id = %s"
            " and taken_at < clock_timestamp() - interval '7 days' limit 5000)",
            [store_id],
        )


def _abandon(store_id: int) -> int:
    store = Store.objects.select_related("account").get(pk=store_id)
    days = store.account.abandon_after_days
    with connection.cursor() as cursor:
        cursor.execute(
            ABANDON, {"store": store_id, "reason": f"No shipment came within {days} days. A late one is still taken and posted."}
        )
        ids = [row[0] for row in cursor.fetchall()]
    tell([Told(kind="order.abandoned", order_id=order_id, params={"days": days}) for order_id in ids])
    wake_other_sellers(store_id, ids)
    return len(ids)
