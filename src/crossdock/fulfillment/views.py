"""Pages of shipments, and the page that asks before a connection goes Live."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crossdock.accounts import confirming
from crossdock.accounts.rights import Forbidden, Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity import sites
from crossdock.activity.queries import story_of_shipment
from crossdock.activity.sentences import said
from crossdock.activity.sites import Sites
from crossdock.connections.models import Connection
from crossdock.domain.errors import RuleBroken
from crossdock.domain.statuses import ShipmentStatus
from crossdock.fulfillment import adopting, services
from crossdock.fulfillment.for_orders import boxes_of
from crossdock.fulfillment.models import Shipment
from crossdock.fulfillment.queries import ShipmentFilters, list_shipments, notice_of, shipment_counts
from crossdock.fulfillment.services import ACTIONS, MOST
from crossdock.orders.forms import day_begins
from crossdock.orders.queries import COUNTED
from crossdock.orders.searching import cleaned
from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import Facet, filter_bar
from crossdock.ui.links import page_url_or_none
from crossdock.ui.live import if_changed, version_of
from crossdock.ui.paging import Place, asking, page_at
from crossdock.ui.parts import Happening, Tab
from crossdock.ui.statuses import SHIPMENT, Tone

COLUMNS = (
    Column("tracking", gettext_lazy("Tracking"), is_fixed=True),
    Column("status", gettext_lazy("Status"), is_fixed=True),
    Column("note", gettext_lazy("What is up")),
    Column("order", gettext_lazy("Order")),
    Column("carrier", gettext_lazy("Carrier")),
    Column("warehouse", gettext_lazy("Warehouse")),
    Column("store", gettext_lazy("Store")),
    Column("boxes", gettext_lazy("Boxes"), is_default=False),
    Column("external_id", gettext_lazy("Warehouse's id"), is_default=False),
    Column("imported", gettext_lazy("Imported"), is_default=False),
    Column("shipped", gettext_lazy("Shipped")),
)
TABS: tuple[tuple[ShipmentStatus, Tone | None], ...] = (
    (ShipmentStatus.ERROR, Tone.STUCK),
    (ShipmentStatus.NEW, Tone.WAIT),
    (ShipmentStatus.OPEN, None),
    (ShipmentStatus.COMPLETED, None),
    (ShipmentStatus.VOIDED, None),
    (ShipmentStatus.ARCHIVED, None),
)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def shipments(request: AccountRequest) -> HttpResponse:
    """The list, whole."""
    return render(request, "fulfillment/list.html", _list(request))


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def rows(request: AccountRequest) -> HttpResponse:
    """The tabs and rows alone, for a page that keeps itself fresh; 204 while nothing changed."""
    return if_changed(request, "fulfillment/_rows.html", _list(request))


def _list(request: AccountRequest) -> dict[str, Any]:
    stores, warehouses = sites.stores(), sites.warehouses()
    filters = _filters(request.GET, stores, warehouses)
    before, after = Place.read(request.GET.get("before", "")), Place.read(request.GET.get("after", ""))
    listed = list_shipments(filters, None if after else before, after=after)
    counts = shipment_counts(filters)
    account = {"account": request.account.public_id}
    path = reverse("fulfillment:shipments", kwargs=account)
    return {
        "bar": filter_bar(request, _facets(stores, warehouses), _("Tracking number, order number or the warehouse's id")),
        "search_text": filters.text,
        "columns": chosen_columns(request, "shipments", COLUMNS),
        "tabs": _tabs(path, request.GET, filters, counts),
        "rows": listed.rows,
        "newer": page_at(path, request.GET, after=listed.newer),
        "older": page_at(path, request.GET, before=listed.older),
        "is_filtered": filters != ShipmentFilters(),
        "clear_url": path,
        "rows_url": f"{reverse('fulfillment:rows', kwargs=account)}?{request.GET.urlencode()}",
        "act_url": reverse("fulfillment:act", kwargs=account),
        "address": request.GET.urlencode(),
        "may_act": request.actor.may(Right.ACT_ON_ORDERS),
        "version": version_of(listed, counts, request.COOKIES.get("crossdock_columns_shipments")),
    }


def _filters(query: QueryDict, stores: Sites, warehouses: Sites) -> ShipmentFilters:
    known = {status.value for status in ShipmentStatus}
    until = day_begins(query.get("until", ""))
    return ShipmentFilters(
        statuses=tuple(dict.fromkeys(status for status in query.getlist("status") if status in known)),
        warehouse_id=sites.id_of(query.get("warehouse", ""), warehouses),
        store_id=sites.id_of(query.get("store", ""), stores),
        shipped_from=day_begins(query.get("from", "")),
        shipped_until=until + timedelta(days=1) if until else None,
        is_unmatched=query.get("needs") == "match",
        text=cleaned(query.get("q", "")),
    )


def _facets(stores: Sites, warehouses: Sites) -> tuple[Facet, ...]:
    return (
        *sites.facets_of(("store", _("Store"), stores), ("warehouse", _("Warehouse"), warehouses)),
        Facet("needs", _("Needs"), (("match", _("Has no order")),)),
        Facet("from", _("From"), kind="date"),
        Facet("until", _("Until"), kind="date"),
    )


def _tabs(path: str, query: QueryDict, filters: ShipmentFilters, counts: Mapping[str, int]) -> list[Tab]:
    tabs = [
        Tab(_("All"), asking(path, query, status=None), min(sum(counts.values()), COUNTED + 1), is_current=not filters.statuses)
    ]
    for status, tone in TABS:
        is_current = status.value in filters.statuses
        if counts[status.value] or is_current or status in (ShipmentStatus.ERROR, ShipmentStatus.OPEN, ShipmentStatus.COMPLETED):
            url = asking(path, query, status=status.value)
            tabs.append(Tab(SHIPMENT[status.value].word, url, counts[status.value], is_current, tone))
    return tabs


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def shipment(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """One shipment: its boxes, its order, and how far the store was told."""
    row = get_object_or_404(Shipment.objects.select_related("order", "order__store", "warehouse"), public_id=public_id)
    notice = notice_of(row.pk)
    state = services.states_of([row.pk]).get(row.pk, "")
    account = {"account": request.account.public_id}
    may_see = request.actor.may(Right.SEE_MESSAGES)
    happenings = []
    for one in story_of_shipment(row.pk):
        words = said(one.kind, one.params)
        url = ""
        if one.message_id is not None and may_see:
            url = reverse("orders:exchange", kwargs=account | {"message_id": one.message_id})
            url = f"{url}?order={row.order_id}" if row.order_id else url
        happenings.append(
            Happening(one.at, words.title, words.tone, words.icon, one.by, words.text, detail_url=url, key=f"story-{one.id}")
        )
    context = {
        "row": row,
        "notice": notice,
        "boxes": boxes_of([row.pk]).get(row.pk, []),
        "happenings": happenings,
        "may_act": request.actor.may(Right.ACT_ON_ORDERS),
        "why_not_reprocess": services.why_not_reprocess(row, state),
        "why_not_archive": services.why_not_archive(row, state),
        "act_url": reverse("fulfillment:act", kwargs=account),
        "back": reverse("fulfillment:shipments", kwargs=account),
    }
    return render(request, "fulfillment/shipment.html", context)


@require_POST
@for_account
@requires(Right.VIEW_ORDERS)
def act(request: AccountRequest) -> HttpResponse:
    """Do one thing with the chosen shipments; a single one leads back to its page, several to what became of each."""
    name = request.POST.get("action", "")
    if name not in ACTIONS:
        return HttpResponseBadRequest(_("That is no action of ours."))
    address = request.POST.get("address", "")
    account = {"account": request.account.public_id}
    back = reverse("fulfillment:shipments", kwargs=account)
    back = f"{back}?{QueryDict(address).urlencode()}" if address else back
    chosen = _selected(request.POST.getlist("selected"))
    if not chosen:
        messages.info(request, _("No shipments were chosen."))
        return redirect(back)
    outcomes = ACTIONS[name](actor=request.actor, ids=[row.pk for row in chosen])
    if request.POST.get("one") == "1" and len(outcomes) == 1:
        (messages.success if outcomes[0].is_done else messages.error)(request, outcomes[0].text)
        return redirect(reverse("fulfillment:shipment", kwargs=account | {"public_id": chosen[0].public_id}))
    done = [one for one in outcomes if one.is_done]
    word = _("Reprocessed") if name == "reprocess" else _("Archived")
    title = ngettext("{word} {count} shipment", "{word} {count} shipments", len(done)).format(word=word, count=len(done))
    refused = [one for one in outcomes if not one.is_done]
    return render(request, "fulfillment/acted.html", {"title": title, "done": done, "refused": refused, "back": back})


def _selected(texts: Sequence[str]) -> list[Shipment]:
    ids = set()
    for text in texts[: MOST + 1]:
        try:
            ids.add(UUID(text))
        except ValueError:
            continue
    return list(Shipment.objects.filter(public_id__in=ids).order_by("-shipped_at", "-pk"))


# --- Going Live -----------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.GO_LIVE, keeps=("older",), asks_first=True)
def go_live(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Ask what to do with older unshipped orders, show what would be sent, warn of numbers that collide; then go Live."""
    row = get_object_or_404(
        Connection.objects.select_related("store", "warehouse", "merchant"), public_id=public_id, deleted_at=None
    )
    back = page_url_or_none(request, "connections:one", public_id=row.public_id) or reverse(
        "orders:list", kwargs={"account": request.account.public_id}
    )
    error, status = "", 200
    if request.method == "POST":
        older = request.POST.get("older", "")
        if older in ("adopt", "take", "leave"):
            try:
                went = services.go_live(actor=request.actor, connection=row, older=older)  # type: ignore[arg-type]  # just compared
            except Forbidden:
                raise
            except RuleBroken as broken:
                error, status = broken.message, 409
            else:
                messages.success(request, _went(row, older, went))
                return redirect(back)
        else:
            error, status = _("Choose what happens to the orders that are waiting."), 422
    context = {
        "row": row,
        "waiting": adopting.waiting_for(row),
        "collision": adopting.collision_at(row),
        "settings_url": page_url_or_none(request, "connections:store", public_id=row.store.public_id) or "",
        "back": back,
        "error": error,
        "older": (confirming.kept(request) or request.POST).get("older", ""),
    }
    return render(request, "fulfillment/go_live.html", context, status=status)


def _went(row: Connection, older: str, went: services.WentLive) -> str:
    if older == "adopt":
        told = ngettext(
            "{count} older order was taken over as already at the warehouse.",
            "{count} older orders were taken over as already at the warehouse.",
            went.adopted,
        ).format(count=f"{went.adopted:,}")
    elif older == "leave":
        told = ngettext(
            "{count} older order was left to the earlier tool.", "{count} older orders were left to the earlier tool.", went.left
        ).format(count=f"{went.left:,}")
    else:
        told = _("The orders that waited are being sent.")
    return _("{name} is Live. {told}").format(name=row.name, told=told)
