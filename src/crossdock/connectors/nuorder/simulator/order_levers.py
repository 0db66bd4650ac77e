"""What tests, tools and the control page can do to the orders of the portals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from crossdock.connectors.nuorder.simulator.levers import PortalLevers
from crossdock.connectors.nuorder.simulator.order_calls import left_to_ship
from crossdock.connectors.nuorder.simulator.state import Portal, Record, stamped

HOME: Record = {
    "display_name": "1 Main Street",
    "line_1": "1 Main Street",
    "city": "Lexington",
    "state": "Kentucky",
    "zip": "40507",
    "country": "USA",
    "code": "4711",
    "ref": "542164c943c0433f2308486c",
}


class OrderLevers(PortalLevers):
    """The levers of orders, beside those of portals."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """See `Simulator`."""
        own = (
            self.add_order,
            self.touch_order,
            self.edit_order,
            self.cancel_order,
            self.fulfill_order,
            self.split_order,
            self.delete_order,
            self.set_status,
            self.load,
        )
        return {**super().levers(), **{lever.__name__: lever for lever in own}}

    def add_order(
        self,
        number: str | int | None = None,
        lines: list[dict[str, Any]] | None = None,
        ship_to: dict[str, Any] | None = None,
        status: str = "approved",
        created_at: str | None = None,
        note: str = "",
        po_number: str = "",
        start_ship: str | None = None,
        end_ship: str | None = None,
        retailer: str = "Corner Store",
        has_address: bool = True,
        more: dict[str, Any] | None = None,
        portal: str | None = None,
    ) -> str:
        """Let a retailer place an order; its id.

        `lines`: sku (the UPC), quantity, price, and optionally style, color, size, warehouse, prebook; `upc` None leaves it out.
        `more` are further fields.
        """
        found = self.portal(portal)
        at = datetime.fromisoformat(created_at) if created_at else found.clock()
        id_ = found.new_id(at)
        rows = [self._line(found, line) for line in lines or [{"sku": "BLUE-M", "quantity": 1, "price": 20}]]
        place = {**HOME, **(ship_to or {})} if has_address else None
        total = sum(size["quantity"] * size["price"] for row in rows for size in row["sizes"])
        units = sum(size["quantity"] for row in rows for size in row["sizes"])
        order: Record = {
            "_id": id_,
            "order_number": str(number) if number is not None else found.next_number(),
            "customer_po_number": po_number,
            "status": status,
            "currency_code": "USD",
            "total": total,
            "total_quantity": units,
            "discount": 0,
            "additional_percentage": 0,
            "notes": note,
            "created_on": stamped(at),
            "modified_on": stamped(at if created_at else found.clock()),
            "start_ship": start_ship or f"{at - timedelta(days=1):%Y-%m-%d}T00:00:00.000Z",
            "end_ship": end_ship or f"{at + timedelta(days=30):%Y-%m-%d}T00:00:00.000Z",
            "rep_name": "Sample Rep",
            "rep_code": "",
            "submitted_by": "web",
            "order_tags": [],
            "split": False,
            "edited": False,
            "locked": False,
            "is_drop_ship": False,
            "payment_status": "Not Paid",
            "schema_id": "541204aca01ceed9650486a4",
            "shipments": [],
            "__shipment_status": [],
            "__cancelled_units": 0,
            "retailer": self._retailer(found, retailer),
            "line_items": rows,
            **({"shipping_address": place, "billing_address": place} if place else {}),
            **(more or {}),
        }
        found.orders[id_] = order
        self.is_changed = True
        return id_

    def touch_order(self, order: str | int, portal: str | None = None) -> None:
        """Change an order without changing what it says."""
        found = self.portal(portal)
        found.touch(found.order(order))

    def edit_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        added: list[dict[str, Any]] | None = None,
        address: dict[str, Any] | None = None,
        note: str | None = None,
        portal: str | None = None,
    ) -> None:
        """Set lines (by UPC) to quantities, 0 takes one out; add lines; change the address or the note."""
        found = self.portal(portal)
        one = found.order(order)
        left = dict(quantities or {})
        for line in one["line_items"]:
            for size in line["sizes"]:
                if size.get("upc") in left:
                    size["quantity"] = left.pop(size["upc"])
            line["sizes"] = [size for size in line["sizes"] if size["quantity"] > 0]
        one["line_items"] = [line for line in one["line_items"] if line["sizes"]] + [
            self._line(found, row) for row in added or []
        ]
        if address:
            one["shipping_address"] = {**(one.get("shipping_address") or HOME), **address}
        if note is not None:
            one["notes"] = note
        one["total_quantity"] = sum(size["quantity"] for line in one["line_items"] for size in line["sizes"])
        one["edited"], one["edited_on"] = True, found.stamp()
        found.touch(one)

    def cancel_order(self, order: str | int, portal: str | None = None) -> None:
        """Cancel an order."""
        self.set_status(order, "cancelled", portal)

    def set_status(self, order: str | int, status: str, portal: str | None = None) -> None:
        """Let staff change where an order stands."""
        found = self.portal(portal)
        found.set_status(found.order(order), status)

    def fulfill_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        tracking: str | None = "ELSEWHERE-1",
        portal: str | None = None,
    ) -> None:
        """Let staff ship an order, or units of it by UPC; all of it makes it Shipped."""
        found = self.portal(portal)
        one = found.order(order)
        left = dict(quantities) if quantities is not None else None
        room = left_to_ship(one)
        rows = []
        for line in one["line_items"]:
            ref = str(line.get("id") or line["product"]["_id"])
            for size in line["sizes"]:
                key = (ref, str(size["size"]))
                units = room[key] if left is None else min(room[key], left.get(size.get("upc", ""), 0))
                if units > 0:
                    room[key] -= units
                    rows.append({"id": ref, "sizes": [{"size": size["size"], "quantity": units, "price": size["price"]}]})
        one.setdefault("shipments", []).append(
            {"type": "shipment", "tracking_numbers": [tracking] if tracking else [], "line_items": rows}
        )
        if not any(room.values()):
            one["status"] = "shipped"
        found.touch(one)

    def split_order(self, order: str | int, portal: str | None = None) -> str:
        """Move the last line of an order to a part of its own, as ship windows and warehouses split orders; the part's id."""
        found = self.portal(portal)
        one = found.order(order)
        group = one.setdefault("order_group_id", found.new_id())
        line = one["line_items"].pop()
        id_ = found.new_id()
        found.orders[id_] = {
            **one,
            "_id": id_,
            "order_number": f"{one['order_number']}-2",
            "order_group_id": group,
            "line_items": [line],
            "shipments": [],
            "split": True,
            "__split_overrides": [{"key": "warehouse", "split_po": one.get("customer_po_number", "")}],
        }
        one["split"] = True
        found.touch(one)
        found.touch(found.orders[id_])
        return id_

    def delete_order(self, order: str | int, portal: str | None = None) -> None:
        """Delete an order for good."""
        found = self.portal(portal)
        del found.orders[str(found.order(order)["_id"])]

    def load(self, content: str, portal: str | None = None) -> dict[str, Any]:
        """Load the platform's own payloads, given as text; what was understood of them."""
        from crossdock.connectors.nuorder.simulator.taking import records_in

        found = self.portal(portal)
        orders = records_in(content.encode("utf-8", "replace")).orders
        for order in orders:
            found.orders[str(order["_id"])] = order
        self.is_changed = True
        return {"orders": len(orders)}

    def _line(self, portal: Portal, given: dict[str, Any]) -> Record:
        sku = str(given.get("sku") or given.get("style") or "ITEM")
        upc = given.get("upc", sku)
        style = str(given.get("style") or sku).upper()
        color, size = str(given.get("color", "Red")), str(given.get("size", "OS"))
        product = next(
            (one for one in portal.products.values() if one["style_number"] == style and one.get("color") == color), None
        )
        if product is None:
            id_ = self.add_product(style, [], color=color, portal=self._name_of(portal))
            product = portal.products[id_]
        if not any(str(one["size"]) == size for one in product["sizes"]):
            product["sizes"].append({"size": size, **({"upc": upc} if upc else {})})
        price = float(given.get("price", 20))
        quantity = int(given.get("quantity", 1))
        total = f"{price * quantity:g}"
        return {
            "product": {
                "_id": product["_id"],
                "style_number": style,
                "color": color,
                "color_code": "",
                "season": product["season"],
                "brand_id": product["brand_id"],
            },
            "ship_start": given.get("ship_start", ""),
            "ship_end": given.get("ship_end", ""),
            "warehouse": str(given.get("warehouse", "default")),
            "prebook": bool(given.get("prebook", False)),
            "original_total": total,
            "discounted_total": total,
            "item_price_after_discount": f"${price:.2f}",
            "applied": [],
            "sizes": [
                {
                    "size": size,
                    "quantity": quantity,
                    "price": int(price) if price.is_integer() else price,
                    "original_price": int(price) if price.is_integer() else price,
                    **({"upc": str(upc)} if upc else {}),
                }
            ],
        }

    def _retailer(self, portal: Portal, name: str) -> Record:
        company = next((one for one in portal.companies.values() if one["name"] == name), None)
        if company is None:
            id_ = portal.new_id()
            person = {
                "name": "Robin Bloom",
                "email": "robin@example.com",
                "title": "Buyer",
                "phone_cell": "",
                "phone_office": "+1 555 0100",
                "reps": [],
            }
            company = portal.companies[id_] = {
                "_id": id_,
                "name": name,
                "code": "C-100",
                "phone": "+1 555 0199",
                "currency_code": "USD",
                "warehouse": portal.warehouses[0],
                "payment_terms": "Net 30",
                "credit_status": "",
                "addresses": [dict(HOME)],
                "user_connections": [],
                "buyers": [person],
                "created_on": portal.stamp(),
                "modified_on": portal.stamp(),
            }
        return {
            "_id": company["_id"],
            "retailer_name": name,
            "retailer_code": company["code"],
            "buyer_name": "Robin Bloom",
            "buyer_email": "robin@example.com",
        }
