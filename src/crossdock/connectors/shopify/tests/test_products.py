"""Products of Shopify: whole variants, what is missing, and lists longer than Shopify gives."""

from datetime import UTC, datetime
from decimal import Decimal

from crossdock.connectors.kit.pages import Position
from crossdock.connectors.shopify import paging
from crossdock.connectors.shopify.payloads import ShPage, ShPageInfo, ShWeight
from crossdock.connectors.shopify.payloads_goods import (
    ShComponent,
    ShGoods,
    ShMeasurement,
    ShOption,
    ShPart,
    ShProduct,
    ShSold,
)
from crossdock.connectors.shopify.products import to_product
from crossdock.connectors.shopify.tests.rig import Rig
from crossdock.domain.orders import Measure
from crossdock.domain.products import Component, Product

AT = datetime(2026, 11, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 2, tzinfo=UTC)
SHIRT = ShProduct("gid://shopify/Product/7", "Shirt", updated_at=AT, online_store_url="https://shop.example.com/products/shirt")


def test_a_whole_variant():
    variant = ShSold(
        id="gid://shopify/ProductVariant/70",
        title="M / Red",
        sku="SHIRT-M",
        barcode="4006381333931",
        price="19.90",
        updated_at=LATER,
        inventory_quantity=12,
        selected_options=(ShOption("Size", "M"), ShOption("Color", "Red")),
        inventory_item=ShGoods(
            tracked=True,
            harmonized_system_code="610910",
            country_code_of_origin="PT",
            measurement=ShMeasurement(ShWeight("KILOGRAMS", Decimal("0.35"))),
        ),
    )

    assert to_product(SHIRT, variant) == Product(
        external_id="70",
        product_id="7",
        sku="SHIRT-M",
        name="Shirt - M / Red",
        updated_at=LATER,
        barcode="4006381333931",
        price=Decimal("19.90"),
        weight=Measure(Decimal("0.35"), "kg"),
        options={"Size": "M", "Color": "Red"},
        hs_code="610910",
        origin="PT",
        tracks_stock=True,
        stock=Decimal(12),
        url="https://shop.example.com/products/shirt",
    )


def test_what_nobody_entered_is_missing_and_not_nothing():
    variant = ShSold(
        id="gid://shopify/ProductVariant/70",
        title="Default Title",
        sku="",
        barcode="",
        inventory_item=ShGoods(measurement=ShMeasurement(ShWeight("POUNDS", Decimal(0)))),
    )

    product = to_product(SHIRT, variant)

    assert (product.sku, product.barcode, product.weight, product.price, product.options) == (None, None, None, None, {})
    assert product.name == "Shirt"


def test_a_bundle_has_its_components_or_none_where_one_has_no_sku():
    parts = (
        ShComponent(2, ShPart("gid://shopify/ProductVariant/71", "CUP")),
        ShComponent(1, ShPart("gid://shopify/ProductVariant/72")),
    )
    whole = ShSold("gid://shopify/ProductVariant/70", requires_components=True, product_variant_components=ShPage(parts[:1]))
    part = ShSold("gid://shopify/ProductVariant/70", requires_components=True, product_variant_components=ShPage(parts))
    cut = ShSold("gid://shopify/ProductVariant/70", product_variant_components=ShPage(parts[:1], ShPageInfo(has_next_page=True)))

    assert to_product(SHIRT, whole).components == (Component("CUP", Decimal(2)),)
    assert [to_product(SHIRT, each).components for each in (part, cut)] == [(), ()]
    assert all(to_product(SHIRT, each).is_bundle for each in (whole, part, cut))


def test_drafts_and_archived_products_are_not_active_and_gift_cards_do_not_ship():
    variant = ShSold("gid://shopify/ProductVariant/70")

    active = {
        status: to_product(ShProduct("gid://shopify/Product/7", "X", status=status), variant).is_active for status in STATUSES
    }
    card = to_product(ShProduct("gid://shopify/Product/7", "Card", is_gift_card=True), variant)

    assert active == {"ACTIVE": True, "UNLISTED": True, "DRAFT": False, "ARCHIVED": False}
    assert not card.requires_shipping


STATUSES = ("ACTIVE", "UNLISTED", "DRAFT", "ARCHIVED")


async def test_a_list_longer_than_shopify_gives_is_searched_anew_behind_the_last_product(monkeypatch):
    monkeypatch.setattr(paging, "RE_ANCHOR", 4)
    rig = Rig()
    await rig.start()
    ids = {rig.sells(f"SKU-{number}", 1) for number in range(11)}

    found = [product.external_id async for page in rig.products(page_size=2) for product in page.products]

    assert set(found) == ids
    assert len(found) == len(ids)
    await rig.stop()


async def test_a_place_in_a_list_of_other_changes_is_gone_on_from_by_product():
    rig = Rig()
    await rig.start()
    ids = [rig.sells(f"SKU-{number}", 1) for number in range(6)]
    async for page in rig.products(page_size=2):
        first = page
        break

    since = datetime(2020, 1, 1, tzinfo=UTC)
    rest = [product.external_id async for page in rig.products(since, first.position) for product in page.products]
    again = [
        product.external_id async for page in rig.products(None, Position(id=first.position.id)) for product in page.products
    ]

    assert rest == again == ids[2:]
    await rig.stop()


async def test_a_product_that_cannot_be_understood_is_told_apart_from_its_variants():
    rig = Rig()
    await rig.start()
    good, bad = rig.sells("GOOD", 1), rig.sells("BAD", 1)
    shop, variant = rig.sim.variant(bad)
    shop.products[variant["_product"]]["title"] = 7

    found = [product.external_id async for page in rig.products() for product in page.products]

    assert found == [good]
    (rejected,) = rig.rejected
    assert rejected.external_id is None
    assert rejected.where is not None
    await rig.stop()
