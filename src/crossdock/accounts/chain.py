"""The audit as a chain: sealed every hour with a key outside the database, and examined link by link.

A link's hash is SHA-256 over the hash before it and the row's text as the database spells it (`audit_text`). Whoever owns the database
can rewrite rows and links alike; what was sealed before cannot be rewritten without the vault's key, nor can the log's copy.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import connection

from crossdock.accounts import vault
from crossdock.accounts.keyring import VaultError
from crossdock.accounts.models import Account
from crossdock.tenancy.scope import in_scope, scoped

log = structlog.get_logger(__name__)

PURPOSE = LABEL = "audit"
START = bytes(32)
"""What the first link of an account carries as the hash before it."""

PAGE = 1_000


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written: in which account, at which place of its chain, and what."""

    account: str
    seq: int
    sentence: str


@dataclass(frozen=True)
class Examined:
    """What a walk over all accounts found."""

    accounts: int
    rows: int
    faults: tuple[Fault, ...]


def heads() -> Iterator[tuple[int, int, int]]:
    """(account, rows linked, rows up to the last seal) of every account. Looks across accounts."""
    above = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("select account_id, seq, sealed from audit_heads(%s, %s)", [above, PAGE])
            found = cursor.fetchall()
        yield from found
        if len(found) < PAGE:
            return
        above = found[-1][0]


# --- Sealing ----------------------------------------------------------------------------------------------------------------------


def seal_heads() -> None:
    """Seal the chain of every account that grew since its last seal, and write the seals to the log. May run twice."""
    for account_id, seq, sealed in list(heads()):
        if seq > sealed:
            try:
                in_scope(account_id, _seal, account_id)
            except VaultError as error:
                log.warning("audit.not_sealed", account=account_id, why=str(error))


def _seal(account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select seq, hash from audit_head where account_id = %s", [account_id])
        row = cursor.fetchone()
        if row is None:
            return
        seq, digest = int(row[0]), bytes(row[1])
        mark = vault.authenticate(account_id, PURPOSE, LABEL, _sealed_text(seq, digest))
        cursor.execute(
            "insert into audit_seal (account_id, seq, hash, mac) values (%s, %s, %s, %s) on conflict (account_id, seq) do nothing",
            [account_id, seq, digest, mark],
        )
    log.info("audit.sealed", account=account_id, seq=seq, hash=digest.hex(), mac=mark.hex())


def _sealed_text(seq: int, digest: bytes) -> bytes:
    return seq.to_bytes(8, "big") + digest


# --- Examining --------------------------------------------------------------------------------------------------------------------


def examine() -> Examined:
    """Walk the chain of every account. Reads only; takes a second for some hundred thousand rows."""
    accounts, rows, faults = 0, 0, list[Fault]()
    for account_id, _seq, _sealed in heads():
        accounts += 1
        linked, found = examine_account(account_id)
        rows += linked
        faults += found
    return Examined(accounts, rows, tuple(faults))


def examine_account(account_id: int) -> tuple[int, list[Fault]]:
    """How many rows the chain of one account links, and what is wrong with it."""
    with scoped(account_id):
        walk = _Walk(account_id)
        faults = list(walk.faults())
        return walk.seq, faults


LINKS = """
select l.seq, l.before, l.hash, l.audit_id, l.audit_at, case when a.id is not null then audit_text(a, l.seq) end, a.action
  from audit_link l left join audit a on a.account_id = l.account_id and a.at = l.audit_at and a.id = l.audit_id
 where l.account_id = %s and l.seq > %s order by l.seq limit %s
"""

LOOSE = """
select a.id, a.at, a.action from audit a
 where a.account_id = %s and not exists (
   select from audit_link l where l.account_id = a.account_id and l.audit_at = a.at and l.audit_id = a.id)
 order by a.at, a.id limit 100
"""


class _Walk:
    """One account's chain, from its first link to its head. In the account's transaction."""

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.name = Account.objects.get().name
        self.seq = 0
        self.hash = START
        self.hashes: dict[int, bytes] = {}

    def faults(self) -> Iterator[Fault]:
        """All faults, in the order of the chain; then what its end and its seals say."""
        self.hashes = {seq: START for seq, _hash, _mac in self._seals()}
        while page := self._rows(LINKS, self.account_id, self.seq, PAGE):
            for row in page:
                yield from self._link(*row)
        yield from self._end()
        yield from self._sealed()

    def _link(
        self, seq: int, before: bytes, digest: bytes, row: int, at: datetime, text: str | None, action: str | None
    ) -> Iterator[Fault]:
        if seq != self.seq + 1:
            yield self._fault(self.seq + 1, f"links {self.seq + 1} to {seq - 1} were removed")
        elif bytes(before) != self.hash:
            yield self._fault(seq, f"link {seq} does not carry the hash of the one before: links were exchanged or rewritten")
        if text is None:
            yield self._fault(seq, f"row {row} of {at:%Y-%m-%d %H:%M:%S} UTC was removed, or its time was changed")
        elif hashlib.sha256(bytes(before) + text.encode()).digest() != bytes(digest):
            yield self._fault(seq, f"row {row} of {at:%Y-%m-%d %H:%M:%S} UTC ({action}) was edited")
        self.seq, self.hash = seq, bytes(digest)
        if seq in self.hashes:
            self.hashes[seq] = self.hash

    def _end(self) -> Iterator[Fault]:
        found = self._rows("select seq, hash from audit_head where account_id = %s", self.account_id)
        seq, digest = (int(found[0][0]), bytes(found[0][1])) if found else (0, START)
        if seq > self.seq:
            yield self._fault(self.seq + 1, f"the newest {seq - self.seq} links were removed")
        elif (seq, digest) != (self.seq, self.hash):
            yield self._fault(seq, "the head of the chain was changed")
        if not self.seq:
            yield self._fault(0, "there is no audit at all, not even of the account's beginning")
        for row, at, action in self._rows(LOOSE, self.account_id):
            yield self._fault(
                self.seq, f"row {row} of {at:%Y-%m-%d %H:%M:%S} UTC ({action}) stands in no link: it was added or moved"
            )

    def _sealed(self) -> Iterator[Fault]:
        for seq, digest, mark in self._seals():
            if seq > self.seq:
                yield self._fault(seq, f"the chain was sealed at row {seq} and is shorter now")
            elif self.hashes[seq] != digest:
                yield self._fault(seq, f"the chain up to row {seq} is not the one that was sealed")
            try:
                is_ours = vault.is_authentic(self.account_id, PURPOSE, LABEL, _sealed_text(seq, digest), mark)
            except VaultError as error:
                yield self._fault(seq, f"the seal at row {seq} cannot be tried: {error}")
                return
            if not is_ours:
                yield self._fault(seq, f"the seal at row {seq} is not ours")

    def _seals(self) -> list[tuple[int, bytes, bytes]]:
        rows = self._rows("select seq, hash, mac from audit_seal where account_id = %s order by seq", self.account_id)
        return [(seq, bytes(digest), bytes(mark)) for seq, digest, mark in rows]

    def _rows(self, statement: str, *values: int) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def _fault(self, seq: int, sentence: str) -> Fault:
        return Fault(f"{self.name} ({self.account_id})", seq, sentence)
