"""How Crossdock signs in: the resource owner password grant, a refresh token that keeps one session, and signing out.

Written from Acumatica's Integration Development Guide, "Resource Owner Password Credentials Flow" and "To Sign Out", 2024 R2. With the
scope `offline_access` all tokens of one grant share one session, so a license with few API users is not used up. The scope
`api:concurrent_access` is never asked for: it opens sessions that nobody closes.
"""

import contextlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from crossdock.connectors.acumatica.saying import is_full, said_in
from crossdock.connectors.acumatica.settings import Settings, client_id_of, tenant_of
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, InvalidData, RateLimited, Unavailable
from crossdock.connectors.kit.http import Answer, Http
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.kit.tokens import Tokens

SCOPE = "api offline_access"

FULL = (
    "All sessions that your Acumatica license has for integrations are in use. Close one on License Monitoring Console (SM604000), "
    "or wait; it is tried again by itself."
)


class _Granted(Struct, frozen=True):
    access_token: str
    expires_in: int = 3600
    refresh_token: str | None = None
    scope: str = ""


class _Refused(Struct, frozen=True):
    error: str = ""
    error_description: str = ""


def sign(settings: Settings, tokens: Tokens | None, request: Request) -> Mapping[str, str]:
    """The bearer token, and the branch to work in. Raises AuthenticationFailed when there is no token yet."""
    if tokens is None:
        raise AuthenticationFailed("Acumatica was not signed in to yet. Test the connection.", field="password")
    headers = {"authorization": f"Bearer {tokens.access.reveal()}"}
    if settings.branch:
        headers["px-cbapibranch"] = settings.branch
    return headers


def is_pushed(settings: Settings, secrets: Sequence[Secret], given: str) -> bool:
    """Whether a delivery carries the secret that the push destination was given, or one that is just being replaced; False while
    there is none.
    """
    secret = settings.push_secret.get_secret_value()
    known = [value for value in (secret, *(one.reveal() for one in secrets)) if value]
    # Every secret is tried, so that the time tells nothing about which one fits.
    fits = [hmac.compare_digest(given.encode(), value.encode()) for value in known]
    return bool(secret) and any(fits)


async def sign_in(settings: Settings, tokens: Tokens | None, http: Http) -> Tokens:
    """New tokens: by the refresh token, which keeps the session, else anew with the password.

    Before a new session is opened the old one is closed as far as its token still lets us, for a license may allow two in all.
    Raises AuthenticationFailed with the field at fault.
    """
    form = {"client_id": client_id_of(settings), "client_secret": settings.client_secret.get_secret_value()}
    if tokens is not None and tokens.refresh is not None:
        try:
            return await _granted(
                http, settings, {**form, "grant_type": "refresh_token", "refresh_token": tokens.refresh.reveal()}, tokens
            )
        except _GrantEnded:
            await _close(http, tokens)
    return await _granted(
        http,
        settings,
        {
            **form,
            "grant_type": "password",
            "username": settings.username,
            "password": settings.password.get_secret_value(),
            "scope": SCOPE,
        },
        None,
    )


class _GrantEnded(Exception):
    """The refresh token is no longer taken."""


async def _granted(http: Http, settings: Settings, form: Mapping[str, str], before: Tokens | None) -> Tokens:
    answer = await _ask(http, form)
    if answer.status != 200:
        raise _refusal(answer, settings, is_refresh=before is not None)
    granted = decode(answer.body, _Granted, what="Acumatica's answer to the sign-in")
    refresh = Secret(granted.refresh_token) if granted.refresh_token else (before.refresh if before else None)
    return Tokens(
        access=Secret(granted.access_token),
        refresh=refresh,
        expires_at=datetime.now(UTC) + timedelta(seconds=granted.expires_in),
        scopes=tuple(granted.scope.split()),
    )


async def _ask(http: Http, form: Mapping[str, str]) -> Answer:
    try:
        return await http.read(
            "POST",
            "identity/connect/token",
            operation="Token",
            body=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    except (RateLimited, Unavailable) as error:
        if is_full(error.evidence.get("answer", "")):
            raise RateLimited(FULL, retry_after=timedelta(minutes=5), evidence=error.evidence) from error
        raise


def _refusal(answer: Answer, settings: Settings, *, is_refresh: bool) -> Exception:
    try:
        refused = msgspec.json.decode(answer.body, type=_Refused)
    except (msgspec.DecodeError, ValueError):
        refused = _Refused()
    evidence = {"status": str(answer.status), "error": refused.error, "said": refused.error_description[:200]}
    if is_refresh and refused.error in ("invalid_grant", "invalid_token", "unauthorized_client"):
        return _GrantEnded()
    if is_full(answer.body.decode("utf-8", "replace")):
        return RateLimited(FULL, retry_after=timedelta(minutes=5), evidence=evidence)
    if refused.error == "invalid_client":
        ended = settings.secret_expires_at is not None and settings.secret_expires_at <= datetime.now(UTC)
        what = (
            "The shared secret has expired. Make a new one on Connected Applications (SM303010) and enter it with its new date."
            if ended
            else "Acumatica does not know this Client ID with this secret. Copy both from Connected Applications (SM303010); the ID "
            "has your tenant after an @."
        )
        return AuthenticationFailed(what, field="client_secret", evidence=evidence)
    if refused.error == "unauthorized_client":
        return AuthenticationFailed(
            "The connected application does not allow this sign-in. Its flow has to be Resource Owner Password Credentials "
            "(SM303010).",
            field="client_id",
            evidence=evidence,
        )
    if refused.error == "invalid_grant":
        where = f" in the tenant {tenant_of(settings)}" if tenant_of(settings) else ""
        return AuthenticationFailed(
            f"Acumatica does not know this username with this password{where}. Try them on its sign-in page; a locked user or one "
            "that must change its password is refused as well.",
            field="password",
            evidence=evidence,
        )
    if answer.status == 404 or not refused.error:
        return InvalidData(
            f"There is no Acumatica at this address{said_in(answer.body)}. The Instance URL ends with the name of the site, as in "
            "https://erp.example.com/AcumaticaERP.",
            field="instance_url",
            evidence=evidence,
        )
    return AuthenticationFailed(
        f"Acumatica refuses the sign-in: “{refused.error_description or refused.error}”.",
        field="client_secret",
        evidence=evidence,
    )


async def _close(http: Http, tokens: Tokens) -> None:
    """End the session of these tokens, if it still stands. It may be gone already, which is as good."""
    with contextlib.suppress(ConnectorError):
        await http.read(
            "POST",
            "entity/auth/logout",
            operation="SignOut",
            body=b"",
            headers={"authorization": f"Bearer {tokens.access.reveal()}"},
        )
