"""How Crossdock gets and shows its credentials at BigCommerce.

Two ways: the permanent token that an app is given when the store owner agrees, and the token of a store-level API account. Written
from BigCommerce's developer documentation, "OAuth flow", "App callbacks" and "API accounts", as of November 2026.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct
from pydantic import SecretStr

from crossdock.connectors.bigcommerce.api import words_of
from crossdock.connectors.bigcommerce.settings import OAUTH, TOKEN, Settings
from crossdock.connectors.kit.auth import hmac_sha256
from crossdock.connectors.kit.declaration import App, Call
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.kit.tokens import Tokens

LOGIN = "https://login.bigcommerce.com"
API_HOST = "api.bigcommerce.com"

SCOPES = (
    "store_v2_orders",
    "store_v2_products_read_only",
    "store_v2_information_read_only",
    "store_inventory",
    "store_locations_read_only",
)
"""What consent is asked for, and what a store-level API account needs: orders with shipments, products, units, stock, places."""

_LEEWAY = timedelta(minutes=1)
_LONGEST_TOKEN = 16_384


class _Person(Struct, frozen=True):
    id: int | None = None
    email: str = ""


class _Granted(Struct, frozen=True):
    access_token: str
    scope: str = ""
    context: str = ""


class _Header(Struct, frozen=True):
    alg: str = ""


class _Claims(Struct, frozen=True):
    aud: str = ""
    iss: str = ""
    sub: str = ""
    iat: float = 0
    exp: float = 0
    nbf: float = 0
    user: _Person = _Person()
    owner: _Person = _Person()


def sign(settings: Settings, tokens: Tokens | None, request: Request) -> Mapping[str, str]:
    """The header that carries the token. Raises AuthenticationFailed when there is none yet."""
    if settings.access == TOKEN:
        return {"x-auth-token": settings.access_token.get_secret_value()}
    if tokens is None:
        raise AuthenticationFailed("The store is not authorized yet. Choose Authorize.", field="access")
    return {"x-auth-token": tokens.access.reveal()}


async def sign_in(settings: Settings, tokens: Tokens | None, http: Http) -> Tokens:
    """There is nothing to renew with: tokens are permanent until BigCommerce ends them. Raises AuthenticationFailed always."""
    if settings.access == TOKEN:
        raise AuthenticationFailed("BigCommerce refuses the API token. Enter a new one.", field="access_token")
    if tokens is None:
        raise AuthenticationFailed("The store is not authorized yet. Choose Authorize.", field="access")
    raise AuthenticationFailed(
        "BigCommerce ended the app's access: the app was uninstalled, its scopes changed, or the store owner's e-mail address did. "
        "Choose Authorize again.",
        field="access",
    )


def uses_tokens(settings: Settings) -> bool:
    """Whether calls are signed with the token that consent gave; an API account's is used as it was typed."""
    return settings.access != TOKEN


def is_oauth(settings: Settings) -> bool:
    """Whether a person has to agree in the browser."""
    return settings.access == OAUTH


def credential_field(settings: Settings) -> str:
    """The setting that a refusal is put down to."""
    return "access_token" if settings.access == TOKEN else "access"


def authorize(settings: Settings, app: App | None, redirect_uri: str, state: str, *, base_url: str | None = None) -> str:
    """BigCommerce's page of consent for the store. `app` is the one to agree to; None takes the one in the settings."""
    client_id, _ = _app(settings, app)
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "context": _context(settings),
        "state": state,
    }
    return f"{_login(base_url)}/oauth2/authorize?{urlencode(query)}"


def verify(settings: Settings, app: App | None, query: Mapping[str, str]) -> None:
    """Check that the callback is about this store. It is not signed: what proves it is that its code can be exchanged for this store
    with the app's secret. Raises AuthenticationFailed.
    """
    context = query.get("context", "")
    if context != _context(settings):
        raise AuthenticationFailed(
            f"You agreed for the store {context.removeprefix('stores/') or '(none)'}, and this one is {settings.store_hash}.",
            field="store_hash",
        )
    if not query.get("code"):
        raise AuthenticationFailed("BigCommerce gave no access. Choose Authorize again.", field="access")


