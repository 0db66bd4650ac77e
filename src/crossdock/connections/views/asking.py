"""Ask the merchant: making a link that asks for credentials, looking what became of it, and ending it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import drafts, presenting, requests
from crossdock.connections.models import Store, Warehouse
from crossdock.connections.requests import Subject
from crossdock.connections.views.common import the_store, the_warehouse, to, url_of


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.VIEW_CONNECTIONS)
def of_site(request: AccountRequest, side: str, public_id: UUID) -> HttpResponse:
    """Ask for the credentials of a store or warehouse that is here. A POST makes a link, or revokes the one there is."""
    site = the_store(public_id) if side == "store" else the_warehouse(request, public_id)
    back = url_of(request, side, public_id=public_id)
    return _page(request, _of(site), {"name": site.name, "back": back, "site": site}, side, public_id=public_id)


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.MANAGE_CONNECTIONS)
def of_draft(request: AccountRequest, draft: UUID, step: str) -> HttpResponse:
    """Ask for the credentials of a store or warehouse that is being added. A POST makes a link, or revokes the one there is."""
    opened = drafts.load(request.actor, draft)
    site = opened.site(step)
    if presenting.connector_or_none(site.platform) is None or not site.is_new:
        raise Http404
    name = site.name or opened.values.name or presenting.platform_name(site.platform)
    back = url_of(request, "wizard", draft=draft, step=step)
    return _page(request, Subject(step, site.platform, draft=draft), {"name": name, "back": back}, step, draft=draft, step=step)


def panel(request: AccountRequest, site: Store | Warehouse) -> SafeString | None:
    """How a request for credentials stands, and the button that makes one; None for people who may not replace them."""
    if not _may(request, site) or presenting.connector_or_none(site.platform) is None:
        return None
    context = {"site": site, "side": _of(site).side, "asked": requests.latest(_of(site))}
    return SafeString(render_to_string("connections/_asking.html", context, request))


def _may(request: AccountRequest, site: Store | Warehouse) -> bool:
    return request.actor.may(Right.REPLACE_CREDENTIALS) and (isinstance(site, Store) or request.actor.merchants is None)


def _of(site: Store | Warehouse) -> Subject:
    return Subject("store" if isinstance(site, Store) else "warehouse", site.platform, site=site)


def _page(request: AccountRequest, subject: Subject, context: dict[str, Any], side: str, **where: Any) -> HttpResponse:
    requests.must_be_allowed(request.actor, subject)
    address = ""
    if request.method == "POST" and request.POST.get("do") == "revoke":
        requests.revoke(request.actor, subject)
        return to(request, "asking" if subject.site is not None else "asking_draft", **_address(subject, side, where))
    if request.method == "POST":
        address = requests.ask(request.actor, subject)
    shown = {
        **context,
        "side": side,
        "connector": presenting.connector_or_none(subject.platform),
        "asked": requests.latest(subject),
        "address": address,
    }
    response = render(request, "connections/asking.html", shown)
    # The link is shown this once, and is to stay out of referrers.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _address(subject: Subject, side: str, where: dict[str, Any]) -> dict[str, Any]:
    return {"side": side, **where} if subject.site is not None else where
