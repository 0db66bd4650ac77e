"""The history's shop, counted from its own books: what it wants shipped of each order, and what it was told."""

from __future__ import annotations

from collections import Counter
from typing import Any

from crossdock.connectors.shopify.simulator.routing import FINAL
from histories.town import Town

Record = dict[str, Any]


class Shop:
    """The store. Of each order every line has a SKU of its own, so that units are told apart by it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.by_hand = 0
        self.most_wanted: dict[tuple[str, str], int] = {}

    @property
    def books(self) -> Any:
        """The simulator's shop."""
        return self.town.shop.shop(self.town.handle)

    @property
    def orders(self) -> list[Record]:
        """Every order, the oldest first."""
        return list(self.books.orders.values())

    def remaining(self, order: Record) -> Counter[str]:
        """Units by SKU that are still to be fulfilled, held ones too."""
        units: Counter[str] = Counter()
        for part in order["_fulfillment_orders"]:
            if part["status"] not in FINAL:
                for item in part["_items"]:
                    units[self.books.lines[item["_line"]]["sku"]] += item["remainingQuantity"]
        return +units

    def told(self, order: Record, tracking: set[str] | None = None) -> Counter[str]:
        """Units by SKU that count as shipped under our numbers, or under one of these."""
        units: Counter[str] = Counter()
        for one in order["_fulfillments"]:
            numbers = {info["number"] for info in one["trackingInfo"]}
            is_ours = not any(number.startswith("HAND") for number in numbers)
            if one["status"] == "SUCCESS" and (is_ours if tracking is None else numbers & tracking):
                for item in one["_items"]:
                    units[self.books.lines[item["_line"]]["sku"]] += item["quantity"]
        return units

    def ship_by_hand(self, order: Record, most: int) -> None:
        """Somebody in the shop ships units of the first open line."""
        if left := self.remaining(order):
            self.by_hand += 1
            sku = min(left)
            one = {sku: min(most, left[sku])}
            self.town.shop.fulfill_order(order["name"], one, tracking=f"HAND{self.by_hand}", shop=self.town.handle)

    def note_wanted(self) -> None:
        """Remember the most units the store ever wanted of us, by order and SKU."""
        for order in self.orders:
            for sku, units in (self.remaining(order) + self.told(order)).items():
                key = order["name"], sku
                self.most_wanted[key] = max(self.most_wanted.get(key, 0), units)
