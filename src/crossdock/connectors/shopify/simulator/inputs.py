"""What a new order is given as, by mutation, by lever or by form, in the schema's fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crossdock.connectors.shopify.simulator.places import country_name, region_name
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.values import Record, amount, bag, scaled, summed


def given_bag(value: Record | None, currency: str) -> Record | None:
    """A bag from a MoneyBagInput."""
    if not value:
        return None
    shop = value.get("shopMoney") or {"amount": "0", "currencyCode": currency}
    other = value.get("presentmentMoney") or shop
    return bag(str(shop["amount"]), shop["currencyCode"], str(other["amount"]), other["currencyCode"])


def address(shop: Shop, given: Record | None) -> Record | None:
    """An address from a MailingAddressInput: names joined, country and region spelled out."""
    if not given:
        return None
    country = given.get("countryCode") or given.get("countryCodeV2")
    region = given.get("provinceCode")
    first, last = given.get("firstName"), given.get("lastName")
    town = ", ".join(part for part in (given.get("city"), region, country_name(country)) if part)
    return {
        "__typename": "MailingAddress",
        "id": f"{shop.new_id('MailingAddress')}?model_name=Address",
        "firstName": first,
        "lastName": last,
        "name": given.get("name") or " ".join(part for part in (first, last) if part) or None,
        "company": given.get("company"),
        "address1": given.get("address1"),
        "address2": given.get("address2"),
        "city": given.get("city"),
        "province": given.get("province") or region_name(country, region),
        "provinceCode": region,
        "zip": given.get("zip"),
        "country": given.get("country") or country_name(country),
        "countryCode": country,
        "countryCodeV2": country,
        "phone": given.get("phone"),
        "latitude": given.get("latitude"),
        "longitude": given.get("longitude"),
        "coordinatesValidated": False,
        "formattedArea": town or None,
        "timeZone": None,
    }


def variant(shop: Shop, sku: str | None, *, title: str | None = None, number: int | None = None) -> Record:
    """The variant that is sold under a SKU; one with ids of its own where none is, or where its number is known."""
    if number is None and sku and (keys := shop.by_sku.get(sku)):
        return shop.variants[keys[0]]
    key = f"gid://shopify/ProductVariant/{number}" if number else shop.new_id("ProductVariant")
    return {
        "__typename": "ProductVariant",
        "id": key,
        "sku": sku,
        "barcode": None,
        "title": title or "Default Title",
        "displayName": title or "Default Title",
        "product": None,
        "inventoryItem": {
            "__typename": "InventoryItem",
            "id": shop.new_id("InventoryItem"),
            "sku": sku,
            "tracked": True,
            "requiresShipping": True,
            "harmonizedSystemCode": None,
            "countryCodeOfOrigin": None,
            "measurement": {
                "__typename": "InventoryItemMeasurement",
                "id": shop.new_id("InventoryItemMeasurement"),
                "weight": None,
            },
            "unitCost": None,
        },
    }


def shipping_line(
    shop: Shop, title: str, price: Record, *, code: str | None = None, source: str | None = None, carrier: str | None = None
) -> Record:
    """How it is to travel, as sold."""
    return {
        "__typename": "ShippingLine",
        "id": shop.new_id("ShippingLine"),
        "title": title,
        "code": code or title,
        "carrierIdentifier": carrier,
        "custom": source is None,
        "deliveryCategory": None,
        "isRemoved": False,
        "phone": None,
        "shippingRateHandle": None,
        "source": source or "shopify",
        "originalPriceSet": price,
        "discountedPriceSet": price,
        "currentDiscountedPriceSet": price,
        "discountAllocations": [],
        "taxLines": [],
    }


def tax_lines(given: list[Record] | None, currency: str) -> list[Record]:
    """Tax lines from TaxLineInputs."""
    return [
        {
            "title": line["title"],
            "rate": float(line["rate"]),
            "ratePercentage": float(line["rate"]) * 100,
            "priceSet": given_bag(line.get("priceSet"), currency) or bag(0, currency),
            "source": None,
            "channelLiable": line.get("channelLiable"),
        }
        for line in given or []
    ]


def order_given(shop: Shop, given: Record) -> tuple[Record, list[Record]]:
    """Fields and lines of an order from an OrderCreateOrderInput."""
    currency = given.get("currency") or shop.currency
    lines = []
    for line in given["lineItems"]:
        price = given_bag(line.get("priceSet"), currency) or bag(0, currency)
        taxes = tax_lines(line.get("taxLines"), currency)
        sku = line.get("sku")
        number = line.get("variantId")
        known = variant(shop, sku, title=line.get("variantTitle"))
        if number:
            known["id"] = number
        lines.append(
            {
                "title": line.get("title") or "Item",
                "variantTitle": line.get("variantTitle"),
                "sku": sku,
                "quantity": line["quantity"],
                "vendor": line.get("vendor"),
                "requiresShipping": line.get("requiresShipping", True) is not False and not line.get("giftCard"),
                "isGiftCard": bool(line.get("giftCard")),
                "taxable": line.get("taxable", True) is not False,
                "originalUnitPriceSet": price,
                "taxLines": taxes,
                "weight": line.get("weight"),
                "variant": known if number or sku else None,
                "product": {"__typename": "Product", "id": line["productId"], "title": line.get("title") or ""}
                if line.get("productId")
                else None,
                "customAttributes": [{"key": one["name"], "value": one["value"]} for one in line.get("properties") or []],
            }
        )
    shipping = [
        shipping_line(
            shop,
            line["title"],
            given_bag(line.get("priceSet"), currency) or bag(0, currency),
            code=line.get("code"),
            source=line.get("source"),
        )
        for line in given.get("shippingLines") or []
    ]
    taxes = tax_lines(given.get("taxLines"), currency)
    line_taxes = [tax["priceSet"] for line in lines for tax in line["taxLines"]]
    fields: dict[str, Any] = {
        "name": given.get("name"),
        "currencyCode": shop.currency if not given.get("currency") else currency,
        "presentmentCurrencyCode": given.get("presentmentCurrency"),
        "processedAt": given.get("processedAt"),
        "displayFinancialStatus": given.get("financialStatus") or "PAID",
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "poNumber": given.get("poNumber"),
        "tags": sorted(given.get("tags") or []),
        "test": bool(given.get("test")),
        "taxesIncluded": bool(given.get("taxesIncluded")),
        "taxLines": taxes,
        "totalTaxSet": summed([tax["priceSet"] for tax in taxes] + line_taxes, currency),
        "customAttributes": given.get("customAttributes") or [],
        "shippingAddress": address(shop, given.get("shippingAddress")),
        "billingAddress": address(shop, given.get("billingAddress")),
        "sourceName": given.get("sourceName") or "web",
        "sourceIdentifier": given.get("sourceIdentifier"),
        "_shipping_lines": shipping,
        "customer": customer(shop, given.get("email"), given.get("shippingAddress") or {}),
    }
    return fields, lines


def customer(shop: Shop, email: str | None, names: Record, *, number: int | None = None) -> Record | None:
    """Who bought, None when nobody is known."""
    if not email and not number:
        return None
    first, last = names.get("firstName"), names.get("lastName")
    return {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{number}" if number else shop.new_id("Customer"),
        "firstName": first,
        "lastName": last,
        "displayName": " ".join(part for part in (first, last) if part) or email or "",
        "email": email,
        "phone": names.get("phone"),
        "defaultEmailAddress": {"emailAddress": email, "validFormat": True} if email else None,
        "defaultPhoneNumber": {"phoneNumber": names["phone"]} if names.get("phone") else None,
        "defaultAddress": None,
        "note": None,
        "tags": [],
        "locale": "en",
        "taxExempt": False,
        "verifiedEmail": True,
        "createdAt": shop.now(),
        "updatedAt": shop.now(),
    }


def priced(value: Decimal | str, currency: str, rate: Decimal | None = None, other: str | None = None) -> Record:
    """A bag from an amount in the shop's currency; with a rate the buyer's is that many times more."""
    if rate is None or other is None:
        return bag(amount(value), currency)
    return bag(amount(value), currency, amount((Decimal(str(value)) * rate).quantize(Decimal("0.01"))), other)


def without(value: Record) -> Record:
    """A bag of nothing in the same currencies."""
    return scaled(value, 0)
