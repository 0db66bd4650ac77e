"""The first page: is anything stuck? And the search that finds an order by whatever is known of it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import unread
from crossdock.connections.expiring import endings
from crossdock.connections.refusing import refusals
from crossdock.desk import queries
from crossdock.desk.causes import CAUSES
from crossdock.desk.queries import OLD_OPEN, Stuck
from crossdock.orders.queries import OrderFilters, list_orders
from crossdock.orders.searching import cleaned
from crossdock.ui.links import page_url_or_none
from crossdock.ui.live import if_changed, version_of
from crossdock.ui.parts import Series
from crossdock.ui.plots import Plot
from crossdock.ui.statuses import Tone


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def home(request: AccountRequest) -> HttpResponse:
    """What is stuck, what flows, how fresh it is; before anything is connected, what to do first."""
    return render(request, "desk/home.html", _context(request))


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def part(request: AccountRequest) -> HttpResponse:
    """The same without its frame, for a page that keeps itself fresh; 204 while nothing changed."""
    return if_changed(request, "desk/_home.html", _context(request))


@require_GET
@for_account
@requires(Right.VIEW_ORDERS)
def search(request: AccountRequest) -> HttpResponse:
    """Straight to the order when exactly one matches, else to the list of those that do."""
    text = cleaned(request.GET.get("q", ""))
    account = {"account": request.account.public_id}
    if text:
        listed = list_orders(OrderFilters(text=text), limit=2)
        if len(listed.rows) == 1 and listed.older is None:
            return redirect(reverse("orders:detail", kwargs=account | {"public_id": listed.rows[0].public_id}))
    query = f"?{urlencode({'q': text})}" if text else ""
    return redirect(f"{reverse('orders:list', kwargs=account)}{query}")


def _context(request: AccountRequest) -> dict[str, Any]:
    steps = _steps(request)
    is_first_run = not all(step["is_done"] for step in steps)
    blocked = queries.blocked()
    groups = _groups(request, queries.stuck())
    hours = queries.flow()
    fresh = queries.freshness()
    account = {"account": request.account.public_id}
    ending = endings()
    refused = refusals()
    return {
        "groups": groups,
        "blocked": _blocked(request, blocked),
        "endings": [{"one": one, "url": _site_url(request, "store", one.store.public_id)} for one in ending],
        "refusals": [{"one": one, "url": _site_url(request, "store", one.store.public_id)} for one in refused],
        "has_begun": steps[2]["is_done"] or bool(groups),
        "plot": Plot(
            _("Orders by the hour, last {hours} hours").format(hours=queries.HOURS),
            [hour.at for hour in hours],
            [
                Series(_("Reached a warehouse"), [hour.sent for hour in hours], Tone.FLIGHT),
                Series(_("Left it"), [hour.shipped for hour in hours], Tone.DONE),
            ],
            unit=_("an hour"),
        ),
        "sent_today": sum(hour.sent for hour in hours[-24:]),
        "shipped_today": sum(hour.shipped for hour in hours[-24:]),
        "fresh": [{"one": one, "url": _connection_url(request, one)} for one in fresh],
        "steps": steps if is_first_run else [],
        "part_url": reverse("desk:part", kwargs=account),
        "version": version_of(
            steps,
            blocked,
            groups,
            hours,
            fresh,
            [(one.title, one.text) for one in ending],
            [(one.title, one.text) for one in refused],
        ),
    }


def _blocked(request: AccountRequest, blocked: list[queries.Blocked]) -> list[dict[str, Any]]:
    """What is not reached, with the orders that wait: said once, though there may be several reasons."""
    told: set[UUID] = set()
    rows = []
    for one in blocked:
        waiting = 0 if one.public_id in told else one.waiting
        told.add(one.public_id)
        rows.append({"one": one, "url": _site_url(request, one.kind, one.public_id), "waiting": waiting})
    return rows


def _connection_url(request: AccountRequest, one: queries.Fresh) -> str:
    return page_url_or_none(request, "connections:one", public_id=one.public_id) or ""


def _site_url(request: AccountRequest, side: str, public_id: UUID) -> str:
    page = page_url_or_none(request, f"connections:{side}", public_id=public_id)
    return f"{page}#settings" if page else ""


def _groups(request: AccountRequest, stuck: dict[str, Stuck]) -> list[dict[str, Any]]:
    """Causes with something in them, the worst first, each with the list that shows it."""
    account = {"account": request.account.public_id}
    until = timezone.localdate(timezone.now() - OLD_OPEN).isoformat()
    groups = []
    for cause in CAUSES:
        if not stuck[cause.key].count:
            continue
        query = f"?{cause.query.format(until=until)}" if cause.query else ""
        url = f"{reverse(cause.page, kwargs=account)}{query}"
        text = _oldest_file() if cause.key == "file" else ""
        groups.append({"cause": cause, "url": url, "stuck": stuck[cause.key], "text": text or cause.text, "is_named": bool(text)})
    return groups


def _oldest_file() -> str:
    """Which file it is, of which warehouse, and why: there is mostly one, and a person to call."""
    file = unread.waiting().first()
    if file is None:
        return ""
    return _("{file} of {warehouse}: {why}").format(file=file.name, warehouse=file.warehouse.name, why=file.why)


def _steps(request: AccountRequest) -> list[dict[str, Any]]:
    """The four things to do first, each ticking itself off."""
    done = queries.first_steps()
    new = page_url_or_none(request, "connections:new") or page_url_or_none(request, "connections:list") or ""
    connections = page_url_or_none(request, "connections:list") or ""
    orders = reverse("orders:list", kwargs={"account": request.account.public_id})
    observe = _("Turn the connection to Observe: it reads and shows what it would send, and changes nothing.")
    told = (
        (_("Add a store"), _("Where orders come from. You need its name and a key; the wizard says where to find both."), new),
        (_("Add a warehouse"), _("Where orders are shipped, joined to the store by a connection."), new),
        (_("See an order come in"), observe, connections or orders),
        (_("Go Live"), _("From then on orders are sent, and their tracking numbers come back."), connections),
    )
    return [
        {"title": title, "text": text, "url": url, "is_done": is_done, "is_next": not is_done and all(done[:at])}
        for at, ((title, text, url), is_done) in enumerate(zip(told, done, strict=True))
    ]
