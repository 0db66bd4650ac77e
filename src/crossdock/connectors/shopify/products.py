"""What the shop sells: one entry for each variant."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw, Struct

from crossdock.connectors.kit.decoding import amount, decode
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Position, ProductPage, Rejected, read_each
from crossdock.connectors.shopify import queries
from crossdock.connectors.shopify.graphql import GraphQL, TooExpensive
from crossdock.connectors.shopify.mapping import weight_of
from crossdock.connectors.shopify.paging import Pages, extend, halved, moment
from crossdock.connectors.shopify.payloads import ShPage, number_of
from crossdock.connectors.shopify.payloads_goods import ShProduct, ShSold
from crossdock.domain.products import Component, Product

PAGE = 50
"""Products asked for at once: about 700 points, of the 1,000 that one query may cost."""

_SELLS = frozenset({"ACTIVE", "UNLISTED"})


class _ProductsData(Struct, frozen=True):
    products: ShPage[Raw]


class _WithVariants(Struct, frozen=True):
    variants: ShPage[Raw]


class _Id(Struct, frozen=True):
    id: str | None = None


class _Cursor(Struct, frozen=True):
    """Where a list stands. Shopify's cursor belongs to one search, which follows from the other two."""

    since: datetime | None
    behind: str | None
    after: str


async def products(
    graphql: GraphQL, since: datetime | None, after: Position | None, page_size: int | None
) -> AsyncIterator[ProductPage]:
    """Variants by the age of their products; with `since` those of products that changed at or after it.

    Whether a product changed is asked of the product: a new name changes its date alone, not its variants'. A list ends silently at
    25,000 products, so the search begins anew behind the last one before that.
    """
    behind, cursor = _resume(since, after)
    last = after.id if after is not None else None
    size = page_size or PAGE
    pages = Pages("products", cursor)
    while pages.goes_on:
        terms = [f"updated_at:>='{moment(since)}'"] if since is not None else []
        terms += [f"id:>{behind}"] if behind is not None else []
        try:
            data = await graphql.query(
                queries.PRODUCTS, _ProductsData, cost=14 * size, first=size, after=pages.cursor, query=" ".join(terms) or None
            )
        except TooExpensive as error:
            size = halved(size, error)
            continue
        contents = [bytes(raw) for raw in data.products.nodes]
        last = next((number_of(id_) for id_ in map(_id_of, reversed(contents)) if id_), last)
        if pages.turn(data.products.page_info, len(contents), may_begin_anew=last is not None):
            behind = last
        place = msgspec.json.encode(_Cursor(since, behind, pages.cursor)).decode() if pages.cursor is not None else None
        sold, rejected = await _read(graphql, contents)
        yield ProductPage(sold, rejected, Position(None, last, place), not pages.goes_on)


async def _read(graphql: GraphQL, contents: list[bytes]) -> tuple[tuple[Product, ...], tuple[Rejected, ...]]:
    rows: list[tuple[str | None, bytes, Callable[[], Product]]] = []
    rejected: list[Rejected] = []
    for received in contents:
        content = received
        try:
            sh = decode(content, ShProduct, what="The product")
            variants = decode(content, _WithVariants, what="The product").variants
            if variants.page_info.has_next_page:
                content = await _completed(graphql, content)
                variants = decode(content, _WithVariants, what="The product").variants
        except InvalidData as error:
            # No id: its variants are what entries are, and which they were is not known.
            key = _id_of(received)
            where = f"product {number_of(key)}" if key else None
            rejected.append(Rejected(None, error.field, error.message, content, where))
            continue
        for raw in variants.nodes:
            one = bytes(raw)
            key = _id_of(one)
            rows.append((number_of(key) if key else None, one, partial(_understood, sh, one)))
    sold, _, unfit = read_each(rows)
    return sold, (*rejected, *unfit)


async def _completed(graphql: GraphQL, content: bytes) -> bytes:
    product: dict[str, Any] = json.loads(content)
    await extend(graphql, product["variants"], queries.MORE_VARIANTS, product["id"], ("product", "variants"), what="product")
    return msgspec.json.encode(product)


def _understood(product: ShProduct, content: bytes) -> Product:
    if b"\\u0000" in content or "\x00" in product.title:
        raise InvalidData("The product contains a NUL character.", field="title")
    return to_product(product, decode(content, ShSold, what="The variant"))


def to_product(product: ShProduct, variant: ShSold) -> Product:
    """Map one variant. Its name is as order lines have it; a weight of 0 is one that nobody entered.

    Components are left out where one of them has no SKU: half a bundle is worse than none. Raises InvalidData for an amount that
    cannot be read.
    """
    goods = variant.inventory_item
    parts = variant.product_variant_components.nodes
    components = tuple(Component(part.product_variant.sku or "", Decimal(part.quantity)) for part in parts)
    is_whole = all(part.sku for part in components) and not variant.product_variant_components.page_info.has_next_page
    weight = weight_of(goods.measurement.weight)
    changed = [at for at in (product.updated_at, variant.updated_at) if at is not None]
    is_plain = product.has_only_default_variant or variant.title in ("", "Default Title")
    return Product(
        external_id=number_of(variant.id),
        product_id=number_of(product.id),
        sku=variant.sku or None,
        name=product.title if is_plain else f"{product.title} - {variant.title}",
        updated_at=max(changed, default=None),
        barcode=variant.barcode or None,
        price=amount(variant.price, field="price"),
        weight=weight if weight is not None and weight.value else None,
        options={} if is_plain else {option.name: option.value for option in variant.selected_options},
        hs_code=goods.harmonized_system_code or None,
        origin=goods.country_code_of_origin or None,
        components=components if is_whole else (),
        is_bundle=variant.requires_components or bool(parts),
        is_active=product.status in _SELLS,
        requires_shipping=goods.requires_shipping and not product.is_gift_card,
        tracks_stock=goods.tracked,
        stock=Decimal(variant.inventory_quantity) if goods.tracked and variant.inventory_quantity is not None else None,
        url=product.online_store_url or None,
    )


def _resume(since: datetime | None, after: Position | None) -> tuple[str | None, str | None]:
    """Behind which product, and with which cursor of Shopify's, to go on."""
    if after is None:
        return None, None
    if after.cursor is not None:
        try:
            place = msgspec.json.decode(after.cursor, type=_Cursor)
        except (msgspec.DecodeError, ValueError):
            place = None
        if place is not None and place.since == since:
            return place.behind, place.after
    return after.id, None


def _id_of(content: bytes) -> str | None:
    try:
        return decode(content, _Id, what="The product").id
    except InvalidData:
        return None
