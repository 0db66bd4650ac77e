"""What was said to a platform about an order, and the order's own data: masked, unless somebody who may reveals it."""

import re
from typing import Any
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crossdock.accounts.audit import record
from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.activity.masking import masked, with_records
from crossdock.activity.queries import Archived, archived
from crossdock.activity.services import Said
from crossdock.orders.content import orders_with
from crossdock.orders.detail import known_of, order_named, raw_of, raws_of
from crossdock.orders.models import SalesOrder
from crossdock.orders.views.reading import media_type_of
from crossdock.tenancy.packing import unpack

KINDS = ("received", "understood")
"""The payload as the store sent it, and the canonical order it was understood as."""


@require_GET
@for_account
@requires(Right.SEE_MESSAGES)
def exchange(request: AccountRequest, message_id: UUID) -> HttpResponse:
    """One exchange, its personal data hidden."""
    return _exchange(request, message_id, _order_of(request.GET.get("order", "")), is_revealed=False)


@require_POST
@for_account
@requires(Right.SEE_PERSONAL)
def reveal(request: AccountRequest, message_id: UUID) -> HttpResponse:
    """One exchange as it was said; that somebody looked is written down."""
    request.actor.require(Right.SEE_MESSAGES)
    return _exchange(request, message_id, _order_of(request.POST.get("order", "")), is_revealed=True)


def _order_of(text: str) -> SalesOrder | None:
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        return None
    return SalesOrder.objects.filter(pk=int(text)).first()


def _exchange(request: AccountRequest, message_id: UUID, order: SalesOrder | None, *, is_revealed: bool) -> HttpResponse:
    message = archived(message_id)
    if message is None:
        raise Http404
    orders = _orders_about(request, message, order)
    if is_revealed:
        record(
            actor=request.actor,
            action="exchange.revealed",
            subject_kind="message",
            after={"message": str(message_id), "orders": sorted(orders)},
        )
    known = set() if is_revealed else known_of(list(orders_with(sorted(orders)).values()))
    context = {
        "message": message,
        "order": order,
        "request_said": _said(message, message.request, order, known, is_revealed=is_revealed),
        "response_said": _said(message, message.response, order, known, is_revealed=is_revealed),
        "is_revealed": is_revealed,
        "may_reveal": request.actor.may(Right.SEE_PERSONAL) and not is_revealed,
        "reveal_url": reverse("orders:reveal", kwargs={"account": request.account.public_id, "message_id": message_id}),
    }
    template = "orders/_exchange.html" if request.headers.get("HX-Request") == "true" else "orders/exchange.html"
    return render(request, template, context)


def _orders_about(request: AccountRequest, message: Archived, order: SalesOrder | None) -> set[int]:
    """The orders an exchange is about. Raises Http404 for limited people unless all of them are theirs to see."""
    about = set(message.order_ids)
    if order is not None:
        about.add(order.pk)
    if request.actor.merchants is not None:
        seen = set(SalesOrder.objects.filter(pk__in=about).values_list("pk", flat=True))
        if not about or seen != about:
            raise Http404
    return about


def _said(
    message: Archived, said: Said | None, order: SalesOrder | None, known: set[str], *, is_revealed: bool
) -> dict[str, Any] | None:
    """One side of an exchange as it is shown. Of a page, the record of the order it is looked at for is put back."""
    if said is None:
        return None
    body = said.body
    if order is not None and message.store_id == order.store_id and b'"$record"' in body:
        raws = raws_of(order.store_id, [order.external_id])
        body = with_records(body, {external_id: unpack(raw) for external_id, raw in raws.items()})
    text = body.decode("utf-8", errors="backslashreplace") if is_revealed else masked(body, known)
    return {
        "text": text,
        "media_type": media_type_of(text),
        "headers": "\n".join(f"{name}: {value}" for name, value in sorted(said.headers.items())),
        "has_pointers": '"$record"' in text,
    }


# --- The order's own data -------------------------------------------------------------------------------------------------------


@require_GET
@for_account
@requires(Right.SEE_MESSAGES)
def data(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """The order as received and as understood, personal data hidden."""
    return _data(request, public_id, is_revealed=False)


@require_POST
@for_account
@requires(Right.SEE_PERSONAL)
def reveal_data(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """The same, as it is; that somebody looked is written down."""
    request.actor.require(Right.SEE_MESSAGES)
    return _data(request, public_id, is_revealed=True)


def _data(request: AccountRequest, public_id: UUID, *, is_revealed: bool) -> HttpResponse:
    row = _named(public_id)
    order = orders_with([row.pk])[row.pk]
    if is_revealed:
        record(actor=request.actor, action="order.revealed", subject_kind="sales_order", subject_id=row.pk)
    known = known_of([order])
    named = {"account": request.account.public_id, "public_id": row.public_id}
    bodies = {"received": unpack(raw_of(row.pk)), "understood": msgspec.json.encode(order)}
    sides = []
    for kind, title in zip(KINDS, (_("As received from the store"), _("As understood")), strict=True):
        text = bodies[kind].decode("utf-8", errors="backslashreplace") if is_revealed else masked(bodies[kind], known)
        sides.append({"kind": kind, "title": title, "text": text, "media_type": media_type_of(text)})
    context = {
        "row": row,
        "sides": sides,
        "is_revealed": is_revealed,
        "may_reveal": request.actor.may(Right.SEE_PERSONAL) and not is_revealed,
        "may_download": request.actor.may(Right.EXPORT) and request.actor.may(Right.SEE_PERSONAL),
        "reveal_url": reverse("orders:reveal_data", kwargs=named),
        "download_url": reverse("orders:download", kwargs=named),
        "back": reverse("orders:detail", kwargs=named),
    }
    return render(request, "orders/data.html", context)


@require_POST
@for_account
@requires(Right.EXPORT)
def download(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """The order's data as a file, unmasked; written down. What is in it runs nowhere: it is an attachment, and sandboxed."""
    request.actor.require(Right.SEE_PERSONAL)
    row = _named(public_id)
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        return HttpResponseBadRequest(_("There is no such file."))
    body = unpack(raw_of(row.pk)) if kind == "received" else msgspec.json.encode(orders_with([row.pk])[row.pk])
    record(actor=request.actor, action="order.downloaded", subject_kind="sales_order", subject_id=row.pk, after={"what": kind})
    name = re.sub(r"[^A-Za-z0-9._-]+", "", row.number) or "order"
    response = HttpResponse(body, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{kind}.json"'
    response.headers["Content-Security-Policy"] = "sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _named(public_id: UUID) -> SalesOrder:
    row = order_named(public_id)
    if row is None:
        raise Http404
    return row
