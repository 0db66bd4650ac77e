"""Which orders were placed when: for a backfill, and for a count against the shop."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import Struct

from crossdock.connectors.kit.pages import PlacedPage, Position, Window
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.paging import Moments
from crossdock.connectors.shopify.payloads import ShPage, number_of

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
    """Orders by the moment Shopify made them, oldest first; an order brought in from elsewhere counts when it was brought in."""
    pages = Moments("created_at", window, after)
    while pages.goes_on:
        data = await graphql.query(
            queries.ORDERS_PLACED, _PlacedData, cost=15, first=page_size or PAGE, after=pages.cursor, query=pages.search
        )
        orders = data.orders.nodes
        last = number_of(orders[-1].id) if orders else None
        position = pages.turn(data.orders.page_info, len(orders), [one.created_at for one in orders], last)
        yield PlacedPage(tuple((number_of(one.id), one.name) for one in orders), position)
