"""What a shop holds: orders, fulfillment orders, fulfillments, locations, services, subscriptions."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.connectors.shopify.simulator.cost import Bucket
from crossdock.connectors.shopify.simulator.values import Record, gid, kind_of, moment, number_of

SCOPES = (
    "read_orders",
    "read_all_orders",
    "read_products",
    "read_locations",
    "read_inventory",
    "write_inventory",
    "read_returns",
    "read_customers",
    "read_fulfillments",
    "write_fulfillments",
    "write_orders",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_assigned_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)
"""What an app may ask for here."""

FIRST_ID = 6_000_000_000_000


@dataclass(frozen=True)
class Event:
    """Something that subscriptions are told of: `number` is the record it is about."""

    topic: str
    payload: bytes
    at: datetime
    id: str


@dataclass
class Shop:
    """One shop. `stops` says with which HTTP status the whole shop refuses (402 unpaid, 423 locked, 404 closed)."""

    handle: str
    name: str
    currency: str = "USD"
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    timezone: str = "America/New_York"
    number: int = 0
    next_order: int = 1001
    last_id: int = FIRST_ID
    stops: int | None = None
    routing_delay: float = 0.0
    restore_rate: float = 100.0
    has_limits: bool = True
    created_at: str = "2024-03-01T09:00:00Z"
    orders: dict[int, Record] = field(default_factory=dict)
    locations: dict[str, Record] = field(default_factory=dict)
    services: dict[str, Record] = field(default_factory=dict)
    subscriptions: dict[str, Record] = field(default_factory=dict)
    products: dict[str, Record] = field(default_factory=dict)
    unstocked: set[tuple[str, str]] = field(default_factory=set)
    mails: list[Record] = field(default_factory=list)
    waiting: list[tuple[datetime, str, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    epoch: int = 0
    places_every: float = 0.0
    next_at: str | None = None
    on_event: Callable[[Shop, str, Record], None] | None = field(default=None, repr=False)
    buckets: dict[str, Bucket] = field(default_factory=dict, repr=False)
    lines: dict[str, Record] = field(default_factory=dict, repr=False)
    fulfillment_orders: dict[str, Record] = field(default_factory=dict, repr=False)
    items: dict[str, Record] = field(default_factory=dict, repr=False)
    fulfillments: dict[str, Record] = field(default_factory=dict, repr=False)
    returns: dict[str, Record] = field(default_factory=dict, repr=False)
    variants: dict[str, Record] = field(default_factory=dict, repr=False)
    inventory: dict[str, Record] = field(default_factory=dict, repr=False)
    by_sku: dict[str, list[str]] = field(default_factory=dict, repr=False)
    answered: dict[str, tuple[tuple[str, str], Record]] = field(default_factory=dict, repr=False)
    by_update: list[tuple[str, int]] = field(default_factory=list, repr=False)

    @property
    def domain(self) -> str:
        """The shop's permanent address."""
        return f"{self.handle}.myshopify.com"

    def now(self) -> str:
        """This moment as the platform writes it."""
        return moment(self.clock())

    def new_id(self, kind: str) -> str:
        """An id not used before; later ones are greater."""
        self.last_id += 32_768 if kind == "Order" else 1
        return gid(kind, self.last_id)

    def bucket(self, app: str) -> Bucket:
        """The points of one app."""
        found = self.buckets.get(app)
        if found is None or found.rate != self.restore_rate:
            found = self.buckets[app] = Bucket(self.restore_rate * 20, self.restore_rate)
        return found

    def emit(self, topic: str, record: Record) -> None:
        """Tell the subscriptions of a topic."""
        if self.on_event is not None:
            self.on_event(self, topic, record)

    # Orders

    def order(self, global_id: str) -> Record | None:
        """An order by its global id."""
        return self.orders.get(number_of(global_id)) if kind_of(global_id) == "Order" else None

    def order_of(self, record: Record) -> Record:
        """The order that a fulfillment order, fulfillment, line or refund belongs to."""
        return self.orders[record["_order"]]

    def keep(self, order: Record) -> None:
        """Take an order in, or take note of what was added to it."""
        number = number_of(order["id"])
        self.orders[number] = order
        order.setdefault("_kept", {})
        order["_order"] = number
        for line in order["_lines"]:
            line["_order"] = number
            self.lines[line["id"]] = line
        for one in order["_fulfillment_orders"]:
            one["_order"] = number
            self.fulfillment_orders[one["id"]] = one
            for item in one["_items"]:
                item["_order"] = number
                item["_parent"] = one["id"]
                self.items[item["id"]] = item
        for fulfillment in order["_fulfillments"]:
            fulfillment["_order"] = number
            self.fulfillments[fulfillment["id"]] = fulfillment
        for refund in order["_refunds"]:
            refund["_order"] = number
        for one in order.setdefault("_returns", []):
            self.returns[one["id"]] = one
            for part in (one, *one["_items"]):
                part["_order"] = number

    def index(self, order: Record, updated_at: str) -> None:
        """Move an order to its new place in the order of changes."""
        number = number_of(order["id"])
        before = order.get("_indexed")
        if before is not None:
            del self.by_update[bisect_left(self.by_update, (before, number))]
        insort(self.by_update, (updated_at, number))
        order["_indexed"] = order["updatedAt"] = updated_at
        order["_kept"] = {}

    def forget(self, order: Record) -> None:
        """Delete an order for good."""
        number = number_of(order["id"])
        self.orders.pop(number, None)
        if order.get("_indexed"):
            del self.by_update[bisect_left(self.by_update, (order["_indexed"], number))]

    def changed(self, since: str | None, until: str | None, after: tuple[str, int] | None, is_reversed: bool) -> Iterator[Record]:
        """Orders in the order of (changed, id), within both moments, behind the place given."""
        start = bisect_left(self.by_update, (since or "", 0))
        stop = bisect_left(self.by_update, ((until or "9") + "~", 0))
        if after is not None:
            if is_reversed:
                stop = min(stop, bisect_left(self.by_update, after))
            else:
                start = max(start, bisect_left(self.by_update, (after[0], after[1] + 1)))
        positions = range(stop - 1, start - 1, -1) if is_reversed else range(start, stop)
        for position in positions:
            if position < len(self.by_update):
                yield self.orders[self.by_update[position][1]]

    # Goods

    def sell(self, product: Record) -> None:
        """Note a product, its variants and their inventory items under their ids."""
        self.products[product["id"]] = product
        for variant in product["_variants"]:
            self.variants[variant["id"]] = variant
            self.inventory[variant["inventoryItem"]["id"]] = variant["inventoryItem"]
            if variant["sku"]:
                self.by_sku.setdefault(variant["sku"], []).append(variant["id"])

    # Places

    def add_location(self, name: str, *, address: Record | None = None, service: Record | None = None) -> Record:
        """A place that stock is shipped from."""
        place: Record = {
            "__typename": "Location",
            "id": self.new_id("Location"),
            "name": name,
            "address": {
                "address1": "1 Dock Road",
                "address2": None,
                "city": "Reno",
                "country": "United States",
                "countryCode": "US",
                "province": "Nevada",
                "provinceCode": "NV",
                "zip": "89502",
                "phone": "",
                "latitude": None,
                "longitude": None,
                "formatted": [],
            }
            | (address or {}),
            "isActive": True,
            "activatable": True,
            "deactivatable": True,
            "deletable": False,
            "addressVerified": False,
            "fulfillsOnlineOrders": True,
            "shipsInventory": service is None,
            "hasActiveInventory": True,
            "isFulfillmentService": service is not None,
            "isPrimary": not self.locations,
            "deactivatedAt": None,
            "createdAt": self.now(),
            "updatedAt": self.now(),
            "_service": service["id"] if service else None,
        }
        self.locations[place["id"]] = place
        self.epoch += 1
        return place

    def add_service(self, name: str, *, callback_url: str | None = None) -> Record:
        """A fulfillment service with a location of its own."""
        service: Record = {
            "__typename": "FulfillmentService",
            "id": f"{self.new_id('FulfillmentService')}?id=true",
            "handle": "-".join(name.lower().split()),
            "serviceName": name,
            "callbackUrl": callback_url,
            "inventoryManagement": True,
            "trackingSupport": True,
            "requiresShippingMethod": True,
            "type": "THIRD_PARTY",
        }
        self.services[service["id"]] = service
        service["_location"] = self.add_location(name, service=service)["id"]
        return service

    def location(self, name_or_id: str | None) -> Record:
        """A location by name or id; the first one for None. Raises LookupError for an unknown one."""
        if name_or_id is None:
            return next(iter(self.locations.values()))
        found = self.locations.get(name_or_id) or next(
            (place for place in self.locations.values() if place["name"] == name_or_id), None
        )
        if found is None:
            raise LookupError(f"no location {name_or_id}")
        return found

    def wait(self, seconds: float, what: str, order: Record) -> None:
        """Do something to an order later; `settle` does it."""
        self.waiting.append((self.clock() + timedelta(seconds=seconds), what, number_of(order["id"])))


