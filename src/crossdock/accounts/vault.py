"""Seals what must not be read from the database alone: platform credentials, archived bodies, second factors.

A record is `0x01 | data key id (16) | nonce (12) | ciphertext and tag`, AES-256-GCM. Its associated data names the account, realm,
owner, field and the origin it may be sent to, so a record copied to another row, or whose row was pointed at another host, does not
open. Data keys (one per account and purpose) are wrapped by the key file's; deleting them destroys what they sealed.
"""

import hashlib
import hmac
import os
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction
from django.utils import timezone

from crossdock.accounts import keyring
from crossdock.accounts.keyring import NONCE, KeyRing, SecretsLocked, VaultError, bound
from crossdock.accounts.models import InstanceKey, VaultKey
from crossdock.tenancy.scope import current_account, scoped

VERSION = b"\x01"
HEAD = len(VERSION) + 16 + NONCE
TAG = 16

# How long a data key seals. Random nonces stay safe to 2**30 records a key, so what seals much changes often. A key of digests never
# changes: a digest made today must be found again in ten years.
LIFETIMES: dict[str, timedelta | None] = {
    "secrets": timedelta(days=365),
    "archive": timedelta(days=30),
    "audit": timedelta(days=365),
    "digests": None,
}
PORTS = {"https": 443, "http": 80, "sftp": 22, "ftps": 990, "ftp": 21, "smtp": 25, "smtps": 465}


class CannotUnseal(VaultError):
    """The record is not whole, or was sealed for another account, owner, field, realm or destination."""


@dataclass(frozen=True)
class SealContext:
    """What a record is bound to. `destination` is `origin(address)` of where the secret may be sent, "" when it is never sent."""

    realm: str
    owner_kind: str
    owner_id: int | str
    field: str
    destination: str = ""


def origin(address: str) -> str:
    """Scheme, host and port of an address, always with the port: `https://shop.example.com:443`.

    A folder on this machine is its own origin. Raises ValueError when there is no host or the port is no number.
    """
    parts = urlsplit(address)
    if parts.scheme == "file":
        return f"file://{parts.path.rstrip('/')}"
    port = parts.port or PORTS.get(parts.scheme)
    if not parts.hostname or port is None:
        raise ValueError(f"no origin can be read from {address!r}")
    host = parts.hostname.rstrip(".").lower()
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def seal(account_id: int, purpose: str, context: SealContext, plaintext: bytes) -> bytes:
    """A sealed record. In the account's open transaction, or in a short one of its own. Raises SecretsLocked."""
    dek_id, key = _current_key(account_id, purpose)
    return _seal(key, dek_id, _bound_to(account_id, context, dek_id), plaintext)


def unseal(account_id: int, purpose: str, context: SealContext, sealed: bytes) -> bytes:
    """What was sealed, in the same context only. Raises CannotUnseal, or SecretsLocked while the key file is not there."""
    dek_id = _dek_id_of(sealed)
    key = _key(account_id, purpose, dek_id)
    return _unseal(key, _bound_to(account_id, context, dek_id), sealed)


def seal_for_installation(field: str, plaintext: bytes) -> bytes:
    """A record that belongs to no account: of a person, who may be in several. Bound to `field` only."""
    row = _current_instance_key(_ring())
    return _seal(_unwrapped(row), row.dek_id, bound("crossdock/instance/1", field, row.dek_id.bytes), plaintext)


def unseal_for_installation(field: str, sealed: bytes) -> bytes:
    """What `seal_for_installation` sealed for this field. Raises CannotUnseal or SecretsLocked."""
    dek_id = _dek_id_of(sealed)
    row = InstanceKey.objects.filter(dek_id=dek_id).first()
    if row is None:
        raise CannotUnseal("This was sealed with a key that is gone. It has to be entered again.")
    return _unseal(_unwrapped(row), bound("crossdock/instance/1", field, dek_id.bytes), sealed)


def digest(account_id: int, label: str, data: bytes) -> bytes:
    """A keyed SHA-256 of the account: equal for equal data, no use to who does not hold the key. 32 bytes."""
    _, key = _current_key(account_id, "digests")
    return hmac.new(key, bound(label, data), hashlib.sha256).digest()


def authenticate(account_id: int, purpose: str, label: str, data: bytes) -> bytes:
    """A keyed mark under the account's present key: that key's id (16 bytes), then HMAC-SHA-256 (32). Raises SecretsLocked."""
    dek_id, key = _current_key(account_id, purpose)
    return dek_id.bytes + hmac.new(key, bound(label, data), hashlib.sha256).digest()


