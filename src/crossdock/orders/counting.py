"""The orders of the last two days counted against the platform, every night: each difference a row with one thing to do."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.activity.services import Told, keep_messages, tell
from crossdock.connections import gateway
from crossdock.connections.gateway import Opened
from crossdock.connections.models import Store
from crossdock.connections.queries import links_of, working
from crossdock.connectors.kit.capabilities import ListsOrders, PullsOrders
from crossdock.connectors.kit.pages import PlacedPage, Window
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.lanes import More, Run, lane
from crossdock.jobs.leases import save_position
from crossdock.jobs.models import Lane
from crossdock.jobs.wakes import open_lane, wake
from crossdock.orders.backfilling import lists_orders, position_of, stored_position
from crossdock.orders.models import DayCount, Difference, LeftOutRecord, SalesOrder
from crossdock.orders.rereading import AT_ONCE, LOW

COUNT = "orders.count"

AT = time(3, 30)
"""When yesterday is counted, in the account's zone: its last orders are here by then, and nobody needs the platform's limit."""

DAYS = 2
"""Days that are counted each night: the second time shows what came late, and that a difference is gone."""

SOON = timedelta(minutes=15)

KEPT = 20_000
"""Orders of a day that are remembered while it is counted; of more than that, only those that are not here are looked for."""

MOST = 500
"""Differences of a day that are kept; a store that differs more than that is not compared order by order."""


@lane("orders.count", of="store", slice=timedelta(seconds=20))
async def count_orders(run: Run) -> More:
    """Count the days that are due against the platform. One that could not be counted whole goes on where it stopped."""
    links = working(await run.read(links_of, store_id=run.owner_id), "sales_orders")
    due, run.next_at = await run.read(_due, run.owner_id, datetime.now(UTC))
    if not links or not due:
        return More.NO
    async with gateway.open_site(run.account_id, "store", run.owner_id, may_write=False, reserve=LOW) as opened:
        client = opened.client
        if not isinstance(client, ListsOrders) or not isinstance(client, PullsOrders):
            run.next_at = None
            return More.NO
        for day in due:
            window = await run.read(_window, run.owner_id, day, opened.settings)
            if window is None:
                await run.write(_leave_out, run.owner_id, day)
                continue
            tally = _tally(run, day)
            async for page in client.orders_placed(window, after=position_of(tally.position)):
                tally = await run.write(_note, run, tally, page)
                if run.is_spent:
                    return More.YES
            gone = await _gone(run, client, window, tally)
            await run.write(_compare, run, tally, gone, opened)
            if run.is_spent:
                return More.YES
    _, run.next_at = await run.read(_due, run.owner_id, datetime.now(UTC))
    return More.NO


def _due(store_id: int, now: datetime) -> tuple[list[date], datetime]:
    """Days that are to be counted now, and when to look again."""
    zone = ZoneInfo(_zone(store_id))
    here = now.astimezone(zone)
    at = datetime.combine(here.date(), AT, zone)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), AT, zone).astimezone(UTC)
    asked = list(DayCount.objects.filter(store_id=store_id, counted_at=None).order_by("-day").values_list("day", flat=True))
    days = [here.date() - timedelta(days=back) for back in range(1, DAYS + 1)] if here >= at else []
    counted = set(DayCount.objects.filter(store_id=store_id, day__in=days, counted_at__gte=at).values_list("day", flat=True))
    due = list(dict.fromkeys([*asked, *(day for day in days if day not in counted)]))
    if due and not _has_read_to(store_id, datetime.combine(max(due) + timedelta(days=1), time(), zone)):
        # What was not read yet is no difference.
        return [], now + SOON
    return due, at.astimezone(UTC) if here < at else tomorrow


def _zone(store_id: int) -> str:
    return str(Store.objects.values_list("account__time_zone", flat=True).get(pk=store_id))


def _has_read_to(store_id: int, end: datetime) -> bool:
    lane = Lane.objects.filter(kind="orders.pull", store_id=store_id).first()
    done_to = dict(lane.position or {}).get("done_to") if lane else None
    return done_to is not None and datetime.fromisoformat(done_to) >= end


def _window(store_id: int, day: date, settings: ConnectorSettings) -> Window | None:
    """The day in UTC, from when on the store's orders are wanted; None when it lies before that as a whole."""
    zone = ZoneInfo(_zone(store_id))
    since = datetime.combine(day, time(), zone).astimezone(UTC)
    until = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(microseconds=1)
    floor = getattr(settings, "accept_orders_after", None)
    since = max(since, floor) if floor else since
    return Window(since, until) if since < until else None


def _leave_out(store_id: int, day: date) -> None:
    """Nothing of this day is wanted, so there is nothing to count."""
    DayCount.objects.filter(store_id=store_id, day=day, counted_at=None).delete()


class Tally(Struct, frozen=True):
    """How far a day's count has come: what the store listed that is not here, by id, and all that it listed, None when it is too
    much to keep.
    """

    day: date
    at_store: int = 0
    missing: dict[str, str] = {}
    seen: tuple[str, ...] | None = ()
    position: dict[str, str | None] | None = None


def _tally(run: Run, day: date) -> Tally:
    kept = msgspec.convert(run.position, Tally) if run.position else None
    return kept if kept is not None and kept.day == day else Tally(day)


