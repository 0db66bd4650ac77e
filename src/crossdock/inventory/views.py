"""Pages of stock: two lists, the story of one SKU, what a store would be told, and where facilities are shown."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity import sites
from crossdock.connections.models import Connection
from crossdock.connections.queries import links_of, working
from crossdock.connections.views.common import the_connection, the_store
from crossdock.connections.views.one import frame
from crossdock.domain.errors import RuleBroken
from crossdock.domain.stock import Drop
from crossdock.inventory import planning, queries, services
from crossdock.inventory.models import LevelState, Publishing, StockLink
from crossdock.inventory.publishing import publishing_of
from crossdock.inventory.queries import FigureFilters, LevelFilters, Listed
from crossdock.products.queries import Place
from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import Facet, filter_bar
from crossdock.ui.links import page_url_or_none
from crossdock.ui.live import version_of
from crossdock.ui.paging import asking, page_at
from crossdock.ui.parts import Tab
from crossdock.ui.statuses import STOCK, Tone

LONGEST = 120
MOST_LINKS = 50
LEVEL_COLUMNS = (
    Column("sku", gettext_lazy("SKU"), is_fixed=True),
    Column("name", gettext_lazy("Name")),
    Column("warehouse", gettext_lazy("Warehouse")),
    Column("facility", gettext_lazy("Facility")),
    Column("available", gettext_lazy("Available")),
    Column("on_hand", gettext_lazy("On hand")),
    Column("changed", gettext_lazy("Changed"), is_default=False),
    Column("as_of", gettext_lazy("As of")),
)
FIGURE_COLUMNS = (
    Column("sku", gettext_lazy("SKU"), is_fixed=True),
    Column("state", gettext_lazy("State"), is_fixed=True),
    Column("answer", gettext_lazy("The store's answer")),
    Column("name", gettext_lazy("Name")),
    Column("store", gettext_lazy("Store")),
    Column("location", gettext_lazy("Location"), is_default=False),
    Column("held", gettext_lazy("Sold")),
    Column("computed", gettext_lazy("To sell")),
    Column("pushed", gettext_lazy("Last told")),
    Column("when", gettext_lazy("When")),
)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def levels(request: AccountRequest) -> HttpResponse:
    """What warehouses say they have."""
    warehouses = sites.warehouses()
    facilities = queries.facilities() if request.actor.merchants is None else []
    filters = LevelFilters(
        warehouse_id=sites.id_of(request.GET.get("warehouse", ""), warehouses),
        facility=request.GET.get("facility", "") if request.GET.get("facility", "") in facilities else "",
        is_gone=request.GET.get("gone") == "1",
        text=_text(request.GET),
    )
    after, before = _place(request.GET)
    listed = queries.list_levels(filters, after=after, before=before)
    path = _url(request, "list")
    facets = [sites.facet_of("warehouse", _("Warehouse"), warehouses)]
    if len(facilities) > 1:
        facets.append(Facet("facility", _("Facility"), tuple((name, name) for name in facilities)))
    facets.append(Facet("gone", _("Named"), (("1", _("No longer")),)))
    context = {
        **_around(request, "list"),
        **_paging(path, request.GET, listed),
        "bar": filter_bar(request, [facet for facet in facets if facet], _("SKU")),
        "columns": chosen_columns(request, "stock_levels", LEVEL_COLUMNS),
        "rows": listed.rows,
        "is_filtered": filters != LevelFilters(),
        "clear_url": path,
        "connections_url": page_url_or_none(request, "connections:list") if request.actor.may(Right.VIEW_CONNECTIONS) else "",
    }
    return render(request, "inventory/levels.html", context)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def figures(request: AccountRequest) -> HttpResponse:
    """What stores are to show, and what they were told."""
    stores = sites.stores()
    state = request.GET.get("state", "")
    filters = FigureFilters(
        store_id=sites.id_of(request.GET.get("store", ""), stores),
        state=state if state in LevelState.values else "",
        text=_text(request.GET),
    )
    after, before = _place(request.GET)
    listed = queries.list_figures(filters, after=after, before=before)
    counts = queries.figure_counts(filters)
    path = _url(request, "figures")
    context = {
        **_around(request, "figures"),
        **_paging(path, request.GET, listed),
        "bar": filter_bar(request, [sites.facet_of("store", _("Store"), stores)], _("SKU")),
        "columns": chosen_columns(request, "stock_figures", FIGURE_COLUMNS),
        "state_tabs": _state_tabs(path, request.GET, filters, counts),
        "rows": listed.rows,
        "is_filtered": filters != FigureFilters(),
        "clear_url": path,
    }
    return render(request, "inventory/figures.html", context)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def sku(request: AccountRequest) -> HttpResponse:
    """The story of one SKU: what warehouses say, what is sold of it, what each store was told and answered."""
    wanted = request.GET.get("sku", "").replace("\0", "")[:LONGEST]
    found = queries.levels_of(wanted) if wanted else []
    shown = queries.figures_of(wanted) if wanted else []
    context = {"sku": wanted, "levels": found, "figures": shown, "back": _url(request, "figures")}
    return render(request, "inventory/sku.html", context, status=200 if found or shown else 404)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def channels(request: AccountRequest) -> HttpResponse:
    """Stores that are to be told stock, those that wait for a person first."""
    return render(request, "inventory/channels.html", {**_around(request, "publishing"), "channels": queries.channels()})


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.VIEW_ORDERS)
def preview(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """What a store would be told, from what to what; a person's yes, the limit above which one is asked, and a full push."""
    store = the_store(public_id)
    row = publishing_of(store)
    drop, change = planning.drop_of(store.pk), queries.change_of(store.pk)
    seen = version_of(row.state, drop, change)
    has_moved = False
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do == "allow" and request.POST.get("seen") != seen:
            # Only what a person has looked at is allowed.
            has_moved = True
        else:
            _act(request, row, do, drop)
            return redirect(_url(request, "preview", public_id=public_id))
    context = {
        "store": store,
        "row": row,
        "drop": drop,
        "change": change,
        "changes": queries.worst_changes(store.pk),
        "seen": seen,
        "has_moved": has_moved,
        "asks": row.state in ("new", "first", "held") or row.approved_at is None,
        "back": _url(request, "publishing"),
        "may_manage": request.actor.may(Right.MANAGE_CONNECTIONS),
        "may_run": request.actor.may(Right.RUN_CHANNELS),
        "connections": Connection.objects.filter(store=store, deleted_at=None).order_by("name"),
        "is_live": any(link.is_live for link in working(links_of(store_id=store.pk), "inventory")),
    }
    return render(request, "inventory/preview.html", context, status=409 if has_moved else 200)


