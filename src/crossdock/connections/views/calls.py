"""Addresses that a platform calls for its app, in the browser of whoever is at work there or from its own servers."""

from csp.decorators import csp_replace
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.web import belongings_of
from crossdock.connections import calls
from crossdock.connections.calls import NoApp
from crossdock.connections.models import Store
from crossdock.connectors.kit.declaration import Call, Connector
from crossdock.connectors.kit.errors import ConnectorError
from crossdock.tenancy.scope import in_scope


@require_GET
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["https:"]})  # type: ignore[arg-type]  # it is typed for views without arguments
def load(request: HttpRequest, platform: str) -> HttpResponseBase:
    """Lead whoever opens the app at the platform to the store's page here, by way of sign-in; 404 with a page for other stores.

    A control panel shows apps in a frame, where no session of ours is: there a page with nothing but a link opens this address anew.
    """
    read = _read(request, platform)
    if isinstance(read, HttpResponse):
        return read
    connector, call = read
    found = calls.stores_of(connector, call)
    context = {
        "connector": connector,
        "store": ", ".join(call.store.values()),
        "here": request.get_full_path(),
        "is_known": bool(found),
    }
    if not found:
        return _page(request, context, 404)
    if request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame"):
        return _page(request, context, 200)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    address = _page_of(request, found)
    return redirect(address) if address else _page(request, {**context, "is_known": False}, 404)


@require_GET
def uninstall(request: HttpRequest, platform: str) -> HttpResponse:
    """End the sign-in of the store, in each account that has it: 200, 404 when none has, 401 when the platform did not sign."""
    read = _read(request, platform)
    if isinstance(read, HttpResponse):
        return read
    found = calls.stores_of(*read)
    for account_id, store_id in found:
        in_scope(account_id, calls.end_sign_in, *read, account_id, store_id)
    return HttpResponse(status=200 if found else 404)


@require_GET
def remove_user(request: HttpRequest, platform: str) -> HttpResponse:
    """Agree that somebody is gone at the platform: people here are none of theirs, so nothing is to be taken away."""
    read = _read(request, platform)
    if isinstance(read, HttpResponse):
        return read
    return HttpResponse(status=200 if calls.stores_of(*read) else 404)


def _read(request: HttpRequest, platform: str) -> tuple[Connector, Call] | HttpResponse:
    try:
        return calls.read(platform, request.GET.dict())
    except NoApp:
        return HttpResponse(status=404)
    except ConnectorError:
        return HttpResponse(status=401)


def _page_of(request: HttpRequest, found: list[tuple[int, int]]) -> str:
    """The address of the store in the first account of this person that has it; empty where none has."""
    for belonging in belongings_of(request):
        actor = belonging.actor(request.user)  # type: ignore[arg-type]  # whoever belongs anywhere is a person
        if not actor.may(Right.VIEW_CONNECTIONS):
            continue
        ids = [store_id for account_id, store_id in found if account_id == belonging.account.pk]
        with actor.scope():
            store = Store.objects.filter(pk__in=ids).first()
        if store is not None:
            return reverse("connections:store", kwargs={"account": belonging.account.public_id, "public_id": store.public_id})
    return ""


def _page(request: HttpRequest, context: dict[str, object], status: int) -> HttpResponse:
    return render(request, "connections/app.html", context, status=status)
