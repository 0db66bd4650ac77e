"""Act on privacy requests: find whom they are about, ask the platform where that is asked for, erase what is finished."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from crossdock.activity.erasing import FIRST, Known, Place, hide_in_archive
from crossdock.activity.models import PrivacyRequest, PrivacyState
from crossdock.connections import gateway
from crossdock.connections.privacy import LANE
from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.desk.privacy import erasing, requests, telling
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.orders.erasing import ask_some_to_erase

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(hours=1)
"""How often orders that are still under way are looked at again."""


@lane(LANE, of="store", slice=timedelta(seconds=20), is_ours=True)
async def act(run: Run) -> More:
    """Begin what was asked for, and erase what is finished by now of all that is to be erased."""
    while not run.is_spent and (row := await run.read(requests.next_new, run.owner_id)):
        if row.kind == "erase_store" and row.asked_by is None and await _lets_us_in(run):
            await run.write(requests.refuse, row, requests.STILL_THERE)
            continue
        if row.kind == "erase_store":
            while await run.write(ask_some_to_erase, run.owner_id):
                if run.is_spent:
                    return More.YES
        letter = await run.write(_begin, row)
        if letter is not None:
            await telling.send(letter)
    while not run.is_spent:
        state: dict[str, Any] = dict(run.position or {})
        ids = state.get("ids") or await run.read(erasing.ready, run.owner_id)
        if not ids:
            break
        known, after = await run.read(erasing.known_of, ids), _after(state)
        place = after or (await run.read(erasing.since, ids), FIRST)
        if await _hide_all(run, ids, known, place):
            await run.write(_erase, run, ids)
    if run.is_spent:
        return More.YES
    if await run.read(requests.has_waiting, run.owner_id):
        run.next_at = datetime.now(UTC) + LOOK_EVERY
    return More.NO


async def _lets_us_in(run: Run) -> bool:
    """Whether the store is still signed in: then nobody left, whoever says so. Raises Unavailable while nobody knows."""
    try:
        async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=False) as opened:
            await opened.client.check()
    except AuthenticationFailed:
        return False
    return True


def _begin(row: PrivacyRequest) -> telling.Letter | None:
    requests.begin(row)
    return telling.letter_about(row) if row.kind == "gather" and row.state == PrivacyState.WAITS else None


def _after(state: dict[str, Any]) -> Place | None:
    return (datetime.fromisoformat(state["at"]), UUID(state["id"])) if state.get("at") else None


async def _hide_all(run: Run, ids: list[int], known: Known, place: Place) -> bool:
    """Hide people in the archive, set by set; whether its end was reached."""
    warehouses = await run.read(erasing.warehouses_of, ids)
    after: Place | None = place
    while after is not None:
        if run.is_spent:
            return False
        after = await run.write(_hide_some, run, ids, known, warehouses, after)
    return True


def _hide_some(run: Run, ids: list[int], known: Known, warehouses: list[int], after: Place) -> Place | None:
    next_place = hide_in_archive(known, store_id=run.owner_id, warehouse_ids=warehouses, after=after)
    if next_place is not None:
        save_position(run, {"ids": ids, "at": next_place[0].isoformat(), "id": str(next_place[1])}, None)
    return next_place


def _erase(run: Run, ids: list[int]) -> None:
    done = erasing.erase(run.owner_id, ids)
    requests.count_erased(run.owner_id)
    save_position(run, None, None)
    log.info("orders.erased", store=run.owner_id, orders=len(done))
