"""The part of Shopify's answers we read, typed. Names are Shopify's, in snake case.

Recorded answers select less than we do, so what is not needed to tell an order apart may be missing here; `mapping` says what it
cannot do without.
"""

from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

T = TypeVar("T")


class ShMoney(Struct, frozen=True, rename="camel"):
    """An amount, as Shopify writes it: "20.0"."""

    amount: str
    currency_code: str | None = None


class ShMoneyBag(Struct, frozen=True, rename="camel"):
    """An amount in the shop's and in the shopper's currency."""

    shop_money: ShMoney | None = None
    presentment_money: ShMoney | None = None


class ShPageInfo(Struct, frozen=True, rename="camel"):
    """Whether a connection goes on."""

    has_next_page: bool = False
    end_cursor: str | None = None


class ShPage(Struct, Generic[T], frozen=True, rename="camel"):
    """A page of a connection."""

    nodes: tuple[T, ...] = ()
    page_info: ShPageInfo = ShPageInfo()


class ShAddress(Struct, frozen=True, rename="camel"):
    """MailingAddress."""

    name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province_code: str | None = None
    province: str | None = None
    zip: str | None = None
    country_code_v2: str | None = msgspec.field(default=None, name="countryCodeV2")
    country: str | None = None
    phone: str | None = None


class ShAttribute(Struct, frozen=True, rename="camel"):
    """A custom attribute."""

    key: str
    value: str | None = None


class ShTaxLine(Struct, frozen=True, rename="camel"):
    """Tax on a line. `rate` is a fraction: 0.06."""

    price_set: ShMoneyBag
    rate: Decimal | None = None


class ShDiscount(Struct, frozen=True, rename="camel"):
    """A part of a discount that fell on a line, of the line or of the whole order."""

    allocated_amount_set: ShMoneyBag


class ShGroup(Struct, frozen=True, rename="camel"):
    """The bundle a line is a component of; the bundle has no line of its own."""

    id: str
    title: str | None = None
    quantity: int | None = None
    variant_sku: str | None = None


class ShInventoryItem(Struct, frozen=True, rename="camel"):
    """What customs ask of a variant."""

    harmonized_system_code: str | None = None
    country_code_of_origin: str | None = None


class ShVariant(Struct, frozen=True, rename="camel"):
    """The variant of a line; null once it was deleted."""

    id: str
    barcode: str | None = None
    inventory_item: ShInventoryItem | None = None


class ShWeight(Struct, frozen=True, rename="camel"):
    """A weight with Shopify's unit: GRAMS, KILOGRAMS, OUNCES, POUNDS."""

    unit: str
    value: Decimal


class ShLine(Struct, frozen=True, rename="camel"):
    """LineItem. `quantity` is as sold and never shrinks, `current_quantity` after edits and refunds."""

    id: str
    name: str = ""
    title: str = ""
    sku: str | None = None
    quantity: int = 0
    current_quantity: int | None = None
    unfulfilled_quantity: int | None = None
    requires_shipping: bool = True
    is_gift_card: bool = False
    original_unit_price_set: ShMoneyBag | None = None
    discount_allocations: tuple[ShDiscount, ...] = ()
    tax_lines: tuple[ShTaxLine, ...] = ()
    custom_attributes: tuple[ShAttribute, ...] = ()
    line_item_group: ShGroup | None = None
    variant: ShVariant | None = None
    weight: ShWeight | None = None


class ShRef(Struct, frozen=True, rename="camel"):
    """Something of which only the id matters here."""

    id: str
    name: str | None = None


class ShService(Struct, frozen=True, rename="camel"):
    """FulfillmentService. `type` is GIFT_CARD, MANUAL or THIRD_PARTY."""

    handle: str
    service_name: str | None = None
    type: str | None = None


class ShLocation(Struct, frozen=True, rename="camel"):
    """Location; `fulfillment_service` is None for the merchant's own."""

    id: str
    name: str | None = None
    fulfillment_service: ShService | None = None


class ShAssigned(Struct, frozen=True, rename="camel"):
    """Where a fulfillment order is assigned. `location` is None once it was deleted; `name` is a snapshot."""

    name: str | None = None
    location: ShLocation | None = None


class ShDelivery(Struct, frozen=True, rename="camel"):
    """DeliveryMethod: SHIPPING, PICK_UP, PICKUP_POINT, LOCAL, RETAIL, NONE."""

    method_type: str | None = None


