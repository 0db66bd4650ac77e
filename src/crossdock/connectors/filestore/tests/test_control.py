"""What the sandbox's page shows of a cart."""

from crossdock.connectors.filestore.simulator import FileCart


def a_cart(tmp_path):
    cart = FileCart(folder=tmp_path / "cart")
    cart.add_merchant("acme", place=str(tmp_path / "acme"))
    return cart


def table(cart, title):
    return next(one for one in cart.panel().tables if one.title == title)


def test_files_that_were_taken_are_shown_with_what_is_in_them_and_what_was_wrong(tmp_path):
    cart = a_cart(tmp_path)
    (cart.shop().into / "stock_1.csv").write_text("sku,quantity,location\nMUG,4,\n")
    (cart.shop().into / "shipment_1.csv").write_text("nonsense\n1\n")

    cart.take_files()

    rows = {row.cells[1]: row.cells for row in table(cart, "Files taken").rows}
    assert "MUG,4" in rows["stock_1.csv"][3]
    assert rows["stock_1.csv"][2] == ""
    assert rows["shipment_1.csv"][2] != ""


def test_an_order_on_hold_can_be_released_and_one_canceled_takes_nothing_more(tmp_path):
    cart = a_cart(tmp_path)
    held, canceled, plain = (cart.add_order() for _ in range(3))
    cart.hold_order(held)
    cart.cancel_order(canceled)

    offered = {row.cells[1]: [one.label for one in row.actions] for row in table(cart, "Orders").rows}

    assert offered == {held: ["Cancel", "Release"], canceled: [], plain: ["Cancel", "Hold"]}
