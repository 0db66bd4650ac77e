"""How a request gets its credentials, and new ones when they are stale."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from yarl import URL

from crossdock.connectors.kit.auth import secrets_of
from crossdock.connectors.kit.errors import RateLimited, Unavailable
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.tokens import Tokens, TokenSource, is_due


class Request(Struct, frozen=True):
    """A request as it goes out. `body` is None for none."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None = None


Sign = Callable[[Any, Tokens | None, Request], Mapping[str, str]]
"""(settings, tokens, request) to the headers that carry the credentials."""


class Signer:
    """Adds a connector's credentials to requests, with tokens that are renewed a little before their end."""

    def __init__(self, sign: Sign | None, settings: ConnectorSettings, tokens: TokenSource | None) -> None:
        self._sign = sign
        self._settings = settings
        self._tokens = tokens
        self._renewed: Tokens | None = None
        self._known: tuple[Tokens | None, frozenset[str]] | None = None

    async def sign(self, request: Request) -> tuple[Request, Tokens | None, frozenset[str] | None]:
        """The signed request, the tokens it was signed with, and the session's secrets when they changed since the last call.

        Raises AuthenticationFailed when there are no credentials to sign with.
        """
        tokens = await self._usable_tokens()
        secrets = None
        if self._known is None or self._known[0] != tokens:
            # Tokens that were just replaced may still show up in an answer, so they stay masked.
            before = self._known[1] if self._known else frozenset()
            secrets = secrets_of(self._settings, tokens) | before
            self._known = (tokens, secrets)
        headers = self._sign(self._settings, tokens, request) if self._sign else {}
        return Request(request.method, request.url, {**request.headers, **headers}, request.body), tokens, secrets

    async def renew(self, stale: Tokens | None) -> bool:
        """Get newer tokens after a refusal; False where there is nothing to renew. Raises AuthenticationFailed."""
        if self._tokens is None:
            return False
        self._renewed = await self._tokens.renew(stale)
        return self._renewed != stale

    async def _usable_tokens(self) -> Tokens | None:
        if self._tokens is None:
            return None
        tokens = await self._tokens.current()
        if tokens is None:
            self._renewed = await self._tokens.renew(None)
            return self._renewed
        # A pair that was only just given is used even if it is short-lived: renewing it at every call would be endless.
        if is_due(tokens) and tokens != self._renewed:
            try:
                self._renewed = await self._tokens.renew(tokens)
            except (Unavailable, RateLimited):
                return tokens  # early renewal can wait; if it has really expired, the 401 says so
            return self._renewed
        return tokens