def is_authentic(account_id: int, purpose: str, label: str, data: bytes, mark: bytes) -> bool:
    """Whether `authenticate` made the mark of this data, with whichever key. Raises CannotUnseal, SecretsLocked."""
    if len(mark) != 48:
        return False
    key = _key(account_id, purpose, uuid.UUID(bytes=bytes(mark[:16])))
    return hmac.compare_digest(bytes(mark[16:]), hmac.new(key, bound(label, data), hashlib.sha256).digest())


def check() -> None:
    """Tell at start whether secrets can be read; makes the first key where nothing was ever sealed. Raises SecretsLocked."""
    _unwrapped(_current_instance_key(_ring()))


# --- Records --------------------------------------------------------------------------------------------------------------------


def _bound_to(account_id: int, context: SealContext, dek_id: uuid.UUID) -> bytes:
    return bound(
        "crossdock/secret/1",
        account_id,
        context.realm,
        context.owner_kind,
        context.owner_id,
        context.field,
        context.destination,
        dek_id.bytes,
    )


def _seal(key: bytes, dek_id: uuid.UUID, bound_to: bytes, plaintext: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return VERSION + dek_id.bytes + nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to)


def _dek_id_of(sealed: bytes) -> uuid.UUID:
    if len(sealed) < HEAD + TAG or bytes(sealed[:1]) != VERSION:
        raise CannotUnseal("This is not a sealed record, or only a part of one. It has to be entered again.")
    return uuid.UUID(bytes=bytes(sealed[1:17]))


def _unseal(key: bytes, bound_to: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(bytes(sealed[17:HEAD]), bytes(sealed[HEAD:]), bound_to)
    except InvalidTag:
        raise CannotUnseal(
            "This secret was sealed for another place: its address or identity changed since, or the record was altered."
            " Enter it again."
        ) from None


# --- Data keys ------------------------------------------------------------------------------------------------------------------


class _Known:
    """Unwrapped data keys, for ten minutes, at most a thousand: only committed ones, for a key that was rolled back may not seal."""

    SECONDS = 600
    MOST = 1_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: OrderedDict[tuple[object, ...], tuple[float, uuid.UUID, bytes]] = OrderedDict()

    def get(self, name: tuple[object, ...]) -> tuple[uuid.UUID, bytes] | None:
        with self._lock:
            found = self._keys.get(name)
            if found is None or found[0] < time.monotonic():
                self._keys.pop(name, None)
                return None
            return found[1], found[2]

    def put(self, name: tuple[object, ...], dek_id: uuid.UUID, key: bytes) -> None:
        with self._lock:
            self._keys[name] = (time.monotonic() + self.SECONDS, dek_id, key)
            self._keys.move_to_end(name)
            while len(self._keys) > self.MOST:
                self._keys.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._keys.clear()


_known = _Known()


def forget_keys() -> None:
    """Drop what this process remembers of keys: after an account's keys were destroyed, or the key file changed."""
    _known.forget()
    keyring.load(again=True)


def _remember(name: tuple[object, ...], dek_id: uuid.UUID, key: bytes) -> None:
    transaction.on_commit(lambda: _known.put((_database(), *name), dek_id, key))


def _recall(name: tuple[object, ...]) -> tuple[uuid.UUID, bytes] | None:
    return _known.get((_database(), *name))


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _current_key(account_id: int, purpose: str) -> tuple[uuid.UUID, bytes]:
    """The key that seals for this purpose now; made at first need, and anew when it is too old."""
    lifetime = LIFETIMES[purpose]
    if found := _recall((account_id, purpose)):
        return found
    with scoped(account_id):
        ring = _ring()
        _current_instance_key(ring)
        if lifetime:
            too_old = timezone.now() - lifetime
            VaultKey.objects.filter(purpose=purpose, retired_at=None, created_at__lt=too_old).update(retired_at=timezone.now())
        row = VaultKey.objects.filter(purpose=purpose, retired_at=None).first()
        if row is None:
            dek_id, plain = uuid.uuid4(), os.urandom(32)
            kek_id, wrapped = ring.wrap(plain, account_id, dek_id.bytes, purpose)
            # Another transaction may make it at the same moment: the index lets one of them.
            VaultKey.objects.bulk_create(
                [VaultKey(account_id=account_id, purpose=purpose, dek_id=dek_id, kek_id=kek_id, wrapped=wrapped)],
                ignore_conflicts=True,
            )
            row = VaultKey.objects.get(purpose=purpose, retired_at=None)
        key = _unwrapped(row)
        _remember((account_id, purpose), row.dek_id, key)
    return row.dek_id, key


def _key(account_id: int, purpose: str, dek_id: uuid.UUID) -> bytes:
    if found := _recall((account_id, purpose, dek_id)):
        return found[1]
    with scoped(account_id):
        row = VaultKey.objects.filter(purpose=purpose, dek_id=dek_id).first()
        if row is None:
            raise CannotUnseal("This was sealed with a key that is gone, or for another account. It has to be entered again.")
        key = _unwrapped(row)
        _remember((account_id, purpose, dek_id), dek_id, key)
    return key


def _current_instance_key(ring: KeyRing) -> InstanceKey:
    row = InstanceKey.objects.filter(purpose="people", retired_at=None).first()
    if row is None:
        dek_id = uuid.uuid4()
        kek_id, wrapped = ring.wrap(os.urandom(32), "installation", dek_id.bytes, "people")
        InstanceKey.objects.bulk_create(
            [InstanceKey(purpose="people", dek_id=dek_id, kek_id=kek_id, wrapped=wrapped)], ignore_conflicts=True
        )
        row = InstanceKey.objects.get(purpose="people", retired_at=None)
    return row


def _whose(row: VaultKey | InstanceKey) -> int | str:
    return row.account_id if isinstance(row, VaultKey) else "installation"


def _unwrapped(row: VaultKey | InstanceKey) -> bytes:
    ring = _ring()
    if not ring.holds(row.kek_id):
        # The file was rotated while this process ran.
        ring = keyring.load(again=True) or ring
    return ring.unwrap(row.kek_id, bytes(row.wrapped), _whose(row), row.dek_id.bytes, row.purpose)


def _ring() -> KeyRing:
    """The key file's ring. A new file is made only for a database in which nothing was ever sealed."""
    ring = keyring.load()
    if ring is not None:
        return ring
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('crossdock key file'))")
        ring = keyring.load(again=True)
        if ring is None and InstanceKey.objects.exists():
            raise SecretsLocked(
                f"Secrets are locked: the key file {keyring.key_file()} is missing. Put it back from where you keep it;"
                " until then nothing is read from or sent to stores and warehouses."
            )
        if ring is None:
            ring = _first_ring()
        _current_instance_key(ring)
    return ring


