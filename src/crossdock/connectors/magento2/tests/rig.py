"""What the contract tests of stores need to know of Magento."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from contract.store_rig import StoreRig
from crossdock.connectors.magento2 import connector
from crossdock.connectors.magento2.settings import Settings
from crossdock.connectors.magento2.simulator.server import MagentoSimulator

POUNDS = Decimal("2.20462262")


class Rig(StoreRig):
    """Magento 2, by access token alone."""

    connector = connector
    posts_with = "Ship"
    renews = False
    numbers = "{:09d}"
    # Magento's API takes no shipment back; what was voided only loses its tracking.
    void_gives_back = False
    # A SKU is the product's key in Magento.
    skus_repeat = False
    skus_miss = False

    def __init__(self) -> None:
        super().__init__(MagentoSimulator())
        self.shop.add_source("east", "East")
        self.gives_new_key()

    @property
    def shop(self) -> Any:
        """The simulated shop."""
        return self.sim.shop()

    # Orders

    def settings(self, **changes: Any) -> Settings:
        """See `StoreWords`."""
        return Settings(**{"store_url": "https://magento.example.com", "access_token": self._values["access_token"]} | changes)

    def oauth(self) -> dict[str, str]:
        """The settings that sign in with all four values."""
        return {"access": "oauth", **self._values}

    def gives_new_key(self) -> None:
        """See `StoreWords`."""
        one = self.shop.integration
        self._values = {
            "access_token": one.token,
            "consumer_key": one.consumer_key,
            "consumer_secret": one.consumer_secret,
            "token_secret": one.token_secret,
        }

    def base_url(self, settings: Settings) -> str:
        """See `StoreWords`."""
        return f"{self.sim.url}/magento2"

    def places(self, **more: Any) -> str:
        """See `StoreWords`."""
        return str(self.sim.add_order(**more))

    def places_at(self, moment: datetime, **more: Any) -> str:
        """See `StoreWords`."""
        return self.places(created_at=moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), **more)

    def places_skipped(self, **more: Any) -> str:
        """See `StoreWords`. Placed and not paid."""
        return self.places(state="new", **more)

    def spoils(self, order_id: str) -> None:
        """See `StoreWords`."""
        self.shop.orders[int(order_id)]["grand_total"] = "a lot"

    def reduces(self, order_id: str, units: Mapping[str, int]) -> None:
        """See `StoreWords`. Edited in the admin, which makes a new order; once a part has left or it is held, by credit memo."""
        order = self.shop.orders[int(order_id)]
        if order["state"] == "holded" or any(item["qty_shipped"] for item in order["items"]):
            less = {item["sku"]: item["qty_ordered"] - units[item["sku"]] for item in order["items"] if item["sku"] in units}
            self.sim.refund_order(order_id, quantities=less)
            return
        lines = [{"sku": item["sku"], "quantity": units.get(item["sku"], item["qty_ordered"])} for item in order["items"]]
        self.sim.edit_as_new(order_id, [line for line in lines if line["quantity"]])

    def readdresses(self, order_id: str, street: str) -> None:
        """See `StoreWords`."""
        self.sim.edit_order(order_id, address={"street": [street]})

    def ships_elsewhere(self, order_id: str, units: Mapping[str, int] | None = None) -> None:
        """See `StoreWords`."""
        self.sim.ship_order(order_id, quantities=dict(units) if units is not None else None)

    # Shipments

    def shipped_units(self, order_id: str) -> dict[str, int]:
        """See `StoreWords`."""
        units: dict[str, int] = {}
        for one in self.shop.shipments.values():
            if str(one["order_id"]) == order_id:
                for item in one["items"]:
                    line = str(item["order_item_id"])
                    units[line] = units.get(line, 0) + int(item["qty"])
        return units

    def told(self) -> dict[str, int]:
        """See `StoreWords`."""
        return {number: len(found) for number, found in self.sim.shipments_by_tracking().items()}

    def mailed(self) -> int:
        """See `StoreWords`."""
        return len(self.shop.mails)

    def unships(self, external_id: str) -> None:
        """See `StoreWords`. Only extensions and databases can."""
        del self.shop.shipments[int(external_id)]

    # Stock and products

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        """See `StoreWords`."""
        assert sku is not None
        barcode = more.get("barcode")
        key = self.sim.add_product(
            sku, name=more.get("name"), quantity=quantity, attributes={"barcode": barcode} if barcode else None
        )
        product = self.shop.products[key]
        product["weight"] = float(more["weight"] * POUNDS) if more.get("weight") else None
        if more.get("changed_at"):
            product["updated_at"] = more["changed_at"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return str(key)

    def sells_variants(self, name: str, skus: Mapping[str, int]) -> list[str]:
        """See `StoreWords`."""
        ids = [self.sells(sku, quantity, name=f"{name}-{sku}") for sku, quantity in skus.items()]
        parent = self.sim.add_product(f"{name}-any", name=name, type_id="configurable")
        self.shop.products[parent]["extension_attributes"]["configurable_product_links"] = [int(id_) for id_ in ids]
        return ids

    def sells_bundle(self, sku: str, units: Mapping[str, int], name: str = "A bundle") -> str:
        """See `StoreWords`."""
        parts = [{"sku": part, "quantity": quantity} for part, quantity in units.items()]
        return str(self.sim.add_product(sku, name=name, type_id="bundle", components=parts))

    def renames(self, external_id: str, name: str) -> None:
        """See `StoreWords`."""
        self.shop.products[int(external_id)] |= {"name": name, "updated_at": self.shop.now()}

    def drops(self, external_id: str) -> None:
        """See `StoreWords`."""
        del self.shop.products[int(external_id)]

    def spoils_product(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.shop.products[int(external_id)]["price"] = "a lot"

    def counts_none_of(self, external_id: str) -> None:
        """See `StoreWords`. No source has it."""
        sku = self.shop.products[int(external_id)]["sku"]
        for place in self.shop.sources:
            self.shop.source_items.pop(f"{sku.casefold()}@{place}", None)

    def stock_places(self) -> list[str]:
        """See `StoreWords`."""
        return list(self.shop.sources)

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        """See `StoreWords`. At the first source what can be sold of it: less what open orders reserved."""
        row = self.shop.source_items.get(f"{sku.casefold()}@{location or 'default'}")
        if row is None:
            return None
        reserved = self.shop.reservations.get(sku.casefold(), 0) if location in (None, "default") else 0
        return Decimal(str(row["quantity"] + reserved))

    # Returns

    def returns(self, order_id: str, units: Mapping[str, int], **more: Any) -> str:
        """See `StoreWords`."""
        return str(self.sim.add_return(order_id, quantities=dict(units)))

    def touches_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self.sim.change_return(return_id, "pending", "We look at it.")

    def closes_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self.sim.change_return(return_id, "processed_closed")

    def spoils_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self.shop.returns[int(return_id)]["status"] = "nobody knows"
