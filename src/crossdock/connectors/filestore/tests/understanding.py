"""A whole file understood at once, which the client does page by page."""

from datetime import datetime

from msgspec import Struct

from crossdock.connectors.filestore.mapping import identified, rejection, to_order
from crossdock.connectors.filestore.settings import Reading
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.orders import Order


class ReadOrders(Struct, frozen=True):
    """What a file holds: orders in their order, `raws[i]` what `orders[i]` was understood from, and what cannot be understood."""

    orders: tuple[Order, ...]
    raws: tuple[bytes, ...]
    rejected: tuple[Rejected, ...]


def orders_of(name: str, content: bytes, reading: Reading, changed_at: datetime) -> ReadOrders:
    """Understand a file that was written at `changed_at`. One order that cannot be understood holds up no other."""
    known, bad = identified(name, content, reading)
    orders, raws, rejected = [], [], list(bad)
    for one in known:
        try:
            orders.append(to_order(one, reading, changed_at))
            raws.append(one.record.raw)
        except InvalidData as error:
            rejected.append(rejection(one, error))
    return ReadOrders(tuple(orders), tuple(raws), tuple(rejected))
