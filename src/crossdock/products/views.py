"""Pages of products: the list by SKU, and what every store knows of one."""

from collections import Counter
from collections.abc import Mapping
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
from crossdock.products.queries import (
    VIEWS,
    Line,
    ListingRow,
    Place,
    ProductFilters,
    counts,
    list_products,
    listing,
    listings_like,
)
from crossdock.ui.columns import Column, chosen_columns
from crossdock.ui.filters import Facet, filter_bar
from crossdock.ui.links import page_url_or_none
from crossdock.ui.paging import asking, page_at
from crossdock.ui.parts import Fact, Tab
from crossdock.ui.shown import quantity_text
from crossdock.ui.statuses import Tone

LONGEST = 120
COLUMNS = (
    Column("sku", gettext_lazy("SKU"), is_fixed=True),
    Column("name", gettext_lazy("Name")),
    Column("options", gettext_lazy("Variant")),
    Column("stores", gettext_lazy("Stores")),
    Column("merchant", gettext_lazy("Merchant"), is_default=False),
    Column("barcode", gettext_lazy("Barcode")),
    Column("weight", gettext_lazy("Weight")),
    Column("changed", gettext_lazy("Changed"), is_default=False),
)
TITLES = {
    "all": gettext_lazy("All"),
    "missing": gettext_lazy("SKU missing"),
    "doubled": gettext_lazy("SKU doubled in a store"),
    "gone": gettext_lazy("Gone"),
}
NOTES = {
    "missing": gettext_lazy(
        "A line of an order without SKU cannot be sent, and no stock is shown for it. Give each of these a SKU in the store; the next "
        "reading finds it."
    ),
    "doubled": gettext_lazy(
        "Two things in one store have the same SKU. Which of them gets the stock figure is the store's setting “Include duplicate "
        "SKUs”; better give each its own."
    ),
    "gone": gettext_lazy("The last whole reading of the store did not name them. Orders that have them go on."),
}


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def products(request: AccountRequest) -> HttpResponse:
    """The list by SKU."""
    stores, merchants = sites.stores(), sites.merchants()
    filters = _filters(request.GET, stores, merchants)
    before, after = Place.read(request.GET.get("before", "")), Place.read(request.GET.get("after", ""))
    listed = list_products(filters, after=None if before else after, before=before)
    path = reverse("products:list", kwargs={"account": request.account.public_id})
    numbers = counts(filters)
    context = {
        "bar": filter_bar(request, _facets(stores, merchants), _("SKU, name or barcode")),
        "columns": chosen_columns(request, "products", COLUMNS),
        "tabs": _tabs(path, request.GET, filters, numbers),
        "note": NOTES.get(filters.view, "") if listed.lines else "",
        "is_cut": listed.is_cut,
        "lines": [
            {
                "line": line,
                "first": line.first,
                "stores": _stores(line, stores),
                "merchant": merchants[line.merchant_id].name if line.merchant_id in merchants else "",
            }
            for line in listed.lines
        ],
        "before": page_at(path, request.GET, before=listed.before),
        "after": page_at(path, request.GET, after=listed.after),
        "is_filtered": filters != ProductFilters(view=filters.view),
        "view": filters.view,
        "clear_url": path,
        "connections_url": page_url_or_none(request, "connections:list") if request.actor.may(Right.VIEW_CONNECTIONS) else "",
    }
    return render(request, "products/list.html", context)


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def product(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """What every store of the merchant knows of one SKU."""
    row = listing(public_id)
    if row is None:
        raise Http404
    stores, merchants = sites.stores(), sites.merchants()
    cards = [
        {"row": one, "store": stores[one.store_id], "facts": _facts(one), "options": one.options.items()}
        for one in listings_like(row)
        if one.store_id in stores
    ]
    context = {
        "row": row,
        "merchant": merchants.get(row.merchant_id),
        "cards": cards,
        "back": reverse("products:list", kwargs={"account": request.account.public_id}),
        "stock_url": page_url_or_none(request, "inventory:sku") if row.sku else "",
        "orders_url": page_url_or_none(request, "orders:list") if row.sku else "",
    }
    return render(request, "products/product.html", context)


def _stores(line: Line, stores: Sites) -> list[tuple[str, int]]:
    """The stores that sell a SKU, each once, with how many of its listings have it."""
    counted = Counter(one.store_id for one in line.listings if one.store_id in stores)
    return [(stores[store_id].name, count) for store_id, count in counted.items()]


def _facts(row: ListingRow) -> list[Fact]:
    tracks = {True: _("Yes"), False: _("No: figures sent to it have no effect"), None: ""}[row.tracks_stock]
    return [
        Fact(_("Store's key"), row.external_id, is_mono=True, is_copied=True),
        Fact(_("Product"), row.product_id if row.product_id != row.external_id else "", is_mono=True, is_copied=True),
        Fact(_("Barcode"), row.barcode, is_mono=True, is_copied=True),
        Fact(_("Weight"), f"{quantity_text(row.weight)} {row.weight_unit}" if row.weight is not None else ""),
        Fact(_("Price"), quantity_text(row.price) if row.price is not None else ""),
        Fact(_("HS code"), row.hs_code, is_mono=True),
        Fact(_("Origin"), row.origin),
        Fact(_("Ships"), "" if row.requires_shipping else _("No: it needs no shipping")),
        Fact(_("Store keeps stock"), tracks),
        Fact(_("Shown as available"), quantity_text(row.stock) if row.stock is not None else ""),
    ]


def _filters(query: QueryDict, stores: Sites, merchants: Sites) -> ProductFilters:
    view = query.get("view", "all")
    return ProductFilters(
        view=view if view in VIEWS else "all",
        merchant_id=sites.id_of(query.get("merchant", ""), merchants),
        store_id=sites.id_of(query.get("store", ""), stores),
        text=" ".join(query.get("q", "").replace("\0", "").split())[:LONGEST],
    )


def _facets(stores: Sites, merchants: Sites) -> tuple[Facet, ...]:
    return tuple(sites.facets_of(("merchant", _("Merchant"), merchants), ("store", _("Store"), stores)))


def _tabs(path: str, query: QueryDict, filters: ProductFilters, numbers: Mapping[str, int]) -> list[Tab]:
    return [
        Tab(
            title,
            asking(path, query, view=None if view == "all" else view),
            numbers[view],
            is_current=filters.view == view,
            tone=Tone.STUCK if view in ("missing", "doubled") else None,
        )
        for view, title in TITLES.items()
    ]
