"""The pages of one merchant: details, stores and connections."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import merchants, presenting
from crossdock.connections.forms import MerchantForm
from crossdock.connections.views.common import the_merchant, to
from crossdock.domain.errors import RuleBroken


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.VIEW_CONNECTIONS)
def merchant(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """One merchant: who it is, and where it is used."""
    found = the_merchant(public_id)
    may_manage = request.actor.may(Right.MANAGE_CONNECTIONS)
    form = MerchantForm(request.POST or None, initial={name: getattr(found, name) for name in merchants.DETAILS})
    if request.method == "POST":
        request.actor.require(Right.MANAGE_CONNECTIONS)
        if form.is_valid():
            try:
                merchants.change_merchant(actor=request.actor, merchant=found, details=form.cleaned_data)
            except RuleBroken as error:
                form.add_error("name", error.message)
            else:
                messages.success(request, _("Saved."))
                return to(request, "merchant", public_id=public_id)
    links = list(presenting.connections().filter(merchant=found).order_by("name"))
    context = {
        "merchant": found,
        "form": form if may_manage else None,
        "stores": list(presenting.stores().filter(merchant=found).order_by("name")),
        "links": presenting.rows(links),
    }
    return render(request, "connections/merchant.html", context, status=422 if form.errors and form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@for_account
@requires(Right.MANAGE_CONNECTIONS)
def new_merchant(request: AccountRequest) -> HttpResponse:
    """Add a merchant by itself; the wizard does it along the way."""
    form = MerchantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = merchants.create_merchant(actor=request.actor, **form.cleaned_data)
        except RuleBroken as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, _("{name} is added.").format(name=made.name))
            return to(request, "merchant", public_id=made.public_id)
    return render(request, "connections/new_merchant.html", {"form": form}, status=422 if form.is_bound else 200)
