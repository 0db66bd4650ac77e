"""What tests, benches and people do to a simulated Magento: the same names as everywhere, with this platform's arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crossdock.connectors.kit.simulator import Simulator
from crossdock.connectors.magento2.simulator import orders, shipping
from crossdock.connectors.magento2.simulator.access import new_value

if TYPE_CHECKING:
    from crossdock.connectors.magento2.simulator.state import Record, Shop

HOME = {
    "firstname": "Robin",
    "lastname": "Example",
    "street": ["12 Harbor Street"],
    "city": "Portland",
    "region": "Oregon",
    "region_code": "OR",
    "region_id": 49,
    "postcode": "97201",
    "country_id": "US",
    "telephone": "+15035550100",
}
"""Where orders go unless told otherwise."""


class Levers(Simulator):
    """Mixed into the simulator. `shop` None means the first. `order` is a number (17), a whole number (000000017) or a key."""

    shops: dict[str, Shop]

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The kit's levers and this platform's."""
        own = (
            self.add_order,
            self.touch_order,
            self.edit_order,
            self.edit_as_new,
            self.cancel_order,
            self.refund_order,
            self.hold_order,
            self.release_order,
            self.ship_order,
            self.delete_order,
            self.add_status,
            self.add_product,
            self.add_source,
            self.set_stock,
            self.add_return,
            self.set_bearer_switch,
            self.set_rights,
            self.set_edition,
            self.set_release,
            self.set_limits,
            self.load,
        )
        return super().levers() | {lever.__name__: lever for lever in own}

    def shop(self, name: str | None = None) -> Shop:
        """A shop by name, the first for None. Raises LookupError."""
        if name is None:
            return next(iter(self.shops.values()))
        if name not in self.shops:
            raise LookupError(f"no shop {name}")
        return self.shops[name]

    # The installation

    def set_bearer_switch(self, on: bool, shop: str | None = None) -> None:
        """Whether an access token alone lets in; off in every new installation since 2.4.4."""
        self.shop(shop).takes_bearer = on

    def set_rights(self, rights: list[str] | None, shop: str | None = None) -> None:
        """What the integration may do; None is everything."""
        self.shop(shop).integration.rights = frozenset(rights) if rights is not None else None

    def revoke_key(self, shop: str | None = None) -> None:
        """Activate the integration anew: all four values are others from now on."""
        one = self.shop(shop).integration
        one.consumer_key, one.consumer_secret, one.token, one.token_secret = (new_value() for _ in range(4))

    def set_edition(self, commerce: bool, shop: str | None = None) -> None:
        """Adobe Commerce, or Magento Open Source, which has no returns."""
        self.shop(shop).is_commerce = commerce

    def set_release(
        self,
        repeats_last_page: bool = False,
        quotes_scalars: bool = False,
        checks_comment_status: bool = True,
        leaves_children_unshipped: bool = False,
        has_salable_export: bool = True,
        shop: str | None = None,
    ) -> None:
        """How releases differ: the page behind the last one, bare or quoted keys, statuses in comments, children of bundles."""
        found = self.shop(shop)
        found.repeats_last_page, found.quotes_scalars = repeats_last_page, quotes_scalars
        found.checks_comment_status, found.leaves_children_unshipped = checks_comment_status, leaves_children_unshipped
        found.has_salable_export = has_salable_export

    def set_limits(self, on: bool = True, calls_per_second: float = 10.0, shop: str | None = None) -> None:
        """Whether the network in front of the shop refuses callers that are too fast."""
        found = self.shop(shop)
        found.limit = calls_per_second if on else None
        found.tokens_left, found.tokens_at = calls_per_second * 2, None

    def add_status(self, code: str, label: str, state: str = "processing", shop: str | None = None) -> None:
        """A status of the shop's own."""
        found = self.shop(shop)
        found.statuses.setdefault(state, []).append(code)
        found.labels[code] = label

    # Goods

    def add_product(
        self,
        sku: str,
        name: str | None = None,
        type_id: str = "simple",
        quantity: float = 1000,
        price: float = 10.0,
        attributes: dict[str, str] | None = None,
        components: list[dict[str, Any]] | None = None,
        shop: str | None = None,
    ) -> int:
        """A product; its key. `components` are (sku, quantity) of a bundle without choices."""
        found = self.shop(shop)
        more: dict[str, Any] = {"name": name, "type_id": type_id, "quantity": quantity, "price": price}
        more["custom_attributes"] = [{"attribute_code": code, "value": value} for code, value in (attributes or {}).items()]
        if components:
            options = []
            for place, part in enumerate(components, start=1):
                link = {
                    "id": str(place),
                    "sku": part["sku"],
                    "option_id": place,
                    "qty": part.get("quantity", 1),
                    "position": 1,
                    "is_default": True,
                    "price": 0,
                    "price_type": 0,
                    "can_change_quantity": 0,
                }
                title = f"Part {place}"
                option = {"option_id": place, "title": title, "required": True, "type": "select", "position": place, "sku": sku}
                options.append({**option, "product_links": [link]})
            more["extension_attributes"] = {"website_ids": [1], "bundle_product_options": options}
        self.is_changed = True
        return int(found.add_product(sku, **more)["id"])

    def add_source(self, code: str, name: str, shop: str | None = None) -> None:
        """A further place that keeps stock."""
        self.shop(shop).add_source(code, name)

    def set_stock(self, sku: str, quantity: float, source: str = "default", shop: str | None = None) -> None:
        """What is at a source."""
        found = self.shop(shop)
        found.add_product(sku)
        found.set_source_item(sku, source, quantity)

    # Orders

    def add_order(
        self,
        number: int | None = None,
        shop: str | None = None,
        lines: list[dict[str, Any]] | None = None,
        ship_to: dict[str, Any] | None = None,
        method: str = "flatrate_flatrate",
        email: str | None = "robin@example.com",
        note: str | None = None,
        state: str = "processing",
        status: str | None = None,
        created_at: str | None = None,
        has_address: bool = True,
        is_paid: bool = True,
        store_id: int = 1,
        more: dict[str, Any] | None = None,
    ) -> str:
        """Place an order; its key.

        `lines`: sku, name, quantity, price, type (simple, configurable, bundle, virtual, downloadable), for the second and third
        `inside` (sku, quantity in one), for bundles `ships` (together, separately). `ship_to` overrides parts of the usual address.
        """
        found = self.shop(shop)
        given = lines or [{"sku": "BLUE-M", "name": "Blue shirt M", "quantity": 1, "price": 20.0}]
        fields: dict[str, Any] = {
            "customer_email": email,
            "customer_note": note,
            "customer_is_guest": 1,
            "state": state,
            "status": status or found.statuses[state][0],
            "store_id": store_id,
            "is_paid": is_paid and state != "new",
            "created_at": created_at,
            "payment": {
                "account_status": None,
                "additional_information": ["Check / Money order"],
                "cc_last4": None,
                "method": "checkmo",
            },
        } | (more or {})
        address = {**HOME, "email": email, **(ship_to or {})} if has_address else None
        if number is None:
            found.last_number += 1
            number = found.last_number
        made = orders.place(found, given, address=address, number=found.number(number), fields=fields, method=method)
        self.is_changed = True
        return str(made["entity_id"])

    def order(self, order: str | int, shop: str | None = None) -> tuple[Shop, Record]:
        """An order with its shop. Raises LookupError."""
        for found in [self.shop(shop)] if shop else self.shops.values():
            try:
                return found, found.order(order)
            except LookupError:
                continue
        raise LookupError(f"no order {order}")

    def touch_order(self, order: str | int, shop: str | None = None) -> None:
        """Change nothing but the moment of change."""
        found, one = self.order(order, shop)
        found.touch(one)

    def edit_order(
        self, order: str | int, note: str | None = None, address: dict[str, Any] | None = None, shop: str | None = None
    ) -> None:
        """Change the note or the address in place; items change only by editing the order as a new one."""
        found, one = self.order(order, shop)
        if note is not None:
            one["customer_note"] = note
        for assignment in one["extension_attributes"]["shipping_assignments"]:
            assignment["shipping"]["address"] |= address or {}
        found.touch(one)

    def edit_as_new(self, order: str | int, lines: list[dict[str, Any]], shop: str | None = None) -> str:
        """Edit an order as the admin does: it is canceled, and a new one takes its place; the new one's key."""
        found, one = self.order(order, shop)
        number = f"{one['increment_id']}-1"
        more = {
            "relation_parent_id": str(one["entity_id"]),
            "relation_parent_real_id": one["increment_id"],
            "original_increment_id": one["increment_id"],
            "edit_increment": 1,
        }
        key = self.add_order(lines=lines, shop=found.name, more=more)
        found.orders[int(key)]["increment_id"] = number
        one |= {"relation_child_id": key, "relation_child_real_id": number}
        orders.cancel(found, one)
        return key

    def cancel_order(self, order: str | int, shop: str | None = None) -> None:
        """Cancel it."""
        orders.cancel(*self.order(order, shop))

    def refund_order(self, order: str | int, quantities: dict[str, float] | None = None, shop: str | None = None) -> None:
        """Refund units by SKU that did not leave, all for None."""
        found, one = self.order(order, shop)
        orders.refund(found, one, dict(quantities) if quantities is not None else None)

    def hold_order(self, order: str | int, shop: str | None = None) -> None:
        """Put it on hold."""
        orders.hold(*self.order(order, shop))

    def release_order(self, order: str | int, shop: str | None = None) -> None:
        """Take it off hold."""
        orders.release(*self.order(order, shop))

    def ship_order(
        self,
        order: str | int,
        quantities: dict[str, float] | None = None,
        tracking: str | None = "ELSEWHERE-1",
        shop: str | None = None,
    ) -> str:
        """Ship an order, or units of it by SKU, by hand in the admin; the shipment's key."""
        found, one = self.order(order, shop)
        rows = [
            {
                "order_item_id": item["item_id"],
                "qty": (quantities or {}).get(item["sku"], 0) if quantities else orders.to_ship(item),
            }
            for item in one["items"]
            if not orders.is_dummy(one, item) and not item["is_virtual"]
        ]
        tracks = [{"track_number": tracking, "title": "UPS", "carrier_code": "ups"}] if tracking else []
        body = {"items": [row for row in rows if row["qty"]], "tracks": tracks}
        self.is_changed = True
        return str(shipping.ship(found, one["entity_id"], body))

    def delete_order(self, order: str | int, shop: str | None = None) -> None:
        """Take it away, as if it had never been."""
        found, one = self.order(order, shop)
        del found.orders[one["entity_id"]]

    def add_return(
        self, order: str | int, quantities: dict[str, int] | None = None, status: str = "pending", shop: str | None = None
    ) -> str:
        """A shopper asks to send something back; the return's key."""
        found, one = self.order(order, shop)
        key = found.new_id()
        items = [
            {
                "entity_id": found.new_id(),
                "rma_entity_id": key,
                "order_item_id": item["item_id"],
                "qty_requested": int(quantities.get(item["sku"], 0) if quantities else item["qty_ordered"]),
                "qty_authorized": 0,
                "qty_approved": 0,
                "qty_returned": 0,
                "reason": "5",
                "condition": "8",
                "resolution": "3",
                "status": status,
            }
            for item in one["items"]
            if not item.get("parent_item_id")
        ]
        found.returns[key] = {
            "entity_id": key,
            "increment_id": f"{key:09d}",
            "order_id": one["entity_id"],
            "order_increment_id": one["increment_id"],
            "store_id": one["store_id"],
            "customer_id": 0,
            "date_requested": found.now(),
            "customer_custom_email": one.get("customer_email") or "",
            "items": [item for item in items if item["qty_requested"]],
            "status": status,
            "comments": [],
            "tracks": [],
        }
        self.is_changed = True
        return str(key)

    def change_return(self, key: str, status: str, comment: str | None = None, shop: str | None = None) -> None:
        """Move a return on; each step leaves a comment."""
        found = self.shop(shop)
        one = found.returns[int(key)]
        one["status"] = status
        one["comments"].append(
            {
                "comment": comment or f"The return is {status}.",
                "rma_entity_id": int(key),
                "created_at": found.now(),
                "entity_id": found.new_id(),
                "customer_notified": False,
                "visible_on_front": True,
                "status": status,
                "admin": True,
            }
        )

    def load(self, content: str, shop: str | None = None) -> dict[str, Any]:
        """Load the platform's own payloads, given as text; what was understood of them."""
        from crossdock.connectors.magento2.simulator.taking import load_into

        self.is_changed = True
        return load_into(self.shop(shop), content.encode("utf-8", "replace"))

    # Proof

    def shipments_by_tracking(self, shop: str | None = None) -> dict[str, list[int]]:
        """Keys of the shipments that carry each tracking number: more than one means told twice."""
        found: dict[str, list[int]] = {}
        for one in [self.shop(shop)] if shop else self.shops.values():
            for shipment in one.shipments.values():
                for track in shipment["tracks"]:
                    found.setdefault(track["track_number"], []).append(shipment["entity_id"])
        return found
