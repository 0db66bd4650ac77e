"""How an order reads on a page: its state in words, its way as steps, its fields, two versions side by side. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from crossdock.domain.orders import Address, Measure, Order, OrderLine
from crossdock.domain.statuses import OrderStatus
from crossdock.ui import shown
from crossdock.ui.parts import WayStep
from crossdock.ui.statuses import Tone

S = OrderStatus


class Stands(Protocol):
    """What a state is told from: a row of the list or of the table."""

    @property
    def status(self) -> str:
        """A value of OrderStatus."""

    @property
    def wait_until(self) -> datetime | None:
        """When it goes on by itself."""

    @property
    def reason(self) -> str:
        """Why it stands where it stands."""


def status_key(row: Stands) -> str:
    """The row of `ui.statuses`: an order held for a person is shown in another tone than one that waits for a time."""
    return "on-hold-person" if row.status == S.ON_HOLD and row.wait_until is None else row.status


def status_detail(row: Stands) -> str:
    """What stands after the word: until when it waits, when the next try is."""
    if row.wait_until is None:
        return ""
    if row.status == S.ON_HOLD:
        return _("until {time}").format(time=soon(row.wait_until))
    if row.status == S.DELAYED:
        return _("next try {time}").format(time=soon(row.wait_until))
    return ""


def soon(moment: datetime) -> str:
    """A moment nearby: the hour today, with the weekday this week, else the date, in the active time zone."""
    local, today = timezone.localtime(moment), timezone.localdate()
    if local.date() == today:
        return shown.clock(moment)
    if abs((local.date() - today).days) < 7:
        return f"{formats.date_format(local, 'D')} {shown.clock(moment)}"
    return f"{shown.day(moment)} {shown.clock(moment)}"


# --- The way --------------------------------------------------------------------------------------------------------------------


class Change(Struct, frozen=True):
    """One move of the order."""

    to: str
    at: datetime


_ASIDE = {
    S.CANCELED: "circle-x",
    S.SKIPPED: "player-skip-forward",
    S.ARCHIVED: "archive",
    S.ABANDONED: "package-off",
    S.ROUTED: "git-fork",
    S.BUNDLED: "stack-2",
}
_HALTED = {S.ERROR: (Tone.STUCK, "alert-triangle"), S.DELAYED: (Tone.WAIT, "repeat"), S.ON_HOLD: (Tone.WAIT, "clock-pause")}


def way(
    row: Stands, *, placed_at: datetime, imported_at: datetime, changes: Sequence[Change], warehouses: Sequence[str] = ()
) -> list[WayStep]:
    """The order's way: placed, imported, at the warehouse, shipped, store told; where it halts, why, and where it was set aside."""
    first: dict[str, datetime] = {}
    for change in changes:
        first.setdefault(change.to, change.at)
    status = S(row.status)
    shipped = first.get(S.SHIPPED)
    part = first.get(S.PARTIALLY_SHIPPED)
    steps = [
        WayStep(_("Placed"), "shopping-bag", placed_at),
        WayStep(_("Imported"), "package-import", imported_at),
        WayStep(_("At the warehouse"), "building-warehouse", first.get(S.OPEN), note=", ".join(warehouses)),
        WayStep(_("Shipped"), "truck-delivery", shipped),
        WayStep(_("Store told"), "circle-check", first.get(S.CLOSED)),
    ]
    if shipped is None and part is not None:
        steps[3] = WayStep(_("Partly shipped"), "circle-half-2", part, Tone.WAIT, _("The rest follows"))
    if status in _ASIDE:
        reached = [step for step in steps if step.at is not None]
        return [*reached, WayStep(status.label, _ASIDE[status], None, Tone.ASIDE, _short(row.reason))]
    if status in _HALTED:
        tone, icon = _HALTED[status]
        if status is S.ON_HOLD and row.wait_until is None:
            tone, icon = Tone.STUCK, "hand-stop"
        at = next((at for at, step in enumerate(steps) if step.at is None), len(steps) - 1)
        steps[at] = WayStep(steps[at].label, icon, None, tone, _short(status_detail(row) or row.reason))
    return steps


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


# --- Fields ---------------------------------------------------------------------------------------------------------------------


