"""Files of warehouses that could not be understood: which, since when, why, what to do; and setting one aside."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import unread
from crossdock.connections.views.common import may_see_files, to

MOST = 200


@require_GET
@for_account
@requires(Right.VIEW_CONNECTIONS)
def unread_files(request: AccountRequest) -> HttpResponse:
    """The files, the oldest first. None for people limited to some merchants: a file of a warehouse may hold others' orders."""
    rows = list(unread.waiting()[: MOST + 1]) if may_see_files(request) else []
    return render(
        request,
        "connections/unread_files.html",
        {
            "rows": [{"file": row, "todo": unread.what_to_do(row)} for row in rows[:MOST]],
            "most": MOST if len(rows) > MOST else 0,
            "may_set_aside": request.actor.may(Right.RUN_CHANNELS),
        },
    )


@require_POST
@for_account
@requires(Right.RUN_CHANNELS)
def set_aside(request: AccountRequest, public_id: UUID) -> HttpResponse:
    """Name a file no longer; one that has gone meanwhile is as good as set aside."""
    if not may_see_files(request):
        raise Http404
    file = get_object_or_404(unread.waiting(), public_id=public_id)
    unread.set_aside(actor=request.actor, file=file)
    messages.success(request, _("{file} is set aside.").format(file=file.name))
    return to(request, "unread_files")
