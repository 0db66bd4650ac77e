"""Telling webhooks: signed the Standard Webhooks way, with the headers that were asked for, repeated with the same hash."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from crossdock.connectors.bigcommerce.simulator.access import Access
from crossdock.connectors.bigcommerce.simulator.making import Record
from crossdock.connectors.bigcommerce.simulator.state import Store

WAITS = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21_600, 50_400, 86_400)
"""Seconds between repetitions at the real platform: two days. Then the hook is put to sleep."""

_MOST_AT_ONCE = 32


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


class Courier:
    """Delivers what stores tell. `pause` is the wait in seconds before the first repetition; it grows as the real ones do."""

    def __init__(self, access: Access, clock: Callable[[], datetime]) -> None:
        self.access = access
        self.clock = clock
        self.pause = 0.5
        self.copies = 1
        self.signs = True
        self.sent: list[Delivery] = []
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)

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
                with contextlib.suppress(RuntimeError):  # outside a running loop nobody listens
                    task = asyncio.get_running_loop().create_task(self._deliver(store, delivery))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
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
        async with self._slots:
            for wait in (*WAITS, None):
                delivery.tries += 1
                if await self._posted(delivery):
                    return
                if wait is not None:
                    await asyncio.sleep(self.pause * wait / WAITS[0])
        if (hook := store.hooks.get(delivery.hook)) is not None:
            hook["is_active"] = False

    async def _posted(self, delivery: Delivery) -> bool:
        if self._session is None:
            bounds = aiohttp.ClientTimeout(total=5, sock_connect=1)
            self._session = aiohttp.ClientSession(timeout=bounds, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        try:
            async with self._session.post(
                delivery.address, data=delivery.body, headers=delivery.headers, allow_redirects=False
            ) as answer:
                delivery.status = answer.status
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            delivery.status = None
            return False

    async def idle(self) -> None:
        """Wait until every message under way has arrived or was given up."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None


def _fits(wanted: str, scope: str) -> bool:
    return wanted == scope or (wanted.endswith("/*") and scope.startswith(wanted[:-1]))
