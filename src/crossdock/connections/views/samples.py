"""What a sample file would become with the settings as typed: shown at once, stored nowhere, sent to nobody."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crossdock.accounts.rights import Right
from crossdock.accounts.web import AccountRequest, for_account, requires
from crossdock.connections import presenting
from crossdock.connections.forms import read_settings
from crossdock.connectors.kit.capabilities import PreviewsSample
from crossdock.connectors.kit.samples import ORDERS_SHOWN, SAMPLE_BYTES, SAMPLE_LINES
from crossdock.connectors.kit.settings import FieldKind, fields_of

PROBLEMS_SHOWN = 50


@require_POST
@for_account(transaction=False)
@requires(Right.VIEW_CONNECTIONS)
def preview(request: AccountRequest, platform: str) -> HttpResponse:
    """What stands below the mapping: orders, problems, and columns with the field each fills."""
    connector = presenting.connector_or_none(platform)
    if connector is None or not issubclass(connector.client, PreviewsSample):
        raise Http404
    name, content, trouble = _sample(request)
    if max(content.count(b"\n"), content.count(b"\r")) > SAMPLE_LINES:
        trouble = _("A sample has at most 100,000 lines. Take the first orders of the file.")
    if trouble:
        return render(request, "connections/_sample_result.html", {"trouble": trouble}, status=422)
    sent = read_settings(connector, request.POST, connector.kind)
    kinds = {spec.name: spec.kind for spec in fields_of(connector.settings)}
    # An emptied text is meant empty; an emptied number or choice takes its default.
    emptied = (FieldKind.TEXT, FieldKind.LONG_TEXT)
    values: dict[str, Any] = {
        field: value
        for field, value in sent.items()
        if f"{connector.kind}-{field}" in request.POST and (value != "" or kinds[field] in emptied)
    }
    shown = connector.client.preview(values, content, name)
    labels = {spec.name: spec.label for spec in fields_of(connector.settings)}
    context = {
        "name": name,
        "preview": shown,
        "side": connector.kind,
        "previewed": connector.client.previewed,
        "faults": [(labels.get(field, field), sentence) for field, sentence in shown.faults.items()],
        "problems": shown.problems[:PROBLEMS_SHOWN],
        "more_problems": max(0, len(shown.problems) - PROBLEMS_SHOWN),
        "more_orders": max(0, shown.count - ORDERS_SHOWN),
    }
    return render(request, "connections/_sample_result.html", context)


def _sample(request: AccountRequest) -> tuple[str, bytes, str]:
    """The sample's name and bytes, uploaded or pasted, or a sentence on why there is none."""
    uploaded = request.FILES.get("sample")
    pasted = request.POST.get("sample_text", "")
    if uploaded is not None:
        if (uploaded.size or 0) > SAMPLE_BYTES:
            return "", b"", _("A sample has at most 5 MB. Take the first orders of the file.")
        return uploaded.name or "sample", uploaded.read(), ""
    if pasted.strip():
        return _("sample"), pasted.encode(errors="replace"), ""
    return "", b"", _("Choose a file or paste some of it first.")
