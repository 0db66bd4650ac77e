"""Where the figures of a store come from: which facilities of which warehouses are shown at which of its locations."""

from collections.abc import Sequence

from django.db import connection
from msgspec import Struct

from crossdock.connections.queries import Link


class Source(Struct, frozen=True):
    """What a warehouse has, all of it or in one facility, counts at a location of a store (empty: its only one)."""

    location: str
    warehouse_id: int
    facility: str = ""


class Sources(Struct, frozen=True):
    """Everything a store's figures are made of. `missing` are names of connections of which nobody said where their stock is shown."""

    all: tuple[Source, ...]
    missing: tuple[str, ...] = ()

    @property
    def locations(self) -> tuple[str, ...]:
        """Locations that are shown a figure."""
        return tuple(dict.fromkeys(source.location for source in self.all))

    @property
    def warehouses(self) -> tuple[int, ...]:
        """Warehouses that anything comes from."""
        return tuple(dict.fromkeys(source.warehouse_id for source in self.all))


class Pair(Struct, frozen=True):
    """A location of a connection's store and a facility of its warehouse."""

    connection_id: int
    location: str
    facility: str


LINKS = "select connection_id, location, facility from stock_link where connection_id = any (%s) order by id"
ORDERS = "select connection_id, location, facility from location_link where connection_id = any (%s) order by id"
NAMES = "select id, name from connection where id = any (%s)"


def sources_of(links: Sequence[Link], usual: str | None) -> Sources:
    """Where the figures of a store come from, by its connections that work on stock. Those that are Live count alone, if any is.

    `usual` is the location that is meant when nobody says another (empty: the only one), None when there are several.
    """
    live = [link for link in links if link.is_live] or list(links)
    ids = [link.id for link in live]
    with connection.cursor() as cursor:
        cursor.execute(LINKS, [ids])
        stock = [Pair(*row) for row in cursor.fetchall()]
        cursor.execute(ORDERS, [ids])
        orders = [Pair(*row) for row in cursor.fetchall()]
        cursor.execute(NAMES, [ids])
        names = dict(cursor.fetchall())
    found: list[Source] = []
    missing: list[str] = []
    for link in live:
        of_stock, of_orders = ([pair for pair in some if pair.connection_id == link.id] for some in (stock, orders))
        pairs = pairs_of(of_stock, of_orders, usual)
        found += [Source(location, link.warehouse_id, facility) for location, facility in pairs]
        if not pairs:
            missing.append(names[link.id])
    return Sources(tuple(dict.fromkeys(found)), tuple(missing))


def pairs_of(stock: Sequence[Pair], orders: Sequence[Pair], usual: str | None) -> list[tuple[str, str]]:
    """Which location shows which facility of a connection: as somebody said, else as its orders are divided, else the usual one.

    None where that would show the same units at two locations, or nobody can say at which.
    """
    if stock:
        return [(pair.location, pair.facility) for pair in stock]
    facilities = [pair.facility for pair in orders]
    if len(orders) == 1 or (orders and "" not in facilities and len(set(facilities)) == len(facilities)):
        return [(pair.location, pair.facility) for pair in orders]
    if not orders and usual is not None:
        return [(usual, "")]
    return []
