"""Verifying what platforms announce: over the raw body, in constant time, against every secret in use."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence

from crossdock.connectors.kit.auth import hmac_sha256
from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.secret import Secret

_NOT_OURS = "The signature of the delivery does not fit."


def verify_base64(headers: Mapping[str, str], header: str, body: bytes, secrets: Sequence[Secret]) -> None:
    """Check a base64 HMAC-SHA256 of the raw body. Header names are lower case.

    Several secrets are in use for an hour after a rotation. Raises AuthenticationFailed in one wording, whatever was wrong, and
    InvalidData for a body larger than we take.
    """
    try:
        given = base64.b64decode(headers.get(header, ""), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    _verify(given, body, secrets)


def verify_hex(given: str, message: bytes, secrets: Sequence[Secret]) -> None:
    """Check a hexadecimal HMAC-SHA256 of a message, as callbacks of OAuth carry it. Raises AuthenticationFailed."""
    try:
        digest = bytes.fromhex(given)
    except ValueError:
        digest = b""
    _verify(digest, message, secrets)


def _verify(given: bytes, message: bytes, secrets: Sequence[Secret]) -> None:
    if len(message) > WEBHOOK_BYTES:
        raise InvalidData("The delivery is larger than any this platform sends.")
    # Every secret is tried, so that the time tells nothing about which one fits.
    fits = [hmac.compare_digest(given, hmac_sha256(secret, message)) for secret in secrets if secret]
    if not any(fits):
        raise AuthenticationFailed(_NOT_OURS)
