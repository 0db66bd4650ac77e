"""What a simulated shop knows: orders, shipments, products, sources, reservations, returns; and how it is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crossdock.connectors.magento2.simulator.access import Integration

Record = dict[str, Any]

STATUSES: dict[str, list[str]] = {
    "new": ["pending"],
    "pending_payment": ["pending_payment"],
    "processing": ["processing", "fraud"],
    "complete": ["complete"],
    "closed": ["closed"],
    "canceled": ["canceled"],
    "holded": ["holded"],
    "payment_review": ["payment_review", "fraud"],
}
"""Statuses by state, the state's default first. Shops add their own."""

PLENTY = 1000.0
"""Units at the default source of a product nobody said more about."""


@dataclass
class Shop:
    """One installation. Records are kept as the API gives them, but for what an answer repeats."""

    name: str
    clock: Callable[[], datetime]
    integration: Integration = field(default_factory=Integration)
    takes_bearer: bool = True
    is_commerce: bool = True
    repeats_last_page: bool = False
    quotes_scalars: bool = False
    checks_comment_status: bool = True
    leaves_children_unshipped: bool = False
    has_salable_export: bool = True
    limit: float | None = None
    prefix: str = ""
    digits: int = 9
    last_id: int = 100_000
    last_number: int = 1000
    orders: dict[int, Record] = field(default_factory=dict)
    shipments: dict[int, Record] = field(default_factory=dict)
    products: dict[int, Record] = field(default_factory=dict)
    returns: dict[int, Record] = field(default_factory=dict)
    sources: dict[str, Record] = field(default_factory=dict)
    source_items: dict[str, Record] = field(default_factory=dict)
    reservations: dict[str, float] = field(default_factory=dict)
    statuses: dict[str, list[str]] = field(default_factory=lambda: {state: list(found) for state, found in STATUSES.items()})
    labels: dict[str, str] = field(default_factory=dict)
    views: list[Record] = field(default_factory=list)
    mails: list[int] = field(default_factory=list)
    places_every: float = 0.0
    next_at: str | None = None
    address: str = ""
    tokens_left: float = 0.0
    tokens_at: float | None = None

    def __post_init__(self) -> None:
        if not self.sources:
            self.add_source("default", "Default Source")
        if not self.views:
            self.views = [
                {"id": 0, "code": "admin", "name": "Admin", "website_id": 0, "store_group_id": 0, "is_active": 1},
                {"id": 1, "code": "default", "name": "Default Store View", "website_id": 1, "store_group_id": 1, "is_active": 1},
                {"id": 2, "code": "german", "name": "German", "website_id": 1, "store_group_id": 1, "is_active": 1},
            ]

    def new_id(self) -> int:
        """The next key, whatever it is for."""
        self.last_id += 1
        return self.last_id

    def now(self) -> str:
        """This moment, as Magento writes it: UTC, to the second, no zone."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def number(self, number: int) -> str:
        """What shoppers read: a prefix and zeros."""
        return f"{self.prefix}{number:0{self.digits}d}"

    def order(self, named: str | int) -> Record:
        """An order by number or key. Raises LookupError."""
        wanted = str(named)
        for order in self.orders.values():
            short = str(order.get("increment_id", "")).removeprefix(self.prefix).lstrip("0")
            if wanted in (str(order.get("increment_id")), short) or wanted.removeprefix("#") == short:
                return order
        if wanted.isdecimal() and int(wanted) in self.orders:
            return self.orders[int(wanted)]
        raise LookupError(f"no order {named}")

    def touch(self, order: Record) -> None:
        """Note that it changed."""
        order["updated_at"] = self.now()

    def add_source(self, code: str, name: str, *, enabled: bool = True) -> None:
        """A place that keeps stock."""
        self.sources[code] = {
            "source_code": code,
            "name": name,
            "enabled": enabled,
            "country_id": "US",
            "postcode": "00000",
            "use_default_carrier_config": True,
            "carrier_links": [],
        }

    def product(self, sku: str) -> Record | None:
        """A product by SKU, without regard to case."""
        return next((one for one in self.products.values() if str(one["sku"]).casefold() == sku.casefold()), None)

    def add_product(self, sku: str, **more: Any) -> Record:
        """A product that can be sold, with plenty of it at the first source. `quantity` None keeps no stock of it."""
        found = self.product(sku)
        if found is not None:
            return found
        quantity = more.pop("quantity", PLENTY)
        id_ = self.new_id()
        product: Record = {
            "id": id_,
            "sku": sku,
            "name": more.pop("name", None) or sku,
            "attribute_set_id": 4,
            "price": more.pop("price", 10.0),
            "status": 1,
            "visibility": 4,
            "type_id": more.pop("type_id", "simple"),
            "created_at": self.now(),
            "updated_at": self.now(),
            "weight": 1.0,
            "extension_attributes": {"website_ids": [1]},
            "product_links": [],
            "options": [],
            "media_gallery_entries": [],
            "tier_prices": [],
            "custom_attributes": [],
            **more,
        }
        self.products[id_] = product
        if quantity is not None and product["type_id"] in ("simple", "virtual", "downloadable"):
            self.set_source_item(sku, next(iter(self.sources)), float(quantity))
        return product

    def set_source_item(self, sku: str, source: str, quantity: float, status: int | None = None) -> None:
        """Say what is at a source."""
        self.source_items[f"{sku.casefold()}@{source}"] = {
            "sku": sku,
            "source_code": source,
            "quantity": quantity,
            "status": (1 if quantity > 0 else 0) if status is None else status,
        }

    def salable(self, sku: str) -> float:
        """What can be sold: what is in stock at sources that are on, less reservations."""
        there = sum(
            one["quantity"]
            for one in self.source_items.values()
            if one["sku"].casefold() == sku.casefold()
            and one["status"] == 1
            and self.sources.get(one["source_code"], {}).get("enabled")
        )
        return float(there + self.reservations.get(sku.casefold(), 0.0))

    def reserve(self, sku: str, quantity: float) -> None:
        """Put units aside (negative) or give them back."""
        self.reservations[sku.casefold()] = self.reservations.get(sku.casefold(), 0.0) + quantity
