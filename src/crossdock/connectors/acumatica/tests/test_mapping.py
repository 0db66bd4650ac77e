"""What Acumatica's records mean, case by case."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crossdock.connectors.acumatica.given import shipment_to_order
from crossdock.connectors.acumatica.mapping import to_order
from crossdock.connectors.acumatica.returning import to_product, to_return
from crossdock.connectors.acumatica.tests.examples import a_line, item, order, settings, shipment
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import (
    Address,
    BillingKind,
    FreightBilling,
    LeftOut,
    Measure,
    Order,
    OrderLine,
    ShippingMethod,
)
from crossdock.domain.returns import ReturnState


def test_a_whole_order():
    address = Address(
        name="Robin Example",
        company="Harbor Goods",
        lines=("12 Harbor Street", "Unit 4"),
        city="Portland",
        region="OR",
        postal_code="97201",
        country="US",
        phone="+15035550100",
        email="robin@example.com",
    )

    assert to_order(order(), settings(), address="https://erp.example.com/AcumaticaERP") == Order(
        external_id="11111111-2222-4333-8444-555555555555",
        number="000123",
        placed_at=datetime(2026, 11, 1, 10, 0, tzinfo=UTC),
        updated_at=datetime(2026, 11, 2, 10, 0, 0, 347000, tzinfo=UTC),
        currency="USD",
        lines=(
            OrderLine(
                "1",
                "SKU-1",
                "Item 1",
                Decimal(1),
                Decimal(1),
                unit_price=Decimal("10.5"),
                uom="EA",
                discount=Decimal(0),
                location="MAIN",
            ),
        ),
        grand_total=Decimal("10.5"),
        tax_total=Decimal(0),
        ship_to=address,
        method=ShippingMethod(name="UPSGROUND", code="UPSGROUND"),
        email="robin@example.com",
        phone="+15035550100",
        customer_po="PO-77",
        attributes={"Order type": "SO", "Customer": "C000000003"},
        url="https://erp.example.com/AcumaticaERP/Main?ScreenId=SO301000&OrderType=SO&OrderNbr=000123",
    )


def test_amounts_stay_exact():
    mapped = to_order(order([a_line(UnitPrice=0.1, OrderQty=1.25, OpenQty=1.25)], OrderTotal=1234567.89))

    assert mapped.grand_total == Decimal("1234567.89")
    assert (mapped.lines[0].unit_price, mapped.lines[0].to_ship) == (Decimal("0.1"), Decimal("1.25"))


@pytest.mark.parametrize(
    ("fields", "to_ship"),
    [
        ({"OpenQty": 5, "QtyOnShipments": 0}, 5),
        ({"OpenQty": 3, "QtyOnShipments": 2}, 3),  # two are confirmed
        ({"OpenQty": 5, "QtyOnShipments": 2}, 3),  # two are on a shipment that is not confirmed yet
        ({"OpenQty": 3, "QtyOnShipments": 4}, 1),  # two are confirmed, two are not yet
        ({"OpenQty": 0, "QtyOnShipments": 5}, 0),
        ({"OpenQty": 3, "QtyOnShipments": 2, "Completed": True}, 0),  # the remainder was canceled
    ],
)
def test_what_is_to_ship_is_what_no_shipment_has_yet(fields, to_ship):
    mapped = to_order(order([a_line(OrderQty=5, **fields)]), settings())

    assert (mapped.lines[0].ordered, mapped.lines[0].to_ship) == (5, to_ship)


def test_units_are_in_the_lines_own_unit_of_measure():
    mapped = to_order(order([a_line(OrderQty=2, OpenQty=2, UOM="BOX")]), settings())

    assert (mapped.lines[0].to_ship, mapped.lines[0].uom) == (2, "BOX")


def test_lines_of_another_warehouse_are_left_out_with_their_reason():
    mapped = to_order(order([a_line(1, 2), a_line(2, 3, WarehouseID="WEST")]), settings(warehouse="main"))

    assert [line.to_ship for line in mapped.lines] == [2, 0]
    assert mapped.left_out == (LeftOut("3 × SKU-2", "ships from warehouse WEST"),)


def test_a_line_allocated_to_two_warehouses_is_divided():
    parts = [
        {"id": "a", "AllocWarehouseID": "MAIN", "Qty": 12, "QtyOnShipments": 0, "UOM": "EA"},
        {"id": "b", "AllocWarehouseID": "WEST", "Qty": 12, "QtyOnShipments": 0, "UOM": "EA"},
    ]

    mapped = to_order(order([a_line(1, 2, UOM="BOX", Allocations=parts)]), settings(warehouse="MAIN"))

    assert mapped.lines[0].to_ship == 1
    assert mapped.left_out == (LeftOut("1 × SKU-1", "ships from warehouse WEST"),)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"LineType": "Misc. Charge"}, "is a charge, not an item"),
        ({"MarkForPO": True, "POSource": "Drop-Ship"}, "is shipped by the vendor"),
        ({"Operation": "Receipt"}, "comes back from the customer"),
    ],
)
def test_what_no_warehouse_ships_is_left_out(line, why):
    mapped = to_order(order([a_line(1), a_line(2, **line)]), settings())

    assert [one.external_id for one in mapped.lines] == ["1"]
    assert mapped.left_out == (LeftOut("1 × SKU-2", why),)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("On Hold", "On hold in Acumatica."),
        ("Credit Hold", "On credit hold in Acumatica."),
        ("Pending Approval", "It waits for approval in Acumatica."),
        ("Awaiting Payment", "It waits for its payment in Acumatica."),
    ],
)
def test_an_order_that_may_not_ship_yet_waits(status, reason):
    mapped = to_order(order(Status=status), settings())

    assert mapped.hold is not None
    assert mapped.hold.reason == reason
    assert mapped.units_to_ship == 1


@pytest.mark.parametrize("status", ["Canceled", "Rejected", "Voided", "Expired"])
def test_an_order_that_will_not_ship_is_canceled(status):
    mapped = to_order(order(Status=status), settings())

    assert mapped.canceled_at == mapped.updated_at
    assert mapped.units_to_ship == 0


@pytest.mark.parametrize("status", ["Completed", "Invoiced"])
def test_nothing_of_a_completed_order_is_to_ship(status):
    mapped = to_order(order([a_line(OpenQty=1)], Status=status), settings())

    assert mapped.units_to_ship == 0
    assert mapped.canceled_at is None


def test_the_ship_window_and_how_it_travels():
    shipping = {
        "ScheduledShipmentDate": "2026-12-01T00:00:00+00:00",
        "CancelByDate": "2026-12-15T00:00:00+00:00",
        "ShippingRule": "Ship Complete",
        "ShipVia": "FEDEX2DAY",
        "SaturdayDelivery": True,
        "ResidentialDelivery": True,
        "UseCustomersAccount": True,
    }

    mapped = to_order(order(ShippingSettings=shipping), settings())

    assert mapped.ship_not_before == datetime(2026, 12, 1, tzinfo=UTC)
    assert mapped.cancel_after == date(2026, 12, 15)
    assert not mapped.partial_allowed
    assert mapped.method == ShippingMethod(
        name="FEDEX2DAY", code="FEDEX2DAY", billing=FreightBilling(BillingKind.RECIPIENT), saturday=True
    )
    assert mapped.ship_to is not None
    assert mapped.ship_to.residential is True


def test_without_a_scheduled_day_the_earliest_of_the_open_lines_counts():
    mapped = to_order(
        order([a_line(1, ShipOn="2026-12-09T00:00:00+00:00"), a_line(2, ShipOn="2026-12-03T00:00:00+00:00")]), settings()
    )

    assert mapped.ship_not_before == datetime(2026, 12, 3, tzinfo=UTC)


def test_with_several_types_the_number_says_which():
    assert to_order(order(), settings(order_types="SO, SA")).number == "SO-000123"


@pytest.mark.parametrize(
    ("fields", "changes", "why"),
    [
        ({"OrderType": "QT"}, {}, "It is of the type QT; this store imports SO."),
        ({"Branch": "WEST"}, {"branch": "EAST"}, "It belongs to the branch WEST; this store imports those of EAST."),
        ({"WillCall": True}, {}, "The customer picks it up."),
        (
            {},
            {"accept_orders_after": datetime(2026, 11, 2, tzinfo=UTC)},
            "It was placed before 2026-11-02 00:00 UTC, when this store begins to accept orders.",
        ),
    ],
)
def test_what_a_setting_leaves_out_says_why(fields, changes, why):
    assert to_order(order(**fields), settings(**changes)).not_imported == why


def test_missing_stays_missing():
    mapped = to_order(order(ShipToAddress=None, ShipToContact=None, CustomerOrder=None, CreatedDate=None), settings())

    assert (mapped.ship_to, mapped.email, mapped.phone, mapped.customer_po) == (None, None, None, None)
    assert mapped.placed_at == datetime(2026, 11, 1, tzinfo=UTC)


def test_an_address_may_lack_anything():
    mapped = to_order(order(ShipToAddress={"City": "Dublin", "Country": "IE"}, ShipToContact={}), settings())

    assert mapped.ship_to == Address(city="Dublin", country="IE")


@pytest.mark.parametrize("text", ["Große Öl-Kanne", "赤いシャツ", "قميص أحمر", "Łódź “Ost” — 50 %"])
def test_names_in_any_script_survive(text):
    mapped = to_order(order([a_line(LineDescription=text)], ShipToContact={"Attention": text}), settings())

    assert mapped.lines[0].name == text
    assert mapped.ship_to is not None
    assert mapped.ship_to.name == text


def test_keys_come_without_the_blanks_some_endpoints_pad_them_with():
    mapped = to_order(order([a_line(InventoryID="RED           ")], OrderNbr="000123   "), settings())

    assert (mapped.number, mapped.lines[0].sku) == ("000123", "RED")


@pytest.mark.parametrize("field", ["OrderNbr", "CurrencyID", "LastModified"])
def test_what_an_order_cannot_do_without_is_named(field):
    with pytest.raises(InvalidData) as caught:
        to_order(order(**{field: None}), settings())

    assert caught.value.field == field


def test_a_shipment_made_by_staff_is_an_order_of_its_own():
    mapped = shipment_to_order(shipment(), settings(mode="shipments"), address="https://erp.example.com/AcumaticaERP")

    assert (mapped.number, mapped.currency) == ("000456", "USD")
    assert mapped.lines == (OrderLine("1", "SKU-1", "Item 1", Decimal(2), Decimal(2), uom="EA", location="MAIN"),)
    assert mapped.attributes["Sales orders"] == "SO 000123"
    assert mapped.ship_not_before == datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "units", "is_held", "is_canceled"),
    [
        ({"Status": "On Hold"}, 2, True, False),
        ({"Status": "Confirmed"}, 0, False, False),
        ({"Status": "Canceled"}, 0, False, True),
    ],
)
def test_a_shipments_status_decides_what_is_left(fields, units, is_held, is_canceled):
    mapped = shipment_to_order(shipment(**fields), settings(mode="shipments"))

    assert mapped.units_to_ship == units
    assert (mapped.hold is not None, mapped.canceled_at is not None) == (is_held, is_canceled)


def test_a_receipt_or_a_transfer_is_not_imported():
    assert "not a shipment to a customer" in (
        shipment_to_order(shipment(Type="Transfer"), settings(mode="shipments")).not_imported or ""
    )


def test_a_return_has_positive_quantities_and_leaves_replacements_out():
    lines = [
        a_line(1, OrderQty=-2, Operation="Receipt", ReasonCode="DAMAGED"),
        a_line(2, OrderQty=2, Operation="Issue"),
    ]

    found = to_return(order(lines, OrderType="RM", Status="Open"), order_id="abc", order_number="000100")

    assert (found.number, found.state) == ("RM-000123", ReturnState.APPROVED)
    assert [(line.sku, line.quantity, line.reason) for line in found.lines] == [("SKU-1", 2, "DAMAGED")]
    assert (found.order_id, found.order_number) == ("abc", "000100")


def test_a_status_of_a_return_that_is_not_known_is_named():
    with pytest.raises(InvalidData, match="Somewhere"):
        to_return(order(OrderType="RC", Status="Somewhere"))


def test_a_stock_item_is_a_product():
    codes = [
        {"id": "a", "AlternateID": "0123", "AlternateType": "Customer Part Number"},
        {"id": "b", "AlternateID": "4006381333931", "AlternateType": "Barcode"},
    ]

    product = to_product(
        item(
            CrossReferences=codes,
            DimensionWeight=0.35,
            WeightUOM="KG",
            CountryOfOrigin="DE",
            TariffCode="610910",
            ItemStatus="Inactive",
            BaseUOM="EA",
        )
    )

    assert (product.sku, product.barcode, product.weight) == ("SKU-1", "4006381333931", Measure(Decimal("0.35"), "kg"))
    assert (product.origin, product.hs_code, product.is_active) == ("DE", "610910", False)
