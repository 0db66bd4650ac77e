"""A client nobody here wrote, easy-acumatica, builds itself from the simulator's own description."""

from crossdock.connectors.acumatica.simulator import AcumaticaSimulator
from crossdock.connectors.acumatica.simulator.server import DEMO_PASSWORD, DEMO_USER, SITE
from support.strangers import told_by

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

    found = await told_by(STORY, told, home=tmp_path)
    await sim.stop()

    assert found == {"item": "RED", "status": "Confirmed"}
    assert sim.shipments_by_tracking() == {"1ZEASY": ["000001"]}
    assert sim.access.sessions == {}
