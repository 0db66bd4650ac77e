"""Asks people to confirm that it is they, when a quarter of an hour has passed since they last did, before what does lasting harm.

Rights that need it are in `rights.CONFIRMED`; `Actor.require` raises NotConfirmed, which ends here.
"""

import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from crossdock.accounts.rights import NotConfirmed

_KEPT = "typed_before_confirming"
MOST_KEPT = 20_000
"""Characters of what was typed that wait in the session; more is not kept."""


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person signed in, or confirmed, within the last quarter of an hour (`ACCOUNT_REAUTHENTICATION_TIMEOUT`)."""
    now, records = time.time(), get_authentication_records(request, request.user)
    return any(now - record["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records)


def address(back: str) -> str:
    """The page that asks, which leads to `back` afterwards."""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"


def ask(request: HttpRequest, error: NotConfirmed) -> HttpResponse:
    """Lead to the page that asks, and from there back to where the person was. HTMX is told to leave the page."""
    is_htmx = request.headers.get("HX-Request") == "true"
    if request.method not in ("GET", "HEAD"):
        messages.info(request, _("Nothing was done yet. Once you have confirmed, do it again."))
    back = _back(request, error, is_htmx)
    if is_htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address(back)})
    return redirect(address(back))


def _back(request: HttpRequest, error: NotConfirmed, is_htmx: bool) -> str:
    if error.back:
        return error.back
    if request.method in ("GET", "HEAD") and not is_htmx:
        return request.get_full_path()
    # The page with the button: its address takes a GET, which the button's own need not.
    was_at = request.headers.get("HX-Current-URL" if is_htmx else "Referer", "")
    if was_at and url_has_allowed_host_and_scheme(was_at, {request.get_host()}):
        parts = urlsplit(was_at)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return reverse("accounts:home")


def keep(request: HttpRequest, names: Iterable[str], what: str = "") -> None:
    """Keep these fields of the posted form until the person is back on `what` (this address, unless told otherwise).

    Never a secret: it waits in the session's row, in clear.
    """
    values = {name: request.POST.getlist(name) for name in names if name in request.POST}
    if sum(len(text) for texts in values.values() for text in texts) <= MOST_KEPT:
        request.session[_KEPT] = {"what": what or request.path, "values": values}


def kept(request: HttpRequest, what: str = "") -> QueryDict | None:
    """What was typed before the person was asked to confirm, once; None where nothing was."""
    waiting: dict[str, Any] = request.session.get(_KEPT) or {}
    if waiting.get("what") != (what or request.path):
        return None
    del request.session[_KEPT]
    typed = QueryDict(mutable=True)
    for name, texts in waiting["values"].items():
        typed.setlist(name, texts)
    return typed
