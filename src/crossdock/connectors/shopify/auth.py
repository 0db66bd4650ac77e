"""How Crossdock gets and shows its credentials at Shopify.

Three ways: an access token with a refresh token (authorization code grant, expiring tokens), client credentials of an app of one's
own organization, and the permanent token of an older custom app. Written from shopify.dev, "Authentication and authorization",
"Offline access tokens" and "Client credentials grant", as of November 2026.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct
from pydantic import SecretStr

from crossdock.connectors.kit.declaration import App
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.http import Answer, Http, said
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.kit.tokens import Tokens
from crossdock.connectors.kit.webhooks import verify_hex
from crossdock.connectors.shopify.settings import OAUTH, OWN_APP, TOKEN, Settings

REQUIRED_SCOPES = (
    "read_orders",
    "read_products",
    "read_inventory",
    "read_locations",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
)
"""Without one of these an import or a shipment fails, or misses things without saying so."""

WANTED_SCOPES = (
    "read_all_orders",
    "write_inventory",
    "read_returns",
    "read_assigned_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)
"""What makes it complete: orders older than 60 days, stock out, returns in, and items at the locations of fulfillment services."""

SCOPES = (
    "read_orders",
    "read_products",
    "write_inventory",
    "read_locations",
    "read_returns",
    "write_merchant_managed_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)
"""What consent is asked for; a write scope brings its read scope with it. Not read_all_orders: Shopify refuses the consent of an app
that asks for it without approval. An approved app has it in its own configuration."""

_SHOP = re.compile(r"\A[a-z0-9][a-z0-9-]*\.myshopify\.com\Z")
_FRESH = timedelta(minutes=5)


class _Granted(Struct, frozen=True):
    access_token: str
    scope: str = ""
    expires_in: int | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None


def sign(settings: Settings, tokens: Tokens | None, request: Request) -> Mapping[str, str]:
    """The header that carries the token. Raises AuthenticationFailed when there is none yet."""
    if settings.access == TOKEN:
        return {"x-shopify-access-token": settings.admin_token.get_secret_value()}
    if tokens is None:
        raise AuthenticationFailed("The shop is not authorized yet. Choose Authorize.", field="access")
    return {"x-shopify-access-token": tokens.access.reveal()}


async def sign_in(settings: Settings, tokens: Tokens | None, http: Http) -> Tokens:
    """New tokens: by the refresh token, or anew with the client credentials.

    With expiring tokens both rotate; the old refresh token stays good until the new pair is used, so an answer that was lost can
    be asked for again. Raises AuthenticationFailed when a person has to act.
    """
    if settings.access == TOKEN:
        raise AuthenticationFailed("Shopify refuses the access token. Enter a new one.", field="admin_token")
    client_id, secret = _app(settings, None)
    form = {"client_id": client_id, "client_secret": secret.reveal()}
    if settings.access == OWN_APP:
        return await _granted(http, {**form, "grant_type": "client_credentials"}, field="client_secret")
    if tokens is None or tokens.refresh is None:
        raise AuthenticationFailed("The shop is not authorized yet. Choose Authorize.", field="access")
    return await _granted(http, {**form, "grant_type": "refresh_token", "refresh_token": tokens.refresh.reveal()}, field="access")


def uses_tokens(settings: Settings) -> bool:
    """Whether calls are signed with tokens that a sign-in gave; an admin token is used as it was typed."""
    return settings.access != TOKEN


def is_oauth(settings: Settings) -> bool:
    """Whether a person has to agree in the browser."""
    return settings.access == OAUTH


def authorize(settings: Settings, app: App | None, redirect_uri: str, state: str, *, base_url: str | None = None) -> str:
    """Shopify's page of consent for the shop. `app` is the one to agree to; None takes the one in the settings."""
    client_id, _ = _app(settings, app)
    query = {"client_id": client_id, "scope": ",".join(SCOPES), "redirect_uri": redirect_uri, "state": state}
    return f"{base_url or f'https://{settings.shop}.myshopify.com'}/admin/oauth/authorize?{urlencode(query)}"


