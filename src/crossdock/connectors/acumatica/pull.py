"""Reading orders, or shipments in their place; what was placed; returns; items."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import msgspec
from msgspec import Struct

from crossdock.connectors.acumatica.endpoint import Endpoint, any_of, is_since, quoted
from crossdock.connectors.acumatica.given import shipment_to_order
from crossdock.connectors.acumatica.listing import FULL, ITEMS, SALES_ORDERS, Listing, Row, Table
from crossdock.connectors.acumatica.listing import SHIPMENTS as SHIPMENT_TABLE
from crossdock.connectors.acumatica.mapping import to_order
from crossdock.connectors.acumatica.payloads import AcFinancial, AcItem, AcOrder, AcShipment, Text
from crossdock.connectors.acumatica.returning import to_product, to_return
from crossdock.connectors.acumatica.settings import SHIPMENTS, Settings, return_types_of, types_of
from crossdock.connectors.acumatica.stock import Stock
from crossdock.connectors.kit.capabilities import Known
from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import (
    Page,
    PlacedPage,
    Position,
    ProductPage,
    ReturnPage,
    Window,
    read_each,
)
from crossdock.domain.orders import Order
from crossdock.domain.products import Product
from crossdock.domain.returns import Return

_CREATED_SINCE = "22.200.001"


class _Named(Struct, frozen=True):
    """The little that names a record whose rest cannot be read."""

    id: str | None = None
    note_id: Text = msgspec.field(default=Text(), name="NoteID")


class _FromOrder(Struct, frozen=True):
    """The order a return was made from."""

    financial_settings: AcFinancial = msgspec.field(default=AcFinancial(), name="FinancialSettings")


class Reading:
    """Reads one tenant."""

    def __init__(
        self, endpoint: Endpoint, settings: Settings, stock: Stock, known: Callable[[], Known | None] = lambda: None
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._stock = stock
        self._known = known
        self._reads_shipments = settings.mode == SHIPMENTS

    async def changed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[Page]:
        """Orders that changed in the window, or shipments where these are imported; see `listing`."""
        listing = self._listing()
        async for rows, contents, position in _in_full(listing, window, after, min(page_size or FULL, FULL)):
            yield await self._page(rows, contents, position)

    async def by_id(self, external_ids: Sequence[str]) -> Page:
        """The named ones as they are now, one call each: the endpoint has no list by id."""
        contents = []
        table = self._table
        for external_id in dict.fromkeys(external_ids):
            content = await self._endpoint.one(table.entity, external_id, expand=table.expand)
            if content is not None:
                contents.append(content)
        return await self._page([], contents, Position())

    async def placed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[PlacedPage]:
        """Keys of what was placed in the window, whatever its status: by the moment of creation, or by the order's date where the
        endpoint has no such moment.
        """
        listing = self._listing(by=await self._placed_by())
        several = len(types_of(self._settings)) > 1 and not self._reads_shipments
        async for rows in listing.rows(window, after):
            size = page_size or len(rows)
            for start in range(0, len(rows), size):
                batch = rows[start : start + size]
                named = tuple((row.id, "-".join(row.key) if several else row.key[-1]) for row in batch)
                yield PlacedPage(named, Position(batch[-1].at, batch[-1].place[1]))

    async def returns(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[ReturnPage]:
        """Orders of the return types that changed in the window, each with the order it was made from, where it names one."""
        types = return_types_of(self._settings)
        if not types:
            return
        listing = Listing(self._endpoint, SALES_ORDERS, where=any_of("OrderType", types))
        async for _, contents, position in _in_full(listing, window, after, min(page_size or FULL, FULL)):
            origins = await self._origins(contents)
            understood = [(_name(content), content, partial(self._return, content, origins)) for content in contents]
            found, raws, rejected = read_each(understood)
            yield ReturnPage(found, raws, rejected, position)

    async def products(self, since: datetime | None, after: Position | None, page_size: int | None) -> AsyncIterator[ProductPage]:
        """Stock items, in the order of their last change, with what is available of them: asked once, for all."""
        listing = Listing(self._endpoint, ITEMS)
        window = Window(since, datetime.now(UTC))
        last: ProductPage | None = None
        available: Mapping[str, Decimal] | None = None
        async for _, contents, position in _in_full(listing, window, after, min(page_size or FULL, FULL)):
            if last is not None:
                yield last
            if available is None:
                available = await self._stock.available()
            found, _, rejected = read_each(
                [(_name(content), content, partial(_product, content, available)) for content in contents]
            )
            last = ProductPage(found, rejected, position, is_last=False)
        if last is None:
            yield ProductPage((), (), after or Position(), is_last=True)
        else:
            yield ProductPage(last.products, last.rejected, last.position, is_last=True)

    @property
    def _table(self) -> Table:
        return SHIPMENT_TABLE if self._reads_shipments else SALES_ORDERS

    def _listing(self, by: str | None = None) -> Listing:
        if self._reads_shipments:
            where = ["Type eq 'Shipment'"]
            if self._settings.warehouse:
                where.append(f"WarehouseID eq {quoted(self._settings.warehouse)}")
            return Listing(self._endpoint, SHIPMENT_TABLE, where=" and ".join(where), by=by)
        return Listing(self._endpoint, SALES_ORDERS, where=any_of("OrderType", types_of(self._settings)), by=by)

    async def _placed_by(self) -> str:
        if self._reads_shipments:
            return "CreatedDateTime"
        return "CreatedDate" if is_since(await self._endpoint.version(), _CREATED_SINCE) else "Date"

    async def _page(self, rows: Sequence[Row], contents: Sequence[bytes], position: Position) -> Page:
        known = self._known()
        named = [(_name(content) or "", content) for content in contents]
        stored = frozenset(await known(named)) if known is not None and named else frozenset()
        fresh: list[tuple[str | None, bytes, Callable[[], Order]]] = [
            (name or None, content, partial(self._order, content))
            for place, (name, content) in enumerate(named)
            if place not in stored
        ]
        orders, raws, rejected = read_each(fresh)
        return Page(orders, raws, rejected, position, len(stored))

    def _order(self, content: bytes) -> Order:
        address = self._endpoint.address
        if self._reads_shipments:
            order = shipment_to_order(decode(content, AcShipment, what="The shipment"), self._settings, address=address)
        else:
            order = to_order(decode(content, AcOrder, what="The order"), self._settings, address=address)
        return within_bounds(order, content)

    def _return(self, content: bytes, origins: Mapping[tuple[str, str], Row]) -> Return:
        found = decode(content, AcOrder, what="The return")
        origin = origins.get(_origin_of(content) or ("", ""))
        several = len(types_of(self._settings)) > 1
        return to_return(
            found,
            order_id=origin.id if origin else None,
            order_number=("-".join(origin.key) if several else origin.key[-1]) if origin else None,
            address=self._endpoint.address,
        )

    async def _origins(self, contents: Sequence[bytes]) -> dict[tuple[str, str], Row]:
        """The orders that returns were made from, by type and number: a return names them by their keys alone."""
        keys = list(dict.fromkeys(key for content in contents if (key := _origin_of(content))))
        if not keys:
            return {}
        rows = await Listing(self._endpoint, SALES_ORDERS).named(keys)
        return {(row.key[0], row.key[1]): row for row in rows}


async def _in_full(
    listing: Listing, window: Window, after: Position | None, size: int
) -> AsyncIterator[tuple[list[Row], list[bytes], Position]]:
    """Records of a window some at a time, each with where to go on."""
    async for rows in listing.rows(window, after):
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            yield batch, await listing.full(batch), Position(batch[-1].at, batch[-1].place[1])


def _origin_of(content: bytes) -> tuple[str, str] | None:
    try:
        settings = decode(content, _FromOrder, what="The return").financial_settings
    except InvalidData:
        return None
    kind, number = settings.original_order_type.plain, settings.original_order_nbr.plain
    return (kind, number) if kind and number else None


def _product(content: bytes, available: Mapping[str, Decimal]) -> Product:
    return to_product(decode(content, AcItem, what="The stock item"), available)


def _name(content: bytes) -> str | None:
    try:
        found = decode(content, _Named, what="The record")
    except InvalidData:
        return None
    return found.note_id.plain or found.id
