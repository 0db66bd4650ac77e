"""Shopify as a client of the hub: what can be asked and told."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

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
    PullsReturns,
    ReportsProgress,
    TakesStock,
)
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.pages import Page, PlacedPage, Position, ProductPage, ReturnPage, Window
from crossdock.connectors.kit.settings import Choice
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.auth import REQUIRED_SCOPES, WANTED_SCOPES, give_access, missing_scopes
from crossdock.connectors.shopify.correct import Corrections
from crossdock.connectors.shopify.graphql import GraphQL
from crossdock.connectors.shopify.payloads import ShAddress, ShPage, ShService, ShUserError, gid, number_of
from crossdock.connectors.shopify.placed import orders_placed
from crossdock.connectors.shopify.products import products
from crossdock.connectors.shopify.pull import Orders, Who
from crossdock.connectors.shopify.returns import returns_changed
from crossdock.connectors.shopify.settings import OAUTH, OWN_APP, Settings
from crossdock.connectors.shopify.ship import Shipments
from crossdock.connectors.shopify.stock import Stock
from crossdock.connectors.shopify.webhooks import TOPICS
from crossdock.domain.fulfillment import ShipmentCorrection, ShipmentNotice, StockFigure

_LOOKBACK = timedelta(days=60)


class _Place(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    is_active: bool = True


class _LocationData(Struct, frozen=True):
    location: _Place | None = None


class _LocationsData(Struct, frozen=True):
    locations: ShPage[_Place]


class _Services(Struct, frozen=True, rename="camel"):
    fulfillment_services: tuple[ShService, ...] = ()


class _ServicesData(Struct, frozen=True):
    shop: _Services


class _Sample(Struct, frozen=True, rename="camel"):
    id: str
    requires_shipping: bool = True
    shipping_address: ShAddress | None = None


class _SampleData(Struct, frozen=True):
    orders: ShPage[_Sample]


class _Subscription(Struct, frozen=True):
    id: str
    topic: str
    uri: str = ""


class _SubscriptionsData(Struct, frozen=True, rename="camel"):
    webhook_subscriptions: ShPage[_Subscription]


class _Subscribed(Struct, frozen=True, rename="camel"):
    user_errors: tuple[ShUserError, ...] = ()


class _SubscribeData(Struct, frozen=True, rename="camel"):
    webhook_subscription_create: _Subscribed | None = None
    webhook_subscription_delete: _Subscribed | None = None


class Shopify(
    Client[Settings],
    PullsOrders,
    ListsOrders,
    PostsShipments,
    CorrectsShipments,
    ReportsProgress,
    TakesStock,
    PullsProducts,
    PullsReturns,
    KeepsWebhooks,
):
    """One Shopify shop."""

    def __init__(self, settings: Settings, *, http: Http, files: Folder) -> None:
        super().__init__(settings, http=http, files=files)
        field = {OAUTH: "access", OWN_APP: "client_secret"}.get(settings.access, "admin_token")
        self._graphql = GraphQL(http, credential_field=field, remedy=give_access(settings))
        self._orders = Orders(self._graphql, settings, lambda: self.known)
        self._shipments = Shipments(self._graphql, settings)
        self._stock = Stock(self._graphql, settings)
        self._corrections = Corrections(self._graphql, self._shipments)

    async def check(self) -> Identity:
        """See `Client`. Also warns of what will be missed: older orders, withheld addresses, items of other services."""
        who = await self._orders.who()
        missing = missing_scopes(who.scopes, REQUIRED_SCOPES)
        if missing:
            raise AuthenticationFailed(f"The app lacks {', '.join(missing)}. {give_access(self.settings)}", field="access")
        await self._check_location(who)
        return Identity(number_of(who.shop.id), who.shop.name, (*await self._withheld(), *self._warnings(who)))

    async def choices(self, field: str) -> Sequence[Choice]:
        """Locations and fulfillment services of the shop."""
        if field == "location":
            places = await self._locations()
            return [Choice(number_of(place.id), place.name) for place in places if place.is_active]
        if field == "fulfillment_service":
            data = await self._graphql.query(queries.SERVICES, _ServicesData)
            own = [
                Choice(service.handle, service.service_name or service.handle)
                for service in data.shop.fulfillment_services
                if service.type == "THIRD_PARTY"
            ]
            return [Choice("all", "All"), Choice("manual", "Manual"), *own]
        return await super().choices(field)

    def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        """See `PullsOrders`."""
        return self._orders.changed(window, after, page_size)

    def orders_placed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[PlacedPage]:
        """See `ListsOrders`."""
        return orders_placed(self._graphql, window, after, page_size)

    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        """See `PullsOrders`."""
        return await self._orders.by_id(external_ids)

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

    async def report_sent(self, order_ids: Sequence[str]) -> Sequence[Done | Failed]:
        """See `ReportsProgress`."""
        return await self._shipments.report(order_ids)

    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        """See `TakesStock`. Without a location of its own a figure is for the fulfillment location."""
        if not figures:
            return []
        try:
            await self._must_have("write_inventory", "so Shopify takes no stock from it")
            places = frozenset(number_of(place.id) for place in await self._locations())
        except ConnectorError as error:
            return [Failed(figure.key, error) for figure in figures]
        return await self._stock.publish(figures, places)

    async def stock_locations(self) -> Sequence[Choice]:
        """The shop's locations that are switched on."""
        return [Choice(number_of(place.id), place.name) for place in await self._locations() if place.is_active]

    def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """See `PullsProducts`."""
        return products(self._graphql, since, after, page_size)

    async def returns_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ReturnPage]:
        """See `PullsReturns`."""
        await self._must_have("read_returns", "so Shopify hides what comes back")
        async for page in returns_changed(self._graphql, self.settings, window, after, page_size):
            yield page

    async def ensure_webhooks(self, address: str) -> Sequence[str]:
        """See `KeepsWebhooks`. None are made where no secret is known to verify them with."""
        if not self.settings.client_secret:
            return ()
        standing = {one.topic for one in await self._subscriptions() if one.uri == address}
        for topic in TOPICS:
            if topic not in standing:
                data = await self._graphql.mutate(
                    queries.CREATE_WEBHOOK, _SubscribeData, topic=topic, subscription={"uri": address, "format": "JSON"}
                )
                errors = data.webhook_subscription_create.user_errors if data.webhook_subscription_create is not None else ()
                # Made by another of our processes in between: that is what was wanted.
                if errors and not any("already been taken" in error.message for error in errors):
                    raise InvalidData(f"Shopify refuses to announce {topic}: “{errors[0].message}”.", evidence={"topic": topic})
                standing.add(topic)
        return tuple(topic for topic in TOPICS if topic in standing)

    async def remove_webhooks(self, address: str) -> None:
        """See `KeepsWebhooks`."""
        for one in await self._subscriptions():
            if one.uri == address:
                await self._graphql.mutate(queries.DELETE_WEBHOOK, _SubscribeData, id=one.id)

    async def _must_have(self, scope: str, so: str) -> None:
        """Say which right is missing before Shopify refuses: its refusal of one field is no reason to stop what works without it."""
        if missing_scopes((await self._orders.who()).scopes, (scope,)):
            raise InvalidData(f"The app lacks {scope}, {so}. {give_access(self.settings)}", field="access")

    async def _check_location(self, who: Who) -> None:
        if not self.settings.location:
            raise InvalidData(f"{who.shop.name} answers. Choose the location whose orders the warehouse ships.", field="location")
        data = await self._graphql.query(queries.LOCATION, _LocationData, id=gid("Location", self.settings.location))
        if data.location is None:
            raise InvalidData("The shop has no such location any more. Choose another one.", field="location")
        if not data.location.is_active:
            raise InvalidData(
                f"The location {data.location.name} is switched off in Shopify. Choose another one.", field="location"
            )

    async def _withheld(self) -> list[str]:
        """Whether the newest orders show whom to ship to; some apps have to be approved for that."""
        data = await self._graphql.query(queries.SAMPLE, _SampleData)
        for order in data.orders.nodes:
            address = order.shipping_address
            if address is not None and not (address.name and address.address1):
                return ["Shopify withholds names or addresses from this app: ask for access to protected customer data."]
        return []

    def _warnings(self, who: Who) -> list[str]:
        warnings = []
        missing = missing_scopes(who.scopes, WANTED_SCOPES)
        if "read_all_orders" in missing:
            warnings.append("The app lacks read_all_orders: Shopify shows it only orders of the last 60 days.")
        if "write_inventory" in missing:
            warnings.append("Stock can not be sent to Shopify: the app lacks write_inventory.")
        if "read_returns" in missing:
            warnings.append("Returns stay hidden: the app lacks read_returns.")
        if others := [scope for scope in missing if scope.endswith("_fulfillment_orders")]:
            warnings.append(f"Items at the locations of fulfillment services stay hidden: the app lacks {', '.join(others)}.")
        since = self.settings.accept_orders_after
        if since is not None and "read_all_orders" in missing and datetime.now(UTC) - since > _LOOKBACK:
            warnings.append("Accept orders after is more than 60 days back; older orders will not arrive.")
        if not self.settings.client_secret:
            warnings.append("Without the app's API secret key new orders are noticed by the schedule, not at once.")
        served = self._graphql.served_version
        if served is not None and served != queries.VERSION:
            warnings.append(f"Shopify answers in API version {served}; this connector is written for {queries.VERSION}.")
        return warnings

    async def _locations(self) -> list[_Place]:
        places: list[_Place] = []
        after: str | None = None
        for _ in range(50):
            page = (await self._graphql.query(queries.LOCATIONS, _LocationsData, after=after)).locations
            places += page.nodes
            after = page.page_info.end_cursor if page.page_info.has_next_page else None
            if after is None:
                break
        return places

    async def _subscriptions(self) -> list[_Subscription]:
        found: list[_Subscription] = []
        after: str | None = None
        for _ in range(50):
            page = (await self._graphql.query(queries.WEBHOOKS, _SubscriptionsData, after=after)).webhook_subscriptions
            found += page.nodes
            after = page.page_info.end_cursor if page.page_info.has_next_page else None
            if after is None:
                break
        return found
