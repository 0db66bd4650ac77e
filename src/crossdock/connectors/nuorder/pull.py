"""Reading orders: lists of ids by status, then one order at a time, for NuORDER neither announces nor dates its changes.

Orders in an import status are read at every look. The others that can still change (processed, shipped, canceled) take turns: each
id has its own second in a period, and is read in the window that holds it, so that the load is even and none is forgotten, with
nothing to be remembered between two looks.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.capabilities import Known
from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, Rejected, Window, read_each
from crossdock.connectors.kit.together import together
from crossdock.connectors.nuorder.api import Api, Unknown, read_product
from crossdock.connectors.nuorder.mapping import CANCELED, SHIPPED, moment, own_fields, placed_by_id, read_order, to_order
from crossdock.connectors.nuorder.payloads import NuCompany, NuOrder, Text, text
from crossdock.connectors.nuorder.settings import Settings
from crossdock.domain.orders import Order

V = TypeVar("V")

PAGE = 25
"""Orders in a page; each is a call of its own."""

PROCESSED = "processed"
FOLLOWED = (PROCESSED, CANCELED, SHIPPED)
"""Statuses in which an order that was imported can still be changed, canceled or shipped by somebody."""

FOLLOWED_FOR = timedelta(days=400)
"""How long after it was placed an order is followed: wholesale orders are placed a season ahead."""

EVERY_LOOK = 300
"""So many orders in an import status are read at every look; of more, the older ones take turns."""

KEPT_NAMES = 5_000

_TURN = 900
_WAITING_TURN = 300


class _Marked(Struct, frozen=True):
    """The little that is needed to list an order, even if the rest of it cannot be read."""

    order_number: Text = None
    created_on: Text = None


class _Cursor(Struct, frozen=True):
    """Where a window stands: the last id that was read, and whether it was among the followed ones."""

    until: datetime
    rank: int
    id: str


class Orders:
    """Reads orders of one portal."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        known: Callable[[], Known | None] = lambda: None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._api = api
        self._settings = settings
        self._known = known
        self._clock = clock or (lambda: datetime.now(UTC))
        self._companies: dict[str, NuCompany | None] = {}
        self._names: dict[str, str | None] = {}

    async def changed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[Page]:
        """Orders to look at in this window. One that changed after its end is left to the next; a window yet to come has none."""
        if window.since is not None and window.since > self._clock():
            return
        begin = _resume(window, after)
        size = page_size or PAGE
        due = [entry for entry in sorted(await self._due(window)) if entry > begin]
        for start in range(0, len(due), size):
            part = due[start : start + size]
            raws = await together([external_id for _, external_id in part], self._api.order)
            rows = [(external_id, raw) for (_, external_id), raw in zip(part, raws, strict=True) if raw is not None]
            rank, last = part[-1]
            cursor = msgspec.json.encode(_Cursor(window.until, rank, last)).decode()
            yield await self._read(rows, Position(None, last, cursor), until=window.until)

    async def by_id(self, external_ids: Sequence[str]) -> Page:
        """The named orders as they are now."""
        ids = list(dict.fromkeys(external_ids))
        raws = await together(ids, self._api.order)
        return await self._read([(id_, raw) for id_, raw in zip(ids, raws, strict=True) if raw is not None], Position())

    async def placed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[PlacedPage]:
        """Orders by the moment they were placed. Drafts, and orders still under review, count only where they are imported."""
        margin = timedelta(days=2)  # an order copied from another keeps an id made somewhat earlier
        ids = set()
        for status in self._statuses():
            for external_id in await self.ids(status):
                made = placed_by_id(external_id)
                if made is None or ((window.since is None or made >= window.since - margin) and made <= window.until + margin):
                    ids.add(external_id)
        begin = after.id if after is not None and after.id else ""
        due = [external_id for external_id in sorted(ids) if external_id > begin]
        size = page_size or PAGE
        for start in range(0, len(due), size):
            part = due[start : start + size]
            raws = await together(part, self._api.order)
            found = []
            for external_id, raw in zip(part, raws, strict=True):
                marked = _marked(raw) if raw is not None else None
                if marked is None:
                    continue
                at = _placed(marked, external_id)
                if at is None or ((window.since is None or at >= window.since) and at <= window.until):
                    found.append((at or datetime.max.replace(tzinfo=UTC), external_id, text(marked.order_number) or external_id))
            listed = tuple((external_id, number) for _, external_id, number in sorted(found))
            yield PlacedPage(listed, Position(None, part[-1]))

    async def ids(self, status: str) -> tuple[str, ...]:
        """Ids in a status; nothing where a portal does not know it."""
        try:
            return await self._api.order_ids(status)
        except Unknown:
            return ()

    def recent(self, ids: Sequence[str]) -> list[str]:
        """Of some ids, those placed not too long ago to be followed."""
        since = self._clock() - FOLLOWED_FOR
        return [external_id for external_id in ids if (placed_by_id(external_id) or since) >= since]

    def _statuses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._settings.import_statuses, *FOLLOWED)))

    async def _due(self, window: Window) -> set[tuple[int, str]]:
        due: set[tuple[int, str]] = set()
        for status in self._settings.import_statuses:
            ids = await self._api.order_ids(status)
            turn = _turn(len(ids), 0.5, _WAITING_TURN)
            for external_id in ids:
                is_new = window.since is None or (placed_by_id(external_id) or window.since) >= window.since
                if len(ids) <= EVERY_LOOK or is_new or _has_turn(external_id, window, turn):
                    due.add((0, external_id))
        followed = [external_id for status in FOLLOWED for external_id in self.recent(await self.ids(status))]
        turn = _turn(len(followed), 2, _TURN)
        due |= {(1, external_id) for external_id in followed if _has_turn(external_id, window, turn)}
        # One that moved on between two lists is read once.
        return {(rank, external_id) for rank, external_id in due if rank == 0 or (0, external_id) not in due}

    async def _read(self, rows: Sequence[tuple[str, bytes]], position: Position, until: datetime | None = None) -> Page:
        known = self._known()
        stored = frozenset(await known(rows)) if known is not None and rows else frozenset()
        rejected: list[Rejected] = []
        read: list[tuple[NuOrder, bytes]] = []
        for place, (external_id, raw) in enumerate(rows):
            if place in stored:
                continue
            try:
                nu = read_order(raw)
                if until is not None and (changed := moment(nu.modified_on, "modified_on")) is not None and changed > until:
                    continue
                read.append((nu, raw))
            except InvalidData as error:
                rejected.append(Rejected(external_id, error.field, error.message, raw))
        companies = await self._companies_of([nu for nu, _ in read])
        names = await self._names_of([nu for nu, _ in read])
        orders, raws, unfit = read_each(
            (nu.id, raw, partial(self._understood, nu, raw, companies.get(nu.retailer.id or "") if nu.retailer else None, names))
            for nu, raw in read
        )
        return Page(orders, raws, (*rejected, *unfit), position, len(stored))

    def _understood(self, nu: NuOrder, raw: bytes, company: NuCompany | None, names: dict[str, str]) -> Order:
        order = to_order(nu, self._settings, company=company, names=names, more=own_fields(raw))
        return within_bounds(order, raw)

    async def _companies_of(self, orders: Sequence[NuOrder]) -> dict[str, NuCompany]:
        ids = list(dict.fromkeys(nu.retailer.id for nu in orders if nu.retailer is not None and nu.retailer.id))
        found = await self._once(self._companies, ids, self._api.company)
        return {id_: one for id_, one in zip(ids, found, strict=True) if one is not None}

    async def _names_of(self, orders: Sequence[NuOrder]) -> dict[str, str]:
        """Names of the products, which orders lack. They are asked for only where something is to be shipped."""
        wanted = (nu for nu in orders if nu.status.lower() in self._settings.import_statuses)
        ids = list(dict.fromkeys(line.product.id for nu in wanted for line in nu.line_items if line.product.id))
        found = await self._once(self._names, ids, self._name)
        return {id_: one for id_, one in zip(ids, found, strict=True) if one}

    async def _name(self, product_id: str) -> str | None:
        raw = await self._api.product(product_id)
        try:
            return text(read_product(raw).name) if raw is not None else None
        except InvalidData:
            return None

    async def _once(self, kept: dict[str, V], ids: Sequence[str], read: Callable[[str], Awaitable[V]]) -> list[V]:
        if len(kept) > KEPT_NAMES:
            kept.clear()
        missing = [id_ for id_ in ids if id_ not in kept]
        kept.update(zip(missing, await together(missing, read), strict=True))
        return [kept[id_] for id_ in ids]


