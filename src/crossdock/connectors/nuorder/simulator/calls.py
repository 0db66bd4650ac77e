"""What the portal answers to each call, as a table of method and path. Nothing here knows of HTTP but status and body."""

from __future__ import annotations

import re

from crossdock.connectors.nuorder.simulator import goods, order_calls
from crossdock.connectors.nuorder.simulator.asking import Call

CALLS: tuple[tuple[str, str, str, Call], ...] = (
    ("GET", r"orders/list", "list orders by date", order_calls.list_by_date),
    ("GET", r"orders/([^/]+)/list", "list orders", order_calls.list_orders),
    ("GET", r"orders/([^/]+)/detail", "detail orders", order_calls.detail_orders),
    ("PUT", r"order/new", "new order", order_calls.new_order),
    ("GET", r"order/number/([^/]+)", "read order by number", order_calls.read_by_number),
    ("POST", r"order/number/([^/]+)/([a-z]+)", "set status by number", order_calls.set_status_by_number),
    ("GET", r"order/([^/]+)", "read order", order_calls.read_order),
    ("POST", r"order/([^/]+)", "update order", order_calls.update_order),
    ("PUT", r"order/([^/]+)/shipment", "ship order", order_calls.ship),
    ("POST", r"order/([^/]+)/([a-z]+)", "set status", order_calls.set_status),
    ("POST", r"order/([^/]+)/set/([^/]+)/([^/]+)", "set field", order_calls.set_field),
    ("GET", r"companies/codes/list", "list company codes", order_calls.company_codes),
    ("PUT", r"company/new(?:/force)?", "new company", order_calls.new_company),
    ("POST", r"company/new", "new company", order_calls.new_company),
    ("GET", r"company/([^/]+)", "read company", order_calls.read_company),
    ("GET", r"products/season/([^/]+)/list", "list products", goods.products_of_season),
    ("PUT", r"product/new(?:/force)?", "new product", goods.new_product),
    ("GET", r"product/external_id/([^/]+)", "read product by brand id", goods.read_product_by_brand),
    ("GET", r"product/([^/]+)", "read product", goods.read_product),
    ("POST", r"product/([^/]+)", "update product", goods.update_product),
    ("PUT", r"inventory/flags", "refresh flags", goods.flags),
    ("POST", r"inventory/external_id/([^/]+)", "set inventory by brand id", goods.inventory_by_brand),
    ("POST", r"inventory/([^/]+)", "set inventory", goods.inventory),
    ("GET", r"v3\.0/warehouse/([^/]+)/replenishments", "list replenishments", goods.list_replenishments),
    ("PUT", r"v3\.0/warehouse/([^/]+)/replenishments", "set replenishments", goods.put_replenishments),
    ("DELETE", r"v3\.0/warehouse/([^/]+)/sku/([^/]+)/replenishments", "delete replenishments", goods.delete_replenishments),
)
"""Method, path behind /api/, the operation's name, and what answers. The first that fits counts."""


def call_for(method: str, path: str) -> tuple[str, Call, tuple[str, ...]] | None:
    """The operation that a request means; `path` is what follows /api/."""
    for wanted, pattern, operation, call in CALLS:
        if method == wanted and (found := re.fullmatch(pattern, path)):
            return operation, call, found.groups()
    return None
