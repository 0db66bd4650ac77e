"""Records as answers show them: version 2 bare, version 3 in an envelope with its pages."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.bigcommerce.simulator.making import Record, iso, stamp
from crossdock.connectors.bigcommerce.simulator.state import Store

WARNING = {
    "message": "Not all line items of this consignment are returned with this response, only {n} are included. Please use the "
    "`/v2/orders/{{order_id}}/products` endpoint to fetch all line items."
}
_MONEY_OF_ADDRESS = (
    "base_cost",
    "cost_ex_tax",
    "cost_inc_tax",
    "cost_tax",
    "base_handling_cost",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
)


def shown(record: Record) -> Record:
    """A record without what is the simulator's own."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def order(store: Store, record: Record, address: str, includes: frozenset[str], *, as_object: bool) -> Record:
    """An order with what was asked to be included; else links. `address` is the store's version 2 API."""
    path = f"/orders/{record['id']}"
    links = {
        name: {"url": f"{address}{path}/{part}", "resource": f"{path}/{part}"}
        for name, part in (
            ("products", "products"),
            ("shipping_addresses", "shipping_addresses"),
            ("coupons", "coupons"),
            ("fees", "fees"),
            ("consignments", "consignments"),
        )
    }
    lines = record["_lines"]
    counts = {
        "items_total": sum(one["quantity"] for one in lines),
        "items_shipped": sum(one["quantity_shipped"] for one in lines),
        "shipping_address_count": len(record["_addresses"]),
    }
    label = store.labels.get(record["status_id"], "")
    found = {
        **shown(record),
        **counts,
        **links,
        "date_created": stamp(record["_created"]),
        "date_modified": stamp(record["_modified"]),
        "status": label,
        "custom_status": label,
        **record.get("_as_given", {}),
    }
    if "fees" in includes:
        found["fees"] = []
    if includes & {"consignments", "consignments.line_items"}:
        whole = consignments(store, record, f"{address}{path}", with_lines="consignments.line_items" in includes)
        found["consignments"] = whole if as_object else [whole]
    return found


def consignments(store: Store, record: Record, address: str, *, with_lines: bool) -> Record:
    """Where the lines of an order go. With lines, at most fifty of each consignment, and a warning where there are more."""

    def items(rows: list[Record]) -> Record:
        if not with_lines:
            path = f"/orders/{record['id']}/products"
            return {"line_items": [{"url": f"{address}/products/{one['id']}", "resource": f"{path}/{one['id']}"} for one in rows]}
        found: Record = {"line_items": rows[: store.warns_above]}
        if len(rows) > store.warns_above:
            found["__warning__"] = {"message": WARNING["message"].format(n=store.warns_above)}
        return found

    lines = record["_lines"]
    pickups = [one for one in lines if one["order_pickup_method_id"]]
    digital = [one for one in lines if one["type"] == "digital"]
    gifts = [one for one in lines if one["type"] == "giftcertificate"]
    email = record["billing_address"].get("email", "")
    shipping = []
    for place in record["_addresses"]:
        rows = [one for one in lines if one["order_address_id"] == place["id"]]
        # Here the amounts of an address are numbers, where the call of its own has text.
        shape = {name: float(value) if name in _MONEY_OF_ADDRESS else value for name, value in counted(record, place).items()}
        del shape["order_id"]
        quotes = f"/orders/{record['id']}/consignments/shipping/{place['id']}/shipping_quotes"
        links = {"url": f"{address}{quotes.partition(str(record['id']))[2]}", "resource": quotes}
        shipping.append({**shape, "shipping_quotes": links, **items(rows)})
    return {
        "pickups": [
            {
                "id": 1,
                "pickup_method_id": 1,
                "pickup_method_display_name": "Pick up in store",
                "collection_instructions": "",
                "collection_time_description": "",
                "location": {"id": 1, "name": "Shop", "code": "LOC-1"},
                **items(pickups),
            }
        ]
        if pickups
        else [],
        "shipping": shipping,
        "downloads": [{"recipient_email": email, **items(digital)}] if digital else [],
        "email": {"gift_certificates": [{"recipient_email": email, **items(gifts)}] if gifts else []},
    }


def counted(record: Record, place: Record) -> Record:
    """A shipping address with the units that go there."""
    rows = [one for one in record["_lines"] if one["order_address_id"] == place["id"]]
    return {
        **place,
        "items_total": sum(one["quantity"] for one in rows),
        "items_shipped": sum(one["quantity_shipped"] for one in rows),
    }


def shipping_address(record: Record, place: Record, address: str) -> Record:
    """A shipping address as its own call shows it."""
    path = f"/orders/{record['id']}/shipping_addresses/{place['id']}/shipping_quotes"
    return {**counted(record, place), "shipping_quotes": {"url": f"{address}{path}", "resource": path}}


