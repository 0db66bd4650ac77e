"""Changes to connections and their channels."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError
from django.db import connection as database
from psycopg.errors import LockNotAvailable

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Actor, Right
from crossdock.activity.services import Told, tell
from crossdock.connections import gateway, leaving
from crossdock.connections.models import (
    Channel,
    ChannelKind,
    Connection,
    LocationLink,
    Mode,
    Remainder,
    Schedule,
    Store,
    Warehouse,
)
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.schedules import Daily, Minutely, Rule, dump, problem_with
from crossdock.jobs.wakes import open_lane, wake

DEFAULT_SCHEDULES: dict[str, tuple[Rule, ...]] = {
    ChannelKind.SALES_ORDERS: (Minutely(every=5),),
    ChannelKind.SHIPMENTS: (Minutely(every=5),),
    ChannelKind.INVENTORY: (Minutely(every=15), Daily(hour=2)),
    ChannelKind.PRODUCTS: (Daily(hour=1),),
    ChannelKind.RETURNS: (Minutely(every=15),),
}

LANES: dict[str, tuple[tuple[str, str], ...]] = {
    ChannelKind.SALES_ORDERS: (
        ("orders.pull", "store_id"),
        ("fulfillment.prepare", "store_id"),
        ("orders.age", "store_id"),
        ("fulfillment.send", "id"),
        ("fulfillment.progress", "store_id"),
        ("orders.reread", "store_id"),
        ("orders.backfill", "store_id"),
        ("orders.count", "store_id"),
    ),
    ChannelKind.SHIPMENTS: (("fulfillment.pull", "warehouse_id"), ("fulfillment.post", "id")),
    ChannelKind.INVENTORY: (("inventory.read", "warehouse_id"), ("inventory.publish", "store_id")),
    ChannelKind.PRODUCTS: (("products.pull", "store_id"),),
    ChannelKind.RETURNS: (("returns.pull", "store_id"),),
}
"""Which lanes carry a channel, and which id of the connection each belongs to. The first is the one that `run now` means."""

STORE_ONLY = frozenset({ChannelKind.PRODUCTS, ChannelKind.RETURNS})
"""Channels that are read from the store and ask nothing of the warehouse."""


def create_connection(*, actor: Actor, name: str, store: Store, warehouse: Warehouse) -> Connection:
    """Join a store to a warehouse. Created Off, with the channels both sides can and their usual schedules.

    Raises RuleBroken when they are joined already, or one is sandbox and the other is not.
    """
    actor.require(Right.MANAGE_CONNECTIONS)
    if store.realm != warehouse.realm:
        raise RuleBroken("A sandbox store cannot be joined to a live warehouse, nor the other way round.")
    known = Connection.objects.filter(merchant_id=store.merchant_id, store=store, warehouse=warehouse).first()
    if known is not None and known.deleted_at is None:
        raise RuleBroken(f"{store.name} and {warehouse.name} are joined already, by the connection {known.name}.")
    for site in (store, warehouse):
        # One that went with its last connection comes back with this one.
        type(site).objects.filter(pk=site.pk).exclude(deleted_at=None).update(deleted_at=None)
    is_first = not Connection.objects.filter(store=store, is_default=True, deleted_at=None).exists()
    if known is not None:
        Connection.objects.filter(pk=known.pk).update(
            name=name.strip() or known.name, deleted_at=None, mode=Mode.OFF, is_default=is_first
        )
        connection = Connection.objects.get(pk=known.pk)
    else:
        connection = Connection.objects.create(
            account_id=actor.account_id,
            name=name.strip() or f"{store.name} to {warehouse.name}",
            merchant_id=store.merchant_id,
            store=store,
            warehouse=warehouse,
            realm=store.realm,
            is_default=is_first,
        )
        for kind in supported_channels(connection):
            open_channel(connection, kind, is_on=True)
    record(
        actor=actor,
        action="connection.created",
        subject_kind="connection",
        subject_id=connection.pk,
        after={"name": connection.name},
    )
    return connection


def supported_channels(connection: Connection) -> list[str]:
    """The channels that both sides can, or the store where nothing is asked of the warehouse."""
    store = gateway.platform_named(connection.store.platform).channels()
    warehouse = gateway.platform_named(connection.warehouse.platform).channels()
    return [kind for kind in ChannelKind.values if kind in LANES and kind in store and (kind in warehouse or kind in STORE_ONLY)]


def open_channel(connection: Connection, kind: str, *, is_on: bool = False) -> Channel:
    """The channel of a connection, made with its usual schedules when it is not there yet: its platforms may have learned it after
    the connection was made. Raises RuleBroken for one they cannot.
    """
    channel = Channel.objects.filter(connection=connection, kind=kind).first()
    if channel is not None:
        return channel
    if kind not in supported_channels(connection):
        raise RuleBroken("This channel is not supported by the platforms of this connection.")
    channel = Channel.objects.create(account_id=connection.account_id, connection=connection, kind=kind, is_on=is_on)
    Schedule.objects.bulk_create(
        [Schedule(account_id=connection.account_id, channel=channel, rule=dump(rule)) for rule in DEFAULT_SCHEDULES[kind]]
    )
    return channel


def set_mode(*, actor: Actor, connection: Connection, mode: Mode, accept_after: datetime | None = None) -> None:
    """Turn a connection Off, to Observe or Live. Going Live takes orders placed from `accept_after` on; None takes all.

    What happens to older unshipped orders is `fulfillment.services.go_live`'s to ask.
    """
    actor.require(Right.GO_LIVE if mode == Mode.LIVE else Right.MANAGE_CONNECTIONS)
    before = connection.mode
    now = datetime.now(UTC)
    values: dict[str, Any] = {"mode": mode}
    if mode == Mode.LIVE and before != Mode.LIVE:
        _require_alone(connection.store)
        # Platforms tell whole seconds: an order of this very second, placed after the click, must not look older than it.
        values |= {"live_at": now, "accept_after": accept_after.replace(microsecond=0) if accept_after else None}
    Connection.objects.filter(pk=connection.pk).update(**values)
    connection.refresh_from_db()
    record(
        actor=actor,
        action="connection.mode_changed",
        subject_kind="connection",
        subject_id=connection.pk,
        before={"mode": before},
        after={"mode": mode},
    )
    tell(
        [
            Told(
                kind="store.mode",
                store_id=connection.store_id,
                params={"connection": connection.name, "mode": mode},
                by=actor.person_id,
            )
        ]
    )
    if mode != Mode.OFF:
        wake_channels(connection)
        wake([open_lane("connections.expiry", connection.store_id)])
        if mode == Mode.LIVE:
            wake([open_lane("connections.webhooks", connection.store_id)])


def _require_alone(store: Store) -> None:
    """Raises RuleBroken while the same shop is Live in another account: two importers ship everything twice."""
    with database.cursor() as cursor:
        cursor.execute("select is_live_elsewhere(%s, %s, %s)", [store.platform, store.identity, store.realm])
        if cursor.fetchone()[0]:
            raise RuleBroken(
                "This shop is Live in another account of this Crossdock. Turn it Off there first, or every order would ship twice. "
                "If that account is not yours, ask the operator."
            )


def wake_channels(connection: Connection) -> None:
    """Have every lane of the connection's channels looked at."""
    for channel in Channel.objects.filter(connection=connection, is_on=True):
        wake(lanes_of(connection, channel.kind))


