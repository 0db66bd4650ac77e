"""BigCommerce as a client of the hub: what can be asked and told."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from crossdock.connectors.bigcommerce.api import Api, Gone
from crossdock.connectors.bigcommerce.auth import credential_field, header_secret
from crossdock.connectors.bigcommerce.payloads import BcStatus, BcStore, text
from crossdock.connectors.bigcommerce.products import Products
from crossdock.connectors.bigcommerce.pull import Orders
from crossdock.connectors.bigcommerce.settings import Settings
from crossdock.connectors.bigcommerce.ship import Shipments
from crossdock.connectors.bigcommerce.statuses import AWAITING_FULFILLMENT, INCOMPLETE, name_of
from crossdock.connectors.bigcommerce.stock import Stock
from crossdock.connectors.bigcommerce.webhooks import Hooks
from crossdock.connectors.kit.capabilities import (
    Client,
    CorrectsShipments,
    Done,
    Failed,
    Found,
    Identity,
    KeepsWebhooks,
    ListsOrders,
    Note,
    PostsShipments,
    PullsOrders,
    PullsProducts,
    ReportsProgress,
    TakesStock,
)
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, ProductPage, Window
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice, StockFigure


class BigCommerce(
    Client[Settings],
    PullsOrders,
    ListsOrders,
    PostsShipments,
    CorrectsShipments,
    ReportsProgress,
    TakesStock,
    PullsProducts,
    KeepsWebhooks,
):
    """One BigCommerce store."""

    def __init__(self, settings: Settings, *, http: Http, files: Folder) -> None:
        super().__init__(settings, http=http, files=files)
        self._api = Api(http, field=credential_field(settings))
        self._orders = Orders(self._api, settings, lambda: self.known)
        self._shipments = Shipments(self._api, self._orders, settings)
        self._stock = Stock(self._api)
        self._products = Products(self._api)
        self._hooks = Hooks(self._api, settings)

    async def check(self) -> Identity:
        """See `Client`. Also finds a missing right, a status that is gone, and a store that is not open."""
        try:
            store = await self._orders.store()
        except Gone as error:
            raise InvalidData(
                "BigCommerce has no store of this hash. Copy it from the address of your control panel.",
                field="store_hash",
                evidence=error.evidence,
            ) from error
        statuses = await self._statuses()
        if self.settings.import_status not in {str(status.id) for status in statuses}:
            raise InvalidData("The store has no such order status. Choose another one.", field="import_status")
        # The hash is in every address and every signed call; it never changes.
        hash_ = self.settings.store_hash
        return Identity(hash_, text(store.name) or hash_, tuple(await self._warnings(store)))

    async def choices(self, field: str) -> Sequence[Choice]:
        """The store's statuses under its own names."""
        if field == "import_status":
            return [
                Choice(str(status.id), name_of(status.id, text(status.custom_label) or text(status.name)))
                for status in sorted(await self._statuses(), key=lambda one: (one.id != AWAITING_FULFILLMENT, one.id))
                if status.id != INCOMPLETE
            ]
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
        """See `ListsOrders`. Orders that were archived are in no list."""
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

    async def stock_locations(self) -> Sequence[Choice]:
        """See `TakesStock`."""
        return await self._stock.locations()

    def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """See `PullsProducts`."""
        return self._products.pages(since, after, page_size)

    async def ensure_webhooks(self, address: str) -> Sequence[str]:
        """See `KeepsWebhooks`."""
        return await self._hooks.ensure(address)

    async def remove_webhooks(self, address: str) -> None:
        """See `KeepsWebhooks`."""
        await self._hooks.remove(address)

    async def _statuses(self) -> Sequence[BcStatus]:
        return await self._api.ask("v2/order_statuses", tuple[BcStatus, ...], what="list order statuses", empty=())

    async def _warnings(self, store: BcStore) -> list[str]:
        warnings = []
        status = (text(store.status) or "").casefold()
        if status and status not in ("live", "pre_launch", "prelaunch"):
            warnings.append(f"BigCommerce says that the store is {status.replace('_', ' ')}.")
        for ask, lost in ((self._stock.locations, "stock cannot be sent"), (self._one_product, "products cannot be read")):
            try:
                await ask()
            except AuthenticationFailed as error:
                if error.evidence.get("status") != "403":
                    raise
                warnings.append(f"The credentials lack a scope, so {lost}. See the help for the scopes.")
        if header_secret(self.settings) is None:
            warnings.append("Without a secret to verify them with, new orders are noticed by the schedule, not at once.")
        return warnings

    async def _one_product(self) -> None:
        params = {"limit": "1", "include_fields": "sku"}
        await self._api.ask("v3/catalog/products", dict[str, object], what="read products", params=params, empty={})
