"""What is sold, with what is available of it: one call a warehouse, never one for each item."""

import pytest

from crossdock.connectors.kit.errors import Unavailable


async def read(rig, **changes):
    """What is available by SKU, and the operations that it took."""
    rig.sim.forget_log()
    found = {product.sku: product.stock async for page in rig.products(**changes) for product in page.products}
    return found, [entry.operation for entry in rig.sim.log]


async def test_all_warehouses_together_unless_the_settings_name_one(rig):
    rig.sells("RED", 5)
    first, second = rig.stock_places()[:2]
    rig.sim.tenant().get("StockItem", "RED")["_stock"][second.casefold()] = 3

    every, asked = await read(rig)
    one, _ = await read(rig, warehouse=second)

    assert (every, one) == ({"RED": 8}, {"RED": 3})
    assert asked.count("StorageDetailsInquiry_PutEntity") == 2
    assert first != second


async def test_an_endpoint_that_cannot_list_it_is_not_asked(rig):
    rig.sells("RED", 5)

    found, asked = await read(rig, endpoint_version="22.200.001")

    assert found == {"RED": None}
    assert "StorageDetailsInquiry_PutEntity" not in asked
    assert "InventorySummaryInquiry_PutEntity" not in asked


async def test_a_user_who_may_not_see_stock_still_reads_items(rig):
    rig.sells("RED", 5)
    rig.sim.fail_next(n=5, status=403, operation="StorageDetailsInquiry_PutEntity")

    found, _ = await read(rig)

    assert found == {"RED": None}


async def test_a_server_that_breaks_while_stock_is_asked_for_is_asked_again_later(rig):
    rig.sells("RED", 5)
    rig.sim.fail_next(n=5, status=503, operation="StorageDetailsInquiry_PutEntity")

    with pytest.raises(Unavailable):
        await read(rig)
