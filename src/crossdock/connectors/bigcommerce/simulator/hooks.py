"""Telling webhooks: signed the Standard Webhooks way, with the headers that were asked for, repeated with the same hash."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from crossdock.connectors.bigcommerce.simulator.access import Access
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.state import Store
from crossdock.connectors.kit.simulator.outbox import Outbox

WAITS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21_600, 50_400, 86_400)
"""Seconds between repetitions at the real platform: two days. Then the hook is put to sleep."""


@dataclass
class Delivery:
    """One message to one hook. `status` is the last answer's, None while there was none."""

    scope: str
    store: str
    hook: int
    address: str
    hash: str
    body: bytes
    headers: dict[str, str]
    tries: int = 0
    status: int | None = None


class Courier(Outbox):
    """Delivers what stores tell. `pause` is the wait in seconds before the first repetition; it grows as the real ones do."""

    def __init__(self, access: Access, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.access = access
        self.clock = clock
        self.pause = 0.5
        self.copies = 1
        self.signs = True
        self.sent: list[Delivery] = []

    def note(self, store: Store, scope: str, data: Record) -> None:
        """Send what happened to every hook that wants it; called from the store, returns at once."""
        wanting = [one for one in store.hooks.values() if one["is_active"] and _fits(one["scope"], scope)]
        if not wanting:
            return
        now = int(self.clock().timestamp())
        message: dict[str, Any] = {
            "producer": f"stores/{store.hash}",
            "hash": hashlib.sha1(uuid.uuid4().bytes, usedforsecurity=False).hexdigest(),
            "created_at": now,
            "store_id": "1000",
            "scope": scope,
            "data": data,
        }
        body = json.dumps(message).encode()
        for hook in wanting:
            for _ in range(self.copies):
                delivery = Delivery(
                    scope, store.hash, hook["id"], hook["destination"], message["hash"], body, self._headers(hook, body)
                )
                self.sent.append(delivery)
                self.begin(partial(self._deliver, store, delivery))
        if len(self.sent) > 50_000:
            del self.sent[:10_000]

    def _headers(self, hook: Record, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", **(hook["headers"] or {})}
        app = self.access.apps.get(hook["client_id"])
        if app is not None and self.signs:
            key, at = f"msg_{uuid.uuid4().hex}", str(int(self.clock().timestamp()))
            digest = hmac.digest(app.client_secret.encode(), f"{key}.{at}.".encode() + body, hashlib.sha256)
            headers |= {
                "webhook-id": key,
                "webhook-timestamp": at,
                "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
            }
        return headers

    async def _deliver(self, store: Store, delivery: Delivery) -> None:
        async with self.slots:
            for wait in (*WAITS, None):
                delivery.tries += 1
                if await self._posted(delivery):
                    return
                if wait is not None:
                    await asyncio.sleep(self.pause * wait / WAITS[0])
        if (hook := store.hooks.get(delivery.hook)) is not None:
            hook["is_active"] = False

    async def _posted(self, delivery: Delivery) -> bool:
        delivery.status = await self.post(delivery.address, delivery.body, delivery.headers)
        return delivery.status is not None and 200 <= delivery.status < 300


def _fits(wanted: str, scope: str) -> bool:
    return wanted == scope or (wanted.endswith("/*") and scope.startswith(wanted[:-1]))
