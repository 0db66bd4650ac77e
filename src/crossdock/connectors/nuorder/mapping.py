"""What a NuORDER order means to a warehouse: one line a size, a ship window, and an address that has to be completed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.json import decode as decode_json

from crossdock.connectors.kit.decoding import amount, decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.nuorder.payloads import NuAddress, NuCompany, NuOrder, text
from crossdock.connectors.nuorder.places import country_code, region_code
from crossdock.connectors.nuorder.settings import Settings, label_of
from crossdock.connectors.nuorder.standing import Piece, SkuOf, barcode, notes_of_people, pieces_of, shipped, standing
from crossdock.domain.orders import Address, Hold, LeftOut, Order, OrderLine, Retail

CANCELED = "cancelled"
SHIPPED = "shipped"

_PLUMBING = frozenset(
    {
        "schema_id",
        "buyer_submitted",
        "collaborative_draft",
        "easy_order_ready",
        "easy_order_viewed",
        "edited_on",
        "existing_pdf_linesheet",
        "existing_pdf_original",
    }
)
"""Fields of the portal's own working, of no use to a warehouse."""


def read_order(raw: bytes) -> NuOrder:
    """Decode one order. Raises InvalidData."""
    return decode(raw, NuOrder, what="The order")


def to_order(
    nu: NuOrder,
    settings: Settings | None = None,
    *,
    company: NuCompany | None = None,
    names: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Order:
    """Map one order, each size of each line item a line.

    `company` is the retailer's record, which knows what the address lacks; `names` are product names by id; `more` are the brand's
    own fields. What is to ship is what was ordered less what shipment records and our notes say left. Without settings nothing is
    left out by status. The start of the ship window is `ship_not_before`, its end `cancel_after`. Tax, freight and carrier are not
    part of a NuORDER order. Raises InvalidData when a required value is missing or cannot be read.
    """
    number = text(nu.order_number)
    if not number:
        raise InvalidData("order_number is missing.", field="order_number")
    placed = moment(nu.created_on, "created_on") or placed_by_id(nu.id)
    if placed is None:
        raise InvalidData("created_on is missing.", field="created_on")
    if not nu.currency_code:
        raise InvalidData("currency_code is missing.", field="currency_code")
    status = nu.status.lower()
    changed = moment(nu.modified_on, "modified_on") or placed
    pieces = pieces_of(nu, SkuOf(settings.sku_from if settings is not None else "upc"))
    gone = shipped(standing(nu, pieces))
    is_done = status in (CANCELED, SHIPPED)
    lines = tuple(_line(nu, piece, gone.get(piece.id, Decimal(0)), is_done, names or {}) for piece in pieces)
    starts = moment(nu.start_ship, "start_ship")
    ends = moment(nu.end_ship, "end_ship")
    retailer = nu.retailer
    return Order(
        external_id=nu.id,
        number=number,
        placed_at=placed,
        updated_at=changed,
        currency=nu.currency_code.upper(),
        lines=lines,
        grand_total=amount(nu.total, field="total"),
        discount_total=_decimal((nu.order_discounts or {}).get("total_applied")),
        ship_to=address(nu, nu.shipping_address, company),
        bill_to=address(nu, nu.billing_address, company),
        email=text(retailer.buyer_email) if retailer is not None else None,
        phone=_phone(nu, company),
        customer_po=text(nu.customer_po_number),
        ship_not_before=starts,
        cancel_after=ends.date() if ends is not None else None,
        hold=None if is_done else _hold(nu),
        canceled_at=changed if status == CANCELED else None,
        warehouse_note=notes_of_people(nu.notes),
        tags=tuple(str(tag.get("name", "") if isinstance(tag, dict) else tag) for tag in nu.order_tags or () if tag),
        attributes=_attributes(nu, more or {}),
        retail=Retail(
            retailer_number=text(retailer.retailer_code) if retailer is not None else None,
            store_number=text(nu.shipping_address.code) if nu.shipping_address is not None else None,
            terms=text(company.payment_terms) if company is not None else None,
        ),
        left_out=_left_out(pieces, gone, status),
        not_imported=_not_imported(nu, settings, placed) if settings is not None else None,
    )


def moment(value: str | None, field: str) -> datetime | None:
    """A moment in UTC; None for nothing. Raises InvalidData."""
    if not value or not value.strip():
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        raise InvalidData(f"{field} is not a date: {value[:40]!r}.", field=field) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def placed_by_id(external_id: str) -> datetime | None:
    """When a record was made, from the first eight digits of its id; None for ids of another kind."""
    if len(external_id) != 24:
        return None
    try:
        return datetime.fromtimestamp(int(external_id[:8], 16), UTC)
    except ValueError:
        return None


def address(nu: NuOrder, given: NuAddress | None, company: NuCompany | None) -> Address | None:
    """An address, with the retailer and its buyer as company and name: NuORDER's addresses have neither. None when there is none.

    A country that is not recognized stays missing, and is kept as typed among the order's attributes.
    """
    if given is None:
        return None
    country = country_code(text(given.country))
    found = Address(
        lines=tuple(line for line in (text(given.line_1), text(given.line_2)) if line),
        city=text(given.city),
        region=region_code(text(given.state), country),
        postal_code=text(given.zip),
        country=country,
    )
    if found == Address():
        return None
    retailer = nu.retailer
    return Address(
        name=(text(retailer.buyer_name) if retailer is not None else None),
        company=(text(retailer.retailer_name) if retailer is not None else None) or (text(company.name) if company else None),
        lines=found.lines,
        city=found.city,
        region=found.region,
        postal_code=found.postal_code,
        country=found.country,
        phone=_phone(nu, company),
        email=text(retailer.buyer_email) if retailer is not None else None,
    )


def own_fields(raw: bytes) -> dict[str, str]:
    """Fields that the brand added to its orders: plain values under names that are not NuORDER's own."""
    try:
        plain = decode_json(raw)
    except ValueError:
        return {}
    if not isinstance(plain, dict):
        return {}
    known = {*NuOrder.__struct_encode_fields__, *_PLUMBING}
    return {
        name: str(value)
        for name, value in plain.items()
        if name not in known
        and not name.startswith("__")
        and isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and value != ""
    }


def _line(nu: NuOrder, piece: Piece, gone: Decimal, is_done: bool, names: Mapping[str, str]) -> OrderLine:
    line = nu.line_items[piece.row]
    size = line.sizes[piece.column]
    where = f"line_items[{piece.row}].sizes[{piece.column}]"
    product = line.product
    title = names.get(product.id or "") or text(product.style_number)
    name = " ".join(part for part in (title, text(product.color), piece.size) if part) or piece.sku
    packs = amount(size.units_per_pack, field=f"{where}.units_per_pack")
    options = {
        "style": text(product.style_number),
        "color": text(product.color),
        "color_code": text(product.color_code),
        "size": piece.size,
        "season": text(product.season),
        "department": text(product.department),
        "brand_id": text(product.brand_id),
        "warehouse": text(line.warehouse),
        "prebook": "yes" if line.prebook else None,
        "ship_start": (line.ship_start or "")[:10] or None,
        "ship_end": (line.ship_end or "")[:10] or None,
        "units_per_pack": f"{packs:f}" if packs is not None and packs != 1 else None,
    }
    return OrderLine(
        external_id=piece.id,
        sku=piece.sku or None,
        name=name,
        ordered=piece.ordered,
        to_ship=Decimal(0) if is_done else piece.ordered - gone,
        unit_price=amount(size.price, field=f"{where}.price"),
        variant_id=f"{product.id}:{piece.size}" if product.id else None,
        barcode=barcode(text(size.upc)),
        location=text(line.warehouse),
        options={key: value for key, value in options.items() if value},
        note=text(line.notes),
    )


def _hold(nu: NuOrder) -> Hold | None:
    """Units that were cancelled without saying of which line: shipping everything would be too much."""
    units = sum((size.quantity for line in nu.line_items for size in line.sizes), Decimal(0))
    canceled = nu.cancelled_units or Decimal(0)
    if canceled > 0 and nu.total_quantity is not None and nu.total_quantity < units:
        return Hold(
            f"NuORDER says that {canceled:f} units are cancelled, but not which. Correct the lines in NuORDER, or cancel it."
        )
    return None


def _left_out(pieces: tuple[Piece, ...], gone: Mapping[str, Decimal], status: str) -> tuple[LeftOut, ...]:
    if status == CANCELED:
        return ()
    parts = []
    for piece in pieces:
        left = piece.ordered if status == SHIPPED else gone.get(piece.id, Decimal(0))
        if left > 0:
            parts.append(LeftOut(f"{left.normalize():f} × {piece.sku}", "already shipped"))
    return tuple(parts)


def _not_imported(nu: NuOrder, settings: Settings, placed: datetime) -> str | None:
    if settings.accept_orders_after is not None and placed < settings.accept_orders_after:
        return f"It was placed before {settings.accept_orders_after:%Y-%m-%d %H:%M} UTC, when this store begins to accept orders."
    status = nu.status.lower()
    if status == CANCELED or status in settings.import_statuses:
        return None
    wanted = ", ".join(label_of(value) for value in settings.import_statuses)
    return f"Its status is {label_of(status)}; this store imports {wanted}."


def _attributes(nu: NuOrder, more: Mapping[str, str]) -> dict[str, str]:
    known: dict[str, Any] = {
        "rep": text(nu.rep_name),
        "rep_code": text(nu.rep_code),
        "rep_email": text(nu.rep_email),
        "created_by": text(nu.creator_name),
        "submitted_by": text(nu.submitted_by),
        "external_id": text(nu.external_id),
        "order_group": text(nu.order_group_id),
        "split": "yes" if nu.split else None,
        "drop_ship": "yes" if nu.is_drop_ship else None,
        "payment_status": text(nu.payment_status),
        "discount": f"{nu.discount:f}" if nu.discount else None,
        "additional_percentage": f"{nu.additional_percentage:f}" if nu.additional_percentage else None,
        "cancelled_units": f"{nu.cancelled_units:f}" if nu.cancelled_units else None,
    }
    for kind, given in (("ship_to_country", nu.shipping_address), ("bill_to_country", nu.billing_address)):
        typed = text(given.country) if given is not None else None
        if typed and country_code(typed) is None:
            known[kind] = typed
    return {**more, **{key: value for key, value in known.items() if value}}


def _phone(nu: NuOrder, company: NuCompany | None) -> str | None:
    if company is None:
        return None
    people = (*(company.buyers or ()), *(company.user_connections or ()))
    buyer = text(nu.retailer.buyer_name) if nu.retailer is not None else None
    for person in people:
        if buyer and text(person.name) == buyer and (found := text(person.phone_office) or text(person.phone_cell)):
            return found
    return text(company.phone)


def _decimal(value: Any) -> Decimal | None:
    """An amount written as number or as text; what is empty or no number is none, for it only adds to the order's total."""
    try:
        return (
            amount(value if isinstance(value, str | int) else None, field="order_discounts.total_applied")
            if value != ""
            else None
        )
    except InvalidData:
        return None
