"""What the pages of connections show: rows with their freshness, channels with their lanes, and where things are used."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.accounts.rights import Actor
from crossdock.connections import gateway
from crossdock.connections.models import Channel, ChannelKind, Connection, Merchant, Mode, Store, Warehouse
from crossdock.connections.services import DEFAULT_SCHEDULES, LANES, STORE_ONLY, supported_channels
from crossdock.connections.typed import address_of
from crossdock.connectors.kit.capabilities import ListsOrders
from crossdock.connectors.kit.declaration import Connector
from crossdock.jobs.models import Lane
from crossdock.jobs.schedules import Rule, in_words, next_run, parse

LATE = timedelta(minutes=2)
"""How long after its time a run may begin before we call it late."""

DOES: dict[str, str] = {
    "orders.pull": "Reading orders from {store}",
    "orders.age": "Releasing held orders",
    "orders.reread": "Reading what the settings left out from {store}",
    "orders.backfill": "Fetching older orders from {store}",
    "orders.count": "Counting orders at {store}",
    "fulfillment.prepare": "Preparing orders",
    "fulfillment.send": "Sending orders to {warehouse}",
    "fulfillment.progress": "Telling {store} that orders are being worked on",
    "fulfillment.pull": "Reading shipments from {warehouse}",
    "fulfillment.post": "Posting shipments to {store}",
    "products.pull": "Reading products from {store}",
    "inventory.read": "Reading stock from {warehouse}",
    "inventory.publish": "Telling {store} what there is to sell",
    "returns.pull": "Reading returns from {store}",
    "connections.webhooks": "Registering webhooks at {store}",
    "connections.expiry": "Warning that a credential of {store} ends",
}
"""What a lane does, as the beginning of a sentence about its trouble."""


class Trouble(Struct, frozen=True):
    """Why something does not run: what it was about, the reason with what to do, and whether a person has to. `message_id` is the
    exchange behind it.
    """

    what: str
    why: str
    is_stopped: bool
    next_at: datetime | None = None
    message_id: UUID | None = None


class Card(Struct, frozen=True):
    """A channel of a connection as a card. `state` is a key of the channel statuses; `why_not` says who cannot."""

    kind: str
    label: str
    state: str
    is_on: bool = False
    words: str = ""
    last_at: datetime | None = None
    next_at: datetime | None = None
    troubles: tuple[Trouble, ...] = ()
    why_not: str = ""

    @property
    def is_supported(self) -> bool:
        """Whether both sides can."""
        return self.state != "not-supported"


class Freshness(Struct, frozen=True):
    """How a connection flows: a key of the channel statuses, and since when or until when."""

    state: str
    at: datetime | None = None
    why: str = ""


class Row(Struct, frozen=True):
    """One line of the list of connections."""

    connection: Connection
    store_platform: str
    warehouse_platform: str
    freshness: Freshness


def platform_name(key: str) -> str:
    """A platform's name; its key when its folder is gone."""
    try:
        return gateway.platform_named(key).name
    except KeyError:
        return key


def connector_or_none(key: str) -> Connector | None:
    """A platform's connector; None when its folder is gone."""
    try:
        return gateway.platform_named(key)
    except KeyError:
        return None


def lists_orders(key: str) -> bool:
    """Whether a platform can say which orders were placed when, so that those of some days can be fetched."""
    connector = connector_or_none(key)
    return connector is not None and issubclass(connector.client, ListsOrders)


# --- Rows that a person may see --------------------------------------------------------------------------------------------------


def connections() -> QuerySet[Connection]:
    """Connections that are not deleted, with what is joined. Limited people see their merchants' only, by the row policy."""
    return Connection.objects.filter(deleted_at=None).select_related("merchant", "store", "warehouse")


def warehouses(actor: Actor) -> QuerySet[Warehouse]:
    """Warehouses that are not deleted; of people limited to some merchants those their merchants use."""
    rows = Warehouse.objects.filter(deleted_at=None)
    return rows if actor.merchants is None else rows.filter(pk__in=connections().values("warehouse_id"))


def stores() -> QuerySet[Store]:
    """Stores that are not deleted, with their merchant."""
    return Store.objects.filter(deleted_at=None).select_related("merchant")


