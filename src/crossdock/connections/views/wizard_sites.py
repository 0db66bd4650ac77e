"""The wizard's third and fourth step: the warehouse, then the store. They differ in what follows, not in how they are filled in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import short
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import checking, completing, drafts, gateway, oauth, presenting, typed
from crossdock.connections.drafts import EXISTING, NEW, Draft
from crossdock.connections.forms import SettingsForm, read_settings
from crossdock.connections.models import Store, Warehouse
from crossdock.connections.oauth import Purpose
from crossdock.connections.presets import parted, presets_of
from crossdock.connections.typed import Resolved
from crossdock.connections.views.common import is_htmx, to, url_of
from crossdock.connections.views.site_forms import authorize_when, is_authorized, site_form
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.domain.errors import RuleBroken


def site_step(request: AccountRequest, draft: Draft, side: str) -> HttpResponse:
    """Show the step, or keep what was typed and do what the pressed button says. No transaction is open here.

    Here credentials are added: whoever signed in long ago confirms first, and finds in the draft what was typed until then.
    """
    here = url_of(request, "wizard", draft=draft.public_id, step=side)
    if request.method != "POST":
        request.actor.require_confirmed(here)
        with request.actor.scope():
            _prepare(request, draft, side)
            return _page(request, draft, side)
    with request.actor.scope():
        _prepare(request, draft, side)
        _take(request, draft, side)
        drafts.save(request.actor, draft)
    request.actor.require_confirmed(here)
    match request.POST.get("do", ""):
        case "back":
            return to(request, "wizard", draft=draft.public_id, step="merchant" if side == "warehouse" else "warehouse")
        case "test" | "offer":
            return _tested(request, draft, side)
        case "authorize":
            return _authorize(request, draft, side)
        case "next":
            return _next(request, draft, side)
        case _:
            with request.actor.scope():
                return _page(request, draft, side)


@require_POST
@for_account(transaction=False)
@requires(Right.MANAGE_CONNECTIONS)
def choices(request: AccountRequest, draft: Any, step: str, field: str) -> HttpResponse:
    """The options of one field, asked from the platform with what the form holds now."""
    if step not in ("warehouse", "store"):
        raise Http404
    with request.actor.scope():
        opened = drafts.load(request.actor, draft)
        _prepare(request, opened, step)
        _take(request, opened, step)
        drafts.save(request.actor, opened)
        site, sealed = opened.site(step), opened.secrets(step)
    connector = presenting.connector_or_none(site.platform)
    if connector is None or field not in {spec.name for spec in typed.visible_fields(connector) if spec.loads}:
        raise Http404
    resolved = _resolved(request, opened, step)
    if resolved.settings is None:
        return JsonResponse({"error": _("Fill in how Crossdock gets in first; the list comes from there.")})
    try:
        checking.count(request.actor.account_id)
        found = checking.choices(
            connector, resolved.settings, field, account_public_id=str(request.account.public_id), tokens=sealed.tokens()
        )
    except (ConnectorError, RuleBroken) as error:
        return JsonResponse({"error": error.message})
    return JsonResponse({"choices": [{"value": value, "label": label} for value, label in found]})


def _prepare(request: AccountRequest, draft: Draft, side: str) -> None:
    """Choose what is most likely wanted, where nothing was chosen yet."""
    site = draft.site(side)
    if not site.how:
        site.how = EXISTING if _existing(request, draft, side) and side == "warehouse" else NEW
    offered = gateway.connectors_of(side)
    if site.platform not in {connector.key for connector in offered}:
        drafts.choose_platform(site, offered[0].key if offered else "")
    _propose_prefix(request, draft, side)


def _propose_prefix(request: AccountRequest, draft: Draft, side: str) -> None:
    """Fill in a prefix where order numbers could collide, before anything is typed for the platform."""
    site = draft.site(side)
    connector = presenting.connector_or_none(site.platform)
    if side == "store" and connector is not None and site.platform not in site.answers:
        prefix = completing.proposed_prefix(request.actor, draft)
        if prefix and "order_number_prefix" in connector.settings.model_fields:
            site.answers = {**site.answers, site.platform: {"order_number_prefix": prefix}}


def _take(request: AccountRequest, draft: Draft, side: str) -> None:
    """Keep everything the form holds."""
    site, data = draft.site(side), request.POST
    connector = presenting.connector_or_none(site.platform)
    if connector is not None and data.get("rendered") == site.platform:
        sent = read_settings(connector, data, side)
        drafts.take_answers(draft, side, sent, sent.secrets, sent.forgotten)
    site.how = data.get("how", site.how) if data.get("how", site.how) in (NEW, EXISTING) else NEW
    site.existing = data.get("existing", site.existing)
    site.name = data.get("site_name", site.name).strip()
    chosen = data.get("platform", site.platform)
    if chosen in {one.key for one in gateway.connectors_of(side)}:
        drafts.choose_platform(site, chosen)
        _propose_prefix(request, draft, side)
    if side == "store" and "division" in data:
        draft.values.division.how = data["division"]
        draft.values.division.locations = data.getlist("locations")
    connector = presenting.connector_or_none(site.platform)
    do = data.get("do", "")
    if connector is not None and do.startswith("fill-"):
        _fill(draft, side, do.removeprefix("fill-"))
    if connector is not None and do == "offer" and site.outcome is not None:
        drafts.take_answers(draft, side, dict(site.outcome.offers), {}, frozenset())
    if do == "use-known" and side == "store" and (known := completing.store_of(draft)) is not None:
        site.how, site.existing = EXISTING, short(known.public_id)


def _fill(draft: Draft, side: str, number: str) -> None:
    """Fill in a preset of the sandbox, as if it had been typed."""
    connector = gateway.platform_named(draft.site(side).platform)
    presets = presets_of(connector)
    if number.isdigit() and int(number) < len(presets):
        shown, secrets = parted(connector, presets[int(number)])
        drafts.take_answers(draft, side, shown, secrets, frozenset())


def _existing(request: AccountRequest, draft: Draft, side: str) -> list[Store] | list[Warehouse]:
    if side == "store":
        return completing.existing_stores(completing.merchant_of(draft))
    return list(presenting.warehouses(request.actor).order_by("name")[:2_000])


def _resolved(request: AccountRequest, draft: Draft, side: str) -> Resolved:
    site = draft.site(side)
    connector = gateway.platform_named(site.platform)
    return typed.resolve(connector, site.raw, draft.secrets(side).secrets, request.account.time_zone)


# --- What the buttons do -----------------------------------------------------------------------------------------------------------


def _test(request: AccountRequest, draft: Draft, side: str) -> Resolved:
    """Ask the platform, and keep what it said with the draft. A form with errors asks nobody. Raises RuleBroken."""
    resolved = _resolved(request, draft, side)
    if resolved.settings is None:
        return resolved
    site = draft.site(side)
    connector = gateway.platform_named(site.platform)
    checking.count(request.actor.account_id)
    sealed = draft.secrets(side)
    checked = checking.check(
        connector, resolved.settings, account_public_id=str(request.account.public_id), tokens=sealed.tokens()
    )
    site.outcome = checked.outcome
    if checked.tokens is not None:
        draft.keep_secrets(side, sealed.with_tokens(checked.tokens))
    with request.actor.scope():
        drafts.save(request.actor, draft)
    return resolved


def _tested(request: AccountRequest, draft: Draft, side: str) -> HttpResponse:
    try:
        resolved = _test(request, draft, side)
    except RuleBroken as error:
        with request.actor.scope():
            return _page(request, draft, side, {"": [error.message]}, status=422)
    is_good = resolved.settings is not None and draft.site(side).outcome is not None
    with request.actor.scope():
        return _page(request, draft, side, resolved.errors, status=200 if is_good else 422)


def _authorize(request: AccountRequest, draft: Draft, side: str) -> HttpResponse:
    """A page with a plain link to the platform, which names where it leads: a form's answer may not redirect to another site."""
    resolved = _resolved(request, draft, side)
    if resolved.settings is None:
        with request.actor.scope():
            return _page(request, draft, side, resolved.errors, status=422)
    connector = gateway.platform_named(draft.site(side).platform)
    try:
        asked = oauth.ask(request.actor, connector, resolved.settings)
    except (ConnectorError, RuleBroken) as error:
        with request.actor.scope():
            return _page(request, draft, side, {getattr(error, "field", None) or "": [error.message]}, status=422)
    with request.actor.scope():
        purpose = Purpose(side, draft=short(draft.public_id))
        try:
            address, state = oauth.begin(request.actor, connector, resolved.settings, purpose, asked=asked)
        except ConnectorError as error:
            return _page(request, draft, side, {getattr(error, "field", None) or "": [error.message]}, status=422)
        back = url_of(request, "wizard", draft=draft.public_id, step=side)
        context = {"address": address, "connector": connector, "back": back, "state": state}
        response = render(request, "connections/authorize.html", context)
    oauth.bind(response, state)
    return response


