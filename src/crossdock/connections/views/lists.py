"""The lists: connections, merchants, stores, warehouses."""

from collections.abc import Sequence

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import short
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import drafts, gateway, presenting
from crossdock.connections.drafts import known_id
from crossdock.connections.models import Connection, Merchant, Mode
from crossdock.connections.views.common import NamedPage
from crossdock.ui.filters import Facet, filter_bar


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def connections(request: AccountRequest) -> HttpResponse:
    """Connections by name, with a filter in the address; and the person's drafts of new ones."""
    links = presenting.connections()
    has_any = links.exists()
    bar = filter_bar(request, _facets(), _("Connection, store, warehouse or merchant"))
    if bar.text:
        links = links.filter(
            Q(name__icontains=bar.text)
            | Q(store__name__icontains=bar.text)
            | Q(warehouse__name__icontains=bar.text)
            | Q(merchant__name__icontains=bar.text)
        )
    for facet, column in (
        ("status", "mode"),
        ("store_platform", "store__platform"),
        ("warehouse_platform", "warehouse__platform"),
    ):
        if value := bar.value(facet):
            links = links.filter(**{column: value})
    if merchant := known_id(bar.value("merchant")):
        links = links.filter(merchant__public_id=merchant)
    page = NamedPage(request, links)
    return render(
        request,
        "connections/list.html",
        {
            "rows": presenting.rows(page.rows),
            "page": page,
            "bar": bar,
            "has_any": has_any,
            "drafts": drafts.open_drafts(request.actor) if request.actor.may(Right.MANAGE_CONNECTIONS) else [],
        },
    )


def _facets() -> Sequence[Facet]:
    merchants = Merchant.objects.filter(connections__deleted_at=None, connections__isnull=False).distinct().order_by("name")
    return (
        Facet("status", _("Status"), Mode.choices),
        Facet("merchant", _("Merchant"), [(short(one.public_id), one.name) for one in merchants[:500]]),
        Facet("store_platform", _("Store platform"), _platforms("store")),
        Facet("warehouse_platform", _("Warehouse platform"), _platforms("warehouse")),
    )


def _platforms(kind: str) -> list[tuple[str, str]]:
    return [(connector.key, connector.name) for connector in gateway.connectors_of(kind)]


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def merchants(request: AccountRequest) -> HttpResponse:
    """Merchants by name, each with how many stores and connections it has."""
    rows = presenting.merchants_with_counts()
    has_any = rows.exists()
    bar = filter_bar(request, (), _("Merchant, company or contact"))
    if bar.text:
        rows = rows.filter(Q(name__icontains=bar.text) | Q(company__icontains=bar.text) | Q(contact_name__icontains=bar.text))
    return render(request, "connections/merchants.html", {"page": NamedPage(request, rows), "bar": bar, "has_any": has_any})


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def stores(request: AccountRequest) -> HttpResponse:
    """Stores by name, each with its platform, merchant, connections and trouble."""
    rows = presenting.stores()
    has_any = rows.exists()
    facets = (Facet("platform", _("Platform"), _platforms("store")),)
    bar = filter_bar(request, facets, _("Store or merchant"))
    if bar.text:
        rows = rows.filter(Q(name__icontains=bar.text) | Q(merchant__name__icontains=bar.text))
    if platform := bar.value("platform"):
        rows = rows.filter(platform=platform)
    rows = rows.annotate(connection_count=Count("connections", filter=Q(connections__deleted_at=None)))
    return render(
        request,
        "connections/sites.html",
        {"page": NamedPage(request, rows), "bar": bar, "has_any": has_any, "side": "store", "stopped": _stopped("store")},
    )


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def warehouses(request: AccountRequest) -> HttpResponse:
    """Warehouses by name, each with its platform, connections and trouble."""
    rows = presenting.warehouses(request.actor)
    has_any = rows.exists()
    facets = (Facet("platform", _("Platform"), _platforms("warehouse")),)
    bar = filter_bar(request, facets, _("Warehouse"))
    if bar.text:
        rows = rows.filter(name__icontains=bar.text)
    if platform := bar.value("platform"):
        rows = rows.filter(platform=platform)
    # Counted over what this person may see: a subquery under the row policy, like everything else.
    visible = Connection.objects.filter(deleted_at=None).values("pk")
    rows = rows.annotate(connection_count=Count("connections", filter=Q(connections__in=visible)))
    return render(
        request,
        "connections/sites.html",
        {"page": NamedPage(request, rows), "bar": bar, "has_any": has_any, "side": "warehouse", "stopped": _stopped("warehouse")},
    )


def _stopped(side: str) -> set[int]:
    """Ids of stores or warehouses whose lanes stand still until a person does something."""
    return presenting.stopped_sites(side)
