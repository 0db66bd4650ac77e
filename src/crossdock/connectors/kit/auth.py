"""Where secrets are opened: to sign, and to know what must not be written down. Nothing else in the kit calls `reveal`."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.settings import ConnectorSettings
from crossdock.connectors.kit.tokens import Tokens

MASK = b"[secret]"

_SHORTEST = 6
"""Shorter values are not masked by value: they occur in innocent text, and no platform gives such secrets."""


def hmac_sha256(secret: Secret, message: bytes) -> bytes:
    """The digest that webhooks and callbacks are signed with."""
    return hmac.digest(secret.reveal().encode(), message, hashlib.sha256)


def secrets_of(settings: ConnectorSettings, tokens: Tokens | None) -> frozenset[str]:
    """Every secret value of a session: what was typed as secret, what is made from it, and the tokens got with it."""
    typed = (value.get_secret_value() for _, value in settings if isinstance(value, SecretStr))
    signed_in = (secret.reveal() for secret in ((tokens.access, tokens.refresh) if tokens else ()) if secret is not None)
    return frozenset(value for value in (*typed, *settings.derived_secrets(), *signed_in) if len(value) >= _SHORTEST)


class Masker:
    """Replaces known secrets in bytes, in each form they travel in: raw, base64 (also inside a longer text), percent, JSON."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = tuple(sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True))

    def __call__(self, data: bytes) -> bytes:
        for form in self._forms:
            if form in data:
                data = data.replace(form, MASK)
        return data

    def text(self, text: str) -> str:
        """As above, for text."""
        return self(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    for unescaped in ("", "/", "/:@", "/:@!$'()*,;?"):
        yield quote(secret, safe=unescaped).encode()
    yield quote_plus(secret).encode()
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/").encode()
    yield raw.hex().encode()
    # Inside `Basic base64(id:secret)` the secret starts at any of three alignments: look for what does not depend on neighbors.
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        core = whole[(0, 2, 3)[shift] : len(whole.rstrip(b"=")) - (1 if (len(raw) + shift) % 3 else 0)]
        if len(core) >= _SHORTEST:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")
