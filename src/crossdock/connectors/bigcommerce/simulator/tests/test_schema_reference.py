"""Every request we send and every answer the simulator gives, against the documents BigCommerce publishes."""

import json
import tomllib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from crossdock.connectors.bigcommerce.simulator.tests.openapi import Document
from crossdock.connectors.bigcommerce.tests.rig import Rig
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.domain.fulfillment import Tracking

pytestmark = pytest.mark.needs_reference

DOCUMENTS = (
    "orders.v2.oas2.yml",
    "orders.v3.yml",
    "store_information.v2.yml",
    "products_catalog.v3.yml",
    "product-variants_catalog.v3.yml",
    "inventory.v3.yml",
    "locations.v3.yml",
    "webhooks.v3.yml",
)
DEVIATIONS = tomllib.loads((Path(__file__).parent / "deviations.toml").read_text()).get("deviation", [])

LINES = [
    {
        "sku": "RED",
        "quantity": 3,
        "title": "Red shirt",
        "product_options": [{"id": 1, "display_name": "Size", "display_value": "M"}],
    },
    {"sku": "BLUE", "quantity": 2, "to": 1},
    {"sku": "BOOK", "type": "digital"},
    {"sku": "GIFT", "type": "giftcertificate"},
    {"sku": "LOCAL", "order_pickup_method_id": 1},
]


@pytest.fixture(scope="module")
def documents(reference):
    return [Document(reference / "specs" / "bigcommerce" / name) for name in DOCUMENTS]


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def everything(rig):
    """Each thing the connector does, once, and what the platform refuses."""
    elsewhere = [{"street_1": "9 Other Road", "city": "Austin", "state": "Texas", "zip": "78701"}]
    orders = [
        await rig.order(rig.places(lines=LINES, more_addresses=elsewhere, coupon="TEN", coupon_discount="10")) for _ in range(3)
    ]
    many = rig.places(lines=[{"sku": f"SKU-{number}"} for number in range(60)])
    rig.places(lines=[{"sku": "FREE", "type": "digital"}])
    for sku in ("RED", "BLUE"):
        rig.sells(sku, 5, barcode="4006381333931")
    rig.sells_variants("Cap", {"CAP-S": 1, "CAP-M": 2})
    await rig.orders(page_size=2)
    await rig.order(many)
    assert [page async for page in rig.placed()]
    assert [page async for page in rig.products()]
    async with rig.client() as client:
        await client.check()
        await client.choices("import_status")
        await client.stock_locations()
        await client.report_sent([orders[0].external_id, "99999"])
        address = "https://hooks.example.com/in/bigcommerce/0123456789abcdef"
        await client.ensure_webhooks(address)
        rig.sim.sleep_webhooks()
        await client.ensure_webhooks(address)
        await client.remove_webhooks(address)
    notice = rig.notice(orders[0], service="Ground")
    (done,) = await rig.post(notice)
    await rig.find(notice)
    two = (Tracking("1Z999AA10000005001"), Tracking("1Z999AA10000005002"))
    await rig.correct(rig.correction(done, notice, tracking=two))
    await rig.correct(rig.correction(done, notice, is_void=True))
    rig.sim.set_behavior(moves_status=False)
    await rig.post(rig.notice(orders[1], {"RED": 1}, carrier="Some Line"), rig.notice(orders[1], {"RED": 9}))
    rig.sim.set_behavior()
    await rig.publish(rig.figure("RED", 5), rig.figure("BLUE", 7, "2"), rig.figure("NOBODY", 1))
    rig.sim.store().products[next(iter(rig.sim.store().products))]["inventory_tracking"] = "variant"
    return orders


async def refusals(rig):
    """What the platform refuses, with its own bodies."""
    order = await rig.order(rig.places())
    async with rig.client() as client:
        for method, path, body in (
            ("PUT", f"v2/orders/{order.external_id}", {"id": 1}),
            ("POST", f"v2/orders/{order.external_id}/shipments", {"items": []}),
            ("PUT", "v3/inventory/adjustments/absolute", {"items": [{"location_id": 1, "variant_id": 1, "quantity": 1}]}),
            ("POST", "v3/hooks", {"scope": "store/order/created", "destination": "http://hooks.example.com/"}),
        ):
            with pytest.raises(ConnectorError):
                await client._api.tell(method, path, what="be refused", json=body)


