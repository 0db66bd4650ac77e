"""The control page's own levers: what a form can ask with plain fields, put into the words of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.connectors.acumatica.simulator.stock_levers import StockLevers
from crossdock.connectors.kit.simulator.made_up import flow, is_due, made_up


class DeskLevers(StockLevers):
    """Mixed into the simulator for people."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The platform's levers and those of the page."""
        own = (self.place_order, self.place_many, self.let_orders_flow, self.reduce_line, self.change_address)
        return super().levers() | {lever.__name__: lever for lever in own}

    def place_order(
        self,
        tenant: str | None = None,
        sku_1: str | None = "BLUE-M",
        quantity_1: int = 1,
        price_1: str = "20.00",
        sku_2: str | None = None,
        quantity_2: int = 1,
        price_2: str = "20.00",
        attention: str | None = None,
        street: str | None = None,
        city: str | None = None,
        state: str | None = None,
        postal_code: str | None = None,
        country: str | None = None,
        ship_via: str | None = "UPSGROUND",
        customer_order: str | None = None,
        note: str | None = None,
        hold: bool = False,
    ) -> str:
        """Enter an order of up to two lines."""
        given = ((sku_1, quantity_1, price_1), (sku_2, quantity_2, price_2))
        lines = [{"sku": sku, "title": sku, "quantity": quantity, "price": price} for sku, quantity, price in given if sku]
        if not lines or any(int(str(line["quantity"])) < 1 for line in lines):
            raise ValueError("an order needs at least one line with an item and a quantity of 1 or more")
        to = {"AddressLine1": street, "City": city, "State": state, "PostalCode": postal_code, "Country": country}
        return self.add_order(
            tenant=tenant,
            lines=lines,
            ship_to={name: value for name, value in to.items() if value},
            contact={"Attention": attention} if attention else None,
            ship_via=ship_via,
            customer_order=customer_order,
            note=note,
            hold=hold,
        )

    def place_many(self, count: int = 10, tenant: str | None = None, seed: int | None = None) -> int:
        """Enter made-up orders; how many."""
        for one in made_up(count, seed):
            to = {"City": one.city, "State": one.state, "PostalCode": one.postal_code}
            self.add_order(tenant=tenant, lines=one.lines, ship_to=to)
        return count

    def let_orders_flow(self, every: float, tenant: str | None = None) -> None:
        """From now on enter a made-up order every so many seconds, over restarts too; 0 ends it."""
        flow(self.tenant(tenant), every)

    def place_due(self) -> None:
        """Enter the orders whose time has come."""
        for found in self.tenants.values():
            before = found.next_at
            if is_due(found, found.clock()):
                self.place_many(1, tenant=found.name)
            self.is_changed = self.is_changed or found.next_at != before

    def reduce_line(self, order: str, line: str, quantity: int, tenant: str | None = None) -> None:
        """Reduce one line of an order to a quantity."""
        self.edit_order(order, quantities={line: quantity}, tenant=tenant)

    def change_address(self, order: str, street: str, tenant: str | None = None) -> None:
        """Change the street of an order's address."""
        self.edit_order(order, address={"AddressLine1": street}, tenant=tenant)
