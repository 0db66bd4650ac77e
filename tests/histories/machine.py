"""What can happen to a store's orders, step by step, in any order; and what has to be true whenever everything has settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crossdock.connections import services as connecting
from crossdock.jobs.worker import run_lane
from crossdock.orders import services as acting
from crossdock.orders.models import SalesOrder
from histories.counting import faults, faults_meanwhile, footprint
from histories.shop import Shop
from histories.town import EAST, WEST, Platforms, Town
from histories.warehouse import Warehouses

pick = st.integers(0, 5)
units = st.integers(1, 3)
sides = st.sampled_from([WEST, EAST])
any_line = st.tuples(units, sides)


class History(RuleBasedStateMachine):
    """One store, two warehouses, a few orders."""

    platforms: ClassVar[Platforms]
    run: ClassVar[Callable[[Coroutine[Any, Any, Any]], Any]]

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(self.platforms)
        self.shop = Shop(self.town)
        self.warehouses = Warehouses(self.town)
        self.files = 0

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            self.town.shop.calm()
            self.town.leave()

    # --- The store ---

    def order_at(self, at: int) -> dict[str, Any]:
        orders = self.shop.orders
        return orders[at % len(orders)]

    def has_orders(self) -> bool:
        return bool(self.shop.orders)

    def lines(self, given: list[tuple[int, str]], first: int = 0) -> list[dict[str, Any]]:
        return [
            {"sku": f"SKU-{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[first + at]}", "quantity": quantity, "location": place}
            for at, (quantity, place) in enumerate(given)
        ]

    @initialize(
        rests=st.tuples(*[st.sampled_from(["wait", "ask", "reship"])] * 2),
        given=st.lists(any_line, min_size=1, max_size=3),
        is_sent=st.booleans(),
    )
    def begin(self, rests: tuple[str, str], given: list[tuple[int, str]], is_sent: bool) -> None:
        for place, remainder in zip((WEST, EAST), rests, strict=True):
            link = self.town.connections[place]
            self.town.within(connecting.set_remainder, actor=self.town.actor, connection=link, remainder=remainder)
            if remainder == "wait":
                self.warehouses.waited_for.add(self.town.logins[place])
        self.place(given)
        if is_sent:
            self.everything()

    @precondition(lambda self: len(self.shop.orders) < 3)
    @rule(given=st.lists(any_line, min_size=1, max_size=3))
    def place(self, given: list[tuple[int, str]]) -> None:
        self.town.shop.add_order(shop=self.town.handle, lines=self.lines(given))

    @precondition(has_orders)
    @rule(at=pick, line=pick, to=st.integers(0, 2))
    def reduce(self, at: int, line: int, to: int) -> None:
        order = self.order_at(at)
        if order["cancelledAt"] is None:
            sku = order["_lines"][line % len(order["_lines"])]["sku"]
            self.town.shop.edit_order(order["name"], quantities={sku: to}, shop=self.town.handle)

    @precondition(has_orders)
    @rule(at=pick, given=any_line)
    def add_line(self, at: int, given: tuple[int, str]) -> None:
        order = self.order_at(at)
        if order["cancelledAt"] is None and len(order["_lines"]) < 6:
            added = self.lines([given], len(order["_lines"]))
            self.town.shop.edit_order(order["name"], added=added, shop=self.town.handle)

    @precondition(has_orders)
    @rule(at=pick, how=st.sampled_from(["cancel", "hold", "release", "address", "hand", "east", "west", "touch"]))
    def change(self, at: int, how: str) -> None:
        name, shop, handle = self.order_at(at)["name"], self.town.shop, self.town.handle
        if self.order_at(at)["cancelledAt"] is not None:
            return
        if how == "cancel":
            shop.cancel_order(name, shop=handle)
        elif how == "hold":
            shop.hold_order(name, shop=handle)
        elif how == "release":
            shop.release_order(name, shop=handle)
        elif how == "address":
            self.files += 1
            shop.edit_order(name, address={"address1": f"{self.files} Elsewhere Lane"}, shop=handle)
        elif how == "touch":
            shop.touch_order(name, shop=handle)
        elif how == "hand":
            self.shop.ship_by_hand(self.order_at(at), 1)
        else:
            shop.move_order(name, EAST if how == "east" else WEST, shop=handle)

    @precondition(has_orders)
    @rule(at=pick, line=pick, units=units, restock=st.sampled_from(["CANCEL", "CANCEL", "RETURN", "NO_RESTOCK"]))
    def refund(self, at: int, line: int, units: int, restock: str) -> None:
        order = self.order_at(at)
        if order["cancelledAt"] is None:
            one = order["_lines"][line % len(order["_lines"])]
            self.town.shop.refund_order(order["name"], {one["id"]: units}, restock=restock, shop=self.town.handle)

    # --- People ---

    @rule(at=pick, what=st.sampled_from(["reprocess", "reset", "archive", "delete", "release"]))
    def act(self, at: int, what: str) -> None:
        if ids := self.town.within(lambda: list(SalesOrder.objects.order_by("id").values_list("pk", flat=True))):
            self.town.within(acting.ACTIONS[what], actor=self.town.actor, ids=[ids[at % len(ids)]])

    @rule(place=sides, mode=st.sampled_from(["off", "observe", "live", "live", "gone"]))
    def turn(self, place: str, mode: str) -> None:
        if self.town.within(self.town.is_gone, place):
            self.town.within(self.town.add_connection, place)
        elif mode == "gone":
            self.town.within(self.town.remove_connection, place)
        else:
            self.town.within(self.town.turn, place, mode)

    # --- Crossdock at work ---

    @precondition(has_orders)
    @rule(at=pick)
    def webhook(self, at: int) -> None:
        number = self.order_at(at)["id"].rsplit("/", 1)[-1]
        self.town.within(self.town.announce, number)

    @rule(what=st.sampled_from(["orders.pull", "fulfillment.pull", ""]))
    def work(self, what: str) -> None:
        self.run(self.town.poll(what) if what else self.town.settle())

    @precondition(has_orders)
    @rule(ships=st.booleans())
    def let_it_go_on(self, ships: bool) -> None:
        self.everything()
        if ships:
            self.ship_all()
            self.everything()

    @rule(at=pick)
    def run_a_lane(self, at: int) -> None:
        if due := self.town.within(self.town._due):
            self.run(run_lane(self.town.account.pk, due[at % len(due)]))

    # --- The warehouses ---

    @rule()
    def take_orders(self) -> None:
        self.town.wms.take_orders()

    @precondition(lambda self: bool(self.warehouses.parts))
    @rule(at=pick, most=st.integers(1, 4), boxes=st.integers(1, 2), final=st.sampled_from([None, None, False, True]))
    def ship(self, at: int, most: int, boxes: int, final: bool | None) -> None:
        parts = self.warehouses.parts
        login, one = parts[at % len(parts)]
        left = self.warehouses.left(login, one) or self.warehouses.left_behind(login, one)
        if some := Counter(list(left.elements())[:most]):
            self.warehouses.ship(login, one, some, boxes=boxes, final=final)

    @precondition(lambda self: bool(self.warehouses.parts))
    @rule(at=pick)
    def close(self, at: int) -> None:
        parts = self.warehouses.parts
        self.warehouses.close(*parts[at % len(parts)])

    @rule(what=st.sampled_from(["hang_up_after_write", "hang_up_before_write", "fail_next"]))
    def trouble(self, what: str) -> None:
        """The next shipment that the store is told of meets a line that breaks, or a store that is out of order."""
        getattr(self.town.shop, what)(operation="fulfillmentCreate", **({"status": 502} if what == "fail_next" else {}))

    @precondition(lambda self: bool(self.warehouses.reports))
    @rule(at=pick, how=st.sampled_from(["again", "correct", "void"]))
    def report(self, at: int, how: str) -> None:
        report = self.warehouses.reports[at % len(self.warehouses.reports)]
        self.files += 1
        if how == "correct" and not report.is_void:
            self.warehouses.correct(report, f"NEW{self.files}")
        elif how == "void":
            self.warehouses.take_back(report)
        self.warehouses.report(report, f"shp_again_{self.files:04}.csv")

    # --- After every step, and at the end ---

    @invariant()
    def note(self) -> None:
        self.shop.note_wanted()

    def end(self) -> None:
        self.town.shop.calm()
        self.everything()
        self.look(is_live=False)
        for place in (WEST, EAST):
            self.town.within(self.town.add_connection if self.town.within(self.town.is_gone, place) else self.go_live, place)
        self.everything()
        self.look()
        for _ in range(3):
            self.ship_all()
            self.everything()
        self.look()
        before = self.town.within(footprint)
        books = self.books()
        self.run(self.town.hurry())
        self.everything()
        after = self.town.within(footprint)
        assert {name: (before.get(name), now) for name, now in after.items() if before.get(name) != now} == {}
        assert books == self.books()

    def ship_all(self) -> None:
        """Let everything leave that the warehouses have."""
        for login, one in self.warehouses.parts:
            if left := self.warehouses.left(login, one):
                self.warehouses.ship(login, one, left)

    def go_live(self, place: str) -> None:
        """Turn a connection Live. Runs in the scope."""
        self.town.turn(place, "live")

    def everything(self) -> None:
        """Everything that has to be done is done, whatever it waited for."""
        for kind in ("orders.pull", "fulfillment.pull"):
            self.run(self.town.poll(kind))
            self.town.within(self.town.hurry_effects)
            self.run(self.town.settle())
            self.town.wms.take_orders()

    def look(self, *, is_live: bool = True) -> None:
        self.town.wms.take_orders()
        found = self.town.within(faults if is_live else faults_meanwhile, self.shop, self.warehouses)
        assert not found, "\n".join([*found, self.town.within(self.story)])

    def story(self) -> str:
        rows = SalesOrder.objects.values_list("number", "status", "reason", "issue", "giving", "revision", "followed")
        return "\n".join(map(str, rows))

    def books(self) -> Any:
        return [
            (order["name"], self.shop.remaining(order), [(one["id"], one["status"]) for one in order["_fulfillments"]])
            for order in self.shop.orders
        ] + [(login, one.number, one.times) for login, one in self.warehouses.parts]
