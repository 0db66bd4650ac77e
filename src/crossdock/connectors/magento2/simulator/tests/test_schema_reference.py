"""Every request we send and every answer the simulator gives, against Adobe's published documents of two releases."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.magento2.simulator.calls import CALLS
from crossdock.connectors.magento2.simulator.tests.swagger import Document
from crossdock.connectors.magento2.tests.rig import Rig
from crossdock.domain.fulfillment import Tracking

pytestmark = pytest.mark.needs_reference

DEVIATIONS = tomllib.loads((Path(__file__).parent / "deviations.toml").read_text())["deviation"]
RELEASES = ("2.4.6", "2.4.9")


@pytest.fixture(params=RELEASES)
def document(request, reference):
    return Document(reference / "specs" / "magento2" / f"admin-rest-subset-{request.param}.json")


@pytest.fixture
async def rig():
    made = Rig()
    await made.start()
    yield made
    await made.stop()


async def everything(rig):
    """Each thing the connector does, once, and what the platform refuses."""
    lines = [
        {"sku": "RED", "quantity": 3},
        {"sku": "SHIRT", "type": "configurable", "inside": [{"sku": "SHIRT-M"}]},
        {"sku": "KIT", "type": "bundle", "inside": [{"sku": "A"}, {"sku": "B", "quantity": 2}]},
        {"sku": "FILE", "type": "downloadable"},
    ]
    one, two, three = [await rig.order(rig.places(lines=lines)) for _ in range(3)]
    rig.sells("BLUE", 5)
    rig.sells_variants("Cap", {"CAP-S": 1})
    rig.sells_bundle("PAIR", {"RED": 1, "BLUE": 2})
    async with rig.client() as client:
        await client.check()
        for field in ("store_view", "order_import_status", "sent_status", "source_code"):
            await client.choices(field)
        await client.report_sent([one.external_id])
        await client.stock_locations()
    assert len(await rig.orders(page_size=2)) == 3
    assert [page async for page in rig.placed()]
    assert [page async for page in rig.products()]
    rig.returns(one.external_id, {"RED": 1})
    rig.touches_return(rig.returns(two.external_id, {"RED": 1}))
    assert [page async for page in rig.returned()]
    notice = rig.notice(one)
    (done,) = await rig.post(notice, source_code="default")
    await rig.find(notice)
    await rig.correct(rig.correction(done, notice, tracking=(Tracking("1Z2"),)))
    await rig.correct(rig.correction(done, notice, is_void=True))
    await rig.post(rig.notice(two), compact_ship=False)
    await rig.publish(rig.figure("BLUE", Decimal(12)), rig.figure("NOBODY", 1))
    async with rig.client() as client:
        # Whole answers too, which we cut to what we read.
        for call in CALLS:
            if call.method == "GET" and "{" not in call.path:
                path = (
                    f"rest/V1/{call.path}?searchCriteria%5BpageSize%5D=50"
                    if "store/" not in call.path
                    else f"rest/V1/{call.path}"
                )
                assert (await client.http.read("GET", path, operation="Whole")).status == 200
        for path in (
            f"orders/{one.external_id}",
            f"orders/{one.external_id}/statuses",
            f"shipment/{done.external_id}",
            "products/RED",
        ):
            assert (await client.http.read("GET", f"rest/V1/{path}", operation="Whole")).status == 200
    rig.sim.set_release(has_salable_export=False)
    await rig.publish(rig.figure("BLUE", Decimal(13)))
    rig.shop.set_source_item("RED", "default", 0)
    await rig.post(rig.notice(three))
    rig.sim.set_bearer_switch(False)
    with pytest.raises(ConnectorError):
        await rig.orders()
    async with rig.client(**rig.oauth()) as client:
        await client.check()


async def test_every_exchange_agrees_with_the_published_documents(rig, document):
    await everything(rig)

    found = {
        difference
        for one in rig.exchanges
        for difference in document.differences(one.method, one.url, one.request, one.status, one.response)
    }

    assert len(rig.exchanges) > 50
    assert sorted(found - {one["what"] for one in DEVIATIONS}) == []


async def test_every_deviation_is_still_one(rig, reference):
    await everything(rig)
    documents = [Document(reference / "specs" / "magento2" / f"admin-rest-subset-{release}.json") for release in RELEASES]

    found = {
        difference
        for document in documents
        for one in rig.exchanges
        for difference in document.differences(one.method, one.url, one.request, one.status, one.response)
    }

    assert [one["what"] for one in DEVIATIONS if one["what"] not in found] == []
    assert all(len(one["why"]) > 20 for one in DEVIATIONS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_every_route_that_is_served_is_published(document, call):
    path = "/V1/" + call.path.replace("{", "").replace("}", "")

    route = document.route_of(path)

    assert route is not None
    assert call.method.lower() in document._document["paths"][route]
