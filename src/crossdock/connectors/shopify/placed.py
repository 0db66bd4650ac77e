"""Which orders were placed when: for a backfill, and for a count against the shop."""

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import PlacedPage, Position, Window
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.payloads import ShPage, number_of
from crossdock.connectors.shopify.pull import RE_ANCHOR, Cursor, moment, resume

PAGE = 250


class _Placed(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    created_at: datetime


class _PlacedData(Struct, frozen=True):
    orders: ShPage[_Placed]


async def orders_placed(
    graphql: GraphQL, window: Window, after: Position | None, page_size: int | None
) -> AsyncIterator[PlacedPage]:
    """Orders by the moment Shopify made them, oldest first; an order brought in from elsewhere counts when it was brought in.

    Shopify's cursor belongs to one search, so going on in another window begins at the last moment seen.
    """
    since, cursor = resume(window, after)
    at = after.at if after is not None else None
    read, seen = 0, {cursor}
    while True:
        terms = [f"created_at:>='{moment(since)}'"] if since is not None else []
        search = " ".join([*terms, f"created_at:<='{moment(window.until)}'"])
        data = await graphql.query(
            queries.ORDERS_PLACED, _PlacedData, cost=15, first=page_size or PAGE, after=cursor, query=search
        )
        orders, info = data.orders.nodes, data.orders.page_info
        at = max((one.created_at for one in orders), default=at)
        read += len(orders)
        cursor = info.end_cursor if info.has_next_page else None
        if cursor is not None and cursor in seen:
            raise InvalidData("Shopify repeats a page of orders without end.")
        seen.add(cursor)
        if cursor is not None and read >= RE_ANCHOR and at is not None and at != since:
            since, cursor, read, seen = at, None, 0, {None}
        place = msgspec.json.encode(Cursor(since, window.until, cursor)).decode() if cursor is not None else None
        last = number_of(orders[-1].id) if orders else after.id if after is not None else None
        yield PlacedPage(tuple((number_of(one.id), one.name) for one in orders), Position(at, last, place))
        if not info.has_next_page:
            return
