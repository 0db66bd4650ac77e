"""What exported order files mean: three exports in each format, as carts really write them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.connectors.filestore.mapping import line_id, parts_of_line_id
from crossdock.connectors.filestore.settings import Reading, Settings
from crossdock.connectors.filestore.tests.understanding import orders_of
from crossdock.domain.orders import Address, Order, OrderLine, ShippingMethod

HERE = Path(__file__).parent / "fixtures"
AT = datetime(2026, 2, 5, 12, tzinfo=UTC)


def read(name: str, **settings):
    return orders_of(name, (HERE / name).read_bytes(), Reading(**settings), AT)


def understood(text: str | bytes, name: str = "orders.csv", **settings):
    return orders_of(name, text.encode() if isinstance(text, str) else text, Reading(**settings), AT)


def test_a_plain_export_of_one_row_a_line_needs_no_mapping():
    found = read("one_row_a_line.csv")

    assert found.rejected == ()
    assert found.orders[0] == Order(
        external_id="W-1001",
        number="W-1001",
        placed_at=datetime(2026, 2, 3, 9, 15, tzinfo=UTC),
        updated_at=AT,
        currency="USD",
        grand_total=Decimal("34.49"),
        email="ana@example.com",
        packing_slip_note="Ring twice\r\nsecond floor",
        method=ShippingMethod(name="Standard"),
        ship_to=Address(name="Ana Pires", lines=("14 Mill Lane", "Apt 2"), city="Lisbon", postal_code="1100-148", country="PT"),
        lines=(
            OrderLine("#1/MUG-BLUE", "MUG-BLUE", "Mug, blue", Decimal(2), Decimal(2), Decimal("12.50")),
            OrderLine("#1/TEA-GRN", "TEA-GRN", "Green tea", Decimal(1), Decimal(1), Decimal("9.49")),
        ),
    )
    assert found.orders[1].ship_to == Address(
        name="Lee Wong",
        lines=("8 Pine Rd",),
        city="Reno",
        region="NV",
        postal_code="89501",
        country="US",
        phone="+1 775 555 0117",
    )


GERMAN = """
number = Bestellung
placed_at = Datum
ship_to.name = Lieferung Name
ship_to.address1 = Lieferung Straße
ship_to.postal_code = Lieferung PLZ
ship_to.city = Lieferung Ort
ship_to.country = Land
line.sku = Artikelnr
line.name = Bezeichnung
line.quantity = Menge
line.unit_price = Einzelpreis
grand_total = Summe
currency = "EUR"
"""


def test_a_mapped_export_with_another_delimiter_encoding_and_way_to_write_numbers():
    found = read(
        "mapped_semicolons_cp1252.csv",
        mapping=GERMAN,
        encoding="cp1252",
        skip_rows=1,
        number_style="comma",
        date_order="dmy",
        time_zone="Europe/Berlin",
    )

    assert found.rejected == ()
    first = found.orders[0]
    assert (first.number, first.currency, first.grand_total) == ("7001", "EUR", Decimal("3613.50"))
    assert first.placed_at == datetime(2026, 2, 3, 13, 5, tzinfo=UTC)
    assert first.ship_to == Address(
        name="Jörg Müller", lines=("Königstraße 5",), city="Stuttgart", postal_code="70173", country="DE"
    )
    assert first.lines[0].unit_price == Decimal("1204.50")


def test_tabs_and_names_in_any_script():
    found = read("tabs_any_script.tsv")

    assert found.rejected == ()
    first, second = found.orders
    assert first.ship_to == Address(
        name="山田 太郎", lines=("1-2-3 桜丘",), city="渋谷区", region="東京都", postal_code="150-0031", country="JP"
    )
    assert first.placed_at == datetime(2026, 2, 4, 6, 10, tzinfo=UTC)
    assert (second.ship_to.city, second.ship_to.region, second.currency) == ("Łódź", None, "JPY")


def test_a_json_list_of_orders_needs_no_mapping():
    found = read("list_of_orders.json")

    assert found.rejected == ()
    first, second = found.orders
    assert (first.external_id, first.number, first.grand_total, first.currency) == ("5001", "5001", Decimal("45.90"), "EUR")
    assert first.ship_to == Address(
        name="Nora Vale", company="Vale BV", lines=("Quay 7",), city="Gent", postal_code="9000", country="BE"
    )
    assert first.bill_to == Address(name="Nora Vale", city="Gent", email="nora@example.com")
    assert first.lines[0] == OrderLine("11/LAMP-1", "LAMP-1", "Desk lamp", Decimal(1), Decimal(1), Decimal("35.9"))
    assert first.packing_slip_note == "Leave at the desk"
    assert (second.canceled_at, second.units_to_ship) == (AT, 0)


def test_one_json_object_a_line_and_one_bad_order_holds_up_no_other():
    found = read("one_a_line.jsonl")

    assert [order.number for order in found.orders] == ["L-1", "L-3"]
    assert found.orders[0].placed_at == datetime(2026, 2, 3, 9, 0, tzinfo=UTC)
    assert found.orders[1].lines[0].unit_price == Decimal("0.1")
    (bad,) = found.rejected
    assert (bad.external_id, bad.field, bad.where) == ("L-2", "line.quantity", "one_a_line.jsonl line 2, line 1 of it")
    assert "“x”" in bad.reason


NESTED = """
number = doc.ref
placed_at = doc.when
ship_to.company = deliver.who
ship_to.address1 = deliver.where[0]
ship_to.address2 = deliver.where[1]
ship_to.city = deliver.town
ship_to.postal_code = deliver.code
ship_to.country = deliver.country | "GB"
line.sku = art
line.quantity = n
line.unit_price = each
attribute.Season = season
"""


def test_json_of_any_shape_is_read_by_paths():
    found = read("nested_and_mapped.json", mapping=NESTED, orders_path="payload.documents", lines_path="rows", date_order="dmy")

    assert found.rejected == ()
    (order,) = found.orders
    assert order.placed_at == datetime(2026, 2, 4, 8, 30, tzinfo=UTC)
    assert order.ship_to == Address(
        company="Marlow & Sons", lines=("Unit 4", "Dock Road"), city="Leeds", postal_code="LS1 4AP", country="GB"
    )
    assert [(line.sku, line.ordered, line.unit_price) for line in order.lines] == [
        ("00123", Decimal(6), Decimal("7.335")),
        ("00124", Decimal(0), Decimal(1)),
    ]
    assert order.attributes == {"Season": "SS26"}


def test_an_xml_document_of_orders_and_items_needs_no_mapping():
    found = read("orders_and_items.xml")

    assert found.rejected == ()
    first, second = found.orders
    assert (first.number, first.currency, first.grand_total, first.method.name) == ("900", "CHF", Decimal("88.20"), "Priority")
    assert first.placed_at == datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    assert first.ship_to == Address(name="Reto Frei", lines=("Seeweg 3",), city="Zürich", postal_code="8002", country="CH")
    assert first.lines == (OrderLine("1/SKI-WAX", "SKI-WAX", "Wax & cork", Decimal(2), Decimal(2), Decimal("44.10")),)
    assert [line.external_id for line in second.lines] == ["#1/SKI-STRAP", "#1/SKI-WAX"]


def test_xml_of_attributes_is_read_like_elements():
    (order,) = read("attributes.xml").orders

    assert (order.number, order.placed_at) == ("A-1", datetime(2026, 2, 3, 12, tzinfo=UTC))
    assert order.ship_to == Address(name="Bo Ek", lines=("Storgatan 1",), city="Malmö", postal_code="211 20", country="SE")
    assert [(line.sku, line.ordered, line.unit_price) for line in order.lines] == [
        ("VAS-1", Decimal(1), Decimal(120)),
        ("VAS-2", Decimal(2), Decimal(80)),
    ]


PATHS = """
number = Head/Ref
placed_at = Head/Placed
ship_to.name = Parties.Party[1].Nm
ship_to.address1 = Parties.Party[1].Street
ship_to.city = Parties.Party[1].Town
ship_to.postal_code = Parties.Party[1].Post
ship_to.country = "NO"
line.external_id = @no
line.sku = Art
line.quantity = Qt
"""


def test_xml_of_any_shape_is_read_by_paths():
    found = read("mapped_paths.xml", mapping=PATHS, orders_path="Documents/Document", lines_path="Body/Row")

    assert found.rejected == ()
    (order,) = found.orders
    assert order.ship_to == Address(name="Holm AS", lines=("Havnegata 4",), city="Bergen", postal_code="5003", country="NO")
    assert order.lines[0].external_id == "10/FISK-1"


# Rules


def test_missing_stays_missing_and_empty_is_not_zero():
    (order,) = understood("Order Number,SKU,Quantity,Unit Price,Order Total\n1,A,1,,\n").orders

    assert (order.ship_to, order.email, order.grand_total, order.lines[0].unit_price) == (None, None, None, None)
    assert order.placed_at == AT


@pytest.mark.parametrize(
    ("header", "missing"), [("SKU,Quantity", "number"), ("Order,Quantity", "line.sku"), ("Order,SKU", "line.quantity")]
)
def test_what_is_needed_is_named_when_no_column_has_it(header, missing):
    found = understood(f"{header}\n1,2\n")

    assert found.orders == ()
    assert (found.rejected[0].field, f"{missing} = " in found.rejected[0].reason) == (missing, True)


def test_a_row_that_is_bad_holds_back_its_own_order_and_names_its_line():
    found = understood("Order,SKU,Qty\n1,A,1\n1,B,some\n2,C,3\n,D,1\n3,E,1,2\n")

    assert [order.number for order in found.orders] == ["2"]
    assert {(one.where, one.external_id) for one in found.rejected} == {
        ("orders.csv line 3", "1"),
        ("orders.csv line 5", None),
        ("orders.csv line 6", "3"),
    }


@pytest.mark.parametrize("row", ["-1,,", "1,-1,", "1,,-1"])
def test_a_quantity_below_zero_is_refused(row):
    found = understood(f"Order,SKU,Qty,Qty Shipped,Qty Canceled\n1,A,{row}\n")

    assert found.orders == ()
    assert (found.rejected[0].field, found.rejected[0].reason) == ("line.quantity", "The quantity of A is below zero.")


def test_two_lines_of_one_id_are_refused():
    found = understood("Order,Line ID,SKU,Qty\n1,7,A,1\n1,7,A,2\n")

    assert found.orders == ()
    assert (found.rejected[0].where, found.rejected[0].reason) == ("orders.csv line 3", "Two lines have the id “7”.")


def test_rows_of_one_order_that_go_to_two_places_are_refused():
    found = understood("Order,Ship To City,SKU,Qty\n1,Reno,A,1\n1,Boise,B,1\n")

    assert found.orders == ()
    assert "“Boise” and “Reno”" in found.rejected[0].reason


@pytest.mark.parametrize("text", ["1,234", "12,5", "1E+05", "much", "NaN", "1.2.3"])
def test_a_number_that_could_be_two_is_refused(text):
    found = understood(f'Order,SKU,Qty,Price\n1,A,1,"{text}"\n')

    assert found.orders == ()
    assert found.rejected[0].field == "line.unit_price"


@pytest.mark.parametrize("text", ["$12.50", "12.50 USD", "USD 12.50", "12.50"])
def test_a_currency_beside_an_amount_is_left_out(text):
    (order,) = understood(f"Order,SKU,Qty,Price\n1,A,1,{text}\n").orders

    assert order.lines[0].unit_price == Decimal("12.50")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-03", datetime(2026, 2, 3, 17, tzinfo=UTC)),
        ("2026-02-03 09:15:00", datetime(2026, 2, 3, 14, 15, tzinfo=UTC)),
        ("2026-02-03 09:15:00 +0100", datetime(2026, 2, 3, 8, 15, tzinfo=UTC)),
        ("20260203091500", datetime(2026, 2, 3, 14, 15, tzinfo=UTC)),
        ("1770109200000", datetime(2026, 2, 3, 9, 0, tzinfo=UTC)),
        ("Feb 3, 2026 9:15 PM", datetime(2026, 2, 4, 2, 15, tzinfo=UTC)),
        ("Tue, 3 Feb 2026 09:15:00 +0000", datetime(2026, 2, 3, 9, 15, tzinfo=UTC)),
        ("2026-07-03 09:15:00", datetime(2026, 7, 3, 13, 15, tzinfo=UTC)),
    ],
)
def test_moments_with_and_without_a_zone(text, moment):
    (order,) = understood(f'Order,Order Date,SKU,Qty\n1,"{text}",A,1\n', time_zone="America/New_York").orders

    assert order.placed_at == moment


def test_a_date_that_could_be_two_is_refused_until_somebody_says_which_comes_first():
    text = "Order,Order Date,SKU,Qty\n1,01/02/2026,A,1\n"

    (refused,) = understood(text).rejected
    (order,) = understood(text, date_order="mdy").orders

    assert refused.field == "placed_at"
    assert order.placed_at.date().isoformat() == "2026-01-02"


def test_statuses_cancel_hold_and_leave_out():
    text = "Order,Status,SKU,Qty\n1,Voided,A,1\n2,On Hold,A,1\n3,pending,A,1\n4,Paid,A,1\n"

    canceled, held, left_out, taken = understood(text, statuses="paid").orders

    assert canceled.canceled_at is not None
    assert held.hold is not None
    assert "pending" in (left_out.not_imported or "")
    assert taken.not_imported is None


def test_what_shipped_or_was_canceled_is_not_to_ship():
    (order,) = understood("Order,SKU,Qty,Qty Shipped,Qty Canceled\n1,A,5,2,1\n1,A,1,,\n").orders

    assert [(line.external_id, line.ordered, line.to_ship) for line in order.lines] == [
        ("#1/A", Decimal(5), Decimal(2)),
        ("#2/A", Decimal(1), Decimal(1)),
    ]


def test_an_order_twice_in_a_file_with_other_content_is_refused():
    text = '[{"number": 1, "items": [{"sku": "A", "qty": 1}]}, {"number": 1, "items": [{"sku": "A", "qty": 2}]}]'

    found = understood(text, "orders.json")

    assert found.orders == ()
    assert "twice" in found.rejected[0].reason


@pytest.mark.parametrize(
    "content",
    [
        b'{"orders": [',
        b"[" * 100_000,
        b"<a><b>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a><order/></a>',
        b"",
        b"\x00\x01",
        b"[1, 2]",
        b"{}",
    ],
)
def test_what_is_no_order_file_says_so(content):
    found = orders_of("strange", content, Reading(), AT)

    assert found.orders == ()
    assert found.rejected
    assert all(one.reason for one in found.rejected)


def test_a_byte_order_mark_names_the_encoding():
    text = "Order,SKU,Qty,Item Name\n1,A,1,Zoë\n"

    for encoding in ("utf-8-sig", "utf-16"):
        (order,) = understood(text.encode(encoding)).orders
        assert order.lines[0].name == "Zoë"


@pytest.mark.parametrize(("own", "sku"), [("10", "A"), ("a/b", "C/D"), ("#1", "E"), (None, "F G"), ("ü 1", "%2F")])
def test_a_line_id_names_line_and_sku_again(own, sku):
    assert parts_of_line_id(line_id(own, sku, 1)) == (own, sku)


def test_a_second_column_that_could_be_the_number_gives_no_order_another_one():
    before = understood("Order ID,SKU,Qty\n7,CAP,1\n")
    after = understood("Order ID,Order Number,SKU,Qty\n7,1001,CAP,1\n")
    mapped = understood("Order ID,Order Number,SKU,Qty\n7,1001,CAP,1\n", mapping="number = Order ID")

    assert [order.external_id for order in before.orders] == ["7"]
    assert after.orders == ()
    assert after.rejected[0].reason == (
        "Several columns could be the order number: “Order ID”, “Order Number”. Map the one that is: number = Order ID"
    )
    assert [order.external_id for order in mapped.orders] == ["7"]


def test_orders_are_known_by_their_number_unless_an_id_is_mapped():
    text = "GUID,Order Number,SKU,Qty\nabc,1001,CAP,1\n"

    assert understood(text).orders[0].external_id == "1001"
    assert understood(text, mapping="external_id = GUID").orders[0].external_id == "abc"


@pytest.mark.parametrize(
    ("before", "after", "keeps"),
    [
        ("", "currency = Currency", True),
        ("", "number = Order No", True),
        ("number = Order No", "number = Order No\ncurrency = Currency", True),
        ("number = Order No", "number = Order Id", False),
        ("number = Order No", "", False),
        ("", "external_id = GUID", False),
        ("external_id = GUID", "external_id = GUID\nnumber = Order No", True),
        ("external_id = GUID", "number = Order No", False),
    ],
)
def test_a_mapping_says_whether_orders_stay_known(before, after, keeps):
    assert Settings.model_construct(mapping=after).keeps_orders_known(Settings.model_construct(mapping=before)) is keeps
