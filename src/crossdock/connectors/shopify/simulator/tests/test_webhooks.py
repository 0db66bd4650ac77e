"""Messages to subscriptions: signed, repeated, without order."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from crossdock.connectors.shopify.simulator.server import OWN_APP
from crossdock.connectors.shopify.simulator.tests.rig import Asking

SUBSCRIBE = """mutation Subscribe($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri, format: JSON}) {
    webhookSubscription { id uri topic } userErrors { field message }
  }
}"""


class Ear:
    """Hears messages; answers with the statuses it was told, then 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    app = web.Application()
    app.router.add_post("/in", ear.hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ear.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    yield ear
    await runner.cleanup()


async def subscribe(ask: Asking, ear: Ear, topic: str = "ORDERS_CREATE") -> None:
    data = await ask(SUBSCRIBE, topic=topic, uri=ear.url)
    assert data["webhookSubscriptionCreate"]["userErrors"] == []


async def test_a_message_is_signed_over_its_raw_body(ask: Asking, ear: Ear) -> None:
    await subscribe(ask, ear)
    ask.sim.add_order(1)
    await ask.sim.courier.idle()

    headers, body = ear.heard[0]
    secret = ask.sim.access.apps[OWN_APP].client_secret.encode()
    assert headers["x-shopify-hmac-sha256"] == base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    assert headers["x-shopify-topic"] == "orders/create"
    assert headers["x-shopify-shop-domain"] == "demo-outdoor.myshopify.com"
    assert b'"name":"#1"' in body
    assert b'"line_items":' in body


async def test_a_refused_message_comes_again_with_the_same_body_and_id(ask: Asking, ear: Ear) -> None:
    ask.sim.duplicate_webhooks(1, pause=0.001)
    ear.answers = [500, 503]
    await subscribe(ask, ear)
    ask.sim.add_order(1)
    await ask.sim.courier.idle()

    assert len(ear.heard) == 3
    assert len({(headers["x-shopify-webhook-id"], body) for headers, body in ear.heard}) == 1


async def test_a_subscription_that_never_answers_is_ended(ask: Asking, ear: Ear) -> None:
    ask.sim.duplicate_webhooks(1, pause=0.0001)
    ear.answers = [500] * 9
    await subscribe(ask, ear)
    ask.sim.add_order(1)
    await ask.sim.courier.idle()

    assert ask.shop.subscriptions == {}


async def test_duplicates_share_the_event_and_differ_in_the_delivery(ask: Asking, ear: Ear) -> None:
    ask.sim.duplicate_webhooks(2)
    await subscribe(ask, ear)
    ask.sim.add_order(1)
    await ask.sim.courier.idle()

    assert len({headers["x-shopify-event-id"] for headers, _ in ear.heard}) == 1
    assert len({headers["x-shopify-webhook-id"] for headers, _ in ear.heard}) == 2


@pytest.mark.parametrize(
    ("topic", "lever", "name"),
    [
        ("ORDERS_CANCELLED", "cancel_order", "orders/cancelled"),
        ("ORDERS_EDITED", "edit", "orders/edited"),
        ("REFUNDS_CREATE", "refund_order", "refunds/create"),
        ("FULFILLMENT_ORDERS_PLACED_ON_HOLD", "hold_order", "fulfillment_orders/placed_on_hold"),
        ("FULFILLMENTS_CREATE", "fulfill_order", "fulfillments/create"),
    ],
)
async def test_each_happening_has_its_topic(ask: Asking, ear: Ear, topic: str, lever: str, name: str) -> None:
    await subscribe(ask, ear, topic)
    order = ask.sim.add_order(1)
    if lever == "edit":
        ask.sim.edit_order(order, quantities={"BLUE-M": 0})
    else:
        getattr(ask.sim, lever)(order)
    await ask.sim.courier.idle()

    assert [headers["x-shopify-topic"] for headers, _ in ear.heard] == [name]


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("  ", "Address can't be blank"),
        ("ftp://example.com/x", "Address protocol ftp:// is not supported"),
        ("https://", "Address is invalid"),
        ("http://example.com/in", "Address protocol http:// is not supported"),
    ],
)
async def test_a_bad_address_is_refused_in_the_recorded_words(ask: Asking, uri: str, message: str) -> None:
    data = await ask(SUBSCRIBE, topic="ORDERS_CREATE", uri=uri)

    assert data["webhookSubscriptionCreate"]["userErrors"] == [
        {"field": ["webhookSubscription", "callbackUrl"], "message": message}
    ]


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
async def test_privacy_messages_come_signed_without_a_subscription_and_name_the_shop(ask: Asking, ear: Ear, topic: str) -> None:
    order = ask.sim.add_order(1)

    key = ask.sim.ask_privacy(topic, ear.url, order="1")
    await ask.sim.courier.idle()

    ((headers, body),) = ear.heard
    secret = ask.sim.access.apps[OWN_APP].client_secret
    assert headers["x-shopify-hmac-sha256"] == base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    assert (headers["x-shopify-topic"], headers["x-shopify-webhook-id"]) == (topic, key)
    assert ask.shop.domain.encode() in body
    assert (order.rpartition("/")[2].encode() in body) == (topic != "shop/redact")


async def test_the_same_address_is_taken_once_a_topic(ask: Asking, ear: Ear) -> None:
    await subscribe(ask, ear)

    data = await ask(SUBSCRIBE, topic="ORDERS_CREATE", uri=ear.url)

    assert data["webhookSubscriptionCreate"]["userErrors"][0]["message"] == "Address for this topic has already been taken"