def _note(run: Run, tally: Tally, page: PlacedPage) -> Tally:
    """Compare a page, and keep where to go on."""
    before = set(tally.seen or ())
    orders = {external_id: number for external_id, number in page.orders if external_id not in before}
    known = set(SalesOrder.objects.filter(store_id=run.owner_id, external_id__in=orders).values_list("external_id", flat=True))
    # What could not be understood is here, too, and shown where it belongs.
    known |= set(
        LeftOutRecord.objects.filter(store_id=run.owner_id, external_id__in=orders).values_list("external_id", flat=True)
    )
    seen = None if tally.seen is None else (*tally.seen, *orders)
    now = Tally(
        tally.day,
        tally.at_store + len(orders),
        tally.missing | {external_id: number for external_id, number in orders.items() if external_id not in known},
        seen if seen is not None and len(seen) <= KEPT else None,
        stored_position(page.position),
    )
    save_position(run, msgspec.to_builtins(now), None)
    return now


async def _gone(run: Run, client: PullsOrders, window: Window, tally: Tally) -> set[str]:
    """Orders here that the store did not list, and does not know when it is asked for them by name: days may be counted from
    another moment there.
    """
    if tally.seen is None:
        return set()
    rows = await run.read(_here, run.owner_id, window)
    doubtful = sorted(set(rows) - set(tally.seen))[:MOST]
    known: set[str] = set()
    for start in range(0, len(doubtful), AT_ONCE):
        page = await client.orders_by_id(doubtful[start : start + AT_ONCE])
        known |= {order.external_id for order in page.orders} | {one.external_id for one in page.rejected if one.external_id}
    return set(doubtful) - known


def _here(store_id: int, window: Window) -> list[str]:
    rows = SalesOrder.objects.filter(store_id=store_id, placed_at__gte=window.since, placed_at__lte=window.until, deleted_at=None)
    return list(rows.values_list("external_id", flat=True))


def _compare(run: Run, tally: Tally, gone: set[str], opened: Opened) -> None:
    """Write down what a day's count came to, in place of what it came to before."""
    bad = [one for one in opened.recorder.drain() if (one.exchange.status or 0) >= 400]
    keep_messages(bad, store_id=run.owner_id)
    rows = SalesOrder.objects.filter(store_id=run.owner_id, external_id__in=gone)
    count, _ = DayCount.objects.update_or_create(
        account_id=run.account_id,
        store_id=run.owner_id,
        day=tally.day,
        defaults={
            "at_store": tally.at_store,
            "here": tally.at_store - len(tally.missing) + len(gone),
            "counted_at": datetime.now(UTC),
        },
    )
    Difference.objects.filter(count=count).delete()
    lacking = [
        Difference(account_id=run.account_id, count=count, external_id=external_id, number=number)
        for external_id, number in list(tally.missing.items())[:MOST]
    ]
    extra = [
        Difference(account_id=run.account_id, count=count, external_id=row.external_id, number=row.number, order=row)
        for row in rows
    ]
    Difference.objects.bulk_create(lacking + extra)
    if lacking or extra:
        params = {"day": tally.day.isoformat(), "missing": len(tally.missing), "gone": len(gone)}
        tell([Told(kind="store.count_differs", store_id=run.owner_id, params=params)])
    save_position(run, None, None)


# --- What people do -------------------------------------------------------------------------------------------------------------


def count_again(*, actor: Actor, store: Store) -> None:
    """Have the last days counted now. Raises Forbidden, RuleBroken."""
    actor.require(Right.RUN_CHANNELS)
    if not lists_orders(store):
        raise RuleBroken(f"{store.name} cannot say which orders were placed when.")
    with actor.scope():
        here = datetime.now(UTC).astimezone(ZoneInfo(_zone(store.pk))).date()
        for back in range(1, DAYS + 1):
            DayCount.objects.update_or_create(
                account_id=actor.account_id, store=store, day=here - timedelta(days=back), defaults={"counted_at": None}
            )
        record(actor=actor, action="store.counted_again", subject_kind="store", subject_id=store.pk)
        wake([open_lane(COUNT, store.pk)])


def fetch_missing(*, actor: Actor, store: Store, external_ids: Sequence[str]) -> int:
    """Have orders that a count missed read by their names, as if the store had announced them; how many. Raises Forbidden."""
    actor.require(Right.RUN_CHANNELS)
    with actor.scope():
        rows = Difference.objects.filter(count__store=store, order=None, external_id__in=list(external_ids))
        ids = sorted(set(rows.values_list("external_id", flat=True)))
        if not ids:
            return 0
        rows.update(fetched_at=datetime.now(UTC))
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into webhook_inbox (account_id, store_id, delivery_id, topic, subjects, received_at)"
                " values (%s, %s, %s, 'fetch', %s, clock_timestamp())",
                [actor.account_id, store.pk, f"fetch:{uuid4()}", msgspec.json.encode(ids).decode()],
            )
        record(actor=actor, action="store.fetched", subject_kind="store", subject_id=store.pk, after={"orders": ids})
        wake([open_lane("orders.pull", store.pk)])
        return len(ids)


class Counted(Struct, frozen=True):
    """One day's count, and the differences that are still there."""

    row: DayCount
    differences: tuple[Difference, ...]


def counts_of(store: Store) -> list[Counted]:
    """The last days that were counted or are to be, newest first. What was fetched since is no difference any more."""
    found = []
    for row in DayCount.objects.filter(store=store).order_by("-day")[:DAYS]:
        rows = list(Difference.objects.filter(count=row).select_related("order").order_by("order_id", "number"))
        lacking = [one.external_id for one in rows if one.order_id is None]
        here = set(SalesOrder.objects.filter(store=store, external_id__in=lacking).values_list("external_id", flat=True))
        found.append(Counted(row, tuple(one for one in rows if one.order_id is not None or one.external_id not in here)))
    return found
