"""Reading orders: in the order of their changes, by id, by when they were placed; and what one answer leaves out of an order."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Raw

from crossdock.connectors.bigcommerce.api import Api, Gone
from crossdock.connectors.bigcommerce.mapping import Units, coupons_of, lines_of, quantity, to_order, units_of
from crossdock.connectors.bigcommerce.payloads import BcLink, BcOrder, BcStore, number
from crossdock.connectors.bigcommerce.scanning import Mark, Scan, mark_of
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.bigcommerce.statuses import INCOMPLETE
from crossdock.connectors.kit.bounds import ORDER_LINES
from crossdock.connectors.kit.capabilities import Known
from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, Rejected, Window, read_each
from crossdock.connectors.kit.together import together
from crossdock.domain.orders import Order

T = TypeVar("T")

PAGE = 250
"""Records asked for at once: the most there are. 50 would come without asking."""

AT_ONCE = 4
"""Orders read by id at the same time."""

_INCLUDED = {"include": "consignments,consignments.line_items", "consignment_structure": "object"}
_MOST_PAGES = ORDER_LINES // PAGE + 2
_CUT = b'"__warning__"'


class Orders:
    """Reads orders of one store."""

    def __init__(self, api: Api, settings: Settings, known: Callable[[], Known | None] = lambda: None) -> None:
        self._api = api
        self._settings = settings
        self._known = known
        self._units: Units | None = None

    async def store(self) -> BcStore:
        """The store behind the credentials."""
        return await self._api.ask("v2/store", BcStore, what="name the store")

    async def changed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[Page]:
        """Orders that changed in the window, oldest change first. Checkouts that were not completed are no orders and left away."""
        scan = Scan(self._api, "date_modified", what="list orders", included=_INCLUDED)
        async for scanned in scan.pages(window, after, page_size or PAGE):
            yield await self._read(scanned.orders, scanned.position)

    async def by_id(self, external_ids: Sequence[str]) -> Page:
        """The named orders as they are now; archived ones too, which no list shows any more."""

        async def one(external_id: str) -> bytes | None:
            try:
                raw = await self._api.ask(f"v2/orders/{external_id}", Raw, what="read an order", params=_INCLUDED)
            except Gone:
                return None
            return bytes(raw)

        wanted = [external_id for external_id in dict.fromkeys(external_ids) if external_id.isdigit()]
        contents = [content for content in await together(wanted, one, at_once=AT_ONCE) if content is not None]
        return await self._read([(content, mark_of(content)) for content in contents], Position())

    async def placed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[PlacedPage]:
        """Orders placed in the window, oldest first. Ids are no measure of that: an order may be entered for a day that is past."""
        scan = Scan(self._api, "date_created", what="count orders")
        async for scanned in scan.pages(window, after, page_size or PAGE):
            marks = [mark for _, mark in scanned.orders if mark.id is not None and mark.status_id != INCOMPLETE]
            dated = sorted((scan.moment_of(mark) or window.until, mark.id or 0) for mark in marks)
            yield PlacedPage(tuple((str(number_), str(number_)) for _, number_ in dated), scanned.position)

    async def order(self, order_id: str) -> BcOrder:
        """One order with all its lines and addresses. Raises Gone."""
        raw = await self._api.ask(f"v2/orders/{order_id}", Raw, what="read an order", params=_INCLUDED)
        _, order = await self._completed(bytes(raw))
        return order

    async def all_of(self, path: str, type_: type[T], *, what: str) -> tuple[T, ...]:
        """Every record of a list of an order: products, addresses, shipments. Never the first fifty alone."""
        found: list[T] = []
        for page in range(1, _MOST_PAGES + 1):
            params = {"limit": str(PAGE), "page": str(page)}
            empty: tuple[T, ...] = ()
            listed = await self._api.ask(path, tuple[type_, ...], what=what, params=params, empty=empty)  # type: ignore[valid-type]
            found += listed
            if len(listed) < PAGE:
                return tuple(found)
        raise InvalidData(f"The order has more than {ORDER_LINES:,} lines; no more are taken.", field="lines")

    async def _read(self, found: Sequence[tuple[bytes, Mark]], position: Position) -> Page:
        found = [(content, mark) for content, mark in found if mark.status_id != INCOMPLETE]
        known = self._known()
        named = [(str(mark.id or ""), content) for content, mark in found]
        stored = frozenset(await known(named)) if known is not None and named else frozenset()
        wanted = [entry for place, entry in enumerate(found) if place not in stored]
        if wanted and self._units is None:
            self._units = units_of(await self.store())
        rows: list[tuple[str | None, bytes, Callable[[], Order]]] = []
        rejected: list[Rejected] = []
        for received, mark in wanted:
            external_id = str(mark.id) if mark.id is not None else None
            try:
                content, bc = await self._completed(received)
            except Gone:
                continue  # deleted since the list was made
            except InvalidData as error:
                rejected.append(Rejected(external_id, error.field, error.message, received))
                continue
            rows.append((external_id, content, partial(self._understood, bc, content)))
        orders, kept, unfit = read_each(rows)
        return Page(orders, kept, (*rejected, *unfit), position, len(stored))

    def _understood(self, bc: BcOrder, content: bytes) -> Order:
        return within_bounds(to_order(bc, self._settings, self._units), content)

    async def _completed(self, content: bytes) -> tuple[bytes, BcOrder]:
        """The order with all its lines, addresses and coupons, as one JSON. Lists hold at most fifty lines of a consignment."""
        bc = decode(content, BcOrder, what="The order")
        more: dict[str, tuple[Raw, ...]] = {}
        if not _has_all_lines(bc, content):
            raws = await self.all_of(f"v2/orders/{bc.id}/products", Raw, what="read an order's lines")
            places = await self.all_of(f"v2/orders/{bc.id}/shipping_addresses", Raw, what="read an order's addresses")
            more = {"products": raws, "shipping_addresses": places}
        if isinstance(bc.coupons, BcLink | None) and _has_coupon(bc) and not (not more and coupons_of(bc, lines_of(bc))):
            more["coupons"] = await self.all_of(f"v2/orders/{bc.id}/coupons", Raw, what="read an order's coupons")
        if not more:
            return content, bc
        # As received, whatever the numbers look like: a decoded one could lose digits.
        whole = msgspec.json.encode({**decode(content, dict[str, Raw], what="The order"), **more})
        return whole, decode(whole, BcOrder, what="The order")


def _has_all_lines(bc: BcOrder, content: bytes) -> bool:
    if isinstance(bc.products, tuple):
        return True
    try:
        lines = lines_of(bc)
    except InvalidData:
        return False
    counted = sum(quantity(line.quantity, "quantity") for line in lines)
    return _CUT not in content and counted >= quantity(bc.items_total, "items_total")


def _has_coupon(bc: BcOrder) -> bool:
    return bool(number(bc.coupon_discount, field="coupon_discount"))
