"""Deliveries are believed only when their signature fits one of the secrets in use."""

import base64
import hashlib
import hmac

import pytest

from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.webhooks import verify_base64, verify_hex

BODY = b'{"id": 1}'
OLD, NEW = Secret("old secret"), Secret("new secret")


def signed(secret, body=BODY):
    return hmac.digest(secret.reveal().encode(), body, hashlib.sha256)


def headers(digest):
    return {"x-signature": base64.b64encode(digest).decode()}


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_any_secret_in_use_fits(secret):
    verify_base64(headers(signed(secret)), "x-signature", BODY, [NEW, OLD])
    verify_hex(signed(secret).hex(), BODY, [NEW, OLD])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"x-signature": ""},
        {"x-signature": "%%%"},
        {"x-signature": "ünlesbar"},
        headers(signed(Secret("another"))),
        headers(signed(NEW, BODY + b" ")),
        headers(signed(NEW)[:-1]),
    ],
)
def test_anything_else_is_refused_in_one_wording(given):
    with pytest.raises(AuthenticationFailed, match="does not fit"):
        verify_base64(given, "x-signature", BODY, [NEW, OLD])


def test_without_a_secret_nothing_fits():
    with pytest.raises(AuthenticationFailed):
        verify_base64(headers(signed(Secret(""))), "x-signature", BODY, [Secret("")])
    with pytest.raises(AuthenticationFailed):
        verify_hex("zz", BODY, [])


def test_a_body_larger_than_any_delivery_is_refused():
    body = b" " * (WEBHOOK_BYTES + 1)

    with pytest.raises(InvalidData):
        verify_base64(headers(signed(NEW, body)), "x-signature", body, [NEW])
