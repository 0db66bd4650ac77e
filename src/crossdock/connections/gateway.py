"""The one place where the hub meets connectors: it opens a store or warehouse as a client that is ready to talk."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import Error as DatabaseFailed
from django.db import connection as database
from django.db import transaction
from msgspec import Struct
from pydantic import ValidationError

from crossdock.accounts.keyring import VaultError
from crossdock.activity.services import Kept, keep_messages, message_id_at
from crossdock.connections import credentials
from crossdock.connections.credentials import Owner, OwnerKind, StoredTokens
from crossdock.connections.limits import SharedLimiters
from crossdock.connections.models import Store, Warehouse
from crossdock.connections.realms import destination_of, door_of, folder_roots, sandbox_authority, target_of, with_app
from crossdock.connectors.kit.about import ABOUT
from crossdock.connectors.kit.capabilities import Client
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import AuthenticationFailed, RateLimited, Unavailable
from crossdock.connectors.kit.http import Exchange
from crossdock.connectors.kit.limits import Limiter
from crossdock.connectors.kit.opening import open_client, sign_in
from crossdock.connectors.kit.settings import ConnectorSettings, secret_fields
from crossdock.connectors.kit.tokens import Tokens
from crossdock.connectors.kit.transport import Transport
from crossdock.connectors.registry import connector_for, every_connector
from crossdock.jobs.lanes import LeaseLost
from crossdock.tenancy.scope import in_db

log = structlog.get_logger(__name__)

FAILED = 20
"""Exchanges of a failing run that are kept."""

_limiters = SharedLimiters()
_transports: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Door, Transport]]" = weakref.WeakKeyDictionary()


class Recorder:
    """Collects exchanges until the caller stores them."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    def __call__(self, exchange: Exchange) -> None:
        self.kept.append(Kept(message_id_at(exchange.at), exchange, ABOUT.get()))

    def drain(self) -> list[Kept]:
        """What was collected since the last time. Inside a transaction it counts as taken once that is committed: one that is
        repeated, or fails, loses nothing.
        """
        kept = list(self.kept)
        if database.in_atomic_block:
            transaction.on_commit(lambda: self._forget(kept))
        else:
            self._forget(kept)
        return kept

    def _forget(self, kept: Collection[Kept]) -> None:
        taken = {one.id for one in kept}
        self.kept = [one for one in self.kept if one.id not in taken]

    def of_failure(self) -> list[Kept]:
        """What was collected and not taken and is worth keeping when a run fails: refusals, and what was said last."""
        kept = list(self.kept)
        last = kept[-1:]
        return [one for one in kept[:-1] if (one.exchange.status or 400) >= 400][-FAILED:] + last


class Opened(Struct):
    """A store or warehouse that is ready to talk, and what is said to it."""

    connector: Connector
    settings: ConnectorSettings
    client: Client[Any]
    recorder: Recorder
    realm: str


class Site(Struct, frozen=True):
    """One row as it is needed to open it."""

    kind: OwnerKind
    id: int
    account_public_id: str
    connector: Connector
    settings: ConnectorSettings
    owner: Owner
    tokens: Tokens | None
    signature: bytes = b""


def transport_of(realm: str) -> Transport:
    """The realm's HTTP session of this event loop."""
    mine = _transports.setdefault(asyncio.get_running_loop(), {})
    door = door_of(realm)
    if door not in mine:
        mine[door] = Transport(door, authority=sandbox_authority() if realm == "sandbox" else None)
    return mine[door]


async def close_transports() -> None:
    """Close this event loop's sessions: at the end of a process."""
    for transport in _transports.pop(asyncio.get_running_loop(), {}).values():
        await transport.aclose()


def settings_of(connector: Connector, stored: dict[str, Any], secrets: dict[str, str]) -> ConnectorSettings:
    """Settings as the connector takes them, from what is stored in clear and what was sealed. Fields that are gone are dropped.

    Raises AuthenticationFailed when they do not suffice any more.
    """
    known = set(connector.settings.model_fields)
    hidden = secret_fields(connector.settings)
    values = {name: value for name, value in stored.items() if name in known and name not in hidden}
    values |= {name: value for name, value in secrets.items() if name in hidden}
    try:
        return connector.settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise AuthenticationFailed(
            f"The stored settings no longer fit: {first['msg']}. Open the settings, complete them and save.",
            field=str(first["loc"][0]) if first["loc"] else None,
        ) from None


