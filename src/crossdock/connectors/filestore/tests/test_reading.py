"""Files in a folder: whole ones are read, once, in order; what was stored is moved away; what is told is told once."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from crossdock.connectors.filestore import connector
from crossdock.connectors.filestore.client import FileStore
from crossdock.connectors.filestore.settings import Settings
from crossdock.connectors.filestore.simulator.paper import read_shipments, read_stock
from crossdock.connectors.kit.capabilities import Done, Failed
from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.opening import open_client
from crossdock.connectors.kit.pages import Window
from crossdock.domain.fulfillment import NoticeLine, ShipmentNotice, StockFigure, Tracking
from crossdock.sandbox.read import read

ALL = Window(None, datetime(2100, 1, 1, tzinfo=UTC))


class Cart:
    """A folder on this machine, and the client that looks into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("orders", "shipments"):
            (root / "acme" / folder).mkdir(parents=True)

    def client(self, **changes):
        settings = Settings(**{"transport": "folder", "folder": "acme", "quiet_seconds": 0, **changes})
        return open_client(
            connector, settings, door=Door(realm="live"), record=lambda _: None, folder_roots=[self.root], may_write=True
        )

    def drops(self, name: str, text: str, age: float = 0) -> None:
        path = self.root / "acme/orders" / name
        path.write_text(text)
        at = (datetime.now(UTC) - timedelta(seconds=age)).timestamp()
        os.utime(path, (at, at))

    def files(self, folder: str) -> list[str]:
        place = self.root / "acme" / folder
        return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())

    async def pages(self, *, settle: bool = True, **changes):
        pages = []
        async with self.client(**changes) as client:
            assert isinstance(client, FileStore)
            async for page in client.orders_changed(ALL):
                pages.append(page)
                if settle and page.receipt:
                    await client.settle_orders(page.receipt)
        return pages


@pytest.fixture
def cart(tmp_path: Path) -> Cart:
    return Cart(tmp_path)


def an_order(number: int = 1, quantity: int = 1) -> str:
    return f"Order,SKU,Qty\n{number},A,{quantity}\n"


async def test_what_was_stored_is_archived_and_read_no_more(cart):
    cart.drops("a.csv", an_order())

    first, again = await cart.pages(), await cart.pages()

    assert [order.number for page in first for order in page.orders] == ["1"]
    assert again == []
    assert cart.files("orders") == [f"archive/{datetime.now(UTC):%Y/%m}/a.csv"]


async def test_what_is_not_settled_is_given_again(cart):
    cart.drops("a.csv", an_order())

    await cart.pages(settle=False)

    assert [order.number for page in await cart.pages() for order in page.orders] == ["1"]


async def test_a_file_still_being_written_waits(cart):
    cart.drops("a.csv", an_order())
    cart.drops("b.csv.part", an_order(2), age=60)

    assert await cart.pages(quiet_seconds=20) == []
    assert cart.files("orders") == ["a.csv", "b.csv.part"]


async def test_a_file_with_nothing_but_errors_goes_where_people_look(cart):
    cart.drops("bad.csv", "Order,SKU,Qty\n1,A,some\n")

    (page,) = await cart.pages()

    assert page.rejected[0].where == "bad.csv line 2"
    assert cart.files("orders") == ["error/bad.csv", "error/bad.csv.err"]


async def test_bad_rows_hold_up_no_good_ones_and_the_file_is_archived(cart):
    cart.drops("mixed.csv", "Order,SKU,Qty\n1,A,some\n2,B,1\n")

    (page,) = await cart.pages()

    assert [order.number for order in page.orders] == ["2"]
    assert len(page.rejected) == 1
    assert cart.files("orders") == [f"archive/{datetime.now(UTC):%Y/%m}/mixed.csv"]


async def test_an_order_in_two_files_is_given_as_each_has_it_the_later_one_last(cart):
    cart.drops("a.csv", an_order(1, 1), age=60)
    cart.drops("b.csv", an_order(1, 5), age=30)

    pages = await cart.pages()
    (now,) = (await cart_by_id(cart, "1")).orders

    assert [order.lines[0].ordered for page in pages for order in page.orders] == [1, 5]
    assert now.lines[0].ordered == 5


async def cart_by_id(cart: Cart, *ids: str):
    async with cart.client() as client:
        return await client.orders_by_id(ids)


async def test_only_files_of_the_names_set_are_read(cart):
    cart.drops("orders_1.csv", an_order(1))
    cart.drops("prices.csv", an_order(2))

    pages = await cart.pages(names="orders_*.csv, *.xml")

    assert [order.number for page in pages for order in page.orders] == ["1"]
    assert "prices.csv" in cart.files("orders")


