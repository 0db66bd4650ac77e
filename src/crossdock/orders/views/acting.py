"""What people do with orders, one or many: the service is called, and the page says what became of each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity import sites
from crossdock.orders import services
from crossdock.orders.detail import order_named
from crossdock.orders.forms import read_filters
from crossdock.orders.models import SalesOrder
from crossdock.orders.queries import list_orders
from crossdock.orders.services import ACTIONS, MOST, Outcome


@require_POST
@for_account
@requires(Right.VIEW_ORDERS)
def act_on_one(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Do one thing with one order, and go back to it; from a deleted one to the list."""
    row = order_named(public_id)
    if row is None:
        raise Http404
    name = request.POST.get("action", "")
    if name not in ACTIONS:
        return HttpResponseBadRequest(_("That is no action of ours."))
    (outcome,) = _act(request, name, [row.pk])
    if outcome.is_done and name in ("archive", "reset", "delete"):
        messages.success(request, f"{outcome.number}: {outcome.text}")
    else:
        (messages.success if outcome.is_done else messages.error)(request, outcome.text)
    if name == "delete" and outcome.is_done:
        return redirect("orders:list", account=request.account.public_id)
    return redirect("orders:detail", account=request.account.public_id, public_id=row.public_id)


@require_POST
@for_account
@requires(Right.VIEW_ORDERS)
def act_on_many(request: AccountRequest) -> HttpResponse:
    """Do one thing with the chosen orders, or with the newest of everything the filter shows; say what became of each.

    Everything a filter shows is counted and asked for once more: nobody saw all of it.
    """
    name = request.POST.get("action", "")
    if name not in ACTIONS:
        return HttpResponseBadRequest(_("That is no action of ours."))
    address = request.POST.get("address", "")
    is_everything = request.POST.get("everything") == "1"
    rows = _everything(address) if is_everything else _selected(request.POST.getlist("selected"))
    back = reverse("orders:list", kwargs={"account": request.account.public_id})
    back = f"{back}?{QueryDict(address).urlencode()}" if address else back
    if not rows:
        messages.info(request, _("No orders were chosen."))
        return redirect(back)
    if is_everything and request.POST.get("sure") != "1":
        context = {"rows": rows[:10], "count": len(rows), "most": MOST, "name": name, "address": address, "back": back}
        return render(request, "orders/sure.html", context | _asking(name, len(rows)))
    outcomes = _act(request, name, [row.pk for row in rows])
    return render(request, "orders/acted.html", _result(name, outcomes, back, address))


def _act(request: AccountRequest, name: str, ids: Sequence[int]) -> list[Outcome]:
    if name == "delete" and request.POST.get("force") == "1":
        return services.delete(actor=request.actor, ids=ids, is_forced=True)
    return ACTIONS[name](actor=request.actor, ids=ids)


def _selected(chosen: Sequence[str]) -> list[SalesOrder]:
    """The chosen orders that this person may see; what is no id is none."""
    ids = set()
    for text in chosen[: MOST + 1]:
        try:
            ids.add(UUID(text))
        except ValueError:
            continue
    return list(SalesOrder.objects.filter(public_id__in=ids, deleted_at=None).order_by("-placed_at", "-pk"))


def _everything(address: str) -> list[SalesOrder]:
    """The newest orders of a filter, as many as one request may change."""
    stores, merchants = sites.stores(), sites.merchants()
    listed = list_orders(read_filters(QueryDict(address), stores, merchants), limit=MOST)
    return list(SalesOrder.objects.filter(pk__in=[row.id for row in listed.rows]).order_by("-placed_at", "-pk"))


def _asking(name: str, count: int) -> dict[str, str]:
    verbs = {
        "reprocess": (_("Reprocess"), _("Each has the step that failed done again; those that need nothing stay as they are.")),
        "reset": (_("Reset"), _("They start over as freshly imported. What a warehouse has, or had, stays as it is.")),
        "archive": (_("Archive"), _("They are set aside and not sent. What a warehouse has already may still be shipped.")),
        "delete": (
            _("Delete"),
            _("They are still in the store and will come back at the next import. Archive keeps them away."),
        ),
        "release": (_("Release"), _("They go on now, whatever they waited for.")),
        "settle": (_("Mark as settled"), _("Their issues leave the list and stay in their stories.")),
    }
    verb, text = verbs[name]
    title = ngettext("{verb} {count} order?", "{verb} {count} orders?", count).format(verb=verb, count=f"{count:,}")
    return {"title": title, "text": text, "verb": verb}


def _result(name: str, outcomes: Sequence[Outcome], back: str, address: str) -> dict[str, Any]:
    done = [one for one in outcomes if one.is_done]
    refused = [one for one in outcomes if not one.is_done]
    words = {
        "reprocess": _("Reprocessed"),
        "reset": _("Reset"),
        "archive": _("Archived"),
        "delete": _("Deleted"),
        "release": _("Released"),
        "settle": _("Settled"),
    }
    title = ngettext("{word} {count} order", "{word} {count} orders", len(done)).format(word=words[name], count=f"{len(done):,}")
    return {
        "title": title,
        "done": done,
        "refused": refused,
        "back": back,
        "address": address,
        "may_undo": name == "archive" and bool(done),
    }
