"""Every store that says what it sells: each variant once, none hidden, nothing invented."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from contract.store_rig import every_connector_that
from crossdock.connectors.kit.capabilities import PullsProducts
from crossdock.connectors.kit.errors import AuthenticationFailed, RateLimited, Unavailable

rig = every_connector_that(PullsProducts)

KILOGRAMS = {"kg": Decimal(1), "g": Decimal("0.001"), "lb": Decimal("0.45359237"), "oz": Decimal("0.028349523125")}


async def sold(rig, since=None, **more):
    return [product async for page in rig.products(since, **more) for product in page.products]


async def test_a_product_arrives_with_what_shipping_and_stock_need(rig):
    external_id = rig.sells("RED", 5, name="Red shirt", barcode="4006381333931", weight=Decimal("0.35"))

    (product,) = await sold(rig)

    assert (product.external_id, product.sku, product.name) == (external_id, "RED", "Red shirt")
    assert product.product_id
    assert product.is_active
    assert product.stock == (5 if rig.says_stock else None)
    if "barcode" in rig.keeps:
        assert product.barcode == "4006381333931"
    if "weight" in rig.keeps:
        assert product.weight is not None
        assert abs(product.weight.value * KILOGRAMS[product.weight.unit] - Decimal("0.35")) < Decimal("0.001")


async def test_what_the_store_does_not_say_stays_missing(rig):
    rig.sells("RED", 5, name="Red shirt")

    (product,) = await sold(rig)

    assert product.barcode is None
    assert product.weight is None
    assert product.components == ()
    assert not product.is_bundle


async def test_each_entry_says_what_is_available_of_it(rig):
    rig.sells("RED", 5)
    rig.sells("BLUE", 0)
    rig.sells_variants("Shirt", {"SHIRT-S": 1, "SHIRT-M": 0, "SHIRT-L": 3})

    stock = {product.sku: product.stock for product in await sold(rig)}

    expected = {"RED": 5, "BLUE": 0, "SHIRT-S": 1, "SHIRT-M": 0, "SHIRT-L": 3}
    assert {sku: stock[sku] for sku in expected} == (expected if rig.says_stock else dict.fromkeys(expected))


async def test_what_open_orders_hold_is_not_available(rig):
    if not rig.says_stock:
        return
    rig.sells("RED", 5)
    rig.places(number=1, lines=[{"sku": "RED", "quantity": 2}])

    (stock,) = {product.stock for product in await sold(rig) if product.sku == "RED"}

    assert stock == rig.stock_of("RED")


async def test_a_product_that_the_store_does_not_count_says_nothing_rather_than_zero(rig):
    if not rig.says_stock:
        return
    rig.sells("RED", 5)
    rig.counts_none_of(rig.sells("GIFT", 0))

    stock = {product.sku: product.stock for product in await sold(rig)}

    assert stock == {"RED": 5, "GIFT": None}


async def test_reading_many_products_with_their_stock_takes_few_calls(rig):
    skus = {f"A-RATHER-LONG-SKU-{number:03}": number for number in range(240)}
    for sku, quantity in skus.items():
        rig.sells(sku, quantity)
    rig.sim.forget_log()

    stock = {product.sku: product.stock for product in await sold(rig)}

    assert stock == (skus if rig.says_stock else dict.fromkeys(skus))
    assert len(rig.sim.log) <= 8 + rig.calls_a_product * len(skus)


@pytest.mark.parametrize("name", ["Große Öl-Kanne", "赤いシャツ", "قميص أحمر", "Chemise “rouge” — 50 %", "👕 <b>&amp;</b>"])
async def test_names_in_any_script_survive(rig, name):
    rig.sells("RED", 5, name=name)

    (product,) = await sold(rig)

    assert product.name == name


async def test_each_variant_is_an_entry_of_its_own(rig):
    ids = rig.sells_variants("Shirt", {"SHIRT-S": 1, "SHIRT-M": 2, "SHIRT-L": 3})

    products = await sold(rig)

    variants = [product for product in products if product.external_id in ids]
    assert {product.sku for product in variants} == {"SHIRT-S", "SHIRT-M", "SHIRT-L"}
    assert len({product.product_id for product in variants}) == 1
    assert all("Shirt" in product.name for product in variants)


async def test_a_product_with_many_variants_has_them_all(rig):
    ids = rig.sells_variants("Shirt", {f"SHIRT-{number:03}": number for number in range(110)})

    found = [product.external_id for product in await sold(rig)]

    assert set(ids) <= set(found)
    assert len(found) == len(set(found))


async def test_a_product_without_a_sku_is_listed_without_one(rig):
    if not rig.skus_miss:
        return
    external_id = rig.sells(None, 5, name="Nameless")

    (product,) = await sold(rig)

    assert (product.external_id, product.sku) == (external_id, None)


async def test_the_same_sku_twice_is_two_entries(rig):
    if not rig.skus_repeat:
        return
    ids = [rig.sells("RED", 5), rig.sells("RED", 7)]

    products = await sold(rig)

    assert {product.external_id for product in products} == set(ids)
    assert [product.sku for product in products] == ["RED", "RED"]


async def test_a_bundle_is_known_as_one(rig):
    if not rig.has_bundles:
        return
    rig.sells("RED", 5)
    rig.sells("BLUE", 5)
    external_id = rig.sells_bundle("PAIR", {"RED": 1, "BLUE": 2})

    bundle = {product.external_id: product for product in await sold(rig)}[external_id]

    assert bundle.sku == "PAIR"
    assert bundle.is_bundle
    if rig.says_components:
        assert {part.sku: part.quantity for part in bundle.components} == {"RED": 1, "BLUE": 2}


async def test_what_changed_since_is_enough(rig):
    now = datetime.now(UTC)
    old = rig.sells("OLD", 5, changed_at=now - timedelta(days=3))
    new = rig.sells("NEW", 5, changed_at=now - timedelta(days=3))
    rig.renames(new, "Newer")

    found = {product.external_id: product.name for product in await sold(rig, now - timedelta(days=1))}

    assert found[new] == "Newer"
    assert (old in found) == (not rig.products_say_when)


async def test_a_product_that_is_gone_is_absent(rig):
    keep, gone = rig.sells("RED", 5), rig.sells("BLUE", 5)
    rig.drops(gone)

    assert [product.external_id for product in await sold(rig)] == [keep]


async def test_only_the_last_page_says_that_it_is_the_last(rig):
    for number in range(7):
        rig.sells(f"SKU-{number}", 1)

    ends = [page.is_last async for page in rig.products(page_size=2)]

    assert len(ends) > 1
    assert ends == [False] * (len(ends) - 1) + [True]


async def test_a_store_that_sells_nothing_says_so(rig):
    pages = [page async for page in rig.products()]

    assert [page.products for page in pages] == [()]
    assert pages[-1].is_last


@pytest.mark.parametrize("pages", [1, 2, 3])
async def test_reading_goes_on_after_any_page(rig, pages):
    ids = {rig.sells(f"SKU-{number}", 1) for number in range(9)}
    seen, position, read = [], None, 0

    async for page in rig.products(page_size=2):
        seen += page.products
        position, read = page.position, read + 1
        if read == pages:
            break
    seen += [product async for page in rig.products(None, position, page_size=2) for product in page.products]

    assert {product.external_id for product in seen} == ids


async def test_a_product_that_changes_while_we_read_hides_no_other(rig):
    ids = [rig.sells(f"SKU-{number}", 1) for number in range(7)]
    seen = set()
    has_changed = False

    async for page in rig.products(page_size=2):
        seen |= {product.external_id for product in page.products}
        if not has_changed:
            has_changed = True
            rig.renames(ids[0], "Renamed while we read")
            rig.renames(ids[6], "Renamed as well")

    assert seen == set(ids)


async def test_a_product_deleted_while_we_read_hides_no_other(rig):
    ids = [rig.sells(f"SKU-{number}", 1) for number in range(7)]
    seen = set()
    gone = None

    async for page in rig.products(page_size=2):
        seen |= {product.external_id for product in page.products}
        if gone is None:
            gone = page.products[0].external_id
            rig.drops(gone)

    assert seen == set(ids)


async def test_one_product_that_cannot_be_understood_holds_up_no_other(rig):
    ids = [rig.sells(f"SKU-{number}", 1) for number in range(5)]
    rig.spoils_product(ids[2])

    found = [product.external_id for product in await sold(rig)]

    assert set(found) == {*ids} - {ids[2]}
    (rejected,) = rig.rejected
    assert rejected.external_id
    assert rejected.reason
    assert rejected.raw


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_platform_is_unavailable(rig, status):
    rig.sells("RED", 5)
    rig.sim.fail_next(n=8, status=status)

    with pytest.raises(Unavailable):
        await sold(rig)


async def test_a_429_is_taken_as_asked(rig):
    rig.sells("RED", 5)
    rig.sim.fail_next(n=1, status=429)

    with pytest.raises(RateLimited):
        await sold(rig)


async def test_a_key_that_stays_refused_asks_for_a_person(rig):
    rig.sells("RED", 5)
    await sold(rig)
    rig.sim.fail_next(n=20, status=401)

    with pytest.raises(AuthenticationFailed):
        await sold(rig)


async def test_reading_writes_nothing(rig):
    rig.sells("RED", 5)
    rig.sim.forget_log()

    await sold(rig, may_write=False)

    assert rig.sim.writes() == []