def _turn(count: int, seconds: float, least: int) -> int:
    """The period in which each of `count` ids is read once, at one in so many seconds; it doubles rather than creeps."""
    turn = least
    while turn < count * seconds:
        turn *= 2
    return turn


def _has_turn(external_id: str, window: Window, turn: int) -> bool:
    """Whether the second of this id lies in the window: since exclusive, until inclusive."""
    if window.since is None:
        return True
    since, until = window.since.timestamp(), window.until.timestamp()
    second = hash_of(external_id) % turn
    return (until - second) // turn > (since - second) // turn


def hash_of(external_id: str) -> int:
    """A number that spreads ids evenly and is the same in every process."""
    value = 0
    for letter in external_id:
        value = (value * 131 + ord(letter)) % 1_000_000_007
    return value


def _resume(window: Window, after: Position | None) -> tuple[int, str]:
    if after is not None and after.cursor is not None:
        try:
            place = msgspec.json.decode(after.cursor, type=_Cursor)
        except (msgspec.DecodeError, ValueError):
            return (-1, "")
        if place.until == window.until:
            return (place.rank, place.id)
    return (-1, "")


def _marked(raw: bytes) -> _Marked:
    try:
        return decode(raw, _Marked, what="The order")
    except InvalidData:
        return _Marked()


def _placed(marked: _Marked, external_id: str) -> datetime | None:
    try:
        return moment(text(marked.created_on), "created_on") or placed_by_id(external_id)
    except InvalidData:
        return placed_by_id(external_id)
