"""What the contract tests of stores need to know of Acumatica."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from contract.store_rig import StoreRig
from crossdock.connectors.acumatica import connector
from crossdock.connectors.acumatica.settings import Settings
from crossdock.connectors.acumatica.simulator import AcumaticaSimulator
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, SITE
from crossdock.connectors.kit.limits import LocalLimiter


class Rig(StoreRig):
    """Acumatica, in the mode Sales Orders unless told. Numbers are given with a #, which an order number may well have."""

    connector = connector
    posts_with = "ConfirmShipment"

    mails: ClassVar[bool] = False
    skus_repeat: ClassVar[bool] = False
    skus_miss: ClassVar[bool] = False
    says_components: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(AcumaticaSimulator())

    def settings(self, **changes: Any) -> Settings:
        """See `StoreWords`."""
        app = self.sim.app()
        values = {
            "instance_url": f"{self.sim.url}{SITE}",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "username": DEMO_USER,
            "password": DEMO_PASSWORD,
            "default_box": "MEDIUM",
            "adjust_stock": True,
            "reason_code": "INADJUST",
        }
        return Settings(**values | changes)

    def client(self, *, may_write: bool = True, limiter: Any = None, **changes: Any) -> AbstractAsyncContextManager[Any]:
        """As the hub opens it, without the pace of a license: ten calls at once and then less than two a second."""
        return super().client(may_write=may_write, limiter=limiter or LocalLimiter(), **changes)

    def base_url(self, settings: Settings) -> str:
        """See `StoreWords`."""
        return settings.instance_url

    def places(self, **more: Any) -> str:
        """See `StoreWords`."""
        number = more.pop("number", None)
        return str(self.sim.add_order(number=f"#{number}" if number is not None else None, **more))

    def places_at(self, moment: datetime, **more: Any) -> str:
        """See `StoreWords`."""
        return self.places(created_at=moment.isoformat(), **more)

    def places_skipped(self, **more: Any) -> str:
        """See `StoreWords`."""
        return self.places(will_call=True, **more)

    def spoils(self, order_id: str) -> None:
        """See `StoreWords`."""
        self._changed(order_id)["OrderTotal"] = "a lot"

    def readdresses(self, order_id: str, street: str) -> None:
        """See `StoreWords`."""
        self.sim.edit_order(order_id, address={"AddressLine1": street})

    def shipped_units(self, order_id: str) -> dict[str, int]:
        """See `StoreWords`."""
        tenant, order = self.sim.order(order_id)
        units: dict[str, int] = {}
        for shipment in tenant.tables["Shipment"].values():
            for row in shipment["Details"]:
                if row["OrderNbr"] == order["OrderNbr"]:
                    line = str(row["OrderLineNbr"])
                    units[line] = units.get(line, 0) + int(row["ShippedQty"])
        return units

    def told(self) -> dict[str, int]:
        """See `StoreWords`."""
        return {number: len(found) for number, found in self.sim.shipments_by_tracking().items()}

    def unships(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.sim.delete_shipment(external_id)

    def sells(self, sku: str | None, quantity: int = 0, **more: Any) -> str:
        """See `StoreWords`."""
        weight, changed = more.get("weight"), more.get("changed_at")
        return str(
            self.sim.add_item(
                sku,
                quantity,
                name=more.get("name"),
                barcode=more.get("barcode"),
                weight=str(weight) if weight is not None else None,
                template=more.get("template"),
                is_kit=more.get("is_kit", False),
                changed_at=changed.isoformat() if changed else None,
            )
        )

    def sells_variants(self, name: str, skus: Mapping[str, int]) -> list[str]:
        """See `StoreWords`."""
        return [self.sells(sku, quantity, name=f"{name} {sku}", template="TEMPLATE") for sku, quantity in skus.items()]

    def sells_bundle(self, sku: str, units: Mapping[str, int], name: str = "A bundle") -> str:
        """See `StoreWords`."""
        return self.sells(sku, 0, name=name, is_kit=True)

    def renames(self, external_id: str, name: str) -> None:
        """See `StoreWords`."""
        self.sim.rename_item(external_id, name)

    def drops(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.sim.delete_item(external_id)

    def spoils_product(self, external_id: str) -> None:
        """See `StoreWords`."""
        self.sim.tenant().get("StockItem", external_id)["DimensionWeight"] = "heavy"

    def counts_none_of(self, external_id: str) -> None:
        """See `StoreWords`. No warehouse has it."""
        self.sim.tenant().get("StockItem", external_id)["_stock"].clear()

    def stock_places(self) -> list[str]:
        """See `StoreWords`."""
        return [place["WarehouseID"] for place in self.sim.tenant().all("Warehouse")]

    def stock_of(self, sku: str, location: str | None = None) -> Decimal | None:
        """See `StoreWords`."""
        found: Decimal | None = self.sim.stock_of(sku, location)
        return found

    def returns(self, order_id: str, units: Mapping[str, int], **more: Any) -> str:
        """See `StoreWords`."""
        return str(self.sim.add_return(order_id, dict(units), reason=more.get("reason"), note=more.get("note")))

    def touches_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self.sim.touch_order(return_id)

    def closes_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self.sim.finish_return(return_id)

    def spoils_return(self, return_id: str) -> None:
        """See `StoreWords`."""
        self._changed(return_id)["Details"][0]["OrderQty"] = "some"

    def _changed(self, order_id: str) -> dict[str, Any]:
        tenant, order = self.sim.order(order_id)
        tenant.touch("SalesOrder", order)
        found: dict[str, Any] = order
        return found
