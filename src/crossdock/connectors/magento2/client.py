"""Magento as a client of the hub: what can be asked and told."""

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
    PullsReturns,
    ReportsProgress,
    TakesStock,
)
from crossdock.connectors.kit.each import each
from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, ProductPage, ReturnPage, Window
from crossdock.connectors.kit.settings import Choice
from crossdock.connectors.magento2 import choices, progress
from crossdock.connectors.magento2.api import Api
from crossdock.connectors.magento2.corrections import Corrections
from crossdock.connectors.magento2.products import Products
from crossdock.connectors.magento2.pull import Orders
from crossdock.connectors.magento2.returns import Returns
from crossdock.connectors.magento2.settings import Settings
from crossdock.connectors.magento2.ship import AT_ONCE, Shipments
from crossdock.connectors.magento2.stock import Stock
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice, StockFigure


class Magento2(
    Client[Settings],
    PullsOrders,
    ListsOrders,
    PostsShipments,
    CorrectsShipments,
    ReportsProgress,
    TakesStock,
    PullsProducts,
    PullsReturns,
):
    """One Magento shop. It announces nothing, so it is asked."""

    def __init__(self, settings: Settings, *, http: Http, files: Folder) -> None:
        super().__init__(settings, http=http, files=files)
        self._api = Api(http, settings)
        self._orders = Orders(self._api, settings, lambda: self.known)
        self._shipments = Shipments(self._api, settings)
        self._stock = Stock(self._api, settings)

    async def check(self) -> Identity:
        """See `Client`. Also warns of rights that the integration lacks."""
        return await choices.identity(self._api, self.settings)

    async def choices(self, field: str) -> Sequence[Choice]:
        """Store views, statuses and sources of the shop."""
        if field == "store_view":
            return await choices.store_views(self._api)
        if field == "order_import_status":
            return await choices.statuses(self._api)
        if field == "sent_status":
            return [Choice("", "Leave it as it is"), *await choices.statuses(self._api, of_state="processing")]
        if field == "source_code":
            return [Choice("", "Magento chooses"), *await self._stock.locations()]
        return await super().choices(field)

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
        """See `CorrectsShipments`. A shipment that never left loses its numbers and stays: Magento takes none back."""
        return await Corrections(self._api, self._shipments).correct(corrections)

    async def report_sent(self, order_ids: Sequence[str]) -> Sequence[Done | Failed]:
        """See `ReportsProgress`."""
        orders = await self._shipments.orders(order_ids) if self.settings.report_progress else {}

        async def report(order_id: str) -> Done:
            return await progress.report(self._api, self.settings, order_id, orders.get(order_id))

        return await each(order_ids, report, key=lambda order_id: order_id, at_once=AT_ONCE)

    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        """See `TakesStock`."""
        outcomes = await self._stock.publish(figures)
        refused = next(
            (one.error for one in outcomes if isinstance(one, Failed) and isinstance(one.error, AuthenticationFailed)), None
        )
        if refused is None:
            return outcomes
        error = await self._api.refusal_of_a_part(refused)
        return [Failed(one.key, error) if isinstance(one, Failed) and one.error is refused else one for one in outcomes]

    async def stock_locations(self) -> Sequence[Choice]:
        """See `TakesStock`."""
        return await self._stock.locations()

    def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """See `PullsProducts`."""
        return self._api.told_apart(Products(self._api, self._stock).changed(since, after, page_size))

    def returns_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ReturnPage]:
        """See `PullsReturns`. Adobe Commerce only."""
        return self._api.told_apart(Returns(self._api, self._shipments).changed(window, after, page_size))
