"""Shopify's own library for Node: a client that nobody here wrote."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crossdock.connectors.shopify.simulator.server import DEMO_SHOP, OWN_APP
from crossdock.connectors.shopify.tests.rig import Rig

MODULES = Path(__file__).parents[5] / "node_modules"
SCRIPT = Path(__file__).with_name("official_client.mjs")


def node_that_fits():
    """Node 20 or newer, which the library wants."""
    node = shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout if node else ""
    return node if int(version.lstrip("v").partition(".")[0] or 0) >= 20 else None


NODE = node_that_fits()

pytestmark = pytest.mark.skipif(NODE is None, reason="Shopify's library wants Node 20, and this machine's is older")


async def test_shopifys_own_library_signs_in_ships_an_order_and_believes_our_messages():
    rig = Rig()
    await rig.sim.start(tls_port=0)
    rig.places(number=1001)
    env = {
        "PATH": os.environ["PATH"],
        "NODE_EXTRA_CA_CERTS": str(rig.sim.ca_file),
        "MODULES": str(MODULES.parent),
        "SIM": rig.sim.tls_url,
        "SHOP": DEMO_SHOP,
        "APP": OWN_APP,
        "SECRET": rig.sim.access.apps[OWN_APP].client_secret,
    }
    process = await asyncio.create_subprocess_exec(
        NODE, SCRIPT, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )

    async with asyncio.timeout(60):
        first = await process.stdout.readline()
        if first:
            address = json.loads(first)["ready"]
            rig.sim.touch_order("1001")
            for topic in ("customers/data_request", "customers/redact", "shop/redact"):
                rig.sim.ask_privacy(topic, address, order="1001")
        said, complaints = await process.communicate()
    await rig.sim.stop()

    assert process.returncode == 0, complaints.decode()
    seen = json.loads(said.splitlines()[-1])
    assert seen["ownApp"]["lives"]
    assert seen["consent"] | {"scope": ""} == {"scope": "", "lives": True, "hasRefresh": True}
    assert seen["renewed"]
    assert seen["order"] == "#1001"
    assert seen["fulfillment"]["userErrors"] == []
    assert seen["fulfillment"]["fulfillment"]["trackingInfo"] == [{"number": "1Z999AA10123456784"}]
    assert rig.told() == {"1Z999AA10123456784": 1}
    assert seen["refusal"].startswith("GraphqlQueryError")
    assert seen["subscribed"] == []
    assert all(one["genuine"] and not one["forged"] for one in seen["heard"])
    assert {one["domain"] for one in seen["heard"]} == {f"{DEMO_SHOP}.myshopify.com"}
    assert len({one["topic"] for one in seen["heard"]}) == 4
