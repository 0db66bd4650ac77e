"""What the contract tests of stores need to know of BigCommerce."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from contract.store_rig import StoreRig
from crossdock.connectors.bigcommerce import connector
from crossdock.connectors.bigcommerce.posting import BOXES
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.bigcommerce.simulator.server import ACCOUNT, DEMO_STORE, BigCommerceSimulator
from crossdock.connectors.bigcommerce.statuses import AWAITING_PAYMENT


class Rig(StoreRig):
    """BigCommerce, signed in by the token of an API account."""

    connector = connector
    posts_with = "POST orders/{id}/shipments"

    numbers = "{}"
    renews = False
    mails = False
    skus_repeat = False
    has_bundles = False

    def __init__(self) -> None:
        super().__init__(BigCommerceSimulator())
        self.sim.set_limits(False)
        self.sim.add_location("Second warehouse")
        self.token = self.sim.give_token()

    @property
    def store(self) -> Any:
        """The store in use."""
        return self.sim.store(DEMO_STORE)

    def settings(self, **changes: Any) -> Settings:
        values = {
            "store_hash": DEMO_STORE,
            "access": "token",
            "access_token": self.token,
            "client_secret": self.sim.access.apps[ACCOUNT].client_secret,
        }
        return Settings(**values | changes)

    def base_url(self, settings: Settings) -> str:
        return f"{self.sim.url}/stores/{settings.store_hash}"

    def gives_new_key(self) -> None:
        self.token = self.sim.give_token()

    def places(self, **more: Any) -> str:
        return str(self.sim.add_order(**more))

    def places_at(self, moment: datetime, **more: Any) -> str:
        return self.places(created_at=moment.isoformat(), **more)

    def places_skipped(self, **more: Any) -> str:
        return self.places(status=AWAITING_PAYMENT, **more)

    def spoils(self, order_id: str) -> None:
        self.sim.edit_order(order_id, fields={"total_inc_tax": "much"})

    def readdresses(self, order_id: str, street: str) -> None:
        self.sim.edit_order(order_id, address={"street_1": street})

    def shipped_units(self, order_id: str) -> dict[str, int]:
        lines = self.store.order(order_id)["_lines"]
        return {str(line["id"]): line["quantity_shipped"] for line in lines if line["quantity_shipped"]}

    def told(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for one in self.sim.shipments():
            listed = one["comments"].partition(BOXES)[2] or one["tracking_number"]
            for number in filter(None, (part.strip() for part in listed.split(","))):
                counts[number] = counts.get(number, 0) + 1
        return counts

    def unships(self, external_id: str) -> None:
        for one in external_id.split("+"):
            self.sim.take_back(one)

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        fields: dict[str, Any] = {}
        changed_at = more.pop("changed_at", None)
        if more.get("barcode"):
            fields["upc"] = more.pop("barcode")
        if more.get("weight"):
            fields["weight"] = self.sim.pounds(more.pop("weight"))
        external_id = str(self.sim.add_product(sku, quantity, fields=fields, **more)[0])
        if changed_at is not None:
            self._product(external_id)["_modified"] = int(changed_at.timestamp())
        return external_id

    def sells_variants(self, name: str, skus: Mapping[str, int]) -> list[str]:
        return list(self.sim.add_product(name=name, variants=dict(skus)))

    def _product(self, external_id: str) -> Any:
        return self.store.products[self.store.variant(external_id)["product_id"]]

    def renames(self, external_id: str, name: str) -> None:
        self._product(external_id).update({"name": name, "_modified": self.store.now()})

    def drops(self, external_id: str) -> None:
        del self.store.products[self._product(external_id)["id"]]

    def spoils_product(self, external_id: str) -> None:
        self._product(external_id)["price"] = "much"

    def counts_none_of(self, external_id: str) -> None:
        self._product(external_id)["inventory_tracking"] = "none"

    def stock_places(self) -> list[str]:
        return [str(id_) for id_ in self.store.locations]

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        place = location or self.stock_places()[0]
        found = next((one for one in self.store.variants() if one["sku"] == sku), None)
        if found is None or place not in found["_levels"]:
            return None
        on_hand, safety = found["_levels"][place]
        return Decimal(on_hand - safety)
