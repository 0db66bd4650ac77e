"""The keys that wrap the data keys: a small file beside the configuration, never beside the data.

`{"keys": [{"id", "created", "key", "use": "primary" | "decrypt"}]}`, mode 0600, from the setting `VAULT_KEY_FILE`. Exactly one key
is primary: it wraps. The others unwrap what they wrapped before a rotation.
"""

import base64
import json
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from crossdock.domain.errors import RuleBroken

NONCE = 12


class VaultError(RuleBroken):
    """A secret cannot be sealed or read. Says what the operator or the person can do about it."""


class SecretsLocked(VaultError):
    """The key file is missing, unreadable, or not the one this database was sealed with. Nothing is sent until it is back."""


def bound(*parts: str | int | bytes) -> bytes:
    """Associated data of several parts, each with its length in front, so that no two lists of parts read the same."""
    raw = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


@dataclass(frozen=True, repr=False)
class Key:
    """One 256-bit key of the file."""

    id: str
    created: str
    key: bytes
    use: str

    def __repr__(self) -> str:
        return f"Key({self.id!r}, {self.use})"


@dataclass(frozen=True)
class KeyRing:
    """The keys of one file."""

    keys: tuple[Key, ...]

    @property
    def primary(self) -> Key:
        """The one that wraps."""
        return next(key for key in self.keys if key.use == "primary")

    def holds(self, kek_id: str) -> bool:
        """Whether this key can be used to unwrap."""
        return any(key.id == kek_id for key in self.keys)

    def wrap(self, plain: bytes, *context: str | int | bytes) -> tuple[str, bytes]:
        """A data key wrapped by the primary key: that key's id, and nonce with ciphertext."""
        nonce = os.urandom(NONCE)
        kek = self.primary
        return kek.id, nonce + AESGCM(kek.key).encrypt(nonce, plain, bound(*context, kek.id))

    def unwrap(self, kek_id: str, wrapped: bytes, *context: str | int | bytes) -> bytes:
        """The data key. Raises SecretsLocked when this ring has not the key, or the row belongs to another context."""
        kek = next((key for key in self.keys if key.id == kek_id), None)
        if kek is None:
            raise SecretsLocked(
                f"Secrets are locked: {key_file()} does not hold the key {kek_id} that this database was sealed with."
                " Put the right key file back; a backup of the database does not contain it."
            )
        try:
            return AESGCM(kek.key).decrypt(bytes(wrapped[:NONCE]), bytes(wrapped[NONCE:]), bound(*context, kek.id))
        except InvalidTag:
            raise SecretsLocked(
                f"Secrets are locked: the key {kek_id} in {key_file()} does not open this database's keys."
            ) from None


def key_file() -> Path:
    """Where the key file lies (setting `VAULT_KEY_FILE`)."""
    return Path(settings.VAULT_KEY_FILE)


_lock = threading.Lock()
_rings: dict[Path, KeyRing] = {}


def load(*, again: bool = False) -> KeyRing | None:
    """The ring of the key file, remembered until `again`; None when there is no file. Raises SecretsLocked when it cannot be read."""
    path = key_file()
    with _lock:
        if path in _rings and not again:
            return _rings[path]
        _rings.pop(path, None)
        try:
            ring = _parse(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SecretsLocked(f"Secrets are locked: the key file {path} cannot be read ({error.strerror}).") from error
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            raise SecretsLocked(f"Secrets are locked: {path} is not a key file of ours. Put the right one back.") from error
        _rings[path] = ring
        return ring


def listed() -> tuple[Key, ...]:
    """What the key file holds; nothing where there is none. Raises SecretsLocked when it cannot be read."""
    ring = load()
    return ring.keys if ring else ()


def _parse(raw: bytes) -> KeyRing:
    keys = tuple(
        Key(
            id=str(entry["id"]),
            created=str(entry["created"]),
            key=base64.b64decode(entry["key"], validate=True),
            use=entry["use"],
        )
        for entry in json.loads(raw)["keys"]
    )
    if any(len(key.key) != 32 or key.use not in {"primary", "decrypt"} for key in keys):
        raise ValueError("a key has the wrong length or use")
    if sum(key.use == "primary" for key in keys) != 1:
        raise ValueError("exactly one key must be primary")
    return KeyRing(keys)


def new_key() -> Key:
    """A fresh primary key."""
    return Key(
        id=secrets.token_hex(4), created=datetime.now(UTC).isoformat(timespec="seconds"), key=os.urandom(32), use="primary"
    )


def write(keys: Sequence[Key], *, is_new: bool = False) -> KeyRing:
    """Replace the key file in one step, mode 0600; with `is_new` only where there is none (FileExistsError)."""
    path = key_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    entries = [{"id": k.id, "created": k.created, "key": base64.b64encode(k.key).decode(), "use": k.use} for k in keys]
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump({"keys": entries}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        if os.geteuid() == 0:
            # The operator is root, the service is not: the file is the old one's owner's, a new one the folder's owner's.
            like = (path.parent if is_new else path).stat()
            os.chown(beside, like.st_uid, like.st_gid)
        if is_new:
            os.link(beside, path)  # fails where another process was faster
        else:
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return load(again=True) or KeyRing(tuple(keys))
