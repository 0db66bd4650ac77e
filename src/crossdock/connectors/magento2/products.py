"""What the shop sells: every product that can be in a box by itself, one entry for each."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.decoding import decode
from crossdock.connectors.kit.errors import AuthenticationFailed, InvalidData
from crossdock.connectors.kit.pages import Position, ProductPage, read_each
from crossdock.connectors.magento2.api import Api
from crossdock.connectors.magento2.criteria import PAGE, Filter, Group, moment, query
from crossdock.connectors.magento2.payloads import (
    Id,
    MgAttribute,
    MgStoreConfig,
    Number,
    fields_read,
    moment_of,
    money_of,
    text_of,
)
from crossdock.connectors.magento2.stock import KEEPS_NO_STOCK, Stock
from crossdock.domain.orders import Measure
from crossdock.domain.products import Component, Product

BARCODES = ("barcode", "upc", "gtin", "ean", "ean13")
"""Attributes that shops keep barcodes in; Magento has none of its own. The first that has a value counts."""

_MADE_OF_OTHERS = frozenset({"configurable", "grouped"})
_NOT_SHIPPED = frozenset({"virtual", "downloadable"})
_UNITS = {"lbs": "lb", "kgs": "kg"}


class _Link(Struct, frozen=True):
    sku: str | None = None
    qty: Number = None


class _Option(Struct, frozen=True):
    required: bool | None = None
    product_links: tuple[_Link, ...] | None = None


class _Links(Struct, frozen=True):
    configurable_product_links: tuple[Id, ...] | None = None


class _Frame(Struct, frozen=True):
    id: Id = None
    extension_attributes: _Links | None = None


class _More(Struct, frozen=True):
    bundle_product_options: tuple[_Option, ...] | None = None


class _Product(Struct, frozen=True):
    id: Id = None
    sku: str | None = None
    name: str | None = None
    type_id: str = "simple"
    status: Id = 1
    price: Number = None
    weight: Number = None
    updated_at: str | None = None
    extension_attributes: _More | None = None
    custom_attributes: tuple[MgAttribute, ...] | None = None


_FIELDS = f"items[{fields_read(_Product)}],total_count"


class Products:
    """Reads products of one shop."""

    def __init__(self, api: Api, stock: Stock) -> None:
        self._api = api
        self._stock = stock
        self._says_stock = True

    async def changed(
        self, since: datetime | None, after: Position | None, page_size: int | None = None
    ) -> AsyncIterator[ProductPage]:
        """Products in the order of their keys, with `since` those that changed after it. Stock alone does not change a product
        (magento2#37670). Configurable and grouped products are left out: what is sold and shipped are the products in them.
        """
        last = int((after.id if after is not None else None) or 0)
        unit = await self._weight_unit()
        parents: dict[str, str] | None = None
        while True:
            groups: list[Group] = [(Filter("entity_id", str(last), "gt"),)]
            if since is not None:
                groups.append((Filter("updated_at", moment(since), "gteq"),))
            asked = query(groups, sort=("entity_id",), size=page_size or PAGE, fields=_FIELDS)
            page = await self._api.search("products", asked, operation="Products", what="Magento's list of products")
            rows: list[tuple[str | None, bytes, Callable[[], Product | None]]] = []
            salable = await self._salable([bytes(raw) for raw in page.items or ()])
            fresh = set()
            if parents is None:
                parents = await self._parents() if page.items else {}
            for raw in page.items or ():
                content = bytes(raw)
                id_ = _key_of(content)
                if id_ > last:
                    fresh.add(id_)
                rows.append((str(id_), content, partial(_understood, content, unit, parents.get(str(id_)), salable)))
            found, _, rejected = read_each(rows)
            last = max(fresh, default=last)
            is_last = not page.has_more(len(fresh), page_size or PAGE)
            if not is_last and not fresh:
                raise InvalidData("Magento repeats a page of products without end.")
            yield ProductPage(
                tuple(product for product in found if product is not None), rejected, Position(id=str(last)), is_last
            )
            if is_last:
                return

    async def _salable(self, contents: Sequence[bytes]) -> Mapping[str, Decimal]:
        """What can be sold of the products of a page, one call for all; nothing where the shop cannot list it or may not say it."""
        skus = [sku for sku in map(_stocked_sku, contents) if sku]
        if not skus or not self._says_stock:
            return {}
        try:
            return await self._stock.salable(skus)
        except (AuthenticationFailed, InvalidData):
            # A right that is missing for stock holds up no product; a key that is refused shows at the next page of them.
            self._says_stock = False
            return {}

    async def _parents(self) -> dict[str, str]:
        """Keys of configurable products by those of their variants: only the parent says which they are."""
        found: dict[str, str] = {}
        last = 0
        while True:
            groups: list[Group] = [(Filter("type_id", "configurable"),), (Filter("entity_id", str(last), "gt"),)]
            fields = "items[id,extension_attributes[configurable_product_links]],total_count"
            page = await self._api.search(
                "products",
                query(groups, sort=("entity_id",), fields=fields),
                operation="Variants",
                what="Magento's list of products",
            )
            frames = [decode(raw, _Frame, what="The product") for raw in page.items or ()]
            fresh = {int(text) for frame in frames if (text := text_of(frame.id)).isdecimal() and int(text) > last}
            for frame in frames:
                links = frame.extension_attributes.configurable_product_links if frame.extension_attributes else None
                found |= {text_of(child): text_of(frame.id) for child in links or ()}
            last = max(fresh, default=last)
            if not fresh or not page.has_more(len(fresh), PAGE):
                return found

    async def _weight_unit(self) -> str | None:
        try:
            configs = await self._api.get(
                "store/storeConfigs", tuple[MgStoreConfig, ...], operation="StoreConfigs", what="Magento's store views"
            )
        except AuthenticationFailed:
            return None
        units = {config.weight_unit for config in configs if config.weight_unit}
        return units.pop() if len(units) == 1 else None


def _understood(content: bytes, unit: str | None, parent: str | None, salable: Mapping[str, Decimal]) -> Product | None:
    return to_product(decode(content, _Product, what="The product"), unit, parent, salable)


def to_product(
    mg: _Product, weight_unit: str | None = None, parent: str | None = None, salable: Mapping[str, Decimal] | None = None
) -> Product | None:
    """Map one product; None for one that is only a frame for others. `parent` is the configurable product it is a variant of.

    `salable` is what can be sold, by SKU in small letters: what is at the sources less what open orders reserved.

    A bundle's components are given where the shopper has no choice: each option is required and has one product. Raises InvalidData.
    """
    if mg.type_id in _MADE_OF_OTHERS:
        return None
    id_ = text_of(mg.id)
    if not id_:
        raise InvalidData("id is missing.", field="id")
    said = {one.attribute_code: one.value for one in mg.custom_attributes or ()}
    weight = money_of(mg.weight, "weight")
    return Product(
        external_id=id_,
        product_id=parent or id_,
        sku=mg.sku or None,
        name=mg.name or mg.sku or id_,
        updated_at=moment_of(mg.updated_at, "updated_at") if mg.updated_at else None,
        barcode=next((text for code in BARCODES if (text := _text(said.get(code)))), None),
        price=money_of(mg.price, "price"),
        weight=Measure(weight, _UNITS.get(weight_unit, weight_unit)) if weight and weight_unit else None,
        hs_code=_text(said.get("hs_code")) or None,
        origin=_text(said.get("country_of_manufacture")) or None,
        components=_components(mg),
        is_bundle=mg.type_id == "bundle",
        is_active=text_of(mg.status) == "1",
        requires_shipping=mg.type_id not in _NOT_SHIPPED,
        stock=(salable or {}).get((mg.sku or "").casefold()) if mg.type_id not in KEEPS_NO_STOCK else None,
    )


def _components(mg: _Product) -> tuple[Component, ...]:
    options: Sequence[_Option] = (mg.extension_attributes.bundle_product_options if mg.extension_attributes else None) or ()
    if not all(option.required and len(option.product_links or ()) == 1 for option in options):
        return ()
    links = [link for option in options for link in option.product_links or ()]
    return tuple(
        Component(link.sku, quantity) for link in links if link.sku and (quantity := money_of(link.qty, "qty")) is not None
    )


class _Key(Struct, frozen=True):
    id: Id = None
    sku: str | None = None
    type_id: str = "simple"


def _stocked_sku(content: bytes) -> str | None:
    try:
        found = decode(content, _Key, what="The product")
    except InvalidData:
        return None
    return found.sku if found.type_id not in KEEPS_NO_STOCK else None


def _key_of(content: bytes) -> int:
    try:
        text = text_of(decode(content, _Key, what="The product").id)
    except InvalidData:
        return 0
    return int(text) if text.isdecimal() else 0


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
