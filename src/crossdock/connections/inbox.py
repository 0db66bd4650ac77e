"""Announcements of platforms: verified, written down once, and used as a wake-up. Those that come together go in together."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

import structlog
from django.db import DatabaseError, connection
from msgspec import Struct
from pydantic import SecretStr

from crossdock.connections import gateway, privacy, refusing
from crossdock.connections.models import Store
from crossdock.connectors.kit.bounds import WEBHOOK_BYTES
from crossdock.connectors.kit.declaration import Delivery
from crossdock.connectors.kit.errors import AuthenticationFailed, ConnectorError, Unavailable
from crossdock.connectors.kit.secret import Secret
from crossdock.jobs.wakes import tell_lane, tell_lanes
from crossdock.tenancy import statements
from crossdock.tenancy.scope import account_in_scope, across_accounts, in_db, in_scope

log = structlog.get_logger(__name__)

PULL = "orders.pull"

TOGETHER = 100
"""Announcements that one transaction takes at most."""

MOST_WAITING = 16 << 20
"""Bytes of an account's announcements that wait to be stored at most; the platform delivers what comes beyond them again."""

KNOWN_FOR = 60.0
"""Seconds that a token's store is remembered, found or not: a flood of guesses costs no query each."""

MOST_KNOWN = 10_000
"""Tokens that are remembered at most."""

OPEN_FOR = 15.0
"""Seconds that a store stays open for verifying: orders come in bursts, and each is announced several times."""

_open: dict[int, tuple[float, gateway.Site]] = {}

_known: "OrderedDict[bytes, tuple[float, tuple[int, int, str] | None]]" = OrderedDict()

RECEIVE = """
insert into webhook_inbox (account_id, store_id, delivery_id, topic, subjects, received_at)
select %s, h.store_id, h.delivery_id, h.topic, h.subjects::jsonb, clock_timestamp()
  from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) h(store_id, delivery_id, topic, subjects)
on conflict (account_id, store_id, delivery_id) do nothing returning store_id
"""


class Hook(Struct, frozen=True):
    """What arrived at a store's address; `headers` by their lower-case names."""

    platform: str
    token: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def size(self) -> int:
        """Bytes that it holds, roughly."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers.items())


def take(hook: Hook) -> int:
    """Take an announcement: the HTTP status it is answered with. 200 once it is stored, 404 for an unknown address, 401 for a
    signature that does not fit, 503 while secrets are locked: the platform delivers again later, and nothing is lost.

    The body is only trusted to name what to read again: a forged topic costs one read.
    """
    found = _store_of(hook.token)
    if found is None or found[2] != hook.platform:
        return 404
    account_id, store_id, _ = found
    statuses, untold = in_scope(account_id, _take_all, [(store_id, hook)])
    for one in untold:
        in_scope(account_id, tell_lane, PULL, one)
    if refusing.is_due(account_id):
        try:
            in_scope(account_id, refusing.write)
        except DatabaseError:
            log.exception("webhook.refusals_not_counted", account=account_id)
    return statuses[0]


class Inbox:
    """Takes announcements in an event loop. Those of an account that come while others of it are being stored go together, in one
    transaction: a platform announces each order several times, and many at once.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[tuple[int, Hook, asyncio.Future[int]]]] = {}
        self._bytes: dict[int, int] = {}
        self._untold: dict[int, set[int]] = {}
        self._counting: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, platform: str, token: str, headers: Mapping[str, str], body: bytes) -> int:
        """As the function `take`; 413 for a body that is too large, 503 where it could not be stored, or too many wait for that."""
        if len(body) > WEBHOOK_BYTES:
            return 413
        try:
            found = remembered[0] if (remembered := _remembered(token)) else await across_accounts(_store_of, token)
        except DatabaseError:
            log.exception("webhook.not_stored", count=1)
            return 503
        if found is None or found[2] != platform:
            return 404
        account_id, store_id, _ = found
        hook = Hook(platform, token, headers, body)
        if (size := self._bytes.get(account_id, 0) + hook.size) > MOST_WAITING:
            return 503
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if account_id not in self._waiting:
            self._waiting[account_id] = []
            self._start(self._store(account_id))
        self._bytes[account_id] = size
        self._waiting[account_id].append((store_id, hook, answer))
        return await answer

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _store(self, account_id: int) -> None:
        most = TOGETHER
        while waiting := self._waiting[account_id]:
            taken = waiting[:most]
            try:
                statuses, untold = await in_db(account_id, _take_all, [(store_id, hook) for store_id, hook, _ in taken])
            except Exception:
                if len(taken) > 1:
                    # One of them, perhaps: then the others are stored all the same.
                    most = 1
                    continue
                log.exception("webhook.not_stored", account=account_id, count=1)
                statuses, untold = [503], []
            del waiting[: len(taken)]
            self._bytes[account_id] -= sum(hook.size for _, hook, _ in taken)
            most = min(TOGETHER, most * 2)
            for (_, _, answer), status in zip(taken, statuses, strict=True):
                if not answer.done():
                    answer.set_result(status)
            if untold:
                self._tell_later(account_id, untold)
            if refusing.is_due(account_id) and account_id not in self._counting:
                self._counting.add(account_id)
                self._start(self._count(account_id))
        del self._waiting[account_id], self._bytes[account_id]

    def _tell_later(self, account_id: int, store_ids: Iterable[int]) -> None:
        is_under_way = account_id in self._untold
        self._untold.setdefault(account_id, set()).update(store_ids)
        if not is_under_way:
            self._start(self._tell(account_id))

    async def _count(self, account_id: int) -> None:
        """Write down how many were refused: later than they are answered, and whatever becomes of it."""
        try:
            await in_db(account_id, refusing.write)
        except Exception:
            log.exception("webhook.refusals_not_counted", account=account_id)
        finally:
            self._counting.discard(account_id)

    async def _tell(self, account_id: int) -> None:
        """Tell lanes that somebody had: each waits a moment for whoever has it, and none for another."""
        try:
            while store_ids := self._untold[account_id]:
                await in_db(account_id, tell_lane, PULL, store_ids.pop())
        except Exception:
            # They are stored: the sweep finds what nobody was told of.
            log.exception("webhook.not_told", account=account_id)
        finally:
            del self._untold[account_id]