def lanes_of(connection: Connection, kind: str) -> list[int]:
    """The lanes that carry a channel of a connection."""
    return [open_lane(lane, getattr(connection, owner)) for lane, owner in LANES.get(kind, ())]


def set_channel(*, actor: Actor, connection: Connection, kind: str, is_on: bool) -> None:
    """Switch a channel. Off keeps its schedules for later."""
    actor.require(Right.MANAGE_CONNECTIONS)
    Channel.objects.filter(pk=open_channel(connection, kind).pk).update(is_on=is_on)
    record(
        actor=actor,
        action="channel.switched",
        subject_kind="connection",
        subject_id=connection.pk,
        after={"channel": kind, "is_on": is_on},
    )
    if is_on and connection.mode != Mode.OFF:
        wake(lanes_of(connection, kind))


def set_schedules(*, actor: Actor, connection: Connection, kind: str, rules: Sequence[Rule]) -> None:
    """Replace the rules of a channel. Raises RuleBroken for a rule that makes no sense."""
    actor.require(Right.MANAGE_CONNECTIONS)
    for rule in rules:
        if problem := problem_with(rule):
            raise RuleBroken(problem)
    channel = open_channel(connection, kind)
    Schedule.objects.filter(channel=channel).delete()
    Schedule.objects.bulk_create([Schedule(account_id=actor.account_id, channel=channel, rule=dump(rule)) for rule in rules])
    record(
        actor=actor,
        action="channel.scheduled",
        subject_kind="connection",
        subject_id=connection.pk,
        after={"channel": kind, "rules": [dump(rule) for rule in rules]},
    )
    if channel.is_on and connection.mode != Mode.OFF:
        # Looked at once, whereby the lane finds its new time.
        wake(lanes_of(connection, kind)[:1])


