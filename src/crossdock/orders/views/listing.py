"""The list of orders: tabs with counts, filters in the address, a page of rows that keeps itself fresh."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import addresses
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity import sites
from crossdock.activity.sites import Sites
from crossdock.domain.statuses import OrderStatus
from crossdock.orders.forms import facets_of, read_filters
from crossdock.orders.presenting import status_detail, status_key
from crossdock.orders.queries import COUNTED, Listed, OrderFilters, OrderRow, list_orders, tab_counts
from crossdock.orders.services import MOST
from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import filter_bar
from crossdock.ui.links import page_url_or_none
from crossdock.ui.live import if_changed, version_of
from crossdock.ui.paging import Place, asking, page_at
from crossdock.ui.parts import Tab
from crossdock.ui.statuses import SALES_ORDER, Tone

S = OrderStatus
COLUMNS = (
    Column("number", gettext_lazy("Number"), is_fixed=True),
    Column("status", gettext_lazy("Status"), is_fixed=True),
    Column("note", gettext_lazy("What is up")),
    Column("customer", gettext_lazy("Customer")),
    Column("store", gettext_lazy("Store")),
    Column("merchant", gettext_lazy("Merchant"), is_default=False),
    Column("country", gettext_lazy("Country")),
    Column("method", gettext_lazy("Method"), is_default=False),
    Column("lines", gettext_lazy("Lines"), is_default=False),
    Column("units", gettext_lazy("Units")),
    Column("total", gettext_lazy("Total")),
    Column("ship_by", gettext_lazy("Ship by"), is_default=False),
    Column("imported", gettext_lazy("Imported"), is_default=False),
    Column("status_at", gettext_lazy("In this status"), is_default=False),
    Column("external_id", gettext_lazy("Store's id"), is_default=False),
    Column("placed", gettext_lazy("Placed")),
)

RECOGNIZED = {
    "whole": gettext_lazy("This is a whole number, SKU or tracking number."),
    "end": gettext_lazy("These are the orders whose number ends with it."),
}

# What needs somebody comes first; what is rare shows only when there is some.
TABS: tuple[tuple[OrderStatus, bool, Tone | None], ...] = (
    (S.ERROR, True, Tone.STUCK),
    (S.DELAYED, True, Tone.WAIT),
    (S.ON_HOLD, True, Tone.WAIT),
    (S.NEW, True, None),
    (S.QUEUED, True, None),
    (S.OPEN, True, None),
    (S.CANCEL_REQUESTED, False, Tone.WAIT),
    (S.PARTIALLY_SHIPPED, True, None),
    (S.SHIPPED, True, None),
    (S.CLOSED, True, None),
    (S.SKIPPED, False, None),
    (S.CANCELED, False, None),
    (S.ABANDONED, False, None),
    (S.ARCHIVED, False, None),
    (S.ROUTED, False, None),
    (S.BUNDLED, False, None),
)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def orders(request: AccountRequest) -> HttpResponse:
    """The list, whole."""
    return render(request, "orders/list.html", _context(request))


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def rows(request: AccountRequest) -> HttpResponse:
    """The tabs and rows alone, for a page that keeps itself fresh; 204 while nothing changed."""
    return if_changed(request, "orders/_rows.html", _context(request))


def _context(request: AccountRequest) -> dict[str, Any]:
    stores, merchants = sites.stores(), sites.merchants()
    filters = read_filters(request.GET, stores, merchants)
    before, after = Place.read(request.GET.get("before", "")), Place.read(request.GET.get("after", ""))
    listed = list_orders(filters, None if after else before, after=after)
    counts = tab_counts(filters, listed)
    path = reverse("orders:list", kwargs={"account": request.account.public_id})
    return {
        "bar": filter_bar(request, facets_of(stores, merchants), _("Number, name, e-mail, SKU or tracking number")),
        "search_text": filters.text,
        "columns": chosen_columns(request, "orders", COLUMNS),
        "tabs": _tabs(path, request.GET, filters, counts),
        "rows": _shown(request, listed.rows, stores, merchants),
        "newer": _newer(path, request.GET, listed),
        "older": page_at(path, request.GET, before=listed.older),
        "note": _note(listed, filters, counts),
        "recognized": RECOGNIZED.get(listed.recognized, ""),
        "anywhere_url": asking(path, request.GET, anywhere="1"),
        "is_filtered": filters != OrderFilters(),
        "is_first_run": not stores,
        "clear_url": path,
        "rows_url": f"{reverse('orders:rows', kwargs={'account': request.account.public_id})}?{request.GET.urlencode()}",
        "act_url": reverse("orders:act", kwargs={"account": request.account.public_id}),
        "address": request.GET.urlencode(),
        "may_act": request.actor.may(Right.ACT_ON_ORDERS),
        "connect_url": (page_url_or_none(request, "connections:new") or "")
        if request.actor.may(Right.MANAGE_CONNECTIONS)
        else "",
        "may_delete": request.actor.may(Right.DELETE_ORDERS),
        "has_more": listed.older is not None or listed.newer is not None,
        "most": MOST,
        "version": version_of(listed.rows, listed.newer, listed.older, counts, request.COOKIES.get("crossdock_columns_orders")),
    }


def _shown(request: AccountRequest, rows: Iterable[OrderRow], stores: Sites, merchants: Sites) -> list[dict[str, Any]]:
    """Rows with their address, the names of store and merchant, and the state as badges take it."""
    address, select = addresses("orders:detail", account=request.account.public_id), _("Select {number}")
    return [
        {
            "row": row,
            "url": address(row.public_id),
            "select": select.format(number=row.number),
            "store": store.name if (store := stores.get(row.store_id)) else "",
            "merchant": merchant.name if (merchant := merchants.get(row.merchant_id)) else "",
            "key": status_key(row),
            "detail": status_detail(row),
        }
        for row in rows
    ]


def _tabs(path: str, query: QueryDict, filters: OrderFilters, counts: dict[str, int] | None) -> list[Tab]:
    every = None if counts is None else min(sum(counts.values()), COUNTED + 1)
    tabs = [Tab(_("All"), asking(path, query, status=None), every, is_current=not filters.statuses)]
    for status, is_common, tone in TABS:
        count = None if counts is None else counts[status.value]
        is_current = status.value in filters.statuses
        if is_common or count or is_current:
            label = SALES_ORDER[status.value.replace("_", "-")].word
            tabs.append(Tab(label, asking(path, query, status=status.value), count, is_current, tone))
    return tabs


def _newer(path: str, query: QueryDict, listed: Listed) -> str:
    """The newer page; where only the way onward is known, the first."""
    if listed.newer is None and "before" in query:
        return asking(path, query)
    return page_at(path, query, after=listed.newer)


def _note(listed: Listed, filters: OrderFilters, counts: dict[str, int] | None) -> str:
    if listed.walked:
        return _("None further among the {count} orders looked at. Older looks further back.").format(count=f"{listed.walked:,}")
    if counts is None or not listed.rows:
        return ""
    total = sum(counts[status] for status in (filters.statuses or counts))
    if total > COUNTED:
        return ""
    return _("{shown} of {total}").format(shown=f"{len(listed.rows):,}", total=f"{total:,}")
