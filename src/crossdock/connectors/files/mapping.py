"""What an order means in a file: a request to ship as one PH row and its PD rows.

Columns are those of the exchange that README.md describes; `COLUMNS` is the table, in order.
"""

import re
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal

from crossdock.connectors.files.reference import fits
from crossdock.connectors.files.settings import Settings
from crossdock.connectors.kit.errors import InvalidData
from crossdock.domain.fulfillment import FulfillmentRequest, RequestLine
from crossdock.domain.orders import Address, BillingKind, ShippingMethod
from crossdock.formats.delimited import Unwritable, for_machines

BOTH = (1, 2, 3)

COLUMNS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("record", BOTH),
    ("order_number", BOTH),
    ("customer_po", BOTH),
    ("email", (2, 3)),
    ("ship_to_name", BOTH),
    ("ship_to_address1", BOTH),
    ("ship_to_address2", BOTH),
    ("ship_to_city", BOTH),
    ("ship_to_state", BOTH),
    ("ship_to_zip", BOTH),
    ("ship_to_country", BOTH),
    ("attention", BOTH),
    ("phone", BOTH),
    ("bill_to_name", BOTH),
    ("bill_to_address1", BOTH),
    ("bill_to_address2", BOTH),
    ("bill_to_city", BOTH),
    ("bill_to_state", BOTH),
    ("bill_to_zip", BOTH),
    ("bill_to_country", BOTH),
    ("ship_method", BOTH),
    ("payment_type", BOTH),
    ("bill_account", BOTH),
    ("order_date", BOTH),
    ("source_code", BOTH),
    ("notes", BOTH),
    ("facility", (3,)),
)
"""Columns of a PH row, each with the versions that have it."""

TAKES = frozenset(
    {
        "reference",
        "placed_at",
        "customer_po",
        "email",
        "ship_to",
        "bill_to",
        "phone",
        "method",
        "billing",
        "warehouse_note",
        "packing_slip_note",
        "gift_message",
        "lines.sku",
        "lines.quantity",
        "lines.unit_price",
        "facility",
    }
)
"""What of a canonical order the file carries."""

_STATES_NEEDED = frozenset({"US", "CA", "AU"})
_FIELDS = {
    "ship_to_name": "ship_to.name",
    "ship_to_address1": "ship_to.lines",
    "ship_to_address2": "ship_to.lines",
    "ship_to_city": "ship_to.city",
    "ship_to_state": "ship_to.region",
    "ship_to_zip": "ship_to.postal_code",
    "ship_to_country": "ship_to.country",
    "phone": "ship_to.phone",
    "ship_method": "method",
}


def file_of(requests: Sequence[FulfillmentRequest], settings: Settings) -> bytes:
    """An order file, the same bytes whenever it is made from the same requests. Raises as `rows_of`."""
    rows: list[list[str]] = []
    for request in requests:
        made = rows_of(request, settings)
        try:
            for_machines(made, delimiter=settings.separator, encoding=settings.encoding)
        except Unwritable as error:
            names = [name for name, versions in COLUMNS if settings.order_version in versions]
            name = names[error.field] if made and error.field < len(names) else "lines"
            message = (
                f"{_spoken(name)} holds “{error.character}”, which files in {settings.encoding.upper()} cannot carry. "
                "Change it, or set the encoding to UTF-8 if the warehouse reads that."
            )
            raise InvalidData(message, field=_FIELDS.get(name, name)) from error
        rows += made
    return for_machines(rows, delimiter=settings.separator, encoding=settings.encoding)


def rows_of(request: FulfillmentRequest, settings: Settings) -> list[list[str]]:
    """The PH row and PD rows of one request.

    With a company, the company is the ship-to name and the person the attention. Line breaks become blanks, since many warehouses
    read line by line. Raises InvalidData naming what is missing or does not fit; nothing is ever cut.
    """
    if not fits(request.reference):
        message = (
            f"The warehouse takes letters, digits, dashes and underscores in order numbers; “{request.reference}” has others."
        )
        raise InvalidData(message, field="reference")
    if not request.lines:
        raise InvalidData("There is nothing to ship in this order.", field="lines")
    order = request.order
    bill_to = order.bill_to or Address()
    bill_lines = _two_lines(bill_to.lines, 0)
    kind, account = _billing(order.method, settings)
    values = {
        "record": "PH",
        "order_number": request.reference,
        "customer_po": order.customer_po,
        "email": order.email or request.ship_to.email,
        **_ship_to(request.ship_to, settings),
        "phone": request.ship_to.phone or order.phone,
        "bill_to_name": bill_to.company or bill_to.name,
        "bill_to_address1": bill_lines[0],
        "bill_to_address2": bill_lines[1],
        "bill_to_city": bill_to.city,
        "bill_to_state": bill_to.region,
        "bill_to_zip": bill_to.postal_code,
        "bill_to_country": bill_to.country,
        "ship_method": _method(order.method, settings),
        "payment_type": kind,
        "bill_account": account,
        "order_date": order.placed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source_code": settings.source_code,
        "notes": _notes(request),
        "facility": request.facility or settings.facility,
    }
    head = [_flat(values[name]) for name, versions in COLUMNS if settings.order_version in versions]
    return [head, *(_line(request.reference, line) for line in request.lines)]


