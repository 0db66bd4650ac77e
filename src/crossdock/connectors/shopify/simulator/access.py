"""Tokens: made by consent, by refresh, by client credentials, or given out by hand; and what refuses them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from crossdock.connectors.shopify.simulator.state import SCOPES, Shop

ACCESS_LIVES = timedelta(minutes=60)
REFRESH_LIVES = timedelta(days=90)
CLIENT_CREDENTIALS_LIVE = timedelta(seconds=86_399)
CODE_LIVES = timedelta(minutes=10)


class Grant(dict[str, Any]):
    """The JSON a token request is answered with."""


class NoGrant(Exception):
    """A token request refused: HTTP 400 with the OAuth error."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass
class App:
    """Who may sign in: a client id with its secret. `is_own` allows client credentials."""

    client_id: str
    client_secret: str
    scopes: tuple[str, ...] = SCOPES
    is_own: bool = True


@dataclass
class Token:
    """One access token. `refresh` belongs to it; both die when the next pair is first used."""

    value: str
    app: str
    shop: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    refresh: str | None = None
    refresh_expires_at: datetime | None = None
    replaces: str | None = None
    is_used: bool = False


@dataclass
class Access:
    """All apps and tokens of all shops."""

    clock: Callable[[], datetime]
    apps: dict[str, App] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, tuple[str, str, tuple[str, ...], datetime]] = field(default_factory=dict)

    def give(self, shop: Shop, app: str, *, value: str | None = None, scopes: tuple[str, ...] = SCOPES) -> str:
        """A permanent token, as admin-made custom apps have."""
        value = value or "shpat_" + secrets.token_hex(16)
        self.tokens[value] = Token(value, app, shop.handle, scopes)
        return value

    def code(self, shop: Shop, client_id: str, scopes: tuple[str, ...]) -> str:
        """What the consent page hands over in the callback."""
        code = secrets.token_hex(16)
        self.codes[code] = (client_id, shop.handle, scopes, self.clock() + CODE_LIVES)
        return code

    def signed(self, client_id: str, values: Mapping[str, str]) -> str:
        """A callback's query with its HMAC: hex, over the other values sorted by name."""
        secret = self.apps[client_id].client_secret.encode()
        message = "&".join(f"{name}={values[name]}" for name in sorted(values))
        digest = hmac.new(secret, message.encode(), hashlib.sha256).hexdigest()
        return urlencode({**values, "hmac": digest})

    def grant(self, shop: Shop, given: Mapping[str, str]) -> Grant:
        """Answer a token request. Raises NoGrant."""
        app = self.apps.get(given.get("client_id", ""))
        if app is None or not hmac.compare_digest(app.client_secret, given.get("client_secret", "")):
            raise NoGrant("invalid_client", "Client authentication failed")
        kind = given.get("grant_type") or "authorization_code"
        if kind == "client_credentials":
            return self._for_itself(shop, app)
        if kind == "refresh_token":
            return self._refreshed(shop, app, given.get("refresh_token", ""))
        if kind == "authorization_code":
            return self._for_code(shop, app, given)
        raise NoGrant("unsupported_grant_type", f"The grant type {kind} is not supported")

    def _for_itself(self, shop: Shop, app: App) -> Grant:
        if not app.is_own:
            raise NoGrant("shop_not_permitted", "Client credentials cannot be performed on this shop.")
        token = self._new(shop, app, app.scopes, self.clock() + CLIENT_CREDENTIALS_LIVE)
        seconds = int(CLIENT_CREDENTIALS_LIVE.total_seconds())
        return Grant(access_token=token.value, scope=_shown(app.scopes), expires_in=seconds)

    def _for_code(self, shop: Shop, app: App, given: Mapping[str, str]) -> Grant:
        client_id, handle, scopes, until = self.codes.pop(given.get("code", ""), ("", "", (), self.clock()))
        if client_id != app.client_id or handle != shop.handle or until < self.clock():
            raise NoGrant("invalid_request", "The authorization code was not found or was already used")
        if given.get("expiring") != "1":
            token = self._new(shop, app, scopes, None)
            return Grant(access_token=token.value, scope=_shown(scopes))
        for value in [
            key for key, one in self.tokens.items() if one.app == app.client_id and one.shop == shop.handle and one.refresh
        ]:
            del self.tokens[value]
        return self._pair(self._new(shop, app, scopes, self.clock() + ACCESS_LIVES, has_refresh=True))

    def _refreshed(self, shop: Shop, app: App, refresh: str) -> Grant:
        found = next((one for one in self.tokens.values() if one.refresh == refresh and refresh), None)
        is_dead = found is None or found.refresh_expires_at is None or found.refresh_expires_at <= self.clock()
        if found is None or is_dead or found.app != app.client_id or found.shop != shop.handle:
            raise NoGrant("invalid_grant", "The refresh token is invalid or has expired")
        # A lost answer can be asked for again until what it gave was first used.
        for value in [key for key, one in self.tokens.items() if one.replaces == found.value and not one.is_used]:
            del self.tokens[value]
        token = self._new(shop, app, found.scopes, self.clock() + ACCESS_LIVES, has_refresh=True)
        token.replaces = found.value
        return self._pair(token)

    def _pair(self, token: Token) -> Grant:
        return Grant(
            access_token=token.value,
            scope=_shown(token.scopes),
            expires_in=int(ACCESS_LIVES.total_seconds()),
            refresh_token=token.refresh,
            refresh_token_expires_in=int(REFRESH_LIVES.total_seconds()),
        )

    def _new(self, shop: Shop, app: App, scopes: tuple[str, ...], until: datetime | None, *, has_refresh: bool = False) -> Token:
        value = "shpat_" + secrets.token_hex(16)
        token = Token(value, app.client_id, shop.handle, scopes, until)
        if has_refresh:
            token.refresh = "shprt_" + secrets.token_hex(16)
            token.refresh_expires_at = self.clock() + REFRESH_LIVES
        self.tokens[value] = token
        return token

    def token(self, shop: Shop, value: str | None) -> Token | None:
        """A token that is good at this shop now; its first use ends the one it replaces."""
        found = self.tokens.get(value or "")
        if found is None or found.shop != shop.handle:
            return None
        if found.expires_at is not None and found.expires_at <= self.clock():
            return None
        if not found.is_used:
            found.is_used = True
            if found.replaces is not None:
                self.tokens.pop(found.replaces, None)
        return found

    def revoke(self, handle: str | None = None) -> None:
        """End all tokens, of one shop or of all."""
        self.tokens = {key: one for key, one in self.tokens.items() if handle is not None and one.shop != handle}


def _shown(scopes: tuple[str, ...]) -> str:
    """The granted scopes as the platform lists them: without those that a granted write implies."""
    implied = {scope.replace("write_", "read_", 1) for scope in scopes if scope.startswith("write_")}
    return ",".join(scope for scope in scopes if scope not in implied)
