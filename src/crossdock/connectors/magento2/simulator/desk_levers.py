"""The control page's own levers: what a form can ask with plain fields, put into the words of the others."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from crossdock.connectors.magento2.simulator.levers import Levers

_GOODS = (("BLUE-M", "Blue shirt M", 20.0), ("RED-L", "Red shirt L", 22.0), ("MUG", "Mug", 9.5), ("CAP", "Cap", 14.0))
_TOWNS = (("Portland", "OR", "97201"), ("Reno", "NV", "89502"), ("Louisville", "KY", "40202"), ("Austin", "TX", "78701"))


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
        chance = random.Random(seed)  # noqa: S311  (made-up goods)
        for _ in range(min(count, 100_000)):
            lines = [
                {"sku": sku, "name": name, "quantity": chance.randint(1, 3), "price": price}
                for sku, name, price in chance.sample(_GOODS, chance.randint(1, 3))
            ]
            city, region, postal_code = chance.choice(_TOWNS)
            self.add_order(lines=lines, ship_to={"city": city, "region_code": region, "region": region, "postcode": postal_code})
        return count

    def let_orders_flow(self, every: float) -> None:
        """From now on place a made-up order every so many seconds, over restarts too; 0 ends it."""
        found = self.shop()
        found.places_every, found.next_at = max(0.0, every), None
        self.is_changed = True

    def place_due(self) -> None:
        """Place the orders whose time has come; after a long stop one, not all that were missed."""
        for found in self.shops.values():
            if not found.places_every:
                continue
            moment = found.clock()
            due = datetime.fromisoformat(found.next_at) if found.next_at else None
            if due is None or due <= moment:
                if due is not None:
                    self.place_many(1)
                found.next_at = (moment + timedelta(seconds=found.places_every)).isoformat()
                self.is_changed = True

    def refund_line(self, order: str, sku: str, quantity: int) -> None:
        """Refund some units of one SKU that did not leave yet."""
        self.refund_order(order, quantities={sku: float(quantity)})

    def change_address(self, order: str, street: str) -> None:
        """Change the street of an order's address."""
        self.edit_order(order, address={"street": [street]})
