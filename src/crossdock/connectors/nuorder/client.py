"""NuORDER as a client of the hub: what can be asked and told."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from crossdock.connectors.kit.capabilities import (
    Client,
    CorrectsShipments,
    Done,
    Failed,
    Found,
    Identity,
    ListsOrders,
    Note,
    PostsShipments,
    PullsOrders,
    PullsProducts,
    ReportsProgress,
    TakesStock,
)
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, ProductPage, Window
from crossdock.connectors.kit.settings import Choice
from crossdock.connectors.kit.together import together
from crossdock.connectors.nuorder.api import Api, read_product
from crossdock.connectors.nuorder.auth import other_style
from crossdock.connectors.nuorder.catalog import Catalog
from crossdock.connectors.nuorder.mapping import read_order
from crossdock.connectors.nuorder.payloads import text
from crossdock.connectors.nuorder.pull import PROCESSED, Orders
from crossdock.connectors.nuorder.settings import APPROVE, LEGACY, REPLENISHMENTS, Settings
from crossdock.connectors.nuorder.ship import Shipments
from crossdock.connectors.nuorder.stock import Stock
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice, StockFigure

_LOOKED_AT = 10
"""Orders that are looked at for the warehouses they name."""


class NuOrderPortal(
    Client[Settings],
    PullsOrders,
    ListsOrders,
    PostsShipments,
    CorrectsShipments,
    ReportsProgress,
    TakesStock,
    PullsProducts,
):
    """One NuORDER portal."""

    def __init__(self, settings: Settings, *, http: Http, files: Folder) -> None:
        super().__init__(settings, http=http, files=files)
        self._api = Api(http, field="access" if settings.access == APPROVE else "token")
        self._orders = Orders(self._api, settings, lambda: self.known)
        self._shipments = Shipments(self._api, settings)
        self._catalog = Catalog(self._api, settings, self._orders)
        self._stock = Stock(self._api, settings, self._catalog)

    async def check(self) -> Identity:
        """See `Client`. NuORDER names no account, so the portal is known by its address and consumer key."""
        status = self.settings.import_statuses[0]
        try:
            await self._api.order_ids(status)
        except AuthenticationFailed:
            await self._try_other_signature(status)
            raise
        digest = hashlib.sha256(self.settings.consumer_key.encode()).hexdigest()[:16]
        side = f"{self.settings.application_type}, {self.settings.environment}"
        return Identity(
            f"{self.settings.host}/{digest}",
            f"NuORDER ({side}), key …{self.settings.consumer_key[-4:]}",
            (
                "Shipments, statuses and stock need NuORDER's two-way integration. Whether it is on for this portal shows with the "
                "first of them.",
            ),
        )

    async def choices(self, field: str) -> Sequence[Choice]:
        """Warehouses that orders and products name: names for inventory by product, ids for replenishments."""
        if field != "stock_warehouse":
            return await super().choices(field)
        wants_ids = self.settings.stock_through == REPLENISHMENTS
        found: dict[str, str] = {} if wants_ids else {"default": "default"}
        ids: list[str] = []
        for status in dict.fromkeys((*self.settings.import_statuses, PROCESSED)):
            ids += (await self._orders.ids(status))[:_LOOKED_AT]
        for raw in await together(ids[:_LOOKED_AT], self._api.order):
            if raw is None:
                continue
            try:
                order = read_order(raw)
            except InvalidData:
                continue
            if not wants_ids:
                found |= {name: name for line in order.line_items if (name := text(line.warehouse))}
            elif order.retailer is not None and order.retailer.id:
                company = await self._api.company(order.retailer.id)
                if company is not None and (id_ := text(company.warehouse)):
                    found.setdefault(id_, id_)
            for product_id in dict.fromkeys(line.product.id for line in order.line_items if line.product.id):
                found |= await self._warehouses_of(product_id, wants_ids=wants_ids)
        return [Choice(value, label) for value, label in found.items()]

    def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        """See `PullsOrders`."""
        return self._orders.changed(window, after, page_size)

    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        """See `PullsOrders`."""
        return await self._orders.by_id(external_ids)

    def orders_placed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[PlacedPage]:
        """See `ListsOrders`."""
        return self._orders.placed(window, after, page_size)

    async def post_shipments(self, notices: Sequence[ShipmentNotice], note: Note) -> Sequence[Done | Failed]:
        """See `PostsShipments`."""
        return await self._shipments.post(notices, note)

    async def find_shipments(
        self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]
    ) -> Sequence[Found]:
        """See `PostsShipments`."""
        return await self._shipments.find(notices, evidence)

    async def correct_shipments(self, corrections: Sequence[ShipmentCorrection]) -> Sequence[Done | Failed]:
        """See `CorrectsShipments`."""
        return await self._shipments.correct(corrections)

    async def report_sent(self, order_ids: Sequence[str]) -> Sequence[Done | Failed]:
        """See `ReportsProgress`."""
        return await self._shipments.report(order_ids)

    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        """See `TakesStock`."""
        return await self._stock.publish(figures)

    def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """See `PullsProducts`. NuORDER cannot say what changed, so all are given."""
        return self._catalog.products(after, page_size)

    async def _try_other_signature(self, status: str) -> None:
        """Where the keys are refused, see whether they are taken with the other signature, and say so. Raises in that case alone."""
        other = other_style(self.settings.signature)
        try:
            await self._api.order_ids(status, style=other)
        except ConnectorError:
            return
        name = "NuORDER's own" if other == LEGACY else "Standard (RFC 5849)"
        raise AuthenticationFailed(f"NuORDER takes these keys with the other signature. Choose “{name}”.", field="signature")

    async def _warehouses_of(self, product_id: str, *, wants_ids: bool) -> dict[str, str]:
        raw = await self._api.product(product_id)
        found: dict[str, str] = {}
        try:
            rows = read_product(raw).warehouses or () if raw is not None else ()
        except InvalidData:
            return found
        for row in rows:
            if isinstance(row, str):
                found[row] = row
            elif isinstance(row, dict):
                name = text(row.get("name")) or text(row.get("_id"))
                value = (text(row.get("_id")) or text(row.get("id"))) if wants_ids else name
                if value:
                    found[value] = name or value
        return found
