"""What is believed of a message, and how hooks are kept alive."""

import base64
import hashlib
import hmac
import json

import pytest

from crossdock.connectors.bigcommerce import webhooks
from crossdock.connectors.bigcommerce.auth import header_secret
from crossdock.connectors.bigcommerce.tests.examples import settings
from crossdock.connectors.bigcommerce.tests.rig import Rig
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData

SECRET = "0123456789abcdef-secret"
HERE = "https://hooks.example.com/in/bigcommerce/0123456789abcdef"


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


def a_message(data=None, **changes):
    message = {"producer": "stores/abc123xyz", "scope": "store/order/created", "hash": "h", "store_id": "1", "created_at": 1}
    return json.dumps({**message, "data": data or {"type": "order", "id": 250}, **changes}).encode()


def signed(body, secret=SECRET, version="v1"):
    digest = hmac.digest(secret.encode(), b"msg_1.1700000000." + body, hashlib.sha256)
    signature = f"{version},{base64.b64encode(digest).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": signature}


def received(headers, body, **changes):
    return webhooks.receive(headers, body, [], settings(**changes))


@pytest.mark.parametrize(
    ("data", "subjects"),
    [
        ({"type": "order", "id": 250}, ("250",)),
        ({"type": "order", "id": 250, "status": {"previous_status_id": 0, "new_status_id": 11}}, ("250",)),
        ({"type": "order", "id": 250, "refund": {"refund_id": 4}}, ("250",)),
        ({"type": "shipment", "id": 12, "orderId": 250}, ("250",)),
        ({"type": "app"}, ()),
        ({"type": "order", "id": "x; drop"}, ()),
    ],
)
def test_a_message_names_the_order_to_read_again(data, subjects):
    body = a_message(data)

    delivery = received(signed(body), body, client_secret=SECRET)

    assert (delivery.delivery_id, delivery.topic, delivery.subjects) == ("h", "store/order/created", subjects)


def test_one_of_several_signatures_is_enough():
    body = a_message()
    headers = signed(body)
    headers["webhook-signature"] = "v2,abc v1,AAAA " + headers["webhook-signature"]

    assert received(headers, body, client_secret=SECRET).subjects == ("250",)


def test_without_the_client_secret_the_header_we_asked_for_is_enough_and_needed():
    body = a_message()
    wanted = header_secret(settings())

    assert received({webhooks.HEADER: wanted, **signed(body, "theirs")}, body).subjects == ("250",)
    for headers in ({}, {webhooks.HEADER: "guess"}, signed(body, "theirs")):
        with pytest.raises(AuthenticationFailed):
            received(headers, body)


@pytest.mark.parametrize("change", ["body", "id", "secret", "version", "no signature"])
def test_a_forged_message_is_refused(change):
    body = a_message()
    headers = signed(body, "another" if change == "secret" else SECRET, "v2" if change == "version" else "v1")
    if change == "id":
        headers["webhook-id"] = "msg_2"
    if change == "no signature":
        headers = {}

    with pytest.raises(AuthenticationFailed):
        received(headers, body + (b" " if change == "body" else b""), client_secret=SECRET)


def test_a_message_about_another_store_is_refused():
    body = a_message(producer="stores/elsewhere")

    with pytest.raises(InvalidData):
        received(signed(body), body, client_secret=SECRET)


def test_the_secret_of_the_header_tells_nothing_of_the_credentials_and_differs_by_store():
    one, other = header_secret(settings()), header_secret(settings(store_hash="xyz987"))

    assert one != other
    assert settings().access_token.get_secret_value() not in one


async def test_hooks_that_sleep_or_carry_an_old_secret_are_set_right(rig):
    async with rig.client() as client:
        await client.ensure_webhooks(HERE)
        rig.sim.sleep_webhooks()
        next(iter(rig.store.hooks.values()))["headers"] = {"X-Crossdock-Hook": "old"}
        rig.sim.forget_log()
        await client.ensure_webhooks(HERE)
        woken = len(rig.sim.writes())
        await client.ensure_webhooks(HERE)

    assert woken == len(webhooks.TOPICS) == len(rig.sim.writes())
    assert all(hook["is_active"] for hook in rig.store.hooks.values())


async def test_hooks_of_another_account_and_another_address_are_left_alone(rig):
    async with rig.client() as client:
        await client.ensure_webhooks(HERE)
        await client.ensure_webhooks(f"{HERE}f")
        await client.remove_webhooks(HERE)

    assert {hook["destination"] for hook in rig.store.hooks.values()} == {f"{HERE}f"}


async def test_an_address_without_tls_is_refused_in_the_platform_s_words(rig):
    async with rig.client() as client:
        with pytest.raises(InvalidData, match="https"):
            await client.ensure_webhooks("http://hooks.example.com/in")


async def test_the_secret_of_the_header_is_not_written_down(rig):
    async with rig.client() as client:
        await client.ensure_webhooks(HERE)
        await client.ensure_webhooks(HERE)

    assert header_secret(rig.settings()) not in repr(rig.exchanges)
