"""The slice of Acme's JSON that we read, by Acme's names."""

from datetime import datetime

from msgspec import Struct


class AcAddress(Struct, frozen=True):
    """Where an order goes."""

    name: str | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    phone: str | None = None


class AcLine(Struct, frozen=True):
    """A line: `open` is what is left to ship."""

    id: str
    title: str
    quantity: int
    open: int
    sku: str | None = None
    price: str | None = None


class AcOrder(Struct, frozen=True):
    """An order as `GET /orders` gives it."""

    id: str
    number: str
    created_at: datetime
    updated_at: datetime
    currency: str
    lines: tuple[AcLine, ...]
    total: str | None = None
    email: str | None = None
    ship_to: AcAddress | None = None
    shipping: str | None = None
    note: str | None = None
    is_test: bool = False
    canceled_at: datetime | None = None


class AcMark(Struct, frozen=True):
    """The little that is needed to go on from an order, even if the rest of it cannot be read."""

    id: str = ""
    updated_at: datetime | None = None


class AcAccount(Struct, frozen=True):
    """Who answers."""

    id: str
    name: str
