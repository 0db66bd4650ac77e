"""What is done to a simulated tenant's returns, items and stock."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from crossdock.connectors.acumatica.simulator import selling, stocking
from crossdock.connectors.acumatica.simulator.levers import Levers
from crossdock.connectors.acumatica.simulator.state import MAIN, Record, Tenant


class StockLevers(Levers):
    """Mixed into the simulator."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """Those of tenants and orders, and these."""
        own = (self.add_return, self.finish_return, self.add_item, self.rename_item, self.delete_item, self.set_stock)
        return super().levers() | {lever.__name__: lever for lever in own}

    # Returns

    def add_return(
        self,
        order: str | int,
        quantities: dict[str, int],
        order_type: str = "RC",
        reason: str | None = None,
        note: str | None = None,
        tenant: str | None = None,
    ) -> str:
        """Enter a return of units by SKU of an order; its id."""
        found, one = self.order(order, tenant)
        sign = -1 if order_type == "RM" else 1
        lines = [
            {"sku": sku, "quantity": sign * units, "operation": "Receipt", "reason": reason, "note": note}
            for sku, units in quantities.items()
        ]
        more = {
            "FinancialSettings": {
                "id": str(uuid.uuid4()),
                "OriginalOrderType": one["OrderType"],
                "OriginalOrderNbr": one["OrderNbr"],
            }
        }
        return self.add_order(
            tenant=found.name, lines=lines, order_type=order_type, customer=one["CustomerID"], note=note, more=more
        )

    def finish_return(self, order: str, tenant: str | None = None) -> None:
        """Receive what a return announced."""
        found, one = self.order(order, tenant)
        one["_status"] = "Completed"
        selling.settle(found, one)

    # Items and stock

    def add_item(
        self,
        sku: str,
        quantity: int = 0,
        name: str | None = None,
        barcode: str | None = None,
        weight: str | None = None,
        weight_unit: str = "KG",
        template: str | None = None,
        is_kit: bool = False,
        price: str = "0",
        warehouse: str = MAIN,
        changed_at: str | None = None,
        more: dict[str, Any] | None = None,
        tenant: str | None = None,
    ) -> str:
        """A stock item with units in one warehouse; its InventoryID."""
        codes = [{"id": str(uuid.uuid4()), "AlternateID": barcode, "AlternateType": "Barcode"}] if barcode else []
        fields: Record = {
            "Description": name or sku,
            "CrossReferences": codes,
            "TemplateItemID": template,
            "IsAKit": is_kit,
            "DefaultPrice": Decimal(price),
            **({"DimensionWeight": Decimal(weight), "WeightUOM": weight_unit} if weight else {}),
            **({"LastModified": datetime.fromisoformat(changed_at)} if changed_at else {}),
            **(more or {}),
        }
        stocking.add_item(self.tenant(tenant), sku, quantity, warehouse, **fields)
        self.is_changed = True
        return sku

    def rename_item(self, sku: str, name: str, tenant: str | None = None) -> None:
        """Change an item's description."""
        found = self.tenant(tenant)
        item = self._item(found, sku)
        item["Description"] = name
        found.touch("StockItem", item)

    def delete_item(self, sku: str, tenant: str | None = None) -> None:
        """Delete an item."""
        found = self.tenant(tenant)
        found.drop("StockItem", self._item(found, sku))

    def set_stock(self, sku: str, quantity: int, warehouse: str = MAIN, tenant: str | None = None) -> None:
        """Set what is on hand."""
        self._item(self.tenant(tenant), sku)["_stock"][warehouse.casefold()] = Decimal(quantity)
        self.is_changed = True

    def stock_of(self, sku: str, warehouse: str | None = None, tenant: str | None = None) -> Decimal | None:
        """What is shown as available; None where the item is kept nowhere."""
        found = self.tenant(tenant)
        item = found.get("StockItem", sku)
        if item is None or (warehouse or MAIN).casefold() not in item["_stock"]:
            return None
        return stocking.available(found, sku, warehouse or MAIN)

    def _item(self, tenant: Tenant, sku: str) -> Record:
        item = tenant.get("StockItem", sku)
        if item is None:
            raise LookupError(f"no item {sku}")
        return item
