"""Who may ask what: apps, permanent tokens, scopes, signed calls, and the quota that all apps of a store share."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crossdock.connectors.bigcommerce.simulator.state import Store

SCOPES = (
    "store_v2_orders",
    "store_v2_products",
    "store_v2_information_read_only",
    "store_inventory",
    "store_locations_read_only",
    "store_v2_transactions_read_only",
)

OWNER = {"id": 9128, "username": "owner@example.com", "email": "owner@example.com"}

_CODE_LIVES = timedelta(minutes=10)
_CALL_LIVES = 86_400

_NEEDED = (
    ("v2/orders", "store_v2_orders"),
    ("v2/order_statuses", "store_v2_orders"),
    ("v2/store", "store_v2_information"),
    ("v3/catalog", "store_v2_products"),
    ("v3/inventory/locations", "store_locations"),
    ("v3/inventory", "store_inventory"),
    ("v3/orders", "store_v2_transactions"),
)
"""What a path needs; reading needs less than changing. Time and webhooks need nothing."""


@dataclass
class App:
    """An app of the developer portal, or a store-level API account."""

    client_id: str
    client_secret: str


@dataclass
class Token:
    """A permanent token of an app at a store."""

    value: str
    client_id: str
    store: str
    scopes: tuple[str, ...] = SCOPES


class NoGrant(Exception):
    """A token request refused: the body of the answer."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.body = {"error": error}


@dataclass
class Access:
    """All apps, tokens and codes."""

    clock: Callable[[], datetime]
    apps: dict[str, App] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, tuple[str, str, tuple[str, ...], str, datetime]] = field(default_factory=dict)

    def give(self, store: str, client_id: str, *, scopes: tuple[str, ...] = SCOPES, value: str | None = None) -> str:
        """A token, as a store-level API account shows it once."""
        value = value or secrets.token_hex(16)
        self.tokens[value] = Token(value, client_id, store, scopes)
        return value

    def code(self, store: str, client_id: str, scopes: tuple[str, ...], redirect_uri: str) -> str:
        """What the page of consent hands over."""
        code = secrets.token_hex(16)
        self.codes[code] = (client_id, store, scopes, redirect_uri, self.clock() + _CODE_LIVES)
        return code

    def grant(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token request; another consent ends the app's token of before. Raises NoGrant."""
        app = self.apps.get(given.get("client_id", ""))
        if app is None or not hmac.compare_digest(app.client_secret, given.get("client_secret", "")):
            raise NoGrant("Invalid client credentials.")
        if given.get("grant_type") != "authorization_code":
            raise NoGrant("Unsupported grant type.")
        client_id, store, scopes, redirect_uri, until = self.codes.pop(given.get("code", ""), ("", "", (), "", self.clock()))
        is_fresh = client_id == app.client_id and until > self.clock()
        if not is_fresh or given.get("context") != f"stores/{store}" or given.get("redirect_uri") != redirect_uri:
            raise NoGrant("Invalid code, context or redirect_uri.")
        self.tokens = {key: one for key, one in self.tokens.items() if (one.client_id, one.store) != (client_id, store)}
        value = self.give(store, client_id, scopes=scopes)
        return {
            "access_token": value,
            "scope": " ".join(scopes),
            "user": OWNER,
            "owner": OWNER,
            "context": f"stores/{store}",
            "account_uuid": "00000000-0000-4000-8000-000000000001",
        }

    def signed_call(self, store: str, client_id: str, *, user: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """The JWT with which the platform opens or uninstalls an app."""
        now = int(self.clock().timestamp())
        claims = {
            "aud": client_id,
            "iss": "bc",
            "sub": f"stores/{store}",
            "iat": now,
            "nbf": now - 5,
            "exp": now + _CALL_LIVES,
            "jti": secrets.token_hex(8),
            "user": {**OWNER, "locale": "en-US", **(user or {})},
            "owner": OWNER,
            "url": "/",
            "channel_id": None,
            **changes,
        }
        signed = ".".join(_to64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        secret = self.apps[client_id].client_secret.encode()
        return f"{signed}.{_to64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def token(self, store: str, value: str | None) -> Token | None:
        """A token that is good at this store."""
        found = self.tokens.get(value or "")
        return found if found is not None and found.store == store else None

    def revoke(self, store: str | None = None) -> None:
        """End all tokens, of one store or of all."""
        self.tokens = {key: one for key, one in self.tokens.items() if store is not None and one.store != store}


def lacks(token: Token, path: str, method: str) -> str | None:
    """The scope that a call would need and the token has not; None when it may."""
    needed = next((scope for prefix, scope in _NEEDED if path.startswith(prefix)), None)
    if needed is None:
        return None
    enough = {needed} if method not in ("GET", "HEAD") else {needed, f"{needed}_read_only"}
    return None if enough & set(token.scopes) else needed


def spend(store: Store, count: int = 1) -> tuple[bool, dict[str, str]]:
    """Take a call from the window; whether there was one, and the headers that every answer carries while limits are on."""
    if not store.has_limits:
        return True, {}
    now, window = time.monotonic(), store.window_ms / 1000
    if now >= store.window_began + window:
        store.window_began, store.spent = now, 0
    is_let = store.spent < store.quota
    if is_let:
        store.spent = min(store.quota, store.spent + count + store.others_spend)
    reset = max(1, round((store.window_began + window - now) * 1000))
    return is_let, {
        "X-Rate-Limit-Time-Window-Ms": str(store.window_ms),
        "X-Rate-Limit-Time-Reset-Ms": str(reset),
        "X-Rate-Limit-Requests-Quota": str(store.quota),
        "X-Rate-Limit-Requests-Left": str(store.quota - store.spent),
    }


def _to64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
