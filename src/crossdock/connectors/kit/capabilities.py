"""What a client can do. A capability is a base class; the hub, the UI and the contract tests ask the class."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.pages import (
    Page,
    PlacedPage,
    Position,
    ProductPage,
    ReturnPage,
    ShipmentPage,
    StockPage,
    Window,
)
from crossdock.connectors.kit.samples import SamplePreview
from crossdock.connectors.kit.settings import Choice, ConnectorSettings
from crossdock.domain.fulfillment import FulfillmentRequest, ShipmentCorrection, ShipmentNotice, StockFigure

S = TypeVar("S", bound=ConnectorSettings)


class Identity(Struct, frozen=True):
    """Who answered: the platform's own unchanging id of the shop or warehouse, its name, and what a person should know."""

    id: str
    name: str
    warnings: tuple[str, ...] = ()


class Done(Struct, frozen=True):
    """An effect that happened. `external_id` is the platform's key for it; `evidence` holds no personal data."""

    key: str
    external_id: str
    evidence: Mapping[str, str] = {}


class Failed(Struct, frozen=True):
    """An effect that did not happen, or of which it is not known: `error` says which."""

    key: str
    error: ConnectorError


class Found(Struct, frozen=True):
    """What stands at the platform under our reference. `differs` says in a few words why it is not ours; None when it is."""

    key: str
    external_id: str
    evidence: Mapping[str, str] = {}
    differs: str | None = None


Known = Callable[[Sequence[tuple[str, bytes]]], Awaitable[Collection[int]]]
"""Says which of some records (external id, as received) are stored exactly so already, by their places: these need not be
understood again.
"""

Note = Callable[[Mapping[str, Mapping[str, str]]], Awaitable[None]]
"""Writes evidence of effects under way ({key: {name: value}}) durably before returning: what a look-up needs after a crash."""


class Client(ABC, Generic[S]):
    """Talks to one shop or warehouse. It deals with no secret, limit, retry or log line: `http` and `files` arrive signed,
    rooted, throttled and recorded. Where the connection only observes, every write raises before it is sent.

    `known` may be set by the hub: records it knows are counted in a page's `unchanged` and not understood again.
    """

    settings: S
    http: Http
    files: Folder
    known: Known | None = None

    def __init__(self, settings: S, *, http: Http, files: Folder) -> None:
        self.settings = settings
        self.http = http
        self.files = files

    @abstractmethod
    async def check(self) -> Identity:
        """Name the account behind the credentials. Raises AuthenticationFailed or InvalidData with the field at fault."""

    async def choices(self, field: str) -> Sequence[Choice]:
        """Options of a field declared with `loads`, as the platform has them now."""
        raise NotImplementedError(field)


class PullsOrders(ABC):
    """A store that orders come from."""

    @abstractmethod
    def orders_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[Page]:
        """Orders that changed in the window, in (changed, id) order, from `after` on. May give an order twice; never hides one."""

    @abstractmethod
    async def orders_by_id(self, external_ids: Sequence[str]) -> Page:
        """The named orders as they are now; those that no longer exist are absent."""


class SettlesOrders(ABC):
    """A store whose orders are taken off it once they are stored: files are moved to the archive."""

    @abstractmethod
    async def settle_orders(self, receipt: str) -> None:
        """The page with this receipt is stored for good. May run twice."""


class PreviewsSample(ABC):
    """A store whose orders come in a form of its own: a person maps it, and tries the mapping on a sample file.

    `previewed` names the setting that holds the mapping: the form shows the sample right below it.
    """

    previewed: ClassVar[str]

    @staticmethod
    @abstractmethod
    def preview(values: Mapping[str, Any], sample: bytes, name: str) -> SamplePreview:
        """What a sample file of this name would become with settings as typed so far, without secrets. Pure; asks nobody."""


class ListsOrders(ABC):
    """A store that can say which orders were placed in a stretch of time: what a backfill fetches, and a count is held against."""

    @abstractmethod
    def orders_placed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[PlacedPage]:
        """Every order placed in the window that the store would let us read, whatever its status, oldest first. May give one
        twice; never hides one.
        """


