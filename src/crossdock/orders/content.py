"""The whole order as bytes: canonical and as received, compressed."""

import zlib
from collections.abc import Sequence

import msgspec

from crossdock.domain.orders import Order
from crossdock.orders.models import SalesOrderContent

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Order)


def packed(order: Order) -> bytes:
    """A canonical order as it is stored."""
    return zlib.compress(_encoder.encode(order), 1)


def unpacked(doc: bytes) -> Order:
    """A canonical order as it was stored."""
    return _decoder.decode(zlib.decompress(doc))


def packed_raw(raw: bytes) -> bytes:
    """A payload as received, as it is stored."""
    return zlib.compress(raw, 1)


def orders_with(ids: Sequence[int]) -> dict[int, Order]:
    """Canonical orders by id. Needs the account's scope."""
    rows = SalesOrderContent.objects.filter(order_id__in=list(ids)).values_list("order_id", "doc")
    return {order_id: unpacked(bytes(doc)) for order_id, doc in rows}
