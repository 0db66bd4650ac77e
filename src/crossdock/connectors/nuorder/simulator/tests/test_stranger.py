"""Clients nobody here wrote: the package nuorder in the platform's own dialect, requests-oauthlib by the standard."""

import pytest

from crossdock.connectors.nuorder.simulator import NuOrderSimulator
from support.strangers import told_by

IN_THE_DIALECT = """
import json, sys
from nuorder import NuOrder

told = json.loads(sys.argv[1])
keys = told["consumer_key"], told["consumer_secret"]
if told["step"] == "ask":
    print(json.dumps(NuOrder(told["host"], *keys, "", "").oauth_initiate("A stranger")))
else:
    asked = NuOrder(told["host"], *keys, told["oauth_token"], told["oauth_token_secret"])
    granted = asked.oauth_token_request(told["verifier"])
    client = NuOrder(told["host"], *keys, granted["oauth_token"], granted["oauth_token_secret"])
    ids = client.get("/api/orders/approved/list")
    order = client.get(f"/api/order/{told['order']}")
    product = order["line_items"][0]["product"]["_id"]
    size = order["line_items"][0]["sizes"][0]["size"]
    stock = {"inventory": [{"warehouse": "default", "prebook": False, "wip": [
        {"name": "immediate", "sizes": [{"size": size, "quantity": 20}]}]}]}
    told_stock = client.post(f"/api/inventory/{product}", stock, gzip_data=True)
    try:
        client.get("/api/order/000000000000000000000000")
        refusal = None
    except Exception as error:
        refusal = str(error)
    client.post(f"/api/order/{told['order']}/process")
    print(json.dumps({
        "ids": ids,
        "number": order["order_number"],
        "stock": told_stock["success"],
        "gone": "404" in refusal,
        "status": client.get(f"/api/order/{told['order']}")["status"],
        "product": product,
        "size": size,
    }))
"""

BY_THE_STANDARD = """
import json, sys
from requests_oauthlib import OAuth1Session

told = json.loads(sys.argv[1])
client = OAuth1Session(told["consumer_key"], told["consumer_secret"], told["token"], told["token_secret"])
found = client.get(f"https://{told['host']}/api/orders/approved/list")
more = client.get(f"https://{told['host']}/api/v3.0/warehouse/default/replenishments", params={"__limit": "5"})
forged = OAuth1Session(told["consumer_key"], "another secret", told["token"], told["token_secret"])
refused = forged.get(f"https://{told['host']}/api/orders/approved/list")
print(json.dumps({"ids": found.json(), "more": more.status_code, "refused": refused.status_code}))
"""


@pytest.fixture
async def sim():
    made = NuOrderSimulator()
    await made.start(tls_port=0)
    yield made
    await made.stop()


def host_of(sim):
    """The portal's address as the clients put it behind https://."""
    return f"{sim.tls_url.removeprefix('https://')}/nuorder/wholesale"


async def test_the_package_nuorder_is_approved_reads_an_order_and_tells_stock(sim, tmp_path):
    order = sim.add_order(number="#1001", lines=[{"sku": "RED", "quantity": 3}])
    keys = {name: value for name, value in sim.give_token().items() if name.startswith("consumer")}
    told = {"host": host_of(sim), **keys, "order": order}

    asked = await told_by(IN_THE_DIALECT, {**told, "step": "ask"}, home=tmp_path, ca_file=sim.ca_file)
    code = sim.approve("A stranger")
    story = {**told, **asked, "step": "work", "verifier": code}
    seen = await told_by(IN_THE_DIALECT, story, home=tmp_path, ca_file=sim.ca_file)

    product, size = seen.pop("product"), seen.pop("size")
    assert seen == {"ids": [order], "number": "#1001", "stock": True, "gone": True, "status": "processed"}
    assert sim.portal().stock["default", product, size] == 20


async def test_requests_oauthlib_is_let_in_by_the_standard_and_a_wrong_secret_is_not(sim, tmp_path):
    order = sim.add_order(number="#1001", lines=[{"sku": "RED", "quantity": 3}])
    told = {"host": host_of(sim), **sim.give_token()}

    seen = await told_by(BY_THE_STANDARD, told, home=tmp_path, ca_file=sim.ca_file)

    assert seen == {"ids": [order], "more": 200, "refused": 401}