def shipment(record: Record, one: Record) -> Record:
    """A shipment with the addresses it went from and to."""
    place: Record = next((row for row in record["_addresses"] if row["id"] == one["order_address_id"]), {})
    parts = (
        "first_name",
        "last_name",
        "company",
        "street_1",
        "street_2",
        "city",
        "state",
        "zip",
        "country",
        "country_iso2",
        "phone",
        "email",
    )
    known = one["tracking_carrier"] or (one["shipping_provider"] if one["shipping_provider"] != "custom" else "")
    link = f"https://tracking.example.com/{known}/{one['tracking_number']}" if known and one["tracking_number"] else ""
    return {
        **one,
        "billing_address": {name: record["billing_address"].get(name, "") for name in parts},
        "shipping_address": {name: place.get(name, "") for name in parts},
        "shipping_provider_display_name": one["shipping_provider"].upper(),
        "generated_tracking_link": link,
    }


def product(record: Record, *, with_variants: bool) -> Record:
    """A product of the catalog."""
    found = {
        **shown(record),
        "date_created": iso(record["_created"]),
        "date_modified": iso(record["_modified"]),
        "base_variant_id": record["_variants"][0]["id"] if len(record["_variants"]) == 1 else None,
        "inventory_level": sum(available(one) for one in record["_variants"]),
        "calculated_price": record["price"],
    }
    if found["base_variant_id"] is None:
        del found["base_variant_id"]
    if with_variants:
        found["variants"] = [variant(one) for one in record["_variants"]]
    return found


def variant(record: Record) -> Record:
    """A variant of the catalog."""
    return {**shown(record), "inventory_level": available(record)}


def available(record: Record) -> int:
    """What of a variant is shown as to sell, over all locations."""
    return sum(max(0, on_hand - safety) for on_hand, safety in record["_levels"].values())


def item(store: Store, record: Record, places: list[Record]) -> Record:
    """Stock of a variant by location."""
    rows = []
    for place in places:
        on_hand, safety = record["_levels"].get(str(place["id"]), (0, 0))
        rows.append(
            {
                "location_id": place["id"],
                "location_code": place["code"],
                "location_name": place["label"],
                "available_to_sell": max(0, on_hand - safety),
                "total_inventory_onhand": on_hand,
                "location_enabled": place["enabled"],
                "settings": {
                    "safety_stock": safety,
                    "is_in_stock": on_hand > safety,
                    "warning_level": 0,
                    "bin_picking_number": "",
                },
            }
        )
    identity = {"sku": record["sku"], "variant_id": record["id"], "product_id": record["product_id"], "sku_id": record["sku_id"]}
    return {"identity": identity, "locations": rows}


def paged(rows: list[Record], page: int, limit: int) -> Record:
    """The envelope of version 3 around one page of all rows."""
    part = rows[(page - 1) * limit : page * limit]
    pages = max(1, -(-len(rows) // limit))
    links = {"current": f"?page={page}&limit={limit}"}
    if page > 1:
        links["previous"] = f"?page={page - 1}&limit={limit}"
    if page < pages:
        links["next"] = f"?page={page + 1}&limit={limit}"
    pagination = {
        "total": len(rows),
        "count": len(part),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": links,
    }
    return {"data": part, "meta": {"pagination": pagination}}


def store_information(store: Store) -> Record:
    """What the store says of itself."""
    domain = f"store-{store.hash}.example.com"
    return {
        "id": store.hash,
        "account_uuid": "00000000-0000-4000-8000-000000000001",
        "domain": domain,
        "secure_url": f"https://{domain}",
        "control_panel_base_url": f"https://{domain}",
        "status": store.status,
        "name": store.name,
        "first_name": "Robin",
        "last_name": "Example",
        "address": "1 Dock Road",
        "country": "United States",
        "country_code": "US",
        "phone": "5025550100",
        "admin_email": "owner@example.com",
        "order_email": "orders@example.com",
        "timezone": {"name": "UTC", "raw_offset": 0, "dst_offset": 0, "dst_correction": False},
        "language": "en",
        "currency": store.currency,
        "currency_symbol": "$",
        "decimal_places": 2,
        "weight_units": store.weight_units,
        "dimension_units": store.dimension_units,
        "plan_name": "Sandbox",
        "plan_level": "Partner",
        "plan_is_trial": False,
        "store_id": 1000,
        "default_channel_id": 1,
        "features": {"stencil_enabled": True, "multi_storefront_enabled": False},
    }


def errors_v2(status: int, message: str) -> Any:
    """An error of version 2: a list."""
    return [{"status": status, "message": message}]


def errors_v3(status: int, title: str, errors: Record | None = None) -> Record:
    """An error of version 3: a problem."""
    return {
        "status": status,
        "title": title,
        "type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
        "errors": errors or {},
    }