_KEPT = (
    "handle",
    "name",
    "currency",
    "timezone",
    "number",
    "next_order",
    "last_id",
    "stops",
    "routing_delay",
    "restore_rate",
    "has_limits",
    "created_at",
    "locations",
    "services",
    "subscriptions",
    "products",
    "mails",
    "epoch",
    "places_every",
    "next_at",
)


def plain(shop: Shop) -> dict[str, Any]:
    """A shop's state as plain values, to be kept over a restart."""
    state: dict[str, Any] = {name: getattr(shop, name) for name in _KEPT}
    state["unstocked"] = sorted(shop.unstocked)
    state["waiting"] = [(at.isoformat(), what, number) for at, what, number in shop.waiting]
    state["orders"] = [{name: value for name, value in order.items() if name != "_kept"} for order in shop.orders.values()]
    return state


def from_plain(state: dict[str, Any], clock: Callable[[], datetime]) -> Shop:
    """A shop from what `plain` gave."""
    state = dict(state)
    orders, waiting, unstocked = state.pop("orders"), state.pop("waiting"), state.pop("unstocked")
    products = list(state.pop("products", {}).values())
    shop = Shop(clock=clock, **state)
    shop.unstocked = {(sku, place) for sku, place in unstocked}
    shop.waiting = [(datetime.fromisoformat(at), what, number) for at, what, number in waiting]
    shop.products = {}
    for product in products:
        shop.sell(product)
    for order in orders:
        updated_at = order.pop("_indexed", order["updatedAt"])
        shop.keep(order)
        shop.index(order, updated_at)
    return shop
