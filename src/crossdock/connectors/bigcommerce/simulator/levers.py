"""What tests, benches and people do to a simulated store: the same names as everywhere, with this platform's arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.connectors.bigcommerce.simulator import making
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.state import Store
from crossdock.connectors.bigcommerce.simulator.v3 import set_on_hand
from crossdock.connectors.bigcommerce.statuses import (
    AWAITING_FULFILLMENT,
    CANCELLED,
    MANUAL_VERIFICATION,
    REFUNDED,
)
from crossdock.connectors.kit.simulator import Simulator

if TYPE_CHECKING:
    from crossdock.connectors.bigcommerce.simulator.access import Access
    from crossdock.connectors.bigcommerce.simulator.hooks import Courier


class Levers(Simulator):
    """Mixed into the simulator. `store` is a hash; None means the first. `order` is its number, which is its id; lines go by SKU or
    id.
    """

    stores: dict[str, Store]
    access: Access
    courier: Courier

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The kit's levers and this platform's."""
        own = (
            self.add_store,
            self.add_order,
            self.touch_order,
            self.edit_order,
            self.cancel_order,
            self.refund_order,
            self.hold_order,
            self.release_order,
            self.set_status,
            self.fulfill_order,
            self.take_back,
            self.archive_order,
            self.delete_order,
            self.add_product,
            self.add_location,
            self.give_token,
            self.set_limits,
            self.set_behavior,
            self.refuse_stock,
            self.settle_stock,
            self.uninstall,
            self.duplicate_webhooks,
            self.forget_webhooks,
            self.sleep_webhooks,
        )
        return super().levers() | {lever.__name__: lever for lever in own}

    # Stores and rights

    def add_store(self, hash: str, name: str | None = None, currency: str = "USD") -> str:
        """Open a store with one location; its hash."""
        store = Store(hash=hash, name=name or f"Store {hash}", clock=lambda: self.clock(), currency=currency)
        store.on_event = self.courier.note
        store.last_id += len(self.stores) * 1_000_000
        store.locations[1] = making.location(1, "Default location", store.now())
        self.stores[hash] = store
        self.is_changed = True
        return hash

    def store(self, hash: str | None = None) -> Store:
        """A store by its hash, the first one for None. Raises LookupError."""
        if hash is None:
            return next(iter(self.stores.values()))
        if hash not in self.stores:
            raise LookupError(f"no store {hash}")
        return self.stores[hash]

    def give_token(
        self, store: str | None = None, scopes: list[str] | None = None, client_id: str = "crossdocksandboxaccount"
    ) -> str:
        """A permanent token of a store-level API account."""
        more = {"scopes": tuple(scopes)} if scopes is not None else {}
        return self.access.give(self.store(store).hash, client_id, **more)  # type: ignore[arg-type]

    def revoke_key(self, store: str | None = None) -> None:
        """End all tokens of a store, or of all stores."""
        self.access.revoke(store)

    def set_limits(
        self, on: bool = True, calls: int = 150, seconds: float = 30.0, others_spend: int = 0, store: str | None = None
    ) -> None:
        """Whether calls are counted, how many a window has, and how many other apps spend with each of ours."""
        found = self.store(store)
        found.has_limits, found.quota, found.window_ms, found.others_spend = on, calls, round(seconds * 1000), others_spend
        found.window_began = -1e12

    def set_behavior(
        self,
        moves_status: bool = True,
        reads_lag: bool = False,
        warns_above: int = 50,
        signs_hooks: bool = True,
        store: str | None = None,
    ) -> None:
        """Whether shipments move an order's status, stock reads lag behind, after how many lines a consignment is cut, and whether
        messages are signed.
        """
        found = self.store(store)
        found.moves_status, found.reads_lag, found.warns_above = moves_status, reads_lag, warns_above
        self.courier.signs = signs_hooks

    def refuse_stock(self, sku: str, on: bool = True, store: str | None = None) -> None:
        """Let an item be refused, and with it the whole batch: as when its tracking was changed a moment ago."""
        refused = self.store(store).refused_skus
        if on:
            refused.append(sku)
        else:
            refused.remove(sku)

    def settle_stock(self, store: str | None = None) -> int:
        """Let reads show all stock that was written; how much there was."""
        found = self.store(store)
        for target, place, quantity in found.unseen:
            set_on_hand(found, target, place, quantity)
        count = len(found.unseen)
        found.unseen.clear()
        return count

    def uninstall(self, store: str | None = None) -> None:
        """The merchant removes the app: it is told, then its hooks and tokens end."""
        found = self.store(store)
        found.on_event(found, "store/app/uninstalled", {"type": "app"})
        found.hooks.clear()
        self.access.revoke(found.hash)

    def duplicate_webhooks(self, copies: int = 2, pause: float | None = None) -> None:
        """Send every message this many times; `pause` is the wait before a repetition."""
        self.courier.copies = copies
        if pause is not None:
            self.courier.pause = pause

    def forget_webhooks(self, store: str | None = None) -> None:
        """Drop all hooks."""
        self.store(store).hooks.clear()

    def sleep_webhooks(self, store: str | None = None) -> None:
        """Put all hooks to sleep, as two days of failures or ninety of silence do."""
        for hook in self.store(store).hooks.values():
            hook["is_active"] = False

    # Orders

    def add_order(
        self,
        number: int | None = None,
        store: str | None = None,
        lines: list[dict[str, Any]] | None = None,
        ship_to: dict[str, Any] | None = None,
        more_addresses: list[dict[str, Any]] | None = None,
        method: str | None = "Free Shipping",
        shipping_price: str = "5.00",
        status: int = AWAITING_FULFILLMENT,
        currency: str | None = None,
        email: str | None = None,
        note: str | None = None,
        coupon: str | None = None,
        coupon_discount: str = "0",
        test: bool = False,
        created_at: str | None = None,
        fields: dict[str, Any] | None = None,
    ) -> str:
        """Let a shopper place an order; its id, which is its number. A line names with `to` which address it goes to, from 0."""
        found = self.store(store)
        id_ = number or found.last_order + 1
        while id_ in found.orders:
            id_ += 1
        found.last_order = max(found.last_order, id_)
        placed = int(datetime.fromisoformat(created_at).timestamp()) if created_at else found.now()
        billing: Record = {**(ship_to or {}), **({"email": email} if email else {})}
        given = {"currency": currency or found.currency, "customer_message": note or "", **(fields or {})}
        if test:
            given["payment_method"] = "Test Payment Gateway"
        order = making.order(id_, placed, billing, given)
        sold: list[dict[str, Any]] = (
            lines if lines is not None else [{"sku": "BLUE-M", "title": "Blue shirt M", "quantity": 2, "price": "20.00"}]
        )
        needs_address = any(one.get("type", "physical") == "physical" and not one.get("order_pickup_method_id") for one in sold)
        if needs_address:
            for place in (billing, *(more_addresses or [])):
                order["_addresses"].append(making.address(found.new_id(), id_, place, method or ""))
        for one in sold:
            place_id = order["_addresses"][int(one.get("to", 0))]["id"] if needs_address else 0
            order["_lines"].append(making.line(found.new_id(), id_, place_id, one))
        order["coupon_discount"] = making.money(coupon_discount)
        making.sum_up(order, shipping_price)
        if coupon:
            order["_coupons"] = [
                {
                    "id": found.new_id(),
                    "coupon_id": 1,
                    "order_id": id_,
                    "code": coupon,
                    "amount": coupon_discount,
                    "type": 2,
                    "discount": float(coupon_discount),
                }
            ]
        found.orders[id_] = order
        self.is_changed = True
        found.on_event(found, "store/order/created", {"type": "order", "id": id_})
        found.set_status(order, status)
        if created_at:
            order["_modified"] = placed
        return str(id_)

    def touch_order(self, order: int | str, store: str | None = None) -> None:
        """Change nothing but the moment of change."""
        found = self.store(store)
        found.touched(found.order(order))

    def edit_order(
        self,
        order: int | str,
        quantities: dict[str, int] | None = None,
        add: list[dict[str, Any]] | None = None,
        address: dict[str, Any] | None = None,
        note: str | None = None,
        fields: dict[str, Any] | None = None,
        store: str | None = None,
    ) -> None:
        """Staff change an order: lines to quantities (0 takes them out), new lines, the first address, the shopper's note."""
        found = self.store(store)
        record = found.order(order)
        for name, quantity in (quantities or {}).items():
            line = found.line(record, name)
            line["quantity"] = quantity
            if not quantity:
                record["_lines"].remove(line)
        for one in add or []:
            record["_lines"].append(making.line(found.new_id(), record["id"], record["_addresses"][0]["id"], one))
        if quantities or add:
            making.sum_up(record, record["base_shipping_cost"])
        if address:
            record["_addresses"][0] |= address
        if note is not None:
            record["customer_message"] = note
        record |= fields or {}
        found.touched(record)
        self.is_changed = True

    def set_status(self, order: int | str, status: int, store: str | None = None) -> None:
        """Staff set a status by hand; quantities stay."""
        found = self.store(store)
        found.set_status(found.order(order), status)

    def cancel_order(self, order: int | str, store: str | None = None) -> None:
        """Cancel an order."""
        self.set_status(order, CANCELLED, store)

    def hold_order(self, order: int | str, store: str | None = None) -> None:
        """Let somebody look into it first: Manual Verification Required."""
        self.set_status(order, MANUAL_VERIFICATION, store)

    def release_order(self, order: int | str, store: str | None = None) -> None:
        """Back to Awaiting Fulfillment."""
        self.set_status(order, AWAITING_FULFILLMENT, store)

    def refund_order(self, order: int | str, quantities: dict[str, int] | None = None, store: str | None = None) -> None:
        """Refund units by SKU or line id, or all; only then does the status follow."""
        found = self.store(store)
        record = found.order(order)
        if quantities is None:
            for line in record["_lines"]:
                line["quantity_refunded"] = line["quantity"]
            record["payment_status"] = "refunded"
            found.set_status(record, REFUNDED)
            return
        for name, units in quantities.items():
            line = found.line(record, name)
            line["quantity_refunded"] = min(line["quantity"], line["quantity_refunded"] + units)
            line["is_refunded"] = line["quantity_refunded"] == line["quantity"]
        record["payment_status"] = "partially refunded"
        refund = {"refund_id": found.new_id()}
        found.touched(record, "store/order/refund/created", {"type": "order", "id": record["id"], "refund": refund})

    def fulfill_order(
        self, order: int | str, quantities: dict[str, int] | None = None, tracking: str = "ELSEWHERE-1", store: str | None = None
    ) -> str:
        """Somebody else ships an order, or units of it by SKU; the id of the last shipment."""
        found = self.store(store)
        record = found.order(order)
        units = {found.line(record, name)["id"]: count for name, count in (quantities or {}).items()}
        last = ""
        for place in record["_addresses"]:
            rows = [one for one in record["_lines"] if one["order_address_id"] == place["id"]]
            counts = {
                one["id"]: one["quantity"] - one["quantity_shipped"] - one["quantity_refunded"]
                if quantities is None
                else units.get(one["id"], 0)
                for one in rows
            }
            items = [{"order_product_id": line, "quantity": count} for line, count in counts.items() if count > 0]
            if items:
                body: Record = {
                    "order_address_id": place["id"],
                    "tracking_number": tracking,
                    "items": items,
                    "shipping_provider": "",
                }
                last = str(found.ship(record, body)["id"])
        return last

    def take_back(self, shipment: int | str, store: str | None = None) -> None:
        """Staff delete a shipment; the order's status stays."""
        found = self.store(store)
        for record in found.orders.values():
            for one in record["_shipments"]:
                if one["id"] == int(shipment):
                    found.unship(record, one)
                    return
        raise LookupError(f"no shipment {shipment}")

    def archive_order(self, order: int | str, store: str | None = None) -> None:
        """Delete it as staff do: it leaves the lists and can still be read."""
        found = self.store(store)
        record = found.order(order)
        record["is_deleted"] = True
        found.touched(record, "store/order/archived")

    def delete_order(self, order: int | str, store: str | None = None) -> None:
        """Take it away for good."""
        found = self.store(store)
        del found.orders[found.order(order)["id"]]

    def shipments(self, store: str | None = None) -> list[Record]:
        """All shipments that stand."""
        return [one for order in self.store(store).orders.values() for one in order["_shipments"]]

    # What is sold

    def add_product(
        self,
        sku: str | None = None,
        quantity: int = 0,
        name: str | None = None,
        variants: dict[str, int] | None = None,
        tracking: str = "variant",
        safety_stock: int = 0,
        store: str | None = None,
        fields: dict[str, Any] | None = None,
    ) -> list[str]:
        """Put a product up for sale, with units at the first location; the ids of its variants."""
        found = self.store(store)
        taken = {one["sku"] for one in found.variants()}
        wanted = variants if variants is not None else {sku or "": quantity}
        if any(name in taken for name in wanted if name):
            raise ValueError("a SKU is unique in a store")
        given = {"sku": sku or "", "inventory_tracking": tracking, **(fields or {})}
        record = making.product(found.new_id(), name or sku or "Something", found.now(), given)
        place = next(iter(found.locations))
        for one, units in wanted.items():
            made = making.variant(found.new_id(), record["id"], one, {})
            if variants is not None:
                made["option_values"] = [{"id": made["id"], "option_id": 1, "option_display_name": "Size", "label": one}]
            made["_levels"] = {str(place): [units, safety_stock]}
            record["_variants"].append(made)
        found.products[record["id"]] = record
        self.is_changed = True
        return [str(one["id"]) for one in record["_variants"]]

    def add_location(self, label: str, enabled: bool = True, store: str | None = None) -> str:
        """A further place that keeps stock; its id."""
        found = self.store(store)
        id_ = max(found.locations) + 1
        found.locations[id_] = making.location(id_, label, found.now(), enabled=enabled)
        return str(id_)

    def pounds(self, kilograms: Decimal) -> float:
        """A weight as this store measures it."""
        return float(round(kilograms / Decimal("0.45359237"), 4))
