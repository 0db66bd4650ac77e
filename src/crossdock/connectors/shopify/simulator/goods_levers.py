"""What tests, benches and people do to what a simulated shop sells, and to what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.connectors.shopify.simulator import goods, returns
from crossdock.connectors.shopify.simulator.levers import Levers
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, gid, number_of


class GoodsLevers(Levers):
    """Mixed into the simulator. A variant is named by its SKU or id, a return by its number (#1001-R1) or id."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The platform's levers and these."""
        own = (
            self.add_product,
            self.add_variants,
            self.add_bundle,
            self.rename_product,
            self.drop_product,
            self.set_stock,
            self.ask_return,
            self.approve_return,
            self.decline_return,
            self.cancel_return,
            self.close_return,
            self.ask_privacy,
        )
        return super().levers() | {lever.__name__: lever for lever in own}

    # Goods

    def add_product(
        self,
        sku: str | None = None,
        quantity: int = 0,
        name: str | None = None,
        barcode: str | None = None,
        weight: str | None = None,
        price: str = "10.00",
        tracked: bool = True,
        status: str = "ACTIVE",
        changed_at: str | None = None,
        shop: str | None = None,
    ) -> str:
        """Sell a product without variants, with so many units at the first location; its variant's id. `weight` in kilograms."""
        found = self.shop(shop)
        given: Record = {"sku": sku, "barcode": barcode, "weight": weight, "price": price, "tracked": tracked}
        product = goods.add_product(found, name or sku or "Item", [given], status=status, changed_at=changed_at)
        return self._stocked(found, product, [quantity])[0]

    def add_variants(self, name: str, skus: dict[str, int], changed_at: str | None = None, shop: str | None = None) -> list[str]:
        """Sell one product in several variants, with units at the first location by SKU; the variants' ids."""
        found = self.shop(shop)
        given: list[Record] = [{"sku": sku, "title": sku, "options": [{"name": "Size", "value": sku}]} for sku in skus]
        return self._stocked(found, goods.add_product(found, name, given, changed_at=changed_at), list(skus.values()))

    def add_bundle(self, sku: str, units: dict[str, int], name: str = "A bundle", shop: str | None = None) -> str:
        """Sell a bundle of other variants, units by SKU; its variant's id. It has no stock of its own."""
        found = self.shop(shop)
        components = {self.variant(part, shop)[1]["id"]: quantity for part, quantity in units.items()}
        product = goods.add_product(found, name, [{"sku": sku, "components": components}])
        self.is_changed = True
        key: str = product["_variants"][0]["id"]
        return key

    def _stocked(self, shop: Shop, product: Record, units: list[int]) -> list[str]:
        place = shop.location(None)["id"]
        for variant, quantity in zip(product["_variants"], units, strict=True):
            goods.stock(shop, variant["inventoryItem"], place, quantity)
        self.is_changed = True
        return [variant["id"] for variant in product["_variants"]]

    def variant(self, variant: str, shop: str | None = None) -> tuple[Shop, Record]:
        """A variant with its shop, by SKU, number or id. Raises LookupError."""
        for found in [self.shop(shop)] if shop else self.shops.values():
            by_id = found.variants.get(variant) or found.variants.get(gid("ProductVariant", variant))
            one = by_id or goods.sold_as(found, variant)
            if one is not None:
                return found, one
        raise LookupError(f"no variant {variant}")

    def rename_product(self, variant: str, name: str, shop: str | None = None) -> None:
        """Change the title of a variant's product."""
        found, one = self.variant(variant, shop)
        product = found.products[one["_product"]]
        product["title"] = name
        goods.touch(found, product)
        self.is_changed = True

    def drop_product(self, variant: str, shop: str | None = None) -> None:
        """Delete a variant's product."""
        found, one = self.variant(variant, shop)
        goods.remove(found, found.products[one["_product"]])
        self.is_changed = True

    def set_stock(self, variant: str, quantity: int, location: str | None = None, shop: str | None = None) -> None:
        """Have so many units of a variant available at a location, as staff counts them."""
        found, one = self.variant(variant, shop)
        goods.stock(found, one["inventoryItem"], found.location(location)["id"], quantity)
        self.is_changed = True

    def stock_of(self, variant: str, location: str | None = None, shop: str | None = None) -> int | None:
        """Units available of a variant at a location, the first for none; None where it is not stocked there."""
        found, one = self.variant(variant, shop)
        level = goods.level_of(found, one["inventoryItem"], found.location(location)["id"])
        return level["_quantities"]["available"] if level is not None and level["isActive"] else None

    # Returns

    def ask_return(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        reason: str = "UNWANTED",
        note: str = "",
        customer_note: str | None = None,
        shop: str | None = None,
    ) -> str:
        """Let a shopper ask to send back fulfilled units by SKU, all of them for none; the return's id."""
        found, one = self.order(order, shop)
        left = dict(quantities) if quantities is not None else None
        already: dict[str, int] = {}
        for item in (
            item for known in one["_returns"] if known["status"] in ("REQUESTED", "OPEN", "CLOSED") for item in known["_items"]
        ):
            already[item["_fulfilled"]] = already.get(item["_fulfilled"], 0) + item["quantity"]
        units: dict[str, int] = {}
        for fulfillment in one["_fulfillments"]:
            for row in fulfillment["_items"] if fulfillment["status"] == "SUCCESS" else ():
                sku = found.lines[row["_line"]]["sku"] or ""
                free = row["quantity"] - already.get(row["id"], 0)
                taken = free if left is None else min(free, left.get(sku, 0))
                if taken:
                    units[row["id"]] = taken
                    if left is not None:
                        left[sku] -= taken
        if not units:
            raise LookupError(f"nothing of order {order} was fulfilled that may come back")
        self.is_changed = True
        made = returns.ask(found, one, units, reason=reason, note=note, customer_note=customer_note)
        return f"{made['id']}"

    def return_(self, return_: str) -> tuple[Shop, Record, Record]:
        """A return with its shop and order, by its number (#1001-R1), its id's number or its id. Raises LookupError."""
        for found in self.shops.values():
            for one in found.returns.values():
                if return_ in (one["id"], one["name"], str(number_of(one["id"]))):
                    return found, found.order_of(one), one
        raise LookupError(f"no return {return_}")

    def approve_return(self, return_: str, tracking: str | None = None, company: str | None = "UPS") -> None:
        """Approve a return, with a label when a tracking number is given."""
        shop, order, one = self.return_(return_)
        returns.approve(shop, order, one, tracking=tracking, company=company)
        self.is_changed = True

    def decline_return(self, return_: str, note: str | None = None) -> None:
        """Refuse a return."""
        shop, order, one = self.return_(return_)
        returns.decline(shop, order, one, note=note)
        self.is_changed = True

    def cancel_return(self, return_: str) -> None:
        """Cancel a return."""
        returns.cancel(*self.return_(return_))
        self.is_changed = True

    def close_return(self, return_: str) -> None:
        """Receive all of a return and close it."""
        returns.close(*self.return_(return_))
        self.is_changed = True

    # Privacy

    def ask_privacy(self, topic: str, address: str, order: str | int | None = None, shop: str | None = None) -> str:
        """Send one of the three privacy messages of an app's configuration; the delivery's id.

        `topic` is customers/data_request, customers/redact or shop/redact; `order` names whose shopper asks.
        """
        found = self.shop(shop)
        body: Record = {"shop_id": found.number, "shop_domain": found.domain}
        if topic != "shop/redact":
            one = self.order(order, shop)[1] if order is not None else None
            person = (one or {}).get("customer") or {}
            orders = [number_of(one["id"])] if one is not None else []
            body["customer"] = {
                "id": number_of(person.get("id") or ""),
                "email": one["email"] if one is not None else None,
                "phone": one["phone"] if one is not None else None,
            }
            if topic == "customers/data_request":
                body |= {"orders_requested": orders, "data_request": {"id": number_of(found.new_id("DataRequest"))}}
            else:
                body["orders_to_redact"] = orders
        return self.courier.send(found, topic, address, msgspec.json.encode(body))
