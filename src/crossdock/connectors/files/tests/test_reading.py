"""What a warehouse's files mean."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connectors.files.reading import shipments_of, stock_of
from crossdock.connectors.files.tests.examples import folder_settings
from crossdock.domain.fulfillment import Content, Package, Shipment, StockLevel
from crossdock.domain.orders import Measure
from crossdock.formats.delimited import parse

HEAD = (
    "order_number,ship_date,carrier,tracking,sku,quantity,cost,weight,line_number,shipment_id,package_id,lot,serial,expiry,final"
)


def shipments(*lines: str, **settings):
    made = folder_settings(**settings)
    content = "".join(f"{line}\n" for line in lines).encode(made.encoding)
    return shipments_of("shp_x.csv", parse(content, delimiter=made.separator, encoding=made.encoding), made)


def stock(*lines: str, **settings):
    made = folder_settings(**settings)
    return stock_of("inv_x.csv", parse("".join(f"{line}\n" for line in lines).encode()), made)


def faults(read) -> list[tuple[str, str]]:
    return [(bad.where, bad.field) for bad in read.rejected]


def test_a_whole_shipment_with_all_columns():
    read = shipments(
        HEAD,
        "1001,2026-02-01T10:00:00Z,UPS,1Z1,SKU-1,1,7.25,1.5,1,S1,00123456789012345678,L1,A;B,2027-01-31,Y",
        "1001,2026-02-01T10:00:00Z,UPS,1Z1,SKU-2,2,7.25,1.5,2,S1,00123456789012345678,,,,Y",
        "1001,2026-02-01T10:00:00Z,UPS,1Z2,SKU-2,1,3,2,2,S1,B2,,,,Y",
    )

    assert read.rejected == ()
    assert read.shipments == (
        Shipment(
            external_id="1001/S1",
            reference="1001",
            shipped_at=datetime(2026, 2, 1, 10, tzinfo=UTC),
            carrier="UPS",
            is_final=True,
            freight=Decimal("10.25"),
            packages=(
                Package(
                    external_id="00123456789012345678",
                    tracking="1Z1",
                    sscc="123456789012345678",
                    weight=Measure(Decimal("1.5"), "lb"),
                    contents=(
                        Content("SKU-1", Decimal(1), 1, "L1", date(2027, 1, 31), ("A", "B")),
                        Content("SKU-2", Decimal(2), 2),
                    ),
                ),
                Package(
                    external_id="B2",
                    tracking="1Z2",
                    weight=Measure(Decimal(2), "lb"),
                    contents=(Content("SKU-2", Decimal(1), 2),),
                ),
            ),
        ),
    )
    assert read.raws[0].count(b"\n") == 3


def test_without_a_header_columns_count_by_position():
    (shipment,) = shipments("1001,2026-02-01,FDEG,7777,SKU-1,2,0,0").shipments

    assert (shipment.reference, shipment.carrier, shipment.packages[0].tracking) == ("1001", "FDEG", "7777")
    assert shipment.packages[0].contents == (Content("SKU-1", Decimal(2)),)


def test_header_names_may_stand_in_any_order_and_spelling():
    (shipment,) = shipments("Qty,Item SKU,Tracking Number,Order No,Extra,Ship Date", "2,SKU-1,1Z,1001,x,20260201").shipments

    assert (shipment.reference, shipment.packages[0].contents) == ("1001", (Content("SKU-1", Decimal(2)),))


def test_a_header_without_a_needed_column_says_which():
    read = shipments("order_number,tracking,sku", "1,2,3")

    assert (read.shipments, faults(read)) == ((), [("shp_x.csv line 1", "ship_date")])


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",2026-02-01,UPS,1Z,SKU,1", "order_number"),
        ("1,,UPS,1Z,SKU,1", "ship_date"),
        ("1,yesterday,UPS,1Z,SKU,1", "ship_date"),
        ("1,2026-02-30,UPS,1Z,SKU,1", "ship_date"),
        ("1,02/01/2026,UPS,1Z,SKU,1", "ship_date"),
        ("1,2026-02-01,UPS,1Z,,1", "sku"),
        ("1,2026-02-01,UPS,1Z,1.2E+11,1", "sku"),
        ("1,2026-02-01,UPS,1Z,SKU,", "quantity"),
        ("1,2026-02-01,UPS,1Z,SKU,1E+05", "quantity"),
        ('1,2026-02-01,UPS,1Z,SKU,"1,000"', "quantity"),
        ("1,2026-02-01,UPS,1Z,SKU,-1", "quantity"),
        ("1,2026-02-01,UPS,1Z,SKU,NaN", "quantity"),
        ("1,2026-02-01,UPS,1Z,SKU,1,free", "cost"),
        ("1,2026-02-01,UPS,1Z,SKU,1,0,0,one", "line_number"),
        ("1,2026-02-01,UPS,1Z,SKU,1,0,0,1,S,P,L,S,2026-02-01,perhaps", "final"),
        ("1,2026-02-01,UPS,1Z,SKU,0", "quantity"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_good_rows_go_on(row, field):
    read = shipments("2,2026-02-01,UPS,1Z2,SKU,1", row, "3,2026-02-01,UPS,1Z3,SKU,1")

    assert [shipment.reference for shipment in read.shipments] == ["2", "3"]
    assert faults(read) == [("shp_x.csv line 2", field)]


def test_a_bad_row_holds_back_its_own_shipment_and_no_other():
    read = shipments(
        HEAD,
        "1,2026-02-01,UPS,1Z1,A,1,,,,S1,,,,,",
        "1,2026-02-01,UPS,1Z1,B,many,,,,S1,,,,,",
        "1,2026-02-01,UPS,1Z2,C,1,,,,S2,,,,,",
    )

    assert [shipment.external_id for shipment in read.shipments] == ["1/S2"]
    assert [bad.where for bad in read.rejected] == ["shp_x.csv line 3", "shp_x.csv line 2"]
    assert "Held back with shp_x.csv line 3" in read.rejected[1].reason


def test_without_ids_each_tracking_number_is_a_shipment_that_later_rows_do_not_change():
    first = shipments("1,2026-02-01,UPS,1Z1,A,1")
    longer = shipments("1,2026-02-01,UPS,1Z1,A,1", "1,2026-02-01,UPS,1Z2,B,1")

    assert longer.shipments[0] == first.shipments[0]
    assert len(longer.shipments) == 2


def test_the_same_box_in_another_order_of_rows_is_the_same_shipment():
    rows = ["1,2026-02-01,UPS,1Z1,A,1", "1,2026-02-01,UPS,1Z1,B,2"]

    assert shipments(*rows).shipments[0].external_id == shipments(*reversed(rows)).shipments[0].external_id


def test_other_items_in_the_same_box_are_another_shipment():
    one, other = (shipments(f"1,2026-02-01,UPS,1Z1,{sku},1").shipments[0] for sku in "AB")

    assert one.external_id != other.external_id


def test_boxes_without_numbers_are_told_apart_by_when_they_left():
    read = shipments("1,2026-02-01,UPS,,A,1", "1,2026-02-02,UPS,,A,1")

    assert len({shipment.external_id for shipment in read.shipments}) == 2
    assert all(shipment.packages[0].tracking is None for shipment in read.shipments)


def test_several_tracking_numbers_in_one_field_are_several_boxes():
    (shipment,) = shipments('1,2026-02-01,UPS,"1Z1, 1Z2",A,1').shipments

    assert [(package.tracking, len(package.contents)) for package in shipment.packages] == [("1Z1", 1), ("1Z2", 0)]


def test_rows_of_one_line_in_one_box_add_up():
    (shipment,) = shipments(HEAD, *["1,2026-02-01,UPS,1Z1,A,1,,,1,S1,,,X,,"] * 2).shipments

    assert shipment.packages[0].contents == (Content("A", Decimal(2), 1, serials=("X", "X")),)


def test_closed_with_nothing_shipped_is_a_final_shipment_without_boxes():
    (shipment,) = shipments(HEAD, "1,2026-02-01,,,A,0,,,1,S1,,,,,Y").shipments

    assert (shipment.packages, shipment.is_final) == ((), True)


def test_a_void_is_said():
    (shipment,) = shipments(f"{HEAD},void", "1,2026-02-01,UPS,1Z1,A,1,,,1,S1,,,,,,Y").shipments

    assert shipment.is_void


@pytest.mark.parametrize(
    ("text", "settings", "moment"),
    [
        ("2026-02-01", {}, datetime(2026, 2, 1, 12, tzinfo=UTC)),
        ("2026-02-01", {"time_zone": "America/New_York"}, datetime(2026, 2, 1, 17, tzinfo=UTC)),
        ("20260201", {}, datetime(2026, 2, 1, 12, tzinfo=UTC)),
        ("20260201093000", {}, datetime(2026, 2, 1, 9, 30, tzinfo=UTC)),
        ("2026-02-01 09:30:00", {"time_zone": "America/New_York"}, datetime(2026, 2, 1, 14, 30, tzinfo=UTC)),
        ("2026-02-01T09:30:00+02:00", {}, datetime(2026, 2, 1, 7, 30, tzinfo=UTC)),
        ("02/01/2026", {"slash_dates": "mdy"}, datetime(2026, 2, 1, 12, tzinfo=UTC)),
        ("02/01/2026", {"slash_dates": "dmy"}, datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("9999-12-31T23:59:59", {"time_zone": "America/New_York"}, None),
        ("0001-01-01T00:00:00", {"time_zone": "Asia/Tokyo"}, None),
        ("2/1/2026 9:30", {"slash_dates": "mdy"}, None),
        ("2/1/2026 09:30", {"slash_dates": "mdy"}, datetime(2026, 2, 1, 9, 30, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_agreed_and_never_guessed(text, settings, moment):
    read = shipments(f"1,{text},UPS,1Z1,A,1", **settings)

    assert [shipment.shipped_at for shipment in read.shipments] == ([moment] if moment else [])


def test_stock_is_read_by_header_and_by_position():
    by_header = stock("SKU,On Hand,Available,Warehouse", "A,12,10,East")
    by_position = stock("A,10")
    on_hand = stock("A,12", stock_meaning="on_hand")

    assert by_header.levels == (StockLevel("A", Decimal(10), Decimal(12), "East"),)
    assert by_position.levels == (StockLevel("A", Decimal(10)),)
    assert on_hand.levels == (StockLevel("A", None, Decimal(12)),)


@pytest.mark.parametrize(
    ("row", "field"), [("B,1E+05", "available"), ("B,", "available"), (",1", "sku"), ("4.5E+12,1", "sku"), ("B,inf", "available")]
)
def test_a_figure_that_is_none_is_refused_and_the_others_are_read(row, field):
    read = stock("A,10", row, "C,-3")

    assert [level.sku for level in read.levels] == ["A", "C"]
    assert faults(read) == [("inv_x.csv line 2", field)]


def test_a_sku_named_twice_is_not_counted_twice():
    read = stock("A,10", "A,10")

    assert read.levels == (StockLevel("A", Decimal(10)),)
    assert faults(read) == [("inv_x.csv line 2", "sku")]


def test_the_lots_of_a_sku_are_added_up():
    read = stock("sku,available,lot", "A,10,L1", "A,5,L2")

    assert read.levels == (StockLevel("A", Decimal(15)),)


def test_facilities_are_kept_apart():
    assert len(stock("sku,available,facility", "A,10,East", "A,5,West").levels) == 2


PLAUSIBLE = ["1001", "2026-02-01", "20260231", "9999-12-31T23:59:59", "0001-01-01", "SKU-1", "1", "Y", "1E+5", "-0", "1Z1;1Z2"]
PLAUSIBLE += ["order_number", "sku", "quantity"]
CELLS = st.text(max_size=6) | st.sampled_from(PLAUSIBLE)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=17).map(",".join), max_size=6), has_header=st.booleans())
@settings(deadline=None)
def test_whatever_stands_in_a_file_every_row_is_understood_or_rejected(rows, has_header):
    lines = ([HEAD] if has_header else []) + rows
    made = folder_settings()
    content = "".join(f"{line}\n" for line in lines).encode(errors="replace")

    shipped = shipments_of("shp_x.csv", parse(content), made)
    held = stock_of("inv_x.csv", parse(content), made)

    assert len(shipped.raws) == len(shipped.shipments)
    assert all(bad.where and bad.reason for bad in (*shipped.rejected, *held.rejected))


@given(content=st.binary(max_size=400))
@settings(deadline=None)
def test_no_bytes_are_beyond_a_report(content):
    shipments_of("shp_x.csv", parse(content), folder_settings())
    stock_of("inv_x.csv", parse(content), folder_settings())
