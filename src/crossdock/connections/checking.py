"""Test connection: ask a platform with settings that are not stored yet, from a web process, outside any transaction.

One event loop in a thread of its own serves the whole process; its sessions are those of the gateway.
"""

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any, TypeVar

import msgspec
from django.core.cache import cache
from django.utils.translation import gettext as _
from msgspec import Struct

from crossdock.connections import gateway
from crossdock.connections.credentials import Owner, StoredTokens
from crossdock.connections.realms import folder_roots, target_of, with_app
from crossdock.connectors.kit.auth import Masker, secrets_of
from crossdock.connectors.kit.capabilities import Client, Identity, SignsOut
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, Unavailable
from crossdock.connectors.kit.http import Exchange, Http
from crossdock.connectors.kit.opening import open_client, open_unsigned, sign_in
from crossdock.connectors.kit.settings import ConnectorSettings, fields_of
from crossdock.connectors.kit.tokens import MemoryTokens, Tokens, TokenSource
from crossdock.domain.errors import RuleBroken

T = TypeVar("T")

LONGEST = timedelta(seconds=45)
"""How long a person waits for one test."""

LEAVING = timedelta(seconds=5)
"""How long a person who replaces credentials waits for the old session to be closed."""

A_MINUTE = 10
"""Tests of one account in a minute: whoever sends us knocking at doors does so slowly."""


KEPT_FOR = timedelta(days=90)
"""How long the findings of the last test are shown."""


class Outcome(Struct, frozen=True):
    """What a test found. `field` is the setting at fault; `offers` is what the platform itself says belongs into a field.

    `choices` are the options of fields that load them: (value, label) pairs.
    """

    ok: bool
    message: str
    at: datetime
    field: str = ""
    identity: str = ""
    name: str = ""
    warnings: tuple[str, ...] = ()
    choices: dict[str, list[tuple[str, str]]] = {}
    offers: dict[str, str] = {}
    is_unreachable: bool = False

    def found(self) -> Identity:
        """Who answered. Only after a test that went well."""
        return Identity(self.identity, self.name, self.warnings)


class Checked(Struct, frozen=True):
    """A test's outcome, and the tokens it ended with."""

    outcome: Outcome
    tokens: Tokens | None


class Refusal(RuleBroken):
    """Too many tests in a minute."""


