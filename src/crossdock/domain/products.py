"""What a store sells, as far as shipping and stock need it."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.domain.orders import Measure


class Component(Struct, frozen=True):
    """Units of one SKU inside one unit of a bundle."""

    sku: str
    quantity: Decimal


class Product(Struct, frozen=True, omit_defaults=True):
    """One thing that can be ordered: a variant, or a product that has none.

    `external_id` is the store's key of it, `product_id` of the product it belongs to. `components` are what a bundle is made of, as
    far as the store says so. `tracks_stock` is False where the store keeps no stock figure of it, None where it does not say.
    `stock` is what it shows as available now, over all its locations, where it says so with the product.
    """

    external_id: str
    product_id: str
    sku: str | None
    name: str
    updated_at: datetime | None = None
    barcode: str | None = None
    price: Decimal | None = None
    weight: Measure | None = None
    dimensions: tuple[Measure, Measure, Measure] | None = None
    options: dict[str, str] = {}
    hs_code: str | None = None
    origin: str | None = None
    components: tuple[Component, ...] = ()
    is_bundle: bool = False
    is_active: bool = True
    requires_shipping: bool = True
    tracks_stock: bool | None = None
    stock: Decimal | None = None
    url: str | None = None
