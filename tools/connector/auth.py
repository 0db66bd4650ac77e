"""Signing in to Acme: client id and secret for a token of an hour."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from crossdock.connectors.acme.settings import Settings
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.http import Http
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.kit.tokens import Tokens


class _Granted(Struct, frozen=True):
    access_token: str
    expires_in: int


def sign(settings: Settings, tokens: Tokens | None, request: Request) -> Mapping[str, str]:
    """The token as bearer."""
    return {"authorization": f"Bearer {tokens.access.reveal()}"} if tokens is not None else {}


async def sign_in(settings: Settings, tokens: Tokens | None, http: Http) -> Tokens:
    """A new token; Acme has no refresh tokens. Raises AuthenticationFailed when a person has to act."""
    answer = await http.read(
        "POST",
        "token",
        operation="Token",
        json={"client_id": settings.client_id, "client_secret": settings.client_secret.get_secret_value()},
    )
    if answer.status != 200:
        raise AuthenticationFailed("Acme refuses the client ID and secret. Enter them again.", field="client_secret")
    granted = decode(answer.body, _Granted, what="Acme's token")
    return Tokens(Secret(granted.access_token), expires_at=datetime.now(UTC) + timedelta(seconds=granted.expires_in))
