"""What is about a person is marked where it is declared, and goes; the rest of a record stays as it was."""

from datetime import UTC, datetime
from decimal import Decimal

from crossdock.domain.orders import Address, Consignment, Customs, Order, OrderLine, Retail, ShippingMethod
from crossdock.domain.personal import erased, marked, said_of_person

ADA = Address(name="Ada Marsh", lines=("114 Riverside Drive",), city="Reno", postal_code="89501", country="US", phone="555")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
LINE = OrderLine("1", "BLUE-M", "Shirt", Decimal(2), Decimal(1), options={"Engraving": "For Ada"}, note="wrap it")
ORDER = Order(
    external_id="9",
    number="#9",
    placed_at=NOW,
    updated_at=NOW,
    currency="USD",
    lines=(LINE,),
    ship_to=ADA,
    consignments=(Consignment(ADA, ShippingMethod(name="Ground")),),
    email="ada@example.com",
    gift_message="With love",
    tags=("vip",),
    retail=Retail(mark_for="Ada", store_number="12"),
    customs=Customs(incoterm="DDP", vat="DE1"),
)


def test_everything_about_a_person_goes_and_numbers_quantities_and_the_country_stay():
    bare = erased(ORDER)

    assert said_of_person(bare) == set()
    assert (bare.number, bare.external_id, bare.lines[0].sku, bare.lines[0].ordered) == ("#9", "9", "BLUE-M", 2)
    assert bare.ship_to == Address(country="US")
    assert bare.consignments[0] == Consignment(Address(country="US"), ShippingMethod(name="Ground"))
    assert (bare.retail, bare.customs) == (Retail(store_number="12"), Customs(incoterm="DDP"))


def test_erasing_twice_is_erasing_once():
    assert erased(erased(ORDER)) == erased(ORDER)


def test_every_text_about_a_person_is_told():
    assert said_of_person(ORDER) == {
        *("Ada Marsh", "114 Riverside Drive", "Reno", "89501", "555", "ada@example.com", "With love", "vip", "Ada", "DE1"),
        *("For Ada", "wrap it"),
    }


def test_marks_are_read_from_the_declaration():
    assert {"name", "lines", "email"} <= marked(Address)
    assert "country" not in marked(Address)
