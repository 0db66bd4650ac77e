"""What tests, benches and people do to a simulated tenant: the same names as everywhere, with this platform's arguments."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.connectors.acumatica.simulator import selling, shipping, stocking
from crossdock.connectors.acumatica.simulator.access import App
from crossdock.connectors.acumatica.simulator.state import MAIN, Push, Record, Tenant
from crossdock.connectors.kit.simulator import Simulator

if TYPE_CHECKING:
    from crossdock.connectors.acumatica.simulator.access import Access
    from crossdock.connectors.acumatica.simulator.pushing import Courier

HOME = {
    "AddressLine1": "12 Harbor Street",
    "AddressLine2": None,
    "City": "Portland",
    "State": "OR",
    "PostalCode": "97201",
    "Country": "US",
}
"""Where orders go unless told otherwise."""

WHO = {"Attention": "Robin Example", "BusinessName": "Harbor Goods", "Email": "robin@example.com", "Phone1": "+15035550100"}

USER = "crossdock"
PASSWORD = "sandbox password"  # noqa: S105  (opens the simulator, nothing else)
SECRET = "sandbox-shared-secret-0123"  # noqa: S105  (as above)


class Levers(Simulator):
    """Mixed into the simulator. `tenant` is a name; None means the first. `order` is a number, with or without its type, or an id."""

    tenants: dict[str, Tenant]
    access: Access
    courier: Courier

    def levers(self) -> dict[str, Callable[..., Any]]:
        """The kit's levers and this platform's."""
        own = (
            self.add_tenant,
            self.add_order,
            self.touch_order,
            self.edit_order,
            self.cancel_order,
            self.refund_order,
            self.hold_order,
            self.release_order,
            self.fulfill_order,
            self.delete_order,
            self.create_shipment,
            self.delete_shipment,
            self.invoice_shipment,
            self.set_limits,
            self.set_license,
            self.set_polls,
            self.fail_actions,
            self.set_rules,
            self.set_push,
            self.duplicate_webhooks,
            self.load,
        )
        return super().levers() | {lever.__name__: lever for lever in own}

    # Tenants and rights

    def add_tenant(self, name: str, company: str | None = None) -> str:
        """Open a tenant with two warehouses, an application and a user; its name."""
        tenant = Tenant(name, self.clock, company or name)
        tenant.open_shop()
        tenant.on_change = self.courier.note
        self.tenants[name] = tenant
        client_id = f"{str(uuid.uuid5(uuid.NAMESPACE_DNS, name)).upper()}@{name}"
        self.access.apps[client_id.casefold()] = App(client_id, SECRET, name)
        self.access.users[name, USER] = PASSWORD
        self.is_changed = True
        return name

    def tenant(self, name: str | None = None) -> Tenant:
        """A tenant by its name, the first one for None. Raises LookupError."""
        if name is None:
            return next(iter(self.tenants.values()))
        if name not in self.tenants:
            raise LookupError(f"no tenant {name}")
        return self.tenants[name]

    def app(self, tenant: str | None = None) -> App:
        """The connected application of a tenant."""
        name = self.tenant(tenant).name
        return next(app for app in self.access.apps.values() if app.tenant == name)

    def revoke_key(self) -> None:
        """End all tokens and sessions; a sign-in with the password gives new ones."""
        self.access.revoke()

    def set_license(self, sessions: int = 50) -> None:
        """How many sessions integrations may have in all."""
        self.access.most_sessions = sessions

    def set_limits(self, on: bool = True, per_window: int = 100, window: float = 60.0, queue: int = 20) -> None:
        """Whether calls are counted: so many in a window of seconds; surplus waits in a queue, then is refused with 429."""
        self.access.per_window = per_window if on else None
        self.access.window, self.access.queue = window, queue
        self.access.refused = 0

    def set_polls(self, count: int, tenant: str | None = None) -> None:
        """How often a long operation says that it is still running."""
        self.tenant(tenant).polls = count

    def fail_actions(self, message: str | None, tenant: str | None = None) -> None:
        """Let every action end with this message; None lets them work again."""
        self.tenant(tenant).fails_with = message

    def set_rules(
        self,
        needs_reason: bool = False,
        needs_control: bool = False,
        missing_is_500: bool = False,
        tenant: str | None = None,
    ) -> None:
        """What the company demands: a reason code on adjustments, a control quantity on shipments. `missing_is_500`: a record that
        is not there is answered as older builds do.
        """
        found = self.tenant(tenant)
        found.needs_reason, found.needs_control, found.missing_is_500 = needs_reason, needs_control, missing_is_500

    def set_push(self, url: str | None, secret: str = "", tenant: str | None = None) -> None:
        """Announce changes to an address, as a person sets it up on Push Notifications; None ends it."""
        self.tenant(tenant).push = Push(url, secret) if url else None

    def duplicate_webhooks(self, copies: int = 2, pause: float | None = None, tenant: str | None = None) -> None:
        """Send every notification this many times more; `pause` is the wait before a repetition."""
        push = self.tenant(tenant).push
        if push is not None:
            push.copies = copies + 1
            push.pause = pause if pause is not None else push.pause

    # Orders

    def add_order(
        self,
        number: int | str | None = None,
        tenant: str | None = None,
        lines: list[dict[str, Any]] | None = None,
        order_type: str = "SO",
        ship_to: dict[str, Any] | None = None,
        contact: dict[str, Any] | None = None,
        ship_via: str | None = "UPSGROUND",
        currency: str = "USD",
        status: str | None = None,
        hold: bool = False,
        customer: str = "C000000003",
        customer_order: str | None = None,
        description: str | None = None,
        note: str | None = None,
        branch: str = "HEADOFFICE",
        freight: str = "0",
        tax: str = "0",
        created_at: str | None = None,
        scheduled: str | None = None,
        cancel_by: str | None = None,
        shipping_rule: str = "Back Order Allowed",
        will_call: bool = False,
        has_address: bool = True,
        stock: int = 1_000_000,
        more: dict[str, Any] | None = None,
    ) -> str:
        """Enter an order; its id. Items that are not there yet are made, with `stock` units.

        `lines`: sku, title, quantity, price, and optionally uom, warehouse, allocations, type, drop_ship, discount, note.
        """
        found = self.tenant(tenant)
        given = lines or [{"sku": "BLUE-M", "title": "Blue shirt M", "quantity": 1, "price": "20.00"}]
        for line in given:
            if line.get("sku") and found.get("StockItem", line["sku"]) is None:
                stocking.add_item(
                    found, line["sku"], stock, line.get("warehouse") or MAIN, Description=line.get("title") or line["sku"]
                )
            elif line.get("sku"):
                item = found.get("StockItem", line["sku"])
                if item is not None:
                    item["_stock"].setdefault((line.get("warehouse") or MAIN).casefold(), Decimal(stock))
        created = datetime.fromisoformat(created_at).astimezone(UTC) if created_at else found.now()
        day = created.replace(hour=0, minute=0, second=0, microsecond=0)
        place = {"id": str(uuid.uuid4()), **HOME, **(ship_to or {})} if has_address else None
        whom = {"id": str(uuid.uuid4()), **WHO, **(contact or {})} if has_address else None
        order: Record = {
            "OrderType": order_type,
            "OrderNbr": self._numbered(found, order_type, number),
            "Status": "Open",
            "Hold": hold,
            "CreditHold": False,
            "Approved": True,
            "CustomerID": customer,
            "LocationID": "MAIN",
            "CustomerOrder": customer_order,
            "Description": description,
            "Branch": branch,
            "BaseCurrencyID": currency,
            "CurrencyID": currency,
            "CurrencyRate": Decimal(1),
            "Date": day,
            "RequestedOn": day,
            "EffectiveDate": day,
            "CreatedDate": created,
            "ShipVia": ship_via,
            "TaxTotal": Decimal(tax),
            "WillCall": will_call,
            "ShipToAddress": place,
            "ShipToContact": whom,
            "BillToAddress": place,
            "BillToContact": whom,
            "ShippingSettings": {
                "id": str(uuid.uuid4()),
                "ShipVia": ship_via,
                "ShippingRule": shipping_rule,
                "ScheduledShipmentDate": datetime.fromisoformat(scheduled) if scheduled else None,
                "CancelByDate": datetime.fromisoformat(cancel_by) if cancel_by else None,
            },
            "FinancialSettings": {"id": str(uuid.uuid4()), "Terms": "30D"},
            "Totals": {"id": str(uuid.uuid4()), "Freight": Decimal(freight), "DiscountTotal": Decimal(0)},
            "Details": [selling.new_line(found, place, line) for place, line in enumerate(given, start=1)],
            "_status": status,
            "note": note,
            **(more or {}),
        }
        found.add("SalesOrder", order)
        selling.total(order)
        selling.settle(found, order)
        self.is_changed = True
        order_id: str = order["id"]
        return order_id

    def order(self, order: str | int, tenant: str | None = None) -> tuple[Tenant, Record]:
        """An order with its tenant, by number, type and number, or id. Raises LookupError."""
        wanted = str(order)
        for found in [self.tenant(tenant)] if tenant else self.tenants.values():
            if wanted in found.tables["SalesOrder"]:
                return found, found.tables["SalesOrder"][wanted]
            for one in found.all("SalesOrder"):
                number = one["OrderNbr"].lstrip("#")
                if wanted.lstrip("#") in (number, number.lstrip("0"), f"{one['OrderType']}-{one['OrderNbr']}"):
                    return found, one
        raise LookupError(f"no order {order}")

    def touch_order(self, order: str | int, tenant: str | None = None) -> None:
        """Change an order without changing what it says."""
        found, one = self.order(order, tenant)
        found.touch("SalesOrder", one)

    def edit_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        added: list[dict[str, Any]] | None = None,
        address: dict[str, Any] | None = None,
        note: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Set quantities by SKU or LineNbr, add lines, change the address or the note."""
        found, one = self.order(order, tenant)
        if note is not None:
            one["note"] = note
        if address:
            one["ShipToAddress"] = {**(one.get("ShipToAddress") or {"id": str(uuid.uuid4())}), **address}
            one["ShipToAddressOverride"] = True
        last = max((line["LineNbr"] for line in one["Details"]), default=0)
        for place, line in enumerate(added or [], start=last + 1):
            if found.get("StockItem", line["sku"]) is None:
                stocking.add_item(found, line["sku"], 1_000_000)
            one["Details"].append(selling.new_line(found, place, line))
        selling.edit(found, one, quantities or {})
        self.is_changed = True

    def cancel_order(self, order: str | int, tenant: str | None = None) -> None:
        """Run Cancel on it."""
        found, one = self.order(order, tenant)
        selling.cancel(found, one)

    def refund_order(self, order: str | int, quantities: dict[str, int] | None = None, tenant: str | None = None) -> None:
        """Take units off lines that did not ship: how many less, by SKU; all for None."""
        found, one = self.order(order, tenant)
        wanted = {}
        for line in one["Details"]:
            rest = int(line["OrderQty"] - line["QtyOnShipments"])
            less = rest if quantities is None else min(rest, quantities.get(line["InventoryID"], 0))
            wanted[str(line["LineNbr"])] = int(line["OrderQty"]) - less
        selling.edit(found, one, wanted)

    def hold_order(self, order: str | int, on: bool = True, credit: bool = False, tenant: str | None = None) -> None:
        """Put it on hold, or on credit hold."""
        found, one = self.order(order, tenant)
        one["CreditHold" if credit else "Hold"] = on
        selling.settle(found, one)

    def release_order(self, order: str | int, tenant: str | None = None) -> None:
        """Take it off hold."""
        found, one = self.order(order, tenant)
        one["Hold"] = one["CreditHold"] = False
        selling.settle(found, one)

    def fulfill_order(
        self,
        order: str | int,
        quantities: dict[str, int] | None = None,
        tracking: str | None = None,
        tenant: str | None = None,
    ) -> None:
        """Ship an order, or units of it by SKU, from elsewhere: by staff or by another program."""
        found, one = self.order(order, tenant)
        shipping.ship_at_once(found, one, quantities, tracking)

    def delete_order(self, order: str | int, tenant: str | None = None) -> None:
        """Delete an order for good."""
        found, one = self.order(order, tenant)
        found.drop("SalesOrder", one)

    # Shipments

    def create_shipment(
        self, order: str | int, warehouse: str | None = None, hold: bool = False, tenant: str | None = None
    ) -> str:
        """Let staff create the shipment of all that is open; its id."""
        found, one = self.order(order, tenant)
        made = shipping.create_for(found, one, warehouse)
        if hold:
            shipping.update(found, made, {"Hold": True})
        self.is_changed = True
        made_id: str = made["id"]
        return made_id

    def shipment(self, number: str, tenant: str | None = None) -> tuple[Tenant, Record]:
        """A shipment with its tenant, by number or id. Raises LookupError."""
        for found in [self.tenant(tenant)] if tenant else self.tenants.values():
            one = found.tables["Shipment"].get(number) or found.get("Shipment", number)
            if one is not None:
                return found, one
        raise LookupError(f"no shipment {number}")

    def delete_shipment(self, number: str, tenant: str | None = None) -> None:
        """Let staff take a shipment back: opened again where it was confirmed, and deleted."""
        found, one = self.shipment(number, tenant)
        if one["Status"] == "Confirmed":
            shipping.correct(found, one)
        shipping.delete(found, one)

    def invoice_shipment(self, number: str, tenant: str | None = None) -> None:
        """Prepare its invoice, after which it is not opened again."""
        shipping.invoice(*self.shipment(number, tenant))

    def load(self, content: str, shop: str | None = None) -> dict[str, Any]:
        """Load the platform's own payloads, given as text, into a tenant; what was understood of them."""
        from crossdock.connectors.acumatica.simulator.loading import load_into

        self.is_changed = True
        return load_into(self.tenant(shop), content.encode("utf-8", "replace")).as_dict()

    # Proof

    def shipments_by_tracking(self, tenant: str | None = None) -> dict[str, list[str]]:
        """Numbers of the shipments that carry each tracking number: more than one means told twice."""
        found: dict[str, list[str]] = {}
        for one in [self.tenant(tenant)] if tenant else self.tenants.values():
            for shipment in one.tables["Shipment"].values():
                for box in shipment["Packages"]:
                    if box.get("TrackingNbr"):
                        found.setdefault(box["TrackingNbr"], []).append(shipment["ShipmentNbr"])
        return found

    def _numbered(self, tenant: Tenant, kind: str, number: int | str | None) -> str:
        if isinstance(number, str):
            return number
        return f"{number:06}" if number is not None else tenant.order_number(kind)