class Field(Struct, frozen=True):
    """One thing an order says. `takes` is its name in `Connector.takes`, empty where no warehouse is told of it."""

    group: str | Promise
    label: str | Promise
    value: str
    takes: str = ""
    is_mono: bool = False


def address_lines(address: Address | None) -> str:
    """An address as it is written on a label, with phone and e-mail below it."""
    if address is None:
        return ""
    place = " ".join(part for part in (", ".join(p for p in (address.city, address.region) if p), address.postal_code) if part)
    lines = (address.name, address.company, *address.lines, place, address.country, address.phone, address.email)
    return "\n".join(line for line in lines if line)


def _amount(value: Decimal | None, currency: str) -> str:
    return "" if value is None else shown.money_text(value, currency)


def _moment(value: datetime | None) -> str:
    return "" if value is None else shown.exact(value)


def _yes(value: bool | None) -> str:
    return "" if value is None else _("Yes") if value else _("No")


def fields_of(order: Order) -> list[Field]:
    """Everything the order says beyond its lines, in groups; empty values included."""
    method, retail, customs = order.method, order.retail, order.customs
    billing = method.billing
    numbers, dates, ways, words, export, shop, money = (
        gettext_lazy("Numbers"),
        gettext_lazy("Dates"),
        gettext_lazy("Shipping"),
        gettext_lazy("Notes"),
        gettext_lazy("Customs"),
        gettext_lazy("Retail"),
        gettext_lazy("Amounts"),
    )
    fields = [
        Field(numbers, _("Store's id"), order.external_id, is_mono=True),
        Field(numbers, _("Order number"), order.number, "reference", is_mono=True),
        Field(numbers, _("Customer PO"), order.customer_po or "", "customer_po", is_mono=True),
        Field(dates, _("Placed"), _moment(order.placed_at), "placed_at"),
        Field(dates, _("Changed in the store"), _moment(order.updated_at)),
        Field(dates, _("Ship not before"), _moment(order.ship_not_before), "ship_not_before"),
        Field(dates, _("Ship by"), _moment(order.ship_by), "ship_by"),
        Field(dates, _("Cancel after"), str(order.cancel_after or ""), "cancel_after"),
        Field(dates, _("Canceled in the store"), _moment(order.canceled_at)),
        Field(ways, _("Ship to"), address_lines(order.ship_to), "ship_to"),
        Field(ways, _("Residential"), _yes(order.ship_to.residential) if order.ship_to else "", "residential"),
        Field(ways, _("Bill to"), address_lines(order.bill_to), "bill_to"),
        Field(ways, _("E-mail"), order.email or "", "email"),
        Field(ways, _("Phone"), order.phone or "", "phone"),
        Field(ways, _("Method as sold"), method.name or "", "method"),
        Field(ways, _("Method code"), method.code or "", is_mono=True),
        Field(ways, _("Carrier"), method.carrier or "", "method"),
        Field(ways, _("Service"), method.service or "", "method"),
        Field(ways, _("SCAC"), method.scac or "", "scac", is_mono=True),
        Field(ways, _("Carrier billing"), billing.kind.replace("_", " ") if billing else "", "billing"),
        Field(ways, _("Billing account"), (billing.account or "") if billing else "", "billing", is_mono=True),
        Field(ways, _("Signature"), _("Required") if method.signature else "", "signature"),
        Field(ways, _("Saturday delivery"), _yes(True) if method.saturday else "", "saturday"),
        Field(ways, _("Insured value"), _amount(method.insured_value, order.currency), "insured_value"),
        Field(ways, _("In parts"), _("Allowed") if order.partial_allowed else _("Only complete"), "partial_allowed"),
        Field(words, _("Gift message"), order.gift_message or "", "gift_message"),
        Field(words, _("Packing slip note"), order.packing_slip_note or "", "packing_slip_note"),
        Field(words, _("Warehouse note"), order.warehouse_note or "", "warehouse_note"),
        Field(words, _("Tags"), ", ".join(order.tags), "tags"),
        *(Field(words, name, value, "attributes") for name, value in order.attributes.items()),
        Field(shop, _("Department"), retail.department or "", "retail"),
        Field(shop, _("Mark for"), retail.mark_for or "", "retail"),
        Field(shop, _("Store number"), retail.store_number or "", "retail"),
        Field(shop, _("Retailer number"), retail.retailer_number or "", "retail"),
        Field(shop, _("Vendor number"), retail.vendor_number or "", "retail"),
        Field(shop, _("Terms"), retail.terms or "", "retail"),
        Field(export, _("Incoterm"), customs.incoterm or "", "customs"),
        Field(export, _("Duties"), _amount(customs.duties, order.currency), "customs"),
        Field(export, _("EORI"), customs.eori or "", "customs"),
        Field(export, _("IOSS"), customs.ioss or "", "customs"),
        Field(export, _("VAT number"), customs.vat or "", "customs"),
        Field(money, _("Subtotal"), _amount(order.subtotal, order.currency)),
        Field(money, _("Shipping"), _amount(order.shipping_total, order.currency)),
        Field(money, _("Tax"), _amount(order.tax_total, order.currency)),
        Field(money, _("Discount"), _amount(order.discount_total, order.currency)),
        Field(money, _("Total as placed"), _amount(order.grand_total, order.currency)),
        Field(money, _("Payment"), order.payment.replace("_", " ") if order.payment else ""),
    ]
    return [msgspec.structs.replace(field, label=str(field.label), value=field.value.strip()) for field in fields]