# What the store is told


def a_notice(key: str = "s-1", order: str = "1001", **more) -> ShipmentNotice:
    values = {
        "order_id": order,
        "order_number": order,
        "lines": (NoticeLine("10/MUG", Decimal(2)), NoticeLine("#1/A/B", Decimal("0.5"))),
        "tracking": (Tracking("1Z1"), Tracking("1Z2", "https://example.com/1Z2")),
        "shipped_at": datetime(2026, 2, 3, 23, 30, tzinfo=UTC),
        "carrier": "UPS",
    }
    return ShipmentNotice(key=key, **values | more)


async def post(cart: Cart, *notices: ShipmentNotice, **changes):
    async def note(_):
        return

    async with cart.client(**changes) as client:
        return await client.post_shipments(notices, note)


@pytest.mark.parametrize("kind", ["csv", "json", "xml"])
async def test_a_shipment_file_says_the_same_in_each_format(cart, kind):
    (done,) = await post(cart, a_notice(), out_format=kind)

    (name,) = cart.files("shipments")
    assert isinstance(done, Done)
    assert done.external_id == name
    rows = read_shipments((cart.root / "acme/shipments" / name).read_bytes(), name)
    assert [(row.shipment, row.order, row.line, row.sku, row.quantity, row.carrier, row.tracking) for row in rows] == [
        ("s-1", "1001", "10", "MUG", 2, "UPS", ["1Z1", "1Z2"]),
        ("s-1", "1001", "", "A/B", 0.5, "UPS", ["1Z1", "1Z2"]),
    ]


@pytest.mark.parametrize("kind", ["csv", "json", "xml"])
async def test_a_stock_file_says_the_same_in_each_format(cart, kind):
    figures = [StockFigure("1", "A", Decimal(7), "Reno"), StockFigure("2", "B;C", Decimal(0))]
    async with cart.client(out_format=kind, stock_locations="Reno") as client:
        outcomes = await client.publish_stock(figures)

    (name,) = cart.files("shipments")
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert read_stock((cart.root / "acme/shipments" / name).read_bytes(), name) == [("A", "Reno", "7"), ("B;C", "", "0")]


async def test_columns_are_named_and_chosen_as_the_store_wants_them(cart):
    columns = 'Order = order_number\nTracking = first_tracking_number\nShipped = ship_date\nSource = "WMS"'

    await post(cart, a_notice(), shipment_columns=columns, time_zone="Asia/Tokyo")

    (name,) = cart.files("shipments")
    text = (cart.root / "acme/shipments" / name).read_text()
    assert text.splitlines()[:2] == ['"Order","Tracking","Shipped","Source"', '"1001","1Z1","2026-02-04","WMS"']


async def test_shipments_that_leave_together_share_a_file_unless_set_otherwise(cart):
    await post(cart, a_notice("1"), a_notice("2"))
    together = len(cart.files("shipments"))
    await post(cart, a_notice("3"), a_notice("4"), shipments_per_file=1)

    assert (together, len(cart.files("shipments"))) == (1, 3)


async def test_what_the_store_took_and_keeps_is_not_put_there_again(cart):
    await post(cart, a_notice())
    (name,) = cart.files("shipments")
    (cart.root / "acme/shipments/archive").mkdir()
    (cart.root / "acme/shipments" / name).rename(cart.root / "acme/shipments/archive" / name)

    (again,) = await post(cart, a_notice())
    (other,) = await post(cart, a_notice(carrier="FedEx"))

    assert isinstance(again, Done)
    assert isinstance(other, Failed)
    assert cart.files("shipments") == [f"archive/{name}"]


# The command line


@pytest.mark.parametrize("name", ["one_row_a_line.csv", "list_of_orders.json", "orders_and_items.xml"])
def test_sample_files_are_read_from_the_command_line(name):
    content = (Path(__file__).parent / "fixtures" / name).read_bytes()

    code, document = read("filestore", content)

    assert code == 0
    assert len(document["orders"]) == 2
    assert all(order["lines"] for order in document["orders"])


def test_what_cannot_be_read_is_named_from_the_command_line():
    code, document = read("filestore", (Path(__file__).parent / "fixtures/one_a_line.jsonl").read_bytes())

    assert code == 1
    assert [order["number"] for order in document["orders"]] == ["L-1", "L-3"]
    assert msgspec.to_builtins(document["rejected"])[0]["field"] == "line.quantity"
