"""The slice of Magento's JSON that we read, by Magento's names. Numbers come bare or quoted, so both are taken."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, get_args, get_type_hints

from msgspec import Raw, Struct

from crossdock.connectors.kit.decoding import amount
from crossdock.connectors.kit.errors import InvalidData

Id = int | str | None
Number = Decimal | None

_PLACES = Decimal("0.0001")


class MgAddress(Struct, frozen=True):
    """Where something goes. `street` is a list of rows, in old releases one text."""

    firstname: str | None = None
    middlename: str | None = None
    lastname: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    company: str | None = None
    street: tuple[str | None, ...] | str | None = None
    city: str | None = None
    region: str | None = None
    region_code: str | None = None
    postcode: str | None = None
    country_id: str | None = None
    telephone: str | None = None
    email: str | None = None


class MgMessage(Struct, frozen=True):
    """A gift message."""

    sender: str | None = None
    recipient: str | None = None
    message: str | None = None


class MgItem(Struct, frozen=True):
    """A row of an order. A configurable or bundle product has a row of its own and one for each thing inside."""

    item_id: Id = None
    parent_item_id: Id = None
    product_id: Id = None
    sku: str | None = None
    name: str | None = None
    product_type: str | None = None
    is_virtual: Id = None
    locked_do_ship: Id = None
    qty_ordered: Number = None
    qty_shipped: Number = None
    qty_canceled: Number = None
    qty_refunded: Number = None
    price: Number = None
    tax_amount: Number = None
    discount_amount: Number = None
    weight: Number = None


class MgShipping(Struct, frozen=True):
    """Destination and method. `method` is carrier and method, joined by an underscore."""

    address: MgAddress | None = None
    method: str | None = None


class MgAssignment(Struct, frozen=True):
    """One destination of an order; Magento's shops make one."""

    shipping: MgShipping | None = None


class MgOrderMore(Struct, frozen=True):
    """What extensions of the order entity add."""

    shipping_assignments: tuple[MgAssignment, ...] | None = None
    gift_message: MgMessage | None = None


class MgPayment(Struct, frozen=True):
    """How it is paid."""

    method: str | None = None
    po_number: str | None = None
    amount_authorized: Number = None


class MgHistory(Struct, frozen=True):
    """A comment of an order, with the status it had or got."""

    comment: str | None = None
    status: str | None = None
    created_at: str | None = None


class MgOrder(Struct, frozen=True):
    """An order as `GET /V1/orders` gives it. Moments are UTC without saying so."""

    entity_id: Id = None
    increment_id: str | None = None
    state: str | None = None
    status: str | None = None
    hold_before_status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    order_currency_code: str | None = None
    base_currency_code: str | None = None
    grand_total: Number = None
    subtotal: Number = None
    shipping_amount: Number = None
    tax_amount: Number = None
    discount_amount: Number = None
    total_paid: Number = None
    total_due: Number = None
    total_refunded: Number = None
    store_id: Id = None
    store_name: str | None = None
    customer_email: str | None = None
    customer_note: str | None = None
    coupon_code: str | None = None
    ext_order_id: str | None = None
    shipping_description: str | None = None
    is_virtual: Id = None
    relation_parent_real_id: str | None = None
    relation_child_real_id: str | None = None
    items: tuple[MgItem, ...] = ()
    billing_address: MgAddress | None = None
    payment: MgPayment | None = None
    status_histories: tuple[MgHistory, ...] | None = None
    extension_attributes: MgOrderMore | None = None


class MgMark(Struct, frozen=True):
    """The little that is needed to go on from a record, even if the rest of it cannot be read."""

    entity_id: Id = None
    increment_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class MgSearch(Struct, frozen=True):
    """An answer to a search. Empty ones have null instead of a list at some routes."""

    items: tuple[Raw, ...] | None = None
    total_count: int | None = None

    def has_more(self, fresh: int, size: int) -> bool:
        """Whether records are left behind this page, of which `fresh` were not read before. Where the count is missing, a full page
        means that there may be.
        """
        rows = len(self.items or ())
        return rows > 0 and (self.total_count > fresh if self.total_count is not None else rows >= size)


class MgTrack(Struct, frozen=True):
    """A tracking number of a shipment."""

    entity_id: Id = None
    track_number: str | None = None
    title: str | None = None
    carrier_code: str | None = None


class MgShipmentItem(Struct, frozen=True):
    """Units of an order's row in a shipment."""

    order_item_id: Id = None
    qty: Number = None


class MgShipment(Struct, frozen=True):
    """A shipment as the shop has it."""

    entity_id: Id = None
    order_id: Id = None
    created_at: str | None = None
    email_sent: Id = None
    items: tuple[MgShipmentItem, ...] | None = None
    tracks: tuple[MgTrack, ...] | None = None
    comments: tuple[MgHistory, ...] | None = None


class MgAttribute(Struct, frozen=True):
    """A custom attribute of a product; values are texts, or lists of them."""

    attribute_code: str
    value: Any = None


class MgStoreView(Struct, frozen=True):
    """A store view."""

    id: Id
    code: str
    name: str = ""
    website_id: Id = None
    is_active: Id = 1


class MgWebsite(Struct, frozen=True):
    """A website: what a stock is sold through."""

    id: Id
    code: str
    name: str = ""


class MgStoreConfig(Struct, frozen=True):
    """What a store view is set to."""

    id: Id
    code: str = ""
    base_url: str | None = None
    secure_base_url: str | None = None
    weight_unit: str | None = None


class MgSource(Struct, frozen=True):
    """A place that keeps stock."""

    source_code: str
    name: str | None = None
    enabled: bool = True


def fields_read(type_: type[Struct]) -> str:
    """The names of a payload's fields, nested ones in brackets, as Magento's `fields` takes them: what is not read is not asked
    for, for the rest of an order repeats its rows three times over and says of its shopper what no warehouse has to know.
    """
    hints = get_type_hints(type_)
    return ",".join(f"{name}{_inner(hints[name])}" for name in type_.__struct_fields__)


def _inner(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return f"[{fields_read(hint)}]"
    return next((found for part in get_args(hint) if (found := _inner(part))), "")


def text_of(value: Id) -> str:
    """A key as text; empty for none."""
    return "" if value is None else str(value)


def is_yes(value: Id) -> bool:
    """A flag: 1 or "1"."""
    return text_of(value) not in ("", "0")


def moment_of(value: str | None, field: str) -> datetime:
    """A moment of Magento, which is UTC and does not say so. Raises InvalidData when it is missing or none."""
    if not value:
        raise InvalidData(f"{field} is missing.", field=field)
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        raise InvalidData(f"{field} is not a moment: {value[:40]!r}.", field=field) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def money_of(value: Number, field: str) -> Decimal | None:
    """An amount. The database keeps four places; more of them is noise of a float on the way to JSON. Raises InvalidData."""
    if value is not None and value.is_finite():
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and -30 < exponent < -4 and value.adjusted() < 18:
            try:
                value = value.quantize(_PLACES)
            except InvalidOperation:
                raise InvalidData(f"{field} is not an amount.", field=field) from None
    return amount(value, field=field)


def units_of(value: Number, field: str) -> Decimal:
    """A quantity; a missing one is none. Raises InvalidData for one that is negative or no number."""
    found = money_of(value, field) or Decimal(0)
    if found < 0:
        raise InvalidData(f"{field} is negative.", field=field)
    return found