def _take_all(hooks: Sequence[tuple[int, Hook]]) -> tuple[list[int], list[int]]:
    """The status of each, and the stores whose lane somebody had just then, so that it could not be told."""
    statuses: list[int] = []
    rows: list[tuple[int, str, str, str]] = []
    for store_id, hook in hooks:
        status, delivery = _verified(store_id, hook)
        if delivery is not None:
            # One that came without an id is told apart by what it says: all of them would otherwise be the same delivery.
            delivery_id = delivery.delivery_id or hashlib.sha256(hook.body).hexdigest()
            if delivery.privacy is None:
                rows.append((store_id, delivery_id, delivery.topic, json.dumps(delivery.subjects)))
            else:
                status = _note_privacy(store_id, delivery, delivery_id)
        statuses.append(status)
    if not rows:
        return statuses, []
    new = {
        row[0]
        for row in statements.run_kept(RECEIVE, [account_in_scope(), *(list(column) for column in zip(*rows, strict=True))])
    }
    return statuses, sorted(new - tell_lanes(PULL, new))


def _note_privacy(store_id: int, delivery: Delivery, delivery_id: str) -> int:
    store = Store.objects.get(pk=store_id)
    if delivery.privacy is None or delivery.privacy.identity != store.identity:
        return 401
    privacy.note_request(store, delivery.privacy, delivery_id=delivery_id)
    return 200


def _verified(store_id: int, hook: Hook) -> tuple[int, Delivery | None]:
    """What a delivery is answered, and what it says if it is what it claims to be."""
    try:
        delivery = _read(store_id, hook)
    except Unavailable:
        # While secrets are locked nothing can be verified, and nothing is refused.
        return 503, None
    except AuthenticationFailed:
        refusing.refused(store_id)
        return 401, None
    except ConnectorError:
        return 401, None
    if delivery is not None:
        refusing.fitted(store_id)
    return (200, delivery) if delivery is not None else (404, None)


def _read(store_id: int, hook: Hook) -> Delivery | None:
    """None where the platform announces nothing. Raises Unavailable while it cannot be verified, and another ConnectorError when the
    signature does not fit.
    """
    kept = _open.get(store_id)
    if kept is not None and monotonic() - kept[0] < OPEN_FOR:
        try:
            return _checked(kept[1], hook)
        except ConnectorError:
            pass  # the secret may have been replaced meanwhile
    site = gateway.load_site("store", store_id)
    if len(_open) >= 1_000:
        _open.clear()
    _open[store_id] = (monotonic(), site)
    return _checked(site, hook)


def _checked(site: gateway.Site, hook: Hook) -> Delivery | None:
    if site.connector.webhooks is None:
        return None
    secrets = [Secret(value.get_secret_value()) for value in _secrets_of(site)]
    delivery: Delivery = site.connector.webhooks.receive(hook.headers, hook.body, secrets, site.settings)
    return delivery


def _secrets_of(site: gateway.Site) -> list[SecretStr]:
    values = (getattr(site.settings, name) for name in type(site.settings).model_fields)
    return [value for value in values if isinstance(value, SecretStr)]


Found = tuple[int, int, str] | None
"""Account, store and platform behind a token."""


def _remembered(token: str) -> tuple[Found] | None:
    """What was found for a token not long ago; None when it is to be looked up."""
    hit = _known.get(hashlib.sha256(token.encode()).digest())
    return (hit[1],) if hit is not None and monotonic() - hit[0] < KNOWN_FOR else None


def _store_of(token: str) -> Found:
    if remembered := _remembered(token):
        return remembered[0]
    digest = hashlib.sha256(token.encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("select account_id, store_id, platform from store_of_hook(%s)", [digest])
        row = cursor.fetchone()
    _known[digest] = (monotonic(), row)
    while len(_known) > MOST_KNOWN:
        _known.popitem(last=False)
    return row  # type: ignore[no-any-return]
