"""Secrets and tokens of stores and warehouses: sealed for one row and one destination, renewed by one worker at a time."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from django.db import connection
from msgspec import Struct

from crossdock.accounts import vault
from crossdock.accounts.vault import SealContext
from crossdock.connections.models import Credential
from crossdock.connectors.kit.errors import Unavailable
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.tokens import Tokens
from crossdock.tenancy.scope import account_in_scope, in_db

OwnerKind = Literal["store", "warehouse"]
CHANGED = "The credentials were changed just now. The next run signs in with the new ones."
REFRESH_LEASE = timedelta(seconds=45)


class Owner(Struct, frozen=True):
    """Whose secrets: the row, its realm, and where they may be sent."""

    kind: OwnerKind
    id: int
    realm: str
    destination: str

    def context(self) -> SealContext:
        """What the sealed record is bound to."""
        return SealContext(self.realm, self.kind, self.id, "credential", self.destination)


class Sealed(Struct, frozen=True, omit_defaults=True):
    """What is sealed: secret settings by name, and the tokens of the last sign-in."""

    secrets: dict[str, str] = {}
    access: str | None = None
    refresh: str | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    hook: str | None = None

    def tokens(self) -> Tokens | None:
        """The tokens, or None before the first sign-in."""
        if self.access is None:
            return None
        return Tokens(
            Secret(self.access),
            Secret(self.refresh) if self.refresh else None,
            self.expires_at,
            self.refresh_expires_at,
            self.scopes,
        )

    def signature(self) -> bytes:
        """Tells one set of secrets from another without holding any."""
        return hashlib.sha256(msgspec.json.encode(sorted(self.secrets.items()))).digest()

    def with_tokens(self, tokens: Tokens | None) -> "Sealed":
        """The same secrets with other tokens."""
        return msgspec.structs.replace(
            self,
            access=tokens.access.reveal() if tokens else None,
            refresh=tokens.refresh.reveal() if tokens and tokens.refresh else None,
            expires_at=tokens.expires_at if tokens else None,
            refresh_expires_at=tokens.refresh_expires_at if tokens else None,
            scopes=tokens.scopes if tokens else (),
        )


def load(owner: Owner, *, for_change: bool = False) -> tuple[Sealed, int]:
    """The secrets and their generation; empty and 0 when there are none. Raises CannotUnseal, SecretsLocked.

    `for_change` locks them until commit, for whoever writes a part of them back.
    """
    rows = Credential.objects.select_for_update() if for_change else Credential.objects.all()
    row = rows.filter(**{f"{owner.kind}_id": owner.id}).first()
    if row is None:
        return Sealed(), 0
    account_id = account_in_scope()
    opened = vault.unseal(account_id, "secrets", owner.context(), bytes(row.sealed))
    return msgspec.json.decode(opened, type=Sealed), row.generation


def save(owner: Owner, sealed: Sealed) -> None:
    """Replace what is stored, whatever it was."""
    account_id = account_in_scope()
    body = vault.seal(account_id, "secrets", owner.context(), msgspec.json.encode(sealed))
    values = {"sealed": body, "expires_at": sealed.refresh_expires_at, "refreshing_until": None, "changed_at": datetime.now(UTC)}
    row = Credential.objects.filter(**{f"{owner.kind}_id": owner.id}).first()
    if row is None:
        Credential.objects.create(account_id=account_id, **{f"{owner.kind}_id": owner.id}, **values)
    else:
        Credential.objects.filter(pk=row.pk).update(generation=row.generation + 1, **values)


def _save_tokens(owner: Owner, generation: int, tokens: Tokens) -> bool:
    """Store what a sign-in gave, unless what is stored was changed since: a person's new secrets are never replaced by old ones."""
    sealed, now = load(owner, for_change=True)
    if now != generation:
        return False
    save(owner, sealed.with_tokens(tokens))
    return True


def _begin_refresh(owner: Owner, generation: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"update credential set refreshing_until = clock_timestamp() + make_interval(secs => %s)"
            f" where {owner.kind}_id = %s and generation = %s"
            " and (refreshing_until is null or refreshing_until < clock_timestamp())",
            [REFRESH_LEASE.total_seconds(), owner.id, generation],
        )
        return bool(cursor.rowcount == 1)


def _end_refresh(owner: Owner) -> None:
    Credential.objects.filter(**{f"{owner.kind}_id": owner.id}).update(refreshing_until=None)


class StoredTokens:
    """A `TokenSource` over the database: one worker of all signs in, the others wait for what it got."""

    def __init__(
        self,
        account_id: int,
        owner: Owner,
        sign_in: Callable[[Tokens | None], Awaitable[Tokens]],
        signature: bytes | None = None,
    ) -> None:
        """`signature` is that of the secrets `sign_in` signs in with: nothing is renewed once others are stored."""
        self._account_id = account_id
        self._owner = owner
        self._sign_in = sign_in
        self._signature = signature
        self._lock = asyncio.Lock()
        self._tokens: Tokens | None = None

    async def current(self) -> Tokens | None:
        """See `TokenSource`. Read once: tokens that another worker replaced meanwhile are refused, and then renewed from the row."""
        if self._tokens is None:
            sealed, _ = await in_db(self._account_id, load, self._owner)
            self._tokens = sealed.tokens()
        return self._tokens

    async def renew(self, stale: Tokens | None) -> Tokens:
        """See `TokenSource`. What a refresh gave is stored before it is used."""
        async with self._lock:
            for _ in range(60):
                sealed, generation = await in_db(self._account_id, load, self._owner)
                tokens = sealed.tokens()
                if tokens is not None and tokens != stale:
                    self._tokens = tokens
                    return tokens
                if self._signature not in (None, sealed.signature()):
                    raise Unavailable(CHANGED)
                if await in_db(self._account_id, _begin_refresh, self._owner, generation):
                    try:
                        fresh = await self._sign_in(stale)
                    except BaseException:
                        await in_db(self._account_id, _end_refresh, self._owner)
                        raise
                    if not await in_db(self._account_id, _save_tokens, self._owner, generation, fresh):
                        raise Unavailable(CHANGED)
                    self._tokens = fresh
                    return fresh
                await asyncio.sleep(0.5)
        raise Unavailable("Another worker has been renewing this sign-in for half a minute.")
