"""What the contract tests of stores run on: a connector, the simulator it talks to over a socket, and a few words for both.

A further store connector brings its rig in its own folder, as the class `Rig` in `tests/rig.py`; the tests stay as they are.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from contract.store_words import StoreWords
from crossdock.connectors.kit.capabilities import Done, Failed, Found
from crossdock.connectors.kit.declaration import Tokens
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.http import Exchange
from crossdock.connectors.kit.opening import open_client, sign_in
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, ProductPage, Rejected, ReturnPage, Window
from crossdock.connectors.kit.tokens import MemoryTokens
from crossdock.connectors.kit.transport import Transport
from crossdock.connectors.registry import every_connector
from crossdock.domain.fulfillment import NoticeLine, ShipmentCorrection, ShipmentNotice, StockFigure, Tracking
from crossdock.domain.orders import Order


class Notes:
    """Evidence as the hub keeps it: written before the effect goes on."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}

    async def __call__(self, evidence: Mapping[str, Mapping[str, str]]) -> None:
        self.kept.update({key: dict(value) for key, value in evidence.items()})


class StoreRig(StoreWords):
    """What every store's rig offers. The words a platform has to fill in, and its declared facts, are in `StoreWords`."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.exchanges: list[Exchange] = []
        self.notes = Notes()
        self.rejected: list[Rejected] = []
        self.sign_ins = 0
        self.taken: dict[tuple[str, str | None], Decimal] = {}
        self._keys = itertools.count(1)
        self._stack = AsyncExitStack()
        self._tokens: MemoryTokens | None = None

    async def start(self) -> None:
        """Start the simulator and the session to it."""
        await self.sim.start()
        await self.be_patient_for(timedelta(seconds=60))

    async def be_patient_for(self, time: timedelta) -> None:
        """How long one call may take, from now on."""
        self._transport = await self._stack.enter_async_context(Transport(self.door, answer_time=time))

    async def stop(self) -> None:
        """Stop both."""
        await self._stack.aclose()
        await self.sim.stop()

    @property
    def door(self) -> Door:
        """Reaches the simulator and nothing else."""
        return Door(realm="sandbox", listeners=frozenset({("127.0.0.1", int(self.sim.url.rsplit(":", 1)[1]))}))

    def client(self, *, may_write: bool = True, limiter: Any = None, **changes: Any) -> AbstractAsyncContextManager[Any]:
        """A client as the hub opens it."""
        settings = self.settings(**changes)

        async def renew(stale: Tokens | None) -> Tokens:
            self.sign_ins += 1
            return await sign_in(
                self.connector, settings, stale, door=self.door, base_url=self.base_url(settings), transport=self._transport
            )

        if self._tokens is None:
            self._tokens = MemoryTokens(None, renew)
        return open_client(
            self.connector,
            settings,
            door=self.door,
            realm="sandbox",
            base_url=self.base_url(settings),
            tokens=self._tokens if self.connector.sign_in is not None else None,
            record=self.exchanges.append,
            may_write=may_write,
            transport=self._transport,
            limiter=limiter,
        )

    async def orders_changed(
        self, *, window: Window | None = None, after: Position | None = None, page_size: int | None = None, **changes: Any
    ) -> AsyncIterator[Page]:
        """Pages of orders, read as the hub reads them."""
        async with self.client(**changes) as client:
            async for page in client.orders_changed(window or up_to_now(), after, page_size=page_size):
                self.rejected += page.rejected
                yield page

    async def orders(self, **more: Any) -> list[Order]:
        """All orders, page by page."""
        return [order async for page in self.orders_changed(**more) for order in page.orders]

    async def order(self, external_id: str, **changes: Any) -> Order:
        """One order as it is now."""
        async with self.client(**changes) as client:
            page = await client.orders_by_id([external_id])
        assert page.rejected == ()
        return page.orders[0]

    def notice(self, order: Order, units: Mapping[str, int] | None = None, **more: Any) -> ShipmentNotice:
        """A shipment of an order: all that is to ship, or some units by SKU."""
        number = next(self._keys)
        wanted = dict(units) if units is not None else None
        lines = []
        for line in order.lines:
            quantity = line.to_ship if wanted is None else Decimal(wanted.pop(line.sku or "", 0))
            if quantity:
                lines.append(NoticeLine(line.external_id, quantity))
        return ShipmentNotice(
            **{
                "key": f"shipment-{number}",
                "order_id": order.external_id,
                "order_number": order.number,
                "lines": tuple(lines),
                "tracking": (Tracking(f"1Z999AA1000000{number:04}"),),
                "shipped_at": datetime.now(UTC) - timedelta(minutes=1),
                "carrier": "UPS",
                **more,
            }
        )

    async def post(self, *notices: ShipmentNotice, **changes: Any) -> list[Done | Failed]:
        """Tell the store; outcomes in the order of the notices."""
        async with self.client(**changes) as client:
            outcomes = {outcome.key: outcome for outcome in await client.post_shipments(notices, self.notes)}
        assert set(outcomes) == {notice.key for notice in notices}
        return [outcomes[notice.key] for notice in notices]

    async def find(self, *notices: ShipmentNotice, **changes: Any) -> dict[str, Found]:
        """What the store already has, by key."""
        async with self.client(**changes) as client:
            return {found.key: found for found in await client.find_shipments(notices, self.notes.kept)}

    async def placed(
        self, window: Window | None = None, after: Position | None = None, *, page_size: int | None = None, **changes: Any
    ) -> AsyncIterator[PlacedPage]:
        """Pages of orders placed in a window."""
        async with self.client(**changes) as client:
            async for page in client.orders_placed(window or up_to_now(), after, page_size=page_size):
                yield page

    async def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None, **changes: Any
    ) -> AsyncIterator[ProductPage]:
        """Pages of what is sold."""
        async with self.client(**changes) as client:
            async for page in client.products(since, after, page_size=page_size):
                self.rejected += page.rejected
                yield page

    async def returned(
        self, window: Window | None = None, after: Position | None = None, *, page_size: int | None = None, **changes: Any
    ) -> AsyncIterator[ReturnPage]:
        """Pages of returns."""
        async with self.client(**changes) as client:
            async for page in client.returns_changed(window or up_to_now(), after, page_size=page_size):
                self.rejected += page.rejected
                yield page

    def figure(self, sku: str, quantity: Decimal | int, location: str | None = None, **more: Any) -> StockFigure:
        """A stock figure for one SKU, at the store's first place unless told; `previous` is what the store took last from us."""
        place = location if location is not None else next(iter(self.stock_places()), None)
        values = {
            "key": f"stock-{next(self._keys)}",
            "sku": sku,
            "quantity": Decimal(quantity),
            "location": place,
            "previous": self.taken.get((sku, place)),
        }
        return StockFigure(**values | more)

    async def publish(self, *figures: StockFigure, **changes: Any) -> list[Done | Failed]:
        """Tell the store what there is to sell; outcomes in the order of the figures."""
        async with self.client(**changes) as client:
            outcomes = {outcome.key: outcome for outcome in await client.publish_stock(figures)}
        assert set(outcomes) == {figure.key for figure in figures}
        for figure in figures:
            if isinstance(outcomes[figure.key], Done):
                self.taken[figure.sku, figure.location] = figure.quantity
        return [outcomes[figure.key] for figure in figures]

    def correction(
        self, done: Done | Failed, notice: ShipmentNotice, *, is_void: bool = False, **more: Any
    ) -> ShipmentCorrection:
        """What changed of a shipment the store was told of; `more` replaces parts of the notice. Nobody is mailed."""
        assert isinstance(done, Done), done
        now = structs.replace(notice, mail_customer=False, **more)
        return ShipmentCorrection(f"correction-{next(self._keys)}", done.external_id, now, is_void)

    async def correct(self, *corrections: ShipmentCorrection, **changes: Any) -> list[Done | Failed]:
        """Correct what the store was told; outcomes in the order of the corrections."""
        async with self.client(**changes) as client:
            outcomes = {outcome.key: outcome for outcome in await client.correct_shipments(corrections)}
        assert set(outcomes) == {correction.key for correction in corrections}
        return [outcomes[correction.key] for correction in corrections]

    async def post_as_the_hub_does(self, *notices: ShipmentNotice) -> None:
        """Post, look up what is unknown, and post again what was not found, until all are there."""
        missing = list(notices)
        for _ in range(10):
            outcomes = await self.post(*missing)
            failed = [notice for notice, outcome in zip(missing, outcomes, strict=True) if isinstance(outcome, Failed)]
            found = await self.find(*failed) if failed else {}
            missing = [notice for notice in failed if notice.key not in found]
            if not missing:
                return
        raise AssertionError(f"not posted: {[notice.key for notice in missing]}")


@cache
def rigs() -> dict[str, type[StoreRig]]:
    """Every store connector's rig, by key. Asked for late: a rig's own module imports this one."""
    names = {key: f"crossdock.connectors.{key}.tests.rig" for key in every_connector()}
    found = {key: importlib.import_module(name) for key, name in names.items() if importlib.util.find_spec(name)}
    return {key: module.Rig for key, module in found.items() if issubclass(module.Rig, StoreRig)}


def up_to_now() -> Window:
    """Everything until a moment ago ahead, as a first import asks."""
    return Window(since=None, until=datetime.now(UTC) + timedelta(minutes=5))


def every_connector_that(capability: type) -> Any:
    """A fixture that starts each store connector with the capability, with its simulator."""
    keys = [key for key, rig in rigs().items() if rig.connector.can(capability)]

    @pytest.fixture(params=keys)
    async def rig(request: pytest.FixtureRequest) -> AsyncIterator[StoreRig]:
        made = rigs()[request.param]()  # type: ignore[call-arg]
        await made.start()
        try:
            yield made
        finally:
            await made.stop()

    return rig


__all__ = ["StoreRig", "every_connector_that", "rigs", "up_to_now"]
