"""Webhook subscriptions made, changed and ended, refused in the recorded words."""

# ruff: noqa: N802

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from crossdock.connectors.shopify.simulator.context import Context
from crossdock.connectors.shopify.simulator.mutations import wrong
from crossdock.connectors.shopify.simulator.values import Record

Arguments = dict[str, Any]


def webhookSubscriptionCreate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Subscribes an address to a topic."""
    given = arguments["webhookSubscription"]
    topic = arguments["topic"]
    problems = _address_problems(context, topic, given, None) + _name_problems(given)
    if problems:
        return {"webhookSubscription": None, "userErrors": problems}
    at = context.shop.now()
    made = {
        "__typename": "WebhookSubscription",
        "id": context.shop.new_id("WebhookSubscription"),
        "topic": topic,
        "uri": given["uri"].strip(),
        "callbackUrl": given["uri"].strip(),
        "format": given.get("format") or "JSON",
        "filter": given.get("filter"),
        "includeFields": given.get("includeFields") or [],
        "metafieldNamespaces": given.get("metafieldNamespaces") or [],
        "name": given.get("name"),
        "createdAt": at,
        "updatedAt": at,
        "_app": context.app,
        "_failures": 0,
    }
    context.shop.subscriptions[made["id"]] = made
    return {"webhookSubscription": made, "userErrors": []}


def webhookSubscriptionUpdate(root: Any, arguments: Arguments, context: Context) -> Record:
    """Changes a subscription."""
    found = context.shop.subscriptions.get(arguments["id"])
    if found is None:
        problem = wrong(["id"], "Webhook subscription does not exist")
        return {"webhookSubscription": None, "userErrors": [problem]}
    given = arguments["webhookSubscription"]
    problems = _address_problems(context, found["topic"], {"uri": found["uri"]} | given, found["id"]) + _name_problems(given)
    if problems:
        return {"webhookSubscription": None, "userErrors": problems}
    found |= {name: value for name, value in given.items() if value is not None}
    found["callbackUrl"] = found["uri"]
    found["updatedAt"] = context.shop.now()
    return {"webhookSubscription": found, "userErrors": []}


def webhookSubscriptionDelete(root: Any, arguments: Arguments, context: Context) -> Record:
    """Ends a subscription."""
    found = context.shop.subscriptions.pop(arguments["id"], None)
    if found is None:
        problem = wrong(["id"], "Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [problem]}
    return {"deletedWebhookSubscriptionId": found["id"], "userErrors": []}


def _address_problems(context: Context, topic: str, given: Record, own: str | None) -> list[Record]:
    at = ["webhookSubscription", "callbackUrl"]
    address = (given.get("uri") or "").strip()
    if not address:
        return [wrong(at, "Address can't be blank")]
    parts = urlsplit(address)
    # The real platform takes https alone; on loopback there is nobody to listen in, and tests need no certificate.
    allowed = {"https", "pubsub", "arn"} | ({"http"} if parts.hostname in ("127.0.0.1", "localhost", "::1") else set())
    if parts.scheme in ("pubsub", "arn") and given.get("format") == "XML":
        return [wrong(["webhookSubscription", "format"], "Format can only be used with format: 'json'")]
    if parts.scheme not in allowed:
        if parts.scheme == "http":
            return [wrong(at, "Address protocol http:// is not supported")]
        return [wrong(at, f"Address protocol {parts.scheme}:// is not supported" if parts.scheme else "Address is invalid")]
    if parts.scheme in ("http", "https") and not parts.hostname:
        return [wrong(at, "Address is invalid")]
    for other in context.shop.subscriptions.values():
        is_same = (other["topic"], other["uri"], other["_app"]) == (topic, address, context.app)
        if is_same and other["id"] != own and other["format"] == (given.get("format") or "JSON"):
            return [wrong(at, "Address for this topic has already been taken")]
    return []


def _name_problems(given: Record) -> list[Record]:
    name = given.get("name")
    if name is None or re.fullmatch(r"[\w-]{1,50}", name, re.ASCII):
        return []
    at = ["webhookSubscription", "name"]
    problems = [] if name else [wrong(at, "Name is too short (minimum is 1 character)")]
    return [*problems, wrong(at, "Name name field can only contain alphanumeric characters, underscores, and hyphens")]
