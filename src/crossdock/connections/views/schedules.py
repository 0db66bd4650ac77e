"""When a channel runs: a page of rules, with the next runs as they would be."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import presenting, services
from crossdock.connections.models import Channel, ChannelKind, Connection
from crossdock.connections.schedule_forms import MOST, RuleForm, forms_of, posted_forms, rules_in
from crossdock.connections.views.common import is_htmx, the_connection, to
from crossdock.connections.views.one import frame
from crossdock.domain.errors import RuleBroken
from crossdock.jobs.schedules import Rule, in_words, next_run

RUNS_SHOWN = 3


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.MANAGE_CONNECTIONS)
def schedule(request: AccountRequest, public_id: UUID, kind: ChannelKind) -> HttpResponse:
    """Show, add to, take from, preview and save the rules of a channel."""
    link = the_connection(public_id)
    if kind not in services.supported_channels(link):
        raise Http404
    if request.method != "POST":
        channel = Channel.objects.filter(connection=link, kind=kind).first()
        return _page(request, link, kind, forms_of(presenting.rules_of(channel, kind)))
    do = request.POST.get("do", "")
    if do == "add":
        return _page(request, link, kind, posted_forms(request.POST, with_new=True))
    if do.startswith("remove-"):
        number = do.removeprefix("remove-")
        return _page(request, link, kind, posted_forms(request.POST, without=int(number) if number.isdigit() else None))
    shown = posted_forms(request.POST)
    rules = rules_in(shown)
    if do == "preview":
        return render(request, "connections/_schedule_preview.html", _preview(request, rules))
    if rules is None:
        return _page(request, link, kind, shown, status=422)
    try:
        services.set_schedules(actor=request.actor, connection=link, kind=kind, rules=rules)
    except RuleBroken as error:
        messages.error(request, error.message)
        return _page(request, link, kind, shown, status=422)
    messages.success(request, _("{channel}: {words}.").format(channel=kind.label, words=in_words(rules).lower()))
    return to(request, "one", public_id=public_id)


def _page(
    request: AccountRequest, link: Connection, kind: ChannelKind, shown: Sequence[RuleForm], status: int = 200
) -> HttpResponse:
    rules = [form.rule() for form in shown] if shown and all(form.is_bound for form in shown) else _initial(shown)
    context: dict[str, Any] = {
        **frame(request, link, "one"),
        "kind": kind,
        "forms": shown,
        "is_full": len(shown) >= MOST,
        **_preview(request, None if any(rule is None for rule in rules) else [rule for rule in rules if rule is not None]),
    }
    name = "connections/_schedule_form.html" if is_htmx(request) else "connections/schedule.html"
    return render(request, name, context, status=status)


def _initial(shown: Sequence[RuleForm]) -> list[Rule | None]:
    """The rules of forms of which some were not posted yet: judged as if they were posted as they stand."""
    return [
        RuleForm({form.add_prefix(name): form[name].value() for name in form.fields}, prefix=form.prefix).rule() for form in shown
    ]


def _preview(request: AccountRequest, rules: Sequence[Rule] | None) -> dict[str, Any]:
    """The rules in words, and the next runs; None where a rule is at fault."""
    runs: list[datetime] = []
    at = datetime.now(UTC)
    while rules and len(runs) < RUNS_SHOWN and (following := next_run(rules, at, request.account.time_zone)):
        runs.append(following)
        at = following
    return {"runs": runs, "words": in_words(rules) if rules is not None else "", "is_wrong": rules is None}
