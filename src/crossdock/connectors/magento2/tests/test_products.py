"""What the shop sells, with what can be sold of it."""

from decimal import Decimal


async def read(rig, **more):
    """Products by SKU, and the operations that it took."""
    rig.sim.forget_log()
    found = {product.sku: product async for page in rig.products(**more) for product in page.products}
    return found, [entry.operation for entry in rig.sim.log]


async def test_what_can_be_sold_is_what_is_at_all_sources_less_what_open_orders_reserved(rig):
    rig.sells("RED", 20)
    rig.shop.set_source_item("RED", "east", 4)
    rig.places(lines=[{"sku": "RED", "quantity": 3}])

    found, operations = await read(rig)

    assert found["RED"].stock == 21
    assert operations.count("Salable") == 1
    assert "SalableOne" not in operations


async def test_frames_of_other_products_are_not_asked_for_and_have_none(rig):
    rig.sells("RED", 5)
    rig.sells_bundle("PAIR", {"RED": 2})

    found, _ = await read(rig)

    assert {sku: product.stock for sku, product in found.items()} == {"RED": 5, "PAIR": None}


async def test_releases_that_cannot_list_it_cost_one_call_and_not_one_for_each_product(rig):
    rig.sim.set_release(has_salable_export=False)
    for number in range(7):
        rig.sells(f"SKU-{number}", 5)

    found, operations = await read(rig, page_size=2)

    assert {product.stock for product in found.values()} == {None}
    assert operations.count("Salable") == 1
    assert "SalableOne" not in operations


async def test_a_right_that_is_missing_for_stock_holds_up_no_product(rig):
    rig.sells("RED", 5)
    rig.sim.set_rights(["Magento_Sales::actions_view", "Magento_Catalog::products"])

    found, _ = await read(rig)

    assert found["RED"].stock is None


async def test_many_long_skus_are_asked_for_in_addresses_that_servers_take(rig):
    skus = {f"Größe, sehr lang {number:03} " + "ß" * 30: number for number in range(100)}
    for sku, quantity in skus.items():
        rig.sells(sku, quantity)

    found, operations = await read(rig)

    assert {sku: product.stock for sku, product in found.items()} == {sku: Decimal(units) for sku, units in skus.items()}
    assert max(len(one.url) for one in rig.exchanges if one.operation == "Salable") < 16_000
    assert operations.count("Salable") > 1