def _next(request: AccountRequest, draft: Draft, side: str) -> HttpResponse:
    site = draft.site(side)
    errors: dict[str, list[str]] = {}
    try:
        if site.is_new and (site.outcome is None or not site.outcome.ok):
            errors = _test(request, draft, side).errors
    except RuleBroken as error:
        errors = {"": [error.message]}
    with request.actor.scope():
        if site.is_new and (errors or site.outcome is None or not site.outcome.ok):
            return _page(request, draft, side, errors, status=422)
        if not site.is_new and not _chosen(request, draft, side):
            sentence = _("Choose a store.") if side == "store" else _("Choose a warehouse.")
            return _page(request, draft, side, {"existing": [sentence]}, status=422)
        if side == "warehouse":
            draft.values.reached = max(draft.values.reached, 3)
            drafts.save(request.actor, draft)
            return to(request, "wizard", draft=draft.public_id, step="store")
        if (question := _question(request, draft)) and not draft.values.division.how:
            return _page(request, draft, side, {"division": [question]}, status=422)
    return _create(request, draft)


def _chosen(request: AccountRequest, draft: Draft, side: str) -> Store | Warehouse | None:
    return completing.store_of(draft) if side == "store" else completing.warehouse_of(request.actor, draft)


def _question(request: AccountRequest, draft: Draft) -> str:
    """What has to be asked before a store is shared; empty when nothing has."""
    store, warehouse = completing.store_of(draft), completing.warehouse_of(request.actor, draft)
    if completing.others_on(store, warehouse):
        return _("Say how the orders of this store are divided.")
    return ""