def _first_ring() -> KeyRing:
    try:
        return keyring.write([keyring.new_key()], is_new=True)
    except OSError as error:
        raise SecretsLocked(
            f"The key file {keyring.key_file()} cannot be made ({error.strerror}). Let the user that Crossdock runs as write there,"
            " or set CROSSDOCK_KEY_FILE to another place outside the data."
        ) from error


# --- Rotation -------------------------------------------------------------------------------------------------------------------


def rotate() -> str:
    """Put a new primary key into the file and wrap every data key with it; the old ones stay, to unwrap. Returns the new key's id.

    May run again after a crash. Sealed records are not touched.
    """
    if current_account() is not None:
        raise RuntimeError("keys are rotated outside any account's transaction")
    ring = _ring()
    old = [keyring.Key(id=key.id, created=key.created, key=key.key, use="decrypt") for key in ring.keys]
    new = keyring.new_key()
    ring = keyring.write([new, *old])
    for row in InstanceKey.objects.exclude(kek_id=new.id):
        _wrap_again(ring, row)
    for key in old:
        while pairs := _wrapped_by(key.id, 200):
            for account_id, row_id in pairs:
                with scoped(account_id):
                    _wrap_again(ring, VaultKey.objects.select_for_update().get(pk=row_id))
    forget_keys()
    return new.id


def retire(kek_id: str) -> None:
    """Take a key out of the file. Raises VaultError while it is the primary one or any data key is wrapped by it."""
    ring = _ring()
    if not ring.holds(kek_id):
        raise VaultError(f"The key file has no key {kek_id}.")
    if ring.primary.id == kek_id or InstanceKey.objects.filter(kek_id=kek_id).exists() or _wrapped_by(kek_id, 1):
        raise VaultError(f"The key {kek_id} is in use. Run keys rotate first.")
    keyring.write([key for key in ring.keys if key.id != kek_id])


def _wrap_again(ring: KeyRing, row: VaultKey | InstanceKey) -> None:
    plain = ring.unwrap(row.kek_id, bytes(row.wrapped), _whose(row), row.dek_id.bytes, row.purpose)
    row.kek_id, row.wrapped = ring.wrap(plain, _whose(row), row.dek_id.bytes, row.purpose)
    row.save(update_fields=["kek_id", "wrapped"])


def _wrapped_by(kek_id: str, wanted: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("select account_id, id from wrapped_by(%s, %s)", [kek_id, wanted])
        return list(cursor.fetchall())


__all__ = [
    "CannotUnseal",
    "SealContext",
    "SecretsLocked",
    "VaultError",
    "authenticate",
    "check",
    "digest",
    "forget_keys",
    "is_authentic",
    "origin",
    "retire",
    "rotate",
    "seal",
    "seal_for_installation",
    "unseal",
    "unseal_for_installation",
]
