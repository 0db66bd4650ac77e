"""A connector declares itself once; forms, API, docs, encryption, limits and the sandbox read it from here."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from msgspec import Struct

from crossdock.connectors.kit.capabilities import (
    Client,
    KeepsWebhooks,
    PostsShipments,
    PullsOrders,
    PullsProducts,
    PullsReturns,
    PullsShipments,
    PullsStock,
    ReportsProgress,
    SendsOrders,
    TakesStock,
)
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.limits import RateLimit
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.tokens import Tokens


class SignIn(Protocol):
    """Gets and renews tokens. Bodies of these calls are never archived."""

    async def __call__(self, settings: Any, tokens: Tokens | None, http: Any) -> Tokens:
        """New tokens from the stored ones, or from the settings alone. Raises AuthenticationFailed when a person has to act."""


class App(Struct, frozen=True):
    """The app this installation is registered with at a platform, for stores that name none of their own."""

    client_id: str
    client_secret: Secret


class Call(Struct, frozen=True):
    """A platform's own signed call to its app: the store it is about as settings fields, who acts, and whether that is the owner.

    `identity` is the store's own id, as `Client.check` names it; `at` is when the platform signed.
    """

    store: Mapping[str, str]
    user: str
    is_owner: bool
    identity: str
    at: datetime


class OAuth(Struct, frozen=True):
    """Sign-in by consent in the browser. All take the settings and the installation's `App` or None first.

    `authorize(settings, app, redirect_uri, state, *, base_url=None)` makes the platform's address; `verify(settings, app, query)`
    checks the callback's own signature, shop and age; `exchange(settings, app, code, redirect_uri, http)` trades the code, `http`
    being unsigned; `with_app(settings, app)` gives settings with the app filled in, which a store is opened and renewed with.
    `read_call(app, query)` verifies what the platform itself calls when the app is opened there or uninstalled; None where none does.

    OAuth 1.0a asks before the person leaves: `request(settings, app, redirect_uri, http)` gets temporary credentials (the token as
    `access`, its secret as `refresh`), which are kept sealed and given as `asked` to `authorize` and `exchange`. The code that is
    traded is called back as `code` or `oauth_verifier`; where the platform shows it to the person instead, `code_help` says where,
    and the person types it here. `returns_state` is off where the platform may lose the state on the way: the one in the browser's
    cookie then counts.
    """

    scopes: tuple[str, ...]
    authorize: Callable[..., str]
    verify: Callable[..., None]
    exchange: Callable[..., Awaitable[Tokens]]
    is_wanted: Callable[[Any], bool]
    with_app: Callable[[Any, App], Any] = lambda settings, _: settings
    read_call: Callable[[App, Mapping[str, str]], Call] | None = None
    request: Callable[..., Awaitable[Tokens]] | None = None
    code_help: str = ""
    returns_state: bool = True


PrivacyKind = Literal["gather", "erase_person", "erase_store"]


class Privacy(Struct, frozen=True):
    """What a platform asks for by law: gather what is held of a person, erase a person, or erase a store that left.

    Read from the signed body alone. `identity` is the store's own id, as `Client.check` names it; `orders` are external ids that the
    platform names, more of the same person may be held.
    """

    kind: PrivacyKind
    identity: str
    orders: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""


class Delivery(Struct, frozen=True):
    """A verified webhook: `subjects` are external ids to read again; empty means look at the whole. `privacy` is what it asks for
    by law, where it does.
    """

    delivery_id: str
    topic: str
    subjects: tuple[str, ...] = ()
    privacy: Privacy | None = None


class Webhooks(Struct, frozen=True):
    """`receive` verifies a raw body against the secrets in use and reads it; raises AuthenticationFailed when none fits.

    Arguments: headers (lower-case names), body, secrets, settings. `by_hand` says in a sentence what a person does at the platform
    with the store's address, where no API makes webhooks. `receive_for_app(headers, body, app)` is the same for what a platform
    tells the installation's app about any of its stores, privacy requests among it; None where it tells apps nothing. `signed_with`
    names the setting that holds its secret.
    """

    topics: tuple[str, ...]
    receive: Callable[[Mapping[str, str], bytes, list[Secret], Any], Delivery]
    by_hand: str = ""
    receive_for_app: Callable[[Mapping[str, str], bytes, App], Delivery] | None = None
    signed_with: str = "client_secret"


class Connector(Struct, frozen=True, kw_only=True):
    """One platform.

    `base_url` is filled from the settings: `https://{shop}.example.com`. An operator may point it elsewhere, which makes its new
    stores sandbox. `takes` names what of a canonical order a warehouse carries; the rest is shown as not taken. `uses_tokens`
    tells from the settings whether calls are signed with tokens of a sign-in; None where a sign-in means yes.
    `open_files(settings, *, door, folder_roots, may_write, record)` gives the partner's folder to clients that exchange files.
    `reference` turns an order number into one that the warehouse can carry, never cutting it; None where any text will do.
    `sign_in_origins` are further addresses of the platform that sign-in may ask. `pause_asked` reads from the headers of a 429
    how long to wait, where the platform says it in its own way.
    """

    key: str
    name: str
    kind: str  # "store" or "warehouse"
    settings: type[ConnectorSettings]
    client: type[Client[Any]]
    base_url: str | None
    docs: str
    version: str
    sign: Callable[..., Mapping[str, str]] | None = None
    sign_in: SignIn | None = None
    oauth: OAuth | None = None
    webhooks: Webhooks | None = None
    uses_tokens: Callable[[Any], bool] | None = None
    rate_limit: RateLimit | None = None
    takes: frozenset[str] = frozenset()
    open_files: Callable[..., AbstractAsyncContextManager[Folder]] | None = None
    reference: Callable[[str], str] | None = None
    sign_in_origins: tuple[str, ...] = ()
    pause_asked: Callable[[Mapping[str, str]], timedelta | None] | None = None

    def can(self, capability: type) -> bool:
        """Whether the client has a capability."""
        return issubclass(self.client, capability)

    def channels(self) -> frozenset[str]:
        """The kinds of data this side can take part in."""
        offers: dict[str, tuple[type, ...]] = {
            "sales_orders": (PullsOrders, SendsOrders),
            "shipments": (PostsShipments, PullsShipments),
            "inventory": (TakesStock, PullsStock),
            "products": (PullsProducts,),
            "returns": (PullsReturns,),
        }
        return frozenset(kind for kind, needs in offers.items() if any(self.can(need) for need in needs))


__all__ = [
    "App",
    "Call",
    "Connector",
    "Delivery",
    "KeepsWebhooks",
    "OAuth",
    "Privacy",
    "PrivacyKind",
    "RateLimit",
    "ReportsProgress",
    "SignIn",
    "Tokens",
    "Webhooks",
]