def _create(request: AccountRequest, draft: Draft) -> HttpResponse:
    try:
        with request.actor.scope():
            connection = completing.complete(request.actor, draft, request.account.time_zone)
    except RuleBroken as error:
        with request.actor.scope():
            return _page(request, draft, "store", {"": [error.message]}, status=422)
    messages.success(request, _("The connection is here. It is Off: nothing is read or sent until you say so."))
    return to(request, "one", public_id=connection.public_id)


# --- The page ------------------------------------------------------------------------------------------------------------------------


def _page(
    request: AccountRequest, draft: Draft, side: str, errors: dict[str, list[str]] | None = None, status: int = 200
) -> HttpResponse:
    from crossdock.connections.views.wizard import page

    site, errors = draft.site(side), errors or {}
    existing = _existing(request, draft, side)
    connector = presenting.connector_or_none(site.platform)
    form: SettingsForm | None = None
    if connector is not None:
        url = url_of(request, "wizard_choices", draft=draft.public_id, step=side, field=SettingsForm.FIELD)
        form = site_form(connector, site.raw, side, frozenset(draft.secrets(side).secrets), site.outcome, url)
        form.say_all({name: said for name, said in errors.items() if name not in ("existing", "division")})
    context: dict[str, Any] = {
        "side": side,
        "site": site,
        "form": form,
        "connector": connector,
        "connectors": gateway.connectors_of(side),
        "existing": [(short(one.public_id), _label(one)) for one in existing],
        "may_add": side == "store" or request.actor.merchants is None,
        "errors": errors,
        "outcome": site.outcome if site.is_new else None,
        "has_tokens": bool(connector and is_authorized(connector, site.raw, draft.secrets(side))),
        "authorize_when": authorize_when(connector, site.raw) if connector else None,
        "presets": presets_of(connector) if connector else [],
        "post_url": url_of(request, "wizard", draft=draft.public_id, step=side),
    }
    if side == "store":
        context |= _division(request, draft)
    if is_htmx(request):
        return render(
            request,
            "connections/_wizard_site_form.html",
            {"draft": draft, "step": side, "is_fragment": True, **context},
            status=status,
        )
    return page(request, draft, side, context, status)


def _division(request: AccountRequest, draft: Draft) -> dict[str, Any]:
    """What the page says when the store is here already, and asks when others take its orders."""
    store, warehouse = completing.store_of(draft), completing.warehouse_of(request.actor, draft)
    merchant = completing.merchant_of(draft)
    connector = presenting.connector_or_none(store.platform) if store else None
    field = completing.location_field(connector)
    outcome = draft.values.store.outcome if draft.values.store.is_new else None
    if store is not None and outcome is None:
        outcome = checking.remembered("store", store.pk)
    return {
        "known_store": store if draft.values.store.is_new else None,
        "is_of_other": bool(store and (merchant is None or store.merchant_id != merchant.pk)),
        "others": completing.others_on(store, warehouse),
        "division": draft.values.division,
        "locations": outcome.choices.get(field, []) if outcome and field else [],
    }


def _label(site: Store | Warehouse) -> str:
    name = f"{site.name}, {presenting.platform_name(site.platform)}"
    return name if site.deleted_at is None else _("{name}, deleted; comes back with its orders").format(name=name)
