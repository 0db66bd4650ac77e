"""Write the story: what happened to a record, and what was said to a platform about it."""

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.accounts import vault
from crossdock.accounts.vault import SealContext
from crossdock.connectors.kit.http import Exchange
from crossdock.tenancy import statements
from crossdock.tenancy.packing import pack, unpack
from crossdock.tenancy.rows import rows_to_tell
from crossdock.tenancy.scope import account_in_scope


class Told(Struct, frozen=True, kw_only=True):
    """One thing that happened. `kind` names the sentence in `activity.sentences`, `params` what it says; no personal data in them."""

    kind: str
    order_id: int | None = None
    shipment_id: int | None = None
    store_id: int | None = None
    warehouse_id: int | None = None
    params: Mapping[str, object] = {}
    message_id: uuid.UUID | None = None
    by: int | None = None


class Kept(Struct, frozen=True):
    """A recorded exchange and the keys of the effects it was about."""

    id: uuid.UUID
    exchange: Exchange
    about: tuple[str, ...] = ()


class Said(Struct, frozen=True):
    """One side of an exchange: the headers that may be written down, and the body."""

    headers: Mapping[str, str]
    body: bytes


def message_about(kept: Sequence[Kept]) -> dict[str, uuid.UUID]:
    """The exchange that tells most of each effect: what was sent, rather than what was looked up around it."""
    best: dict[str, Kept] = {}
    for one in kept:
        for key in one.about:
            if key not in best or _weight(one) >= _weight(best[key]):
                best[key] = one
    return {about: one.id for about, one in best.items()}


def _weight(kept: Kept) -> tuple[bool, bool]:
    exchange = kept.exchange
    return exchange.is_write, len(exchange.request) > 200


def message_id_at(moment: datetime) -> uuid.UUID:
    """A version-7 UUID made at a moment, so that the id alone finds its partition."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62)
    return uuid.UUID(int=value | ((random >> 68) << 64) | (random & ((1 << 62) - 1)))


TELL = """
insert into activity (at, account_id, order_id, shipment_id, store_id, warehouse_id, kind, params, message_id, by)
select clock_timestamp(), %(account)s, r.order_id, r.shipment_id, r.store_id, r.warehouse_id, r.kind, r.params, r.message_id, r.by
  from jsonb_to_recordset(%(rows)s::jsonb) r(order_id bigint, shipment_id bigint, store_id bigint, warehouse_id bigint, kind text,
                                             params jsonb, message_id uuid, by bigint)
"""


def tell(stories: Sequence[Told]) -> None:
    """Add to the story, in the transaction that makes it true."""
    if not stories:
        return
    rows = [
        {
            "order_id": story.order_id,
            "shipment_id": story.shipment_id,
            "store_id": story.store_id,
            "warehouse_id": story.warehouse_id,
            "kind": story.kind,
            "params": story.params,
            "message_id": str(story.message_id) if story.message_id else None,
            "by": story.by,
        }
        for story in stories
    ]
    statements.run_kept(TELL, {"account": account_in_scope(), "rows": rows_to_tell(rows)})


KEEP_MESSAGES = """
insert into message (account_id, store_id, warehouse_id, at, id, operation, method, url, status, ms, request, response)
select %s::bigint, %s::bigint, %s::bigint, m.*
  from unnest(%b::timestamptz[], %b::uuid[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[], %b::bytea[], %b::bytea[]) m
on conflict do nothing
"""

KEEP_SUBJECTS = """
insert into message_subject (account_id, at, message_id, order_id)
select %s::bigint, s.* from unnest(%b::timestamptz[], %b::uuid[], %b::bigint[]) s on conflict do nothing
"""


def keep_messages(
    kept: Sequence[Kept],
    *,
    store_id: int | None = None,
    warehouse_id: int | None = None,
    subjects: Mapping[str, int] | None = None,
) -> None:
    """Archive exchanges, compressed and sealed. `subjects` gives the order behind each effect key."""
    account_id = account_in_scope()
    rows: list[tuple[Any, ...]] = []
    about: list[tuple[Any, ...]] = []
    for message in kept:
        exchange = message.exchange
        at = datetime.fromtimestamp((message.id.int >> 80) / 1000, UTC)
        rows.append(
            (
                at,
                message.id,
                exchange.operation,
                exchange.method,
                exchange.url,
                exchange.status,
                exchange.ms,
                sealed_side(account_id, message.id, "request", Said(exchange.request_headers, exchange.request)),
                sealed_side(account_id, message.id, "response", Said(exchange.response_headers, exchange.response)),
            )
        )
        orders = {subjects[key] for key in message.about if key in subjects} if subjects else ()
        about += [(at, message.id, order_id) for order_id in orders]
    if rows:
        values = [account_id, store_id, warehouse_id, *(list(column) for column in zip(*rows, strict=True))]
        statements.run_kept(KEEP_MESSAGES, values)
    if about:
        statements.run_kept(KEEP_SUBJECTS, [account_id, *(list(column) for column in zip(*about, strict=True))])


def envelope(body: bytes, raws: Sequence[tuple[str, bytes]]) -> bytes:
    """A page without its records: each is replaced by a pointer, since it is kept with the record itself."""
    places: list[tuple[int, int, str]] = []
    after: dict[bytes, int] = {}
    for external_id, raw in raws:
        start = body.find(raw, after.get(raw, 0)) if raw else -1
        if start >= 0:
            after[raw] = start + len(raw)
            places.append((start, after[raw], external_id))
    parts, at = [], 0
    for start, end, external_id in sorted(places):
        # One that lies within another goes with it.
        if start >= at:
            parts += [body[at:start], json.dumps({"$record": external_id}).encode()]
            at = end
    return b"".join((*parts, body[at:]))


def _context(message_id: uuid.UUID, part: str) -> SealContext:
    return SealContext(realm="", owner_kind="message", owner_id=str(message_id), field=part)


def sealed_side(account_id: int, message_id: uuid.UUID, part: str, said: Said) -> bytes:
    """One side of an exchange, "request" or "response", as it is stored."""
    # The headers stand as one line of JSON before the body.
    whole = msgspec.json.encode(dict(said.headers)) + b"\n" + said.body
    return vault.seal(account_id, "archive", _context(message_id, part), pack(whole))


def opened(account_id: int, message_id: uuid.UUID, part: str, sealed: bytes) -> Said:
    """One side of an exchange, "request" or "response", as it was said. Raises CannotUnseal or SecretsLocked."""
    whole = unpack(vault.unseal(account_id, "archive", _context(message_id, part), sealed))
    headers, _, body = whole.partition(b"\n")
    return Said(msgspec.json.decode(headers, type=dict[str, str]), body)
