"""Everything that happened in the account, newest first: searched, filtered, with the exchange behind each step."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity import sites
from crossdock.activity.queries import ABOUT, Happened, StoryFilters, newest
from crossdock.activity.sentences import said
from crossdock.activity.sites import Sites
from crossdock.ui.filters import Facet, filter_bar
from crossdock.ui.live import if_changed
from crossdock.ui.paging import Place, asking, page_at


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def activity(request: AccountRequest) -> HttpResponse:
    """The list, whole."""
    return render(request, "activity/list.html", _context(request))


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def rows(request: AccountRequest) -> HttpResponse:
    """The rows alone, for a page that keeps itself fresh; 204 while nothing new happened."""
    return if_changed(request, "activity/_rows.html", _context(request))


def _context(request: AccountRequest) -> dict[str, Any]:
    stores, warehouses = sites.stores(), sites.warehouses()
    about = request.GET.get("about", "")
    text = " ".join("".join(char if char.isprintable() else " " for char in request.GET.get("q", "")).split())[:200]
    filters = StoryFilters(
        about=about if about in ABOUT else "",
        store_id=sites.id_of(request.GET.get("store", ""), stores),
        warehouse_id=sites.id_of(request.GET.get("warehouse", ""), warehouses),
        text=text,
    )
    before = Place.read(request.GET.get("before", ""))
    story = newest(filters, before=before)
    account = {"account": request.account.public_id}
    path = reverse("activity:list", kwargs=account)
    may_see = request.actor.may(Right.SEE_MESSAGES)
    note = ""
    if story.walked:
        note = _("Looked at the newest {count}. Older looks further back.").format(count=f"{story.walked:,}")
    return {
        "bar": filter_bar(request, _facets(stores, warehouses), _("Order number, or words of what happened")),
        "search_text": text,
        "rows": [_shown(one, account, may_see) for one in story.happened],
        "newer": asking(path, request.GET) if before else "",
        "older": page_at(path, request.GET, before=story.older),
        "note": note,
        "is_filtered": filters != StoryFilters(),
        "clear_url": path,
        "rows_url": f"{reverse('activity:rows', kwargs=account)}?{request.GET.urlencode()}",
        "version": f"{story.happened[0].id}-{story.happened[-1].id}" if story.happened else "none",
    }


def _facets(stores: Sites, warehouses: Sites) -> tuple[Facet, ...]:
    words = {
        "problem": _("Problems"),
        "order": _("Orders"),
        "shipment": _("Shipments"),
        "site": _("Stores and warehouses"),
        "person": _("What people did"),
    }
    about = Facet("about", _("About"), tuple((name, words[name]) for name in ABOUT))
    return (about, *sites.facets_of(("store", _("Store"), stores), ("warehouse", _("Warehouse"), warehouses)))


def _shown(one: Happened, account: dict[str, UUID], may_see: bool) -> dict[str, Any]:
    url = ""
    if one.message_id is not None and may_see:
        url = reverse("orders:exchange", kwargs=account | {"message_id": one.message_id})
        url = f"{url}?order={one.order_id}" if one.order_id else url
    return {"one": one, "words": said(one.kind, one.params), "exchange_url": url}
