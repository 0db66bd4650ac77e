"""What an order means."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossdock.connectors.bigcommerce.mapping import Units
from crossdock.connectors.bigcommerce.tests.examples import HOME, a_line, an_order, understood
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import (
    Address,
    Consignment,
    Hold,
    LeftOut,
    Measure,
    Order,
    OrderLine,
    Payment,
    ShippingMethod,
)


def test_a_whole_order():
    line = a_line(
        quantity_shipped=1,
        product_options=[{"display_name": "Size", "display_value": "M"}],
        applied_discounts=[{"id": "coupon", "amount": "2.0000", "code": "TEN"}, {"id": "sale", "amount": 3, "code": None}],
    )

    order = understood(an_order(line), Units("lb", "in"))

    assert order == Order(
        external_id="100",
        number="100",
        placed_at=datetime(2018, 1, 10, 21, 5, 30, tzinfo=UTC),
        updated_at=datetime(2018, 1, 10, 20, 5, 30, tzinfo=UTC),
        currency="USD",
        lines=(
            OrderLine(
                external_id="11",
                sku="RED",
                name="Red shirt",
                ordered=Decimal(2),
                to_ship=Decimal(1),
                unit_price=Decimal("20.0000"),
                discount=Decimal("5.0000"),
                tax=Decimal("3.3000"),
                variant_id="6",
                barcode="4006381333931",
                options={"Size": "M"},
                weight=Measure(Decimal("0.5000"), "lb"),
            ),
        ),
        grand_total=Decimal("43.3000"),
        subtotal=Decimal("40.0000"),
        shipping_total=Decimal(5),
        tax_total=Decimal("3.3"),
        discount_total=Decimal("5.0000"),
        ship_to=Address(
            name="Jane Doe",
            lines=("12 Mill Road", "Apt 4"),
            city="Louisville",
            region="KY",
            postal_code="40202",
            country="US",
            phone="5025550100",
            email="jane@example.com",
        ),
        bill_to=Address(
            name="Jo Doe",
            lines=("12 Mill Road", "Apt 4"),
            city="Louisville",
            region="KY",
            postal_code="40202",
            country="US",
            phone="5025550100",
            email="jane@example.com",
        ),
        method=ShippingMethod(name="UPS Ground"),
        email="jane@example.com",
        phone="5025550100",
        payment=Payment.PAID,
        warehouse_note="Ring twice",
        attributes={"Coupons": "TEN", "Channel": "1"},
        url="https://store-abc123xyz.mybigcommerce.com/manage/orders/100",
    )


def test_several_addresses_are_several_consignments():
    other = {"id": 2, **HOME, "first_name": "Ann", "state": "Texas", "shipping_method": "Next Day"}
    first = {"id": 1, **HOME, "shipping_method": "UPS Ground"}

    order = understood(an_order(a_line(11), a_line(12, sku="BLUE", order_address_id=2), addresses=[other, first]))

    assert [one.method.name for one in order.consignments] == ["UPS Ground", "Next Day"]
    assert [one.ship_to.name for one in order.consignments] == ["Jane Doe", "Ann Doe"]
    assert [(line.sku, line.consignment) for line in order.lines] == [("RED", 0), ("BLUE", 1)]
    assert order.consignments[0] == Consignment(order.ship_to, order.method)


def test_lines_that_need_no_shipping_are_left_out_with_their_reason():
    order = understood(
        an_order(a_line(11), a_line(12, sku="BOOK", type="digital"), a_line(13, sku="", name="Gift", type="giftcertificate"))
    )

    assert order.left_out == (LeftOut("2 × BOOK", "is downloaded"), LeftOut("2 × Gift", "is sent by e-mail"))
    assert order.units_to_ship == 2


def test_a_line_that_is_picked_up_is_not_shipped():
    payload = an_order()
    payload["consignments"]["pickups"] = [{"line_items": [a_line(12, order_pickup_method_id=4, order_address_id=0)]}]

    order = understood(payload)

    assert order.left_out == (LeftOut("2 × RED", "is picked up by the shopper"),)
    assert order.units_to_ship == 2


def test_an_order_of_downloads_alone_has_nowhere_to_go():
    order = understood(an_order(a_line(type="digital", order_address_id=0), addresses=[]))

    assert (order.ship_to, order.units_to_ship, len(order.lines)) == (None, 0, 1)


@pytest.mark.parametrize(
    ("shipped", "refunded", "left"), [(0, 0, 2), (1, 0, 1), (0, 1, 1), (1, 1, 0), (2, 1, 0), ("2", "0", 0), (0.0, 2.0, 0)]
)
def test_what_was_shipped_and_refunded_is_not_to_ship(shipped, refunded, left):
    order = understood(an_order(a_line(quantity_shipped=shipped, quantity_refunded=refunded)))

    assert [line.to_ship for line in order.lines] == [left]
    assert [line.ordered for line in order.lines] == [2]


@pytest.mark.parametrize(("status", "reason"), [(5, "cancelled"), (6, "declined"), (4, "refunded")])
def test_an_order_that_was_called_off_is_canceled_and_wants_nothing(status, reason):
    order = understood(an_order(status_id=status, custom_status=""))

    assert order.cancel_reason == reason
    assert order.canceled_at == order.updated_at
    assert order.units_to_ship == 0
    assert order.not_imported is None


def test_a_refund_of_what_has_left_is_no_cancellation():
    order = understood(an_order(a_line(quantity_shipped=2), status_id=4))

    assert (order.canceled_at, order.units_to_ship) == (None, 0)


def test_an_archived_order_is_canceled():
    assert understood(an_order(is_deleted=True)).cancel_reason == "archived in the store"


@pytest.mark.parametrize("status", [2, 10])
def test_an_order_set_to_shipped_by_hand_wants_nothing_more(status):
    order = understood(an_order(status_id=status))

    assert order.units_to_ship == 0
    assert order.canceled_at is None


@pytest.mark.parametrize("status", [12, 13])
def test_what_the_store_looks_into_first_is_held(status):
    order = understood(an_order(status_id=status, custom_status="Under review"))

    assert order.hold == Hold("Under review in the store.")
    assert order.not_imported is None


def test_a_refund_of_a_part_before_anything_left_waits_for_a_person():
    order = understood(an_order(a_line(quantity_refunded=1), status_id=14, custom_status="", date_shipped=""))

    assert order.hold == Hold(
        "Partially Refunded in the store before it shipped. Set its status back there, or release it, if the rest is to ship."
    )
    assert (order.not_imported, order.units_to_ship) == (None, 1)


@pytest.mark.parametrize(
    "change",
    [{"date_shipped": "Wed, 10 Jan 2018 21:05:30 +0000"}, {"line": a_line(quantity=3, quantity_shipped=1, quantity_refunded=1)}],
)
def test_a_refund_of_a_part_after_something_left_is_left_out(change):
    order = understood(an_order(change.pop("line", a_line()), status_id=14, custom_status="Partially Refunded", **change))

    assert order.hold is None
    assert order.not_imported == "Its status is Partially Refunded; this store imports Awaiting Fulfillment."


def test_a_status_that_is_imported_is_no_hold():
    assert understood(an_order(status_id=12), import_status="12").hold is None


@pytest.mark.parametrize("status", [1, 3, 7, 8, 9, 99])
def test_other_statuses_are_left_out_by_the_store_s_own_name(status):
    order = understood(an_order(status_id=status, custom_status="On its way"))

    assert order.not_imported == "Its status is On its way; this store imports Awaiting Fulfillment."


def test_the_test_gateway_makes_a_test_order():
    payload = an_order(payment_method="Test Payment Gateway")

    assert understood(payload).not_imported == "It is a test order, and this store does not import test orders."
    assert understood(payload, import_test_orders=True).not_imported is None


def test_an_old_order_is_left_out():
    order = understood(an_order(), accept_orders_after=datetime(2019, 1, 1, tzinfo=UTC))

    assert order.not_imported.startswith("It was placed before 2019-01-01 00:00 UTC")


def test_the_shopper_s_currency_is_not_the_order_s():
    assert understood(an_order()).currency == "USD"
    assert understood(an_order(default_currency_code=None)).currency == "EUR"


@pytest.mark.parametrize(
    ("status", "payment"),
    [
        ("authorized", Payment.AUTHORIZED),
        ("capture pending", Payment.PENDING),
        ("partially refunded", Payment.PARTIALLY_REFUNDED),
        ("void", Payment.VOIDED),
        ("", None),
        ("something new", None),
    ],
)
def test_the_payment_is_read_where_it_is_known(status, payment):
    assert understood(an_order(payment_status=status)).payment == payment


def test_what_is_missing_stays_missing():
    bare = dict.fromkeys(HOME, "") | {"id": 1, "shipping_method": "", "zip": None}

    order = understood(an_order(a_line(sku="", upc="", weight="0.0000"), addresses=[bare], billing_address=None))

    assert (order.ship_to, order.bill_to, order.email, order.method) == (Address(), None, None, ShippingMethod())
    assert (order.lines[0].sku, order.lines[0].barcode, order.lines[0].weight) == (None, None, None)


@pytest.mark.parametrize("name", ["Žofie Ångström", "山田 太郎", "محمد", "O’Brien 👕"])
def test_names_in_any_script_survive(name):
    order = understood(an_order(addresses=[{"id": 1, **HOME, "first_name": name, "last_name": "", "street_1": name}]))

    assert (order.ship_to.name, order.ship_to.lines[0]) == (name, name)


@pytest.mark.parametrize(
    ("state", "country", "region"),
    [("Texas", "US", "TX"), ("quebec", "CA", "QC"), ("TX", "US", "TX"), ("Bavaria", "DE", "Bavaria"), ("", "US", None)],
)
def test_states_become_codes_where_there_are_well_known_ones(state, country, region):
    order = understood(an_order(addresses=[{"id": 1, **HOME, "state": state, "country_iso2": country}]))

    assert order.ship_to.region == region


def test_answers_of_the_old_kind_put_consignments_into_a_list():
    payload = an_order()
    payload["consignments"] = [{**payload["consignments"], "email": []}]

    assert understood(payload).units_to_ship == 2


def test_lines_read_in_a_call_of_their_own_come_first():
    order = understood(an_order(products=[a_line(11), a_line(12)], shipping_addresses=[{"id": 1, **HOME}]))

    assert [line.external_id for line in order.lines] == ["11", "12"]


def test_an_order_that_staff_entered_without_a_method_has_none():
    order = understood(an_order(addresses=[{"id": 1, **HOME, "shipping_method": "None"}]))

    assert order.method == ShippingMethod()


def test_what_hangs_together_and_what_was_asked_is_carried():
    line = a_line(parent_order_product_id=10, wrapping_message="Love", event_name="Delivery", event_date="2018-02-01")
    payload = an_order(line, external_order_id="PO-7", staff_notes="Fragile", external_source="ebay")
    payload["billing_address"]["form_fields"] = [{"name": "Gate code", "value": 77}, {"name": "Days", "value": ["Mon", "Tue"]}]

    order = understood(payload)

    assert (order.lines[0].kit_parent, order.lines[0].options, order.gift_message) == ("10", {"Delivery": "2018-02-01"}, "Love")
    assert order.customer_po == "PO-7"
    assert order.attributes["Gate code"] == "77"
    assert order.attributes["Days"] == "Mon, Tue"
    assert order.attributes["Staff notes"] == "Fragile"
    assert order.attributes["Source"] == "ebay"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total_inc_tax": "much"}, "total_inc_tax"),
        ({"total_inc_tax": 1e300}, "total_inc_tax"),
        ({"date_created": "yesterday"}, "date_created"),
        ({"date_created": None}, "date_created"),
        ({"default_currency_code": "", "currency_code": None}, "default_currency_code"),
        ({"consignments": {"url": "https://api.example.com/c", "resource": "/c"}}, "products"),
    ],
)
def test_what_cannot_be_read_is_named(change, field):
    with pytest.raises(InvalidData) as caught:
        understood(an_order(**change))

    assert caught.value.field == field
