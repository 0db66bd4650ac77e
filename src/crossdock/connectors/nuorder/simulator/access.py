"""Who signs: consumers, pending applications, tokens, and both kinds of signature with their nonces and clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote

from crossdock.connectors.nuorder.simulator.state import new_secret

SKEW = 300
"""Seconds a timestamp may be off."""

_ORDER = ("oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce", "oauth_version", "oauth_signature_method")
_PART = re.compile(r'\s*([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|([^",]*))\s*$')


class Refused(Exception):
    """A request that is not let in; the message is the platform's."""


@dataclass
class Pending:
    """An application that waits for approval, or was approved and not fetched yet."""

    token: str
    secret: str
    name: str
    consumer: str
    verifier: str = ""
    is_approved: bool = False


@dataclass
class Access:
    """The keys of one portal."""

    clock: Callable[[], datetime]
    consumers: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Token to its secret and consumer."""
    pending: dict[str, Pending] = field(default_factory=dict)
    styles: frozenset[str] = frozenset({"legacy", "rfc5849"})
    nonces: dict[tuple[str, str], int] = field(default_factory=dict)

    def register(self, key: str, secret: str) -> None:
        """A consumer of the portal."""
        self.consumers[key] = secret

    def grant(self, consumer: str) -> tuple[str, str]:
        """A permanent token and its secret."""
        token, secret = new_secret(24), new_secret(64)
        self.tokens[token] = (secret, consumer)
        return token, secret

    def initiate(self, header: str, method: str, url: str) -> Pending:
        """Begin: a pending application. Raises Refused."""
        given = parsed(header)
        name = given.get("application_name", "")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}", name):
            raise Refused("application_name is missing or not valid")
        self._check(given, method, url, "", further={"oauth_callback": given.get("oauth_callback", "")})
        made = Pending(new_secret(16), new_secret(24), name, given["oauth_consumer_key"])
        self.pending[made.token] = made
        return made

    def approve(self, token: str) -> str:
        """An admin approves; the verifier code. Raises LookupError."""
        found = self.pending.get(token)
        if found is None:
            raise LookupError(f"no pending application {token}")
        found.is_approved, found.verifier = True, found.verifier or new_secret(8).upper()
        return found.verifier

    def trade(self, header: str, method: str, url: str) -> tuple[str, str]:
        """A verifier for the permanent token; once. Raises Refused."""
        given = parsed(header)
        found = self.pending.get(given.get("oauth_token", ""))
        if found is None:
            raise Refused("invalid oauth_token")
        verifier = given.get("oauth_verifier", "")
        self._check(given, method, url, found.secret, further={"oauth_verifier": verifier})
        if not found.is_approved or not hmac.compare_digest(found.verifier, verifier):
            raise Refused("invalid oauth_verifier")
        del self.pending[found.token]
        return self.grant(found.consumer)

    def admit(self, header: str, method: str, url: str) -> str:
        """The consumer of a signed request. Raises Refused."""
        given = parsed(header)
        if given.get("oauth_consumer_key") not in self.consumers:
            raise Refused("invalid oauth_consumer_key")
        secret, consumer = self.tokens.get(given.get("oauth_token", ""), ("", ""))
        if not secret or consumer != given.get("oauth_consumer_key"):
            raise Refused("invalid oauth_token")
        self._check(given, method, url, secret, further={})
        return consumer

    def _check(self, given: Mapping[str, str], method: str, url: str, token_secret: str, *, further: Mapping[str, str]) -> None:
        secret = self.consumers.get(given.get("oauth_consumer_key", ""))
        if secret is None:
            raise Refused("invalid oauth_consumer_key")
        if given.get("oauth_signature_method") != "HMAC-SHA1" or given.get("oauth_version", "1.0") != "1.0":
            raise Refused("unsupported oauth_signature_method")
        try:
            at = int(given.get("oauth_timestamp", ""))
        except ValueError:
            raise Refused("invalid oauth_timestamp") from None
        if abs(at - self.clock().timestamp()) > SKEW:
            raise Refused("oauth_timestamp is too far off")
        signature = given.get("oauth_signature", "")
        style = "legacy" if re.fullmatch(r"[0-9a-f]{40}", signature) else "rfc5849"
        sign = legacy if style == "legacy" else standard
        wanted = sign(given, method, url, secret, token_secret, further)
        if style not in self.styles or not hmac.compare_digest(wanted.encode(), signature.encode()):
            raise Refused("invalid signature")
        nonce = (given["oauth_consumer_key"], given.get("oauth_nonce", ""))
        if not nonce[1] or nonce in self.nonces:
            raise Refused("oauth_nonce was used already")
        self.nonces[nonce] = at
        if len(self.nonces) > 50_000:
            oldest = self.clock().timestamp() - 2 * SKEW
            self.nonces = {key: when for key, when in self.nonces.items() if when > oldest}


def parsed(header: str) -> dict[str, str]:
    """The values of an Authorization header: any case of the scheme, values quoted or not. Raises Refused."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        raise Refused("no OAuth authorization")
    found = {}
    for piece in rest.split(","):
        match = _PART.match(piece)
        if match is None:
            raise Refused("the authorization header cannot be read")
        found[match[1]] = unquote(match[2] if match[2] is not None else match[3].strip())
    return found


def legacy(given: Mapping[str, str], method: str, url: str, secret: str, token_secret: str, further: Mapping[str, str]) -> str:
    """The dialect: one fixed order, nothing encoded, no query, hexadecimal."""
    values = [(name, given.get(name, "")) for name in _ORDER] + list(further.items())
    base = f"{method}{url.partition('?')[0]}?" + "&".join(f"{name}={value}" for name, value in values)
    return hmac.digest(f"{secret}&{token_secret}".encode(), base.encode(), hashlib.sha1).hex()


def standard(given: Mapping[str, str], method: str, url: str, secret: str, token_secret: str, further: Mapping[str, str]) -> str:
    """RFC 5849, section 3.4: sorted, encoded, base64. Whatever else stands in the header is not signed, as the name of the app."""
    address, _, query = url.partition("?")
    values = [(name, value) for name, value in given.items() if name.startswith("oauth_") and name != "oauth_signature"]
    pairs = sorted((_percent(name), _percent(value)) for name, value in (*values, *parse_qsl(query, keep_blank_values=True)))
    base = "&".join((method, _percent(address), _percent("&".join(f"{name}={value}" for name, value in pairs))))
    key = f"{_percent(secret)}&{_percent(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def _percent(value: str) -> str:
    return quote(value, safe="~")
