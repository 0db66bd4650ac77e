"""What Shopify's orders mean: a payload in, a canonical order out."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.shopify.mapping import ROUTING, to_order
from crossdock.connectors.shopify.tests.examples import ELSEWHERE, HERE, a_line, a_part, an_order, money, settings, typed
from crossdock.domain.orders import Address, Customs, LeftOut, Order, OrderLine, Payment, ShippingMethod

D = Decimal


def mapped(order, **changes):
    return to_order(typed(order), settings(**changes))


def test_a_whole_order():
    line = a_line(
        7,
        3,
        name="Blue shirt - M",
        sku="BLUE-M",
        originalUnitPriceSet=money("20.00"),
        discountAllocations=[{"allocatedAmountSet": money("1.50")}, {"allocatedAmountSet": money("0.50")}],
        taxLines=[{"rate": 0.06, "priceSet": money("3.48")}, {"rate": 0.01, "priceSet": money("0.58")}],
        customAttributes=[{"key": "Engraving", "value": "R.E."}],
        variant={
            "id": "gid://shopify/ProductVariant/70",
            "barcode": "0012345678905",
            "inventoryItem": {"harmonizedSystemCode": "610910", "countryCodeOfOrigin": "PT"},
        },
        weight={"unit": "KILOGRAMS", "value": 0.25},
    )
    order = an_order(
        [line],
        [a_part(1, {7: 3}, fulfillBy="2026-11-05T00:00:00Z", internationalDuties={"incoterm": "DDP"})],
        note="Ring twice",
        tags=["vip", "web"],
        poNumber="PO-9",
        totalPriceSet=money("67.06"),
        subtotalPriceSet=money("58.00"),
        totalShippingPriceSet=money("5.00"),
        totalTaxSet=money("4.06"),
        totalDiscountsSet=money("2.00"),
        currentTotalDutiesSet=money("1.25"),
        customAttributes=[{"key": "channel", "value": "fair"}],
    )

    assert to_order(typed(order)) == Order(
        external_id="1001",
        number="#1001",
        placed_at=datetime(2026, 11, 1, 10, tzinfo=UTC),
        updated_at=datetime(2026, 11, 2, 10, tzinfo=UTC),
        currency="USD",
        lines=(
            OrderLine(
                external_id="7",
                sku="BLUE-M",
                name="Blue shirt - M",
                ordered=D(3),
                to_ship=D(3),
                unit_price=D("20.00"),
                discount=D("2.00"),
                tax=D("4.06"),
                variant_id="70",
                barcode="0012345678905",
                location="11",
                options={"Engraving": "R.E."},
                weight=to_order(typed(order)).lines[0].weight,
                hs_code="610910",
                origin="PT",
            ),
        ),
        grand_total=D("67.06"),
        subtotal=D("58.00"),
        shipping_total=D("5.00"),
        tax_total=D("4.06"),
        discount_total=D("2.00"),
        ship_to=Address(
            name="Robin Example",
            lines=("12 Harbor Street", "Unit 4"),
            city="Portland",
            region="OR",
            postal_code="97201",
            country="US",
            phone="+15035550100",
            email="robin@example.com",
        ),
        method=ShippingMethod(name="Standard", code="STD"),
        email="robin@example.com",
        customer_po="PO-9",
        payment=Payment.PAID,
        ship_by=datetime(2026, 11, 5, tzinfo=UTC),
        warehouse_note="Ring twice",
        tags=("vip", "web"),
        attributes={"channel": "fair"},
        customs=Customs(incoterm="DDP", duties=D("1.25")),
    )


def test_weights_carry_their_unit_and_lose_the_noise_of_floats():
    order = mapped(an_order([a_line(weight={"unit": "OUNCES", "value": 3.4000000000000004})]))

    assert (order.lines[0].weight.value, order.lines[0].weight.unit) == (D("3.4"), "oz")


def test_what_is_to_ship_is_what_remains_and_not_what_was_sold():
    order = mapped(
        an_order([a_line(1, 5, currentQuantity=4, unfulfilledQuantity=2)], [a_part(1, {1: 2})]), include_partial_fulfillments=True
    )

    assert (order.lines[0].ordered, order.lines[0].to_ship) == (5, 2)
    assert order.left_out == (LeftOut("1 × SKU-1", "refunded or removed"), LeftOut("2 × SKU-1", "already shipped"))


def test_a_part_that_is_closed_asks_for_nothing():
    parts = [a_part(1, {1: 1}, status=status) for status in ("CLOSED", "CANCELLED", "INCOMPLETE")]

    assert mapped(an_order(parts=parts)).units_to_ship == 0


@pytest.mark.parametrize("status", ["OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD"])
def test_a_part_that_is_open_asks_for_its_units(status):
    assert mapped(an_order(parts=[a_part(status=status)])).units_to_ship == 1


def test_items_elsewhere_are_taken_unless_the_store_filters_by_location():
    order = an_order([a_line(1), a_line(2)], [a_part(1, {1: 1}), a_part(2, {2: 1}, ELSEWHERE)])

    assert mapped(order).units_to_ship == 2
    filtered = mapped(order, filter_by_location=True)
    assert [line.to_ship for line in filtered.lines] == [1, 0]
    assert filtered.left_out == (LeftOut("1 × SKU-2", "assigned to Austin"),)
    assert [line.location for line in mapped(order).lines] == ["11", "22"]


def test_items_of_other_services_are_left_out_when_one_is_chosen():
    theirs = a_part(2, {2: 1}, ELSEWHERE)
    theirs["assignedLocation"]["location"]["fulfillmentService"] = {
        "handle": "acme-3pl",
        "serviceName": "Acme 3PL",
        "type": "THIRD_PARTY",
    }
    order = an_order([a_line(1), a_line(2)], [a_part(1, {1: 1}), theirs])

    assert mapped(order).units_to_ship == 2
    assert [line.to_ship for line in mapped(order, fulfillment_service="manual").lines] == [1, 0]
    assert [line.to_ship for line in mapped(order, fulfillment_service="acme-3pl").lines] == [0, 1]
    assert mapped(order, fulfillment_service="manual").left_out == (LeftOut("1 × SKU-2", "fulfilled by Acme 3PL"),)


def test_a_location_that_the_shop_serves_by_hand_is_its_own_whatever_the_service_is_called():
    part = a_part(1, {1: 1})
    part["assignedLocation"]["location"]["fulfillmentService"] = {"handle": "reno", "serviceName": "Reno", "type": "MANUAL"}

    assert mapped(an_order([a_line(1)], [part]), fulfillment_service="manual").units_to_ship == 1
    assert mapped(an_order([a_line(1)], [part]), fulfillment_service="acme-3pl").units_to_ship == 0


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("PICK_UP", "picked up by the shopper"),
        ("LOCAL", "delivered locally by the shop"),
        ("RETAIL", "handed over in the shop"),
        ("NONE", "needs no shipping"),
    ],
)
def test_what_no_parcel_carries_is_left_out(kind, reason):
    order = mapped(an_order(parts=[a_part(deliveryMethod={"methodType": kind})]))

    assert order.units_to_ship == 0
    assert order.left_out == (LeftOut("1 × SKU-1", reason),)


def test_parcels_to_a_pickup_point_are_shipped():
    assert mapped(an_order(parts=[a_part(deliveryMethod={"methodType": "PICKUP_POINT"})])).units_to_ship == 1


def test_gift_cards_and_digital_items_are_left_out_and_do_not_make_an_order_partial():
    lines = [
        a_line(1),
        a_line(2, isGiftCard=True, requiresShipping=False, unfulfilledQuantity=0),
        a_line(3, requiresShipping=False),
    ]
    order = mapped(an_order(lines, [a_part(1, {1: 1})], displayFulfillmentStatus="PARTIALLY_FULFILLED"))

    assert order.units_to_ship == 1
    assert order.left_out == (LeftOut("1 × SKU-2", "gift card"), LeftOut("1 × SKU-3", "needs no shipping"))
    assert order.not_imported is None


def test_a_hold_in_shopify_holds_the_order_with_its_reason():
    holds = [{"reason": "HIGH_RISK_OF_FRAUD", "displayReason": "High risk of fraud", "reasonNotes": "call first"}]

    order = mapped(an_order(parts=[a_part(status="ON_HOLD", fulfillmentHolds=holds)]))

    assert (order.hold.reason, order.hold.until) == ("High risk of fraud: call first", None)


def test_a_hold_on_a_part_that_is_not_ours_holds_nothing():
    order = an_order([a_line(1), a_line(2)], [a_part(1, {1: 1}), a_part(2, {2: 1}, ELSEWHERE, status="ON_HOLD")])

    assert mapped(order, filter_by_location=True).hold is None
    assert mapped(order).hold is not None


def test_a_scheduled_order_waits_for_its_moment():
    order = mapped(an_order(parts=[a_part(status="SCHEDULED", fulfillAt="2026-12-01T08:00:00Z")]))

    assert order.hold.until == order.ship_not_before == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_no_fulfillment_orders_yet_is_routing_and_not_nothing_to_ship():
    order = mapped(an_order(parts=[]), exclude_empty_orders=True)

    assert order.hold.reason == ROUTING
    assert order.not_imported is None
    assert order.left_out == ()


def test_no_fulfillment_orders_for_digital_items_is_nothing_to_ship():
    order = mapped(an_order([a_line(requiresShipping=False)], []))

    assert order.hold is None
    assert order.units_to_ship == 0


def test_units_in_no_part_that_we_see_are_left_out_visibly():
    order = mapped(an_order([a_line(1, 3)], [a_part(1, {1: 2})]))

    assert order.left_out == (LeftOut("1 × SKU-1", "not assigned to a location that Crossdock may see"),)


def test_a_canceled_order_ships_nothing():
    order = mapped(an_order(cancelledAt="2026-11-02T09:00:00Z", cancelReason="CUSTOMER", parts=[a_part(status="ON_HOLD")]))

    assert order.canceled_at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert (order.cancel_reason, order.units_to_ship, order.hold, order.not_imported) == ("customer", 0, None, None)


def test_components_of_a_bundle_name_it():
    group = {"id": "gid://shopify/LineItemGroup/5", "title": "Picnic set", "quantity": 1, "variantSku": "PICNIC"}

    order = mapped(an_order([a_line(lineItemGroup=group)]))

    assert order.lines[0].kit_parent == "PICNIC"


def test_amounts_are_all_in_one_currency():
    order = an_order(
        [a_line(originalUnitPriceSet=money("10.0", "9.0"), taxLines=[{"rate": 0.1, "priceSet": money("1.0", "0.9")}])],
        totalPriceSet=money("16.0", "14.4"),
        totalShippingPriceSet=money("5.0", "4.5"),
        presentmentCurrencyCode="EUR",
    )

    shop, shopper = mapped(order), mapped(order, use_local_currency=True)

    assert (shop.currency, shop.grand_total, shop.shipping_total, shop.lines[0].unit_price) == ("USD", 16, 5, 10)
    assert (shopper.currency, shopper.grand_total, shopper.shipping_total) == ("EUR", D("14.4"), D("4.5"))
    assert (shopper.lines[0].unit_price, shopper.lines[0].tax) == (9, D("0.9"))


def test_an_amount_in_a_third_currency_is_refused():
    odd = {"shopMoney": {"amount": "5", "currencyCode": "CAD"}, "presentmentMoney": {"amount": "5", "currencyCode": "USD"}}

    with pytest.raises(InvalidData, match="CAD") as caught:
        mapped(an_order(totalShippingPriceSet=odd))

    assert caught.value.field == "totalShippingPriceSet"


def test_prices_that_include_tax_are_given_before_tax():
    line = a_line(
        originalUnitPriceSet=money("12.00"),
        discountAllocations=[{"allocatedAmountSet": money("1.20")}],
        taxLines=[{"rate": 0.2, "priceSet": money("1.80")}],
    )

    order = mapped(an_order([line], taxesIncluded=True))

    got = order.lines[0]
    assert (got.unit_price, got.discount, got.tax) == (10, 1, D("1.80"))


def test_an_order_without_an_address_is_an_order_with_nowhere_to_go():
    nothing = dict.fromkeys(("name", "address1", "city", "zip", "countryCodeV2", "phone"))

    assert mapped(an_order(shippingAddress=None)).ship_to is None
    assert mapped(an_order(shippingAddress=nothing)).ship_to is None


def test_removed_shipping_lines_are_not_how_it_travels():
    lines = [{"title": "Express", "isRemoved": True}, {"title": "Economy", "carrierIdentifier": "ups", "isRemoved": False}]

    assert mapped(an_order(shippingLines={"nodes": lines})).method == ShippingMethod(name="Economy", carrier="ups")


@pytest.mark.parametrize("field", ["name", "updatedAt", "currencyCode"])
def test_an_order_that_cannot_be_told_apart_is_refused_by_name(field):
    with pytest.raises(InvalidData) as caught:
        mapped(an_order(**{field: None}, **({"totalPriceSet": None} if field == "currencyCode" else {})))

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("more", "changes", "words"),
    [
        ({"test": True}, {}, "test order"),
        ({"displayFinancialStatus": "PENDING"}, {}, "payment is Pending; this store imports Paid"),
        ({"displayFinancialStatus": None}, {}, "payment is not known"),
        ({"displayFinancialStatus": "EXPIRED"}, {"financial_statuses": ("paid", "voided")}, "Paid, Voided"),
        ({}, {"accept_orders_after": datetime(2026, 11, 1, 10, 1, tzinfo=UTC)}, "placed before 2026-11-01 10:01 UTC"),
        ({"parts": [], "lines": [a_line(requiresShipping=False)]}, {"exclude_empty_orders": True}, "Nothing of it"),
        ({"lines": [a_line(1, 2, unfulfilledQuantity=1)]}, {}, "already shipped"),
    ],
)
def test_an_order_a_setting_leaves_out_says_which(more, changes, words):
    assert words in mapped(an_order(**more), **changes).not_imported


@pytest.mark.parametrize(
    ("more", "changes"),
    [
        ({}, {}),
        ({"test": True}, {"import_test_orders": True}),
        ({"displayFinancialStatus": "PENDING"}, {"financial_statuses": ("paid", "pending")}),
        ({}, {"accept_orders_after": datetime(2026, 11, 1, 10, tzinfo=UTC)}),
        ({"parts": [], "lines": [a_line(requiresShipping=False)]}, {}),
        ({"lines": [a_line(1, 2, unfulfilledQuantity=1)]}, {"include_partial_fulfillments": True}),
    ],
)
def test_an_order_that_passes_is_imported(more, changes):
    assert mapped(an_order(**more), **changes).not_imported is None


def test_an_imported_order_was_placed_when_the_older_system_took_it():
    order = mapped(
        an_order(createdAt="2026-11-01T10:00:00Z", processedAt="2025-03-01T10:00:00Z"),
        accept_orders_after=datetime(2026, 1, 1, tzinfo=UTC),
    )

    assert order.placed_at.year == 2025
    assert order.not_imported is not None


def test_without_settings_nothing_is_filtered():
    order = to_order(typed(an_order(parts=[a_part(at=ELSEWHERE)], test=True, displayFinancialStatus="PENDING")))

    assert (order.units_to_ship, order.not_imported, order.url) == (1, None, None)


def test_the_order_links_to_the_shop():
    assert mapped(an_order()).url == "https://admin.shopify.com/store/acme/orders/1001"


def test_an_edited_order_keeps_what_was_sold_and_adds_a_part():
    lines = [a_line(1, 3, currentQuantity=1, unfulfilledQuantity=1), a_line(2, 1)]
    order = mapped(an_order(lines, [a_part(1, {1: 1}), a_part(2, {2: 1})]))

    assert [(line.ordered, line.to_ship) for line in order.lines] == [(3, 1), (1, 1)]
    assert order.left_out == (LeftOut("2 × SKU-1", "refunded or removed"),)


def test_the_same_sku_twice_stays_two_lines():
    order = mapped(an_order([a_line(1, sku="SAME"), a_line(2, sku="SAME")], [a_part(1, {1: 1, 2: 1})]))

    assert [(line.external_id, line.sku, line.to_ship) for line in order.lines] == [("1", "SAME", 1), ("2", "SAME", 1)]


def test_a_line_at_two_locations_names_neither():
    order = mapped(an_order([a_line(1, 2)], [a_part(1, {1: 1}), a_part(2, {1: 1}, ELSEWHERE)]))

    assert (order.lines[0].to_ship, order.lines[0].location) == (2, None)
    assert HERE != ELSEWHERE
