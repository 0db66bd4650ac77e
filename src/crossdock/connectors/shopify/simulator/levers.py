"""What tests, benches and people do to a simulated shop: the same names as everywhere, with this platform's arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crossdock.connectors.kit.simulator import Simulator
from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.access import App
from crossdock.connectors.shopify.simulator.inputs import address as as_address
from crossdock.connectors.shopify.simulator.inputs import customer, priced, shipping_line, variant
from crossdock.connectors.shopify.simulator.state import SCOPES, Shop
from crossdock.connectors.shopify.simulator.values import Record, gid, number_of

if TYPE_CHECKING:
    from decimal import Decimal

    from crossdock.connectors.shopify.simulator.access import Access
    from crossdock.connectors.shopify.simulator.webhooks import Courier

HOME = {
    "firstName": "Robin",
    "lastName": "Example",
    "address1": "12 Harbor Street",
    "city": "Portland",
    "provinceCode": "OR",
    "countryCode": "US",
    "zip": "97201",
    "phone": "+15035550100",
}
"""Where orders go unless told otherwise."""


class Levers(Simulator):
    """Mixed into the simulator. `shop` is a handle; None means the first shop. `order` is a number (1001), a name (#1001) or an id."""

    shops: dict[str, Shop]
    access: Access
    courier: Courier

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The kit's levers and this platform's."""
        own = (
            self.add_shop,
            self.add_order,
            self.touch_order,
            self.edit_order,
            self.cancel_order,
            self.refund_order,
            self.hold_order,
            self.release_order,
            self.move_order,
            self.fulfill_order,
            self.delete_order,
            self.pay_order,
            self.add_location,
            self.add_service,
            self.unstock,
            self.give_token,
            self.add_app,
            self.revoke_scopes,
            self.stop_shop,
            self.set_routing_delay,
            self.set_limits,
            self.duplicate_webhooks,
            self.forget_webhooks,
            self.load,
        )
        return super().levers() | {lever.__name__: lever for lever in own}

    # Shops and rights

    def add_shop(self, handle: str, name: str | None = None, currency: str = "USD") -> str:
        """Open a shop with one location; its handle."""
        shop = Shop(
            handle=handle,
            name=name or handle.replace("-", " ").title(),
            currency=currency,
            clock=self.clock,
            number=50_000_000 + len(self.shops),
        )
        shop.on_event = self.courier.note
        shop.last_id += len(self.shops) * 1_000_000_000
        shop.add_location("Main warehouse")
        self.shops[handle] = shop
        self.is_changed = True
        return handle

    def shop(self, handle: str | None = None) -> Shop:
        """A shop by its handle, the first one for None. Raises LookupError."""
        if handle is None:
            return next(iter(self.shops.values()))
        if handle not in self.shops:
            raise LookupError(f"no shop {handle}")
        return self.shops[handle]

    def give_token(
        self, shop: str | None = None, value: str | None = None, scopes: list[str] | None = None, app: str = "crossdocksandboxapp"
    ) -> str:
        """A permanent token of an admin-made app."""
        return self.access.give(self.shop(shop), app, value=value, scopes=tuple(scopes) if scopes is not None else SCOPES)

    def add_app(self, client_id: str, client_secret: str, scopes: list[str] | None = None, is_own: bool = True) -> None:
        """Register an app that may sign in."""
        self.access.apps[client_id] = App(client_id, client_secret, tuple(scopes) if scopes else SCOPES, is_own)

    def revoke_key(self, shop: str | None = None) -> None:
        """End all tokens of a shop, or of all shops."""
        self.access.revoke(shop)

    def revoke_scopes(self, scopes: list[str], shop: str | None = None) -> None:
        """Take scopes away from every token of a shop."""
        handle = self.shop(shop).handle
        for token in self.access.tokens.values():
            if token.shop == handle:
                token.scopes = tuple(scope for scope in token.scopes if scope not in scopes)

    def stop_shop(self, status: int | None, shop: str | None = None) -> None:
        """Let the whole shop refuse (402 unpaid, 423 locked, 404 closed); None lets it work again."""
        self.shop(shop).stops = status

    def set_routing_delay(self, seconds: float, shop: str | None = None) -> None:
        """How long after an order its fulfillment orders appear."""
        self.shop(shop).routing_delay = seconds

    def set_limits(self, on: bool = True, restore_rate: float = 100.0, shop: str | None = None) -> None:
        """Whether queries cost points, and how fast the bucket of twenty times that refills."""
        found = self.shop(shop)
        found.has_limits, found.restore_rate = on, restore_rate
        found.buckets.clear()

    def duplicate_webhooks(self, copies: int = 2, pause: float | None = None) -> None:
        """Send every message this many times; `pause` is the wait before a repetition."""
        self.courier.copies = copies
        if pause is not None:
            self.courier.pause = pause

    def forget_webhooks(self, shop: str | None = None) -> None:
        """Drop all subscriptions, as an uninstall does."""
        self.shop(shop).subscriptions.clear()

    # Places

    def add_location(self, name: str, shop: str | None = None) -> str:
        """A further location; its id."""
        place_id: str = self.shop(shop).add_location(name)["id"]
        return place_id

    def add_service(self, name: str, shop: str | None = None) -> str:
        """A fulfillment service of somebody else, with its location; the location's id."""
        place_id: str = self.shop(shop).add_service(name)["_location"]
        return place_id

    def unstock(self, sku: str, location: str, on: bool = True, shop: str | None = None) -> None:
        """Let an item not be stocked at a location; shipping it from there is refused."""
        found = self.shop(shop)
        entry = (sku, found.location(location)["id"])
        if on:
            found.unstocked.add(entry)
        else:
            found.unstocked.discard(entry)

    # Orders

    def add_order(
        self,
        number: int | None = None,
        shop: str | None = None,
        lines: list[dict[str, Any]] | None = None,
        ship_to: dict[str, Any] | None = None,
        method: str | None = "Standard",
        shipping_price: str = "5.00",
        tax: str = "0",
        currency: str | None = None,
        presentment_currency: str | None = None,
        presentment_rate: str | None = None,
        financial_status: str = "PAID",
        email: str | None = "robin@example.com",
        note: str | None = None,
        tags: list[str] | None = None,
        test: bool = False,
        po_number: str | None = None,
        created_at: str | None = None,
        fulfill_at: str | None = None,
        has_address: bool = True,
        delivery: str = "SHIPPING",
        more: dict[str, Any] | None = None,
    ) -> str:
        """Place an order; its global id.

        `lines`: sku, title, quantity, price, and optionally location (name or id), requires_shipping, gift_card, group, discount.
        `ship_to` overrides parts of the usual address, in the schema's names. `more` are further fields of Order.
        """
        from decimal import Decimal

        found = self.shop(shop)
        money = currency or found.currency
        rate = Decimal(presentment_rate) if presentment_rate else None
        other = presentment_currency
        given_lines = lines or [{"sku": "BLUE-M", "title": "Blue shirt M", "quantity": 1, "price": "20.00"}]
        place = as_address(found, HOME | (ship_to or {})) if has_address else None
        fields: Record = {
            "currencyCode": money,
            "presentmentCurrencyCode": other or money,
            "displayFinancialStatus": financial_status,
            "email": email,
            "note": note,
            "tags": sorted(tags or []),
            "test": test,
            "poNumber": po_number,
            "createdAt": created_at,
            "shippingAddress": place,
            "billingAddress": place,
            "totalTaxSet": priced(tax, money, rate, other),
            "_shipping_lines": [shipping_line(found, method, priced(shipping_price, money, rate, other))] if method else [],
            "_fulfill_at": fulfill_at,
            "_method": delivery,
            "customer": customer(found, email, HOME | (ship_to or {})),
        } | (more or {})
        if number is not None:
            fields |= {"number": number, "name": f"#{number}"}
        made = [self._line(found, line, money, rate, other) for line in given_lines]
        self.is_changed = True
        order_id: str = orders.place(found, fields, made)["id"]
        return order_id

    def _line(self, shop: Shop, given: dict[str, Any], currency: str, rate: Decimal | None, other: str | None) -> Record:
        sku = given.get("sku")
        price = priced(str(given.get("price", "10.00")), currency, rate, other)
        is_gift_card = bool(given.get("gift_card"))
        line: Record = {
            "sku": sku,
            "title": given.get("title") or sku or "Item",
            "quantity": int(given.get("quantity", 1)),
            "requiresShipping": bool(given.get("requires_shipping", not is_gift_card)),
            "isGiftCard": is_gift_card,
            "originalUnitPriceSet": price,
            "variant": variant(shop, sku),
            "_location": shop.location(given["location"])["id"] if given.get("location") else None,
            "customAttributes": [{"key": key, "value": value} for key, value in (given.get("options") or {}).items()],
        }
        if group := given.get("group"):
            line["lineItemGroup"] = {
                "__typename": "LineItemGroup",
                "id": gid("LineItemGroup", f"{sum(map(ord, group)):d}"),
                "title": group,
                "quantity": 1,
                "variantId": None,
                "variantSku": given.get("group_sku"),
                "productId": None,
                "customAttributes": [],
            }
        return line

    def order(self, order: str | int, shop: str | None = None) -> tuple[Shop, Record]:
        """An order with its shop, by number, name or id, in one shop or in all. Raises LookupError."""
        wanted = str(order)
        for found in [self.shop(shop)] if shop else self.shops.values():
            if wanted.startswith("gid:"):
                by_id = found.orders.get(number_of(wanted))
                if by_id is not None:
                    return found, by_id
                continue
            for one in found.orders.values():
                if one["name"].lstrip("#") == wanted.lstrip("#") or str(number_of(one["id"])) == wanted:
                    return found, one
        raise LookupError(f"no order {order}")

    def touch_order(self, order: str | int, shop: str | None = None) -> None:
        """Change an order without changing what it says, so that it moves to the end of the order of changes."""
        orders.touch(*self.order(order, shop))

    def edit_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        added: list[dict[str, Any]] | None = None,
        address: dict[str, Any] | None = None,
        note: str | None = None,
        shop: str | None = None,
    ) -> None:
        """Reduce lines (by SKU or line id, to a quantity), add lines, change the address or the note."""
        found, one = self.order(order, shop)
        more = [self._line(found, line, one["currencyCode"], None, None) for line in added or []]
        orders.edit(found, one, quantities=quantities or {}, added=more, address=address, note=note)

    def cancel_order(self, order: str | int, reason: str = "CUSTOMER", shop: str | None = None) -> None:
        """Cancel and refund an order."""
        found, one = self.order(order, shop)
        orders.cancel(found, one, reason=reason)

    def refund_order(
        self, order: str | int, quantities: dict[str, int] | None = None, restock: str = "CANCEL", shop: str | None = None
    ) -> None:
        """Refund units by SKU or line id, all for None; CANCEL takes them out of what is to be fulfilled."""
        found, one = self.order(order, shop)
        units = quantities if quantities is not None else {line["id"]: line["refundableQuantity"] for line in one["_lines"]}
        orders.refund(found, one, quantities=units, restock=restock)

    def hold_order(self, order: str | int, reason: str = "OTHER", notes: str | None = None, shop: str | None = None) -> None:
        """Put all open fulfillment orders of an order on hold."""
        found, one = self.order(order, shop)
        for part in one["_fulfillment_orders"]:
            if part["status"] not in routing.FINAL:
                routing.hold(found, part, reason=reason, notes=notes, handle=f"{len(part['_holds'])}")
        orders.touch(found, one)

    def release_order(self, order: str | int, shop: str | None = None) -> None:
        """Release all holds of an order."""
        found, one = self.order(order, shop)
        for part in one["_fulfillment_orders"]:
            if part["status"] == "ON_HOLD":
                routing.release(found, part)
        orders.touch(found, one)

    def move_order(self, order: str | int, location: str, shop: str | None = None) -> None:
        """Move all open fulfillment orders of an order to a location."""
        found, one = self.order(order, shop)
        for part in list(one["_fulfillment_orders"]):
            if part["status"] not in routing.FINAL:
                routing.move(found, part, found.location(location), None)
        orders.touch(found, one)

    def fulfill_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        tracking: str | None = "ELSEWHERE-1",
        company: str | None = "UPS",
        shop: str | None = None,
    ) -> None:
        """Fulfill an order, or units of it by SKU or line id, from elsewhere: by staff or by another app."""
        found, one = self.order(order, shop)
        info = [{"number": tracking, "company": company, "url": None}] if tracking else []
        left = dict(quantities) if quantities is not None else None
        for part in list(one["_fulfillment_orders"]):
            if part["status"] not in ("OPEN", "IN_PROGRESS"):
                continue
            units = {item["id"]: self._wanted(found, item, left) for item in part["_items"]}
            if any(units.values()):
                made = routing.new_fulfillment(found, one, [(part, units)], tracking=info)
                found.emit("FULFILLMENTS_CREATE", made)
        orders.touch(found, one)

    def _wanted(self, shop: Shop, item: Record, left: dict[str, int] | None) -> int:
        units: int = item["remainingQuantity"]
        if left is None:
            return units
        line = shop.lines[item["_line"]]
        key = line["id"] if line["id"] in left else line["sku"] or ""
        taken = min(units, left.get(key, 0))
        if taken:
            left[key] -= taken
        return taken

    def delete_order(self, order: str | int, shop: str | None = None) -> None:
        """Delete an order for good."""
        found, one = self.order(order, shop)
        found.forget(one)
        found.emit("ORDERS_DELETE", one)

    def pay_order(self, order: str | int, status: str = "PAID", shop: str | None = None) -> None:
        """Change where the money stands."""
        found, one = self.order(order, shop)
        one["displayFinancialStatus"] = status
        orders.touch(found, one, tell=("ORDERS_PAID", "ORDERS_UPDATED") if status == "PAID" else ("ORDERS_UPDATED",))

    def load(self, content: str, shop: str | None = None) -> dict[str, Any]:
        """Load the platform's own payloads, given as text; what was understood of them."""
        from crossdock.connectors.shopify.simulator.loading import load_into

        self.is_changed = True
        return load_into(self.shop(shop), content.encode("utf-8", "replace")).as_dict()

    # Proof

    def fulfillments_by_tracking(self, shop: str | None = None) -> dict[str, list[str]]:
        """Ids of the fulfillments that carry each tracking number: more than one means told twice."""
        found: dict[str, list[str]] = {}
        for one in [self.shop(shop)] if shop else self.shops.values():
            for fulfillment in one.fulfillments.values():
                if fulfillment["status"] == "SUCCESS":
                    for info in fulfillment["trackingInfo"]:
                        if info["number"]:
                            found.setdefault(info["number"], []).append(fulfillment["id"])
        return found
