"""Push notifications: what changed is posted to an address, at least once, with a header that carries the secret."""

from __future__ import annotations

import asyncio
import time
import uuid
from functools import partial
from typing import Any

import msgspec

from crossdock.connectors.acumatica.simulator.state import Record, Tenant
from crossdock.connectors.kit.simulator.outbox import Outbox

_TRIES = 4


class Courier(Outbox):
    """Delivers notifications in the background. A row that changed is deleted and inserted in the notification's terms."""

    def note(self, tenant: Tenant, entity: str, record: Record) -> None:
        """Tell of a record that changed, where somebody set that up."""
        if tenant.push is None or entity not in ("SalesOrder", "Shipment"):
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
        self.begin(partial(self._deliver, tenant, body))

    async def _deliver(self, tenant: Tenant, body: dict[str, Any]) -> None:
        push = tenant.push
        if push is None:
            return
        headers = {"Content-Type": "application/json", "X-Crossdock-Secret": push.secret}
        content = msgspec.json.encode(body)
        for copy in range(push.copies):
            if copy:
                await asyncio.sleep(push.pause)
            for _ in range(_TRIES):
                status = await self.post(push.url, content, headers)
                if status is not None and status < 300:
                    break
                await asyncio.sleep(push.pause)
