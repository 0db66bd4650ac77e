"""A client nobody here wrote, easy-acumatica, builds itself from the simulator's own description; run where it is installed."""

import asyncio
import importlib.util
import json
import os
import sys

import pytest

from crossdock.connectors.acumatica.simulator import AcumaticaSimulator
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, SITE

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("easy_acumatica") is None, reason="easy-acumatica is not installed; the package is easy-acumatica"
)

STORY = """
import json, sys
from easy_acumatica import AcumaticaClient
from easy_acumatica.odata import F, QueryOptions

told = json.loads(sys.argv[1])
client = AcumaticaClient(endpoint_name="Default", endpoint_version="24.200.001", **told)
m = client.models
(order,) = client.sales_order.get_list(options=QueryOptions(filter=F.OrderNbr == "SO-1002", expand=["Details"], top=5))
made = client.shipment.put_entity(
    m.Shipment(
        Type="Shipment",
        CustomerID=order["CustomerID"]["value"],
        WarehouseID="MAIN",
        Details=[m.ShipmentDetail(OrderType="SO", OrderNbr="SO-1002", OrderLineNbr=1, ShippedQty=2)],
        Packages=[m.ShipmentPackage(BoxID="MEDIUM", TrackingNbr="1ZEASY", Confirmed=True)],
    )
)
client.shipment.invoke_action_confirm_shipment(m.ConfirmShipment(entity=m.Shipment(ShipmentNbr=made["ShipmentNbr"]["value"])))
now = client.shipment.get_by_id(made["id"])
print(json.dumps({"item": order["Details"][0]["InventoryID"]["value"], "status": now["Status"]["value"]}))
client.logout()
"""


async def test_it_signs_in_lists_orders_and_ships_one(tmp_path):
    sim = AcumaticaSimulator()
    await sim.start()
    sim.add_order(number="SO-1001")
    sim.add_order(number="SO-1002", lines=[{"sku": "RED", "quantity": 3}])
    told = {"base_url": f"{sim.url}{SITE}", "username": DEMO_USER, "password": DEMO_PASSWORD, "tenant": "Company"}

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        STORY,
        json.dumps(told),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(tmp_path)},
        cwd=tmp_path,
    )
    out, said = await process.communicate()
    await sim.stop()

    assert process.returncode == 0, said.decode()
    assert json.loads(out.decode().strip().splitlines()[-1]) == {"item": "RED", "status": "Confirmed"}
    assert sim.shipments_by_tracking() == {"1ZEASY": ["000001"]}
    assert sim.access.sessions == {}
