"""The control page's own levers: what a form can ask with plain fields, put into the words of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from crossdock.connectors.kit.simulator.made_up import GOODS, flow, is_due, made_up
from crossdock.connectors.shopify.simulator.goods_levers import GoodsLevers


class DeskLevers(GoodsLevers):
    """Mixed into the simulator for people."""

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The platform's levers and those of the page."""
        own = (self.place_order, self.place_many, self.let_orders_flow, self.reduce_line, self.refund_line, self.change_address)
        return super().levers() | {lever.__name__: lever for lever in own}

    def place_order(
        self,
        shop: str | None = None,
        sku_1: str | None = "BLUE-M",
        quantity_1: int = 1,
        price_1: str = "20.00",
        sku_2: str | None = None,
        quantity_2: int = 1,
        price_2: str = "20.00",
        sku_3: str | None = None,
        quantity_3: int = 1,
        price_3: str = "20.00",
        first_name: str | None = None,
        last_name: str | None = None,
        address1: str | None = None,
        address2: str | None = None,
        city: str | None = None,
        region: str | None = None,
        postal_code: str | None = None,
        country: str | None = None,
        email: str | None = None,
        method: str | None = "Standard",
        note: str | None = None,
        financial_status: str = "PAID",
        test: bool = False,
    ) -> str:
        """Place an order of up to three lines."""
        given = ((sku_1, quantity_1, price_1), (sku_2, quantity_2, price_2), (sku_3, quantity_3, price_3))
        lines = [{"sku": sku, "title": sku, "quantity": quantity, "price": price} for sku, quantity, price in given if sku]
        if not lines or any(int(str(line["quantity"])) < 1 for line in lines):
            raise ValueError("an order needs at least one line with a SKU and a quantity of 1 or more")
        self._sell(shop, [(str(line["sku"]), str(line["title"]), str(line["price"])) for line in lines])
        to = {
            "firstName": first_name,
            "lastName": last_name,
            "address1": address1,
            "address2": address2,
            "city": city,
            "provinceCode": region,
            "zip": postal_code,
            "countryCode": country,
        }
        return self.add_order(
            shop=shop,
            lines=lines,
            ship_to={name: value for name, value in to.items() if value},
            method=method,
            email=email,
            note=note,
            financial_status=financial_status,
            test=test,
        )

    def place_many(self, count: int = 10, shop: str | None = None, seed: int | None = None) -> int:
        """Place made-up orders; how many."""
        self._sell(shop, GOODS)
        for one in made_up(count, seed):
            to = {"city": one.city, "provinceCode": one.state, "zip": one.postal_code}
            self.add_order(shop=shop, lines=one.lines, ship_to=to)
        return count

    def _sell(self, shop: str | None, wanted: Iterable[tuple[str, str, str]]) -> None:
        """Sell what is ordered, where it is not sold yet: a shop with orders and without products would be a strange one."""
        found = self.shop(shop)
        for sku, title, price in wanted:
            if sku not in found.by_sku:
                self.add_product(sku=sku, name=title, quantity=100, price=price, weight="0.3", shop=found.handle)

    def let_orders_flow(self, every: float, shop: str | None = None) -> None:
        """From now on place a made-up order every so many seconds, over restarts too; 0 ends it."""
        flow(self.shop(shop), every)

    def place_due(self) -> None:
        """Place the orders whose time has come."""
        for found in self.shops.values():
            before = found.next_at
            if is_due(found, found.clock()):
                self.place_many(1, shop=found.handle)
            self.is_changed = self.is_changed or found.next_at != before

    def reduce_line(self, order: str, line: str, quantity: int, shop: str | None = None) -> None:
        """Reduce one line of an order to a quantity."""
        self.edit_order(order, quantities={line: quantity}, shop=shop)

    def refund_line(self, order: str, line: str, quantity: int, shop: str | None = None) -> None:
        """Refund some units of one line that did not leave yet."""
        self.refund_order(order, quantities={line: quantity}, shop=shop)

    def change_address(self, order: str, address1: str, shop: str | None = None) -> None:
        """Change the street of an order's address."""
        self.edit_order(order, address={"address1": address1}, shop=shop)