def _act(request: AccountRequest, row: Publishing, do: str, drop: Drop) -> None:
    match do:
        case "allow":
            services.allow(actor=request.actor, row=row, percent=drop.percent)
            messages.success(request, _("The store is told these figures now."))
        case "push":
            services.push_everything(actor=request.actor, row=row)
            messages.success(request, _("Every figure is told again now."))
        case "limit":
            number = request.POST.get("limit", "")
            services.set_drop_limit(
                actor=request.actor, row=row, percent=int(number) if number.isascii() and number.isdigit() else -1
            )
            messages.success(request, _("Saved."))
        case _:
            raise RuleBroken(_("That is nothing this page does."))


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.VIEW_CONNECTIONS)
def links(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """At which location of the store which facility's stock is shown."""
    link = the_connection(public_id)
    row = publishing_of(link.store)
    facilities = services.facilities_of(link.warehouse_id)
    wrong = ""
    if request.method == "POST":
        pairs = _pairs(request.POST, [location for location, _label in row.locations] or [""], facilities)
        try:
            services.link_stock(actor=request.actor, connection=link, pairs=pairs)
        except RuleBroken as error:
            wrong = error.message
        else:
            messages.success(request, _("Saved."))
            return redirect(_url(request, "links", public_id=public_id))
    chosen = set(StockLink.objects.filter(connection=link).values_list("location", "facility"))
    context = {
        **frame(request, link, "stock"),
        "places": _places(row.locations, facilities, chosen) if row.locations_at or chosen else [],
        "has_said": bool(chosen),
        "facilities": facilities,
        "row": row,
        "wrong": wrong,
        "preview_url": _url(request, "preview", public_id=link.store.public_id),
    }
    return render(request, "inventory/links.html", context, status=422 if wrong else 200)


def _places(locations: Sequence[Sequence[str]], facilities: Sequence[str], chosen: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """A line for each location, with its boxes: all facilities, or single ones."""
    names = {str(location): str(label) for location, label in locations} or {"": _("The store's only location")}
    names |= {location: location for location, _facility in chosen if location not in names}
    options = [("", _("All of the warehouse"))]
    options += [(name, name) for name in dict.fromkeys([*facilities, *(facility for _l, facility in chosen if facility)])]
    return [
        {
            "id": location,
            "label": label,
            "boxes": [
                {"value": f"{number}:{facility}", "label": word, "is_on": (location, facility) in chosen}
                for facility, word in options
            ],
        }
        for number, (location, label) in enumerate(names.items())
    ]


def _pairs(posted: QueryDict, locations: Sequence[str], facilities: Sequence[str]) -> list[tuple[str, str]]:
    """What was ticked: the number of a location and a facility's name. What nobody offered is left out."""
    pairs = []
    for text in posted.getlist("pairs")[:MOST_LINKS]:
        number, _colon, facility = text.partition(":")
        if number.isascii() and number.isdigit() and int(number) < len(locations) and (not facility or facility in facilities):
            pairs.append((locations[int(number)], facility))
    return pairs


# --- What the lists share ---------------------------------------------------------------------------------------------------------


def _around(request: AccountRequest, current: str) -> dict[str, Any]:
    waiting = sum(channel.state in ("first", "held", "link") for channel in queries.channels())
    tabs = [
        Tab(_("Warehouses"), _url(request, "list"), is_current=current == "list"),
        Tab(_("Stores"), _url(request, "figures"), is_current=current == "figures"),
        Tab(_("Publishing"), _url(request, "publishing"), waiting or None, is_current=current == "publishing", tone=Tone.STUCK),
    ]
    return {"page_tabs": tabs}


def _url(request: AccountRequest, name: str, **kwargs: Any) -> str:
    return reverse(f"inventory:{name}", kwargs={"account": request.account.public_id, **kwargs})


def _text(query: QueryDict) -> str:
    return " ".join(query.get("q", "").replace("\0", "").split())[:LONGEST]


def _place(query: QueryDict) -> tuple[Place | None, Place | None]:
    """After which, or before which, the page stands."""
    before = Place.read(query.get("before", ""))
    return None if before else Place.read(query.get("after", "")), before


def _paging(path: str, query: QueryDict, listed: Listed) -> dict[str, str]:
    return {
        "before": page_at(path, query, before=listed.before),
        "after": page_at(path, query, after=listed.after),
    }


_TABS: tuple[tuple[LevelState, bool, Tone | None], ...] = (
    (LevelState.REFUSED, True, Tone.STUCK),
    (LevelState.WAITING, True, None),
    (LevelState.DONE, True, None),
    (LevelState.UNKNOWN, True, None),
    (LevelState.UNTRACKED, False, None),
    (LevelState.SECOND, False, None),
    (LevelState.GONE, False, None),
)


def _state_tabs(path: str, query: QueryDict, filters: FigureFilters, counts: Mapping[str, int]) -> list[Tab]:
    every = min(sum(counts.values()), queries.COUNTED + 1)
    tabs = [Tab(_("All"), asking(path, query, state=None), every, is_current=not filters.state)]
    for state, is_common, tone in _TABS:
        count = counts.get(state.value, 0)
        if is_common or count or filters.state == state.value:
            url = asking(path, query, state=state.value)
            tabs.append(Tab(STOCK[state.value].word, url, count, filters.state == state.value, tone))
    return tabs
