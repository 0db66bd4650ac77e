"""One store as the platform keeps it, and what happens to its orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crossdock.connectors.bigcommerce.simulator.making import Record, stamp
from crossdock.connectors.bigcommerce.statuses import INCOMPLETE, NAMES, PARTIALLY_SHIPPED, SHIPPED

Told = Callable[["Store", str, Record], None]


@dataclass
class Store:
    """A store. `on_event(store, scope, data)` hears what happens; records are plain values, so that the whole can be kept."""

    hash: str
    name: str
    clock: Callable[[], datetime]
    currency: str = "USD"
    weight_units: str = "LBS"
    dimension_units: str = "Inches"
    status: str = "live"
    orders: dict[int, Record] = field(default_factory=dict)
    products: dict[int, Record] = field(default_factory=dict)
    locations: dict[int, Record] = field(default_factory=dict)
    hooks: dict[int, Record] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=lambda: dict(NAMES))
    last_id: int = 100
    last_order: int = 1000
    has_limits: bool = True
    quota: int = 150
    window_ms: int = 30_000
    others_spend: int = 0
    moves_status: bool = True
    reads_lag: bool = False
    refused_skus: list[str] = field(default_factory=list)
    warns_above: int = 50
    places_every: float = 0.0
    next_at: str | None = None
    on_event: Told = field(default=lambda store, scope, data: None, repr=False)
    # Not kept: the window that is open now, and writes that reads do not show yet.
    window_began: float = -1e12
    spent: int = 0
    unseen: list[tuple[Record, str, int]] = field(default_factory=list)

    def now(self) -> int:
        """This second."""
        return int(self.clock().timestamp())

    def new_id(self) -> int:
        """An id nobody has."""
        self.last_id += 1
        return self.last_id

    def order(self, name: int | str) -> Record:
        """An order by its id. Raises LookupError."""
        found = self.orders.get(int(str(name).lstrip("#")))
        if found is None:
            raise LookupError(f"no order {name}")
        return found

    def line(self, order: Record, name: int | str) -> Record:
        """A line of an order by its id or SKU. Raises LookupError."""
        for one in order["_lines"]:
            if str(one["id"]) == str(name) or one["sku"] == name:
                return one  # type: ignore[no-any-return]
        raise LookupError(f"no line {name} in order {order['id']}")

    def touched(self, order: Record, scope: str = "store/order/updated", data: Record | None = None) -> None:
        """Something about the order changed now."""
        order["_modified"] = self.now()
        self.on_event(self, scope, data or {"type": "order", "id": order["id"]})

    def set_status(self, order: Record, status_id: int) -> None:
        """Any status may follow any other: the platform holds no order to a course."""
        before = order["status_id"]
        if before == status_id:
            return
        order["status_id"] = status_id
        if status_id == SHIPPED and not order["date_shipped"]:
            order["date_shipped"] = stamp(self.now())
        changed = {"previous_status_id": before, "new_status_id": status_id}
        self.touched(order, "store/order/statusUpdated", {"type": "order", "id": order["id"], "status": changed})
        if before != INCOMPLETE:
            self.touched(order)

    def left_of(self, order: Record) -> int:
        """Units that could still be shipped."""
        return sum(
            max(0, one["quantity"] - one["quantity_shipped"] - one["quantity_refunded"])
            for one in order["_lines"]
            if one["type"] == "physical" and not one["order_pickup_method_id"]
        )

    def ship(self, order: Record, body: Record) -> Record:
        """Make a shipment of an order; `body` was checked before."""
        record = {
            "id": self.new_id(),
            "order_id": order["id"],
            "customer_id": order["customer_id"],
            "order_address_id": body["order_address_id"],
            "date_created": stamp(self.now()),
            "tracking_number": body.get("tracking_number") or "",
            "merchant_shipping_cost": body.get("merchant_shipping_cost") or "0.0000",
            "shipping_method": body.get("shipping_method") or "",
            "shipping_provider": body.get("shipping_provider", "custom"),
            "tracking_carrier": body.get("tracking_carrier") or "",
            "tracking_link": body.get("tracking_link") or "",
            "comments": body.get("comments") or "",
            "items": [
                {
                    "order_product_id": item["order_product_id"],
                    "product_id": self.line(order, item["order_product_id"])["product_id"],
                    "quantity": item["quantity"],
                }
                for item in body["items"]
            ],
        }
        order["_shipments"].append(record)
        self._count(order, record, 1)
        if self.moves_status:
            self.set_status(order, PARTIALLY_SHIPPED if self.left_of(order) else SHIPPED)
        self.touched(order)
        self.on_event(self, "store/shipment/created", {"type": "shipment", "id": record["id"], "orderId": order["id"]})
        return record

    def unship(self, order: Record, shipment: Record) -> None:
        """Take a shipment back; the order's status stays."""
        order["_shipments"].remove(shipment)
        self._count(order, shipment, -1)
        self.touched(order)
        self.on_event(self, "store/shipment/deleted", {"type": "shipment", "id": shipment["id"], "orderId": order["id"]})

    def _count(self, order: Record, shipment: Record, sign: int) -> None:
        for item in shipment["items"]:
            self.line(order, item["order_product_id"])["quantity_shipped"] += sign * item["quantity"]

    def variants(self) -> list[Record]:
        """All variants."""
        return [one for product in self.products.values() for one in product["_variants"]]

    def variant(self, external_id: int | str) -> Record:
        """A variant by its id. Raises LookupError."""
        for one in self.variants():
            if one["id"] == int(external_id):
                return one
        raise LookupError(f"no variant {external_id}")


_UNKEPT = {"clock", "on_event", "window_began", "spent", "unseen"}


def plain(store: Store) -> dict[str, Any]:
    """A store as values that can be written down."""
    return {name: getattr(store, name) for name in Store.__dataclass_fields__ if name not in _UNKEPT}


def from_plain(values: dict[str, Any], clock: Callable[[], datetime]) -> Store:
    """What `plain` gave; keys that are numbers may have become text."""
    numbered = {"orders", "products", "locations", "hooks", "labels"}
    kept: dict[str, Any] = {
        name: {int(key): one for key, one in value.items()} if name in numbered else value
        for name, value in values.items()
        if name in Store.__dataclass_fields__ and name not in _UNKEPT
    }
    return Store(clock=clock, **kept)
