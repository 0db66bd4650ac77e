"""Bring returns in from stores: what changed since last time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from crossdock.activity.services import Kept, Told, envelope, keep_messages, tell
from crossdock.connections import gateway
from crossdock.connections.queries import links_of, next_time, working
from crossdock.connectors.kit.capabilities import PullsReturns
from crossdock.connectors.kit.pages import Position, ReturnPage, Window
from crossdock.inbound.receiving import take_returns
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.jobs.timing import times_of

OVERLAP = timedelta(minutes=10)
"""Windows overlap by this much: platforms index changes late, and taking a return twice changes nothing."""

FIRST_LOOK = timedelta(days=60)
"""How far back a store is read for the first time."""

RESERVE = 0.3
"""The part of the platform's limit that reading returns leaves to what is more urgent."""


@lane("returns.pull", of="store", slice=timedelta(seconds=20))
async def pull_returns(run: Run) -> More:
    """Bring in what changed of the store's returns since last time."""
    links = working(await run.read(links_of, store_id=run.owner_id), "returns")
    if not links:
        return More.NO
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=False, reserve=RESERVE) as opened:
        if not isinstance(opened.client, PullsReturns):
            return More.NO
        state: dict[str, Any] = dict(run.position or {})
        window, position = _window(run, state)
        async for page in opened.client.returns_changed(window, after=position):
            state |= {"at": _iso(page.position.at), "id": page.position.id, "cursor": page.position.cursor}
            await run.write(_land, run, links[0].merchant_id, page, opened.recorder.drain(), dict(state), window)
            if run.is_spent:
                return More.YES
        await run.write(_finish, run, window, opened.recorder.drain())
    return More.NO


def _window(run: Run, state: dict[str, Any]) -> tuple[Window, Position | None]:
    """The window under way, or a new one that overlaps the last. Its end is fixed, so that rows do not move while we read."""
    if run.window_to is not None:
        at = datetime.fromisoformat(state["at"]) if state.get("at") else None
        position = Position(at, state.get("id"), state.get("cursor")) if state.get("id") or state.get("cursor") else None
        return Window(run.window_from, run.window_to), position
    until = datetime.now(UTC)
    done_to = datetime.fromisoformat(state["done_to"]) - OVERLAP if state.get("done_to") else until - FIRST_LOOK
    return Window(done_to, until), None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _land(run: Run, merchant_id: int, page: ReturnPage, kept: list[Kept], state: dict[str, Any], window: Window) -> None:
    received = take_returns(store_id=run.owner_id, merchant_id=merchant_id, returns=page.returns, raws=page.raws)
    refused = received.refused + len(page.rejected)
    if received.new or received.changed or refused:
        # The records are kept with the returns; the archived page points at them.
        raws = [(one.external_id, raw) for one, raw in zip(page.returns, page.raws, strict=True)]
        keep_messages(
            [
                Kept(one.id, msgspec.structs.replace(one.exchange, response=envelope(one.exchange.response, raws)), one.about)
                for one in kept
            ],
            store_id=run.owner_id,
        )
    message_id = kept[-1].id if kept else None
    if received.new or received.changed:
        counts = {"new": received.new, "changed": received.changed}
        tell([Told(kind="store.returns", store_id=run.owner_id, params=counts, message_id=message_id)])
    if refused:
        said = {"count": refused}
        tell([Told(kind="store.not_understood", store_id=run.owner_id, params=said, message_id=message_id)])
    save_position(run, state, (window.since, window.until))


def _finish(run: Run, window: Window, kept: list[Kept]) -> None:
    keep_messages([one for one in kept if (one.exchange.status or 0) >= 400], store_id=run.owner_id)
    save_position(run, {"done_to": window.until.isoformat()}, None)


@times_of("returns.pull")
def next_pull(run: Run) -> datetime | None:
    """As the schedules of the store's connections say."""
    return next_time("returns", datetime.now(UTC), store_id=run.owner_id)
