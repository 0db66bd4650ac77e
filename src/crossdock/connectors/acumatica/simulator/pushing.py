"""Push notifications: what changed is posted to an address, at least once, with a header that carries the secret."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from typing import Any

import aiohttp
import msgspec

from crossdock.connectors.acumatica.simulator.state import Record, Tenant

_TRIES = 4


class Courier:
    """Delivers notifications in the background. A row that changed is deleted and inserted in the notification's terms."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, tenant: Tenant, entity: str, record: Record) -> None:
        """Tell of a record that changed, where somebody set that up."""
        if tenant.push is None or entity not in ("SalesOrder", "Shipment"):
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        row = {"NoteID": record["id"], "Status": record.get("Status")}
        body = {
            "Inserted": [row],
            "Deleted": [row],
            "Query": entity,
            "CompanyId": tenant.name,
            "Id": str(uuid.uuid4()),
            "TimeStamp": time.time_ns(),
            "AdditionalInfo": {},
        }
        task = loop.create_task(self._deliver(tenant, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _deliver(self, tenant: Tenant, body: dict[str, Any]) -> None:
        push = tenant.push
        if push is None:
            return
        headers = {"Content-Type": "application/json", "X-Crossdock-Secret": push.secret}
        content = msgspec.json.encode(body)
        async with aiohttp.ClientSession() as session:
            for copy in range(push.copies):
                if copy:
                    await asyncio.sleep(push.pause)
                for _ in range(_TRIES):
                    with contextlib.suppress(aiohttp.ClientError, OSError):
                        async with session.post(push.url, data=content, headers=headers) as response:
                            if response.status < 300:
                                break
                    await asyncio.sleep(push.pause)
