"""What orders ask of whoever ships them, and of whoever takes units back: ports, filled when Django starts by `fulfillment` and
`inbound`. Orders know nothing of warehouses or returns.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from crossdock.domain.orders import Address


class GivenLine(Struct, frozen=True):
    """Units of an order line as a warehouse was asked for them, under the SKU as sent."""

    line_id: int
    sku: str
    name: str
    quantity: Decimal
    released: Decimal


class Part(Struct, frozen=True):
    """What one connection was given of an order. `state` and `error` are those of the effect that sends it.

    `external_id` is the warehouse's own key, once it said one.
    """

    id: int
    connection: str
    warehouse: str
    platform: str
    reference: str
    status: str
    given_at: datetime
    state: str
    attempt: int
    error: str
    next_at: datetime | None
    settled_at: datetime | None
    external_id: str
    is_adopted: bool
    lines: tuple[GivenLine, ...] = ()


class Content(Struct, frozen=True):
    """Units in a box. `is_flagged`: nobody asked for them."""

    sku: str
    quantity: Decimal
    lot: str
    serials: tuple[str, ...]
    is_flagged: bool


class Box(Struct, frozen=True):
    """One package. `tracking_url` is https or empty."""

    tracking: str
    tracking_url: str
    weight: Decimal | None
    weight_unit: str
    contents: tuple[Content, ...]


class Shipped(Struct, frozen=True):
    """One shipment of an order, and how far the store was told of it: `state` is that of the effect, empty when there is none."""

    public_id: UUID
    external_id: str
    status: str
    reason: str
    carrier: str
    service: str
    shipped_at: datetime
    imported_at: datetime
    is_flagged: bool
    warehouse: str
    state: str
    settled_at: datetime | None
    boxes: tuple[Box, ...] = ()


class WouldSend(Struct, frozen=True):
    """What a connection that only observes would ask its warehouse to ship."""

    connection: str
    warehouse: str
    reference: str
    ship_to: Address
    lines: tuple[GivenLine, ...]


class ReturnedLine(Struct, frozen=True):
    """Units that come back, and why, in the store's words."""

    sku: str
    name: str
    quantity: Decimal
    reason: str


class Returned(Struct, frozen=True):
    """One return of an order. `state` is the store's word for where it stands."""

    public_id: UUID
    number: str
    state: str
    requested_at: datetime
    lines: tuple[ReturnedLine, ...] = ()


class Carried(Struct, frozen=True):
    """What a warehouse's platform takes of an order: `takes` names parts of the canonical order."""

    warehouse: str
    platform: str
    takes: frozenset[str]


class Standing(Struct, frozen=True):
    """Where an order stands beyond its status.

    `is_under_way`: a sending is being tried, or nobody knows whether it happened, so that nothing may be taken back.
    `is_at_warehouse`: a warehouse has, or had, some of it. `has_refused`: a sending was refused and can be tried again.
    """

    is_under_way: bool = False
    is_at_warehouse: bool = False
    has_refused: bool = False
    has_waiting: bool = False


NOWHERE = Standing()


class Shipping(Protocol):
    """Everything orders need from fulfillment. All of it runs in the account's scope and takes sets."""

    def standings(self, ids: Sequence[int]) -> Mapping[int, Standing]:
        """Where orders stand; those that nothing was given of may be absent."""

    def take_back(self, ids: Sequence[int]) -> set[int]:
        """Withdraw what was given and not yet tried; orders of which something was taken back."""

    def send_again(self, ids: Sequence[int], *, is_now: bool) -> set[int]:
        """Have refused sendings tried again, or with `is_now` those that wait for their next try; orders that had one."""

    def settle(self, ids: Sequence[int]) -> None:
        """Move orders on by what was shipped and told already."""

    def parts_of(self, order_id: int) -> Sequence[Part]:
        """What was given of an order, oldest first."""

    def shipments_of(self, order_id: int) -> Sequence[Shipped]:
        """What left for an order, newest first."""

    def would_send(self, order_id: int) -> Sequence[WouldSend]:
        """What would be sent of a New or held order if its connections were Live; empty when nothing would."""

    def carried_for(self, order_id: int) -> Sequence[Carried]:
        """The warehouses an order went, or would go, to, and what they take."""

    def tracked_as(self, tracking: str, most: int) -> Sequence[int]:
        """Orders with a box of exactly this tracking number, newest first."""


_shipping: list[Shipping] = []


def provide(shipping: Shipping) -> None:
    """Fill the port. Called once, when Django starts."""
    _shipping[:] = [shipping]


ReturnsOf = Callable[[int], Sequence[Returned]]
"""The returns of an order, newest first. Runs in the account's scope."""

_returns: list[ReturnsOf] = []


def provide_returns(returns: ReturnsOf) -> None:
    """Have the page of an order show its returns. Called once, when Django starts."""
    _returns[:] = [returns]


def returns_of(order_id: int) -> Sequence[Returned]:
    """The returns of an order, newest first."""
    return _returns[0](order_id)


def shipping() -> Shipping:
    """Whoever ships orders."""
    return _shipping[0]
