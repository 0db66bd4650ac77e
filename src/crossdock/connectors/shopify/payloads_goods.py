"""The part of Shopify's answers about products, stock and returns that we read, typed."""

from datetime import datetime

from msgspec import Struct, field

from crossdock.connectors.shopify.payloads import ShPage, ShRef, ShWeight


class ShQuantity(Struct, frozen=True, rename="camel"):
    """One named quantity of an inventory level."""

    quantity: int


class ShLevel(Struct, frozen=True, rename="camel"):
    """InventoryLevel: an item at a location. Shopify gives none where the item is not stocked there."""

    id: str
    is_active: bool = True
    quantities: tuple[ShQuantity, ...] = ()


class ShStockItem(Struct, frozen=True, rename="camel"):
    """InventoryItem, as far as its stock goes."""

    id: str
    tracked: bool = True
    inventory_level: ShLevel | None = None


class ShStocked(Struct, frozen=True, rename="camel"):
    """ProductVariant with its stock at one location. `requires_components` is true of bundles, which have no stock of their own."""

    id: str
    inventory_item: ShStockItem
    sku: str | None = None
    requires_components: bool = False


class ShOption(Struct, frozen=True, rename="camel"):
    """What tells a variant from the others: Size, M."""

    name: str
    value: str


class ShMeasurement(Struct, frozen=True, rename="camel"):
    """InventoryItemMeasurement. A weight of 0 is one that nobody entered."""

    weight: ShWeight | None = None


class ShGoods(Struct, frozen=True, rename="camel"):
    """InventoryItem, as far as shipping goes."""

    tracked: bool | None = None
    requires_shipping: bool = True
    harmonized_system_code: str | None = None
    country_code_of_origin: str | None = None
    measurement: ShMeasurement = ShMeasurement()


class ShPart(Struct, frozen=True, rename="camel"):
    """The variant a bundle has inside."""

    id: str
    sku: str | None = None


class ShComponent(Struct, frozen=True, rename="camel"):
    """ProductVariantComponent."""

    quantity: int
    product_variant: ShPart


class ShSold(Struct, frozen=True, rename="camel"):
    """ProductVariant as it is sold. `inventory_quantity` is what it may sell over all locations; it can be below zero."""

    id: str
    title: str = ""
    sku: str | None = None
    barcode: str | None = None
    price: str | None = None
    updated_at: datetime | None = None
    requires_components: bool = False
    inventory_quantity: int | None = None
    selected_options: tuple[ShOption, ...] = ()
    inventory_item: ShGoods = ShGoods()
    product_variant_components: ShPage[ShComponent] = ShPage()


class ShProduct(Struct, frozen=True, rename="camel"):
    """Product, without its variants. `status` is ACTIVE, ARCHIVED, DRAFT or UNLISTED."""

    id: str
    title: str
    status: str = "ACTIVE"
    is_gift_card: bool = False
    online_store_url: str | None = None
    has_only_default_variant: bool = False
    updated_at: datetime | None = None


class ShReasonDefinition(Struct, frozen=True):
    """Why something comes back, in the shop's words."""

    name: str


class ShSoldLine(Struct, frozen=True):
    """LineItem, as a return names it."""

    id: str
    sku: str | None = None
    name: str = ""


class ShFulfilledLine(Struct, frozen=True, rename="camel"):
    """FulfillmentLineItem."""

    line_item: ShSoldLine


class ShReturnLine(Struct, frozen=True, rename="camel"):
    """ReturnLineItem; one that is not verified names no line."""

    id: str
    quantity: int
    return_reason_note: str = ""
    customer_note: str | None = None
    return_reason_definition: ShReasonDefinition | None = None
    fulfillment_line_item: ShFulfilledLine | None = None


class ShDecline(Struct, frozen=True):
    """Why a return was declined."""

    reason: str | None = None
    note: str | None = None


class ShBackTracking(Struct, frozen=True, rename="camel"):
    """ReverseDeliveryTrackingV2."""

    number: str | None = None
    carrier_name: str | None = None
    url: str | None = None


class ShDeliverable(Struct, frozen=True):
    """How a parcel comes back."""

    tracking: ShBackTracking | None = None


class ShReverseDelivery(Struct, frozen=True):
    """ReverseDelivery."""

    deliverable: ShDeliverable | None = None


class ShReverse(Struct, frozen=True, rename="camel"):
    """ReverseFulfillmentOrder."""

    reverse_deliveries: ShPage[ShReverseDelivery] = ShPage()


class ShReturn(Struct, frozen=True, rename="camel"):
    """Return. `status` is REQUESTED, OPEN, CLOSED, DECLINED or CANCELED. It has no moment of change of its own."""

    id: str
    name: str
    status: str
    created_at: datetime
    request_approved_at: datetime | None = None
    closed_at: datetime | None = None
    decline: ShDecline | None = None
    return_line_items: ShPage[ShReturnLine] = ShPage()
    reverse_fulfillment_orders: ShPage[ShReverse] = ShPage()


class ShRefundLine(Struct, frozen=True, rename="camel"):
    """RefundLineItem. `restock_type` is CANCEL, NO_RESTOCK, RETURN or LEGACY_RESTOCK; the id is its own, not the line's."""

    quantity: int
    restock_type: str
    line_item: ShSoldLine
    id: str | None = None


class ShRefund(Struct, frozen=True, rename="camel"):
    """Refund. `return_` is the return it belongs to, where it belongs to one."""

    id: str
    created_at: datetime
    note: str | None = None
    refund_line_items: ShPage[ShRefundLine] = ShPage()
    return_: ShRef | None = field(default=None, name="return")
