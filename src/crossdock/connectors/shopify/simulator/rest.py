"""The older, REST-shaped JSON that webhooks still carry: snake_case, numeric ids."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.shopify.simulator.values import Record, number_of


def order_body(order: Record) -> Record:
    """An order as `orders/*` topics send it."""
    return {
        "id": number_of(order["id"]),
        "admin_graphql_api_id": order["id"],
        "name": order["name"],
        "number": order["number"] - 1000 if order["number"] > 1000 else order["number"],
        "order_number": order["number"],
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "processed_at": order["processedAt"],
        "cancelled_at": order["cancelledAt"],
        "cancel_reason": order["cancelReason"].lower() if order["cancelReason"] else None,
        "closed_at": order["closedAt"],
        "currency": order["currencyCode"],
        "presentment_currency": order["presentmentCurrencyCode"],
        "financial_status": (order["displayFinancialStatus"] or "").lower() or None,
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(order["displayFulfillmentStatus"]),
        "email": order["email"] or "",
        "contact_email": order["email"],
        "phone": order["phone"],
        "note": order["note"],
        "note_attributes": [{"name": one["key"], "value": one["value"]} for one in order["customAttributes"]],
        "po_number": order["poNumber"],
        "tags": ", ".join(order["tags"]),
        "test": order["test"],
        "source_name": order["sourceName"],
        "taxes_included": order["taxesIncluded"],
        "total_price": _two(order["totalPriceSet"]),
        "total_price_set": _set(order["totalPriceSet"]),
        "current_total_price": _two(order["currentTotalPriceSet"]),
        "current_total_price_set": _set(order["currentTotalPriceSet"]),
        "subtotal_price": _two(order["subtotalPriceSet"]),
        "subtotal_price_set": _set(order["subtotalPriceSet"]),
        "total_tax": _two(order["totalTaxSet"]),
        "total_tax_set": _set(order["totalTaxSet"]),
        "total_discounts": _two(order["totalDiscountsSet"]),
        "total_discounts_set": _set(order["totalDiscountsSet"]),
        "total_shipping_price_set": _set(order["totalShippingPriceSet"]),
        "shipping_address": _address(order["shippingAddress"]),
        "billing_address": _address(order["billingAddress"]),
        "customer": _customer(order["customer"]),
        "shipping_lines": [_shipping(line) for line in order["_shipping_lines"]],
        "line_items": [_line(line) for line in order["_lines"]],
        "fulfillments": [fulfillment_body(one, order) for one in order["_fulfillments"]],
        "refunds": [refund_body(one, order) for one in order["_refunds"]],
        "discount_codes": [],
        "tax_lines": [],
    }


def _two(value: Record) -> str:
    return f"{float(value['shopMoney']['amount']):.2f}"


def _set(value: Record) -> Record:
    return {
        "shop_money": {
            "amount": f"{float(value['shopMoney']['amount']):.2f}",
            "currency_code": value["shopMoney"]["currencyCode"],
        },
        "presentment_money": {
            "amount": f"{float(value['presentmentMoney']['amount']):.2f}",
            "currency_code": value["presentmentMoney"]["currencyCode"],
        },
    }


def _address(given: Record | None) -> Record | None:
    if not given:
        return None
    return {
        "first_name": given["firstName"],
        "last_name": given["lastName"],
        "name": given["name"],
        "company": given["company"],
        "address1": given["address1"],
        "address2": given["address2"],
        "city": given["city"],
        "zip": given["zip"],
        "province": given["province"],
        "province_code": given["provinceCode"],
        "country": given["country"],
        "country_code": given["countryCodeV2"],
        "phone": given["phone"],
        "latitude": given["latitude"],
        "longitude": given["longitude"],
    }


def _customer(given: Record | None) -> Record | None:
    if not given:
        return None
    return {
        "id": number_of(given["id"]),
        "email": given["email"],
        "first_name": given["firstName"],
        "last_name": given["lastName"],
        "phone": given["phone"],
        "admin_graphql_api_id": given["id"],
    }


def _shipping(line: Record) -> Record:
    return {
        "id": number_of(line["id"]),
        "title": line["title"],
        "code": line["code"],
        "source": line["source"],
        "carrier_identifier": line["carrierIdentifier"],
        "price": _two(line["originalPriceSet"]),
        "price_set": _set(line["originalPriceSet"]),
        "is_removed": line["isRemoved"],
    }


def _line(line: Record) -> Record:
    return {
        "id": number_of(line["id"]),
        "admin_graphql_api_id": line["id"],
        "title": line["title"],
        "name": line["name"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": line["unfulfilledQuantity"],
        "fulfillment_status": None if line["fulfillmentStatus"] == "unfulfilled" else line["fulfillmentStatus"],
        "requires_shipping": line["requiresShipping"],
        "gift_card": line["isGiftCard"],
        "taxable": line["taxable"],
        "vendor": line["vendor"],
        "variant_id": number_of(line["variant"]["id"]) if line["variant"] else None,
        "variant_title": line["variantTitle"],
        "price": _two(line["originalUnitPriceSet"]),
        "price_set": _set(line["originalUnitPriceSet"]),
        "total_discount": _two(line["totalDiscountSet"]),
        "properties": [{"name": one["key"], "value": one["value"]} for one in line["customAttributes"]],
        "tax_lines": [],
    }


def fulfillment_body(one: Record, order: Record) -> Record:
    """A fulfillment as `fulfillments/*` topics send it."""
    numbers = [info["number"] for info in one["trackingInfo"] if info["number"]]
    urls = [info["url"] for info in one["trackingInfo"] if info["url"]]
    return {
        "id": number_of(one["id"]),
        "admin_graphql_api_id": one["id"],
        "order_id": number_of(order["id"]),
        "name": one["name"],
        "status": one["status"].lower(),
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
        "location_id": number_of(one["_location"] or ""),
        "tracking_company": one["trackingInfo"][0]["company"] if one["trackingInfo"] else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "line_items": [{"id": number_of(item["_line"]), "quantity": item["quantity"]} for item in one["_items"]],
    }


def refund_body(one: Record, order: Record) -> Record:
    """A refund as `refunds/create` sends it."""
    return {
        "id": number_of(one["id"]),
        "admin_graphql_api_id": one["id"],
        "order_id": number_of(order["id"]),
        "created_at": one["createdAt"],
        "processed_at": one["processedAt"],
        "note": one["note"],
        "refund_line_items": [
            {
                "id": number_of(item["id"]),
                "line_item_id": number_of(item["_line"]),
                "quantity": item["quantity"],
                "restock_type": item["restockType"].lower(),
            }
            for item in one["_items"]
        ],
    }


def fulfillment_order_body(one: Record) -> Record:
    """A fulfillment order as `fulfillment_orders/*` topics send it: ids and state only."""
    return {"fulfillment_order": {"id": one["id"], "status": one["status"].lower()}}


def body_of(topic: str, record: Record, order: Record | None) -> Any:
    """The body of a topic about a record."""
    if topic.startswith("ORDERS_"):
        return order_body(record)
    if topic.startswith("FULFILLMENT_ORDERS_"):
        return fulfillment_order_body(record)
    assert order is not None  # noqa: S101  (everything else belongs to an order)
    return refund_body(record, order) if topic.startswith("REFUNDS_") else fulfillment_body(record, order)
