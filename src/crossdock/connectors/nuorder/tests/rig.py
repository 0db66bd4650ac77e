"""What the contract tests of stores need to know of NuORDER."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from contract.store_rig import StoreRig
from crossdock.connectors.nuorder import connector
from crossdock.connectors.nuorder.mapping import read_order
from crossdock.connectors.nuorder.settings import Settings
from crossdock.connectors.nuorder.simulator import NuOrderSimulator
from crossdock.connectors.nuorder.simulator.levers import SEASON
from crossdock.connectors.nuorder.standing import SkuOf, Standing, pieces_of, standing


class Rig(StoreRig):
    """One portal of the simulator, by a token that is approved already."""

    connector = connector
    posts_with = "ship order"
    renews: ClassVar[bool] = False
    has_holds: ClassVar[bool] = False
    mails: ClassVar[bool] = False
    keeps: ClassVar[frozenset[str]] = frozenset()
    has_bundles: ClassVar[bool] = False
    says_components: ClassVar[bool] = False
    products_say_when: ClassVar[bool] = False
    skus_miss: ClassVar[bool] = False
    says_stock: ClassVar[bool] = False
    calls_a_product: ClassVar[float] = 1.0

    def __init__(self) -> None:
        super().__init__(NuOrderSimulator())
        self.keys = self.sim.give_token()

    @property
    def portal(self) -> Any:
        """The portal the rig talks to."""
        return self.sim.portal()

    def settings(self, **changes: Any) -> Settings:
        return Settings(**{"access": "typed", "seasons": SEASON, **self.keys, **changes})

    def base_url(self, settings: Settings) -> str:
        return f"{self.sim.url}/nuorder/{settings.application_type}"

    def gives_new_key(self) -> None:
        self.keys = self.sim.give_token()

    def places(self, **more: Any) -> str:
        if isinstance(more.get("number"), int):
            more["number"] = f"#{more['number']}"
        return str(self.sim.add_order(**more))

    def places_at(self, moment: datetime, **more: Any) -> str:
        return self.places(created_at=moment.astimezone(UTC).isoformat(), **more)

    def places_skipped(self, **more: Any) -> str:
        return self.places(status="processed", **more)

    def spoils(self, order_id: str) -> None:
        self.portal.orders[order_id]["total"] = "a lot"

    def readdresses(self, order_id: str, street: str) -> None:
        self.sim.edit_order(order_id, address={"line_1": street})

    def refunds(self, order_id: str, units: Mapping[str, int]) -> None:
        order = self.portal.orders[order_id]
        left = {size["upc"]: size["quantity"] for line in order["line_items"] for size in line["sizes"]}
        self.sim.edit_order(order_id, quantities={sku: left[sku] - quantity for sku, quantity in units.items()})

    def standing(self, order_id: str) -> tuple[Standing, ...]:
        """The shipments that a portal's order shows, in records and notes."""
        order = read_order(msgspec.json.encode(self.portal.orders[order_id]))
        return tuple(one for one in standing(order, pieces_of(order, SkuOf("upc"))) if not one.is_canceled)

    def shipped_units(self, order_id: str) -> dict[str, int]:
        units: dict[str, int] = {}
        for one in self.standing(order_id):
            for line_id, quantity in one.units.items():
                units[line_id] = units.get(line_id, 0) + int(quantity)
        return units

    def told(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for order_id in self.portal.orders:
            for one in self.standing(order_id):
                for number in one.numbers:
                    numbers[number] = numbers.get(number, 0) + 1
        return numbers

    def unships(self, external_id: str) -> None:
        for order in self.portal.orders.values():
            kept = [one for one in order["shipments"] if ", ".join(one["tracking_numbers"]) != external_id]
            if len(kept) != len(order["shipments"]):
                order["shipments"] = kept
                self.portal.set_status(order, "processed")

    # Stock and products

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        # A size has one code, which is SKU and barcode alike.
        sizes = [{"size": "OS", "upc": sku}]
        id_ = self.sim.add_product(f"STYLE-{len(self.portal.products)}", sizes, name=more.get("name"), color="", stock=quantity)
        if "changed_at" in more:
            self.portal.products[id_]["modified_on"] = more["changed_at"].isoformat()
        return f"{id_}:OS"

    def sells_variants(self, name: str, skus: Mapping[str, int]) -> list[str]:
        sizes = [{"size": f"S{number}", "upc": sku} for number, sku in enumerate(skus)]
        id_ = self.sim.add_product(name, sizes, name=name, color="")
        for size, quantity in zip(sizes, skus.values(), strict=True):
            self.portal.stock["default", id_, size["size"]] = quantity
        return [f"{id_}:{size['size']}" for size in sizes]

    def renames(self, external_id: str, name: str) -> None:
        product = self.portal.products[external_id.partition(":")[0]]
        product["name"], product["modified_on"] = name, self.portal.stamp()

    def drops(self, external_id: str) -> None:
        del self.portal.products[external_id.partition(":")[0]]

    def spoils_product(self, external_id: str) -> None:
        self.portal.products[external_id.partition(":")[0]]["sizes"] = "none"

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        figures = {
            self.portal.stock.get((location or "default", product["_id"], str(size["size"])))
            for product, size in self.portal.places_of(sku)
        }
        assert len(figures) == 1, (sku, figures)
        figure = figures.pop()
        return None if figure is None else Decimal(figure)
