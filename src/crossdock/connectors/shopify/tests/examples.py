"""Orders as Shopify gives them, made up: say what matters, the rest is ordinary."""

from typing import Any

import msgspec

from crossdock.connectors.shopify.payloads import ShOrder
from crossdock.connectors.shopify.settings import Settings

HERE, ELSEWHERE = "gid://shopify/Location/11", "gid://shopify/Location/22"


def money(shop: str, shopper: str | None = None) -> dict[str, Any]:
    """A MoneyBag in dollars, and in euros for the shopper."""
    return {
        "shopMoney": {"amount": shop, "currencyCode": "USD"},
        "presentmentMoney": {"amount": shopper or shop, "currencyCode": "EUR" if shopper else "USD"},
    }


def a_line(number: int = 1, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A line item."""
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "name": f"Item {number}",
        "sku": f"SKU-{number}",
        "quantity": quantity,
        "currentQuantity": quantity,
        "unfulfilledQuantity": quantity,
        "requiresShipping": True,
        "isGiftCard": False,
        "originalUnitPriceSet": money("10.0"),
        "discountAllocations": [],
        "taxLines": [],
        "customAttributes": [],
        "lineItemGroup": None,
        "variant": None,
        "weight": None,
        **more,
    }


def a_part(number: int = 1, units: dict[int, int] | None = None, at: str = HERE, **more: Any) -> dict[str, Any]:
    """A fulfillment order with units by line number."""
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "fulfillAt": None,
        "fulfillBy": None,
        "supportedActions": [{"action": "CREATE_FULFILLMENT"}],
        "assignedLocation": {
            "name": "Reno" if at == HERE else "Austin",
            "location": {"id": at, "name": "Reno" if at == HERE else "Austin", "fulfillmentService": None},
        },
        "deliveryMethod": {"methodType": "SHIPPING"},
        "fulfillmentHolds": [],
        "internationalDuties": None,
        "lineItems": {
            "nodes": [
                {
                    "id": f"gid://shopify/FulfillmentOrderLineItem/{number}{line}",
                    "remainingQuantity": quantity,
                    "totalQuantity": quantity,
                    "requiresShipping": True,
                    "sku": f"SKU-{line}",
                    "lineItem": {"id": f"gid://shopify/LineItem/{line}", "name": f"Item {line}"},
                }
                for line, quantity in (units or {1: 1}).items()
            ],
            "pageInfo": {"hasNextPage": False, "endCursor": None},
        },
        **more,
    }


def an_order(lines: list[dict[str, Any]] | None = None, parts: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """An order of one line, paid, to be shipped from here."""
    page = {"hasNextPage": False, "endCursor": None}
    return {
        "id": "gid://shopify/Order/1001",
        "legacyResourceId": "1001",
        "name": "#1001",
        "createdAt": "2026-11-01T10:00:00Z",
        "processedAt": "2026-11-01T10:00:00Z",
        "updatedAt": "2026-11-02T10:00:00Z",
        "cancelledAt": None,
        "cancelReason": None,
        "closed": False,
        "test": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "currencyCode": "USD",
        "presentmentCurrencyCode": "USD",
        "taxesIncluded": False,
        "email": "robin@example.com",
        "phone": None,
        "note": None,
        "tags": [],
        "poNumber": None,
        "totalPriceSet": money("10.0"),
        "customAttributes": [],
        "shippingAddress": {
            "name": "Robin Example",
            "company": None,
            "address1": "12 Harbor Street",
            "address2": "Unit 4",
            "city": "Portland",
            "provinceCode": "OR",
            "zip": "97201",
            "countryCodeV2": "US",
            "phone": "+15035550100",
        },
        "billingAddress": None,
        "shippingLines": {"nodes": [{"title": "Standard", "code": "STD", "carrierIdentifier": None, "isRemoved": False}]},
        "lineItems": {"nodes": [a_line()] if lines is None else lines, "pageInfo": page},
        "fulfillmentOrders": {"nodes": [a_part()] if parts is None else parts, "pageInfo": page},
        **more,
    }


def typed(order: dict[str, Any]) -> ShOrder:
    """The order as the client decodes it."""
    return msgspec.json.decode(msgspec.json.encode(order), type=ShOrder)


def settings(**changes: Any) -> Settings:
    """Settings that take everything paid."""
    return Settings(**{"shop": "acme", "access": "token", "admin_token": "shpat_0123456789abcdef", "location": "11", **changes})
