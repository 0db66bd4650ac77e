"""Push notifications that somebody set up by hand: believed with the secret only, and only as a reason to look."""

import asyncio

import msgspec
import pytest
from aiohttp import web
from pydantic import SecretStr

from crossdock.connectors.acumatica.tests.examples import settings
from crossdock.connectors.acumatica.webhooks import receive
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.secret import Secret

SECRET = "a long text of our own"
NOTE = "7adbf4e5-4e48-ea11-817f-eb1af000b4cf"


def body(*rows, **more):
    return msgspec.json.encode(
        {
            "Inserted": list(rows),
            "Deleted": [],
            "Query": "SalesOrder",
            "CompanyId": "Company",
            "Id": "n-1",
            "TimeStamp": 7,
            **more,
        }
    )


def received(content, secret=SECRET, **changes):
    headers = {"x-crossdock-secret": secret} if secret is not None else {}
    return receive(headers, content, [], settings(**{"push_secret": SecretStr(SECRET), **changes}))


def test_a_notification_names_the_records_it_has_the_ids_of():
    delivery = received(body({"NoteID": NOTE.upper(), "Status": "Open"}))

    assert (delivery.delivery_id, delivery.topic, delivery.subjects) == ("n-1 SalesOrder", "SalesOrder", (NOTE,))


def test_rows_without_an_id_are_a_reason_to_look_at_all():
    assert received(body({"NoteID": NOTE}, {"OrderNbr": "000123"})).subjects == ()


@pytest.mark.parametrize("secret", ["", "another", None])
def test_another_secret_is_refused(secret):
    with pytest.raises(AuthenticationFailed):
        received(body({"NoteID": NOTE}), secret=secret)


def test_without_a_secret_of_ours_nothing_is_believed():
    with pytest.raises(AuthenticationFailed) as caught:
        received(body(), secret="", push_secret=SecretStr(""))

    assert caught.value.field == "push_secret"


def test_a_secret_that_is_being_replaced_is_taken_for_a_while():
    headers = {"x-crossdock-secret": "the old one"}

    delivery = receive(headers, body(), [Secret("the old one")], settings(push_secret=SecretStr(SECRET)))

    assert delivery.delivery_id == "n-1 SalesOrder"


def test_what_is_no_notification_is_named():
    with pytest.raises(InvalidData):
        received(b"[1, 2")


async def test_a_new_order_is_announced_by_the_sandbox_and_found_by_its_id(rig):
    deliveries: asyncio.Queue = asyncio.Queue()

    async def take(request):
        await deliveries.put(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=200 if deliveries.qsize() > 1 else 503)  # the first one is sent again

    app = web.Application()
    app.router.add_post("/in", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    rig.sim.set_push(f"http://127.0.0.1:{runner.addresses[0][1]}/in", SECRET)
    external_id = rig.places()

    async with asyncio.timeout(5):
        first, again = await deliveries.get(), await deliveries.get()
    read = [receive(*one, [], rig.settings(push_secret=SecretStr(SECRET))) for one in (first, again)]
    async with rig.client() as client:
        page = await client.orders_by_id(read[0].subjects)
    rig.sim.set_push(None)
    await runner.cleanup()

    assert [order.external_id for order in page.orders] == [external_id]
    assert read[0].delivery_id.endswith(" SalesOrder")
