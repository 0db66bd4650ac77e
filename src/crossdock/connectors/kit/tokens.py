"""Where the tokens of a store come from, and who renews them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.secret import Secret

RENEW_BEFORE = timedelta(minutes=5)
"""Tokens are renewed this long before they expire."""


class Tokens(Struct, frozen=True):
    """What a sign-in gave. `refresh` is None where one signs in anew; `expires_at` None means it does not expire.

    A token of OAuth 1.0a is nothing without its secret, and is never renewed: the secret stands in `refresh`.
    """

    access: Secret
    refresh: Secret | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


class TokenSource(Protocol):
    """Holds a store's tokens. Renewing is single flight: two calls that see the same stale tokens cause one sign-in, since a second
    refresh would kill the pair the first one got.
    """

    async def current(self) -> Tokens | None:
        """The tokens as stored; None before the first sign-in."""

    async def renew(self, stale: Tokens | None) -> Tokens:
        """Newer tokens than `stale`, stored before they are returned. Raises AuthenticationFailed when a person has to act."""


class MemoryTokens:
    """Tokens kept in this process: for tests, for `Test connection` before anything is stored, and for the command line."""

    def __init__(self, tokens: Tokens | None = None, sign_in: Callable[[Tokens | None], Awaitable[Tokens]] | None = None) -> None:
        self._tokens = tokens
        self._sign_in = sign_in
        self._lock = asyncio.Lock()

    async def current(self) -> Tokens | None:
        """See `TokenSource`."""
        return self._tokens

    async def renew(self, stale: Tokens | None) -> Tokens:
        """See `TokenSource`."""
        async with self._lock:
            if self._tokens is not None and self._tokens != stale:
                return self._tokens
            if self._sign_in is None:
                raise AuthenticationFailed("The credentials are refused, and there is nothing to renew them with. Sign in again.")
            self._tokens = await self._sign_in(stale)
            return self._tokens


def is_due(tokens: Tokens, now: datetime | None = None) -> bool:
    """Whether tokens are so near their end that they should be renewed before use."""
    return tokens.expires_at is not None and (now or datetime.now(UTC)) >= tokens.expires_at - RENEW_BEFORE
