"""A store and a warehouse that answer from memory: for tests of what the hub does with stock, products and returns.

They speak no platform's language, so nothing of one can be proven with them; they say whatever a test wants, fail when told to, and
remember what they were told.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from django.db import connection as database

from crossdock.accounts.models import Account
from crossdock.accounts.rights import system
from crossdock.connections import merchants, services, sites
from crossdock.connections.models import Connection, Merchant, Mode, Store, Warehouse
from crossdock.connectors.kit.capabilities import (
    Client,
    Done,
    Failed,
    Identity,
    PullsOrders,
    PullsProducts,
    PullsReturns,
    PullsStock,
    SendsOrders,
    TakesStock,
)
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.pages import Page, Position, ProductPage, Rejected, ReturnPage, StockPage, Window
from crossdock.connectors.kit.settings import Choice, ConnectorSettings, StoreSettings, setting
from crossdock.connectors.kit.tests.shelf import Shelf
from crossdock.connectors.registry import every_connector
from crossdock.domain.fulfillment import StockFigure, StockLevel
from crossdock.domain.orders import Order
from crossdock.domain.products import Product
from crossdock.domain.returns import Return
from crossdock.jobs.wakes import open_lane
from crossdock.jobs.worker import run_lane
from crossdock.tenancy.scope import in_db

T = TypeVar("T")
_stalls: dict[str, Stall] = {}
_sheds: dict[str, Shed] = {}


@dataclass
class Stall:
    """What a store sells, shows and takes back. `taken` is every figure it was told, in order; `may_write` whether whoever opened it
    might change anything there, each time.
    """

    products: list[Product] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    locations: list[Choice] = field(default_factory=list)
    page_size: int = 2
    shows: dict[tuple[str, str | None], Decimal] = field(default_factory=dict)
    taken: list[StockFigure] = field(default_factory=list)
    refuses: dict[str, ConnectorError] = field(default_factory=dict)
    fails: list[Exception] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    stops_after: int | None = None
    may_write: list[bool] = field(default_factory=list)

    def offer(self, *skus: str | None, **more: Any) -> list[Product]:
        """Add products, one for each SKU, with keys that grow."""
        made = []
        for sku in skus:
            key = str(len(self.products) + 1)
            made.append(Product(**{"external_id": key, "product_id": key, "sku": sku, "name": f"Thing {sku}", **more}))
            self.products.append(made[-1])
        return made

    def figures(self) -> dict[str, Decimal]:
        """What it shows now, by SKU."""
        return {sku: quantity for (sku, _), quantity in self.shows.items()}

    def trouble(self) -> None:
        """Fail once, if a test said so."""
        if self.fails:
            raise self.fails.pop(0)


@dataclass
class Shed:
    """What a warehouse says it has, as pages to come, and what was settled; `may_write` as of a stall."""

    pages: list[StockPage] = field(default_factory=list)
    asked: list[datetime | None] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    may_write: list[bool] = field(default_factory=list)

    def says(self, *, reading: str = "", facility: str | None = None, is_snapshot: bool = True, **levels: Any) -> None:
        """Report levels, SKUs as names with underscores for dashes; a number is what is available."""
        rows = tuple(
            level if isinstance(level, StockLevel) else StockLevel(sku.replace("_", "-"), Decimal(level), facility=facility)
            for sku, level in levels.items()
        )
        name = reading or secrets.token_hex(4)
        self.pages.append(StockPage(rows, (), name, is_snapshot=is_snapshot, is_last=True, receipt=name))


class StallSettings(StoreSettings):
    """Which stall."""

    name: str = setting("Name", "Of the stall.")
    location: str = setting("Location", "Where it stands.", default="", loads=True)
    include_duplicate_skus: bool = setting("Include duplicate SKUs", "All of them.", default=False, group="import")


class ShedSettings(ConnectorSettings):
    """Which shed."""

    name: str = setting("Name", "Of the shed.")


class StallClient(Client[StallSettings], PullsOrders, PullsProducts, TakesStock, PullsReturns):
    """Answers from the stall of this name."""

    @property
    def stall(self) -> Stall:
        """What it answers from."""
        return _stalls[self.settings.name]

    async def check(self) -> Identity:
        return Identity(self.settings.name, self.settings.name)

    async def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        yield self._page(self.stall.orders)

    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        return self._page([order for order in self.stall.orders if order.external_id in external_ids])

    def _page(self, orders: Sequence[Order]) -> Page:
        raws = tuple(msgspec.json.encode({"id": order.external_id, "order": order}) for order in orders)
        return Page(tuple(orders), raws, (), Position())

    async def products(self, since: datetime | None = None, after: Position | None = None) -> AsyncIterator[ProductPage]:
        stall = self.stall
        start = int(after.cursor) if after and after.cursor else 0
        pages = 0
        while True:
            stall.trouble()
            end = start + stall.page_size
            is_last = end >= len(stall.products)
            rejected = tuple(stall.rejected) if is_last else ()
            yield ProductPage(tuple(stall.products[start:end]), rejected, Position(cursor=str(end)), is_last)
            pages += 1
            if is_last or pages == stall.stops_after:
                return
            start = end

    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        stall = self.stall
        stall.trouble()
        outcomes: list[Done | Failed] = []
        for figure in figures:
            if error := stall.refuses.get(figure.sku):
                outcomes.append(Failed(figure.key, error))
                continue
            stall.taken.append(figure)
            stall.shows[figure.sku, figure.location] = figure.quantity
            outcomes.append(Done(figure.key, figure.product_id or figure.sku))
        return outcomes

    async def stock_locations(self) -> Sequence[Choice]:
        return tuple(self.stall.locations)

    async def choices(self, field: str) -> Sequence[Choice]:
        return tuple(self.stall.locations)

    async def returns_changed(self, window: Window, after: Position | None = None) -> AsyncIterator[ReturnPage]:
        stall = self.stall
        stall.windows.append(window)
        stall.trouble()
        found = [
            one
            for one in sorted(stall.returns, key=lambda one: (one.updated_at, one.external_id))
            if (window.since is None or one.updated_at >= window.since) and one.updated_at <= window.until
        ]
        found = [
            one for one in found if after is None or after.at is None or (one.updated_at, one.external_id) > (after.at, after.id)
        ]
        for start in range(0, len(found), stall.page_size):
            some = found[start : start + stall.page_size]
            raws = tuple(f'{{"id": "{one.external_id}", "number": "{one.number}"}}'.encode() for one in some)
            yield ReturnPage(tuple(some), raws, (), Position(some[-1].updated_at, some[-1].external_id))
        if stall.rejected:
            yield ReturnPage((), (), tuple(stall.rejected), Position())


class ShedClient(Client[ShedSettings], SendsOrders, PullsStock):
    """Answers from the shed of this name."""

    @property
    def shed(self) -> Shed:
        """What it answers from."""
        return _sheds[self.settings.name]

    async def check(self) -> Identity:
        return Identity(self.settings.name, self.settings.name)

    async def send_orders(self, requests: Any, note: Any) -> Sequence[Done | Failed]:
        return [Done(request.key, request.reference) for request in requests]

    async def find_orders(self, requests: Any, evidence: Any) -> Any:
        return []

    async def stock(self, since: datetime | None) -> AsyncIterator[StockPage]:
        self.shed.asked.append(since)
        for page in list(self.shed.pages):
            yield page

    async def settle_stock(self, receipt: str) -> None:
        self.shed.settled.append(receipt)
        self.shed.pages = [page for page in self.shed.pages if page.receipt != receipt]


@asynccontextmanager
async def _opened(settings: StallSettings | ShedSettings, *, may_write: bool, **_: Any) -> AsyncIterator[Folder]:
    """An empty folder, and a note of how it was opened."""
    asked = (_stalls if isinstance(settings, StallSettings) else _sheds)[settings.name]
    asked.may_write.append(may_write)
    yield Shelf(may_write=may_write)


def _connector(key: str, name: str, kind: str, settings: type[ConnectorSettings], client: type[Client[Any]]) -> Connector:
    return Connector(
        key=key,
        name=name,
        kind=kind,
        settings=settings,
        client=client,
        base_url=None,
        docs="https://example.com",
        version="1",
        open_files=_opened,
    )


@contextmanager
def stalls_and_sheds() -> Iterator[None]:
    """Let the hub open stalls and sheds while the block runs."""
    known = every_connector()
    known["stall"] = _connector("stall", "Stall", "store", StallSettings, StallClient)
    known["shed"] = _connector("shed", "Shed", "warehouse", ShedSettings, ShedClient)
    try:
        yield
    finally:
        del known["stall"], known["shed"]
        _stalls.clear()
        _sheds.clear()


class Market:
    """An account with stalls and sheds, joined as a test likes, and its lanes run by hand."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.actor = system(account.pk)

    async def there(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Call something in the account's scope, from async code."""
        return await in_db(self.account.pk, fn, *args, **kwargs)

    def merchant(self, name: str = "Acme") -> Merchant:
        """The brand of this name. Runs in the scope."""
        return Merchant.objects.filter(name=name).first() or merchants.create_merchant(actor=self.actor, name=name)

    async def a_stall(self, name: str = "Acme stall", *, merchant: str = "Acme", **settings: Any) -> tuple[Store, Stall]:
        """A store of a merchant."""

        def make() -> Store:
            return sites.save_store(
                actor=self.actor,
                merchant=self.merchant(merchant),
                platform="stall",
                name=name,
                settings=StallSettings(name=key, **settings),
                identity=Identity(key, name),
            )

        key = f"{name}-{secrets.token_hex(3)}"
        _stalls[key] = Stall()
        return await self.there(make), _stalls[key]

    async def a_shed(self, name: str = "Reno") -> tuple[Warehouse, Shed]:
        """A warehouse."""

        def make() -> Warehouse:
            return sites.save_warehouse(
                actor=self.actor, platform="shed", name=name, settings=ShedSettings(name=key), identity=Identity(key, name)
            )

        key = f"{name}-{secrets.token_hex(3)}"
        _sheds[key] = Shed()
        return await self.there(make), _sheds[key]

    async def join(self, store: Store, warehouse: Warehouse, mode: str = "live") -> Connection:
        """A connection between them, in a mode. The lanes that this wakes wait for `run`."""

        def make() -> Connection:
            made = services.create_connection(actor=self.actor, name="", store=store, warehouse=warehouse)
            if mode != Mode.OFF:
                accept_after = datetime.now(UTC) - timedelta(days=1)
                services.set_mode(actor=self.actor, connection=made, mode=Mode(mode), accept_after=accept_after)
            return Connection.objects.select_related("store", "warehouse", "merchant").get(pk=made.pk)

        return await self.there(make)

    async def run(self, kind: str, owner_id: int) -> Any:
        """Run one slice of a lane."""
        return await run_lane(self.account.pk, await self.there(open_lane, kind, owner_id))

    async def lane(self, kind: str, owner_id: int) -> tuple[Any, ...]:
        """(due_at, last_error, blocked_reason, position) of a lane."""

        def look() -> tuple[Any, ...]:
            with database.cursor() as cursor:
                cursor.execute(
                    "select due_at, last_error, blocked_reason, position from lane where id = %s", [open_lane(kind, owner_id)]
                )
                return cursor.fetchone()

        return await self.there(look)
