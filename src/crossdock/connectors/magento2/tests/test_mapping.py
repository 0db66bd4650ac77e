"""What Magento's orders mean, case by case."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.magento2.mapping import Shop, to_order
from crossdock.connectors.magento2.tests.examples import HOME, a_bundle, a_shirt, an_item, an_order, settings, typed
from crossdock.domain.orders import Address, Hold, LeftOut, Measure, Order, OrderLine, Payment, ShippingMethod

TO = Address(
    name="Jane Doe",
    lines=("12 Mill Road", "Unit 4"),
    city="Louisville",
    region="KY",
    postal_code="40202",
    country="US",
    phone="502-555-0100",
    email="jane@example.com",
)


def mapped(order, shop=Shop(weight_unit="lbs"), **changes):  # noqa: B008  (a frozen value)
    return to_order(typed(order), settings(**changes), shop)


def lines_of(items, **changes):
    return [(line.external_id, line.sku, line.ordered, line.to_ship) for line in mapped(an_order(items), **changes).lines]


def test_a_whole_order():
    assert mapped(an_order(customer_note="Leave at the back door", coupon_code="SPRING")) == Order(
        external_id="17",
        number="000000042",
        placed_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        updated_at=datetime(2026, 3, 1, 9, 31, tzinfo=UTC),
        currency="USD",
        lines=(
            OrderLine(
                "1",
                "SKU-1",
                "Item 1",
                Decimal(1),
                Decimal(1),
                unit_price=Decimal(10),
                discount=Decimal(0),
                tax=Decimal("0.83"),
                variant_id="901",
                weight=Measure(Decimal("1.5"), "lb"),
            ),
        ),
        grand_total=Decimal("15.83"),
        subtotal=Decimal(10),
        shipping_total=Decimal(5),
        tax_total=Decimal("0.83"),
        discount_total=Decimal(0),
        ship_to=TO,
        bill_to=TO,
        method=ShippingMethod(name="UPS - Ground", code="ups_GND", carrier="ups", service="GND"),
        email="jane@example.com",
        phone="502-555-0100",
        payment=Payment.PAID,
        warehouse_note="Leave at the back door",
        attributes={"coupon": "SPRING"},
    )


def test_a_configurable_product_is_one_line_with_the_childs_product():
    order = mapped(an_order(a_shirt(qty_shipped=1)))

    (line,) = order.lines
    assert (line.external_id, line.sku, line.name, line.unit_price) == ("1", "SHIRT-M", "Shirt, M", Decimal(10))
    assert (line.ordered, line.to_ship, line.variant_id) == (3, 2, "902")
    assert order.left_out == (LeftOut("1 × SHIRT-M", "already shipped"),)


def test_a_bundle_is_what_is_inside_it():
    order = mapped(an_order(a_bundle()))

    assert [(line.sku, line.to_ship, line.kit_parent) for line in order.lines] == [("A", 2, "KIT"), ("B", 4, "KIT")]
    assert order.left_out == ()


def test_a_bundle_is_a_line_too_where_it_is_wanted():
    found = lines_of(a_bundle(), include_bundle_parent=True)

    assert found == [("1", "KIT", 2, 2), ("2", "A", 2, 2), ("3", "B", 4, 4)]


def test_a_bundle_that_was_ordered_not_at_all_is_nothing_to_ship():
    rows = a_bundle()
    rows[0]["qty_ordered"] = 0

    assert [to_ship for *_, to_ship in lines_of(rows, include_bundle_parent=True)] == [0, 0, 0]


def test_a_bundle_that_shipped_together_leaves_nothing_though_its_items_still_say_unshipped():
    assert [to_ship for *_, to_ship in lines_of(a_bundle(qty_shipped=2))] == [0, 0]


def test_a_bundle_that_ships_separately_leaves_what_its_items_leave():
    rows = a_bundle()
    rows[2]["qty_shipped"] = 3

    assert lines_of(rows, include_bundle_parent=True) == [("1", "KIT", 2, 2), ("2", "A", 2, 2), ("3", "B", 4, 1)]


@pytest.mark.parametrize("kind", ["virtual", "downloadable"])
def test_what_is_not_carried_is_a_line_with_nothing_to_ship(kind):
    order = mapped(an_order([an_item(1, 2), an_item(2, 1, product_type=kind, is_virtual=1)]))

    assert [line.to_ship for line in order.lines] == [2, 0]
    assert order.left_out == (LeftOut("1 × SKU-2", "needs no shipping"),)


def test_a_virtual_order_has_no_destination_and_nothing_to_ship():
    rows = [an_item(1, 1, product_type="virtual", is_virtual=1)]
    order = mapped(an_order(rows, is_virtual=1, extension_attributes={"shipping_assignments": []}))

    assert order.ship_to is None
    assert order.units_to_ship == 0


def test_units_that_shipped_were_canceled_or_refunded_are_not_to_ship_and_say_why():
    order = mapped(an_order([an_item(1, 9, qty_shipped=4, qty_canceled=2, qty_refunded=1)]))

    assert order.units_to_ship == 2
    assert order.left_out == (
        LeftOut("2 × SKU-1", "canceled"),
        LeftOut("1 × SKU-1", "refunded"),
        LeftOut("4 × SKU-1", "already shipped"),
    )


def test_what_came_back_after_shipping_is_not_shipped_again_and_nothing_falls_below_zero():
    assert mapped(an_order([an_item(1, 3, qty_shipped=3, qty_refunded=2)])).units_to_ship == 0


def test_what_the_shopper_fetches_is_left_out():
    shipping = {"shipping": {"address": HOME, "method": "instore_pickup"}}
    order = mapped(an_order([an_item(1, 2)], extension_attributes={"shipping_assignments": [shipping]}))

    assert order.units_to_ship == 0
    assert order.left_out == (LeftOut("2 × SKU-1", "picked up by the shopper"),)


def test_a_yard_and_a_half_stays_one():
    assert mapped(an_order([an_item(1, 1.5)])).lines[0].to_ship == Decimal("1.5")


def test_the_status_that_is_imported_decides():
    assert mapped(an_order()).not_imported is None
    assert mapped(an_order(state="new", status="pending")).not_imported == "Its status is Pending; this store imports Processing."
    assert mapped(an_order(status="ready_to_ship"), order_import_status="ready_to_ship").not_imported is None


def test_an_order_that_got_its_status_when_sent_is_still_one_that_was_taken():
    assert mapped(an_order(status="sent_to_wms"), sent_status="sent_to_wms").not_imported is None


def test_a_hold_is_seen_as_one_and_not_as_another_status():
    order = mapped(an_order(state="holded", status="holded", hold_before_status="processing", hold_before_state="processing"))

    assert order.not_imported is None
    assert order.hold == Hold("On hold in Magento.")


def test_a_canceled_order_is_canceled_when_its_history_says_so():
    history = [
        {"comment": None, "status": "canceled", "created_at": "2026-03-02 08:00:00"},
        {"comment": "Thanks", "status": "processing", "created_at": "2026-03-01 09:30:00"},
    ]
    order = mapped(an_order([an_item(1, 2, qty_canceled=2)], state="canceled", status="canceled", status_histories=history))

    assert order.canceled_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert order.units_to_ship == 0
    assert order.left_out == ()


def test_an_edited_order_and_the_one_it_became_name_each_other():
    old = mapped(an_order(state="canceled", status="canceled", relation_child_real_id="000000042-1"))
    new = mapped(an_order(increment_id="000000042-1", relation_parent_real_id="000000042"))

    assert old.cancel_reason == "It was edited in Magento and goes on as 000000042-1."
    assert old.attributes == {"goes on as": "000000042-1"}
    assert new.attributes == {"edited from": "000000042"}


def test_orders_of_another_store_view_are_left_out():
    shop = Shop(view_id="2", view_name="german")

    assert mapped(an_order(), shop).not_imported == "It belongs to another store view than german."
    assert mapped(an_order(store_id="2"), shop).not_imported is None


def test_an_order_from_before_orders_are_accepted_is_left_out():
    order = mapped(an_order(), accept_orders_after=datetime(2026, 4, 1, tzinfo=UTC))

    assert order.not_imported.startswith("It was placed before 2026-04-01 00:00 UTC")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Payment.PAID),
        ({"total_paid": 0}, Payment.PENDING),
        ({"total_paid": None}, Payment.PENDING),
        ({"total_paid": 5}, Payment.PARTIALLY_PAID),
        ({"total_refunded": 5}, Payment.PARTIALLY_REFUNDED),
        ({"total_refunded": 15.83}, Payment.REFUNDED),
        ({"total_paid": 0, "payment": {"amount_authorized": 15.83}}, Payment.AUTHORIZED),
        ({"total_paid": 0, "state": "canceled"}, Payment.VOIDED),
        ({"grand_total": None}, None),
    ],
)
def test_where_the_money_stands(changes, expected):
    assert mapped(an_order(**changes)).payment == expected


def test_amounts_are_the_orders_and_never_the_base_currencys():
    order = mapped(an_order(grand_total=254.7, base_grand_total=253.74))

    assert (order.currency, order.grand_total) == ("USD", Decimal("254.7"))


def test_the_noise_of_a_float_is_not_money():
    order = mapped(an_order(grand_total=19.339999999999996, tax_amount=7.330000000000001))

    assert (order.grand_total, order.tax_total) == (Decimal("19.34"), Decimal("7.33"))


def test_numbers_may_come_quoted():
    order = mapped(an_order([an_item(1, 1, item_id="9", qty_ordered="2.0000", price="10.5000")], entity_id="17"))

    assert (order.external_id, order.lines[0].external_id, order.lines[0].to_ship) == ("17", "9", 2)
    assert order.lines[0].unit_price == Decimal("10.5")


def test_a_region_without_a_code_keeps_its_name_and_a_missing_one_stays_missing():
    def region(**changes):
        address = {name: value for name, value in {**HOME, **changes}.items() if value is not None}
        shipping = {"shipping": {"address": address, "method": "flatrate_flatrate"}}
        return mapped(an_order(extension_attributes={"shipping_assignments": [shipping]})).ship_to.region

    assert region(region_code=None, region="Bayern") == "Bayern"
    assert region(region_code=None, region=None) is None


def test_streets_of_one_text_and_empty_rows_are_taken():
    def street(value):
        shipping = {"shipping": {"address": {**HOME, "street": value}}}
        return mapped(an_order(extension_attributes={"shipping_assignments": [shipping]})).ship_to.lines

    assert street("12 Mill Road") == ("12 Mill Road",)
    assert street("12 Mill Road\nUnit 4") == ("12 Mill Road", "Unit 4")
    assert street(["12 Mill Road", "", None]) == ("12 Mill Road",)


@pytest.mark.parametrize("name", ["Zoë Müller-Łukasz", "山田 太郎", "محمد الأمين", "Дарья"])
def test_names_in_any_script_survive(name):
    first, _, last = name.partition(" ")
    shipping = {"shipping": {"address": {**HOME, "firstname": first, "lastname": last}}}

    assert mapped(an_order(extension_attributes={"shipping_assignments": [shipping]})).ship_to.name == name


def test_a_gift_message_is_kept_with_who_it_is_from():
    message = {"sender": "Ann", "recipient": "Bob", "message": "Happy birthday"}
    order = mapped(an_order(extension_attributes={"shipping_assignments": [], "gift_message": message}))

    assert order.gift_message == "Happy birthday (from Ann, to Bob)"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"entity_id": None}, "entity_id"),
        ({"increment_id": None}, "increment_id"),
        ({"created_at": None}, "created_at"),
        ({"created_at": "0000-00-00 00:00:00"}, "created_at"),
        ({"order_currency_code": None, "base_currency_code": None}, "order_currency_code"),
        ({"items": [an_item(1, -2)]}, "qty_ordered"),
    ],
)
def test_what_is_needed_and_missing_rejects_the_order_and_names_it(changes, field):
    with pytest.raises(InvalidData) as caught:
        mapped(an_order(**changes))

    assert caught.value.field == field
