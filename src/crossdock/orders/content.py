"""The whole order as bytes: canonical and as received, compressed."""

from collections.abc import Sequence

import msgspec
from django.db.models import F

from crossdock.domain.orders import Order
from crossdock.orders.models import SalesOrder, SalesOrderContent, SalesOrderVersion
from crossdock.tenancy.packing import pack, unpack

ERASED_RAW = b'{"erased":true}'
"""Stands where the payload stood of an order whose personal data were erased."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Order)


def packed(order: Order) -> bytes:
    """A canonical order as it is stored."""
    return pack(_encoder.encode(order))


def unpacked(doc: bytes) -> Order:
    """A canonical order as it was stored."""
    return _decoder.decode(unpack(doc))


def orders_with(ids: Sequence[int]) -> dict[int, Order]:
    """Canonical orders by id. Needs the account's scope."""
    rows = SalesOrderContent.objects.filter(order_id__in=list(ids)).values_list("order_id", "doc")
    return {order_id: unpacked(bytes(doc)) for order_id, doc in rows}


def orders_as_followed(ids: Sequence[int]) -> dict[int, Order]:
    """Orders as they stood when we last acted on them, where the store changed them since; the others are absent.

    What is under way was made from that, so it is what a warehouse is asked for. Absent, too, are orders of which nothing was given
    when they changed. Needs the account's scope.
    """
    changed = SalesOrder.objects.filter(pk__in=list(ids), followed__lt=F("revision")).values_list("pk", "followed")
    rows = SalesOrderVersion.objects.filter(order_id__in=[pk for pk, _ in changed]).values_list("order_id", "revision", "doc")
    wanted = set(changed)
    return {order_id: unpacked(bytes(doc)) for order_id, revision, doc in rows if (order_id, revision) in wanted}
