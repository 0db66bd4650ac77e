"""The control page's own levers: what a form can ask with plain fields, put into the words of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.connectors.bigcommerce.simulator.levers import Levers
from crossdock.connectors.kit.simulator.made_up import flow, is_due, made_up


class DeskLevers(Levers):
    """Mixed into the simulator for people."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The platform's levers and those of the page."""
        own = (self.place_order, self.place_many, self.let_orders_flow)
        return super().levers() | {lever.__name__: lever for lever in own}

    def place_order(
        self,
        store: str | None = None,
        sku: str = "BLUE-M",
        quantity: int = 1,
        price: str = "20.00",
        second_sku: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        street: str | None = None,
        city: str | None = None,
        state: str | None = None,
        postal_code: str | None = None,
        method: str | None = "Free Shipping",
        note: str | None = None,
        test: bool = False,
    ) -> str:
        """Place an order of up to two lines."""
        if quantity < 1:
            raise ValueError("an order needs a quantity of 1 or more")
        lines = [{"sku": one, "title": one, "quantity": quantity, "price": price} for one in (sku, second_sku) if one]
        to = {
            "first_name": first_name,
            "last_name": last_name,
            "street_1": street,
            "city": city,
            "state": state,
            "zip": postal_code,
        }
        return self.add_order(
            store=store,
            lines=lines,
            ship_to={name: value for name, value in to.items() if value},
            method=method,
            note=note,
            test=test,
        )

    def place_many(self, count: int = 10, store: str | None = None, seed: int | None = None) -> int:
        """Place made-up orders; how many."""
        for one in made_up(count, seed):
            self.add_order(store=store, lines=one.lines)
        return count

    def let_orders_flow(self, every: float, store: str | None = None) -> None:
        """From now on place a made-up order every so many seconds, over restarts too; 0 ends it."""
        flow(self.store(store), every)

    def place_due(self) -> None:
        """Place the orders whose time has come."""
        for found in self.stores.values():
            before = found.next_at
            if is_due(found, self.clock()):
                self.place_many(1, store=found.hash)
            self.is_changed = self.is_changed or found.next_at != before
