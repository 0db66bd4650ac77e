"""Reading orders: those that changed in a closed window, and those named, each whole however long it is."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from crossdock.connectors.kit.capabilities import Known
from crossdock.connectors.kit.decoding import decode, within_bounds
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.pages import Page, Position, Rejected, Window, read_each
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.auth import REQUIRED_SCOPES, give_access, missing_scopes
from crossdock.connectors.shopify.graphql import GraphQL, TooExpensive
from crossdock.connectors.shopify.mapping import awaits_fulfillment_orders, to_order
from crossdock.connectors.shopify.paging import Moments, extend, halved
from crossdock.connectors.shopify.payloads import ShOrder, ShPage, gid, number_of
from crossdock.connectors.shopify.settings import Settings
from crossdock.domain.orders import Order

PAGE = 50
"""Orders asked for at once: about 800 points, of the 1,000 that one query may cost."""

BY_ID = 8
"""Orders asked for by id at once; each is paid in full."""

PART = "gid://shopify/FulfillmentOrder/"


class _OrdersData(Struct, frozen=True):
    orders: ShPage[Raw]


class _NodesData(Struct, frozen=True):
    nodes: tuple[Raw, ...]


class _Part(Struct, frozen=True):
    order: Raw


class _Scope(Struct, frozen=True):
    handle: str


class _Installation(Struct, frozen=True, rename="camel"):
    access_scopes: tuple[_Scope, ...]


class ShShop(Struct, frozen=True, rename="camel"):
    """The shop that answers."""

    id: str
    name: str
    myshopify_domain: str = ""


class Who(Struct, frozen=True, rename="camel"):
    """Which shop, and what the app may do there."""

    shop: ShShop
    current_app_installation: _Installation

    @property
    def scopes(self) -> frozenset[str]:
        """Handles of the granted scopes."""
        return frozenset(scope.handle for scope in self.current_app_installation.access_scopes)


class _Marked(Struct, frozen=True, rename="camel"):
    """The little that is needed to go on from an order, even if the rest of it cannot be read."""

    id: str | None = None
    updated_at: datetime | None = None


class Orders:
    """Reads orders of one shop."""

    def __init__(self, graphql: GraphQL, settings: Settings, known: Callable[[], Known | None] = lambda: None) -> None:
        self._graphql = graphql
        self._settings = settings
        self._known = known
        self._size = PAGE
        self._may_see_fulfillment_orders = False

    async def changed(self, window: Window, after: Position | None, page_size: int | None) -> AsyncIterator[Page]:
        """Orders that changed in the window, oldest change first.

        The upper bound is fixed, so an order that changes meanwhile leaves the window instead of shifting the pages, and the next
        window has it.
        """
        self._size = page_size or PAGE
        pages = Moments("updated_at", window, after)
        while pages.goes_on:
            orders = await self._page(pages)
            contents = [bytes(raw) for raw in orders.nodes]
            marks = [_mark(content) for content in contents]
            last = next((number_of(mark.id) for mark in reversed(marks) if mark.id), None)
            moments = [mark.updated_at for mark in marks if mark.updated_at]
            yield await self._read(contents, marks, pages.turn(orders.page_info, len(contents), moments, last))

    async def by_id(self, external_ids: Sequence[str]) -> Page:
        """The named orders as they are now; from the records themselves, not from the search index, which lags.

        An id may also be the global id of a fulfillment order, for some messages name nothing else.
        """
        parts = [number for number in external_ids if PART in number]
        orders = [gid("Order", number) for number in external_ids if PART not in number]
        contents = await self._nodes(queries.ORDERS_BY_ID, orders)
        for content in await self._nodes(queries.ORDERS_OF_PARTS, parts):
            contents.append(bytes(decode(content, _Part, what="The fulfillment order").order))
        once = {
            mark.id or content: (content, mark) for content, mark in zip(contents, map(_mark, contents), strict=True)
        }.values()
        return await self._read([content for content, _ in once], [mark for _, mark in once], Position())

    async def _nodes(self, document: str, ids: Sequence[str]) -> list[bytes]:
        left, size = list(dict.fromkeys(ids)), BY_ID
        contents: list[bytes] = []
        while left:
            try:
                found = await self._graphql.query(document, _NodesData, cost=60 * size, ids=left[:size])
            except TooExpensive as error:
                size = halved(size, error)
                continue
            contents += [content for raw in found.nodes if (content := bytes(raw)) not in (b"null", b"{}")]
            left = left[size:]
        return contents

    async def who(self) -> Who:
        """The shop behind the credentials, with the scopes we were granted."""
        return await self._graphql.query(queries.WHO, Who)

    async def _page(self, pages: Moments) -> ShPage[Raw]:
        while True:
            try:
                found = await self._graphql.query(
                    queries.ORDERS, _OrdersData, cost=16 * self._size, first=self._size, after=pages.cursor, query=pages.search
                )
            except TooExpensive as error:
                self._size = halved(self._size, error)
                continue
            return found.orders

    async def _read(self, contents: Sequence[bytes], marks: Sequence[_Marked], position: Position) -> Page:
        known = self._known()
        named = [(number_of(mark.id) if mark.id else "", content) for mark, content in zip(marks, contents, strict=True)]
        stored = frozenset(await known(named)) if known is not None and named else frozenset()
        rows: list[tuple[str | None, bytes, Callable[[], Order]]] = []
        rejected: list[Rejected] = []
        for place, received in enumerate(contents):
            if place in stored:
                continue
            content = received
            try:
                sh = decode(content, ShOrder, what="The order")
                if is_cut(sh):
                    content = await self._completed(content)
                    sh = decode(content, ShOrder, what="The order")
            except InvalidData as error:
                mark = _mark(received)
                rejected.append(Rejected(number_of(mark.id) if mark.id else None, error.field, error.message, content))
                continue
            if awaits_fulfillment_orders(sh):
                await self._must_see_fulfillment_orders()
            rows.append((number_of(sh.id), content, partial(self._understood, sh, content)))
        orders, kept, unfit = read_each(rows)
        return Page(orders, kept, (*rejected, *unfit), position, len(stored))

    def _understood(self, sh: ShOrder, content: bytes) -> Order:
        return within_bounds(to_order(sh, self._settings), content)

    async def _must_see_fulfillment_orders(self) -> None:
        """Tell a missing scope from routing that is not done: both show as no fulfillment orders at all."""
        if self._may_see_fulfillment_orders:
            return
        missing = [
            scope for scope in missing_scopes((await self.who()).scopes, REQUIRED_SCOPES) if scope.endswith("_fulfillment_orders")
        ]
        if missing:
            raise AuthenticationFailed(
                f"The app lacks {', '.join(missing)}, so Shopify hides what is to be shipped. {give_access(self._settings)}",
                field="access",
            )
        self._may_see_fulfillment_orders = True

    async def _completed(self, content: bytes) -> bytes:
        """An order with every page of its lines and fulfillment orders, as one JSON. Never shortened in silence."""
        order: dict[str, Any] = json.loads(content)
        await self._extend(order["lineItems"], queries.MORE_LINES, order["id"], ("order", "lineItems"))
        parts = order["fulfillmentOrders"]
        await self._extend(parts, queries.MORE_FULFILLMENT_ORDERS, order["id"], ("order", "fulfillmentOrders"))
        for part in parts["nodes"]:
            await self._extend(
                part["lineItems"], queries.MORE_FULFILLMENT_ORDER_LINES, part["id"], ("fulfillmentOrder", "lineItems")
            )
        return msgspec.json.encode(order)

    async def _extend(self, connection: dict[str, Any], document: str, id_: str, path: tuple[str, str]) -> None:
        await extend(self._graphql, connection, document, id_, path)


def is_cut(sh: ShOrder) -> bool:
    """Whether a first page did not hold all lines or all fulfillment orders."""
    if sh.line_items is not UNSET and sh.line_items.page_info.has_next_page:
        return True
    if sh.fulfillment_orders is UNSET:
        return False
    return sh.fulfillment_orders.page_info.has_next_page or any(
        part.line_items.page_info.has_next_page for part in sh.fulfillment_orders.nodes
    )


def _mark(content: bytes) -> _Marked:
    try:
        return decode(content, _Marked, what="The order")
    except InvalidData:
        return _Marked()
