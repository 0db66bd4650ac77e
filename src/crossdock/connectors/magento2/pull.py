"""Reading orders: by change in a closed window, by key, and by the moment they were placed."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial

from crossdock.connectors.kit.capabilities import Known
from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, Window, read_each
from crossdock.connectors.magento2.api import Api
from crossdock.connectors.magento2.criteria import PAGE, Filter, Group, after, moment, one_of, query
from crossdock.connectors.magento2.mapping import Shop, to_order
from crossdock.connectors.magento2.payloads import MgMark, MgOrder, MgSearch, MgStoreConfig, fields_read, moment_of, text_of
from crossdock.connectors.magento2.settings import Settings
from crossdock.domain.orders import Order

BY_ID = 50
"""Orders asked for by key at once: what still fits in an address."""

LISTED = 300
"""Orders of a count at once; only their keys are asked for."""

_WHAT = "Magento's list of orders"

FIELDS = f"items[{fields_read(MgOrder)}],total_count"
"""What is read of an order."""


class Orders:
    """Reads orders of one shop."""

    def __init__(self, api: Api, settings: Settings, known: Callable[[], Known | None] = lambda: None) -> None:
        self._api = api
        self._settings = settings
        self._known = known
        self._shop: Shop | None = None

    async def shop(self) -> Shop:
        """What the shop says of itself, asked once.

        An integration that may not see it gets no weights. Raises AuthenticationFailed where the view's key is needed, and
        InvalidData when there is no such view.
        """
        if self._shop is None:
            self._shop = await self._asked()
        return self._shop

    async def changed(self, window: Window, position: Position | None, page_size: int | None) -> AsyncIterator[Page]:
        """Orders that changed in the window, in (changed, key) order.

        Always the first page of what lies behind the last order read, so no page can shift, and the page that old releases repeat
        without end (magento2#3787) is never asked for.
        """
        place = position or Position()
        size = page_size or PAGE
        while True:
            found = await self._page("updated_at", window, place, size)
            rows = [bytes(raw) for raw in found.items or ()]
            marks = [_mark(row) for row in rows]
            seen = [spot for mark in marks if (spot := _spot(mark, mark.updated_at)) is not None]
            reached, fresh = _furthest(place, seen)
            yield await self._read(rows, marks, reached)
            if not found.has_more(fresh, size):
                return
            if not fresh:
                raise InvalidData("Magento repeats a page of orders without end.")
            place = reached

    async def placed(self, window: Window, position: Position | None, page_size: int | None = None) -> AsyncIterator[PlacedPage]:
        """Keys and numbers of the orders placed in the window, oldest first."""
        place = position or Position()
        while True:
            found = await self._page(
                "created_at", window, place, page_size or LISTED, fields="items[entity_id,increment_id,created_at],total_count"
            )
            marks = [_mark(bytes(raw)) for raw in found.items or ()]
            seen = [spot for mark in marks if (spot := _spot(mark, mark.created_at)) is not None]
            reached, fresh = _furthest(place, seen)
            yield PlacedPage(tuple((text_of(mark.entity_id), mark.increment_id or "") for mark in marks), reached)
            if not found.has_more(fresh, page_size or LISTED):
                return
            if not fresh:
                raise InvalidData("Magento repeats a page of orders without end.")
            place = reached

    async def by_id(self, external_ids: Sequence[str]) -> Page:
        """The named orders as they are now; those that are gone are absent."""
        wanted = [one for one in dict.fromkeys(external_ids) if one.isdecimal()]
        rows: list[bytes] = []
        for start in range(0, len(wanted), BY_ID):
            asked = query([one_of("entity_id", wanted[start : start + BY_ID])], sort=("entity_id",), size=BY_ID, fields=FIELDS)
            found = await self._api.search("orders", asked, operation="OrdersById", what=_WHAT)
            rows += [bytes(raw) for raw in found.items or ()]
        return await self._read(rows, [_mark(row) for row in rows], Position())

    async def _page(self, field: str, window: Window, place: Position, size: int, fields: str = FIELDS) -> MgSearch:
        shop = await self.shop()
        groups: list[Group] = [(Filter(field, moment(window.until), "lteq"),)]
        if place.at is not None:
            groups += after(field, place.at, "entity_id", place.id or "0")
        elif window.since is not None:
            groups.append((Filter(field, moment(window.since), "gteq"),))
        if shop.view_id is not None:
            groups.append((Filter("store_id", shop.view_id),))
        asked = query(groups, sort=(field, "entity_id"), size=size, fields=fields)
        return await self._api.search("orders", asked, operation="Orders", what=_WHAT)

    async def _asked(self) -> Shop:
        code = self._settings.store_view
        try:
            configs = await self._api.get(
                "store/storeConfigs", tuple[MgStoreConfig, ...], operation="StoreConfigs", what="Magento's store views"
            )
        except AuthenticationFailed:
            if code:
                raise
            return Shop()
        if not code:
            units = {config.weight_unit for config in configs if config.weight_unit}
            return Shop(weight_unit=units.pop() if len(units) == 1 else None)
        for config in configs:
            if config.code == code:
                return Shop(text_of(config.id), code, config.weight_unit)
        known = ", ".join(sorted(config.code for config in configs if config.code != "admin"))
        raise InvalidData(f"The shop has no store view with the code {code}; it has {known}.", field="store_view")

    async def _read(self, rows: Sequence[bytes], marks: Sequence[MgMark], position: Position) -> Page:
        known = self._known()
        named = [(text_of(mark.entity_id), row) for mark, row in zip(marks, rows, strict=True)]
        stored = frozenset(await known(named)) if known is not None and named else frozenset()
        shop = await self.shop()
        fresh: list[tuple[str | None, bytes, Callable[[], Order]]] = [
            (id_ or None, row, partial(self._understood, row, shop)) for at, (id_, row) in enumerate(named) if at not in stored
        ]
        orders, raws, rejected = read_each(fresh)
        return Page(orders, raws, rejected, position, len(stored))

    def _understood(self, row: bytes, shop: Shop) -> Order:
        return within_bounds(to_order(decode(row, MgOrder, what="The order"), self._settings, shop), row)


def _mark(row: bytes) -> MgMark:
    try:
        return decode(row, MgMark, what="The order")
    except InvalidData:
        return MgMark()


def _spot(mark: MgMark, said: str | None) -> tuple[datetime, int] | None:
    """Where an order stands in (moment, key) order; None for one that says neither."""
    id_ = text_of(mark.entity_id)
    try:
        return (moment_of(said, "updated_at"), int(id_)) if id_.isdecimal() else None
    except InvalidData:
        return None


def _furthest(place: Position, seen: Sequence[tuple[datetime, int]]) -> tuple[Position, int]:
    """The furthest of what was read, never going back, and how many were behind `place`: rows may repeat or come out of order."""
    start = (place.at, int(place.id or 0)) if place.at is not None else None
    fresh = {spot for spot in seen if start is None or spot > start}
    if not fresh:
        return place, 0
    at, id_ = max(fresh)
    return Position(at, str(id_)), len(fresh)