def load_site(kind: OwnerKind, site_id: int) -> Site:
    """Read one store or warehouse with its secrets. Raises AuthenticationFailed, and Unavailable, also while secrets are locked."""
    row = (Store if kind == "store" else Warehouse).objects.select_related("account").get(pk=site_id)
    connector = connector_for(row.platform)
    clear = settings_of_row(row)
    target = target_of(connector, clear)
    if target.realm != row.realm:
        variable = f"CROSSDOCK_BASE_URL__{connector.key.upper()}"
        raise Unavailable(
            f"{row.name} belongs to the real {connector.name}, and {variable} points elsewhere. Unset it to go on."
            if row.realm == "live"
            else f"{row.name} stands in the sandbox of {connector.name}, and {variable} is not set. Set it to go on."
        )
    owner = Owner(kind, row.pk, row.realm, destination_of(connector, clear))
    try:
        sealed, _ = credentials.load(owner)
    except VaultError as error:
        raise Unavailable(error.message) from error
    return Site(
        kind,
        row.pk,
        str(row.account.public_id),
        connector,
        with_app(connector, settings_of(connector, row.settings, sealed.secrets)),
        owner,
        sealed.tokens(),
        sealed.signature(),
    )


def settings_of_row(row: Store | Warehouse) -> ConnectorSettings:
    """The settings without their secrets, for what needs none: addresses, forms, import settings."""
    connector = connector_for(row.platform)
    known = set(connector.settings.model_fields)
    values = {name: value for name, value in row.settings.items() if name in known}
    # Checked when they were saved; secrets are absent here, so nothing is validated again.
    parsed = {name: _parsed(connector, name, value) for name, value in values.items()}
    return connector.settings.model_construct(**parsed)


def _parsed(connector: Connector, name: str, value: Any) -> Any:
    annotation = connector.settings.model_fields[name].annotation
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str) and "datetime" in str(annotation):
        return datetime.fromisoformat(value)
    return value


@asynccontextmanager
async def open_site(
    account_id: int,
    kind: OwnerKind,
    site_id: int,
    *,
    may_write: bool,
    before_write: Callable[[], None] | None = None,
    reserve: float = 0.0,
    site: Site | None = None,
) -> AsyncIterator[Opened]:
    """Open a store or warehouse. `may_write` is off while it is only observed: every write then raises before it is sent.

    `before_write` is called right before each change and stops it by raising: a lane's `Run.sure`. `reserve` is the part of
    the platform's limit that is left to more urgent lanes. `site` is the row, where the caller has just loaded it.
    """
    if site is None:
        site = await in_db(account_id, load_site, kind, site_id)
    recorder = Recorder()
    base_url = target_of(site.connector, site.settings).base_url if site.connector.base_url else None
    transport = transport_of(site.owner.realm)

    async def renew(stale: Tokens | None) -> Tokens:
        return await sign_in(
            site.connector, site.settings, stale, door=transport.door, base_url=base_url, transport=transport, record=recorder
        )

    try:
        async with open_client(
            site.connector,
            site.settings,
            door=transport.door,
            record=recorder,
            base_url=base_url,
            realm=site.owner.realm,
            tokens=StoredTokens(account_id, site.owner, renew, site.signature),
            limiter=_limiter(account_id, site, reserve),
            may_write=may_write,
            before_write=before_write,
            transport=transport,
            folder_roots=folder_roots(site.account_public_id),
        ) as client:
            yield Opened(site.connector, site.settings, client, recorder, site.owner.realm)
    except (LeaseLost, RateLimited):
        raise
    except Exception as error:
        await _keep_failure(account_id, site, recorder, error)
        raise


async def _keep_failure(account_id: int, site: Site, recorder: Recorder, error: Exception) -> None:
    """Archive what was said before a run failed, and leave the exchange behind the error with it."""
    kept = recorder.of_failure()
    if not kept:
        return
    owner: dict[str, int] = {f"{site.kind}_id": site.id}
    try:
        await in_db(account_id, partial(keep_messages, kept, **owner))  # type: ignore[arg-type]  # store_id or warehouse_id
    except DatabaseFailed:
        # What failed first is what a person has to hear of.
        log.warning("exchanges.lost", count=len(kept))
        return
    error.exchange = kept[-1].id  # type: ignore[attr-defined]  # any exception carries it to the lane


def _limiter(account_id: int, site: Site, reserve: float) -> Limiter | None:
    limit = site.connector.rate_limit
    return _limiters.of(account_id, site.kind, site.id, limit, reserve) if limit else None


def connectors_of(kind: str) -> Sequence[Connector]:
    """The platforms of a kind, "store" or "warehouse", by name."""
    return [connector for connector in every_connector().values() if connector.kind == kind]


def platform_named(key: str) -> Connector:
    """The platform with this key. Raises KeyError."""
    return connector_for(key)
