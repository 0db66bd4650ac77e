"""Signing requests to Magento: the access token as bearer, or all four values as OAuth 1.0a with HMAC-SHA256 (RFC 5849)."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from yarl import URL

from crossdock.connectors.kit.signing import Request
from crossdock.connectors.kit.tokens import Tokens
from crossdock.connectors.magento2.settings import OAUTH, Settings

METHODS = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}
"""SHA-256 is what is sent. SHA-1 is here for the RFC's own examples, and for the simulator of older releases."""


def sign(settings: Settings, tokens: Tokens | None, request: Request) -> Mapping[str, str]:
    """The header that carries the credentials. A JSON body is no part of an OAuth 1.0a signature, the query is."""
    token = settings.access_token.get_secret_value()
    if settings.access != OAUTH:
        return {"authorization": f"Bearer {token}"}
    given = {
        "oauth_consumer_key": settings.consumer_key.get_secret_value(),
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": token,
        "oauth_version": "1.0",
    }
    base = base_string(request.method, request.url, given.items())
    secret = settings.consumer_secret.get_secret_value(), settings.token_secret.get_secret_value()
    given["oauth_signature"] = signature(base, *secret)
    return {"authorization": "OAuth " + ", ".join(f'{name}="{encoded(value)}"' for name, value in sorted(given.items()))}


def base_string(method: str, url: URL, given: Iterable[tuple[str, str]]) -> str:
    """What is signed (RFC 5849, 3.4.1): method, address without query, and all parameters in the order of their encoded names.

    A plus sign in the query is a plus sign, as Magento reads it, not a space; so spaces must have been sent as %20.
    """
    pairs = [(name, value) for name, value in given if name not in ("oauth_signature", "realm")]
    for part in url.raw_query_string.split("&") if url.raw_query_string else ():
        name, _, value = part.partition("=")
        pairs.append((unquote(name), unquote(value)))
    sorted_pairs = sorted((encoded(name), encoded(value)) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in sorted_pairs)
    return "&".join((method.upper(), encoded(str(_without_query(url))), encoded(joined)))


def signature(base: str, consumer_secret: str, token_secret: str, method: str = "HMAC-SHA256") -> str:
    """The base64 digest of a base string under both secrets."""
    key = f"{encoded(consumer_secret)}&{encoded(token_secret)}".encode()
    return base64.b64encode(hmac.digest(key, base.encode(), METHODS[method])).decode()


def encoded(text: str) -> str:
    """Percent-encoding as the RFC has it (3.6): everything but letters, digits and -._~."""
    return quote(text, safe="-._~")


def _without_query(url: URL) -> str:
    """Scheme and host in lower case, the port only where it is not the scheme's own, and the path as sent."""
    port = f":{url.explicit_port}" if url.explicit_port and not url.is_default_port() else ""
    return f"{url.scheme}://{(url.raw_host or '').lower()}{port}{url.raw_path}"