def verify(settings: Settings, app: App | None, query: Mapping[str, str], *, now: datetime | None = None) -> None:
    """Check the callback's signature, its shop and that it is fresh. Raises AuthenticationFailed."""
    _, secret = _app(settings, app)
    message = "&".join(f"{key}={query[key]}" for key in sorted(query) if key != "hmac")
    verify_hex(query.get("hmac", ""), message.encode(), [secret])
    shop = query.get("shop", "")
    if not _SHOP.match(shop) or shop != f"{settings.shop}.myshopify.com":
        raise AuthenticationFailed(f"You agreed for {shop or 'no shop'}, and this store is {settings.shop}.", field="shop")
    try:
        age = (now or datetime.now(UTC)) - datetime.fromtimestamp(int(query.get("timestamp", "")), UTC)
    except (ValueError, OverflowError, OSError):
        age = _FRESH * 2
    if abs(age) > _FRESH:
        raise AuthenticationFailed("Shopify's answer is older than five minutes. Choose Authorize again.")


async def exchange(settings: Settings, app: App | None, code: str, redirect_uri: str, http: Http) -> Tokens:
    """Trade the code of a callback for an expiring token and its refresh token. Raises AuthenticationFailed."""
    client_id, secret = _app(settings, app)
    form = {"client_id": client_id, "client_secret": secret.reveal(), "code": code, "expiring": "1"}
    return await _granted(http, form, field="access")


def missing_scopes(granted: tuple[str, ...] | frozenset[str], needed: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the needed scopes are not granted; write_x implies read_x."""
    return tuple(
        scope
        for scope in needed
        if scope not in granted and not (scope.startswith("read_") and f"write_{scope.removeprefix('read_')}" in granted)
    )


def give_access(settings: Settings) -> str:
    """What to do about a scope that the app lacks, by how Crossdock signs in."""
    if settings.access == TOKEN:
        return (
            "Add what is missing under Settings › Apps › Develop apps › your app › Configuration, install the app again and enter the "
            "token that it shows then."
        )
    if settings.access == OWN_APP:
        return "Add what is missing to the app in the Dev Dashboard, release the version, and accept it in the shop; then test again."
    return "Add what is missing to the app, release the version, and choose Authorize again."


def webhook_secrets(settings: Settings, secrets: list[Secret]) -> list[Secret]:
    """The secrets webhooks of this store may be signed with: those the hub names, and the app's in the settings."""
    own = settings.client_secret.get_secret_value()
    return [*secrets, *([Secret(own)] if own else [])]


def with_app(settings: Settings, app: App) -> Settings:
    """The settings with an installation's own app filled in, where a shop authorizes and names none."""
    if settings.access != OAUTH or settings.client_id:
        return settings
    return settings.model_copy(update={"client_id": app.client_id, "client_secret": SecretStr(app.client_secret.reveal())})


def _app(settings: Settings, app: App | None) -> tuple[str, Secret]:
    if settings.client_id:
        return settings.client_id, Secret(settings.client_secret.get_secret_value())
    if app is None:
        raise AuthenticationFailed(
            "This Crossdock has no Shopify app of its own. Enter the client ID of yours.", field="client_id"
        )
    return app.client_id, app.client_secret


async def _granted(http: Http, form: Mapping[str, str], *, field: str) -> Tokens:
    # A read, for it is safe to repeat: see `sign_in` about lost answers.
    answer = await http.read(
        "POST",
        "admin/oauth/access_token",
        operation="sign in",
        body=urlencode(dict(form)).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    if answer.status != 200:
        raise _refused(answer, form, field)
    granted = decode(answer.body, _Granted, what="Shopify's answer to the sign-in")
    now = datetime.now(UTC)

    def ends(seconds: int | None) -> datetime | None:
        return now + timedelta(seconds=min(seconds, 10 * 365 * 86_400)) if seconds is not None else None

    return Tokens(
        access=Secret(granted.access_token),
        refresh=Secret(granted.refresh_token) if granted.refresh_token else None,
        expires_at=ends(granted.expires_in),
        refresh_expires_at=ends(granted.refresh_token_expires_in),
        scopes=tuple(scope.strip() for scope in granted.scope.split(",") if scope.strip()),
    )


def _refused(answer: Answer, form: Mapping[str, str], field: str) -> Exception:
    words = said(answer).replace(form["client_secret"], "…")
    if answer.status == 404:
        return InvalidData("There is no Shopify shop of this name. Check the shop name.", field="shop")
    if form.get("grant_type") == "client_credentials":
        return AuthenticationFailed(
            f"Shopify refuses the client ID and secret{words}. Check both, and that the app is installed in this shop.",
            field=field,
        )
    return AuthenticationFailed(f"Shopify does not renew the sign-in{words}. Choose Authorize again.", field=field)