def run_now(*, actor: Actor, connection: Connection, kind: str) -> None:
    """Have a channel looked at without waiting for its schedule. Raises RuleBroken while the connection is Off."""
    actor.require(Right.RUN_CHANNELS)
    if connection.mode == Mode.OFF:
        raise RuleBroken("This connection is Off. Turn it to Observe or Live first.")
    if not Channel.objects.filter(connection=connection, kind=kind, is_on=True).exists():
        raise RuleBroken("This channel is switched off. Switch it on first.")
    try:
        wake(lanes_of(connection, kind))
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            # Somebody writes in it and does not come to an end: a worker that was stopped in the middle, until its time is over.
            raise RuleBroken("A worker is in the middle of this channel and does not answer. Try again in a minute.") from error
        raise


def make_default(*, actor: Actor, connection: Connection) -> None:
    """Give this connection what nothing else gives elsewhere."""
    actor.require(Right.MANAGE_CONNECTIONS)
    Connection.objects.filter(store_id=connection.store_id, is_default=True).update(is_default=False)
    Connection.objects.filter(pk=connection.pk).update(is_default=True)
    record(actor=actor, action="connection.made_default", subject_kind="connection", subject_id=connection.pk)
    if connection.mode != Mode.OFF:
        wake([open_lane("fulfillment.prepare", connection.store_id)])


def link_locations(*, actor: Actor, connection: Connection, locations: Mapping[str, str]) -> None:
    """Replace the location links of a connection: store location to facility. Raises RuleBroken where another
    connection has one of them.
    """
    actor.require(Right.MANAGE_CONNECTIONS)
    LocationLink.objects.filter(connection=connection).delete()
    taken = LocationLink.objects.filter(store_id=connection.store_id, location__in=list(locations)).first()
    if taken is not None:
        raise RuleBroken(f"Location {taken.location} is linked to {taken.connection.name}. Remove that link first.")
    LocationLink.objects.bulk_create(
        [
            LocationLink(
                account_id=actor.account_id,
                connection=connection,
                store_id=connection.store_id,
                location=location,
                facility=facility,
            )
            for location, facility in locations.items()
        ]
    )
    record(
        actor=actor,
        action="connection.locations",
        subject_kind="connection",
        subject_id=connection.pk,
        after={"locations": dict(locations)},
    )
    if connection.mode != Mode.OFF:
        wake([open_lane("fulfillment.prepare", connection.store_id)])


def rename_connection(*, actor: Actor, connection: Connection, name: str) -> None:
    """Give a connection another name."""
    actor.require(Right.MANAGE_CONNECTIONS)
    if not name.strip():
        raise RuleBroken("Give the connection a name.")
    Connection.objects.filter(pk=connection.pk).update(name=name.strip())
    record(
        actor=actor,
        action="connection.renamed",
        subject_kind="connection",
        subject_id=connection.pk,
        before={"name": connection.name},
        after={"name": name.strip()},
    )


def set_remainder(*, actor: Actor, connection: Connection, remainder: str) -> None:
    """Say what becomes of the rest when the warehouse ships less than was asked and says that it was the last.

    It decides about shipments that come from now on. Raises Forbidden, RuleBroken.
    """
    actor.require(Right.MANAGE_CONNECTIONS)
    if remainder not in Remainder.values:
        raise RuleBroken("Choose what becomes of the rest: wait, ask a person, or send the rest again.")
    if remainder == connection.remainder:
        return
    Connection.objects.filter(pk=connection.pk).update(remainder=remainder)
    record(
        actor=actor,
        action="connection.remainder_set",
        subject_kind="connection",
        subject_id=connection.pk,
        before={"remainder": connection.remainder},
        after={"remainder": remainder},
    )


def delete_connection(*, actor: Actor, connection: Connection) -> None:
    """Take a connection away. Its orders and their story stay; adding the same store again finds them."""
    actor.require(Right.DELETE_CONNECTIONS)
    if connection.mode != Mode.OFF:
        raise RuleBroken("Turn the connection Off before you delete it.")
    Connection.objects.filter(pk=connection.pk).update(deleted_at=datetime.now(UTC), is_default=False)
    LocationLink.objects.filter(connection=connection).delete()
    record(
        actor=actor,
        action="connection.deleted",
        subject_kind="connection",
        subject_id=connection.pk,
        before={"name": connection.name},
    )
    # What it was given and never sent is for whoever takes the store's orders now.
    wake([open_lane("fulfillment.prepare", connection.store_id)])
    if not Connection.objects.filter(store_id=connection.store_id, deleted_at=None).exists():
        leaving.end(leaving.session_of("store", connection.store))
        Store.objects.filter(pk=connection.store_id).update(deleted_at=datetime.now(UTC))
