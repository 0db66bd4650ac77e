"""The page of one order: what happened, what now."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import short
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity.queries import Happened
from crossdock.activity.sentences import said
from crossdock.orders.detail import OrderPage, order_named, order_page
from crossdock.orders.models import SalesOrder
from crossdock.orders.presenting import Field, address_lines, grouped, status_detail, status_key, way
from crossdock.ui.links import page_url_or_none
from crossdock.ui.live import if_changed
from crossdock.ui.parts import Happening


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def order(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """One order, whole."""
    return render(request, "orders/detail.html", _context(request, _named(public_id)))


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def part(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """What changes on the page, for one that keeps itself fresh; 204 while nothing did."""
    return if_changed(request, "orders/_order.html", _context(request, _named(public_id)))


def _named(public_id: UUID) -> SalesOrder:
    row = order_named(public_id)
    if row is None:
        raise Http404
    return row


def _context(request: AccountRequest, row: SalesOrder) -> dict[str, Any]:
    older = request.GET.get("story", "")
    page = order_page(row, before=int(older) if older.isascii() and older.isdigit() and len(older) < 19 else None)
    account = {"account": request.account.public_id}
    named = account | {"public_id": row.public_id}
    here = reverse("orders:detail", kwargs=named)
    may_see = request.actor.may(Right.SEE_MESSAGES)
    ship_to = page.order.ship_to
    return {
        "page": page,
        "row": row,
        "order": page.order,
        "key": status_key(row),
        "detail": status_detail(row),
        "way": way(
            row,
            placed_at=row.placed_at,
            imported_at=row.imported_at,
            changes=page.changes,
            warehouses=tuple(dict.fromkeys(part.warehouse for part in page.parts if part.status != "withdrawn")),
        ),
        "happenings": [_happening(request, one, row, may_see) for one in page.story],
        "groups": [(group, [(field, _carried(field, page)) for field in fields]) for group, fields in grouped(page.fields)],
        "ship_to": address_lines(ship_to),
        "bill_to": _("The same as ship to") if page.order.bill_to == ship_to and ship_to else address_lines(page.order.bill_to),
        "store_url": page.order.url if (page.order.url or "").startswith("https://") else "",
        "versions": page.differences,
        "main": _main(request, page),
        "menu": _menu(request, page),
        "act_url": reverse("orders:act_on_one", kwargs=named),
        "part_url": f"{reverse('orders:part', kwargs=named)}?{request.GET.urlencode()}",
        "data_url": reverse("orders:data", kwargs=named) if may_see else "",
        "erase_url": _erase_url(request, row, page),
        "older_story": f"{here}?story={page.story[-1].id}#activity" if page.has_more_story else "",
        "is_older_story": bool(older),
        "here": here,
        "version": page.version,
        "may_force": request.actor.may(Right.FORCE_DELETE_ORDERS),
        "columns_of_lines": {
            "posted": any(line.posted for line in page.lines),
            "price": any(line.unit_price is not None for line in page.lines),
        },
    }


def _erase_url(request: AccountRequest, row: SalesOrder, page: OrderPage) -> str:
    """Where an administrator erases whom the order is about; empty for others, and where there is nobody to find by an e-mail."""
    if row.erased_at is not None or not page.order.email or not request.actor.may(Right.MANAGE_ACCOUNT):
        return ""
    url = page_url_or_none(request, "desk:privacy")
    return f"{url}?order={short(row.public_id)}" if url else ""


def _happening(request: AccountRequest, one: Happened, row: SalesOrder, may_see: bool) -> Happening:
    words = said(one.kind, one.params)
    url = ""
    if one.message_id is not None and may_see:
        url = reverse("orders:exchange", kwargs={"account": request.account.public_id, "message_id": one.message_id})
        url = f"{url}?order={row.pk}"
    return Happening(
        at=one.at,
        title=words.title,
        tone=words.tone,
        icon=words.icon,
        who=one.by,
        text=words.text,
        detail_url=url,
        key=f"story-{one.id}",
    )


def _carried(field: Field, page: OrderPage) -> list[tuple[str, bool]]:
    """For a field with a value: each warehouse's platform, and whether it takes it. Empty where no warehouse is told of such."""
    if not field.takes or not field.value:
        return []
    return [(one.warehouse, field.takes in one.takes) for one in page.carried]


# The words of the buttons. Danger asks once, in its own words; what can be undone does not ask.
_VERBS = {
    "settle": ("check", gettext_lazy("Mark as settled")),
    "release": ("player-play", gettext_lazy("Release")),
    "reprocess": ("refresh", gettext_lazy("Reprocess")),
    "reset": ("arrow-back-up", gettext_lazy("Reset")),
    "archive": ("archive", gettext_lazy("Archive")),
    "delete": ("trash", gettext_lazy("Delete")),
}


def _main(request: AccountRequest, page: OrderPage) -> dict[str, Any] | None:
    """The one thing that is most likely wanted now; None when the order goes its way."""
    if not request.actor.may(Right.ACT_ON_ORDERS):
        return None
    for name in ("reprocess", "release", "settle"):
        if page.verdicts[name].is_allowed and not (
            name == "reprocess" and page.row.status in ("archived", "skipped", "canceled")
        ):
            icon, verb = _VERBS[name]
            return {"name": name, "icon": icon, "verb": verb}
    return None


def _menu(request: AccountRequest, page: OrderPage) -> list[dict[str, Any]]:
    """Every action with why it cannot be done now; those that a role has not are not shown."""
    rights = {"delete": Right.DELETE_ORDERS}
    shown = []
    for name, (icon, verb) in _VERBS.items():
        verdict = page.verdicts[name]
        if not request.actor.may(rights.get(name, Right.ACT_ON_ORDERS)):
            continue
        if name in ("settle", "release") and not verdict.is_allowed:
            continue
        shown.append({"name": name, "icon": icon, "verb": verb, "why_not": verdict.why_not, "asks": name in ("reset", "delete")})
    return shown
