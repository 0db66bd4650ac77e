"""Clients nobody here wrote, against the simulator: pymagento by token, oauthlib by signature."""

import pytest
from oauthlib import oauth1
from oauthlib.oauth1.rfc5849 import signature
from yarl import URL

from crossdock.connectors.kit.signing import Request
from crossdock.connectors.magento2 import auth
from crossdock.connectors.magento2.criteria import Filter, path_with, query
from crossdock.connectors.magento2.simulator.server import MagentoSimulator
from crossdock.connectors.magento2.tests.examples import settings
from support.strangers import told_by

BY_TOKEN = """
import json, sys
from magento import Magento

told = json.loads(sys.argv[1])
client = Magento(base_url=told["url"], token=told["token"])
order = client.get_order_by_increment_id("000000003")
client.ship_order(
    order["entity_id"],
    {
        "items": [{"order_item_id": order["items"][0]["item_id"], "qty": 2}],
        "tracks": [{"track_number": "1ZPY", "title": "UPS", "carrier_code": "ups"}],
    },
)
client.save_source_items([{"sku": "RED", "source_code": "default", "quantity": 5, "status": 1}])
(stock,) = client.get_source_items(sku="RED")
print(
    json.dumps(
        {
            "orders": len(list(client.get_orders(status="processing"))),
            "last": [one["increment_id"] for one in client.get_last_orders(2)],
            "shipments": len(list(client.get_order_shipments(order["entity_id"]))),
            "product": client.get_product("RED")["sku"],
            "gone": client.get_product("NOBODY"),
            "stock": stock["quantity"],
            "views": len(client.get_store_views()),
        }
    )
)
"""

BY_SIGNATURE = """
import json, sys, urllib.request
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

told = json.loads(sys.argv[1])
client = Client(
    told["consumer_key"],
    client_secret=told["consumer_secret"],
    resource_owner_key=told["token"],
    resource_owner_secret=told["token_secret"],
    signature_method=SIGNATURE_HMAC_SHA256,
)
address, headers, _ = client.sign(told["url"])
with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
    print(answer.read().decode())
"""


@pytest.fixture
async def sim():
    made = MagentoSimulator()
    await made.start()
    for number in range(1, 6):
        made.add_order(number=number, lines=[{"sku": "RED", "quantity": 3}])
    yield made
    await made.stop()


async def test_pymagento_lists_orders_ships_one_and_writes_stock(sim, tmp_path):
    told = {"url": f"{sim.url}/magento2", "token": sim.shop().integration.token}

    found = await told_by(BY_TOKEN, told, home=tmp_path)

    assert found == {
        "orders": 5,
        "last": ["000000005", "000000004"],
        "shipments": 1,
        "product": "RED",
        "gone": None,
        "stock": 5,
        "views": 3,
    }
    assert set(sim.shipments_by_tracking()) == {"1ZPY"}


async def test_what_oauthlib_signs_is_let_in_with_brackets_and_spaces_in_the_search(sim, tmp_path):
    one = sim.shop().integration
    path = path_with("rest/V1/orders", query([[Filter("updated_at", "2020-01-01 00:00:00", "gteq")]], fields="total_count"))
    told = {
        "url": f"{sim.url}/magento2/{path}",
        "token": one.token,
        "consumer_key": one.consumer_key,
        "consumer_secret": one.consumer_secret,
        "token_secret": one.token_secret,
    }

    assert await told_by(BY_SIGNATURE, told, home=tmp_path) == {"total_count": 5}


@pytest.mark.parametrize(("method", "path"), [("GET", "rest/V1/orders?a=b%20c%2Bd&e%5B0%5D="), ("POST", "rest/V1/order/5/ship")])
def test_what_we_sign_oauthlib_finds_right(method, path):
    mine = settings(
        access="oauth", access_token="t" * 32, consumer_key="k" * 32, consumer_secret="c s/+%" * 5, token_secret="é&=?" * 8
    )
    url = URL(f"https://shop.example.com/{path}")
    header = auth.sign(mine, None, Request(method, url, {}, None))["authorization"]

    given = signature.collect_parameters(
        uri_query=url.raw_query_string, headers={"Authorization": header}, exclude_oauth_signature=True
    )
    base = signature.signature_base_string(method, signature.base_string_uri(str(url)), signature.normalize_parameters(given))
    client = oauth1.Client("k" * 32, client_secret="c s/+%" * 5, resource_owner_secret="é&=?" * 8)
    theirs = signature.sign_hmac_sha256_with_client(base, client)

    assert f'oauth_signature="{auth.encoded(theirs)}"' in header
