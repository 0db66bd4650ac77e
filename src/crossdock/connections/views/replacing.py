"""Replacing the webhook address of a store whose platform is told it by hand: the old one lives on until it was told."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import hooks
from crossdock.connections.views.announcing import MAY, by_hand
from crossdock.connections.views.common import the_store, to, url_of


@require_POST
@for_account
@requires(MAY)
def replace_address(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Make the store another address; one that it never had is a 404."""
    store = the_store(public_id)
    if by_hand(store) is None or store.hook_hash is None:
        raise Http404
    request.actor.require_confirmed(url_of(request, "store", public_id=public_id))
    hooks.replace_hook(actor=request.actor, store=store)
    messages.success(request, _("The address is replaced. The old one is taken for two more days: enter the new one by then."))
    return to(request, "store", public_id=store.public_id)
