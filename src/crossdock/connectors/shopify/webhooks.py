"""What Shopify announces, verified and reduced to the orders that are to be read again.

The headers for topic and shop are not covered by the signature, so nothing is decided by them: a forged topic costs one read.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.connectors.kit.declaration import App, Delivery, Privacy
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed
from crossdock.connectors.kit.secret import Secret
from crossdock.connectors.kit.webhooks import verify_base64
from crossdock.connectors.shopify.auth import webhook_secrets
from crossdock.connectors.shopify.payloads import number_of
from crossdock.connectors.shopify.pull import PART
from crossdock.connectors.shopify.settings import Settings

TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_EDITED",
    "ORDERS_PAID",
    "ORDERS_CANCELLED",
    "REFUNDS_CREATE",
    "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD",
    "FULFILLMENT_ORDERS_HOLD_RELEASED",
    "FULFILLMENT_ORDERS_MOVED",
    "FULFILLMENT_ORDERS_SPLIT",
    "FULFILLMENT_ORDERS_MERGED",
    "FULFILLMENT_ORDERS_CANCELLED",
    "FULFILLMENT_ORDERS_RESCHEDULED",
    "FULFILLMENT_ORDERS_SCHEDULED_FULFILLMENT_ORDER_READY",
    "FULFILLMENTS_CREATE",
    "FULFILLMENTS_UPDATE",
    "APP_UNINSTALLED",
)
"""What a store subscribes to."""

PRIVACY_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")
"""What every app has to take. Their address is set in the app's configuration at Shopify, not by subscription."""

_NAMED = ("orders_requested", "orders_to_redact")


def receive(headers: Mapping[str, str], body: bytes, secrets: list[Secret], settings: Settings) -> Delivery:
    """Verify a delivery and say which orders it is about; no subjects means that all of the store is to be looked at.

    The privacy topics come signed in the same way, and name the orders that a shopper asks about.
    Raises AuthenticationFailed for a signature that does not fit, and where no secret is known to check it with.
    """
    known = webhook_secrets(settings, secrets)
    if not known:
        raise AuthenticationFailed(
            "Shopify's messages cannot be verified without the app's API secret key. Enter it as Client secret.",
            field="client_secret",
        )
    return _delivery(headers, body, known)


def receive_for_app(headers: Mapping[str, str], body: bytes, app: App) -> Delivery:
    """Verify what Shopify tells the installation's app, whichever shop it is about. Raises AuthenticationFailed."""
    return _delivery(headers, body, [app.client_secret])


def _delivery(headers: Mapping[str, str], body: bytes, secrets: list[Secret]) -> Delivery:
    verify_base64(headers, "x-shopify-hmac-sha256", body, secrets)
    topic = headers.get("x-shopify-topic", "")[:100]
    content = decode(body, dict[str, Any], what="Shopify's message")
    return Delivery(
        delivery_id=headers.get("x-shopify-webhook-id") or headers.get("x-shopify-event-id") or "",
        topic=topic,
        subjects=_orders_in(topic, content),
        privacy=_privacy_in(topic, content),
    )


def _privacy_in(topic: str, content: dict[str, Any]) -> Privacy | None:
    """What a privacy message asks for. Its topic is not signed, so its body must be of that topic's shape as well."""
    shop = content.get("shop_id")
    if topic not in PRIVACY_TOPICS or not isinstance(shop, int):
        return None
    person = content.get("customer")
    person = person if isinstance(person, dict) else {}
    said = {name: str(person.get(name) or "")[:320] for name in ("email", "phone")}
    named = [content.get(name) for name in _NAMED]
    asked, redacted = (tuple(n for one in rows for n in _number(one)) if isinstance(rows, list) else None for rows in named)
    if topic == "customers/data_request" and asked is not None:
        return Privacy("gather", str(shop), asked, **said)
    if topic == "customers/redact" and redacted is not None:
        return Privacy("erase_person", str(shop), redacted, **said)
    if topic == "shop/redact" and content.keys() == {"shop_id", "shop_domain"}:
        return Privacy("erase_store", str(shop))
    return None


def _orders_in(topic: str, content: dict[str, Any]) -> tuple[str, ...]:
    if topic.startswith("orders/") and "id" in content:
        return _number(content["id"])
    if named := next((content[name] for name in _NAMED if isinstance(content.get(name), list)), None):
        return tuple(number for one in named for number in _number(one))
    if "order_id" in content:  # fulfillments/*, refunds/create
        return _number(content["order_id"])
    found: list[str] = []  # orders/edited names it inside, as fulfillment_orders/* do where they name it at all
    for part in content.values():
        if isinstance(part, dict) and "order_id" in part:
            found += _number(part["order_id"])
    # Most messages about fulfillment orders name these alone; their change need not show in the order's own date.
    return tuple(dict.fromkeys(found or _parts_in(content)))


def _parts_in(content: dict[str, Any]) -> list[str]:
    ids = [part.get("id") for part in (content, *content.values()) if isinstance(part, dict)]
    return [one for one in ids if isinstance(one, str) and one.startswith(PART) and number_of(one).isdigit()]


def _number(value: object) -> tuple[str, ...]:
    if isinstance(value, int):
        return (str(value),)
    if isinstance(value, str) and number_of(value).isdigit():
        return (number_of(value),)
    return ()