def merchants_with_counts() -> QuerySet[Merchant]:
    """Merchants with `store_count` and `connection_count`."""
    return Merchant.objects.annotate(
        store_count=Count("stores", filter=Q(stores__deleted_at=None), distinct=True),
        connection_count=Count("connections", filter=Q(connections__deleted_at=None), distinct=True),
    )


# --- Lanes -----------------------------------------------------------------------------------------------------------------------


class Lanes:
    """The lanes of some connections, read in one query."""

    def __init__(self, links: Iterable[Connection]) -> None:
        links = list(links)
        found = Lane.objects.filter(
            Q(store_id__in={link.store_id for link in links})
            | Q(warehouse_id__in={link.warehouse_id for link in links})
            | Q(connection_id__in={link.pk for link in links})
        )
        self._by: dict[tuple[str, str, int], Lane] = {}
        for lane in found:
            for owner in ("store_id", "warehouse_id", "connection_id"):
                if (value := getattr(lane, owner)) is not None:
                    self._by[lane.kind, owner, value] = lane

    def of(self, link: Connection, kind: str) -> list[Lane]:
        """The lanes that exist for a channel; the first is the one `run now` means."""
        wanted = (
            (lane, "connection_id" if owner == "id" else owner, getattr(link, owner)) for lane, owner in LANES.get(kind, ())
        )
        return [self._by[key] for key in wanted if key in self._by]


def channel_cards(link: Connection, zone: str, now: datetime | None = None) -> list[Card]:
    """One card for each kind of data, in the order of the kinds. `zone` is the account's, for what runs next."""
    now = now or datetime.now(UTC)
    lanes = Lanes([link])
    channels = {channel.kind: channel for channel in Channel.objects.filter(connection=link).prefetch_related("schedules")}
    can = supported(link)
    cards = [
        _card(link, kind, channels.get(kind), lanes.of(link, kind), zone, now)
        if kind in can
        else Card(kind, ChannelKind(kind).label, "not-supported", why_not=_why_not(link, kind))
        for kind in ChannelKind.values
    ]
    # What keeps several channels from running is said where it is met first.
    told: set[str] = set()
    for at, card in enumerate(cards):
        cards[at] = msgspec.structs.replace(card, troubles=tuple(one for one in card.troubles if one.why not in told))
        told |= {one.why for one in card.troubles}
    return cards


def supported(link: Connection) -> frozenset[str]:
    """What the platforms of a connection can, as far as their folders are there."""
    if connector_or_none(link.store.platform) is None or connector_or_none(link.warehouse.platform) is None:
        return frozenset()
    return frozenset(supported_channels(link))


def rules_of(channel: Channel | None, kind: str = "") -> list[Rule]:
    """A channel's rules in the order they were added; of one that was never switched on, those it would begin with."""
    if channel is None:
        return list(DEFAULT_SCHEDULES[kind])
    return [parse(schedule.rule) for schedule in sorted(channel.schedules.all(), key=lambda schedule: schedule.pk)]


def _card(link: Connection, kind: str, channel: Channel | None, lanes: list[Lane], zone: str, now: datetime) -> Card:
    rules = rules_of(channel, kind)
    is_on = channel is not None and channel.is_on
    troubles = _once(trouble for lane in lanes if (trouble := _trouble(link, lane)))
    first = next((lane for lane in lanes if lane.kind == LANES[kind][0][0]), None)
    runs = is_on and link.mode != Mode.OFF
    next_at = _next(first, rules, zone, now) if runs and not any(trouble.is_stopped for trouble in troubles) else None
    state = _state(is_on, runs, lanes, first, troubles, now)
    return Card(
        kind,
        ChannelKind(kind).label,
        state,
        is_on=is_on,
        words=in_words(rules),
        last_at=first.last_done_at if first else None,
        next_at=next_at,
        troubles=troubles if runs else (),
    )


def _state(is_on: bool, runs: bool, lanes: list[Lane], first: Lane | None, troubles: Sequence[Trouble], now: datetime) -> str:
    if not is_on or not runs:
        return "off"
    if any(trouble.is_stopped for trouble in troubles):
        return "stopped"
    if any(lane.leased_until and lane.leased_until > now for lane in lanes):
        return "running"
    if troubles:
        return "waiting"
    if first is not None and first.due_at and first.due_at < now - LATE:
        return "late"
    return "on"


