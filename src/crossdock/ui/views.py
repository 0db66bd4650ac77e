"""The kit's own pages: components, the two choices kept in cookies, and the pages shown when something went wrong."""

import re
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crossdock.ui.columns import cookie_name, cookie_value
from crossdock.ui.theme import THEME_COOKIE, THEMES

_YEAR = 365 * 24 * 3600
_NAME = re.compile(r"\A[a-z0-9_]{1,40}\Z")


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """Where the form came from, if that is here; a script gets 204 and stays."""
    next_url = request.POST.get("next", "/")
    here = url_has_allowed_host_and_scheme(next_url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(next_url if here else "/", status=HTTPStatus.SEE_OTHER)


def _keep(response: HttpResponse, request: HttpRequest, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure())


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme; "auto" forgets the choice."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest(_("The theme is auto, light or dark."))
    response: HttpResponse
    response = HttpResponse(status=HTTPStatus.NO_CONTENT) if "X-Crossdock-Script" in request.headers else _back(request)
    if chosen == "auto":
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    else:
        _keep(response, request, THEME_COOKIE, chosen)
    return response


@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """Keep which columns of a table are shown, or forget the choice (`reset`)."""
    table = request.POST.get("table", "")
    names = request.POST.getlist("columns")
    if not _NAME.match(table) or len(names) > 60 or not all(_NAME.match(name) for name in names):
        return HttpResponseBadRequest(_("That is no table of ours."))
    response = _back(request)
    if "reset" in request.POST:
        response.delete_cookie(cookie_name(table), samesite="Lax")
    else:
        _keep(response, request, cookie_name(table), cookie_value(names))
    return response


def components(request: HttpRequest) -> HttpResponse:
    """Every component on one page, with made-up values; only in a demo or while developing."""
    if not (settings.DEBUG or getattr(settings, "IS_DEMO", False)):
        raise Http404
    from crossdock.ui.showcase import context  # loaded for this page alone

    return render(request, "ui/components.html", context(request))


def _error(request: HttpRequest, status: HTTPStatus, title: str, what_happened: str, what_to_do: str) -> HttpResponse:
    values = {
        "status": status.value,
        "title": title,
        "what_happened": what_happened,
        "what_to_do": what_to_do,
        "request_id": getattr(request, "request_id", ""),
    }
    return render(request, "ui/error.html", values, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The site's handler400."""
    return _error(
        request,
        HTTPStatus.BAD_REQUEST,
        _("We could not read that request"),
        _("Something in the address or the form was not as it should be."),
        _("Go back, load the page again and repeat what you did."),
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The site's handler403."""
    return _error(
        request,
        HTTPStatus.FORBIDDEN,
        _("You may not open this page"),
        _("Your role in this account does not include it."),
        _("Ask an administrator of the account for the right you need, or sign in as somebody else."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The site's CSRF_FAILURE_VIEW: nearly always a form that was open when the session ended."""
    return _error(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form is out of date"),
        _("You were signed out, or signed in again, after the form was opened. Nothing was changed."),
        _("Go back, load the page again and repeat what you did."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The site's handler404. The same for what does not exist and for what belongs to somebody else."""
    return _error(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing at this address"),
        _("The record was deleted, belongs to another account, or the address has a typing error."),
        _("Search for its number, or ask whoever sent you the link."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """The site's handler500: drawn without the request's context, which may be what broke."""
    values = {
        "status": 500,
        "title": _("Something broke on our side"),
        "what_happened": _("The error is in the log with its full story. Orders stay where they were; nothing was half done."),
        "what_to_do": _("Load the page again. If it stays, give your operator the time and the reference."),
        "request_id": getattr(request, "request_id", ""),
        "theme": "auto",
    }
    return HttpResponse(loader.get_template("ui/error.html").render(values), status=HTTPStatus.INTERNAL_SERVER_ERROR)