async def what_others_ask(rig):
    """Calls that other clients make: all the simulator serves beyond our own."""
    rig.sells("GREEN", 5)
    home = {"first_name": "Jane", "last_name": "Doe", "street_1": "12 Mill Road", "city": "Louisville", "zip": "40202"}
    item = {"name": "Mug", "quantity": 2, "price_ex_tax": 10, "price_inc_tax": 11}
    async with rig.client() as client:
        made = await client._api.tell(
            "POST", "v2/orders", what="enter an order", json={"billing_address": home, "products": [item], "status_id": 11}
        )
        order = json.loads(made.body)["id"]
        line, place = rig.store.order(order)["_lines"][0], rig.store.order(order)["_addresses"][0]
        shipped = rig.sim.fulfill_order(order)
        for path in (
            "v2/time",
            "v2/orders/count",
            "v2/order_statuses/11",
            f"v2/orders/{order}/products/{line['id']}",
            f"v2/orders/{order}/shipping_addresses/{place['id']}",
            f"v2/orders/{order}/consignments",
            f"v2/orders/{order}/shipments/count",
            f"v2/orders/{order}/shipments/{shipped}",
            "v3/catalog/variants?sku=GREEN",
            f"v3/orders/{order}/payment_actions/refunds",
        ):
            await client._api.ask(path, object, what="look")
        variant = next(one["id"] for one in rig.store.variants() if one["sku"] == "GREEN")
        hook = await client._api.tell(
            "POST", "v3/hooks", what="hook", json={"scope": "store/order/*", "destination": "https://a.example.com/"}
        )
        await client._api.ask(f"v3/hooks/{json.loads(hook.body)['data']['id']}", object, what="look")
        for method, path, body in (
            ("PUT", f"v2/orders/{order}/shipping_addresses/{place['id']}", {"street_1": "9 Other Road"}),
            ("POST", "v3/inventory/adjustments/relative", {"items": [{"location_id": 1, "variant_id": variant, "quantity": -2}]}),
            ("DELETE", f"v2/orders/{order}/shipments", None),
            ("DELETE", f"v2/orders/{order}", None),
        ):
            await client._api.tell(method, path, what="change", json=body)
        with pytest.raises(ConnectorError, match="requires absolute adjustment before relative"):
            await client._api.tell(
                "POST",
                "v3/inventory/adjustments/relative",
                what="change",
                json={"items": [{"location_id": 2, "variant_id": variant, "quantity": 1}]},
            )
    assert rig.stock_of("GREEN") == 3


def _json(content):
    return json.loads(content) if content else None


def _found(documents, exchanges):
    problems, unused = {}, set()
    for one in exchanges:
        address = urlsplit(one.url)
        path = address.path.split("/", 3)[3]
        version, _, rest = path.partition("/")
        for document in documents:
            if version in document.value["servers"][0]["url"] and (template := document.route(one.method, f"/{rest}")):
                break
        else:
            unused.add(f"{one.method} {path} is not published")
            continue
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        answer = _json(one.response)
        for problem in document.problems(one.method, template, query, _json(one.request), one.status, answer):
            problems.setdefault(f"{one.method} {template}: {problem}", one)
    return {*problems, *unused}


async def test_every_call_and_every_answer_is_as_published_but_for_named_deviations(rig, documents):
    await everything(rig)
    await refusals(rig)
    await what_others_ask(rig)

    found = _found(documents, rig.exchanges)

    assert len({(one.method, one.operation) for one in rig.exchanges}) > 15
    known = {one["what"] for one in DEVIATIONS}
    assert sorted(found - known) == []
    assert sorted(known - found) == []


def test_every_deviation_has_its_reason():
    assert all(one["why"].strip() for one in DEVIATIONS)