class PostsShipments(ABC):
    """A store that is told what left."""

    @abstractmethod
    async def post_shipments(self, notices: Sequence[ShipmentNotice], note: Note) -> Sequence[Done | Failed]:
        """Tell the store, each notice by itself; one outcome for each, in any order."""

    @abstractmethod
    async def find_shipments(
        self, notices: Sequence[ShipmentNotice], evidence: Mapping[str, Mapping[str, str]]
    ) -> Sequence[Found]:
        """Which of these the store already has; absent ones were not found. `evidence` is what was noted, by key."""


class CorrectsShipments(ABC):
    """A store that takes back or changes what it was told of a shipment."""

    @abstractmethod
    async def correct_shipments(self, corrections: Sequence[ShipmentCorrection]) -> Sequence[Done | Failed]:
        """Make the store's shipments say what is true now; one outcome for each. Doing it twice changes nothing."""


class TakesStock(ABC):
    """A store that is told what there is to sell."""

    @abstractmethod
    async def publish_stock(self, figures: Sequence[StockFigure]) -> Sequence[Done | Failed]:
        """Set what each SKU shows as available, one outcome for each. An unknown SKU fails alone, with InvalidData."""

    async def stock_locations(self) -> Sequence[Choice]:
        """The store's places that keep stock; empty where there is only one and it has no name."""
        return ()


class PullsProducts(ABC):
    """A store that says what it sells."""

    @abstractmethod
    def products(
        self, since: datetime | None = None, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """What is sold, one entry for each variant; with `since` what changed after it, where the platform can say."""


class PullsReturns(ABC):
    """A store that says what comes back."""

    @abstractmethod
    def returns_changed(
        self, window: Window, after: Position | None = None, *, page_size: int | None = None
    ) -> AsyncIterator[ReturnPage]:
        """Returns that changed in the window, as `PullsOrders.orders_changed`."""


class ReportsProgress(ABC):
    """A store that can be told that the warehouse has an order."""

    @abstractmethod
    async def report_sent(self, order_ids: Sequence[str]) -> Sequence[Done | Failed]:
        """Say that these orders are being worked on; `key` is the order's id. Repeating it changes nothing."""


class KeepsWebhooks(ABC):
    """A store that announces changes."""

    @abstractmethod
    async def ensure_webhooks(self, address: str) -> Sequence[str]:
        """Make the platform announce to `address`, re-making what is gone; the topics that now stand."""

    @abstractmethod
    async def remove_webhooks(self, address: str) -> None:
        """Take back what `ensure_webhooks` made."""


class SignsOut(ABC):
    """A platform that counts open sessions, of which few are allowed: ours is closed when nobody needs it any more."""

    @abstractmethod
    async def sign_out(self) -> None:
        """Close the session of the tokens in use. The next call signs in anew."""


class SendsOrders(ABC):
    """A warehouse that is asked to ship."""

    @abstractmethod
    async def send_orders(self, requests: Sequence[FulfillmentRequest], note: Note) -> Sequence[Done | Failed]:
        """Ask for each, once; one outcome for each, in any order."""

    @abstractmethod
    async def find_orders(
        self, requests: Sequence[FulfillmentRequest], evidence: Mapping[str, Mapping[str, str]]
    ) -> Sequence[Found]:
        """Which of these the warehouse already has; absent ones were not found and may be sent. Raises OutcomeUnknown for none:
        what cannot be judged is Found with the evidence that says so."""


class PullsShipments(ABC):
    """A warehouse that says what it shipped."""

    @abstractmethod
    def shipments_changed(self, window: Window, after: Position | None = None) -> AsyncIterator[ShipmentPage]:
        """Shipments since, oldest first. May give one twice."""

    async def settle(self, receipt: str) -> None:
        """The page with this receipt is stored for good: archive its files, confirm its message. May run twice."""
        return


class PullsStock(ABC):
    """A warehouse that says what it has."""

    @abstractmethod
    def stock(self, since: datetime | None) -> AsyncIterator[StockPage]:
        """Stock levels, as snapshot or as changes, as the page says."""

    async def settle_stock(self, receipt: str) -> None:
        """As `PullsShipments.settle`."""
        return
