"""What a credential link opens: a page that says who asks, a form for the credentials alone, and the end of the link.

Nobody is signed in here. The link's own key, which no other site knows, and a cookie that the first browser got stand in the place
of a session and of Django's token against forged forms: pages without a referrer send their forms with no origin, which would be
refused. The first look sets nothing at all, so a mail scanner's does no harm.
"""

import functools
import re
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crossdock.connections import handing_over, oauth, requests
from crossdock.connections.forms import SettingsForm, read_settings
from crossdock.connections.handing_over import Said, Typed, Wanted
from crossdock.connections.oauth import Carried, NotOurs, Purpose
from crossdock.connections.requests import Found, LinkIsDead, OtherBrowser
from crossdock.connections.views.guides import guide_of
from crossdock.connections.views.site_forms import authorize_when
from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.connectors.kit.settings import fields_of
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped

P = ParamSpec("P")
PREFIX = "credentials"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def _private(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Keep a page out of caches, indexes and referrers, and turn what ended into its own page: 403, 404 or 410."""

    @functools.wraps(view)
    def kept(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
                raise OtherBrowser(_("This form was sent from another site. Open the link itself, and go on there."))
            response = view(request, *args, **kwargs)
        except LinkIsDead as error:
            response = _over(request, error.message, 410)
        except (OtherBrowser, NotOurs) as error:
            response = _over(request, error.message, 403)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        # Django writes the address of what was refused into the log; here the address is the key.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return kept  # type: ignore[return-value]  # it is called as the view is, whatever its first argument is called


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_private
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The first look: says nothing of anybody and sets nothing. A POST, from its Continue, ties the link to this browser."""
    found = _found(token)
    if found is None:
        return _over(request, _("There is nothing at this address. Look whether the link was copied as a whole."), 404)
    is_here = requests.is_bound_here(request, found.link)
    if found.link.browser_hash is not None and not is_here:
        requests.must_be_here(request, found.link)
    if request.method != "POST":
        return render(request, "connections/asked_first.html", {"is_here": is_here})
    response = HttpResponseRedirect(reverse("connections:asked_form", kwargs={"token": token}))
    response.status_code = 303
    if not is_here:
        requests.keep(response, found.link, requests.bind(found))
    return response


@csrf_exempt
@require_http_methods(["GET", "POST"])
@_private
def form(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks for what, and the form. A POST tests what was typed, and stores it when the platform agrees; or sets out to it."""
    wanted = _opened(request, token)
    if isinstance(wanted, HttpResponse):
        return wanted
    if request.method == "GET":
        return _page(request, wanted, token)
    data = request.POST.copy()
    if data.get("do") == "offer":
        for spec in wanted.fields:
            if offered := data.get(f"offer-{spec.name}"):
                data[f"{PREFIX}-{spec.name}"] = offered
    given = handing_over.read(wanted, read_settings(wanted.connector, data, PREFIX))
    settings = given.resolved.settings
    if settings is None:
        return _page(request, wanted, token, given, Said(given.resolved.errors), status=422)
    if data.get("do") == "authorize":
        return _set_out(request, wanted, token, given)
    if handing_over.needs_consent(wanted, settings):
        sentence = _("Choose Authorize: with this way in, {platform} itself gives access.").format(platform=wanted.connector.name)
        return _page(request, wanted, token, given, Said({"": [sentence]}), status=422)
    said = handing_over.hand_over(wanted, given)
    if said.is_done:
        return _done(wanted.found)
    return _page(request, wanted, token, given, said, status=422)


@csrf_exempt
@require_POST
@_private
def code(request: HttpRequest, token: str) -> HttpResponse:
    """Take the code that a platform showed its administrator."""
    wanted = _opened(request, token)
    if isinstance(wanted, HttpResponse):
        return wanted
    if oauth.link_of(request, wanted.connector) != (wanted.found.link.account_id, wanted.found.link.pk):
        raise NotOurs(_("This sign-in was used already or is older than ten minutes. Choose Authorize again."))
    return _come_back(request, wanted.connector, wanted.found)


@require_GET
@_private
def done(request: HttpRequest) -> HttpResponse:
    """That it worked: the same for everybody."""
    return render(request, "connections/asked_done.html")


def come_back(request: HttpRequest, connector: Connector, account_id: int, link_id: int) -> HttpResponse:
    """Where a platform leads back to after somebody agreed there who set out from a credential link."""
    return _back_from_platform(request, connector, account_id, link_id)


@_private
def _back_from_platform(request: HttpRequest, connector: Connector, account_id: int, link_id: int) -> HttpResponse:
    found = requests.by_id(account_id, link_id)
    requests.must_be_here(request, found.link)
    return _come_back(request, connector, found)


def _come_back(request: HttpRequest, connector: Connector, found: Found) -> HttpResponse:
    with scoped(found.link.account_id):
        begun = oauth.redeem(request, None, connector, found.link.account_id, link_id=found.link.pk)
    # The state is used up from here on, whatever comes of it.
    wanted = handing_over.open_link(found)
    given = handing_over.lay_over(wanted, begun.carried.raw, begun.carried.secrets)
    settings = given.resolved.settings
    try:
        if settings is None or connector.key != wanted.connector.key:
            raise NotOurs(_("The settings were changed after you chose Authorize. Choose it again."))
        said = handing_over.hand_over(wanted, given, oauth.finish(connector, settings, begun, oauth.answered(request)))
        complaint = next((sentences[0] for sentences in said.errors.values()), "")
    except (ConnectorError, NotOurs) as error:
        requests.count_test(found)
        requests.note(found, error.message)
        said, complaint = Said(), ""
    response: HttpResponse = (
        _done(found) if said.is_done else redirect(reverse("connections:asked_form", kwargs={"token": begun.carried.back}))
    )
    if complaint:
        requests.note(found, complaint)
    response.delete_cookie(oauth.cookie_name(), samesite="Lax")
    return response


def _set_out(request: HttpRequest, wanted: Wanted, token: str, given: Typed) -> HttpResponse:
    """A page with a plain link to the platform, which names where it leads."""
    found, settings = wanted.found, given.resolved.settings
    if settings is None or not handing_over.needs_consent(wanted, settings):
        sentence = _("This way in needs no consent in the browser.")
        return _page(request, wanted, token, given, Said({"": [sentence]}), status=422)
    try:
        asked = oauth.ask(found.actor, wanted.connector, settings)
        carried = Carried(raw=given.answers, secrets=given.secrets, back=token)
        purpose = Purpose(found.link.side)
        with scoped(found.link.account_id):
            address, state = oauth.begin(found.actor, wanted.connector, settings, purpose, carried, asked, link_id=found.link.pk)
    except (ConnectorError, RuleBroken) as error:
        errors = {getattr(error, "field", None) or "": [error.message]}
        return _page(request, wanted, token, given, Said(errors), status=422)
    context = {"address": address, "connector": wanted.connector, "state": state, "token": token}
    response = render(request, "connections/asked_authorize.html", context)
    oauth.bind(response, state)
    return response


# --- Pages --------------------------------------------------------------------------------------------------------------------------


def _found(token: str) -> Found | None:
    return requests.find(token) if _TOKEN.fullmatch(token) else None


def _opened(request: HttpRequest, token: str) -> Wanted | HttpResponse:
    """The link, opened in the browser it belongs to; the first page where nobody pressed Continue yet."""
    found = _found(token)
    if found is None:
        return _over(request, _("There is nothing at this address. Look whether the link was copied as a whole."), 404)
    if found.link.browser_hash is None:
        return redirect(reverse("connections:asked", kwargs={"token": token}))
    requests.must_be_here(request, found.link)
    return handing_over.open_link(found)


def _page(
    request: HttpRequest, wanted: Wanted, token: str, given: Typed | None = None, said: Said | None = None, status: int = 200
) -> HttpResponse:
    found, connector, said = wanted.found, wanted.connector, said or Said()
    raw = {**wanted.shown, **(given.answers if given is not None else {})}
    settings_form = SettingsForm(connector, raw, prefix=PREFIX, choices=said.outcome.choices if said.outcome else None)
    asked_for = {spec.name for spec in wanted.fields}
    for name, sentences in said.errors.items():
        settings_form.say(name if name in asked_for else "", *sentences)
    if said.outcome is not None:
        settings_form.say(said.outcome.field if said.outcome.field in asked_for else "", said.outcome.message)
        settings_form.offers = {name: value for name, value in said.outcome.offers.items() if name in asked_for}
    for spec in wanted.fields:
        if wanted.is_kept(spec):
            settings_form.fields[spec.name].required = False
            settings_form.fields[spec.name].help_text += _(" Leave it empty if it is still the same.")
    context: dict[str, Any] = {
        "connector": connector,
        "account_name": found.belonging.account.name,
        "asker": found.person.name or found.person.email,
        "name": wanted.name,
        "side": found.link.side,
        "address": wanted.address,
        "expires_at": found.link.expires_at,
        "scopes": connector.oauth.scopes if connector.oauth is not None else (),
        "form": settings_form,
        "fields": [field for field in settings_form.credentials if field.name in asked_for],
        "authorize_when": (consent := authorize_when(connector, raw)),
        "test_when": _otherwise(connector, consent),
        "complaint": found.link.complaint if given is None else "",
        "tests_left": requests.MOST_TESTS - found.link.tests if found.link.tests else None,
        "guide": guide_of(connector, has_form=True),
        "token": token,
    }
    with timezone.override(wanted.zone):
        return render(request, "connections/asked_form.html", context, status=status)


def _otherwise(connector: Connector, consent: tuple[str, tuple[str, ...]] | None) -> tuple[str, tuple[str, ...]] | None:
    """With which answers of which field there is something to test: the others than lead to consent. ("", ()) always; None never."""
    if consent is None:
        return "", ()
    name, values = consent
    spec = next((one for one in fields_of(connector.settings) if one.name == name), None)
    return (name, tuple(choice.value for choice in spec.choices if choice.value not in values)) if spec is not None else None


def _done(found: Found) -> HttpResponse:
    response = HttpResponseRedirect(reverse("connections:asked_done"))
    response.status_code = 303
    requests.forget(response, found.link)
    return response


def _over(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return render(request, "connections/asked_over.html", {"sentence": sentence, "status": status}, status=status)
