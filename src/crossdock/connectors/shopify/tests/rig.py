"""What the contract tests of stores need to know of Shopify."""

from typing import Any

from contract.store_rig import StoreRig
from crossdock.connectors.shopify import connector
from crossdock.connectors.shopify.settings import Settings
from crossdock.connectors.shopify.simulator.server import DEMO_SHOP, OWN_APP, ShopifySimulator


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
