"""What we ask a warehouse to ship, what it says it shipped, and what we tell the store."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.domain.orders import Address, Measure, Order


class RequestLine(Struct, frozen=True, omit_defaults=True):
    """Units of one order line to ship. `number` counts from 1 within the request; `line_id` is the store's line."""

    number: int
    line_id: str
    sku: str
    name: str
    quantity: Decimal
    uom: str | None = None
    unit_price: Decimal | None = None


class FulfillmentRequest(Struct, frozen=True, omit_defaults=True):
    """One fulfillment order for a warehouse.

    `key` is the effect's key and names the thing in the store's terms. `reference` is the number the warehouse knows it by. `mark`
    is a keyed digest that only we can make: an order found under our reference without it is not ours. `order` is the whole sales
    order; only `lines` are to be shipped, to `ship_to`. `intended_at` is when the sending was written down.
    """

    key: str
    reference: str
    mark: str
    order: Order
    ship_to: Address
    lines: tuple[RequestLine, ...]
    intended_at: datetime
    facility: str | None = None


class Content(Struct, frozen=True, omit_defaults=True):
    """Units of one SKU in a package; `line_number` is the request's line where the warehouse repeats it."""

    sku: str
    quantity: Decimal
    line_number: int | None = None
    lot: str | None = None
    expiry: date | None = None
    serials: tuple[str, ...] = ()


class Package(Struct, frozen=True, omit_defaults=True):
    """One box. `tracking` may be None: then the box left without a number."""

    external_id: str
    tracking: str | None = None
    tracking_url: str | None = None
    sscc: str | None = None
    weight: Measure | None = None
    dimensions: tuple[Measure, Measure, Measure] | None = None
    contents: tuple[Content, ...] = ()


class Shipment(Struct, frozen=True, omit_defaults=True):
    """What left a warehouse at one time for one request.

    `reference` is the number we sent. `is_final` says the rest will not follow; None where the warehouse does not say.
    """

    external_id: str
    reference: str
    shipped_at: datetime
    packages: tuple[Package, ...]
    carrier: str | None = None
    service: str | None = None
    is_final: bool | None = None
    is_void: bool = False
    bol: str | None = None
    pro: str | None = None
    freight: Decimal | None = None


class Tracking(Struct, frozen=True, omit_defaults=True):
    """A tracking number as the store is to show it."""

    number: str
    url: str | None = None


class NoticeLine(Struct, frozen=True):
    """Units of one order line that left."""

    line_id: str
    quantity: Decimal


class ShipmentNotice(Struct, frozen=True, omit_defaults=True):
    """What the store is told of one shipment, once. `mail_customer` is off for old and backfilled shipments."""

    key: str
    order_id: str
    order_number: str
    lines: tuple[NoticeLine, ...]
    tracking: tuple[Tracking, ...]
    shipped_at: datetime
    carrier: str | None = None
    service: str | None = None
    mail_customer: bool = True
    is_final: bool | None = None


class StockLevel(Struct, frozen=True, omit_defaults=True):
    """Units of one SKU in one facility; None where the warehouse does not state the figure."""

    sku: str
    available: Decimal | None = None
    on_hand: Decimal | None = None
    facility: str | None = None


class StockFigure(Struct, frozen=True, omit_defaults=True):
    """What a store is to show as available of one SKU at one of its locations.

    `location` is the store's location, None where it knows none. `product_id` is the store's key of what is sold, where it is known.
    `previous` is the figure the store took last from us, for platforms that take differences only.
    """

    key: str
    sku: str
    quantity: Decimal
    location: str | None = None
    product_id: str | None = None
    previous: Decimal | None = None


class ShipmentCorrection(Struct, frozen=True, omit_defaults=True):
    """What changed of a shipment that the store was told of: other tracking numbers or carrier, or that it never left.

    `external_id` is what the store answered when it took the notice; `notice` is the shipment as it is now.
    """

    key: str
    external_id: str
    notice: ShipmentNotice
    is_void: bool = False


def difference(
    request: FulfillmentRequest, *, mark: str | None, ship_to: Address, lines: Sequence[tuple[str, Decimal]]
) -> str | None:
    """Say in a few words how an order found at the warehouse differs from what we sent; None when it is ours.

    All of mark, destination and SKUs with quantities must agree: a predictable number alone could have been planted.
    """
    if mark != request.mark:
        return "it does not carry our mark"
    if _place(ship_to) != _place(request.ship_to):
        return "it goes to another address"
    wanted = sorted((line.sku, line.quantity) for line in request.lines)
    if sorted(lines) != wanted:
        return "it has other items or quantities"
    return None


def _place(address: Address) -> tuple[str, ...]:
    parts = (address.name, *address.lines, address.city, address.region, address.postal_code, address.country)
    return tuple(" ".join(part.casefold().split()) for part in parts if part)
