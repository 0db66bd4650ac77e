"""The canonical sales order: everything a store can say that a warehouse may need.

Amounts are decimals in the order's one `currency`, so that an order in two currencies cannot be written down. Moments are aware
UTC. What a platform does not say is None or empty, never a guess.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossdock.domain.personal import PersonalPairs, PersonalText, PersonalTexts


class Address(Struct, frozen=True, omit_defaults=True):
    """Where parcels or bills go. `region` is the platform's code (KY, ON), `country` ISO 3166 alpha-2."""

    name: PersonalText = None
    company: PersonalText = None
    lines: PersonalTexts = ()
    city: PersonalText = None
    region: PersonalText = None
    postal_code: PersonalText = None
    country: str | None = None
    phone: PersonalText = None
    email: PersonalText = None
    residential: bool | None = None


class BillingKind(StrEnum):
    """Who pays the carrier."""

    PREPAID = "prepaid"
    COLLECT = "collect"
    THIRD_PARTY = "third_party"
    RECIPIENT = "recipient"


class FreightBilling(Struct, frozen=True, omit_defaults=True):
    """Who pays the carrier, and through which account."""

    kind: BillingKind
    account: PersonalText = None
    postal_code: PersonalText = None
    country: str | None = None


class ShippingMethod(Struct, frozen=True, omit_defaults=True):
    """How it is to travel: as the shopper chose it (`name`, `code`), and as carrier and service where known."""

    name: str | None = None
    code: str | None = None
    carrier: str | None = None
    service: str | None = None
    scac: str | None = None
    billing: FreightBilling | None = None
    signature: bool = False
    saturday: bool = False
    insured_value: Decimal | None = None


class Retail(Struct, frozen=True, omit_defaults=True):
    """What retailers and wholesale buyers print on labels and papers."""

    department: str | None = None
    mark_for: PersonalText = None
    store_number: str | None = None
    retailer_number: str | None = None
    vendor_number: str | None = None
    terms: str | None = None


class Customs(Struct, frozen=True, omit_defaults=True):
    """What an export needs of the whole order."""

    incoterm: str | None = None
    duties: Decimal | None = None
    eori: PersonalText = None
    ioss: str | None = None
    vat: PersonalText = None


class Measure(Struct, frozen=True):
    """A quantity with its unit, as the platform states it: 1.5 kg, 12 in."""

    value: Decimal
    unit: str


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """One line as sold.

    `ordered` never shrinks; `to_ship` is what the store still wants sent, after edits, refunds and what others shipped.
    `unit_price` is before tax and discount. `location` is the store's location the units are assigned to, where it is one.
    """

    external_id: str
    sku: str | None
    name: str
    ordered: Decimal
    to_ship: Decimal
    unit_price: Decimal | None = None
    uom: str | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    variant_id: str | None = None
    barcode: str | None = None
    location: str | None = None
    consignment: int = 0
    kit_parent: str | None = None
    options: PersonalPairs = {}
    note: PersonalText = None
    lot: str | None = None
    weight: Measure | None = None
    dimensions: tuple[Measure, Measure, Measure] | None = None
    hazard_class: str | None = None
    customs_value: Decimal | None = None
    hs_code: str | None = None
    origin: str | None = None


class LeftOut(Struct, frozen=True):
    """A part of an order that no warehouse has to ship, and why: `what` names it, `why` is a short reason."""

    what: str
    why: str


class Consignment(Struct, frozen=True, omit_defaults=True):
    """One of several destinations of an order; lines name it by its position."""

    ship_to: Address
    method: ShippingMethod


class Hold(Struct, frozen=True):
    """The store asks to wait: until a moment, or until it says so."""

    reason: str
    until: datetime | None = None


class Payment(StrEnum):
    """Where the money stands."""

    PAID = "paid"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    EXPIRED = "expired"


class Order(Struct, frozen=True, omit_defaults=True):
    """A sales order as the store has it now.

    `external_id` is the store's key, `number` what people read. `not_imported` is a sentence when a setting of the store leaves the
    order out; it is then kept as Skipped. `left_out` are parts of an imported order. `grand_total` is as placed.
    """

    external_id: str
    number: str
    placed_at: datetime
    updated_at: datetime
    currency: str
    lines: tuple[OrderLine, ...]
    grand_total: Decimal | None = None
    subtotal: Decimal | None = None
    shipping_total: Decimal | None = None
    tax_total: Decimal | None = None
    discount_total: Decimal | None = None
    ship_to: Address | None = None
    bill_to: Address | None = None
    consignments: tuple[Consignment, ...] = ()
    method: ShippingMethod = ShippingMethod()
    email: PersonalText = None
    phone: PersonalText = None
    customer_po: str | None = None
    payment: Payment | None = None
    ship_not_before: datetime | None = None
    ship_by: datetime | None = None
    cancel_after: date | None = None
    hold: Hold | None = None
    canceled_at: datetime | None = None
    cancel_reason: PersonalText = None
    is_test: bool = False
    partial_allowed: bool = True
    gift_message: PersonalText = None
    packing_slip_note: PersonalText = None
    warehouse_note: PersonalText = None
    tags: PersonalTexts = ()
    attributes: PersonalPairs = {}
    retail: Retail = Retail()
    customs: Customs = Customs()
    left_out: tuple[LeftOut, ...] = ()
    not_imported: str | None = None
    url: str | None = None

    @property
    def units_to_ship(self) -> Decimal:
        """Units of all lines that the store still wants sent."""
        return sum((line.to_ship for line in self.lines), Decimal(0))
