"""How records come in: windows, positions and pages."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import Shipment, StockLevel
from crossdock.domain.orders import Order
from crossdock.domain.products import Product
from crossdock.domain.returns import Return

V = TypeVar("V")


class Window(Struct, frozen=True):
    """A closed stretch of time, both ends included, in UTC. `since` None means from the beginning of what the platform shows."""

    since: datetime | None
    until: datetime


class Position(Struct, frozen=True, omit_defaults=True):
    """Where to go on inside a window: the last record's moment and id, and the platform's own cursor where it has one."""

    at: datetime | None = None
    id: str | None = None
    cursor: str | None = None


class Rejected(Struct, frozen=True, omit_defaults=True):
    """A record that cannot be understood. It holds up no other; `reason` is a sentence, `raw` the record as received.

    `where` says where it stands when that is not the id: a file and line. `file` is the file alone, and `stays` says that it is left
    where it is until somebody there does something about it.
    """

    external_id: str | None
    field: str | None
    reason: str
    raw: bytes
    where: str | None = None
    file: str | None = None
    stays: bool = False


class Page(Struct, frozen=True):
    """Some orders as read, `raws[i]` being what `orders[i]` was understood from. `unchanged` counts those that were known.

    `receipt` is handed to `SettlesOrders.settle_orders` once they are stored.
    """

    orders: tuple[Order, ...]
    raws: tuple[bytes, ...]
    rejected: tuple[Rejected, ...]
    position: Position
    unchanged: int = 0
    receipt: str | None = None


class ShipmentPage(Struct, frozen=True):
    """Some shipments as read. `receipt` is handed to `settle` once they are stored; `raws` as in Page. `understood` are files that
    came to their end with this page, and of which every row was understood.
    """

    shipments: tuple[Shipment, ...]
    raws: tuple[bytes, ...]
    rejected: tuple[Rejected, ...]
    position: Position
    receipt: str | None = None
    understood: tuple[str, ...] = ()


class PlacedPage(Struct, frozen=True):
    """Orders that a store has, by external id and the number people read, in the order they were placed."""

    orders: tuple[tuple[str, str], ...]
    position: Position


class ProductPage(Struct, frozen=True):
    """Some of what a store sells, and whether this was the last of it."""

    products: tuple[Product, ...]
    rejected: tuple[Rejected, ...]
    position: Position
    is_last: bool


class ReturnPage(Struct, frozen=True):
    """Some returns as read; `raws` as in Page."""

    returns: tuple[Return, ...]
    raws: tuple[bytes, ...]
    rejected: tuple[Rejected, ...]
    position: Position


class StockPage(Struct, frozen=True):
    """Some stock levels. `reading` names the snapshot they belong to, `is_last` its last page, `receipt` as in ShipmentPage.

    `at` is the moment for which the warehouse states them, where that can be told; else they are taken to hold when they were asked
    for.
    """

    levels: tuple[StockLevel, ...]
    rejected: tuple[Rejected, ...]
    reading: str
    is_snapshot: bool
    is_last: bool
    receipt: str | None = None
    at: datetime | None = None


def read_each(
    rows: Iterable[tuple[str | None, bytes, Callable[[], V]]],
) -> tuple[tuple[V, ...], tuple[bytes, ...], tuple[Rejected, ...]]:
    """Understand rows one by one: (external id, as received, how to understand it). One that raises InvalidData becomes Rejected."""
    values: list[V] = []
    raws: list[bytes] = []
    rejected: list[Rejected] = []
    for external_id, raw, understand in rows:
        try:
            values.append(understand())
            raws.append(raw)
        except InvalidData as error:
            rejected.append(Rejected(external_id, error.field, error.message, raw))
    return tuple(values), tuple(raws), tuple(rejected)
