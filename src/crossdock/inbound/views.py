"""Pages of returns: the list, one of them, and the payload as the store sent it."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity import sites
from crossdock.activity.sites import Sites
from crossdock.domain.returns import ReturnState
from crossdock.inbound.queries import ReturnFilters, ReturnRow, lines_of, list_returns, one_return, return_counts
from crossdock.inbound.receiving import content_of
from crossdock.orders.forms import day_begins
from crossdock.orders.queries import COUNTED
from crossdock.orders.searching import cleaned
from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import Facet, filter_bar
from crossdock.ui.links import page_url_or_none
from crossdock.ui.paging import Place, asking, page_at
from crossdock.ui.parts import Tab
from crossdock.ui.statuses import RETURN

COLUMNS = (
    Column("number", gettext_lazy("Number"), is_fixed=True),
    Column("state", gettext_lazy("State"), is_fixed=True),
    Column("order", gettext_lazy("Order")),
    Column("reasons", gettext_lazy("Reason")),
    Column("tracking", gettext_lazy("Tracking")),
    Column("store", gettext_lazy("Store")),
    Column("merchant", gettext_lazy("Merchant"), is_default=False),
    Column("units", gettext_lazy("Units")),
    Column("imported", gettext_lazy("Imported"), is_default=False),
    Column("requested", gettext_lazy("Requested")),
)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def returns(request: AccountRequest) -> HttpResponse:
    """The list."""
    stores, merchants = sites.stores(), sites.merchants()
    filters = _filters(request.GET, stores, merchants)
    before, after = Place.read(request.GET.get("before", "")), Place.read(request.GET.get("after", ""))
    listed = list_returns(filters, None if after else before, after=after)
    path = reverse("inbound:returns", kwargs={"account": request.account.public_id})
    context = {
        "bar": filter_bar(request, _facets(stores, merchants), _("Number, order number, SKU or tracking number")),
        "columns": chosen_columns(request, "returns", COLUMNS),
        "tabs": _tabs(path, request.GET, filters, return_counts(filters)),
        "rows": listed.rows,
        "newer": page_at(path, request.GET, after=listed.newer),
        "older": page_at(path, request.GET, before=listed.older),
        "is_filtered": filters != ReturnFilters(),
        "clear_url": path,
        "connections_url": page_url_or_none(request, "connections:list") if request.actor.may(Right.VIEW_CONNECTIONS) else "",
    }
    return render(request, "inbound/list.html", context)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def one(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """One return: what comes back of which order, why, and how it travels."""
    row = _the_return(public_id)
    content = content_of(row.id)
    context = {
        "row": row,
        "lines": lines_of(row.id),
        "whole": content[0] if content else None,
        "back": reverse("inbound:returns", kwargs={"account": request.account.public_id}),
        "raw_url": page_url_or_none(request, "inbound:return_raw", public_id=public_id)
        if request.actor.may(Right.SEE_PERSONAL)
        else "",
    }
    return render(request, "inbound/return.html", context)


@require_GET
@for_account
@requires(Right.SEE_PERSONAL)
def raw(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """The payload as the store sent it."""
    row = _the_return(public_id)
    content = content_of(row.id)
    if content is None:
        raise Http404
    back = reverse("inbound:return", kwargs={"account": request.account.public_id, "public_id": public_id})
    return render(request, "inbound/raw.html", {"row": row, "raw": content[1], "back": back})


def _the_return(public_id: UUID) -> ReturnRow:
    row = one_return(public_id)
    if row is None:
        raise Http404
    return row


def _filters(query: QueryDict, stores: Sites, merchants: Sites) -> ReturnFilters:
    known = {state.value for state in ReturnState}
    until = day_begins(query.get("until", ""))
    return ReturnFilters(
        states=tuple(dict.fromkeys(state for state in query.getlist("state") if state in known)),
        merchant_id=sites.id_of(query.get("merchant", ""), merchants),
        store_id=sites.id_of(query.get("store", ""), stores),
        since=day_begins(query.get("from", "")),
        until=until + timedelta(days=1) if until else None,
        text=cleaned(query.get("q", "")),
    )


def _facets(stores: Sites, merchants: Sites) -> tuple[Facet, ...]:
    return (
        *sites.facets_of(("merchant", _("Merchant"), merchants), ("store", _("Store"), stores)),
        Facet("from", _("From"), kind="date"),
        Facet("until", _("Until"), kind="date"),
    )


def _tabs(path: str, query: QueryDict, filters: ReturnFilters, counts: Mapping[str, int]) -> list[Tab]:
    every = min(sum(counts.values()), COUNTED + 1)
    tabs = [Tab(_("All"), asking(path, query, state=None), every, is_current=not filters.states)]
    for state in ReturnState:
        url = asking(path, query, state=state.value)
        tabs.append(Tab(RETURN[state.value].word, url, counts.get(state.value, 0), state.value in filters.states))
    return tabs
