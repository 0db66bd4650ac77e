"""Read what a store sells: the whole of it, in pages, as often as its schedule says."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.activity.services import Kept, Told, keep_messages, tell
from crossdock.connections import gateway
from crossdock.connections.queries import Link, links_of, next_time, working
from crossdock.connectors.kit.capabilities import PullsProducts
from crossdock.connectors.kit.pages import Position, ProductPage
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.jobs.timing import times_of
from crossdock.jobs.wakes import open_lane, wake
from crossdock.products.receiving import Reading, finish, still_there, take_products

RESERVE = 0.4
"""The part of the platform's limit that reading products leaves to what is more urgent: tracking numbers, orders, stock."""

PUBLISH = "inventory.publish"


@lane("products.pull", of="store", slice=timedelta(seconds=20))
async def pull_products(run: Run) -> More:
    """Bring in what the store sells, and mark what it no longer names."""
    links = working(await run.read(links_of, store_id=run.owner_id), "products")
    if not links:
        return More.NO
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=False, reserve=RESERVE) as opened:
        if not isinstance(opened.client, PullsProducts):
            return More.NO
        state: dict[str, Any] = dict(run.position or {})
        if "reading" not in state:
            state = {"reading": time.time_ns() // 1000, "is_whole": True, "new": 0, "changed": 0, "refused": 0}
        reading = Reading(state["reading"], run.owner_id, links[0].merchant_id)
        is_last = False
        async for page in opened.client.products(after=_position(state)):
            is_last = is_last or page.is_last
            state |= {"id": page.position.id, "cursor": page.position.cursor, "at": _iso(page.position.at)}
            await run.write(_land, run, reading, page, opened.recorder.drain(), state)
            if run.is_spent and not page.is_last:
                return More.YES
        # A reading that ended without its last page is not whole: nothing is taken for gone.
        await run.write(_finish, run, reading, links, opened.recorder.drain(), state, is_last)
    return More.NO


def _position(state: dict[str, Any]) -> Position | None:
    at = datetime.fromisoformat(state["at"]) if state.get("at") else None
    return Position(at, state.get("id"), state.get("cursor")) if state.get("id") or state.get("cursor") or at else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _land(run: Run, reading: Reading, page: ProductPage, kept: list[Kept], state: dict[str, Any]) -> None:
    taken = take_products(reading=reading, products=page.products)
    nameless = [one for one in page.rejected if one.external_id is None]
    still_there(reading=reading, external_ids=[one.external_id for one in page.rejected if one.external_id is not None])
    refused = taken.refused + len(page.rejected)
    state["is_whole"] = state["is_whole"] and not nameless and not taken.refused
    for name, count in (("new", taken.new), ("changed", taken.changed), ("refused", refused)):
        state[name] += count
    # What was understood is in the listings; a page is archived when something of it was not.
    keep_messages(kept if refused else _failures(kept), store_id=run.owner_id)
    save_position(run, state, None)


def _finish(run: Run, reading: Reading, links: list[Link], kept: list[Kept], state: dict[str, Any], is_complete: bool) -> None:
    keep_messages(_failures(kept), store_id=run.owner_id)
    gone = finish(reading=reading, is_whole=is_complete and state["is_whole"])
    counts = {"new": state["new"], "changed": state["changed"], "gone": gone}
    if any(counts.values()):
        tell([Told(kind="store.products", store_id=run.owner_id, params=counts)])
        if any("inventory" in link.channels for link in links):
            wake([open_lane(PUBLISH, run.owner_id)])
    if state["refused"]:
        tell([Told(kind="store.not_understood", store_id=run.owner_id, params={"count": state["refused"]})])
    save_position(run, {"done_at": datetime.now(UTC).isoformat()}, None)


def _failures(kept: list[Kept]) -> list[Kept]:
    return [one for one in kept if (one.exchange.status or 0) >= 400]


@times_of("products.pull")
def next_pull(run: Run) -> datetime | None:
    """As the schedules of the store's connections say."""
    return next_time("products", datetime.now(UTC), store_id=run.owner_id)
