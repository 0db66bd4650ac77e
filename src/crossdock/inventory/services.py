"""What people decide about stock: that a store may be told, how much it may drop unasked, and where a facility's stock is shown."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection as database

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.activity.services import Told, tell
from crossdock.connections.models import Connection, Mode
from crossdock.domain.errors import RuleBroken
from crossdock.inventory.models import Publishing, PublishingState, StockLink
from crossdock.jobs.wakes import open_lane, wake

PUBLISH = "inventory.publish"


def allow(*, actor: Actor, row: Publishing, percent: int) -> None:
    """Let a store be told the figures that were looked at: the first ones, or ones that drop by `percent`."""
    actor.require(Right.MANAGE_CONNECTIONS)
    now = datetime.now(UTC)
    before = {"state": row.state, "allowed": row.allowed}
    # The first push is a full one, so that what the store shows from elsewhere is replaced as a whole.
    is_first = row.approved_at is None
    Publishing.objects.filter(pk=row.pk).update(
        state=PublishingState.GOING,
        state_at=now,
        reason="",
        allowed=percent,
        approved_at=row.approved_at or now,
        approved_by=actor.person_id if is_first else row.approved_by,
        full_since=now if is_first else row.full_since,
    )
    record(
        actor=actor,
        action="stock.allowed",
        subject_kind="store",
        subject_id=row.store_id,
        before=before,
        after={"percent": percent},
    )
    tell([Told(kind="store.stock_allowed", store_id=row.store_id, by=actor.person_id)])
    wake([open_lane(PUBLISH, row.store_id)])


def push_everything(*, actor: Actor, row: Publishing) -> None:
    """Have every figure told again, whether it differs or not. Raises RuleBroken before the first yes."""
    actor.require(Right.RUN_CHANNELS)
    if row.approved_at is None:
        raise RuleBroken("The first figures wait for a yes. Look at what would be shown first.")
    Publishing.objects.filter(pk=row.pk).update(full_since=datetime.now(UTC))
    record(actor=actor, action="stock.pushed_in_full", subject_kind="store", subject_id=row.store_id)
    wake([open_lane(PUBLISH, row.store_id)])


def set_drop_limit(*, actor: Actor, row: Publishing, percent: int) -> None:
    """From which drop on a person is asked, in percent. Raises RuleBroken outside 0 to 100; 100 never asks."""
    actor.require(Right.MANAGE_CONNECTIONS)
    if not 0 <= percent <= 100:
        raise RuleBroken("Choose a limit from 0 to 100 percent.")
    Publishing.objects.filter(pk=row.pk).update(drop_limit=percent)
    record(
        actor=actor,
        action="stock.drop_limit",
        subject_kind="store",
        subject_id=row.store_id,
        before={"percent": row.drop_limit},
        after={"percent": percent},
    )
    wake([open_lane(PUBLISH, row.store_id)])


def link_stock(*, actor: Actor, connection: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Replace what says at which location of the store which facility's stock is shown. None leaves it to what is usual.

    Raises RuleBroken where the same units would be counted twice at one location.
    """
    actor.require(Right.MANAGE_CONNECTIONS)
    unique = list(dict.fromkeys(pairs))
    for location, facility in unique:
        if facility and (location, "") in unique:
            raise RuleBroken(
                f"All facilities are shown at this location already, {facility} among them. Choose all of them, or single ones."
            )
    before = list(StockLink.objects.filter(connection=connection).values_list("location", "facility"))
    StockLink.objects.filter(connection=connection).delete()
    StockLink.objects.bulk_create(
        [
            StockLink(account_id=actor.account_id, connection=connection, location=location, facility=facility)
            for location, facility in unique
        ]
    )
    record(
        actor=actor,
        action="stock.linked",
        subject_kind="connection",
        subject_id=connection.pk,
        before={"links": before},
        after={"links": unique},
    )
    if connection.mode != Mode.OFF:
        wake([open_lane(PUBLISH, connection.store_id)])


def facilities_of(warehouse_id: int) -> list[str]:
    """Facilities that a warehouse's levels name, by name; the nameless one left out."""
    with database.cursor() as cursor:
        cursor.execute(
            "select distinct facility from warehouse_level where warehouse_id = %s and facility <> '' order by 1", [warehouse_id]
        )
        return [row[0] for row in cursor.fetchall()]