class ShHold(Struct, frozen=True, rename="camel"):
    """Why a fulfillment order waits."""

    reason: str | None = None
    display_reason: str | None = None
    reason_notes: str | None = None


class ShDuties(Struct, frozen=True, rename="camel"):
    """Terms of an export."""

    incoterm: str | None = None


class ShAction(Struct, frozen=True, rename="camel"):
    """Something that may be done with a fulfillment order now."""

    action: str


class ShFulfillmentOrderLine(Struct, frozen=True, rename="camel"):
    """FulfillmentOrderLineItem. `remaining_quantity` is what is still to ship."""

    id: str
    line_item: ShRef
    remaining_quantity: int = 0
    total_quantity: int = 0
    requires_shipping: bool = True
    sku: str | None = None


class ShFulfillmentOrder(Struct, frozen=True, rename="camel"):
    """FulfillmentOrder: units of an order that ship from one location by one method."""

    id: str
    status: str
    request_status: str | None = None
    fulfill_at: datetime | None = None
    fulfill_by: datetime | None = None
    assigned_location: ShAssigned = ShAssigned()
    delivery_method: ShDelivery | None = None
    fulfillment_holds: tuple[ShHold, ...] = ()
    international_duties: ShDuties | None = None
    supported_actions: tuple[ShAction, ...] = ()
    line_items: ShPage[ShFulfillmentOrderLine] = ShPage()


class ShShippingLine(Struct, frozen=True, rename="camel"):
    """How the shopper wanted it sent."""

    title: str | None = None
    code: str | None = None
    carrier_identifier: str | None = None
    source: str | None = None
    is_removed: bool = False


class ShOrder(Struct, frozen=True, rename="camel"):
    """Order."""

    id: str
    name: str | None = None
    created_at: datetime | None = None
    processed_at: datetime | None = None
    updated_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed: bool = False
    test: bool = False
    display_financial_status: str | None = None
    display_fulfillment_status: str | None = None
    currency_code: str | None = None
    presentment_currency_code: str | None = None
    taxes_included: bool = False
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    po_number: str | None = None
    source_name: str | None = None
    total_price_set: ShMoneyBag | None = None
    original_total_price_set: ShMoneyBag | None = None
    current_total_price_set: ShMoneyBag | None = None
    subtotal_price_set: ShMoneyBag | None = None
    total_shipping_price_set: ShMoneyBag | None = None
    total_tax_set: ShMoneyBag | None = None
    total_discounts_set: ShMoneyBag | None = None
    current_total_duties_set: ShMoneyBag | None = None
    custom_attributes: tuple[ShAttribute, ...] = ()
    shipping_address: ShAddress | None = None
    billing_address: ShAddress | None = None
    shipping_lines: ShPage[ShShippingLine] = ShPage()
    line_items: ShPage[ShLine] | UnsetType = UNSET
    fulfillment_orders: ShPage[ShFulfillmentOrder] | UnsetType = UNSET


class ShTracking(Struct, frozen=True, rename="camel"):
    """Tracking of a fulfillment."""

    number: str | None = None
    company: str | None = None
    url: str | None = None


class ShFulfillmentLine(Struct, frozen=True, rename="camel"):
    """Units of a line in a fulfillment."""

    line_item: ShRef
    quantity: int | None = None


class ShFulfillment(Struct, frozen=True, rename="camel"):
    """What the shop counts as shipped. `status` is SUCCESS, CANCELLED, ERROR, FAILURE, PENDING or OPEN."""

    id: str
    status: str
    created_at: datetime
    tracking_info: tuple[ShTracking, ...] = ()
    fulfillment_line_items: ShPage[ShFulfillmentLine] = ShPage()


class ShUserError(Struct, frozen=True, rename="camel"):
    """Why a mutation did nothing. `code` exists on some of its kinds only."""

    message: str
    field: tuple[str, ...] | None = None
    code: str | None = None


def number_of(gid: str) -> str:
    """The numeric part of a global id, as text. Some ids carry a query behind it: gid://shopify/FulfillmentService/7?id=true."""
    return gid.rsplit("/", 1)[-1].partition("?")[0]


def gid(kind: str, number: str) -> str:
    """The global id of a kind's number; a global id stays what it is."""
    return number if number.startswith("gid://") else f"gid://shopify/{kind}/{number}"
