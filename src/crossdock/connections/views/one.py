"""The pages of one connection: its channels, its mode, its settings, its locations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import checking, completing, editing, leading, presenting, services
from crossdock.connections.expiring import endings
from crossdock.connections.models import ChannelKind, Connection, LocationLink, Mode
from crossdock.connections.refusing import refusals
from crossdock.connections.views.common import is_htmx, may_see_exchanges, the_connection, to, url_of
from crossdock.connections.views.sites import edit
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.settings import fields_of
from crossdock.domain.errors import RuleBroken
from crossdock.ui.links import page_url_or_none
from crossdock.ui.live import if_changed, version_of
from crossdock.ui.parts import Tab


def frame(request: AccountRequest, link: Connection, current: str) -> dict[str, Any]:
    """What every page of a connection shows around its content."""
    go_live = page_url_or_none(request, "fulfillment:go_live", public_id=link.public_id)
    tabs = [
        Tab(_("Channels"), url_of(request, "one", public_id=link.public_id), is_current=current == "one"),
        Tab(_("Settings"), url_of(request, "settings", public_id=link.public_id), is_current=current == "settings"),
    ]
    if completing.location_field(presenting.connector_or_none(link.store.platform)):
        tabs.append(
            Tab(_("Locations"), url_of(request, "locations", public_id=link.public_id), is_current=current == "locations")
        )
    if ChannelKind.INVENTORY in presenting.supported(link) and (
        stock := page_url_or_none(request, "inventory:links", public_id=link.public_id)
    ):
        tabs.append(Tab(_("Stock"), stock, is_current=current == "stock"))
    may_change = request.actor.may(Right.REPLACE_CREDENTIALS)
    return {
        "link": link,
        "endings": endings(stores=[link.store]),
        "refusals": refusals(stores=[link.store]),
        "settings_url": url_of(request, "settings", public_id=link.public_id) if may_change else None,
        "tabs": tabs,
        "modes": Mode.choices,
        "go_live_url": go_live,
        "may_manage": request.actor.may(Right.MANAGE_CONNECTIONS),
        "may_go_live": request.actor.may(Right.GO_LIVE),
        "lists_orders": request.actor.may(Right.RUN_CHANNELS) and presenting.lists_orders(link.store.platform),
        "store_platform": presenting.platform_name(link.store.platform),
        "warehouse_platform": presenting.platform_name(link.warehouse.platform),
    }


# --- Channels ----------------------------------------------------------------------------------------------------------------------


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def one(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Is it flowing, how fresh: a card for each channel."""
    link = the_connection(public_id)
    context = {**frame(request, link, "one"), **_channels(request, link)}
    return render(request, "connections/one.html", context)


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def channels(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """The cards anew, or 204 when they are as they were: asked every five seconds."""
    link = the_connection(public_id)
    return if_changed(request, "connections/_channels.html", {**frame(request, link, "one"), **_channels(request, link)})


def _channels(request: AccountRequest, link: Connection) -> dict[str, Any]:
    cards = presenting.channel_cards(link, request.account.time_zone)
    has_locations = LocationLink.objects.filter(connection=link).exists()
    todos = presenting.checklist(link, cards, has_locations)
    leads = [(lead, (page_url_or_none(request, lead.url_name, **lead.where) or "") + lead.query) for lead in leading.leads(link)]
    shown = [(card.kind, card.state, card.is_on, card.words, card.last_at, card.troubles) for card in cards]
    return {
        "cards": cards,
        "todos": todos,
        "leads": leads,
        "version": version_of(link.mode, shown, todos, leads),
        "may_run": request.actor.may(Right.RUN_CHANNELS),
        "may_see_exchanges": may_see_exchanges(request),
    }


def _cards_again(request: AccountRequest, link: Connection) -> HttpResponse:
    """The cards for HTMX, the whole page for a browser without scripts."""
    if not is_htmx(request):
        return to(request, "one", public_id=link.public_id)
    fresh = the_connection(link.public_id)
    return render(request, "connections/_channels.html", {**frame(request, fresh, "one"), **_channels(request, fresh)})


@require_POST
@for_account
def switch(request: AccountRequest, public_id: UUID, kind: ChannelKind) -> HttpResponse:
    """Switch a channel on or off."""
    link = the_connection(public_id)
    services.set_channel(actor=request.actor, connection=link, kind=kind, is_on=request.POST.get("on") == "on")
    return _cards_again(request, link)


@require_POST
@for_account
def run_now(request: AccountRequest, public_id: UUID, kind: ChannelKind) -> HttpResponse:
    """Have a channel looked at now."""
    link = the_connection(public_id)
    services.run_now(actor=request.actor, connection=link, kind=kind)
    if not is_htmx(request):
        messages.success(request, _("{channel} runs now.").format(channel=kind.label))
    return _cards_again(request, link)


# --- Mode, default, name, deletion ---------------------------------------------------------------------------------------------------


@require_POST
@for_account
def mode(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Turn it Off, to Observe or Live. Where a page asks what happens to older orders, Live leads there instead."""
    link = the_connection(public_id)
    wanted = request.POST.get("mode", "")
    if wanted not in Mode.values:
        raise RuleBroken(_("A connection is Off, Observe or Live."))
    if wanted == Mode.LIVE and link.mode != Mode.LIVE:
        request.actor.require_role(Right.GO_LIVE)
        if url := page_url_or_none(request, "fulfillment:go_live", public_id=link.public_id):
            return redirect(url)
        services.set_mode(actor=request.actor, connection=link, mode=Mode.LIVE, accept_after=datetime.now(UTC))
    elif wanted != link.mode:
        services.set_mode(actor=request.actor, connection=link, mode=Mode(wanted))
    return to(request, "one", public_id=link.public_id)


@require_POST
@for_account
def make_default(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Give it what nothing else gives elsewhere."""
    link = the_connection(public_id)
    services.make_default(actor=request.actor, connection=link)
    messages.success(request, _("Orders that no location gives elsewhere now go to {name}.").format(name=link.warehouse.name))
    return to(request, "settings", public_id=link.public_id)


@require_POST
@for_account
def delete(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Take the connection away; its orders stay."""
    link = the_connection(public_id)
    services.delete_connection(actor=request.actor, connection=link)
    messages.success(request, _("{name} is deleted. Its orders and their story stay.").format(name=link.name))
    return to(request, "list")


@require_http_methods(["GET", "POST"])
@for_account(transaction=False)
@requires(Right.VIEW_CONNECTIONS)
def settings(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Name, what becomes of a rest, store and warehouse: forms that are saved each by itself."""
    with request.actor.scope():
        link = the_connection(public_id)
        if request.method == "POST" and request.POST.get("part") == "name":
            services.rename_connection(actor=request.actor, connection=link, name=request.POST.get("name", ""))
            messages.success(request, _("Saved."))
            return to(request, "settings", public_id=public_id)
        if request.method == "POST" and request.POST.get("part") == "remainder":
            services.set_remainder(actor=request.actor, connection=link, remainder=request.POST.get("remainder", ""))
            messages.success(request, _("Saved. It holds for shipments that come from now on."))
            return to(request, "settings", public_id=public_id)
    editors = {}
    for side, site_id in (("store", link.store.public_id), ("warehouse", link.warehouse.public_id)):
        if _is_gone(link, side):
            continue
        done = edit(request, side, site_id, after=url_of(request, "settings", public_id=public_id) + f"#{side}")
        if isinstance(done, HttpResponse):
            return done
        editors[side] = done
    with request.actor.scope():
        link = the_connection(public_id)
        others = [other for other in presenting.used_by(link.store) if other.pk != link.pk]
        context = {
            **frame(request, link, "settings"),
            "editors": [(side, getattr(link, side), editor) for side, editor in editors.items()],
            "others": others,
            "may_delete": request.actor.may(Right.DELETE_CONNECTIONS),
        }
        status = max((editor.get("status", 200) for editor in editors.values()), default=200)
        return render(request, "connections/settings.html", context, status=status)


def _is_gone(link: Connection, side: str) -> bool:
    return getattr(link, side).deleted_at is not None


# --- Locations -----------------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@for_account(transaction=False)
@requires(Right.VIEW_CONNECTIONS)
def locations(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Which locations of the store this connection's warehouse ships for."""
    with request.actor.scope():
        link = the_connection(public_id)
    known = checking.remembered("store", link.store.pk)
    field = completing.location_field(presenting.connector_or_none(link.store.platform)) or ""
    options: Sequence[tuple[str, str]] = known.choices.get(field, []) if known else []
    wrong = ""
    if request.method == "POST" and request.POST.get("do") == "load":
        request.actor.require(Right.MANAGE_CONNECTIONS)
        options, wrong = _asked(request, link, field)
    elif request.method == "POST":
        chosen = request.POST.getlist("locations")
        facilities = {location: request.POST.get(f"facility-{location}", "").strip() for location in chosen}
        try:
            with request.actor.scope():
                services.link_locations(actor=request.actor, connection=link, locations=facilities)
        except RuleBroken as error:
            wrong = error.message
        else:
            messages.success(request, _("Saved."))
            return to(request, "locations", public_id=public_id)
    with request.actor.scope():
        link = the_connection(public_id)
        context = {**frame(request, link, "locations"), **_places(link, options), "wrong": wrong}
        return render(request, "connections/locations.html", context, status=422 if wrong else 200)


def _places(link: Connection, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """One row for each location: the store's, and linked ones that the store does not name any more."""
    links = {one.location: one for one in LocationLink.objects.filter(store=link.store).select_related("connection")}
    names = dict(options)
    rows = [
        {
            "id": location,
            "name": names.get(location, location),
            "is_ours": location in links and links[location].connection_id == link.pk,
            "other": links[location].connection if location in links and links[location].connection_id != link.pk else None,
            "facility": links[location].facility if location in links and links[location].connection_id == link.pk else "",
        }
        for location in [*names, *(one for one in links if one not in names)]
    ]
    connector = presenting.connector_or_none(link.warehouse.platform)
    has_facilities = bool(connector and any(spec.name == "facility" for spec in fields_of(connector.settings)))
    default = next((one for one in presenting.used_by(link.store) if one.is_default), None)
    return {"places": rows, "has_facilities": has_facilities, "default": default}


def _asked(request: AccountRequest, link: Connection, field: str) -> tuple[Sequence[tuple[str, str]], str]:
    """The store's locations as it has them now; or why not."""
    with request.actor.scope():
        stored = editing.load(link.store, request.account.time_zone)
    changed = editing.change(stored, {}, {}, frozenset())
    if changed.resolved.settings is None:
        return [], _("The store's settings are incomplete. Complete them on the Settings tab.")
    try:
        checked = editing.test(request.actor, str(request.account.public_id), stored, changed)
    except (ConnectorError, RuleBroken) as error:
        return [], error.message
    found = checked.outcome.choices.get(field, [])
    return found, "" if found else checked.outcome.message
