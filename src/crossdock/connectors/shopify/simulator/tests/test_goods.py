"""Stock in the simulator: absolute, whole or not at all, once for each key; and what survives a restart."""

from pathlib import Path
from typing import Any

from crossdock.connectors.shopify.simulator import ShopifySimulator
from crossdock.connectors.shopify.simulator.tests.rig import Asking

SET = """mutation Set($rows: [InventoryQuantityInput!]!, $key: String!) {
  inventorySetQuantities(input: {name: "available", reason: "correction", quantities: $rows}) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes(quantityNames: ["available"]) { delta } } userErrors { field message code }
  }
}"""


def row(ask: Asking, sku: str, quantity: int, was: int | None = None) -> dict[str, Any]:
    item = ask.sim.variant(sku)[1]["inventoryItem"]["id"]
    place = ask.shop.location(None)["id"]
    return {"inventoryItemId": item, "locationId": place, "quantity": quantity, "changeFromQuantity": was}


async def said(ask: Asking, key: str, *rows: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(SET, rows=list(rows), key=key))["inventorySetQuantities"]
    return found


async def test_a_call_is_done_whole_or_not_at_all(ask: Asking) -> None:
    ask.sim.add_product("RED", 5)
    ask.sim.add_product("BLUE", 5)

    answer = await said(ask, "a", row(ask, "RED", 7), row(ask, "BLUE", 10**9 + 1))

    assert answer["inventoryAdjustmentGroup"] is None
    assert [error["field"] for error in answer["userErrors"]] == [["input", "quantities", "1", "quantity"]]
    assert ask.sim.stock_of("RED") == 5


async def test_the_same_key_is_answered_again_and_done_once(ask: Asking) -> None:
    ask.sim.add_product("RED", 5)
    first = await said(ask, "a", row(ask, "RED", 7))
    ask.sim.set_stock("RED", 6)

    again = await said(ask, "a", row(ask, "RED", 7))

    assert first == again
    assert ask.sim.stock_of("RED") == 6


async def test_a_key_stands_for_one_question(ask: Asking) -> None:
    ask.sim.add_product("RED", 5)
    await said(ask, "a", row(ask, "RED", 7))

    answer = await said(ask, "a", row(ask, "RED", 8))

    assert [error["code"] for error in answer["userErrors"]] == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]


async def test_a_figure_that_is_compared_must_still_stand(ask: Asking) -> None:
    ask.sim.add_product("RED", 5)

    answer = await said(ask, "a", row(ask, "RED", 7, was=4))

    assert [error["code"] for error in answer["userErrors"]] == ["CHANGE_FROM_QUANTITY_STALE"]


async def test_without_a_key_or_a_comparison_nothing_is_done(ask: Asking) -> None:
    ask.sim.add_product("RED", 5)
    bare = {name: value for name, value in row(ask, "RED", 7).items() if name != "changeFromQuantity"}

    keyless = await ask.errors(
        SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", ""), rows=[row(ask, "RED", 7)]
    )
    careless = await ask.errors(SET, rows=[bare], key="a")

    assert keyless[0]["message"] == "The @idempotent directive is required for this mutation but was not provided."
    assert careless[0]["message"] == "InventoryQuantityInput must include the following argument: changeFromQuantity."
    assert ask.sim.stock_of("RED") == 5


async def test_an_ordered_sku_is_the_variant_that_is_sold(ask: Asking) -> None:
    sold = ask.sim.add_product("RED", 5, barcode="4006381333931")
    order = ask.sim.add_order(lines=[{"sku": "RED"}])

    data = await ask(
        "query Line($id: ID!) { order(id: $id) { lineItems(first: 1) { nodes { variant { id barcode } } } } }", id=order
    )

    assert data["order"]["lineItems"]["nodes"] == [{"variant": {"id": sold, "barcode": "4006381333931"}}]


async def test_goods_and_returns_are_kept_over_a_restart(tmp_path: Path) -> None:
    first = ShopifySimulator(state_file=tmp_path / "state")
    await first.start()
    first.add_product("RED", 5)
    order = first.add_order(lines=[{"sku": "RED", "quantity": 2}])
    first.fulfill_order(order)
    key = first.ask_return(order, {"RED": 1})
    await first.stop()

    second = ShopifySimulator(state_file=tmp_path / "state")
    await second.start()

    assert second.stock_of("RED") == 3
    assert second.return_(key)[2]["totalQuantity"] == 1
    await second.stop()


async def test_stock_is_promised_when_it_is_ordered_and_leaves_when_it_is_fulfilled(ask: Asking) -> None:
    ask.sim.add_product("RED", 5)
    level = ask.sim.variant("RED")[1]["inventoryItem"]["_levels"][ask.shop.location(None)["id"]]["_quantities"]

    def shown() -> tuple[int, int, int]:
        return level["available"], level["committed"], level["on_hand"]

    first = ask.sim.add_order(lines=[{"sku": "RED", "quantity": 3}])
    ordered = shown()
    ask.sim.edit_order(first, quantities={"RED": 2})
    reduced = shown()
    ask.sim.fulfill_order(first)
    shipped = shown()
    second = ask.sim.add_order(lines=[{"sku": "RED", "quantity": 1}])
    ask.sim.cancel_order(second)

    assert (ordered, reduced, shipped, shown()) == ((2, 3, 5), (3, 2, 5), (3, 0, 3), (3, 0, 3))
