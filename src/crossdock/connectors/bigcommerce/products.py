"""What the store sells: one entry for each variant. Every product has at least one, its base variant."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import msgspec
from msgspec import Raw, Struct

from crossdock.connectors.bigcommerce.api import Api
from crossdock.connectors.bigcommerce.mapping import Units, units_of
from crossdock.connectors.bigcommerce.payloads import BcStore, Number, Text, moment, number, text
from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, ProductPage, Rejected, read_each
from crossdock.domain.orders import Measure
from crossdock.domain.products import Product

PAGE = 250


class BcOptionValue(Struct, frozen=True):
    """What makes a variant: Size, Large."""

    option_display_name: Text = None
    label: Text = None


class BcVariant(Struct, frozen=True):
    """A variant; what it leaves empty is the product's."""

    id: int
    product_id: int | None = None
    sku: Text = None
    upc: Text = None
    gtin: Text = None
    price: Number = None
    weight: Number = None
    width: Number = None
    height: Number = None
    depth: Number = None
    purchasing_disabled: bool | None = None
    inventory_level: Number = None
    option_values: tuple[BcOptionValue, ...] | None = None


class BcUrl(Struct, frozen=True):
    """Where the shop shows it."""

    url: Text = None


class BcProduct(Struct, frozen=True):
    """A product of `GET /v3/catalog/products?include=variants`."""

    id: int
    name: Text = None
    type: str | None = None
    sku: Text = None
    upc: Text = None
    gtin: Text = None
    price: Number = None
    weight: Number = None
    width: Number = None
    height: Number = None
    depth: Number = None
    date_modified: str | None = None
    inventory_tracking: str | None = None
    inventory_level: Number = None
    availability: str | None = None
    is_visible: bool | None = None
    custom_url: BcUrl | None = None
    variants: tuple[BcVariant, ...] | None = None


class _Listed(Struct, frozen=True):
    data: tuple[Raw, ...] = ()


class _Mark(Struct, frozen=True):
    id: int | None = None


class Products:
    """Reads what one store sells."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def pages(self, since: datetime | None, after: Position | None, page_size: int | None) -> AsyncIterator[ProductPage]:
        """All products, or those changed since, by id: pages do not move while the catalog changes."""
        store = await self._api.ask("v2/store", BcStore, what="name the store")
        units, shop = units_of(store), (text(store.secure_url) or "").rstrip("/")
        last = int(after.id) if after is not None and after.id is not None and after.id.isdigit() else 0
        size = page_size or PAGE
        while True:
            params = {"include": "variants", "sort": "id", "direction": "asc", "limit": str(size), "id:greater": str(last)}
            if since is not None:
                params["date_modified:min"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            listed = await self._api.ask("v3/catalog/products", _Listed, what="list products", params=params, empty=_Listed())
            contents = [bytes(raw) for raw in listed.data]
            highest = max((mark.id for mark in map(_mark, contents) if mark.id is not None), default=last)
            is_last = len(contents) < size or highest <= last
            last = highest
            rows = [(str(_mark(content).id), content, partial(_understood, content, units, shop)) for content in contents]
            found, _, rejected = read_each(rows)
            every: tuple[Rejected, ...] = rejected
            yield ProductPage(tuple(one for group in found for one in group), every, Position(None, str(last)), is_last)
            if is_last:
                return


def to_products(bc: BcProduct, units: Units, shop: str = "") -> tuple[Product, ...]:
    """Map one product to its variants; one without any stands for itself. Raises InvalidData for a figure that cannot be read."""
    variants = bc.variants or (BcVariant(id=bc.id, product_id=bc.id),)
    path = text(bc.custom_url.url) if bc.custom_url is not None else None
    return tuple(
        Product(
            external_id=str(variant.id),
            product_id=str(bc.id),
            sku=text(variant.sku) or (text(bc.sku) if len(variants) == 1 else None),
            name=text(bc.name) or text(bc.sku) or str(bc.id),
            updated_at=moment(bc.date_modified, field="date_modified"),
            barcode=_first(variant.upc, variant.gtin, *((bc.upc, bc.gtin) if len(variants) == 1 else ())),
            price=_either(variant.price, bc.price, "price"),
            weight=_measure(_either(variant.weight, bc.weight, "weight"), units.weight),
            dimensions=_dimensions(variant, bc, units),
            options={
                name: label
                for value in variant.option_values or ()
                if (name := text(value.option_display_name)) and (label := text(value.label))
            },
            is_active=bc.is_visible is not False and bc.availability != "disabled" and not variant.purchasing_disabled,
            requires_shipping=bc.type != "digital",
            tracks_stock=None if bc.inventory_tracking is None else bc.inventory_tracking != "none",
            stock=_available(variant, bc, is_alone=len(variants) == 1),
            url=f"{shop}{path}" if shop and path else None,
        )
        for variant in variants
    )


def _understood(content: bytes, units: Units, shop: str) -> tuple[Product, ...]:
    return to_products(decode(content, BcProduct, what="The product"), units, shop)


def _mark(content: bytes) -> _Mark:
    try:
        return decode(content, _Mark, what="The product")
    except (InvalidData, msgspec.DecodeError):
        return _Mark()


def _available(variant: BcVariant, bc: BcProduct, *, is_alone: bool) -> Decimal | None:
    """What can be sold over all locations. None where it is not tracked, and for variants that share the product's figure."""
    if bc.inventory_tracking == "variant":
        return number(variant.inventory_level, field="inventory_level")
    if bc.inventory_tracking == "product" and is_alone:
        return number(bc.inventory_level, field="inventory_level")
    return None


def _first(*values: Text) -> str | None:
    return next((found for value in values if (found := text(value))), None)


def _either(own: Number, inherited: Number, field: str) -> Decimal | None:
    found = number(own, field=field)
    return found if found is not None else number(inherited, field=field)


def _measure(value: Decimal | None, unit: str | None) -> Measure | None:
    return Measure(value, unit) if value and unit else None


def _dimensions(variant: BcVariant, bc: BcProduct, units: Units) -> tuple[Measure, Measure, Measure] | None:
    sides = (
        _measure(_either(variant.depth, bc.depth, "depth"), units.length),
        _measure(_either(variant.width, bc.width, "width"), units.length),
        _measure(_either(variant.height, bc.height, "height"), units.length),
    )
    length, width, height = sides
    return (length, width, height) if length and width and height else None
