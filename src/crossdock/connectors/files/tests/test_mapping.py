"""What an order means in a file."""

from decimal import Decimal

import msgspec
import pytest

from crossdock.connectors.files.mapping import COLUMNS, file_of, rows_of
from crossdock.connectors.files.tests.examples import JANE, a_request, an_order, folder_settings
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.orders import Address, BillingKind, FreightBilling, ShippingMethod


def head(request=None, **settings) -> dict[str, str]:
    """The PH row by column names."""
    made = folder_settings(**settings)
    row = rows_of(request or a_request(), made)[0]
    names = [name for name, versions in COLUMNS if made.order_version in versions]
    assert len(names) == len(row)
    return dict(zip(names, row, strict=True))


def to(**changes):
    return a_request(ship_to=msgspec.structs.replace(JANE, **changes))


def fault(request, **settings) -> tuple[str | None, str]:
    with pytest.raises(InvalidData) as error:
        file_of([request], folder_settings(**settings))
    return error.value.field, error.value.message


def test_a_whole_order_in_the_default_version():
    assert file_of([a_request()], folder_settings()).decode() == (
        '"PH","1001","PO-77","jane@example.com","Jane Doe","12 Mill Road","Unit 4","Louisville","KY","40202","US","","502-555-0100",'
        '"","","","","","","","UPS-GROUND","P","","2026-01-30T08:15:00Z","","[0123456789ab]"\r\n'
        '"PD","1001","1","SKU-1","1","9.50"\r\n'
        '"PD","1001","2","SKU-2","2","9.50"\r\n'
    )


@pytest.mark.parametrize(("version", "fields"), [(1, 25), (2, 26), (3, 27)])
def test_versions_differ_by_email_and_facility(version, fields):
    row = head(a_request(facility="7"), order_version=version)

    assert len(row) == fields
    assert ("email" in row, row.get("facility")) == (version > 1, "7" if version == 3 else None)


def test_the_facility_of_the_settings_fills_in():
    assert head(order_version=3, facility="9")["facility"] == "9"


def test_a_company_is_the_name_and_the_person_the_attention():
    row = head(to(company="Doe Ltd"))

    assert (row["ship_to_name"], row["attention"]) == ("Doe Ltd", "Jane Doe")


def test_the_bill_to_address_comes_along():
    bill_to = Address(name="Books", lines=("1 Elm St",), city="Reno", region="NV", postal_code="89501", country="US")

    row = head(a_request(order=an_order(bill_to=bill_to)))

    assert (row["bill_to_name"], row["bill_to_address1"], row["bill_to_city"], row["bill_to_zip"]) == (
        "Books",
        "1 Elm St",
        "Reno",
        "89501",
    )


@pytest.mark.parametrize(
    ("kind", "code"),
    [(BillingKind.PREPAID, "P"), (BillingKind.COLLECT, "C"), (BillingKind.RECIPIENT, "C"), (BillingKind.THIRD_PARTY, "T")],
)
def test_who_pays_is_a_code_with_the_account(kind, code):
    method = ShippingMethod(service="X", billing=FreightBilling(kind, account="A1"))

    row = head(a_request(order=an_order(method=method)))

    assert (row["payment_type"], row["bill_account"]) == (code, "A1")


def test_codes_and_the_default_payer_are_settings():
    assert head(billing="third_party", code_third_party="3P")["payment_type"] == "3P"


def test_notes_keep_to_one_line_and_end_in_our_mark():
    order = an_order(warehouse_note="Leave at\r\nthe dock", gift_message="Happy\nbirthday")

    assert head(a_request(order=order))["notes"] == "Leave at the dock / Gift message: Happy birthday / [0123456789ab]"


def test_three_address_lines_become_two():
    row = head(to(lines=("12 Mill Road", "Building C", "Unit 4")))

    assert (row["ship_to_address1"], row["ship_to_address2"]) == ("12 Mill Road", "Building C, Unit 4")


def test_words_move_to_the_second_line_where_the_first_is_too_long():
    row = head(to(lines=("1200 Upper Mill Road North Building C", "Unit 4")), address_length=30)

    assert (row["ship_to_address1"], row["ship_to_address2"]) == ("1200 Upper Mill Road North", "Building C, Unit 4")


def test_an_address_that_fits_in_no_way_is_an_error_with_figures():
    field, message = fault(to(lines=("12 Mill Road", "B" * 61)), address_length=40)

    assert field == "ship_to.lines"
    assert message == "Address line 2 is 61 characters; this warehouse takes 40 in each of two. Shorten it."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": None}, "ship_to.country"),
        ({"country": "USA"}, "ship_to.country"),
        ({"city": " "}, "ship_to.city"),
        ({"postal_code": None}, "ship_to.postal_code"),
        ({"region": None}, "ship_to.region"),
        ({"lines": ()}, "ship_to.lines"),
        ({"name": None}, "ship_to.name"),
    ],
)
def test_what_the_address_lacks_is_named(changes, field):
    assert fault(to(**changes))[0] == field


def test_a_state_is_asked_for_only_where_there_are_states():
    assert head(to(country="DE", region=None))["ship_to_state"] == ""


@pytest.mark.parametrize("reference", ["#1001", "10 01", "A~1", "Ä1", ""])
def test_an_order_number_the_format_cannot_carry_is_refused_and_not_cut(reference):
    assert fault(a_request(reference))[0] == "reference"


def test_an_order_without_method_or_sku_or_lines_is_refused():
    assert fault(a_request(order=an_order(method=ShippingMethod())))[0] == "method"
    line = a_request().lines[0]
    assert fault(a_request(lines=0))[0] == "lines"
    for changes, field in (({"sku": " "}, "lines.sku"), ({"quantity": Decimal(0)}, "lines")):
        broken = msgspec.structs.replace(a_request(), lines=(msgspec.structs.replace(line, **changes),))
        assert fault(broken)[0] == field


def test_a_character_the_encoding_lacks_names_its_field():
    field, message = fault(to(name="Zoë ☺"), encoding="cp1252")

    assert field == "ship_to.name"
    assert "☺" in message


@pytest.mark.parametrize(
    ("quantity", "text"),
    [("1", "1"), ("10", "10"), ("100000", "100000"), ("1E+5", "100000"), ("2.50", "2.5"), ("0.125", "0.125")],
)
def test_quantities_are_plain_numbers(quantity, text):
    line = msgspec.structs.replace(a_request().lines[0], quantity=Decimal(quantity))

    row = rows_of(msgspec.structs.replace(a_request(), lines=(line,)), folder_settings())[1]

    assert row[4] == text


def test_prices_have_cents_and_keep_finer_parts():
    line = a_request().lines[0]
    prices = [Decimal("9.5"), Decimal("0.125"), None]
    lines = tuple(msgspec.structs.replace(line, unit_price=price) for price in prices)

    rows = rows_of(msgspec.structs.replace(a_request(), lines=lines), folder_settings())

    assert [row[5] for row in rows[1:]] == ["9.50", "0.125", ""]


def test_values_that_look_like_formulas_are_sent_as_they_are():
    assert head(to(name="=SUM(A1)"))["ship_to_name"] == "=SUM(A1)"


def test_quotes_and_delimiters_inside_values_are_kept():
    content = file_of([a_request(ship_to=msgspec.structs.replace(JANE, name='5" "A", B'))], folder_settings())

    assert b'"5"" ""A"", B"' in content