async def exchange(settings: Settings, app: App | None, code: str, redirect_uri: str, http: Http) -> Tokens:
    """Trade the code of a callback for the store's permanent token. Raises AuthenticationFailed.

    A second consent gives a new token and ends the old one.
    """
    client_id, secret = _app(settings, app)
    base = str(http.base)
    # A read: a code whose answer was lost is dead, and the person agrees once more.
    answer = await http.read(
        "POST",
        f"{_login(base)}/oauth2/token",
        operation="sign in",
        json={
            "client_id": client_id,
            "client_secret": secret.reveal(),
            "code": code,
            "context": _context(settings),
            "scope": " ".join(SCOPES),
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
        },
    )
    if answer.status != 200:
        words = words_of(answer.body).replace(secret.reveal(), "…")
        raise AuthenticationFailed(
            f"BigCommerce does not give access{f': “{words}”' if words else ''}. Choose Authorize again; if it stays so, check the "
            "app's client ID, secret and callback address.",
            field="access",
        )
    granted = decode(answer.body, _Granted, what="BigCommerce's answer to the sign-in")
    if granted.context != _context(settings):
        raise AuthenticationFailed("BigCommerce gave access to another store. Choose Authorize again.", field="store_hash")
    return Tokens(access=Secret(granted.access_token), scopes=tuple(granted.scope.split()))


def read_call(app: App, query: Mapping[str, str]) -> Call:
    """Verify what BigCommerce calls when the app is opened in the control panel, uninstalled, or loses a user.

    `signed_payload_jwt` is a JWT by the app's secret (HS256) of at most a day. Raises AuthenticationFailed in one wording.
    """
    token = query.get("signed_payload_jwt", "")
    head, _, rest = token.partition(".")
    body, _, signature = rest.partition(".")
    try:
        if len(token) > _LONGEST_TOKEN or msgspec.json.decode(_from64(head), type=_Header).alg != "HS256":
            raise ValueError("not signed as agreed")
        if not hmac.compare_digest(_from64(signature), hmac_sha256(app.client_secret, f"{head}.{body}".encode())):
            raise ValueError("another signature")
        claims = msgspec.json.decode(_from64(body), type=_Claims)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _not_from_there() from error
    now = datetime.now(UTC).timestamp()
    leeway = _LEEWAY.total_seconds()
    store_hash = claims.sub.removeprefix("stores/")
    is_ours = claims.aud == app.client_id and claims.iss == "bc" and store_hash != claims.sub and store_hash.isalnum()
    if not is_ours or not claims.nbf - leeway <= now <= claims.exp + leeway:
        raise _not_from_there()
    is_owner = claims.user.id is not None and claims.user.id == claims.owner.id
    signed_at = datetime.fromtimestamp(min(max(claims.iat, 0), now), UTC)
    return Call({"store_hash": store_hash}, claims.user.email, is_owner, store_hash, signed_at)


def with_app(settings: Settings, app: App) -> Settings:
    """The settings with an installation's own app filled in, where a store authorizes and names none."""
    if settings.access != OAUTH or settings.client_id:
        return settings
    return settings.model_copy(update={"client_id": app.client_id, "client_secret": SecretStr(app.client_secret.reveal())})


def _app(settings: Settings, app: App | None) -> tuple[str, Secret]:
    if settings.client_id:
        return settings.client_id, Secret(settings.client_secret.get_secret_value())
    if app is None:
        raise AuthenticationFailed(
            "This Crossdock has no BigCommerce app of its own. Enter the client ID of yours.", field="client_id"
        )
    return app.client_id, app.client_secret


def _context(settings: Settings) -> str:
    return f"stores/{settings.store_hash}"


def _login(base_url: str | None) -> str:
    """Where consent lives: beside the API of a sandbox, and on a host of its own at BigCommerce."""
    parts = urlsplit(base_url or "")
    return LOGIN if parts.hostname in (None, API_HOST) else f"{parts.scheme}://{parts.netloc}"


def _from64(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _not_from_there() -> AuthenticationFailed:
    return AuthenticationFailed("The call does not carry BigCommerce's signature for this app, or is too old.")


def header_secret(settings: Settings) -> str | None:
    """What our webhooks carry in a header of ours, made from the credentials so that nothing more is to be kept; None where no
    secret is known.
    """
    for secret in (settings.client_secret, settings.access_token):
        value: Any = secret.get_secret_value()
        if value:
            return hmac_sha256(Secret(value), f"announcements of {_context(settings)}".encode()).hex()
    return None


def webhook_secrets(settings: Settings, secrets: list[Secret]) -> list[Secret]:
    """What messages of this store may be signed with: nothing where the client secret is not known, whatever else is."""
    own = settings.client_secret.get_secret_value()
    return [Secret(own), *secrets] if own else []