def _next(first: Lane | None, rules: Sequence[Rule], zone: str, now: datetime) -> datetime | None:
    if first is not None and first.due_at is not None and first.last_done_at is not None:
        return max(first.due_at, now)
    return next_run(rules, now, zone)


def _trouble(link: Connection, lane: Lane) -> Trouble | None:
    names = {"store": link.store.name, "warehouse": link.warehouse.name}
    what = DOES.get(lane.kind, lane.kind).format(**names)
    if lane.blocked_reason:
        return Trouble(what, lane.blocked_reason, True, message_id=lane.last_message_id)
    if lane.failures and lane.last_error:
        return Trouble(what, lane.last_error, False, lane.due_at, lane.last_message_id)
    return None


def _once(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Each reason once: refused credentials stop many lanes, and a person has one thing to do."""
    seen: dict[str, Trouble] = {}
    for trouble in troubles:
        if trouble.why not in seen or (trouble.message_id and not seen[trouble.why].message_id):
            seen[trouble.why] = trouble
    return tuple(seen.values())


def _why_not(link: Connection, kind: str) -> str:
    lacking = [
        side.name
        for side in ((link.store,) if kind in STORE_ONLY else (link.store, link.warehouse))
        if (connector := connector_or_none(side.platform)) is None or kind not in connector.channels()
    ]
    label = ChannelKind(kind).label.lower()
    if lacking and kind in STORE_ONLY:
        return _("{platform} does not offer {kind} to read.").format(platform=platform_name(link.store.platform), kind=label)
    if len(lacking) == 2:
        return _("Neither {store} nor {warehouse} can exchange {kind}.").format(
            store=link.store.name, warehouse=link.warehouse.name, kind=label
        )
    if lacking:
        return _("{name} cannot exchange {kind}.").format(name=lacking[0], kind=label)
    return _("This version of Crossdock does not carry {kind}.").format(kind=label)


# --- The list ----------------------------------------------------------------------------------------------------------------------


def rows(links: Sequence[Connection], now: datetime | None = None) -> list[Row]:
    """Connections as lines of the list, each with how fresh it is. Three queries, however many."""
    now = now or datetime.now(UTC)
    lanes = Lanes(links)
    on: dict[int, set[str]] = {}
    for connection_id, kind in Channel.objects.filter(connection__in=links, is_on=True).values_list("connection_id", "kind"):
        on.setdefault(connection_id, set()).add(kind)
    return [
        Row(
            link,
            platform_name(link.store.platform),
            platform_name(link.warehouse.platform),
            _freshness(link, {kind: lanes.of(link, kind) for kind in sorted(on.get(link.pk, ())) if kind in LANES}, now),
        )
        for link in links
    ]


def _freshness(link: Connection, by_kind: Mapping[str, list[Lane]], now: datetime) -> Freshness:
    if link.mode == Mode.OFF:
        return Freshness("off")
    all_lanes = [lane for lanes in by_kind.values() for lane in lanes]
    troubles = [trouble for lane in all_lanes if (trouble := _trouble(link, lane))]
    if stopped := next((trouble for trouble in troubles if trouble.is_stopped), None):
        return Freshness("stopped", why=f"{stopped.what}: {stopped.why}")
    if troubles:
        return Freshness("waiting", troubles[0].next_at, f"{troubles[0].what}: {troubles[0].why}")
    firsts = [lanes[0] for kind, lanes in by_kind.items() if lanes and lanes[0].kind == LANES[kind][0][0]]
    if late := [lane.due_at for lane in firsts if lane.due_at and lane.due_at < now - LATE and not _is_held(lane, now)]:
        return Freshness("late", min(late))
    # Products come once a day: they would make every connection look stale.
    done = [lane.last_done_at for lane in firsts if lane.last_done_at and lane.kind != LANES[ChannelKind.PRODUCTS][0][0]]
    return Freshness("on", min(done) if done else None)


def _is_held(lane: Lane, now: datetime) -> bool:
    return lane.leased_until is not None and lane.leased_until > now


# --- After a connection was made ---------------------------------------------------------------------------------------------------


class Todo(Struct, frozen=True):
    """One line of a connection's checklist; `url_name` leads to where it is done."""

    text: str
    is_done: bool
    hint: str = ""
    url_name: str = ""


def checklist(link: Connection, cards: Sequence[Card], has_locations: bool) -> list[Todo]:
    """What is left to do until orders flow, each ticking itself off. Empty once the connection is Live and has read."""
    read = any(card.kind == ChannelKind.SALES_ORDERS and card.last_at for card in cards)
    if link.mode == Mode.LIVE and read:
        return []
    todos = [
        Todo(_("{store} answers").format(store=link.store.name), bool(link.store.checked_at and not link.store.trouble),
             _("Test connection on the Settings tab says exactly what is wrong."), "connections:settings"),
        Todo(_("{warehouse} answers").format(warehouse=link.warehouse.name),
             bool(link.warehouse.checked_at and not link.warehouse.trouble),
             _("Test connection on the Settings tab says exactly what is wrong."), "connections:settings"),
    ]  # fmt: skip
    if not link.is_default:
        hint = _("Orders of other locations stay with the store's default connection.")
        todos.append(Todo(_("Locations of {store} are linked").format(store=link.store.name), has_locations, hint,
                          "connections:locations"))  # fmt: skip
    todos += [
        Todo(_("It observes"), link.mode != Mode.OFF,
             _("Turn it to Observe: it reads and shows what it would send, and writes nothing anywhere.")),
        Todo(_("Orders were read"), read, _("Comes by itself within a few minutes once it observes, or by Run now.")),
        Todo(_("It is Live"), link.mode == Mode.LIVE,
             _("Go Live when what you see agrees with the store. You are asked what happens to older orders first.")),
    ]  # fmt: skip
    return todos


def used_by(site: Store | Warehouse) -> list[Connection]:
    """The connections of a store or warehouse that this person may see."""
    side = "store" if isinstance(site, Store) else "warehouse"
    return list(connections().filter(**{side: site}).order_by("name"))


def values_shown(connector: Connector | None, settings: Mapping[str, Any]) -> str:
    """The answers that say where a store or warehouse is, on one line."""
    if connector is None:
        return ""
    return " · ".join(part for part in address_of(connector, settings) if part)


def stopped_sites(side: str) -> set[int]:
    """Ids of the stores, or the warehouses, that have a lane which waits for a person, of their own or of a connection to them."""
    column = f"{side}_id"
    blocked = Lane.objects.filter(blocked_reason__isnull=False)
    own = blocked.filter(**{f"{column}__isnull": False}).values_list(column, flat=True)
    of_links = blocked.filter(kind__in=_kinds_at(side), connection_id__isnull=False).values("connection_id")
    return {*own, *Connection.objects.filter(pk__in=of_links, deleted_at=None).values_list(column, flat=True)}


def _kinds_at(side: str) -> list[str]:
    """Kinds of lanes that talk to a store, or to a warehouse."""
    return [kind for kind, words in DOES.items() if f"{{{side}}}" in words]


def site_troubles(site: Store | Warehouse) -> list[Trouble]:
    """What stands still or fails at a store or warehouse, once for each reason: its own lanes, and those by which connections send to
    it. Of connections that somebody may not see, or that are Off, nothing is told.
    """
    side = "store" if isinstance(site, Store) else "warehouse"
    name = {"store": site.name, "warehouse": site.name}
    seen: dict[str, Trouble] = {}
    links = connections().filter(**{side: site}).exclude(mode=Mode.OFF).values("pk")
    its_own = Q(**{f"{side}_id": site.pk})
    lanes = Lane.objects.filter(its_own | Q(connection_id__in=links, kind__in=_kinds_at(side))).order_by("kind")
    # Of several that one reason stops, that in which orders and shipments wait is told of.
    for lane in sorted(lanes, key=lambda lane: lane.connection_id is None):
        reason = lane.blocked_reason or (lane.last_error if lane.failures else "")
        if reason and reason not in seen:
            what = DOES.get(lane.kind, lane.kind).format(**name)
            next_at = None if lane.blocked_reason else lane.due_at
            seen[reason] = Trouble(what, reason, bool(lane.blocked_reason), next_at, lane.last_message_id)
    return list(seen.values())
