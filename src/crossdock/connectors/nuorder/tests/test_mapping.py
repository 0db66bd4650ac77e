"""What an order means: one line a size, a ship window, an address completed, and nothing guessed."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.nuorder.mapping import own_fields, to_order
from crossdock.connectors.nuorder.payloads import NuCompany, NuPerson
from crossdock.connectors.nuorder.places import country_code, region_code
from crossdock.connectors.nuorder.standing import note_line
from crossdock.connectors.nuorder.tests.examples import ADDRESS, a_line, an_order, settings, typed
from crossdock.domain.orders import Address, Order, OrderLine, Retail


def order_of(**more):
    return to_order(typed(an_order(**more)), settings())


def test_a_whole_order():
    company = NuCompany(
        phone="+1 555 0199", payment_terms="Net 30", buyers=(NuPerson("Robin Bloom", phone_office="+1 555 0100"),)
    )

    order = to_order(typed(an_order()), settings(), company=company, names={f"{1042:024x}": "Canvas shirt"}, more={"gate": "4"})

    place = Address(
        name="Robin Bloom",
        company="Corner Store",
        lines=("1 Main Street", "Suite 2"),
        city="Lexington",
        region="KY",
        postal_code="40507",
        country="US",
        phone="+1 555 0100",
        email="robin@example.com",
    )
    assert order == Order(
        external_id="65f2a1b0a01ceed965000001",
        number="100505",
        placed_at=datetime(2024, 3, 14, 7, 3, 28, tzinfo=UTC),
        updated_at=datetime(2024, 3, 15, 10, 0, 0, 500_000, tzinfo=UTC),
        currency="USD",
        lines=(
            OrderLine(
                external_id=f"{1042:024x}:M",
                sku="099999000016",
                name="Canvas shirt Red M",
                ordered=Decimal(2),
                to_ship=Decimal(2),
                unit_price=Decimal("12.5"),
                variant_id=f"{1042:024x}:M",
                barcode="099999000016",
                location="Wholesale",
                options={"style": "1042", "color": "Red", "size": "M", "season": "FW26", "warehouse": "Wholesale"},
            ),
        ),
        grand_total=Decimal(25),
        ship_to=place,
        bill_to=place,
        email="robin@example.com",
        phone="+1 555 0100",
        customer_po="PO-77",
        ship_not_before=datetime(2024, 4, 1, tzinfo=UTC),
        cancel_after=date(2024, 4, 30),
        warehouse_note="Call before delivery",
        attributes={"gate": "4"},
        retail=Retail(retailer_number="C-100", store_number="4711", terms="Net 30"),
    )


def test_each_size_is_a_line_of_its_own():
    line = a_line(sizes=[("S", 1, 10, "099999000016"), ("M", 2, 10, "099999000023"), ("L", 3, 10.1, None)])

    order = order_of(line_items=[line, a_line("77")])

    assert [(one.options["size"], one.ordered, one.unit_price) for one in order.lines] == [
        ("S", 1, Decimal(10)),
        ("M", 2, Decimal(10)),
        ("L", 3, Decimal("10.1")),
        ("M", 2, Decimal("12.5")),
    ]
    assert len({one.external_id for one in order.lines}) == 4


def test_a_size_without_upc_is_known_by_style_color_and_size():
    order = order_of(line_items=[a_line(sizes=[("M", 2, 12.5, None)])])

    assert order.lines[0].sku == "1042-Red-M"
    assert order.lines[0].barcode is None


def test_a_store_may_go_by_style_throughout():
    order = to_order(typed(an_order()), settings(sku_from="style"))

    assert order.lines[0].sku == "1042-Red-M"


def test_the_same_product_and_size_twice_stays_two_lines():
    order = order_of(line_items=[a_line(warehouse="East"), a_line(warehouse="West", prebook=True)])

    assert [line.location for line in order.lines] == ["East", "West"]
    assert len({line.external_id for line in order.lines}) == 2
    assert order.lines[1].options["prebook"] == "yes"


def test_the_lines_own_id_counts_where_the_portal_gives_one():
    order = order_of(line_items=[a_line(id="line-1")])

    assert order.lines[0].external_id == "line-1:M"


def test_what_shipment_records_show_has_left():
    record = {
        "type": "UPS",
        "tracking_numbers": ["1Z1"],
        "line_items": [{"id": f"{1042:024x}", "sizes": [{"size": "M", "quantity": 1}]}],
    }

    order = order_of(shipments=[record])

    assert (order.lines[0].ordered, order.lines[0].to_ship) == (2, 1)
    assert [(part.what, part.why) for part in order.left_out] == [("1 × 099999000016", "already shipped")]


def test_what_our_notes_show_has_left_and_people_do_not_read_it_again():
    line = note_line("3fb1c2d4", day=date(2024, 4, 2), carrier="UPS", numbers=["1Z1"], units={"099999000016": Decimal(1)})

    order = order_of(notes=f"Call before delivery\n{line}")

    assert order.lines[0].to_ship == 1
    assert order.warehouse_note == "Call before delivery"


def test_a_shipment_that_was_canceled_by_a_note_gives_its_units_back():
    record = {"tracking_numbers": ["1Z1"], "line_items": [{"id": f"{1042:024x}", "sizes": [{"size": "M", "quantity": 2}]}]}

    order = order_of(shipments=[record], notes="Crossdock shipment 1Z1 canceled")

    assert order.lines[0].to_ship == 2


def test_a_canceled_order_has_nothing_to_ship():
    order = order_of(status="cancelled")

    assert order.canceled_at == order.updated_at
    assert order.units_to_ship == 0
    assert order.not_imported is None


@pytest.mark.parametrize("status", ["draft", "review", "pending", "processed", "shipped"])
def test_other_statuses_than_those_that_are_imported_are_kept_with_a_sentence(status):
    order = order_of(status=status)

    assert order.not_imported == f"Its status is {status.capitalize()}; this store imports Approved."


def test_a_chosen_status_is_imported():
    order = to_order(typed(an_order(status="pending")), settings(import_statuses=("approved", "pending")))

    assert order.not_imported is None


def test_units_that_were_cancelled_without_saying_which_hold_the_order():
    order = order_of(total_quantity=1, __cancelled_units=1)

    assert order.hold is not None
    assert "1 units are cancelled, but not which" in order.hold.reason


def test_units_that_were_cancelled_and_taken_off_the_lines_hold_nothing():
    assert order_of(total_quantity=2, __cancelled_units=1).hold is None


@pytest.mark.parametrize(
    "missing", ["shipping_address", "billing_address", "retailer", "total", "notes", "start_ship", "order_tags"]
)
def test_what_is_missing_stays_missing(missing):
    payload = an_order()
    del payload[missing]

    order = to_order(typed(payload), settings())

    assert order.number == "100505"
    if missing == "shipping_address":
        assert order.ship_to is None
    if missing == "retailer":
        assert order.ship_to.name is None
        assert order.ship_to.company is None


def test_empty_texts_are_nothing():
    order = order_of(
        customer_po_number="", end_ship="", notes="", retailer={"_id": "5" * 24, "retailer_name": "", "buyer_name": ""}
    )

    assert (order.customer_po, order.cancel_after, order.warehouse_note, order.ship_to.name) == (None, None, None, None)


def test_a_country_nobody_knows_is_missing_and_kept_as_typed():
    order = order_of(shipping_address={**ADDRESS, "country": "Ruritania"})

    assert order.ship_to.country is None
    assert order.attributes["ship_to_country"] == "Ruritania"


@pytest.mark.parametrize(
    ("typed_in", "code"),
    [
        ("USA", "US"), ("U.S.A.", "US"), ("United States of America", "US"), ("united states", "US"), ("us", "US"), ("Poland", "PL"),
        ("POL", "PL"), ("UK", "GB"), ("Great Britain", "GB"), ("Côte d'Ivoire", "CI"), ("Korea", "KR"), ("The Netherlands", "NL"),
        ("Türkiye", "TR"), ("Réunion", "RE"), ("Hong Kong", "HK"), ("", None), (None, None), ("Narnia", None),
    ],
)  # fmt: skip
def test_countries_are_understood_as_people_type_them(typed_in, code):
    assert country_code(typed_in) == code


def test_states_become_codes_where_carriers_want_them():
    assert region_code("new york", "US") == "NY"
    assert region_code("n.y.", "US") == region_code("ny", "US") == "NY"
    assert region_code("NY", "DE") == "NY"
    assert region_code("Québec", "CA") == "QC"
    assert region_code("Wielkopolskie", "PL") == "Wielkopolskie"


def test_money_in_numbers_and_texts_is_exact():
    line = a_line(sizes=[{"size": "M", "quantity": 1, "price": 0.1, "original_price": 0.3}], item_price_after_discount="$0.10")

    order = order_of(line_items=[line], total=0.1, order_discounts={"total_applied": "12.30", "surcharge": "0"})

    assert (order.lines[0].unit_price, order.grand_total, order.discount_total) == (
        Decimal("0.1"),
        Decimal("0.1"),
        Decimal("12.30"),
    )


def test_a_split_order_keeps_its_suffix_and_its_group():
    order = order_of(order_number="100589-2", split=True, order_group_id="g1")

    assert order.number == "100589-2"
    assert (order.attributes["split"], order.attributes["order_group"]) == ("yes", "g1")


def test_fields_of_the_brands_own_are_kept():
    raw = msgspec.json.encode(an_order(dock_door="7", vip=True, __secret="x", weights=[1], easy_order_ready=False, terms_code=30))

    assert own_fields(raw) == {"dock_door": "7", "terms_code": "30"}


def test_names_in_any_script_survive():
    retailer = {"retailer_name": "株式会社カフェ", "buyer_name": "Zoë Åström 👩🏽"}

    order = order_of(retailer=retailer, shipping_address={**ADDRESS, "line_1": "شارع الملك", "city": "Łódź"})

    assert (order.ship_to.company, order.ship_to.name) == ("株式会社カフェ", "Zoë Åström 👩🏽")
    assert (order.ship_to.lines[0], order.ship_to.city) == ("شارع الملك", "Łódź")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_number": ""}, "order_number"),
        ({"currency_code": ""}, "currency_code"),
        ({"created_on": "yesterday"}, "created_on"),
        ({"start_ship": "soon"}, "start_ship"),
        ({"line_items": [a_line(sizes=[{"size": "M", "quantity": 1, "price": 1e30}])]}, "line_items[0].sizes[0].price"),
    ],
)
def test_what_cannot_be_read_names_its_field(change, field):
    with pytest.raises(InvalidData) as caught:
        order_of(**change)

    assert caught.value.field == field
