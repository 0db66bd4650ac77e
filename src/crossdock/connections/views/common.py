"""What the pages share: rows by public id, paging by name, addresses, and sites' forms."""

from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import short
from crossdock.accounts.web import AccountRequest
from crossdock.connections import presenting
from crossdock.connections.drafts import known_id
from crossdock.connections.models import Connection, Merchant, Store, Warehouse
from crossdock.ui.paging import asking

M = TypeVar("M", bound=models.Model)

PAGE = 50


def the_connection(public_id: UUID) -> Connection:
    """A connection of this account that this person may see. Raises Http404."""
    return _one(presenting.connections(), public_id)


def the_store(public_id: UUID) -> Store:
    """A store, deleted ones left out. Raises Http404."""
    return _one(presenting.stores(), public_id)


def the_warehouse(request: AccountRequest, public_id: UUID) -> Warehouse:
    """A warehouse that this person may see. Raises Http404."""
    return _one(presenting.warehouses(request.actor), public_id)


def the_merchant(public_id: UUID) -> Merchant:
    """A merchant. Raises Http404."""
    return _one(Merchant.objects.all(), public_id)


def _one(rows: QuerySet[M], public_id: UUID) -> M:
    row = rows.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def url_of(request: AccountRequest, name: str, **kwargs: Any) -> str:
    """The address of one of our pages in this account."""
    return reverse(f"connections:{name}", kwargs={"account": request.account.public_id, **kwargs})


def to(request: AccountRequest, name: str, **kwargs: Any) -> HttpResponse:
    """Lead to one of our pages."""
    return redirect(url_of(request, name, **kwargs))


def may_see_exchanges(request: AccountRequest) -> bool:
    """Whether somebody may look behind what failed: what is said to a whole store may be about any merchant's orders."""
    return request.actor.may(Right.SEE_MESSAGES) and request.actor.merchants is None


def may_see_files(request: AccountRequest) -> bool:
    """Whether somebody is told of a warehouse's files: one may be about any merchant's orders."""
    return request.actor.merchants is None


def is_htmx(request: HttpRequest) -> bool:
    """Whether a fragment is asked for."""
    return request.headers.get("HX-Request") == "true"


class NamedPage:
    """A page of rows by name: keyset, 50 at a time, with the addresses of the pages around it."""

    def __init__(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self._request = request
        after, before = request.GET.get("after", ""), request.GET.get("before", "")
        at = known_id(after or before)
        mark = rows.filter(public_id=at).first() if at else None
        if mark is not None and before:
            found = list(rows.filter(_beyond(mark, "lt")).order_by("-name", "-id")[: PAGE + 1])
            self.rows, has_newer, has_older = found[:PAGE][::-1], len(found) > PAGE, True
        else:
            found = list((rows.filter(_beyond(mark, "gt")) if mark is not None else rows).order_by("name", "id")[: PAGE + 1])
            self.rows, has_newer, has_older = found[:PAGE], mark is not None, len(found) > PAGE
        self.newer = self._link("before", self.rows[0]) if has_newer and self.rows else ""
        self.older = self._link("after", self.rows[-1]) if has_older and self.rows else ""

    def _link(self, name: str, row: Any) -> str:
        return asking(self._request.path, self._request.GET, **{name: short(row.public_id)})


def _beyond(mark: Any, way: str) -> Q:
    return Q(**{f"name__{way}": mark.name}) | Q(name=mark.name, **{f"id__{way}": mark.pk})
