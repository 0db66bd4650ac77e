"""The pages of one store and one warehouse: where it is used, how it stands, and its settings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crossdock.accounts import confirming
from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import short
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import checking, editing, oauth, presenting, unread
from crossdock.connections.checking import Outcome
from crossdock.connections.editing import Change, Stored
from crossdock.connections.expiring import endings
from crossdock.connections.forms import SettingsForm, read_settings
from crossdock.connections.models import Store, Warehouse
from crossdock.connections.oauth import Carried, Purpose
from crossdock.connections.panels import panels_of
from crossdock.connections.refusing import refusals
from crossdock.connections.typed import visible_fields
from crossdock.connections.views.common import is_htmx, may_see_exchanges, may_see_files, the_store, the_warehouse, url_of
from crossdock.connections.views.site_forms import authorize_when, is_authorized, site_form
from crossdock.connectors.kit.capabilities import KeepsWebhooks
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.settings import FieldKind, fields_of
from crossdock.domain.errors import RuleBroken
from crossdock.ui.links import page_url_or_none
from crossdock.ui.parts import Fact


@require_http_methods(["GET", "POST"])
@for_account(transaction=False)
@requires(Right.VIEW_CONNECTIONS)
def store(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """One store. A POST tests, saves or authorizes."""
    return _site(request, "store", public_id)


@require_http_methods(["GET", "POST"])
@for_account(transaction=False)
@requires(Right.VIEW_CONNECTIONS)
def warehouse(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """One warehouse. A POST tests, saves or authorizes."""
    return _site(request, "warehouse", public_id)


@require_POST
@for_account(transaction=False)
def choices(request: AccountRequest, side: str, public_id: UUID, field: str) -> HttpResponse:
    """The options of one field, asked from the platform with what the form holds now. It changes nothing, so nobody confirms."""
    request.actor.require_role(Right.REPLACE_CREDENTIALS)
    with request.actor.scope():
        stored = _loaded(request, side, public_id)
    if stored is None or field not in {spec.name for spec in visible_fields(stored.connector) if spec.loads}:
        raise Http404
    changed = editing.change_sent(stored, read_settings(stored.connector, request.POST, side))
    settings = changed.resolved.settings
    if settings is None:
        return JsonResponse({"error": _("Fill in how Crossdock gets in first; the list comes from there.")})
    source = None
    if not changed.is_other_login:
        source = checking.stored_tokens(request.actor.account_id, stored.owner, stored.connector, settings)
    try:
        checking.count(request.actor.account_id)
        found = checking.choices(
            stored.connector, settings, field, account_public_id=str(request.account.public_id), source=source
        )
    except (ConnectorError, RuleBroken) as error:
        return JsonResponse({"error": error.message})
    return JsonResponse({"choices": [{"value": value, "label": label} for value, label in found]})


def the_site(request: AccountRequest, side: str, public_id: UUID) -> Store | Warehouse:
    """The row behind a page. Raises Http404."""
    return the_store(public_id) if side == "store" else the_warehouse(request, public_id)


def _loaded(request: AccountRequest, side: str, public_id: UUID) -> Stored | None:
    site = the_site(request, side, public_id)
    return editing.load(site, request.account.time_zone) if presenting.connector_or_none(site.platform) else None


def _site(request: AccountRequest, side: str, public_id: UUID) -> HttpResponse:
    here = url_of(request, side, public_id=public_id)
    done = edit(request, side, public_id, after=here)
    if isinstance(done, HttpResponse):
        return done
    with request.actor.scope():
        site = the_site(request, side, public_id)
        links = presenting.used_by(site)
        ending = endings(stores=[site]) if isinstance(site, Store) else []
        troubles = presenting.site_troubles(site)
        context = {
            "site": site,
            "side": side,
            "links": presenting.rows(links),
            "facts": _facts(site),
            "endings": ending,
            "refusals": refusals(stores=[site]) if isinstance(site, Store) else [],
            "warnings": _still_to_say(done.get("last"), [one.label for one in ending]) if done else (),
            "troubles": troubles,
            "unread": unread.waiting().filter(warehouse=site).count()
            if isinstance(site, Warehouse) and may_see_files(request)
            else 0,
            "is_stopped": any(trouble.is_stopped for trouble in troubles),
            "may_see_exchanges": may_see_exchanges(request),
            "editor": done,
            "orders_url": _orders_url(request, site),
            "registers_webhooks": (connector := presenting.connector_or_none(site.platform)) is not None
            and connector.can(KeepsWebhooks),
            "panels": panels_of(request, site),
        }
        return render(request, "connections/site.html", context, status=done.get("status", 200) if done else 200)


def _still_to_say(last: Outcome | None, labels: Sequence[str]) -> list[str]:
    """What the last test warned of, but for ends of credentials: these are told as they are today."""
    warnings = last.warnings if last is not None and last.ok else ()
    return [text for text in warnings if not text.startswith(tuple(f"{label} end" for label in labels))]


def _facts(site: Store | Warehouse) -> list[Fact]:
    connector = presenting.connector_or_none(site.platform)
    return [
        Fact(_("Platform"), presenting.platform_name(site.platform)),
        Fact(_("Address"), presenting.values_shown(connector, site.settings), is_mono=True),
        Fact(_("Its own id"), site.identity, is_mono=True, is_copied=True),
        Fact(_("Realm"), site.get_realm_display()),
    ]


def _orders_url(request: AccountRequest, site: Store | Warehouse) -> str:
    url = page_url_or_none(request, "orders:list") if isinstance(site, Store) else None
    return f"{url}?store={short(site.public_id)}" if url else ""


# --- Editing, on its own page and on a connection's Settings tab -----------------------------------------------------------------


def edit(request: AccountRequest, side: str, public_id: UUID, *, after: str) -> HttpResponse | dict[str, Any]:
    """Test, save or authorize what was posted for this store or warehouse; an answer, or what its form shows.

    Empty for somebody who may not change it, and for a platform that is gone. No transaction may be open.
    """
    with request.actor.scope():
        stored = _loaded(request, side, public_id)
    if stored is None or not _may_edit(request, stored.site):
        return {}
    is_mine = request.method == "POST" and request.POST.get("part", side) == side
    what = f"settings of {stored.site.public_id}"
    if not is_mine:
        typed = confirming.kept(request, what) if request.actor.is_confirmed else None
        changed = editing.change_sent(stored, read_settings(stored.connector, typed, side)) if typed is not None else None
        with request.actor.scope():
            return _editor(request, stored, changed, checking.remembered(side, stored.site.pk), {}, typed)
    if not request.actor.is_confirmed:
        clear = (f"{side}-{spec.name}" for spec in fields_of(stored.connector.settings) if spec.kind is not FieldKind.SECRET)
        confirming.keep(request, ("site_name", *clear), what)
        request.actor.require_confirmed(after)
    request.actor.require(Right.REPLACE_CREDENTIALS)
    sent = read_settings(stored.connector, request.POST, side)
    if request.POST.get("do") == "offer":
        sent.update({name: value for name in sent if (value := request.POST.get(f"offer-{name}"))})
    changed = editing.change_sent(stored, sent)
    if changed.resolved.settings is None:
        with request.actor.scope():
            return _editor(request, stored, changed, checking.remembered(side, stored.site.pk), changed.resolved.errors)
    if request.POST.get("do") == "authorize":
        return _authorize(request, stored, changed, after)
    return _test_or_save(request, stored, changed, after)


def _may_edit(request: AccountRequest, site: Store | Warehouse) -> bool:
    actor = request.actor
    return actor.may(Right.REPLACE_CREDENTIALS) and (isinstance(site, Store) or actor.merchants is None)


def _test_or_save(request: AccountRequest, stored: Stored, changed: Change, after: str) -> HttpResponse | dict[str, Any]:
    try:
        checked = editing.test(request.actor, str(request.account.public_id), stored, changed)
    except RuleBroken as error:
        with request.actor.scope():
            return _editor(request, stored, changed, None, {"": [error.message]})
    outcome = checked.outcome
    if request.POST.get("do") == "save":
        try:
            with request.actor.scope():
                told = editing.save(request.actor, stored, changed, checked, request.POST.get("site_name", ""))
        except RuleBroken as error:
            errors = {} if outcome.field else {"": [error.message]}
            with request.actor.scope():
                return _editor(request, stored, changed, outcome, errors)
        (messages.success if outcome.ok else messages.warning)(request, told)
        return redirect(after)
    with request.actor.scope():
        editor = _editor(request, stored, changed, outcome, {})
        if is_htmx(request):
            return render(request, "connections/_site_editor.html", {"editor": editor})
        return editor


def _authorize(request: AccountRequest, stored: Stored, changed: Change, after: str) -> HttpResponse | dict[str, Any]:
    settings = changed.resolved.settings
    if settings is None:
        raise Http404
    typed_secrets = {name: value for name, value in changed.secrets.items() if value != stored.sealed.secrets.get(name)}
    carried = Carried(request.POST.get("site_name", "").strip(), changed.raw, typed_secrets)
    try:
        asked = oauth.ask(request.actor, stored.connector, settings)
    except (ConnectorError, RuleBroken) as error:
        with request.actor.scope():
            return _editor(request, stored, changed, None, {getattr(error, "field", None) or "": [error.message]})
    with request.actor.scope():
        try:
            purpose = Purpose(stored.kind, site=short(stored.site.public_id))
            address, state = oauth.begin(request.actor, stored.connector, settings, purpose, carried, asked)
        except ConnectorError as error:
            return _editor(request, stored, changed, None, {getattr(error, "field", None) or "": [error.message]})
        context = {"address": address, "connector": stored.connector, "back": after, "state": state}
        response = render(request, "connections/authorize.html", context)
    oauth.bind(response, state)
    return response


def _editor(
    request: AccountRequest,
    stored: Stored,
    changed: Change | None,
    outcome: Outcome | None,
    errors: dict[str, list[str]],
    typed: QueryDict | None = None,
) -> dict[str, Any]:
    """What the form shows: in the account's transaction. `typed` is what was posted before its author had to confirm."""
    site, side = stored.site, stored.kind
    raw = changed.raw if changed else stored.raw
    is_moved = changed is not None and changed.is_moved
    url = url_of(request, "choices", side=side, public_id=site.public_id, field=SettingsForm.FIELD)
    form = site_form(stored.connector, raw, side, frozenset() if is_moved else stored.secret_names, outcome, url)
    form.say_all(errors)
    name = (request.POST if typed is None else typed).get("site_name", site.name)
    links = presenting.used_by(site)
    return {
        "site": site,
        "side": side,
        "form": form,
        "name": name,
        "connector": stored.connector,
        "outcome": outcome if changed and typed is None else None,
        "is_typed_before": typed is not None,
        "last": outcome,
        "is_locked": stored.is_locked,
        "elsewhere": "" if errors else stored.elsewhere,
        "has_tokens": is_authorized(stored.connector, stored.raw, stored.sealed),
        "authorize_when": authorize_when(stored.connector, raw),
        "post_url": request.path,
        "links": links,
        "status": 422 if errors or (changed and typed is None and outcome and not outcome.ok) else 200,
        "errors": errors,
    }
