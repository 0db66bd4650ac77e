"""Pages to read: what the statuses mean, and records of stores that could not be understood."""

import re

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity.masking import masked
from crossdock.domain.statuses import TRANSITIONS, OrderStatus
from crossdock.orders.models import LeftOutRecord
from crossdock.orders.not_understood import set_aside, waiting
from crossdock.tenancy.packing import unpack

PAGE = 100


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def statuses(request: AccountRequest) -> HttpResponse:
    """Every status, what leads to it and what leads on, from the table that the database keeps orders to."""
    rows = []
    for status in OrderStatus:
        leaves = [(move.end, move.meaning) for move in TRANSITIONS if move.start is status]
        comes = list(dict.fromkeys(move.meaning for move in TRANSITIONS if move.end is status))
        rows.append({"status": status, "comes": comes, "leaves": leaves})
    return render(request, "orders/statuses.html", {"rows": rows})


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def not_understood(request: AccountRequest) -> HttpResponse:
    """Records that became no order, the last seen first: what they are, why, and what they looked like."""
    found = re.fullmatch(r"\d{1,18}", request.GET.get("before", ""), re.ASCII)
    records = waiting()
    if found:
        last = get_object_or_404(LeftOutRecord, pk=int(found[0]))
        records = records.filter(last_seen__lte=last.last_seen).exclude(last_seen=last.last_seen, pk__gte=last.pk)
    rows = list(records[: PAGE + 1])
    context = {
        "rows": rows[:PAGE],
        "older": f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
        "may_see": request.actor.may(Right.SEE_MESSAGES),
        "may_set_aside": request.actor.may(Right.ACT_ON_ORDERS),
    }
    return render(request, "orders/not_understood.html", context)


@require_POST
@for_account
@requires(Right.ACT_ON_ORDERS)
def not_understood_set_aside(request: AccountRequest, pk: int) -> HttpResponse:
    """Name a record no longer."""
    row = get_object_or_404(waiting(), pk=pk)
    set_aside(actor=request.actor, row=row)
    messages.success(request, _("{record} of {store} is set aside.").format(record=row.external_id, store=row.store.name))
    return redirect("orders:not_understood", account=request.account.public_id)


@require_GET
@for_account
@requires(Right.SEE_MESSAGES)
def not_understood_raw(request: AccountRequest, pk: int) -> HttpResponse:
    """One such record as it was received, without personal data."""
    records = LeftOutRecord.objects.select_related("store")
    if request.actor.merchants is not None:
        records = records.filter(store__merchant_id__in=request.actor.merchants)
    record = get_object_or_404(records, pk=pk)
    text = masked(unpack(bytes(record.raw)))
    context = {"record": record, "text": text, "title": _("As received"), "media_type": media_type_of(text)}
    template = "orders/_raw.html" if request.headers.get("HX-Request") == "true" else "orders/raw.html"
    return render(request, template, context)


def media_type_of(text: str) -> str:
    """What a text is laid out as."""
    return "application/json" if text.lstrip()[:1] in ("{", "[") else "text/plain"
