"""Where a platform leads back to after a person agreed there, and where a person types the code that a platform showed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crossdock.accounts.models import Person
from crossdock.accounts.rights import Actor, Right
from crossdock.accounts.slugs import long
from crossdock.accounts.web import Belonging, belongings_of
from crossdock.connections import checking, drafts, editing, gateway, oauth, typed
from crossdock.connections.models import Store, Warehouse
from crossdock.connections.oauth import Begun, NotOurs
from crossdock.connections.realms import with_app
from crossdock.connections.views import asked
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.domain.errors import RuleBroken


@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, platform: str) -> HttpResponseBase:
    """Trade the code for tokens and go on where the person set out, or whoever opened a credential link. Raises NotOurs for anything
    we did not begin.
    """
    known = {one.key: one for kind in ("store", "warehouse") for one in gateway.connectors_of(kind)}
    connector = known.get(platform)
    linked = oauth.link_of(request, connector) if connector is not None and request.method == "GET" else None
    if connector is not None and linked is not None:
        return asked.come_back(request, connector, *linked)
    return _of_a_person(request, connector)


@login_required
def _of_a_person(request: HttpRequest, connector: Connector | None) -> HttpResponse:
    person = request.user
    if not isinstance(person, Person) or connector is None:
        raise Http404
    # Whose code is typed is never called back, and nobody types the code of a platform that calls back.
    if (request.method == "POST") != bool(connector.oauth and connector.oauth.code_help):
        raise Http404
    account_id = oauth.account_of(request, person, connector)
    belonging = next((one for one in belongings_of(request) if one.account.pk == account_id), None)
    if belonging is None:
        raise NotOurs(_("You are no member of the account this sign-in was begun in."))
    # Whoever began this had confirmed then, ten minutes ago at most, in this browser: `redeem` knows.
    actor = belonging.actor(person)
    actor.require(Right.MANAGE_CONNECTIONS)
    with actor.scope():
        begun = oauth.redeem(request, person, connector, account_id)
    # The state is used up from here on, whatever comes of it.
    address = (_for_draft if begun.purpose.draft else _for_site)(request, belonging, actor, begun)
    response = redirect(address)
    response.delete_cookie(oauth.cookie_name(), samesite="Lax")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _for_draft(request: HttpRequest, belonging: Belonging, actor: Actor, begun: Begun) -> str:
    """Keep the tokens with the draft, and ask right away who it is and what there is to choose."""
    side, zone, public_id = begun.purpose.side, belonging.account.time_zone, str(belonging.account.public_id)
    connector = gateway.platform_named(begun.platform)
    draft_id = long(begun.purpose.draft)
    back = reverse("connections:wizard", kwargs={"account": belonging.account.public_id, "draft": draft_id, "step": side})
    with actor.scope():
        draft = drafts.load(actor, draft_id)
    site = draft.site(side)
    resolved = typed.resolve(connector, site.raw, draft.secrets(side).secrets, zone) if site.platform == begun.platform else None
    if resolved is None or resolved.settings is None:
        messages.error(request, _("The settings were changed after you chose Authorize. Choose it again."))
        return back
    try:
        tokens = oauth.finish(connector, resolved.settings, begun, oauth.answered(request))
    except (ConnectorError, RuleBroken) as error:
        messages.error(request, error.message)
        return back
    checked = checking.check(connector, resolved.settings, account_public_id=public_id, tokens=tokens)
    with actor.scope():
        # Read again: what was typed in another window meanwhile stays.
        draft = drafts.load(actor, draft_id)
        draft.keep_secrets(side, draft.secrets(side).with_tokens(checked.tokens or tokens))
        draft.site(side).outcome = checked.outcome
        drafts.save(actor, draft)
    messages.success(request, _("{platform} gave access.").format(platform=connector.name))
    return back


def _for_site(request: HttpRequest, belonging: Belonging, actor: Actor, begun: Begun) -> str:
    """Store new tokens for a store or warehouse that is here, once the platform says that it is the same one."""
    connector = gateway.platform_named(begun.platform)
    model: type[Store] | type[Warehouse] = Store if begun.purpose.side == "store" else Warehouse
    with actor.scope():
        site = model.objects.filter(public_id=long(begun.purpose.site), deleted_at=None).first()
        if site is None:
            raise Http404
        stored = editing.load(site, belonging.account.time_zone)
    kwargs = {"account": belonging.account.public_id, "public_id": site.public_id}
    back = reverse(f"connections:{begun.purpose.side}", kwargs=kwargs)
    changed = editing.change(stored, begun.carried.raw, begun.carried.secrets, frozenset())
    settings = changed.resolved.settings
    if settings is None:
        messages.error(request, _("The settings were changed after you chose Authorize. Choose it again."))
        return back
    try:
        tokens = oauth.finish(connector, settings, begun, oauth.answered(request))
        checked = checking.check(
            connector, with_app(connector, settings), account_public_id=str(belonging.account.public_id), tokens=tokens
        )
        with actor.scope():
            told = editing.save(actor, stored, changed, checked, begun.carried.name)
    except (ConnectorError, RuleBroken) as error:
        messages.error(request, error.message)
        return back
    checking.remember(stored.kind, site.pk, checked.outcome)
    messages.success(request, told)
    return back
