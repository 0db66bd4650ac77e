"""The one way a client is made: address resolved, realm decided, signed, paced, recorded."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from msgspec import Struct

from crossdock.connectors.kit.capabilities import Client
from crossdock.connectors.kit.declaration import Connector, Tokens
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.guarded_files import GuardedFolder
from crossdock.connectors.kit.http import Exchange, Http, Record
from crossdock.connectors.kit.limits import Limiter, LocalLimiter
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.signing import Signer
from crossdock.connectors.kit.tokens import TokenSource
from crossdock.connectors.kit.transport import Transport


class Target(Struct, frozen=True):
    """Where a store or warehouse is, and in which realm. `base_url` is None for one that is not reached over HTTP."""

    base_url: str | None
    realm: str


def resolve_base_url(connector: Connector, settings: ConnectorSettings, environ: Mapping[str, str]) -> Target:
    """Fill the connector's address from the settings, or the operator's `CROSSDOCK_BASE_URL__<KEY>`, which makes it sandbox.

    Raises InvalidData when a setting that belongs into the address is missing or has characters no address part has.
    """
    override = environ.get(f"CROSSDOCK_BASE_URL__{connector.key.upper()}", "").strip()
    template = override or connector.base_url
    return Target(_filled(template, settings) if template else None, "sandbox" if override else "live")


def _filled(template: str, settings: ConnectorSettings) -> str:
    if whole := re.fullmatch(r"\{(\w+)\}", template):
        return str(getattr(settings, whole[1], "") or "").rstrip("/")

    def value_of(found: re.Match[str]) -> str:
        name = found[1]
        value = getattr(settings, name, None)
        if not isinstance(value, str) or not value:
            raise InvalidData("It belongs to the address and is missing.", field=name)
        filled = quote(value, safe="")
        if filled != value or value.startswith(".") or ":" in value:
            raise InvalidData("It has characters that an address does not take.", field=name)
        return filled

    return re.sub(r"\{(\w+)\}", value_of, template).rstrip("/")


def address_field(connector: Connector) -> str | None:
    """The setting that is the address as a whole, where people type it; None where only the platform's own address is asked."""
    found = re.fullmatch(r"\{(\w+)\}", connector.base_url or "")
    return found[1] if found else None


def _uses_tokens(connector: Connector, settings: ConnectorSettings) -> bool:
    return connector.uses_tokens(settings) if connector.uses_tokens else connector.sign_in is not None


@asynccontextmanager
async def open_client(
    connector: Connector,
    settings: ConnectorSettings,
    *,
    door: Door,
    record: Record,
    base_url: str | None = None,
    realm: str = "live",
    tokens: TokenSource | None = None,
    limiter: Limiter | None = None,
    may_write: bool = True,
    before_write: Callable[[], None] | None = None,
    transport: Transport | None = None,
    folder_roots: Sequence[Path] = (),
) -> AsyncIterator[Client[Any]]:
    """A client that is ready to talk.

    `base_url` None means the connector's own. `transport` is the realm's session of this process; without one a session is made
    and closed with the client. `limiter` None paces by what the platform documents, in this client alone. `tokens` is needed by
    connectors with a sign-in. `folder_roots` are where the account's local folders lie. `before_write` is called right before every
    change, and stops it by raising.
    Raises InvalidData for an address the door refuses.
    """
    if door.realm != realm:
        raise InvalidData("These credentials belong to another realm than the address configured for this platform.")
    async with AsyncExitStack() as stack:
        http: Http = _NoHttp()
        target = base_url or resolve_base_url(connector, settings, {}).base_url
        if target is not None:
            if transport is None:
                transport = await stack.enter_async_context(Transport(door))
            http = Http(
                target,
                platform=connector.name,
                transport=transport,
                record=record,
                limiter=limiter or LocalLimiter(connector.rate_limit),
                signer=Signer(connector.sign, settings, tokens if _uses_tokens(connector, settings) else None),
                may_write=may_write,
                before_write=before_write,
                pause_asked=connector.pause_asked,
                address_field=address_field(connector),
            )
        files: Folder = _NoFolder()
        if connector.open_files is not None:
            files = await stack.enter_async_context(
                connector.open_files(settings, door=door, folder_roots=folder_roots, may_write=may_write, record=record)
            )
            if before_write is not None:
                files = GuardedFolder(files, before_write)
        yield connector.client(settings, http=http, files=files)


async def sign_in(
    connector: Connector,
    settings: ConnectorSettings,
    tokens: Tokens | None,
    *,
    door: Door,
    base_url: str | None = None,
    transport: Transport | None = None,
    record: Record | None = None,
) -> Tokens:
    """New tokens from the stored ones, or from the settings alone: what a TokenSource calls while it holds its lock.

    Bodies are not recorded. Raises AuthenticationFailed when a person has to act.
    """
    if connector.sign_in is None:
        raise AuthenticationFailed(f"{connector.name} refuses the credentials. Enter them again.")
    async with open_unsigned(connector, settings, door=door, base_url=base_url, transport=transport, record=record) as http:
        return await connector.sign_in(settings, tokens, http)


@asynccontextmanager
async def open_unsigned(
    connector: Connector,
    settings: ConnectorSettings,
    *,
    door: Door,
    base_url: str | None = None,
    transport: Transport | None = None,
    record: Record | None = None,
) -> AsyncIterator[Http]:
    """HTTP to a platform without credentials and without its bodies recorded: for sign-in and the exchange of an OAuth code."""
    target = base_url or resolve_base_url(connector, settings, {}).base_url
    if target is None:
        raise InvalidData(f"{connector.name} has no address to sign in at.")
    async with AsyncExitStack() as stack:
        if transport is None:
            transport = await stack.enter_async_context(Transport(door))
        yield Http(
            target,
            platform=connector.name,
            transport=transport,
            record=record or _not_recorded,
            limiter=LocalLimiter(),
            is_recorded=False,
            origins=connector.sign_in_origins,
            pause_asked=connector.pause_asked,
            address_field=address_field(connector),
        )


def _not_recorded(exchange: Exchange) -> None:
    return


class _NoHttp(Http):
    """Given to clients of platforms that have no address; using it is a bug of ours."""

    def __init__(self) -> None:
        pass

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError("this connector declares no address")


class _NoFolder(Folder):
    """Given to clients of platforms without folders; using it is a bug of ours."""

    def _none(self, *_: object, **__: object) -> NoReturn:
        raise RuntimeError("this connector declares no folder")

    entries = stat = read = write = rename = discard = make_folder = _none


__all__ = ["Target", "open_client", "open_unsigned", "resolve_base_url", "sign_in"]
