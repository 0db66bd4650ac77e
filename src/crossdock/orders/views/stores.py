"""What stands on a store's page about its orders: fetching those of some days, and the nightly count."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections.models import Store
from crossdock.domain.errors import RuleBroken
from crossdock.orders.backfilling import fetch_orders, lists_orders
from crossdock.orders.counting import count_again, counts_of, fetch_missing
from crossdock.orders.forms import day_begins
from crossdock.orders.models import Backfill
from crossdock.ui.live import if_changed, version_of

SHOWN = 5
"""Fetches that are shown, the newest ones."""


class Days(forms.Form):
    """From which day to which orders are to be fetched, both included."""

    since = forms.DateField(label=gettext_lazy("Placed from"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("Placed until"), widget=forms.DateInput(attrs={"type": "date"}))


def panel(request: AccountRequest, store: Store) -> SafeString | None:
    """The part of a store's page that is about its orders; None for platforms that cannot list them, or for whom it is not."""
    if not lists_orders(store) or not request.actor.may(Right.VIEW_ORDERS):
        return None
    # Escaped where it was rendered.
    return mark_safe(render_to_string("orders/_store.html", _context(request, store, Days()), request))  # noqa: S308


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def part(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """The same anew, or 204 when it is as it was."""
    return if_changed(request, "orders/_store.html", _context(request, _named(public_id), Days()))


@require_POST
@for_account
@requires(Right.RUN_CHANNELS)
def fetch(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Have the orders of some days fetched."""
    store = _named(public_id)
    form = Days(request.POST)
    if form.is_valid():
        since = day_begins(form.cleaned_data["since"].isoformat())
        until = day_begins(form.cleaned_data["until"].isoformat())
        if since is None or until is None:
            form.add_error("since", _("Choose days between 1970 and 9000."))
        else:
            try:
                fetch_orders(actor=request.actor, store=store, since=since, until=until + timedelta(days=1, microseconds=-1))
            except RuleBroken as error:
                form.add_error("since", error.message)
    if form.is_valid():
        messages.success(request, _("They are being fetched. What came of it is shown here."))
    else:
        for errors in form.errors.values():
            for text in errors:
                messages.error(request, str(text))
    return _back(request, store)


@require_POST
@for_account
@requires(Right.RUN_CHANNELS)
def count(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Have the last two days counted now."""
    store = _named(public_id)
    try:
        count_again(actor=request.actor, store=store)
    except RuleBroken as error:
        messages.error(request, error.message)
    return _back(request, store)


@require_POST
@for_account
@requires(Right.RUN_CHANNELS)
def fetch_one(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Have orders fetched that a count missed, one or all of them."""
    store = _named(public_id)
    fetched = fetch_missing(actor=request.actor, store=store, external_ids=request.POST.getlist("order")[:500])
    if fetched:
        text = ngettext("{count} order is being fetched.", "{count} orders are being fetched.", fetched).format(count=fetched)
        messages.success(request, text)
    return _back(request, store)


def _named(public_id: UUID) -> Store:
    return get_object_or_404(Store.objects.filter(deleted_at=None), public_id=public_id)


def _back(request: AccountRequest, store: Store) -> HttpResponse:
    kwargs = {"account": request.account.public_id, "public_id": store.public_id}
    return redirect(reverse("connections:store", kwargs=kwargs) + "#store-orders")


def _context(request: AccountRequest, store: Store, form: Days) -> dict[str, Any]:
    backfills = list(Backfill.objects.filter(store=store).order_by("-pk")[:SHOWN])
    counts = counts_of(store)
    return {
        "store": store,
        "form": form,
        "backfills": backfills,
        "counts": counts,
        "may_run": request.actor.may(Right.RUN_CHANNELS),
        "version": version_of(
            [(row.pk, row.found, row.new, row.changed, row.done_at, row.trouble) for row in backfills],
            [(one.row.day, one.row.counted_at, [(d.pk, d.fetched_at) for d in one.differences]) for one in counts],
        ),
    }
