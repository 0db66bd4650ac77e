"""Every warehouse that says what it has is understood."""

from decimal import Decimal

from contract.warehouse_rig import every_warehouse_that
from crossdock.connectors.kit.capabilities import PullsStock

warehouse = every_warehouse_that(PullsStock)


async def test_levels_are_a_named_snapshot(warehouse):
    warehouse.sim.adjust_stock("acme", "BLUE-M", 12)
    warehouse.sim.adjust_stock("acme", "BLUE-L", 0)
    warehouse.sim.report_stock("acme")

    levels, pages = await warehouse.stock()

    assert {sku: level.available for sku, level in levels.items()} == {"BLUE-M": Decimal(12), "BLUE-L": Decimal(0)}
    assert [(page.is_snapshot, page.is_last) for page in pages] == [(True, True)]
    assert pages[0].reading


async def test_the_newest_snapshot_wins(warehouse):
    for quantity in (5, 3):
        warehouse.sim.adjust_stock("acme", "BLUE-M", quantity)
        warehouse.sim.report_stock("acme")

    levels, _ = await warehouse.stock()
    again, _ = await warehouse.stock()

    assert levels["BLUE-M"].available == 3
    assert again == {}


async def test_no_snapshot_is_no_figure(warehouse):
    levels, pages = await warehouse.stock()

    assert (levels, pages) == ({}, [])


async def test_observing_reads_and_changes_nothing(warehouse):
    warehouse.sim.adjust_stock("acme", "BLUE-M", 12)
    warehouse.sim.report_stock("acme")
    before = warehouse.everything()

    levels, _ = await warehouse.stock(may_write=False)

    assert levels["BLUE-M"].available == 12
    assert warehouse.everything() == before
    assert warehouse.sim.writes() == []
