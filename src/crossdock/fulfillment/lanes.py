"""The way through a warehouse: prepare a store's orders, send a connection's, pull a warehouse's shipments, post them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from crossdock.activity.services import Kept, Told, envelope, keep_messages, tell
from crossdock.connections import gateway, unread
from crossdock.connections.effects import run_effects
from crossdock.connections.models import ChannelKind
from crossdock.connections.queries import Link, links_of, next_time, working
from crossdock.connections.unread import Look
from crossdock.connectors.kit.capabilities import PullsShipments, SendsOrders
from crossdock.connectors.kit.pages import Position, Rejected, ShipmentPage, Window
from crossdock.fulfillment import following, preparing
from crossdock.fulfillment.correcting import Correcting
from crossdock.fulfillment.posting import Posting, Progress
from crossdock.fulfillment.sending import Sending
from crossdock.fulfillment.shipping import match_waiting, take_each
from crossdock.fulfillment.terms import Terms
from crossdock.fulfillment.todo import todo_of
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.jobs.timing import times_of

OVERLAP = timedelta(minutes=10)


@lane("fulfillment.prepare", of="store")
async def prepare(run: Run) -> More:
    """Follow changes in the store, release holds whose time has come, give lines to connections and intend the sending."""
    todo = await run.read(todo_of, run.owner_id)
    if todo is None:
        return More.NO
    terms = todo.terms
    if todo.has_deleted_connections:
        await run.write(following.take_from_deleted, run.owner_id)
    changed: int | None = 0 if todo.has_changed else None
    while not run.is_spent and changed is not None:
        changed = await run.write(following.follow_changes, terms, changed)
    while todo.has_due_holds and not run.is_spent and await run.write(preparing.release_due, run.owner_id) > 0:
        pass
    is_stirred = todo.has_changed or todo.has_due_holds or todo.has_deleted_connections
    sets: list[tuple[preparing.Which, bool]] = [("new", todo.has_new), ("again", todo.has_more)]
    for which, waits in sets:
        after: int | None = 0 if waits or is_stirred else None
        while not run.is_spent and after is not None:
            after = await run.write(preparing.give, terms, after, which)
    await _walk_over_waiting(run, terms)
    run.next_at = await run.read(preparing.next_release, run.owner_id) if is_stirred else todo.next_release
    return More.YES if run.is_spent else More.NO


async def _walk_over_waiting(run: Run, terms: Terms) -> None:
    """Look once at everything that waits for a connection, whenever what decides has changed since the last time."""
    state: dict[str, Any] = dict(run.position or {})
    if state.get("terms") != terms.mark:
        state = {"terms": terms.mark, "after": 0}
    while not run.is_spent and state["after"] is not None:
        state["after"] = await run.write(_give_waiting, run, terms, dict(state))


def _give_waiting(run: Run, terms: Terms, state: dict[str, Any]) -> int | None:
    after = preparing.give(terms, state["after"], "waiting")
    save_position(run, state | {"after": after}, None)
    return after


def _link_and_site(connection_id: int, channel: str) -> tuple[Link, gateway.Site] | None:
    """A connection and the side of it that a channel writes to; None where it may not: not Live, or the channel is off."""
    link = next(iter(links_of(connection_id=connection_id)), None)
    if link is None or not link.is_live or channel not in link.channels:
        return None
    if channel == "sales_orders":
        return link, gateway.load_site("warehouse", link.warehouse_id)
    return link, gateway.load_site("store", link.store_id)


@lane("fulfillment.send", of="connection")
async def send(run: Run) -> More:
    """Ask the warehouse to ship what was given to this connection."""
    found = await run.read(_link_and_site, run.owner_id, "sales_orders")
    if found is None:
        return More.NO
    link, site = found
    opening = gateway.open_site(run.account_id, "warehouse", link.warehouse_id, may_write=True, before_write=run.sure, site=site)
    async with opening as opened:
        if not isinstance(opened.client, SendsOrders):
            return More.NO
        return More.YES if await run_effects(run, Sending(opened, link)) else More.NO


@lane("fulfillment.pull", of="warehouse", slice=timedelta(seconds=20))
async def pull_shipments(run: Run) -> More:
    """Take in what the warehouse shipped. While no connection is Live it is read and nothing is archived there."""
    links, look = await run.read(_links_and_look, run.owner_id)
    if not links:
        return More.NO
    is_live = any(link.is_live for link in links)
    async with gateway.open_site(run.account_id, "warehouse", run.owner_id, may_write=is_live, before_write=run.sure) as opened:
        client = opened.client
        if not isinstance(client, PullsShipments):
            return More.NO
        state: dict[str, Any] = dict(run.position or {})
        until = datetime.now(UTC)
        since = datetime.fromisoformat(state["done_to"]) - OVERLAP if state.get("done_to") else None
        # Over several slices it is one look.
        began = datetime.fromisoformat(state.setdefault("began", look.began.isoformat()))
        look = msgspec.structs.replace(look, began=began)
        async for page in client.shipments_changed(Window(since, until), after=_position(state)):
            state |= {"cursor": page.position.cursor, "id": page.position.id}
            await run.write(_land, run, page, opened.recorder.drain(), dict(state), look, is_live)
            if page.receipt is not None and is_live:
                await client.settle(page.receipt)
            if run.is_spent:
                return More.YES
        await run.write(_finish, run, until, opened.recorder.drain(), look)
    return More.NO


def _links_and_look(warehouse_id: int) -> tuple[list[Link], Look]:
    return working(links_of(warehouse_id=warehouse_id), "shipments"), unread.begin(warehouse_id, ChannelKind.SHIPMENTS)


def _position(state: dict[str, Any]) -> Position | None:
    if state.get("id") or state.get("cursor"):
        return Position(None, state.get("id"), state.get("cursor"))
    return None


def _land(run: Run, page: ShipmentPage, kept: list[Kept], state: dict[str, Any], look: Look, is_live: bool) -> None:
    take_each(warehouse_id=run.owner_id, shipments=page.shipments, message_id=kept[-1].id if kept else None)
    raws = [(shipment.external_id, raw) for shipment, raw in zip(page.shipments, page.raws, strict=True)]
    if page.shipments or page.rejected:
        keep_messages(
            [
                Kept(one.id, msgspec.structs.replace(one.exchange, response=envelope(one.exchange.response, raws)), one.about)
                for one in kept
            ],
            warehouse_id=run.owner_id,
        )
    told = unread.told_lately(run.owner_id) if page.rejected else ()
    tell(
        [
            Told(
                kind=unread.NOT_UNDERSTOOD,
                warehouse_id=run.owner_id,
                params={"where": one.where or one.external_id or "", "why": one.reason, "field": one.field or ""},
                message_id=_said_in(kept, one),
            )
            for one in page.rejected
            if (one.where or one.external_id or "", one.reason) not in told
        ]
    )
    unread.note(run.owner_id, ChannelKind.SHIPMENTS, page.rejected, has_read=bool(page.shipments), is_live=is_live)
    unread.understood(run.owner_id, ChannelKind.SHIPMENTS, look.names.intersection(page.understood))
    save_position(run, state, None)


def _said_in(kept: list[Kept], rejected: Rejected) -> UUID | None:
    """The exchange that brought a record, so that what it looked like is behind what is told of it."""
    holds = (one.id for one in kept if rejected.raw and rejected.raw in one.exchange.response)
    return next(holds, kept[-1].id if kept else None)


def _finish(run: Run, until: datetime, kept: list[Kept], look: Look) -> None:
    keep_messages([one for one in kept if (one.exchange.status or 0) >= 400], warehouse_id=run.owner_id)
    match_waiting(run.owner_id)
    unread.end(run.owner_id, ChannelKind.SHIPMENTS, look)
    save_position(run, {"done_to": until.isoformat()}, None)


@times_of("fulfillment.pull")
def next_pull(run: Run) -> datetime | None:
    """As the schedules of the warehouse's connections say."""
    return next_time("shipments", datetime.now(UTC), warehouse_id=run.owner_id)


@lane("fulfillment.post", of="connection")
async def post(run: Run) -> More:
    """Tell the store what left, once, and what the warehouse changed of it afterwards."""
    found = await run.read(_link_and_site, run.owner_id, "shipments")
    if found is None:
        return More.NO
    link, site = found
    opening = gateway.open_site(run.account_id, "store", link.store_id, may_write=True, before_write=run.sure, site=site)
    async with opening as opened:
        is_more = await run_effects(run, Posting(opened, link))
        is_more = await run_effects(run, Correcting(opened, link)) or is_more
        return More.YES if is_more else More.NO


@lane("fulfillment.progress", of="store")
async def report_progress(run: Run) -> More:
    """Tell the store which orders its warehouses have."""
    links = await run.read(links_of, store_id=run.owner_id)
    if not any(link.is_live for link in links):
        return More.NO
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=True, before_write=run.sure) as opened:
        return More.YES if await run_effects(run, Progress(opened, run.owner_id)) else More.NO
