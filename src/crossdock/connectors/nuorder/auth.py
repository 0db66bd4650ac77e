"""OAuth 1.0a, in NuORDER's dialect and in the standard form.

The dialect signs `METHOD` and address with the OAuth values in one fixed order, unsorted and unencoded, and writes the HMAC-SHA1 in
hexadecimal; the query of an address is not signed. The standard form is RFC 5849, section 3.4.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote

from yarl import URL

from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.signing import Request
from crossdock.connectors.kit.tokens import Tokens
from crossdock.connectors.nuorder.settings import LEGACY, STANDARD, TYPED, Settings

Pairs = Sequence[tuple[str, str]]


def sign(settings: Settings, tokens: Tokens | None, request: Request) -> Mapping[str, str]:
    """The header that carries the signature. Raises AuthenticationFailed while there is no token.

    A call that wants the other form says so where its signature will stand: `authorization: rfc5849`.
    """
    token, secret = _token(settings, tokens)
    style = request.headers.get("authorization", settings.signature)
    return {"authorization": authorization(settings, request.method, request.url, token, secret, style=style)}


def authorization(
    settings: Settings, method: str, url: URL, token: str, token_secret: str, *, style: str, signed: Pairs = (), named: Pairs = ()
) -> str:
    """One header with a fresh nonce. `signed` are further OAuth values, `named` such that NuORDER wants beside the signature."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(8)
    key = settings.consumer_key
    pairs = [
        ("oauth_consumer_key", key),
        ("oauth_token", token),
        ("oauth_timestamp", stamp),
        ("oauth_nonce", nonce),
        ("oauth_version", "1.0"),
        ("oauth_signature_method", "HMAC-SHA1"),
        *signed,
    ]
    secret = settings.consumer_secret.get_secret_value()
    if style == STANDARD:
        values = [pair for pair in pairs if pair != ("oauth_token", "")]
        signature = quote(standard_signature(method, url, values, secret, token_secret), safe="~")
        shown = [(name, quote(value, safe="~")) for name, value in (*named, *values)]
    else:
        signature = legacy_signature(method, url, pairs, secret, token_secret)
        shown = [*named, *pairs]
    return "OAuth " + ",".join(f'{name}="{value}"' for name, value in (*shown, ("oauth_signature", signature)))


def legacy_base(method: str, url: URL, pairs: Pairs) -> str:
    """What the dialect signs."""
    return f"{method.upper()}{url.with_query(None).with_fragment(None)}?" + "&".join(f"{name}={value}" for name, value in pairs)


def legacy_signature(method: str, url: URL, pairs: Pairs, consumer_secret: str, token_secret: str) -> str:
    """Forty hexadecimal digits."""
    return _digest(f"{consumer_secret}&{token_secret}", legacy_base(method, url, pairs)).hex()


def standard_base(method: str, url: URL, pairs: Pairs) -> str:
    """What RFC 5849 signs, 3.4.1: the query of the address among the values. Bodies here are JSON and are not part of it."""
    query = parse_qsl(url.raw_query_string, keep_blank_values=True)
    encoded = sorted((_percent(name), _percent(value)) for name, value in (*pairs, *query))
    address = str(url.with_query(None).with_fragment(None))
    return "&".join((method.upper(), _percent(address), _percent("&".join(f"{name}={value}" for name, value in encoded))))


def standard_signature(method: str, url: URL, pairs: Pairs, consumer_secret: str, token_secret: str) -> str:
    """Base64 of the HMAC-SHA1."""
    key = f"{_percent(consumer_secret)}&{_percent(token_secret)}"
    return base64.b64encode(_digest(key, standard_base(method, url, pairs))).decode()


def other_style(style: str) -> str:
    """The form that is not this one."""
    return STANDARD if style == LEGACY else LEGACY


def _digest(key: str, base: str) -> bytes:
    return hmac.digest(key.encode(), base.encode(), hashlib.sha1)


def _percent(value: str) -> str:
    return quote(value, safe="~")


def pair_of(tokens: Tokens | None) -> tuple[str, str]:
    """A token and its secret, opened. Raises AuthenticationFailed where there are none."""
    if tokens is None or tokens.refresh is None:
        raise AuthenticationFailed("NuORDER has not approved Crossdock yet. Choose Authorize.", field="access")
    return tokens.access.reveal(), tokens.refresh.reveal()


def _token(settings: Settings, tokens: Tokens | None) -> tuple[str, str]:
    if settings.access == TYPED:
        return settings.token, settings.token_secret.get_secret_value()
    return pair_of(tokens)