def mark_of(request: FulfillmentRequest) -> str:
    """The part of our mark that stands at the end of the notes: enough to tell our files from planted ones by eye."""
    return f"[{request.mark[:12]}]"


def decimal_text(value: Decimal) -> str:
    """A number as files carry it: plain, never 1E+05, whole numbers without places."""
    return f"{value.to_integral_value():f}" if value == value.to_integral_value() else f"{value.normalize():f}"


def _line(reference: str, line: RequestLine) -> list[str]:
    if line.quantity <= 0:
        raise InvalidData(f"Line {line.number} ({line.sku}) asks for {decimal_text(line.quantity)} units.", field="lines")
    if not line.sku.strip():
        raise InvalidData(f"Line {line.number} has no SKU. Give the product one, then Reprocess.", field="lines.sku")
    price = "" if line.unit_price is None else f"{line.unit_price:.2f}" if line.unit_price == round(line.unit_price, 2) else ""
    if line.unit_price is not None and not price:
        price = decimal_text(line.unit_price)
    return ["PD", reference, str(line.number), _flat(line.sku), decimal_text(line.quantity), price]


def _ship_to(address: Address, settings: Settings) -> dict[str, str | None]:
    country = (address.country or "").strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise InvalidData("The country of the address is missing or no two-letter code. Correct it.", field="ship_to.country")
    name = address.company or address.name
    for value, field, what in (
        (name, "name", "a name"),
        (next((line for line in address.lines if line.strip()), None), "lines", "a street"),
        (address.city, "city", "a city"),
        (address.postal_code, "postal_code", "a postal code"),
        (address.region if country in _STATES_NEEDED else "-", "region", "a state or province"),
    ):
        if not (value and value.strip()):
            raise InvalidData(f"The address lacks {what}, which this warehouse needs. Add it.", field=f"ship_to.{field}")
    first, second = _two_lines(address.lines, settings.address_length)
    return {
        "ship_to_name": name,
        "ship_to_address1": first,
        "ship_to_address2": second,
        "ship_to_city": address.city,
        "ship_to_state": address.region,
        "ship_to_zip": address.postal_code,
        "ship_to_country": country,
        "attention": address.name if address.company and address.name != address.company else "",
    }


def _two_lines(lines: Sequence[str], longest: int) -> tuple[str, str]:
    """An address in the two lines there are; words move down where a line is too long. `longest` 0 means no limit."""
    given = [flat for line in lines if (flat := _flat(line))]
    first, second = given[0] if given else "", ", ".join(given[1:])
    if not longest or (len(first) <= longest and len(second) <= longest):
        return first, second
    words, rows = ", ".join(given).split(" "), [""]
    for word in words:
        longer = f"{rows[-1]} {word}".strip()
        if len(longer) <= longest or not rows[-1]:
            rows[-1] = longer
        else:
            rows.append(word)
    if len(rows) <= 2 and all(len(row) <= longest for row in rows):
        return (rows[0].rstrip(","), rows[1]) if len(rows) == 2 else (rows[0], "")
    place, text = max(enumerate((first, second), 1), key=lambda pair: len(pair[1]))
    more = f" with lines 2 to {len(given)} together" if place == 2 and len(given) > 2 else ""
    message = f"Address line {place}{more} is {len(text)} characters; this warehouse takes {longest} in each of two. Shorten it."
    raise InvalidData(message, field="ship_to.lines")


def _method(method: ShippingMethod, settings: Settings) -> str:
    code = method.service or method.scac or method.code or method.name or settings.default_method
    if not code.strip():
        message = "The order names no shipping method. Set a usual one in the warehouse's settings, then Reprocess."
        raise InvalidData(message, field="method")
    return code


def _billing(method: ShippingMethod, settings: Settings) -> tuple[str, str]:
    codes = {
        BillingKind.PREPAID: settings.code_prepaid,
        BillingKind.COLLECT: settings.code_collect,
        BillingKind.RECIPIENT: settings.code_collect,
        BillingKind.THIRD_PARTY: settings.code_third_party,
    }
    if method.billing is None:
        return codes[BillingKind(settings.billing)], ""
    return codes[method.billing.kind], method.billing.account or ""


def _notes(request: FulfillmentRequest) -> str:
    order = request.order
    gift = f"Gift message: {order.gift_message}" if order.gift_message else None
    return " / ".join(part for part in (order.warehouse_note, order.packing_slip_note, gift, mark_of(request)) if part)


def _flat(value: str | None) -> str:
    """One line without control characters; blanks inside stay as they are except where a line broke."""
    return re.sub(r"\s*[\r\n\v\f\x85\u2028\u2029]+\s*|[\x00-\x1f\x7f]", " ", value or "").strip()


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()
