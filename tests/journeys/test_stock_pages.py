"""Products, stock and returns in a real browser: accessible, obedient to the policy, and a yes that is asked for in its own words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crossdock.accounts.slugs import short
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_connection, a_merchant, a_store, a_warehouse
from crossdock.domain.fulfillment import Tracking
from crossdock.domain.orders import Measure
from crossdock.domain.products import Component
from crossdock.domain.returns import Return, ReturnLine, ReturnState
from crossdock.inbound.models import SalesReturn
from crossdock.inbound.receiving import take_returns
from crossdock.inventory.models import Publishing, StoreLevel
from crossdock.inventory.testing import planned, read_levels
from crossdock.orders.testing import an_order
from crossdock.products.models import Listing
from crossdock.products.testing import a_product, read_products
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import assert_accessible
from support.served import enter

pytestmark = pytest.mark.usefixtures("db_ready")
HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def stocked(site, page):
    """An account with products, levels, figures and returns, its administrator signed in: connection, a return, the address."""
    account = an_account("Acme Fulfillment")
    enter(page, site, signed_in_client(a_person(account)))
    merchant = a_merchant(account, "Blue Heron Goods")
    store = a_store(account, merchant, name="Blue Heron web shop")
    connection = a_connection(account, store=store, warehouse=a_warehouse(account, name="Reno"))
    products = [
        a_product(
            str(n), f"HERON-{n:03}-M", name=f"Meadow shirt, number {n}", options={"Size": "M", "Color": "Heron blue"},
            barcode=f"07654321{n:04}", weight=Measure(Decimal("0.25"), "kg"), stock=Decimal(n * 3),
        )
        for n in range(1, 31)
    ]  # fmt: skip
    products += [
        a_product("90", "SET-1", name="Gift set", components=(Component("HERON-001-M", Decimal(2)),), is_bundle=True),
        a_product("91", None, name="A thing without SKU"),
        a_product("92", "HERON-001-M", name="The same SKU once more"),
        a_product("93", HOSTILE, name=HOSTILE),
    ]
    read_products(account, store, products)
    read_levels(account, connection.warehouse, **{f"HERON-{n:03}-M": max(0, 40 - n * 2) for n in range(1, 29)}, **{HOSTILE: 4})
    planned(account, connection)
    order = an_order(account, store, number="#1042")
    with scoped(account.pk):
        reason = "Blue Heron web shop would show 43 % less than before. Nothing is sent until somebody has looked at it."
        now = datetime.now(UTC)
        Publishing.objects.update(state="first", reason=reason)
        StoreLevel.objects.filter(sku="HERON-004-M").update(
            state="refused", intended=32, answer=f"It is not stocked at Reno {HOSTILE}. Stock it there, then it is told again."
        )
        StoreLevel.objects.filter(sku="HERON-005-M").update(state="done", pushed=30, pushed_at=now)
        lines = (ReturnLine("1", "HERON-001-M", "Meadow shirt", Decimal(1), reason="Too small", note=HOSTILE),)
        returns = [
            Return(f"r{n}", f"R-{n:04}", state, now - timedelta(hours=n), now, lines, order_id=order.external_id,
                   order_number=order.number, tracking=(Tracking("1Z999AA10123456784"),), carrier="UPS", note=HOSTILE)
            for n, state in enumerate(ReturnState)
        ]  # fmt: skip
        take_returns(store_id=store.pk, merchant_id=merchant.pk, returns=returns, raws=[b"{}"] * len(returns))
        row = SalesReturn.objects.first()
    return connection, row, f"{site}/a/{account.slug}"


def addresses(stocked):
    connection, row, home = stocked
    with scoped(connection.account_id):
        listing = Listing.objects.order_by("pk").first()
    return [
        f"{home}/products/",
        f"{home}/products/?view=missing",
        f"{home}/products/?view=doubled",
        f"{home}/products/{short(listing.public_id)}/",
        f"{home}/inventory/",
        f"{home}/inventory/stores/",
        f"{home}/inventory/publishing/",
        f"{home}/inventory/publishing/{short(connection.store.public_id)}/",
        f"{home}/inventory/sku/?sku=HERON-004-M",
        f"{home}/connections/{short(connection.public_id)}/stock/",
        f"{home}/connections/{short(connection.public_id)}/",
        f"{home}/connections/{short(connection.public_id)}/settings/",
        f"{home}/connections/",
        f"{home}/stores/",
        f"{home}/stores/{short(connection.store.public_id)}/",
        f"{home}/warehouses/{short(connection.warehouse.public_id)}/",
        f"{home}/returns/",
        f"{home}/returns/{short(row.public_id)}/",
    ]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_page_is_accessible_and_as_wide_as_its_screen_and_foreign_text_stays_text(stocked, page, complaints, width, theme):
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=theme)

    for address in addresses(stocked):
        page.goto(address)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address

    assert complaints == []


def test_somebody_looks_at_the_first_figures_and_says_yes(stocked, page, expect, complaints):
    connection, _row, home = stocked

    page.goto(f"{home}/")
    page.get_by_role("link", name="Stores whose stock waits for you").click()
    page.get_by_role("link", name="Blue Heron web shop").click()
    page.get_by_role("button", name="Send these figures").first.click()
    expect(page.get_by_text("What the store shows now is replaced")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Send these figures").click()

    expect(page.get_by_text("The store is told these figures now.")).to_be_visible()
    assert complaints == []
    with scoped(connection.account_id):
        assert Publishing.objects.get().approved_at is not None
