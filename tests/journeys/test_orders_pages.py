"""Orders in a real browser: from what is stuck to the order, by mouse and keyboard; live, accessible, obedient to the policy."""

import pytest

from crossdock.accounts.slugs import short
from crossdock.accounts.testing import a_person, an_account, signed_in_client
from crossdock.connections.testing import a_connection
from crossdock.fulfillment.testing import a_sent_order, a_shipment
from crossdock.orders.models import SalesOrder
from crossdock.orders.testing import an_order, walk_to
from crossdock.tenancy.scope import scoped
from crossdock.ui.testing import WIDTHS, assert_accessible
from support.served import enter

pytestmark = pytest.mark.usefixtures("db_ready")
HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def world(site, page):
    """An account whose administrator is signed in, with a Live connection; and the account's address."""
    account = an_account("Acme Fulfillment")
    enter(page, site, signed_in_client(a_person(account)))
    return account, a_connection(account), f"{site}/a/{account.slug}"


def test_somebody_goes_from_what_is_stuck_to_the_order_and_has_it_tried_again(world, page, expect, complaints):
    account, connection, home = world
    order = an_order(account, connection.store, number="#1042", status="error", reason="Address line 2 is too long.")

    page.goto(f"{home}/")
    assert_accessible(page)
    page.get_by_role("link", name="Orders stopped").click()
    expect(page.get_by_text("Address line 2 is too long.")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/orders/{short(order.public_id)}/")
    page.get_by_role("button", name="Reprocess").first.click()

    expect(page.get_by_text("New again")).to_be_visible()
    with scoped(account.pk):
        assert SalesOrder.objects.get(pk=order.pk).status == "new"
    assert complaints == []


def test_chosen_orders_are_deleted_after_one_question_and_the_rest_is_said(world, page, expect, complaints):
    account, connection, home = world
    sent = an_order(account, connection.store, number="#1")
    a_sent_order(account, connection, sent)
    an_order(account, connection.store, number="#2")

    page.goto(f"{home}/orders/")
    page.get_by_label("Select all").check()
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_role("heading", name="Delete the selected orders?")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_role("heading", name="Deleted 1 order")).to_be_visible()
    expect(page.get_by_text("It was sent to a warehouse")).to_be_visible()
    assert_accessible(page)
    assert complaints == []


def test_a_list_shows_what_changed_by_itself_and_keeps_what_was_chosen(world, page, expect, complaints):
    account, connection, home = world
    first, second = an_order(account, connection.store, number="#1"), an_order(account, connection.store, number="#2")
    page.goto(f"{home}/orders/")
    page.get_by_label("Select #2").check()

    with scoped(account.pk):
        walk_to(first, "error", "No SKU.")

    expect(page.get_by_text("No SKU.")).to_be_visible(timeout=15_000)
    expect(page.get_by_label("Select #2")).to_be_checked()
    assert second.status == "new"
    assert complaints == []


def test_every_page_is_accessible_and_as_wide_as_its_screen_whatever_an_order_says(world, page, expect, complaints):
    account, connection, home = world
    order = an_order(account, connection.store, number=f"#9{HOSTILE}", gift_message=HOSTILE, lines=30)
    shipment = a_shipment(account, a_sent_order(account, connection, order))
    with scoped(account.pk):
        SalesOrder.objects.filter(pk=order.pk).update(issue=f"It differs. {HOSTILE}")
    observing = a_connection(account, mode="observe")
    an_order(account, observing.store)
    paths = (
        "/", "/orders/", "/orders/?q=nothing", f"/orders/{short(order.public_id)}/", f"/orders/{short(order.public_id)}/data/",
        "/orders/statuses/", "/orders/not-understood/", "/shipments/", f"/shipments/{short(shipment.public_id)}/", "/activity/",
        f"/connections/{short(observing.public_id)}/go-live/",
    )  # fmt: skip

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        for path in paths:
            page.goto(f"{home}{path}")
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (width, path)
    assert complaints == []


def test_the_details_open_as_a_drawer_and_hide_what_is_empty(world, page, expect, complaints):
    account, connection, home = world
    order = an_order(account, connection.store, gift_message="Happy birthday")
    page.goto(f"{home}/orders/{short(order.public_id)}/")

    page.get_by_role("button", name="All details").click()
    expect(page.get_by_role("dialog").get_by_text("Happy birthday")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("Incoterm")).to_be_hidden()
    page.get_by_label("Hide empty fields").uncheck()
    expect(page.get_by_role("dialog").get_by_text("Incoterm")).to_be_visible()
    assert_accessible(page)
    assert complaints == []
