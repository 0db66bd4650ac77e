"""REST records as state."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

from crossdock.connectors.shopify.simulator import orders, routing
from crossdock.connectors.shopify.simulator.inputs import address, customer, shipping_line
from crossdock.connectors.shopify.simulator.inputs import variant as known_variant
from crossdock.connectors.shopify.simulator.places import country_code, region_code
from crossdock.connectors.shopify.simulator.rest_shape import check
from crossdock.connectors.shopify.simulator.state import Shop
from crossdock.connectors.shopify.simulator.unfit import Unfit
from crossdock.connectors.shopify.simulator.values import Record, bag, gid, moment, number_of, read_moment, summed

_MOST = Decimal(10) ** 15


def load_rest_order(shop: Shop, given: Record) -> tuple[str, frozenset[str]]:
    """Take in one order; its global id, and the fields the payload did not have. Raises Unfit."""
    check(given)
    number, lines = given["id"], given["line_items"]
    if number <= 0:
        raise Unfit("id", "The order has no id.")
    reader = _Reader(given)
    missing = {
        name
        for name, keys in {
            "createdAt": ("created_at", "processed_at"),
            "currencyCode": ("currency",),
            "totalPriceSet": ("total_price", "total_price_set"),
            "name": ("name", "order_number"),
        }.items()
        if all(given.get(key) is None for key in keys)
    }
    old = shop.orders.get(number)
    if old is not None:
        shop.forget(old)
    refunded: Counter[int] = Counter()
    for refund in reader.records("refunds"):
        for item in refund.get("refund_line_items") or []:
            refunded[item.get("line_item_id") or 0] += item.get("quantity") or 0
    shipped: Counter[int] = Counter()
    for fulfillment in reader.records("fulfillments"):
        if fulfillment.get("status") in ("success", None):
            for item in fulfillment.get("line_items") or []:
                shipped[item.get("id") or 0] += item.get("quantity") or 0
    made = [reader.line(shop, line, refunded, shipped) for line in lines]
    order = orders.place(shop, reader.fields(shop), made, routed=False)
    for name, key in (("totalTaxSet", "total_tax"), ("totalDiscountsSet", "total_discounts")):
        if given.get(key) is None and given.get(f"{key}_set") is None:
            order[name] = None
    _fulfillment_orders(shop, order)
    _fulfillments(shop, order, reader)
    _refunds(shop, order, reader)
    updated_at = reader.at("updated_at") or order["createdAt"]
    shop.keep(order)
    orders.refresh(shop, order)
    shop.index(order, updated_at)
    return order["id"], frozenset(missing)


class _Reader:
    """Reads one REST order's parts; what cannot be read raises Unfit with the field's name."""

    def __init__(self, given: Record) -> None:
        self.given = given
        self.currency: str = str(given.get("currency") or "USD")
        self.buyer: str = str(given.get("presentment_currency") or self.currency)

    def records(self, name: str) -> list[Record]:
        """A list of records, empty when absent."""
        value = self.given.get(name) or []
        if not isinstance(value, list):
            raise Unfit(name, f"{name} is not a list.")
        return [one for one in value if isinstance(one, dict)]

    def at(self, name: str) -> str | None:
        """A moment in UTC."""
        try:
            value = read_moment(self.given.get(name))
        except (ValueError, TypeError, AttributeError) as error:
            raise Unfit(name, f"{name} is no date: {self.given.get(name)!r}.") from error
        return moment(value) if value else None

    def money(self, record: Record, name: str) -> Record | None:
        """An amount from its set, or from the plain field; None when both are absent."""
        given = record.get(f"{name}_set")
        if isinstance(given, dict) and given.get("shop_money"):
            shop, other = given["shop_money"], given.get("presentment_money") or given["shop_money"]
            return bag(
                self.decimal(shop.get("amount"), name),
                shop.get("currency_code") or self.currency,
                self.decimal(other.get("amount"), name),
                other.get("currency_code") or self.buyer,
            )
        value = record.get(name)
        return None if value is None else bag(self.decimal(value, name), self.currency)

    def decimal(self, value: Any, name: str) -> Decimal:
        """A finite amount of sensible size."""
        try:
            found = Decimal(str(value))
        except InvalidOperation as error:
            raise Unfit(name, f"{name} is no amount: {value!r}.") from error
        if not found.is_finite() or abs(found) > _MOST:
            raise Unfit(name, f"{name} is no amount: {value!r}.")
        return found

    def count(self, record: Record, name: str) -> int | None:
        """A whole number, None when absent."""
        value = record.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Unfit(f"line_items.{name}", f"{name} is no whole number: {value!r}.")
        return value

    def place(self, shop: Shop, name: str) -> Record | None:
        """An address."""
        given = self.given.get(name)
        if not isinstance(given, dict):
            return None
        country = given.get("country_code") or country_code(given.get("country"))
        return address(
            shop,
            {
                "firstName": given.get("first_name"),
                "lastName": given.get("last_name"),
                "name": given.get("name"),
                "company": given.get("company"),
                "address1": given.get("address1"),
                "address2": given.get("address2"),
                "city": given.get("city"),
                "province": given.get("province"),
                "provinceCode": given.get("province_code") or region_code(country, given.get("province")),
                "zip": given.get("zip"),
                "country": given.get("country"),
                "countryCode": country,
                "phone": given.get("phone"),
                "latitude": _degrees(given.get("latitude")),
                "longitude": _degrees(given.get("longitude")),
            },
        )

    def line(self, shop: Shop, given: Any, refunded: Counter[int], shipped: Counter[int]) -> Record:
        """One line, with the units that are no longer to be shipped taken off."""
        if not isinstance(given, dict):
            raise Unfit("line_items", "A line is not an object.")
        quantity = self.count(given, "quantity")
        if quantity is None:
            raise Unfit("line_items.quantity", "A line has no quantity.")
        number = given.get("id")
        if not isinstance(number, int):
            raise Unfit("line_items.id", "A line has no id.")
        current = self.count(given, "current_quantity")
        left = self.count(given, "fulfillable_quantity")
        needs_shipping = given.get("requires_shipping") is not False
        if left is None:
            # Payloads from before 2014 do not count what is left: everything that was neither refunded nor fulfilled.
            is_done = given.get("fulfillment_status") == "fulfilled" or self.given.get("fulfillment_status") == "fulfilled"
            left = 0 if is_done else quantity - shipped[number] - refunded[number]
        price = self.money(given, "price") or bag(0, self.currency, 0, self.buyer)
        sku = given.get("sku")
        variant = given.get("variant_id")
        product = given.get("product_id")
        gone = quantity - current if current is not None else min(refunded[number], quantity)
        return {
            "id": gid("LineItem", number),
            "title": given.get("title") or given.get("name") or "",
            "name": given.get("name") or given.get("title") or "",
            "variantTitle": given.get("variant_title"),
            "sku": sku,
            "quantity": quantity,
            "vendor": given.get("vendor"),
            "requiresShipping": needs_shipping,
            "isGiftCard": bool(given.get("gift_card")),
            "taxable": given.get("taxable") is not False,
            "originalUnitPriceSet": price,
            "discountAllocations": [
                {"allocatedAmountSet": value}
                for one in given.get("discount_allocations") or []
                if (value := self.money(one, "amount")) is not None
            ],
            "taxLines": self.taxes(given),
            "customAttributes": [
                {"key": str(one.get("name")), "value": None if one.get("value") is None else str(one["value"])}
                for one in given.get("properties") or []
                if isinstance(one, dict)
            ],
            "weight": {"unit": "GRAMS", "value": float(given["grams"])} if given.get("grams") else None,
            "variant": known_variant(shop, sku, number=variant) if isinstance(variant, int) else None,
            "product": {"__typename": "Product", "id": gid("Product", product), "title": given.get("title") or ""}
            if isinstance(product, int)
            else None,
            "_shipped": shipped[number],
            "_removed": max(0, gone),
            "_canceled": max(0, quantity - shipped[number] - max(0, left)),
        }

    def taxes(self, given: Record) -> list[Record]:
        """Tax lines of an order or of a line."""
        return [
            {
                "title": one.get("title") or "",
                "rate": float(one["rate"]) if one.get("rate") is not None else None,
                "ratePercentage": float(one["rate"]) * 100 if one.get("rate") is not None else None,
                "priceSet": self.money(one, "price") or bag(0, self.currency),
                "source": None,
                "channelLiable": one.get("channel_liable"),
            }
            for one in given.get("tax_lines") or []
            if isinstance(one, dict)
        ]

    def fields(self, shop: Shop) -> Record:
        """The order's own fields in the schema's names."""
        given = self.given
        number = given.get("order_number") or given.get("number") or 0
        shipping = [
            shipping_line(
                shop,
                one.get("title") or "",
                self.money(one, "price") or bag(0, self.currency, 0, self.buyer),
                code=one.get("code"),
                source=one.get("source"),
                carrier=one.get("carrier_identifier"),
            )
            | {"isRemoved": bool(one.get("is_removed"))}
            for one in self.records("shipping_lines")
        ]
        created = self.at("created_at") or self.at("processed_at")
        total = self.money(given, "total_price")
        to = self.place(shop, "shipping_address")
        buyer = given.get("customer") if isinstance(given.get("customer"), dict) else None
        fields: Record = {
            "id": gid("Order", given["id"]),
            "number": number or None,
            "name": given.get("name") or (f"#{number}" if number else None),
            "createdAt": created,
            "processedAt": self.at("processed_at") or created,
            "cancelledAt": self.at("cancelled_at"),
            "cancelReason": str(given["cancel_reason"]).upper() if given.get("cancel_reason") else None,
            "closed": given.get("closed_at") is not None,
            "closedAt": self.at("closed_at"),
            "currencyCode": self.currency,
            "presentmentCurrencyCode": self.buyer,
            "displayFinancialStatus": str(given["financial_status"]).upper() if given.get("financial_status") else None,
            "email": given.get("email") or given.get("contact_email"),
            "phone": given.get("phone"),
            "note": given.get("note"),
            "poNumber": given.get("po_number"),
            "tags": sorted(part.strip() for part in _tags(given.get("tags")) if part.strip()),
            "test": bool(given.get("test")),
            "confirmed": given.get("confirmed") is not False,
            "customAttributes": [
                {"key": str(one.get("name")), "value": None if one.get("value") is None else str(one["value"])}
                for one in self.records("note_attributes")
            ],
            "sourceName": given.get("source_name"),
            "sourceIdentifier": given.get("source_identifier"),
            "statusPageUrl": given.get("order_status_url"),
            "taxesIncluded": bool(given.get("taxes_included")),
            "taxLines": self.taxes(given),
            "discountCodes": [one["code"] for one in self.records("discount_codes") if one.get("code")],
            "paymentGatewayNames": [str(one) for one in given.get("payment_gateway_names") or []],
            "totalWeight": given.get("total_weight") or 0,
            "shippingAddress": to,
            "billingAddress": self.place(shop, "billing_address"),
            "customer": customer(
                shop,
                buyer.get("email"),
                {"firstName": buyer.get("first_name"), "lastName": buyer.get("last_name"), "phone": buyer.get("phone")},
                number=buyer.get("id"),
            )
            if buyer
            else None,
            "totalPriceSet": total,
            "originalTotalPriceSet": total,
            "currentTotalPriceSet": self.money(given, "current_total_price") or total,
            "subtotalPriceSet": self.money(given, "subtotal_price"),
            "currentSubtotalPriceSet": self.money(given, "current_subtotal_price"),
            "totalTaxSet": self.money(given, "total_tax"),
            "currentTotalTaxSet": self.money(given, "current_total_tax"),
            "totalDiscountsSet": self.money(given, "total_discounts"),
            "currentTotalDiscountsSet": self.money(given, "current_total_discounts"),
            "totalShippingPriceSet": self.money(given, "total_shipping_price"),
            "totalOutstandingSet": self.money(given, "total_outstanding"),
            "_shipping_lines": shipping,
        }
        return fields


def _degrees(value: Any) -> float | None:
    # Older payloads write them as text.
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _tags(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return str(value or "").split(",")


def _fulfillment_orders(shop: Shop, order: Record) -> None:
    """What is left goes into fulfillment orders as routing would make them; what has left, into one that is closed."""
    if order["cancelledAt"]:
        for line in order["_lines"]:
            line["_canceled"] = line["quantity"]
        closed = routing.new_fulfillment_order(shop, order, shop.location(None))
        closed["status"] = "CLOSED"
        closed["_items"] = [routing.new_item(shop, line, 0) for line in order["_lines"]]
        order["_fulfillment_orders"] = [closed]
        shop.keep(order)
        return
    shop.keep(order)
    routing.route(shop, order, [line for line in order["_lines"] if _left(line)])
    for one in order["_fulfillment_orders"]:
        for item in one["_items"]:
            if one["status"] not in routing.FINAL:
                item["totalQuantity"] = item["remainingQuantity"] = _left(shop.lines[item["_line"]])
    shop.keep(order)


def _left(line: Record) -> int:
    left: int = line["quantity"] - line["_canceled"] - line["_shipped"]
    return max(0, left)


def _fulfillments(shop: Shop, order: Record, reader: _Reader) -> None:
    known = {number_of(line["id"]): line for line in order["_lines"]}
    statuses = {"success": "SUCCESS", "cancelled": "CANCELLED", "failure": "FAILURE", "error": "ERROR", None: "SUCCESS"}
    for given in reversed(reader.records("fulfillments")):
        status = statuses.get(given.get("status"), "SUCCESS")
        items = [
            {
                "__typename": "FulfillmentLineItem",
                "id": shop.new_id("FulfillmentLineItem"),
                "_line": known[item["id"]]["id"],
                "quantity": item.get("quantity") or 0,
            }
            for item in given.get("line_items") or []
            if item.get("id") in known
        ]
        numbers = given.get("tracking_numbers") or ([given["tracking_number"]] if given.get("tracking_number") else [])
        urls = given.get("tracking_urls") or ([given["tracking_url"]] if given.get("tracking_url") else [])
        moments = {name: read_moment(given.get(name)) for name in ("created_at", "updated_at")}
        created = moments["created_at"]
        at = moment(created) if created else order["createdAt"]
        made: Record = {
            "__typename": "Fulfillment",
            "id": gid("Fulfillment", given["id"]) if given.get("id") else shop.new_id("Fulfillment"),
            "name": given.get("name") or f"{order['name']}.{len(order['_fulfillments']) + 1}",
            "status": status,
            "displayStatus": {"SUCCESS": "FULFILLED", "CANCELLED": "CANCELED"}.get(status, "FAILURE"),
            "createdAt": at,
            "updatedAt": moment(moments["updated_at"]) if moments["updated_at"] else at,
            "deliveredAt": None,
            "estimatedDeliveryAt": None,
            "inTransitAt": None,
            "requiresShipping": True,
            "totalQuantity": sum(item["quantity"] for item in items),
            "originAddress": None,
            "trackingInfo": [
                {
                    "number": number,
                    "company": given.get("tracking_company"),
                    "url": urls[place] if place < len(urls) else None,
                }
                for place, number in enumerate(numbers)
            ],
            "_items": items,
            "_location": shop.location(None)["id"],
            "_from": [],
        }
        if status == "SUCCESS":
            _closed_part(shop, order, made)
        order["_fulfillments"] = [*order["_fulfillments"], made]
    shop.keep(order)


def _closed_part(shop: Shop, order: Record, fulfillment: Record) -> None:
    """The fulfillment order that a fulfillment came from: closed, with nothing left."""
    done = routing.new_fulfillment_order(shop, order, shop.location(None))
    done["status"] = "CLOSED"
    for item in fulfillment["_items"]:
        part = routing.new_item(shop, shop.lines[item["_line"]], item["quantity"])
        part["remainingQuantity"] = 0
        done["_items"].append(part)
    fulfillment["_from"] = [done["id"]]
    order["_fulfillment_orders"] = [done, *order["_fulfillment_orders"]]


def _refunds(shop: Shop, order: Record, reader: _Reader) -> None:
    known = {number_of(line["id"]): line for line in order["_lines"]}
    for given in reader.records("refunds"):
        items = []
        for one in given.get("refund_line_items") or []:
            line = known.get(one.get("line_item_id") or 0)
            if line is None:
                continue
            restock = {"no_restock": "NO_RESTOCK", "cancel": "CANCEL", "return": "RETURN", "legacy_restock": "LEGACY_RESTOCK"}
            price = reader.money(one, "subtotal") or bag(0, reader.currency)
            kind = restock.get(one.get("restock_type") or "", "NO_RESTOCK")
            item = orders.refund_item(shop, line, one.get("quantity") or 0, kind, price)
            if isinstance(one.get("id"), int):
                item["id"] = gid("RefundLineItem", one["id"])
            items.append(item)
        total = summed([item["subtotalSet"] for item in items], reader.currency, reader.buyer)
        created = read_moment(given.get("created_at"))
        made = orders.new_refund(shop, items, total, given.get("note"), moment(created) if created else None)
        if isinstance(given.get("id"), int):
            made["id"] = gid("Refund", given["id"])
        order["_refunds"] = [*order["_refunds"], made]
