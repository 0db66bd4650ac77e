"""Who may call what: bearer tokens behind their switch, OAuth 1.0a verified as Magento does it, and a right for each call.

Verification is written apart from the connector's signing, so that each shows the other's mistakes.
Source: magento/magento2, lib/internal/Magento/Framework/Oauth and Helper/Request.php.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from crossdock.connectors.magento2.simulator.errors import Refusal, not_authorized, required

LENGTH = 32
"""Characters of keys, secrets and tokens."""

AHEAD = 600
"""Seconds that a caller's clock may be ahead."""

_REQUIRED = ("oauth_consumer_key", "oauth_signature", "oauth_signature_method", "oauth_nonce", "oauth_timestamp", "oauth_token")
_METHODS = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}


def new_value() -> str:
    """A key, secret or token."""
    return secrets.token_hex(LENGTH // 2)


@dataclass
class Integration:
    """The four values of an integration, what it may do (None is everything), and the nonces it used."""

    consumer_key: str = field(default_factory=new_value)
    consumer_secret: str = field(default_factory=new_value)
    token: str = field(default_factory=new_value)
    token_secret: str = field(default_factory=new_value)
    rights: frozenset[str] | None = None
    is_revoked: bool = False
    nonces: set[str] = field(default_factory=set)

    def may(self, resource: str) -> bool:
        """Whether it has a right."""
        return not self.is_revoked and (self.rights is None or resource in self.rights)


def oauth_values(header: str) -> dict[str, str]:
    """The parameters of an OAuth header."""
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header.partition(" ")[2])}


def verify(integration: Integration | None, given: dict[str, str], *, method: str, address: str, query: str, now: float) -> None:
    """Check one signed request. `address` is without its query, `query` as it came. Raises Refusal."""
    for name in _REQUIRED:
        if name not in given:
            raise required(name)
    if given.get("oauth_version", "1.0") != "1.0":
        raise Refusal(400, 'The "%1" Oauth version isn\'t supported.', [given["oauth_version"]])
    if len(given["oauth_token"]) != LENGTH:
        raise Refusal(400, "The token length is invalid. Check the length and try again.")
    if given["oauth_signature_method"] not in _METHODS:
        raise Refusal(400, "Signature method %1 is not supported", [given["oauth_signature_method"]])
    if len(given["oauth_consumer_key"]) != LENGTH:
        raise Refusal(401, "Consumer key is not the correct length")
    if integration is None:
        raise Refusal(401, "A consumer having the specified key does not exist")
    stamp = int(given["oauth_timestamp"]) if given["oauth_timestamp"].isdecimal() else 0
    if stamp <= 0 or stamp > now + AHEAD:
        raise Refusal(401, "The timestamp value in the oauth_timestamp parameter is incorrect")
    if given["oauth_nonce"] in integration.nonces:
        raise Refusal(401, "The nonce is already being used by the consumer with ID %1", ["1"])
    integration.nonces.add(given["oauth_nonce"])
    if given["oauth_token"] != integration.token:
        raise Refusal(401, "Specified token does not exist")
    if integration.is_revoked:
        raise Refusal(401, "Access token has been revoked")
    text = _text_to_sign(method, address, query, given.items())
    key = f"{_coded(integration.consumer_secret)}&{_coded(integration.token_secret)}"
    digest = hmac.digest(key.encode(), text.encode(), _METHODS[given["oauth_signature_method"]])
    if not hmac.compare_digest(base64.b64encode(digest).decode(), given["oauth_signature"]):
        raise Refusal(401, "The signature is invalid. Verify and try again.")


def check_bearer(integration: Integration | None, *, is_switched_on: bool, resource: str) -> None:
    """Check a bearer token for a call. Raises Refusal: the same for each of the three causes."""
    if integration is None or not is_switched_on or not integration.may(resource):
        raise not_authorized(resource)


def _text_to_sign(method: str, address: str, query: str, given: Iterable[tuple[str, str]]) -> str:
    parameters = [(name, value) for name, value in given if name not in ("oauth_signature", "realm")]
    for part in query.split("&"):
        pieces = part.split("=")
        # PHP's rawurldecode leaves a plus alone, and what is not one name and one value is not looked at.
        if len(pieces) == 2:
            parameters.append((unquote(pieces[0]), unquote(pieces[1])))
    coded = sorted((_coded(name), _coded(value)) for name, value in parameters)
    return f"{method}&{_coded(address)}&{_coded('&'.join(f'{name}={value}' for name, value in coded))}"


def _coded(text: str) -> str:
    return quote(text, safe="~")
