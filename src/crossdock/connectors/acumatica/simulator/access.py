"""Who may call: connected applications, users, tokens and the sessions a license counts."""

from __future__ import annotations

import secrets
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(seconds=3600)
IDLE = timedelta(minutes=20)

FULL = {
    "message": "An error has occurred.",
    "exceptionMessage": "API Login Limit",
    "exceptionType": "PX.Data.PXException",
    "stackTrace": "   at PX.Data.Licensing.checkApiUsersLimits()",
}


class NoGrant(Exception):
    """The token request is refused; `status` and `body` are what the platform answers."""

    def __init__(self, error: str, description: str = "", *, status: int = 400, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = (
            dict(body) if body is not None else {"error": error, **({"error_description": description} if description else {})}
        )


@dataclass(slots=True)
class App:
    """A connected application of one tenant; its id carries the tenant's name. `ends_at` is when its secret expires."""

    client_id: str
    client_secret: str
    tenant: str
    flow: str = "password"
    ends_at: datetime | None = None


@dataclass(slots=True)
class Session:
    """One of the sessions a license counts."""

    id: str
    tenant: str
    used_at: datetime
    is_cookie: bool = False
    is_busy: bool = False


@dataclass(slots=True)
class Grant:
    """Tokens of one sign-in; they share its session."""

    session: str
    client_id: str
    access: str
    refresh: str
    until: datetime


@dataclass(slots=True)
class Access:
    """Applications, users, grants and sessions of the instance. `most_sessions` and `per_minute` are the license's."""

    clock: Callable[[], datetime]
    apps: dict[str, App] = field(default_factory=dict)
    users: dict[tuple[str, str], str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    most_sessions: int = 50
    per_window: int | None = None
    window: float = 60.0
    queue: int = 20
    refused: int = 0
    _calls: deque[float] = field(default_factory=deque)

    def token(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Answer of the token endpoint. Raises NoGrant."""
        app = self.apps.get(given.get("client_id", "").casefold())
        if app is None or app.client_secret != given.get("client_secret") or (app.ends_at and app.ends_at <= self.clock()):
            raise NoGrant("invalid_client")
        kind = given.get("grant_type")
        if kind == "refresh_token":
            return self._renewed(app, given.get("refresh_token", ""))
        if kind != "password":
            raise NoGrant("unsupported_grant_type")
        if app.flow != "password":
            raise NoGrant("unauthorized_client")
        if self.users.get((app.tenant, given.get("username", "").casefold())) != given.get("password"):
            raise NoGrant("invalid_grant", "Invalid username or password")
        scopes = given.get("scope", "").split()
        if "api" not in scopes:
            raise NoGrant("invalid_scope")
        session = self.opened(app.tenant)
        grant = Grant(session.id, app.client_id, secrets.token_hex(32), "", self.clock() + LIFETIME)
        if "offline_access" in scopes:
            grant.refresh = secrets.token_hex(32)
        self.grants.append(grant)
        return self._answer(grant, " ".join(scopes))

    def opened(self, tenant: str, *, is_cookie: bool = False) -> Session:
        """A new session. Raises NoGrant when the license has none left."""
        self._forget_old()
        if len(self.sessions) >= self.most_sessions:
            raise NoGrant("API Login Limit", status=500, body=FULL)
        session = Session(uuid.uuid4().hex, tenant, self.clock(), is_cookie)
        self.sessions[session.id] = session
        return session

    def session_of(self, bearer: str | None, cookie: str | None) -> Session | None:
        """The session of a call by its token or its cookie; None where it is not, or no longer, signed in."""
        self._forget_old()
        now = self.clock()
        if bearer is not None:
            grant = next((one for one in self.grants if one.access == bearer and one.until > now), None)
            if grant is None:
                return None
            # A session that idled away is opened again by a token that is still good.
            session = self.sessions.get(grant.session)
            if session is None:
                app = self.apps.get(grant.client_id.casefold())
                session = self.sessions[grant.session] = Session(grant.session, app.tenant if app else "", now)
        else:
            session = self.sessions.get(cookie or "")
            if session is None or not session.is_cookie:
                return None
        session.used_at = now
        return session

    def sign_in(self, name: str, password: str, tenant: str) -> Session:
        """Sign in with a cookie. Raises NoGrant."""
        if self.users.get((tenant, name.casefold())) != password:
            raise NoGrant(
                "invalid",
                status=500,
                body={**FULL, "exceptionMessage": "Invalid credentials. Please try again.", "stackTrace": ""},
            )
        return self.opened(tenant, is_cookie=True)

    def sign_out(self, session: Session) -> None:
        """Close a session with its tokens."""
        self.sessions.pop(session.id, None)
        self.grants = [one for one in self.grants if one.session != session.id]

    def revoke(self) -> None:
        """End all tokens and sessions."""
        self.sessions.clear()
        self.grants.clear()

    def wait_for(self, now: float) -> float | None:
        """Seconds a call has to wait for its turn in the minute; None when the queue is full and it is refused."""
        if self.per_window is None:
            return 0.0
        while self._calls and self._calls[0] <= now - self.window:
            self._calls.popleft()
        if len(self._calls) < self.per_window:
            self._calls.append(now)
            return 0.0
        if len(self._calls) - self.per_window >= self.queue:
            self.refused += 1
            return None
        due = self._calls[len(self._calls) - self.per_window] + self.window
        self._calls.append(due)
        return max(0.0, due - now)

    def _renewed(self, app: App, refresh: str) -> dict[str, Any]:
        grant = next((one for one in self.grants if refresh and one.refresh == refresh and one.client_id == app.client_id), None)
        if grant is None:
            raise NoGrant("invalid_grant")
        grant.access, grant.refresh, grant.until = secrets.token_hex(32), secrets.token_hex(32), self.clock() + LIFETIME
        return self._answer(grant, "api offline_access")

    def _answer(self, grant: Grant, scope: str) -> dict[str, Any]:
        return {
            "access_token": grant.access,
            "expires_in": int(LIFETIME.total_seconds()),
            "token_type": "Bearer",
            **({"refresh_token": grant.refresh} if grant.refresh else {}),
            "scope": scope,
        }

    def _forget_old(self) -> None:
        now = self.clock()
        for key, session in list(self.sessions.items()):
            if now - session.used_at > IDLE:
                del self.sessions[key]
