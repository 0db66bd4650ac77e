"""A store that is reached through files: mapped on a sample in the wizard, then orders to the warehouse and tracking back."""

import os

from django.urls import reverse

from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections import services, sites
from crossdock.connections.models import Mode
from crossdock.connections.tests.rig import posted
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.filestore.simulator import FileCart, settings_of
from crossdock.connectors.kit.capabilities import Identity
from crossdock.ui.testing import assert_accessible
from support.served import sign_in
from support.world import a_world

SAMPLE = "Bestellung,Ship To Name,Ship To City,SKU,Qty\n7001,Ada Lund,Oslo,MUG,2\n7002,Per Dahl,Bergen,MUG,some\n"


def test_a_mapping_is_made_on_a_sample_in_the_wizard(site, page, expect, sandbox):
    account = an_account("Northline Fulfillment")
    person = a_person(account)
    client = signed_in_client(person)
    at = client.post(reverse("connections:new", kwargs={"account": account.public_id}), {"name": "Files to Reno"}).url
    at = client.post(at, {"how": "new", "name": "Acme Outdoor"}).url
    at = client.post(at, {"do": "next", **posted("warehouse", "files", sandbox.warehouse_fields()), "site_name": "Reno"}).url
    page.goto(f"{site}{at}")
    sign_in(page, person)

    page.get_by_label("File store (CSV, JSON or XML over SFTP or folder)").check()
    expect(page.get_by_role("heading", name="Try it on a sample file")).to_be_visible()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Choose a file or paste some of it first.")).to_be_visible()
    page.get_by_label("Or paste some of it").fill(SAMPLE)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("No column is the order number.")).to_be_visible()
    page.get_by_label("Field for Bestellung").select_option(label="Order number")
    expect(page.get_by_role("cell", name="7001", exact=True).first).to_be_visible()
    expect(page.get_by_role("cell", name="Ada Lund").first).to_be_visible()
    expect(page.get_by_text("sample line 3")).to_be_visible()
    expect(page.get_by_label("Mapping")).to_have_value("number = Bestellung")
    assert_accessible(page)

    page.get_by_label("Order file", exact=True).set_input_files(
        {
            "name": "orders.json",
            "mimeType": "application/json",
            "buffer": b'[{"number": "J-1", "items": [{"sku": "A", "qty": 3}]}]',
        }
    )
    page.get_by_label("Mapping").fill("")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("cell", name="J-1", exact=True).first).to_be_visible()
    assert sandbox.wms.orders_received() == {}


async def test_orders_of_a_cart_reach_the_warehouse_and_tracking_comes_back_as_a_file(db_ready, tmp_path):
    cart = FileCart(folder=tmp_path / "cart")
    await cart.start()
    cart.add_merchant("acme")
    os.environ["CROSSDOCK_BASE_URL__FILESTORE"] = cart.sftp_url
    try:
        async with a_world(live=False) as world:

            def join() -> None:
                store = sites.save_store(
                    actor=world.actor,
                    merchant=world.store.merchant,
                    platform="filestore",
                    name="Acme cart",
                    settings=Settings.model_validate(settings_of(cart, "acme")),
                    identity=Identity("sftp://acme", "Acme cart"),
                )
                made = services.create_connection(actor=world.actor, name="Cart to Reno", store=store, warehouse=world.warehouse)
                services.set_mode(actor=world.actor, connection=made, mode=Mode("live"))

            await world.there(join)
            number = cart.add_order(lines=[{"sku": "MUG", "quantity": 2}])
            cart.put_file("broken.csv", "Order,SKU,Qty\n9,A,some\n")
            await world.poll()
            world.wms.take_orders()
            received = world.wms.orders_received("acme")
            world.wms.ship("acme", number, tracking=["1ZFILES"])
            await world.poll("fulfillment.pull")
            await world.hurry()
            taken = cart.take_files()
            statuses = await world.statuses()
    finally:
        del os.environ["CROSSDOCK_BASE_URL__FILESTORE"]
        await cart.stop()

    assert received == {number: 1}
    assert [name.partition("_")[0] for name in taken] == ["shipment"]
    assert cart.shop().told == {"1ZFILES": 1}
    assert statuses[number] in ("shipped", "closed")
    assert not list(cart.shop().out.glob("order_*")) or cart.shop().orders[number].lines[0].shipped == 2
    assert (cart.shop().out / "error" / "broken.csv.err").exists()