class _Loop:
    """The background loop: made at first use, stopped with the process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end in the loop; the calling thread waits."""
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="checking", daemon=True)
                self._thread.start()
            loop = self._loop
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    def stop(self) -> None:
        """Close the sessions and end the thread. The next `run` starts anew."""
        with self._guard:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(gateway.close_transports(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


_loop = _Loop()
atexit.register(_loop.stop)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run asynchronous work of a web request in the process's background loop."""
    return _loop.run(work)


def stop() -> None:
    """End the background loop: at the end of a process, and of a test."""
    _loop.stop()


def count(account_id: int) -> None:
    """Count one test of an account. Raises Refusal after ten in a minute."""
    key = f"connection-tests:{account_id}:{int(time() // 60)}"
    cache.add(key, 0, 120)
    if cache.incr(key) > A_MINUTE:
        raise Refusal(_("Ten tests a minute are all an account has. Wait a minute, then test again."))


def check(
    connector: Connector,
    settings: ConnectorSettings,
    *,
    account_public_id: str,
    tokens: Tokens | None = None,
    source: TokenSource | None = None,
) -> Checked:
    """Ask who answers with these settings, and for the options of fields that load them. Writes nothing anywhere.

    `source` takes the place of `tokens` where tokens are stored already: renewing them here alone would kill the stored ones.
    """
    return run(_check(connector, with_app(connector, settings), account_public_id, tokens, source))


def choices(
    connector: Connector,
    settings: ConnectorSettings,
    field: str,
    *,
    account_public_id: str,
    tokens: Tokens | None = None,
    source: TokenSource | None = None,
) -> list[tuple[str, str]]:
    """The options of one field. Raises ConnectorError."""
    filled = with_app(connector, settings)

    async def ask() -> list[tuple[str, str]]:
        held = source or await _memory(connector, filled, tokens)
        return await _with_client(connector, filled, account_public_id, held, lambda client: _options(client, field))

    return run(ask())


def sign_out(connector: Connector, settings: ConnectorSettings, tokens: Tokens, *, account_public_id: str) -> None:
    """Close the session that these tokens are of, where the platform counts sessions. Raises ConnectorError, TimeoutError."""

    async def leave(client: Client[Any]) -> None:
        if isinstance(client, SignsOut):
            await client.sign_out()

    async def ask() -> None:
        async with asyncio.timeout(LEAVING.total_seconds()):
            held = await _memory(connector, settings, tokens)
            await _with_client(connector, settings, account_public_id, held, leave)

    run(ask())


async def _check(
    connector: Connector, settings: ConnectorSettings, account: str, tokens: Tokens | None, source: TokenSource | None
) -> Checked:
    held = source
    known: dict[str, list[tuple[str, str]]] = {}
    masker = Masker(secrets_of(settings, tokens))

    async def ask(client: Client[Any]) -> Identity:
        loading = [spec.name for spec in fields_of(connector.settings) if spec.loads]
        try:
            identity = await client.check()
        except ConnectorError as error:
            # "Choose a location" is what a person reads who has not seen the list yet: bring it along.
            if getattr(error, "field", None) in loading:
                await _load(client, loading, known)
            raise
        await _load(client, loading, known)
        return identity

    try:
        held = held or await _memory(connector, settings, tokens)
        identity = await _with_client(connector, settings, account, held, ask)
    except ConnectorError as error:
        outcome = Outcome(
            ok=False,
            message=masker.text(error.message),
            at=datetime.now(UTC),
            field=getattr(error, "field", None) or "",
            choices=known,
            offers=_offers(error),
            is_unreachable=not isinstance(error, AuthenticationFailed | InvalidData),
        )
    else:
        outcome = Outcome(
            ok=True,
            message=_("{name} answers.").format(name=identity.name),
            at=datetime.now(UTC),
            identity=identity.id,
            name=identity.name,
            warnings=tuple(masker.text(warning) for warning in identity.warnings),
            choices=known,
        )
    return Checked(outcome, await held.current() if held and not source else None)


async def _with_client(
    connector: Connector,
    settings: ConnectorSettings,
    account: str,
    tokens: TokenSource,
    ask: Callable[[Client[Any]], Awaitable[T]],
) -> T:
    target = target_of(connector, settings)
    transport = gateway.transport_of(target.realm)
    try:
        async with (
            asyncio.timeout(LONGEST.total_seconds()),
            open_client(
                connector,
                settings,
                door=transport.door,
                record=_forget,
                base_url=target.base_url if connector.base_url else None,
                realm=target.realm,
                tokens=tokens,
                may_write=False,
                transport=transport,
                folder_roots=folder_roots(account),
            ) as client,
        ):
            return await ask(client)
    except TimeoutError:
        raise Unavailable(
            _("{platform} did not answer within {n} seconds. Try again later.").format(
                platform=connector.name, n=int(LONGEST.total_seconds())
            )
        ) from None


async def _memory(connector: Connector, settings: ConnectorSettings, tokens: Tokens | None) -> MemoryTokens:
    target = target_of(connector, settings)
    transport = gateway.transport_of(target.realm)
    base_url = target.base_url if connector.base_url else None

    async def renew(stale: Tokens | None) -> Tokens:
        return await sign_in(connector, settings, stale, door=transport.door, base_url=base_url, transport=transport)

    return MemoryTokens(tokens, renew)


async def _load(client: Client[Any], fields: Sequence[str], into: dict[str, list[tuple[str, str]]]) -> None:
    for field in fields:
        try:
            into[field] = await _options(client, field)
        except ConnectorError:
            # The list is a convenience: what the test itself found stands without it.
            continue


async def _options(client: Client[Any], field: str) -> list[tuple[str, str]]:
    return [(choice.value, choice.label) for choice in await client.choices(field)]


def _offers(error: ConnectorError) -> dict[str, str]:
    """A server's fingerprint, so that nobody has to copy it out of a sentence."""
    shown = error.evidence.get("fingerprint", "")
    field = getattr(error, "field", None)
    return {field: shown} if field and shown else {}


def stored_tokens(account_id: int, owner: Owner, connector: Connector, settings: ConnectorSettings) -> TokenSource:
    """The tokens of a store or warehouse that is here, renewed as its lanes renew them: by one at a time, and stored."""
    filled = with_app(connector, settings)

    async def renew(stale: Tokens | None) -> Tokens:
        target = target_of(connector, filled)
        transport = gateway.transport_of(target.realm)
        base_url = target.base_url if connector.base_url else None
        return await sign_in(connector, filled, stale, door=transport.door, base_url=base_url, transport=transport)

    return StoredTokens(account_id, owner, renew)


def remember(kind: str, site_id: int, outcome: Outcome) -> None:
    """Keep what a test of a store or warehouse found, for its pages: warnings, and the names behind the ids in its settings."""
    cache.set(f"connection-check:{kind}:{site_id}", msgspec.to_builtins(outcome), KEPT_FOR.total_seconds())


def remembered(kind: str, site_id: int) -> Outcome | None:
    """What the last test found; None when that is long ago."""
    kept = cache.get(f"connection-check:{kind}:{site_id}")
    try:
        return msgspec.convert(kept, Outcome) if kept else None
    except msgspec.ValidationError:
        return None


async def ask_consent(connector: Connector, settings: ConnectorSettings, app: Any, redirect_uri: str) -> Tokens:
    """Get the temporary credentials of OAuth 1.0a. Raises ConnectorError."""
    if connector.oauth is None or connector.oauth.request is None:
        raise RuntimeError(f"{connector.key} needs nothing before consent")
    async with _unsigned(connector, settings) as http:
        return await connector.oauth.request(settings, app, redirect_uri, http)


async def trade(
    connector: Connector, settings: ConnectorSettings, app: Any, code: str, redirect_uri: str, asked: Tokens | None = None
) -> Tokens:
    """Trade the code of a sign-in in the browser for tokens. `asked` is what `ask_consent` gave. Raises ConnectorError."""
    if connector.oauth is None:
        raise RuntimeError(f"{connector.key} has no sign-in in the browser")
    more = {"asked": asked} if connector.oauth.request is not None else {}
    async with _unsigned(connector, settings) as http:
        tokens: Tokens = await connector.oauth.exchange(settings, app, code, redirect_uri, http, **more)
        return tokens


def _unsigned(connector: Connector, settings: ConnectorSettings) -> AbstractAsyncContextManager[Http]:
    target = target_of(connector, settings)
    transport = gateway.transport_of(target.realm)
    base_url = target.base_url if connector.base_url else None
    return open_unsigned(connector, settings, door=transport.door, base_url=base_url, transport=transport)


def _forget(exchange: Exchange) -> None:
    """What is said before anything is stored belongs to no record."""
