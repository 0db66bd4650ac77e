"""Add Connection, in four steps. What is typed is kept at each press of a button, so stepping back or reloading loses nothing."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.slugs import short
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import drafts
from crossdock.connections.drafts import EXISTING, NEW, STEPS, Draft, known_id
from crossdock.connections.forms import MerchantForm
from crossdock.connections.models import Connection, Merchant
from crossdock.connections.views import wizard_sites
from crossdock.connections.views.common import to, url_of
from crossdock.ui.parts import Step

LABELS = {
    "basics": gettext_lazy("Basic Information"),
    "merchant": gettext_lazy("Merchant Information"),
    "warehouse": gettext_lazy("Warehouse Setup"),
    "store": gettext_lazy("Store Setup"),
}


class BasicsForm(forms.Form):
    """What the connection is called."""

    name = forms.CharField(
        label=gettext_lazy("Connection name"),
        max_length=120,
        error_messages={"required": gettext_lazy("Give the connection a name.")},
        help_text=gettext_lazy(
            "How you will find it in lists and alerts. Merchant and warehouse make a good name: Acme to Reno."
        ),
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.MANAGE_CONNECTIONS)
def begin(request: AccountRequest) -> HttpResponse:
    """The first step of a new draft, which is made once it has a name."""
    form = BasicsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        draft = drafts.start(request.actor)
        draft.values.name = form.cleaned_data["name"]
        return _go_on(request, draft, "basics")
    return page(request, None, "basics", {"form": form}, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@for_account(transaction=False)
@requires(Right.MANAGE_CONNECTIONS)
def step(request: AccountRequest, draft: UUID, step: str) -> HttpResponse:
    """One step of a draft. A step that is not reached yet leads to the one that is."""
    if step not in STEPS:
        raise Http404
    with request.actor.scope():
        opened = drafts.load(request.actor, draft)
        if STEPS.index(step) > opened.values.reached:
            return to(request, "wizard", draft=draft, step=opened.step)
        if request.method == "POST" and request.POST.get("do") == "back" and step == "basics":
            return to(request, "list")
        if step == "basics":
            return _basics(request, opened)
        if step == "merchant":
            return _merchant(request, opened)
    return wizard_sites.site_step(request, opened, step)


@require_POST
@for_account
@requires(Right.MANAGE_CONNECTIONS)
def discard(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Throw a draft away."""
    drafts.load(request.actor, draft)
    drafts.discard(request.actor, draft)
    return to(request, "list")


def page(request: AccountRequest, draft: Draft | None, step: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A step's page. In the account's transaction."""
    at = STEPS.index(step)
    reached = draft.values.reached if draft else 0
    steps = [
        Step(
            LABELS[name],
            "current" if name == step else "done" if number < max(at, reached) else "todo",
            url_of(request, "wizard", draft=draft.public_id, step=name) if draft and number <= reached else "",
        )
        for number, name in enumerate(STEPS)
    ]
    return render(
        request,
        f"connections/wizard_{'site' if step in ('warehouse', 'store') else step}.html",
        {"draft": draft, "step": step, "label": LABELS[step], "steps": steps, "number": at + 1, **context},
        status=status,
    )


def _go_on(request: AccountRequest, draft: Draft, step: str) -> HttpResponse:
    """Keep the draft and lead to the step after this one."""
    following = STEPS.index(step) + 1
    draft.values.reached = max(draft.values.reached, following)
    drafts.save(request.actor, draft)
    return to(request, "wizard", draft=draft.public_id, step=STEPS[following])


def _basics(request: AccountRequest, draft: Draft) -> HttpResponse:
    form = BasicsForm(request.POST if request.method == "POST" else None, initial={"name": draft.values.name})
    if request.method == "POST" and form.is_valid():
        draft.values.name = form.cleaned_data["name"]
        return _go_on(request, draft, "basics")
    return page(request, draft, "basics", {"form": form}, status=422 if request.method == "POST" else 200)


def _merchant(request: AccountRequest, draft: Draft) -> HttpResponse:
    chosen = draft.values.merchant
    known = list(Merchant.objects.order_by("name")[:2_000])
    may_add = request.actor.merchants is None
    how = chosen.how or (EXISTING if known else NEW)
    if request.method != "POST":
        form = MerchantForm(initial=chosen.details)
        return _merchant_page(request, draft, form, known, how, may_add)
    before = (chosen.how, chosen.existing)
    chosen.how = NEW if (request.POST.get("how") == NEW or not known) and may_add else EXISTING
    chosen.existing = request.POST.get("existing", chosen.existing)
    chosen.details = {name: request.POST.get(name, "").strip() for name in MerchantForm.base_fields}
    form = MerchantForm(chosen.details)
    wrong = ""
    if chosen.how == EXISTING:
        merchant = next((one for one in known if one.public_id == known_id(chosen.existing)), None)
        if merchant is None:
            wrong = _("Choose a merchant.")
        elif before != (chosen.how, chosen.existing):
            _propose(draft, merchant)
    elif form.is_valid() and Merchant.objects.filter(name=chosen.details["name"]).exists():
        form.add_error("name", _("There is a merchant of this name already. Choose it, or give this one another name."))
    if request.POST.get("do") == "back":
        drafts.save(request.actor, draft)
        return to(request, "wizard", draft=draft.public_id, step="basics")
    if wrong or (chosen.how == NEW and not form.is_valid()):
        drafts.save(request.actor, draft)
        shown = form if chosen.how == NEW else MerchantForm(initial=chosen.details)
        return _merchant_page(request, draft, shown, known, chosen.how, may_add, wrong, status=422)
    return _go_on(request, draft, "merchant")


def _merchant_page(
    request: AccountRequest,
    draft: Draft,
    form: MerchantForm,
    known: list[Merchant],
    how: str,
    may_add: bool,
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    options = [(short(one.public_id), one.name) for one in known]
    context = {
        "form": form,
        "known": options,
        "how": how,
        "existing": draft.values.merchant.existing,
        "wrong": wrong,
        "may_add": may_add,
    }
    return page(request, draft, "merchant", context, status)


def _propose(draft: Draft, merchant: Merchant) -> None:
    """A merchant that is here has a warehouse already, most likely the one to use again; and its stores are others' no more."""
    link = Connection.objects.filter(merchant=merchant, deleted_at=None).select_related("warehouse").order_by("pk").first()
    site = draft.values.warehouse
    if link is not None and not site.how and link.warehouse.deleted_at is None:
        site.how, site.existing = EXISTING, short(link.warehouse.public_id)
    if draft.values.store.how == EXISTING:
        draft.values.store.existing = ""
