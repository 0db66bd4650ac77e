"""Getting a token: a request for it, an admin's approval in the portal, and the code shown there."""

from collections.abc import Sequence
from typing import NoReturn

from yarl import URL

from crossdock.connectors.kit.declaration import App
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.http import Answer, Http, said
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.tokens import Tokens
from crossdock.connectors.nuorder.auth import authorization, pair_of
from crossdock.connectors.nuorder.payloads import NuToken
from crossdock.connectors.nuorder.settings import APPROVE, HOSTS, Settings

CODE_HELP = (
    "In the NuORDER portal open Admin › API Management. Under pending applications stands the name you gave; approve it. NuORDER then "
    "shows a verifier code. Type it here. It can be used once."
)


def is_wanted(settings: Settings) -> bool:
    """Whether an admin has to approve; a token that was typed is approved already."""
    return settings.access == APPROVE


async def ask(settings: Settings, app: App | None, redirect_uri: str, http: Http) -> Tokens:
    """Ask to be approved: a pending application appears in the portal. The temporary token and its secret, good for one code."""
    named = [("application_name", settings.application_name)]
    return await _granted(settings, http, "api/initiate", "ask for approval", "", "", [("oauth_callback", "oob")], named)


def authorize(
    settings: Settings,
    app: App | None,
    redirect_uri: str,
    state: str,
    *,
    base_url: str | None = None,
    asked: Tokens | None = None,
) -> str:
    """The portal, where the pending application waits."""
    return base_url or f"https://{HOSTS[settings.application_type, settings.environment]}"


def verify(settings: Settings, app: App | None, query: object) -> None:
    """Nothing to verify: no call comes from NuORDER, a person types the code."""


async def exchange(
    settings: Settings, app: App | None, code: str, redirect_uri: str, http: Http, *, asked: Tokens | None = None
) -> Tokens:
    """Trade the verifier code for the token, which is good until it is revoked in the portal. Raises AuthenticationFailed."""
    if not code.strip():
        raise AuthenticationFailed("Type the verifier code that the NuORDER portal shows.", field="access")
    signed = [("oauth_verifier", code.strip())]
    return await _granted(settings, http, "api/token", "trade the code", *pair_of(asked), signed, ())


async def sign_in(settings: Settings, tokens: Tokens | None, http: Http) -> Tokens:
    """A token of NuORDER is not renewed: an admin approves again. Always raises AuthenticationFailed."""
    raise AuthenticationFailed(
        "NuORDER refuses the token, or Crossdock is not approved yet. Choose Authorize, and approve it in the portal.",
        field="access",
    )


async def _granted(
    settings: Settings,
    http: Http,
    path: str,
    operation: str,
    token: str,
    secret: str,
    signed: Sequence[tuple[str, str]],
    named: Sequence[tuple[str, str]],
) -> Tokens:
    url = URL(f"{http.base}{path}")
    header = authorization(settings, "GET", url, token, secret, style=settings.signature, signed=signed, named=named)
    headers = {"authorization": header, "content-type": "application/json"}
    try:
        answer = await http.read("GET", path, operation=operation, headers=headers)
    except AuthenticationFailed as error:
        _refused(path, "", error)
    if answer.status >= 400:
        _refused(path, _words(answer), None)
    granted = decode(answer.body, NuToken, what="NuORDER's answer to the sign-in")
    if not granted.oauth_token or not granted.oauth_token_secret:
        raise InvalidData("NuORDER gave no token. Choose Authorize again.", field="access")
    return Tokens(access=Secret(granted.oauth_token), refresh=Secret(granted.oauth_token_secret))


def _words(answer: Answer) -> str:
    return said(answer)


def _refused(path: str, words: str, error: AuthenticationFailed | None) -> NoReturn:
    if path == "api/initiate":
        raise AuthenticationFailed(
            f"NuORDER refuses the consumer key and secret{words}. Check both, and that they belong to this environment.",
            field="consumer_key",
        ) from error
    raise AuthenticationFailed(
        f"NuORDER does not take this code{words}. A code can be used once and not for long: choose Authorize again.",
        field="access",
    ) from error
