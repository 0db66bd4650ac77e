"""Telling subscriptions: signed, retried with the same body and delivery id, without order, and ended after too many failures."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from crossdock.connectors.kit.simulator.outbox import Outbox
from crossdock.connectors.shopify.simulator.access import Access
from crossdock.connectors.shopify.simulator.rest import body_of
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record

MOST_TRIES = 9
"""One try and eight repetitions; the real platform spreads them over four hours."""


@dataclass
class Delivery:
    """One message to one subscription. `status` is the last answer's, None while there was none."""

    id: str
    topic: str
    shop: str
    address: str
    body: bytes
    headers: dict[str, str]
    subscription: str
    tries: int = 0
    status: int | None = None


class Courier(Outbox):
    """Delivers what shops emit. `pause` is the wait in seconds before the first repetition; it doubles."""

    def __init__(self, access: Access, version: str) -> None:
        super().__init__()
        self.access = access
        self.version = version
        self.pause = 0.5
        self.copies = 1
        self.sent: list[Delivery] = []

    def note(self, shop: Shop, topic: str, record: Record) -> None:
        """Send what happened to every subscription of the topic; called from the shop, returns at once."""
        wanting = [one for one in shop.subscriptions.values() if one["topic"] == topic]
        if not wanting:
            return
        order = None if topic.startswith("ORDERS_") else shop.orders.get(record.get("_order", 0))
        body = msgspec.json.encode(body_of(topic, record, order))
        event = str(uuid.uuid4())
        for subscription in wanting:
            for _ in range(self.copies):
                self._begin(shop, self._made(shop, topic, subscription, body, event))

    def send(self, shop: Shop, topic: str, address: str, body: bytes) -> str:
        """Send what is set in the app's configuration and not subscribed to; the delivery's id. `topic` as in the header."""
        app = next(iter(self.access.apps))
        delivery = self._made(shop, topic, {"_app": app, "name": None, "uri": address, "id": ""}, body, str(uuid.uuid4()))
        self._begin(shop, delivery)
        return delivery.id

    def _begin(self, shop: Shop, delivery: Delivery) -> None:
        self.sent.append(delivery)
        self.begin(partial(self._deliver, shop, delivery))
        if len(self.sent) > 50_000:
            del self.sent[:10_000]

    def _made(self, shop: Shop, topic: str, subscription: Record, body: bytes, event: str) -> Delivery:
        app = self.access.apps.get(subscription["_app"])
        secret = app.client_secret if app else ""
        digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
        name = topic if "/" in topic else topic.lower().replace("_", "/", 1)
        for group in ("FULFILLMENT_ORDERS", "INVENTORY_LEVELS"):
            if topic.startswith(f"{group}_"):
                name = f"{group.lower()}/{topic[len(group) + 1 :].lower()}"
        key = str(uuid.uuid4())
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": name,
            "X-Shopify-Hmac-Sha256": digest,
            "X-Shopify-Shop-Domain": shop.domain,
            "X-Shopify-API-Version": self.version,
            "X-Shopify-Webhook-Id": key,
            "X-Shopify-Event-Id": event,
            "X-Shopify-Triggered-At": shop.clock().isoformat(),
        }
        if subscription["name"]:
            headers["X-Shopify-Name"] = subscription["name"]
        return Delivery(key, name, shop.handle, subscription["uri"], body, headers, subscription["id"])

    async def _deliver(self, shop: Shop, delivery: Delivery) -> None:
        wait = self.pause
        async with self.slots:
            for attempt in range(MOST_TRIES):
                delivery.tries += 1
                if await self._posted(delivery):
                    if (subscription := shop.subscriptions.get(delivery.subscription)) is not None:
                        subscription["_failures"] = 0
                    return
                if attempt < MOST_TRIES - 1:
                    await asyncio.sleep(wait)
                    wait *= 2
        subscription = shop.subscriptions.get(delivery.subscription)
        if subscription is not None:
            shop.subscriptions.pop(delivery.subscription, None)

    async def _posted(self, delivery: Delivery) -> bool:
        delivery.status = await self.post(delivery.address, delivery.body, delivery.headers)
        return delivery.status is not None and 200 <= delivery.status < 300

    def view(self) -> list[dict[str, Any]]:
        """What was sent, newest first."""
        return [
            {"id": one.id, "topic": one.topic, "shop": one.shop, "address": one.address, "tries": one.tries, "status": one.status}
            for one in reversed(self.sent[-200:])
        ]
