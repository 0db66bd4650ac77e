"""The control page's own levers: what a form can ask with plain fields, put into the words of the others."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from crossdock.connectors.bigcommerce.simulator.levers import Levers

_GOODS = (("BLUE-M", "Blue shirt M", "20.00"), ("RED-L", "Red shirt L", "22.00"), ("MUG", "Mug", "9.50"), ("CAP", "Cap", "14.00"))


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
        chance = random.Random(seed)  # noqa: S311  (made-up goods)
        for _ in range(min(count, 100_000)):
            lines = [
                {"sku": sku, "title": title, "quantity": chance.randint(1, 3), "price": price}
                for sku, title, price in chance.sample(_GOODS, chance.randint(1, 3))
            ]
            self.add_order(store=store, lines=lines)
        return count

    def let_orders_flow(self, every: float, store: str | None = None) -> None:
        """From now on place a made-up order every so many seconds, over restarts too; 0 ends it."""
        found = self.store(store)
        found.places_every = max(0.0, every)
        found.next_at = None

    def place_due(self) -> None:
        """Place the orders whose time has come; after a long stop one, not all that were missed."""
        for found in self.stores.values():
            if not found.places_every:
                continue
            now = self.clock()
            due = datetime.fromisoformat(found.next_at) if found.next_at else None
            if due is None or due <= now:
                if due is not None:
                    self.place_many(1, store=found.hash)
                found.next_at = (now + timedelta(seconds=found.places_every)).isoformat()
                self.is_changed = True
