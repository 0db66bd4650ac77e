"""What a simulated portal holds: records in the platform's own shape, and who may read them."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]

STATUSES = ("draft", "review", "pending", "approved", "processed", "shipped", "cancelled", "edited")
"""Statuses that have a list."""

VERBS = {"process": "processed", "cancel": "cancelled", "approve": "approved"}
"""What the first years called the changes of status."""


class Portal:
    """One portal. Records are plain JSON values, so that what brands add is kept as it came."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.orders: dict[str, Record] = {}
        self.products: dict[str, Record] = {}
        self.companies: dict[str, Record] = {}
        self.warehouses: list[str] = ["default", "Wholesale"]
        self.stock: dict[tuple[str, str, str], int] = {}
        """Units shown at once, by (warehouse, product id, size)."""
        self.coming: dict[tuple[str, str, str, str], int] = {}
        """Units that arrive later or are prebooked, by (warehouse, product id, size, when)."""
        self.replenishments: dict[str, Record] = {}
        self.flagged: set[str] = set()
        """Products whose catalog entry was refreshed since their last replenishment."""
        self.is_two_way = True
        self.takes_shipments = True
        self.shows_shipments = True
        self.knows_new_verbs = True
        self._numbers = itertools.count(100_501)
        self._counter = itertools.count(1)

    def new_id(self, at: datetime | None = None) -> str:
        """A record id: seconds since 1970, then a counter, as the platform's database makes them."""
        seconds = int((at or self.clock()).timestamp())
        return f"{seconds:08x}{0xA01CEED965:010x}{next(self._counter):06x}"

    def next_number(self) -> str:
        """The next order number."""
        return str(next(self._numbers))

    def count_on(self) -> None:
        """Go on behind the highest order number, after a restart."""
        taken = [int(text) for order in self.orders.values() if (text := str(order["order_number"])).isdecimal()]
        self._numbers = itertools.count(max([100_500, *taken]) + 1)

    def stamp(self) -> str:
        """This moment as the platform writes it."""
        return stamped(self.clock())

    def in_status(self, status: str) -> list[str]:
        """Ids of the orders in a status."""
        return [id_ for id_, order in self.orders.items() if order.get("status") == status]

    def order(self, wanted: str | int) -> Record:
        """An order by id or number, with or without a leading #. Raises LookupError."""
        text = str(wanted)
        if text in self.orders:
            return self.orders[text]
        for order in self.orders.values():
            if str(order["order_number"]).lstrip("#") == text.lstrip("#"):
                return order
        raise LookupError(f"no order {wanted}")

    def touch(self, order: Record) -> None:
        """Let an order have changed now."""
        order["modified_on"] = self.stamp()

    def set_status(self, order: Record, status: str) -> None:
        """Change where an order stands."""
        order["status"] = status
        self.touch(order)

    def company_of(self, order: Record) -> Record | None:
        """The retailer's record."""
        return self.companies.get(str((order.get("retailer") or {}).get("_id")))

    def places_of(self, sku: str) -> list[tuple[Record, Record]]:
        """Products and sizes that have a UPC."""
        return [(one, size) for one in self.products.values() for size in one["sizes"] if size.get("upc") == sku]


def folded(product: Record) -> Record:
    """As the platform stores it: brand_id and name in lower case, the style number in upper case."""
    found = dict(product)
    for name in ("brand_id", "name"):
        if isinstance(found.get(name), str):
            found[name] = found[name].lower()
    if isinstance(found.get("style_number"), str):
        found["style_number"] = found["style_number"].upper()
    return found


def stamped(moment: datetime) -> str:
    """ISO 8601 with milliseconds, in UTC."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def new_secret(length: int) -> str:
    """Letters and digits."""
    return secrets.token_hex(length)[:length]
