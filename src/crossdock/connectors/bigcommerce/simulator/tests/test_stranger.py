"""Clients nobody here wrote: BigCommerce's own library for Python, which speaks TLS alone, and the verifier of Standard Webhooks."""

import base64
from urllib.parse import urlsplit

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from crossdock.connectors.bigcommerce import webhooks
from crossdock.connectors.bigcommerce.simulator.server import ACCOUNT, APP, DEMO_STORE, BigCommerceSimulator
from crossdock.connectors.bigcommerce.tests.examples import settings
from support.strangers import told_by

CALLBACK = "https://hub.example.com/oauth/callback"

STORY = """
import json, os, sys

told = json.loads(sys.argv[1])
os.environ["BC_API_ENDPOINT"] = os.environ["BC_AUTH_SERVICE"] = told["host"]
from bigcommerce.api import BigcommerceApi

fresh = BigcommerceApi(client_id=told["app"], store_hash=told["store"])
granted = fresh.oauth_fetch_token(told["secret"], told["code"], told["context"], told["scope"], told["callback"])
api = BigcommerceApi(client_id=told["app"], store_hash=told["store"], access_token=granted["access_token"])
order = next(one for one in api.Orders.iterall(status_id=11) if str(one.id) == told["order"])
(line,) = order.products()
(address,) = order.shipping_addresses()
made = api.OrderShipments.create(
    order.id,
    order_address_id=address.id,
    tracking_number="1ZBC",
    shipping_provider="ups",
    items=[{"order_product_id": line.id, "quantity": 2}],
)
quota = dict(api.connection.rate_limit)
try:
    api.OrderShipments.create(
        order.id, order_address_id=address.id, items=[{"order_product_id": line.id, "quantity": 9}], tracking_number="1ZTOO"
    )
    refusal = None
except Exception as error:
    refusal = type(error).__name__
user = api.oauth_verify_payload_jwt(told["call"], told["secret"], told["app"])
print(
    json.dumps(
        {
            "context": granted["context"],
            "line": line.sku,
            "made": made.tracking_number,
            "shipments": [one.tracking_number for one in order.shipments()],
            "status": api.Orders.get(order.id).status_id,
            "statuses": len(api.OrderStatuses.all()) > 10,
            "quota": quota["requests_quota"],
            "left": quota["requests_remaining"] < quota["requests_quota"],
            "refusal": refusal,
            "user": user["sub"],
        }
    )
)
"""


@pytest.fixture
async def sim():
    made = BigCommerceSimulator()
    await made.start(tls_port=0)
    yield made
    await made.stop()


async def test_bigcommerces_own_library_signs_in_ships_an_order_and_reads_its_quota(sim, tmp_path):
    order = str(sim.add_order(lines=[{"sku": "RED", "quantity": 3}]))
    sim.add_order(lines=[{"sku": "BLUE", "quantity": 1}])
    scope = "store_v2_orders store_v2_information_read_only"
    app = sim.access.apps[APP]
    told = {
        "host": urlsplit(sim.tls_url).netloc,
        "store": DEMO_STORE,
        "app": APP,
        "secret": app.client_secret,
        "callback": CALLBACK,
        "order": order,
        "call": sim.access.signed_call(DEMO_STORE, APP),
        **sim.consent.callback(DEMO_STORE, APP, scope, CALLBACK),
    }

    seen = await told_by(STORY, told, home=tmp_path, ca_file=sim.ca_file)

    assert seen == {
        "context": f"stores/{DEMO_STORE}",
        "line": "RED",
        "made": "1ZBC",
        "shipments": ["1ZBC"],
        "status": 3,
        "statuses": True,
        "quota": 150,
        "left": True,
        "refusal": "ClientRequestException",
        "user": f"stores/{DEMO_STORE}",
    }


async def test_what_the_simulator_announces_the_verifier_believes_and_what_was_changed_it_does_not(sim):
    order = sim.add_order(lines=[{"sku": "RED", "quantity": 3}])
    sim.store().hooks[1] = {
        "id": 1,
        "scope": "store/order/*",
        "destination": "http://127.0.0.1:9/nobody",
        "is_active": True,
        "client_id": ACCOUNT,
        "headers": {},
    }
    sim.touch_order(order)
    (sent,) = sim.courier.sent
    secret = sim.access.apps[ACCOUNT].client_secret
    verifier = Webhook(base64.b64encode(secret.encode()).decode())

    heard = verifier.verify(sent.body, sent.headers)

    assert str(heard["data"]["id"]) == order
    assert webhooks.receive(sent.headers, sent.body, [], settings(client_secret=secret, store_hash=DEMO_STORE)).subjects == (
        str(order),
    )
    with pytest.raises(WebhookVerificationError):
        verifier.verify(sent.body.replace(b"store/order", b"store/0rder"), sent.headers)
