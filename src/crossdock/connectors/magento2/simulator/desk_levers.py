"""The control page's own levers: what a form can ask with plain fields, put into the words of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.connectors.kit.simulator.made_up import flow, is_due, made_up
from crossdock.connectors.magento2.simulator.levers import Levers


class DeskLevers(Levers):
    """Mixed into the simulator for people."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The platform's levers and those of the page."""
        own = (self.place_order, self.place_many, self.let_orders_flow, self.refund_line, self.change_address, self.change_return)
        return super().levers() | {lever.__name__: lever for lever in own}

    def place_order(
        self,
        sku_1: str | None = "BLUE-M",
        quantity_1: int = 1,
        price_1: str = "20.00",
        kind_1: str = "simple",
        sku_2: str | None = None,
        quantity_2: int = 1,
        price_2: str = "20.00",
        first_name: str | None = None,
        last_name: str | None = None,
        street: str | None = None,
        city: str | None = None,
        region: str | None = None,
        postal_code: str | None = None,
        country: str | None = None,
        email: str | None = None,
        method: str = "flatrate_flatrate",
        note: str | None = None,
        status: str = "processing",
    ) -> str:
        """Place an order of up to two lines. A bundle has two items inside."""
        given = ((sku_1, quantity_1, price_1, kind_1), (sku_2, quantity_2, price_2, "simple"))
        lines: list[dict[str, Any]] = []
        for sku, quantity, price, kind in given:
            if sku:
                line = {"sku": sku, "name": sku, "quantity": quantity, "price": float(price), "type": kind}
                lines.append(line | ({"inside": [{"sku": f"{sku}-A"}, {"sku": f"{sku}-B"}]} if kind == "bundle" else {}))
        if not lines or any(line["quantity"] < 1 for line in lines):
            raise ValueError("an order needs at least one line with a SKU and a quantity of 1 or more")
        to = {
            "firstname": first_name,
            "lastname": last_name,
            "street": [street] if street else None,
            "city": city,
            "region_code": region,
            "region": region,
            "postcode": postal_code,
            "country_id": country,
        }
        state = "new" if status == "pending" else "processing"
        return self.add_order(
            lines=lines,
            ship_to={name: value for name, value in to.items() if value},
            method=method,
            email=email or "robin@example.com",
            note=note,
            state=state,
            status=status,
        )

    def place_many(self, count: int = 10, seed: int | None = None) -> int:
        """Place made-up orders; how many."""
        for one in made_up(count, seed):
            lines = [{**line, "name": line["title"], "price": float(line["price"])} for line in one.lines]
            to = {"city": one.city, "region_code": one.state, "region": one.state, "postcode": one.postal_code}
            self.add_order(lines=lines, ship_to=to)
        return count

    def let_orders_flow(self, every: float) -> None:
        """From now on place a made-up order every so many seconds, over restarts too; 0 ends it."""
        flow(self.shop(), every)
        self.is_changed = True

    def place_due(self) -> None:
        """Place the orders whose time has come."""
        for found in self.shops.values():
            before = found.next_at
            if is_due(found, found.clock()):
                self.place_many(1)
            self.is_changed = self.is_changed or found.next_at != before

    def refund_line(self, order: str, sku: str, quantity: int) -> None:
        """Refund some units of one SKU that did not leave yet."""
        self.refund_order(order, quantities={sku: float(quantity)})

    def change_address(self, order: str, street: str) -> None:
        """Change the street of an order's address."""
        self.edit_order(order, address={"street": [street]})