def grouped(fields: Sequence[Field]) -> list[tuple[str, list[Field]]]:
    """Fields by group, in the order of their first."""
    groups: dict[str, list[Field]] = {}
    for field in fields:
        groups.setdefault(str(field.group), []).append(field)
    return list(groups.items())


# --- Two versions ---------------------------------------------------------------------------------------------------------------


class Difference(Struct, frozen=True):
    """One thing that the store changed: as it was when the warehouse got it, and as it is now."""

    label: str
    before: str
    after: str


def differences(before: Order, after: Order) -> list[Difference]:
    """What differs between two versions of an order, in words; empty when only what nobody sees does."""
    found = []
    hidden = {_("Changed in the store")}
    old = {(str(field.group), str(field.label)): field.value for field in fields_of(before)}
    for field in fields_of(after):
        was = old.pop((str(field.group), str(field.label)), "")
        if was != field.value and str(field.label) not in hidden:
            found.append(Difference(str(field.label), was, field.value))
    found += [Difference(label, was, "") for (_group, label), was in old.items() if was]
    lines_before = {line.external_id: line for line in before.lines}
    lines_after = {line.external_id: line for line in after.lines}
    for line_id in dict.fromkeys([*lines_before, *lines_after]):
        one, two = lines_before.get(line_id), lines_after.get(line_id)
        was, now = _line(one), _line(two)
        if was != now:
            found.append(Difference(next(line.name for line in (two, one) if line), was, now))
    return found


def _line(line: OrderLine | None) -> str:
    if line is None:
        return ""
    return _("{units} × {sku}, {left} to ship").format(
        units=shown.quantity_text(line.ordered), sku=line.sku or _("no SKU"), left=shown.quantity_text(line.to_ship)
    )


# --- Lines ----------------------------------------------------------------------------------------------------------------------


def line_facts(order: Order) -> Mapping[str, str]:
    """Options, notes and the like of lines, by the store's id of the line."""
    told: dict[str, str] = {}
    for line in order.lines:
        parts = [f"{name}: {value}" for name, value in line.options.items()]
        parts += [part for part in (line.note, _of_kit(line.kit_parent), _lot(line.lot), _weight(line.weight)) if part]
        if line.uom and line.uom.upper() not in {"EA", "EACH"}:
            parts.append(line.uom)
        told[line.external_id] = " · ".join(parts)
    return told


def _of_kit(parent: str | None) -> str:
    return _("part of a kit") if parent else ""


def _lot(lot: str | None) -> str:
    return _("lot {lot}").format(lot=lot) if lot else ""


def _weight(weight: Measure | None) -> str:
    return f"{weight.value.normalize():f} {weight.unit}" if weight else ""


__all__ = [
    "Change",
    "Difference",
    "Field",
    "address_lines",
    "differences",
    "fields_of",
    "grouped",
    "line_facts",
    "soon",
    "status_detail",
    "status_key",
    "way",
]
