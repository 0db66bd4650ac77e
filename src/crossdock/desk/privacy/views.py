"""Pages of privacy requests: all of an account, those of one store, erasing somebody by e-mail, and what is held of somebody."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST
from msgspec import Struct

from crossdock.accounts.models import Person
from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import long
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity.models import PrivacyRequest
from crossdock.connections.models import Store
from crossdock.connections.privacy import masked_person
from crossdock.desk.privacy import requests
from crossdock.domain.errors import RuleBroken
from crossdock.orders.content import orders_with
from crossdock.orders.detail import order_named
from crossdock.orders.erasing import FINISHED
from crossdock.orders.models import SalesOrder

MAY = Right.MANAGE_ACCOUNT
SHOWN = 100
OF_STORE = 5

KINDS = {
    "gather": gettext_lazy("What is held of a person"),
    "erase_person": gettext_lazy("Erase a person"),
    "erase_store": gettext_lazy("Erase all that the store brought in"),
}


class Asked(Struct, frozen=True):
    """One request as a table shows it. `left` are orders that wait to be finished."""

    row: PrivacyRequest
    store: Store
    what: str
    by: str
    left: int
    may_answer: bool


class Held(Struct, frozen=True):
    """What is held of somebody who may be erased."""

    email: str
    about: str
    orders: int
    finished: int


@require_GET
@for_account
@requires(MAY)
def privacy(request: AccountRequest) -> HttpResponse:
    """What was asked, and whom to erase; with an order its shopper is looked for at once."""
    email = _email_of(request.GET.get("order", ""))
    return _page(request, _held(email) if email else None)


@require_POST
@for_account
@requires(MAY)
def look(request: AccountRequest) -> HttpResponse:
    """How much is held of somebody, before anything is erased. Posted, so that no address with somebody's e-mail is ever made."""
    held = _held(request.POST.get("email", "").strip()[:320])
    if held is None:
        messages.error(request, _("No order of this person is held here, or they were erased already."))
    return _page(request, held, typed=request.POST.get("email", "")[:320])


@require_POST
@for_account
@requires(MAY)
def erase(request: AccountRequest) -> HttpResponse:
    """Have somebody erased."""
    request.actor.require_confirmed(_here(request))
    try:
        count = requests.erase_person(actor=request.actor, email=request.POST.get("email", "")[:320])
    except RuleBroken as error:
        messages.error(request, error.message)
    else:
        text = ngettext(
            "{count} order is being erased: at once if it is finished, else when it is.",
            "{count} orders are being erased: finished ones at once, the others when they are.",
            count,
        )
        messages.success(request, text.format(count=count))
    return redirect("desk:privacy", account=request.account.public_id)


@require_POST
@for_account
@requires(MAY)
def download(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """All that is held of the person a request is about, as a file; written down. What is in it runs nowhere."""
    request.actor.require_confirmed(_here(request))
    row = get_object_or_404(PrivacyRequest.objects, public_id=public_id)
    try:
        held = requests.gathered(actor=request.actor, row=row)
    except RuleBroken as error:
        messages.error(request, error.message)
        return redirect("desk:privacy", account=request.account.public_id)
    body = msgspec.json.format(msgspec.json.encode(held), indent=2)
    response = HttpResponse(body, content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="personal-data.json"'
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@for_account
@requires(MAY)
def answer(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Note that the person got an answer."""
    row = get_object_or_404(PrivacyRequest.objects, public_id=public_id)
    try:
        requests.answer(actor=request.actor, row=row)
    except RuleBroken as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The request is settled; whom it was about is forgotten."))
    return redirect("desk:privacy", account=request.account.public_id)


def panel(request: AccountRequest, store: Store) -> SafeString | None:
    """The part of a store's page that is about its privacy requests; None where nobody asked, or for whom it is not."""
    if not request.actor.may(MAY):
        return None
    shown = _asked(Q(store_id=store.pk), OF_STORE)
    if not shown:
        return None
    # Escaped where it was rendered.
    return mark_safe(render_to_string("desk/_privacy_of_store.html", {"asked": shown, "store": store}, request))  # noqa: S308


def _here(request: AccountRequest) -> str:
    return reverse("desk:privacy", kwargs={"account": request.account.public_id})


def _page(request: AccountRequest, held: Held | None, *, typed: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "asked": _asked(Q(), SHOWN),
        "held": held,
        "typed": held.email if held else typed,
        "back": reverse("accounts:settings", kwargs={"account": request.account.public_id}),
    }
    return render(request, "desk/privacy.html", context)


def _email_of(slug: str) -> str:
    try:
        row = order_named(long(slug))
    except ValueError:
        row = None
    if row is None:
        return ""
    order = orders_with([row.pk])[row.pk]
    return order.email or (order.ship_to.email if order.ship_to else None) or ""


def _held(email: str) -> Held | None:
    held = requests.stores_holding(email) if "@" in email else {}
    ids = [order_id for those in held.values() for order_id in those]
    if not ids:
        return None
    finished = SalesOrder.objects.filter(pk__in=ids).filter(Q(status__in=FINISHED) | Q(deleted_at__isnull=False)).count()
    return Held(email, masked_person(email), len(ids), finished)


def _asked(condition: Q, most: int) -> list[Asked]:
    rows = list(PrivacyRequest.objects.filter(condition).order_by("-asked_at", "-pk")[:most])
    stores = {store.pk: store for store in Store.objects.filter(pk__in={row.store_id for row in rows})}
    people = {person.pk: str(person) for person in Person.objects.filter(pk__in=_people(rows))}
    return [
        Asked(
            row,
            stores[row.store_id],
            str(KINDS[row.kind]),
            people.get(row.asked_by or 0, "") or _("the platform"),
            row.orders - row.erased,
            row.kind == "gather" and row.state == "waits",
        )
        for row in rows
    ]


def _people(rows: Sequence[PrivacyRequest]) -> set[int]:
    return {row.asked_by for row in rows if row.asked_by is not None}
