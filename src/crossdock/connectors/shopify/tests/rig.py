"""What the contract tests of stores need to know of Shopify."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from contract.store_rig import StoreRig
from crossdock.connectors.shopify import connector
from crossdock.connectors.shopify.settings import Settings
from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.server import DEMO_SHOP, OWN_APP, ShopifySimulator
from crossdock.connectors.shopify.simulator.values import bag, number_of
from crossdock.connectors.shopify.simulator.values import moment as moment_text


class Rig(StoreRig):
    """Shopify."""

    connector = connector
    posts_with = "CreateFulfillment"

    def __init__(self) -> None:
        super().__init__(ShopifySimulator())
        self.sim.set_limits(False)

    @property
    def shop(self) -> Any:
        return self.sim.shop()

    @property
    def main_location(self) -> str:
        """The number of the shop's first location."""
        return str(next(iter(self.shop.locations)).rsplit("/", 1)[1])

    def settings(self, **changes: Any) -> Settings:
        secret = self.sim.access.apps[OWN_APP].client_secret
        values = {
            "shop": DEMO_SHOP,
            "access": "own_app",
            "client_id": OWN_APP,
            "client_secret": secret,
            "location": self.main_location,
        }
        return Settings(**values | changes)

    def base_url(self, settings: Settings) -> str:
        return f"{self.sim.url}/{settings.shop}"

    def places(self, **more: Any) -> str:
        return self.sim.add_order(**more).rsplit("/", 1)[1]

    def shipped_units(self, order_id: str) -> dict[str, int]:
        units: dict[str, int] = {}
        for one in self.shop.fulfillments.values():
            if one["status"] == "SUCCESS" and str(self.shop.order_of(one)["id"]).endswith(f"/{order_id}"):
                for row in one["_items"]:
                    line = str(row["_line"]).rsplit("/", 1)[-1]
                    units[line] = units.get(line, 0) + row["quantity"]
        return units

    def told(self) -> dict[str, int]:
        return {number: len(found) for number, found in self.sim.fulfillments_by_tracking().items()}

    def places_at(self, moment: datetime, **more: Any) -> str:
        """See `StoreWords`."""
        return self.places(created_at=moment_text(moment), **more)

    def places_skipped(self, **more: Any) -> str:
        """See `StoreWords`."""
        return self.places(financial_status="PENDING", **more)

    def spoils(self, order_id: str) -> None:
        """See `StoreWords`."""
        shop, order = self.sim.order(order_id)
        order["totalPriceSet"] = bag("0", "USD") | {"shopMoney": {"amount": "twelve", "currencyCode": "USD"}}
        shop.keep(order)

    def readdresses(self, order_id: str, street: str) -> None:
        """See `StoreWords`."""
        self.sim.edit_order(order_id, address={"address1": street})

    def mailed(self) -> int:
        """See `StoreWords`."""
        return len(self.shop.mails)

    def unships(self, external_id: str) -> None:
        """See `StoreWords`."""
        found = self.shop.fulfillments[f"gid://shopify/Fulfillment/{external_id}"]
        routing.cancel_fulfillment(self.shop, found)
        orders.touch(self.shop, self.shop.order_of(found))

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        """See `StoreWords`."""
        if changed_at := more.pop("changed_at", None):
            more["changed_at"] = moment_text(changed_at)
        return str(number_of(self.sim.add_product(sku=sku, quantity=quantity, **more)))

    def sells_variants(self, name: str, skus: Mapping[str, int]) -> list[str]:
        """See `StoreWords`."""
        return [str(number_of(key)) for key in self.sim.add_variants(name, dict(skus))]

    def sells_bundle(self, sku: str, units: Mapping[str, int], name: str = "A bundle") -> str:
        """See `StoreWords`."""
        return str(number_of(self.sim.add_bundle(sku, dict(units), name)))

    def renames(self, external_id: str, name: str) -> None:
        """See `StoreWords`."""
        self.sim.rename_product(external_id, name)

    def drops(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.sim.drop_product(external_id)

    def spoils_product(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.sim.variant(external_id)[1]["price"] = "twelve"

    def counts_none_of(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.sim.variant(external_id)[1]["inventoryItem"]["tracked"] = False

    def stock_places(self) -> list[str]:
        """See `StoreWords`."""
        if len(self.shop.locations) == 1:
            self.sim.add_location("Second warehouse")
        return [str(number_of(key)) for key in self.shop.locations]

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        """See `StoreWords`."""
        units = self.sim.stock_of(sku, f"gid://shopify/Location/{location}" if location else None)
        return None if units is None else Decimal(units)

    def returns(self, order_id: str, units: Mapping[str, int], **more: Any) -> str:
        """See `StoreWords`. What comes back was shipped before."""
        try:
            found = self.sim.ask_return(order_id, dict(units), **more)
        except LookupError:
            self.sim.fulfill_order(order_id)
            found = self.sim.ask_return(order_id, dict(units), **more)
        return str(number_of(found))

    def touches_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        shop, order, _ = self.sim.return_(return_id)
        orders.touch(shop, order)

    def closes_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self.sim.approve_return(return_id)
        self.sim.close_return(return_id)

    def spoils_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        shop, order, one = self.sim.return_(return_id)
        one["_items"][0]["quantity"] = "two"
        shop.keep(order)
        orders.touch(shop, order)
