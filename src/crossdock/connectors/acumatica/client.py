"""Acumatica as a client of the hub: what can be asked and told."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from crossdock.connectors.acumatica.complete import GivenShipments
from crossdock.connectors.acumatica.correct import Corrections
from crossdock.connectors.acumatica.endpoint import Endpoint
from crossdock.connectors.acumatica.payloads import AcBox, AcWarehouse
from crossdock.connectors.acumatica.pull import Reading
from crossdock.connectors.acumatica.settings import SHIPMENTS, WRITTEN_FOR, Settings, tenant_of
from crossdock.connectors.acumatica.ship import Shipments
from crossdock.connectors.acumatica.stock import Stock
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
    SignsOut,
    TakesStock,
)
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.expiry import expiry_warnings
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, ProductPage, ReturnPage, Window
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice, StockFigure


class Acumatica(
    Client[Settings],
    PullsOrders,
    ListsOrders,
    PostsShipments,
    CorrectsShipments,
    TakesStock,
    PullsProducts,
    PullsReturns,
    SignsOut,
):
    """One tenant of one Acumatica instance."""

    def __init__(self, settings: Settings, *, http: Http, files: Folder) -> None:
        super().__init__(settings, http=http, files=files)
        self._endpoint = Endpoint(http, settings)
        self._stock = Stock(self._endpoint, settings)
        self._reading = Reading(self._endpoint, settings, self._stock, lambda: self.known)
        self._shipments = (
            GivenShipments(self._endpoint, settings) if settings.mode == SHIPMENTS else Shipments(self._endpoint, settings)
        )
        self._corrections = Corrections(self._endpoint, settings)

    async def check(self) -> Identity:
        """See `Client`. Also asks what an import will ask, and warns of a secret that ends and of a box that is missing."""
        settings = self.settings
        version = await self._endpoint.version()
        offered = await self._endpoint.versions()
        if version not in offered:
            raise InvalidData(
                f"This Acumatica serves no endpoint version {version}; it has {', '.join(offered) or 'none'}. Choose one of them.",
                field="endpoint_version",
            )
        warehouses = await self._warehouses()
        if settings.warehouse and settings.warehouse.casefold() not in {one.value.casefold() for one in warehouses}:
            raise InvalidData(f"There is no warehouse {settings.warehouse} in Acumatica. Choose another one.", field="warehouse")
        entity = "Shipment" if settings.mode == SHIPMENTS else "SalesOrder"
        # A user without access to orders can still sign in, so one is asked for.
        await self._endpoint.rows(entity, select="ShipmentNbr" if settings.mode == SHIPMENTS else "OrderType,OrderNbr", top=1)
        tenant = tenant_of(settings)
        place = urlsplit(settings.instance_url)
        name = f"{tenant} at {place.hostname}" if tenant else f"{place.hostname}{place.path}"
        identity = f"{place.netloc}{place.path}|{tenant}".casefold()
        return Identity(identity, name, (*expiry_warnings(settings), *self._warnings(version)))

    async def choices(self, field: str) -> Sequence[Choice]:
        """Warehouses, boxes and endpoint versions of the tenant."""
        if field == "warehouse":
            return [Choice("", "All warehouses"), *await self._warehouses()]
        if field == "default_box":
            rows = await self._endpoint.rows("ShippingBox", select="BoxID,Description")
            boxes = [decode(row, AcBox, what="A box") for row in rows]
            return [
                Choice(box, f"{box}, {one.description.plain}" if one.description.plain else box)
                for one in boxes
                if (box := one.box_id.plain)
            ]
        if field == "endpoint_version":
            return [Choice("", "The newest that Crossdock knows"), *(Choice(one, one) for one in await self._endpoint.versions())]
        return await super().choices(field)

    def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        """See `PullsOrders`."""
        return self._reading.changed(window, after, page_size)

    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        """See `PullsOrders`."""
        return await self._reading.by_id(external_ids)

    def orders_placed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[PlacedPage]:
        """See `ListsOrders`."""
        return self._reading.placed(window, after, page_size)

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
        return await self._corrections.correct(corrections)

    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        """See `TakesStock`."""
        return await self._stock.publish(figures)

    async def stock_locations(self) -> Sequence[Choice]:
        """See `TakesStock`."""
        return await self._warehouses()

    def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """See `PullsProducts`."""
        return self._reading.products(since, after, page_size)

    def returns_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ReturnPage]:
        """See `PullsReturns`."""
        return self._reading.returns(window, after, page_size)

    async def sign_out(self) -> None:
        """See `SignsOut`: it no longer counts against the license."""
        await self.http.read("POST", "entity/auth/logout", operation="SignOut", body=b"")

    async def _warehouses(self) -> list[Choice]:
        rows = await self._endpoint.rows("Warehouse", select="WarehouseID,Description,Active")
        found = [decode(row, AcWarehouse, what="A warehouse") for row in rows]
        return [
            Choice(key, f"{key}, {one.description.plain}" if one.description.plain else key)
            for one in found
            if one.active.value is not False and (key := one.warehouse_id.plain)
        ]

    def _warnings(self, version: str) -> list[str]:
        warnings = []
        if not self.settings.default_box:
            warnings.append("No default box is chosen: Acumatica takes no tracking number without one.")
        if version != WRITTEN_FOR:
            warnings.append(f"Acumatica is asked in endpoint version {version}; this connector is written for {WRITTEN_FOR}.")
        if self.settings.adjust_stock and not self.settings.reason_code:
            warnings.append("Stock adjustments are on without a reason code; Acumatica may refuse them.")
        return warnings
