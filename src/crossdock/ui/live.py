"""Parts of pages that keep themselves fresh: asked every few seconds, and answered in full only when something changed."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def version_of(*told: object) -> str:
    """A short word for what a part shows, another one whenever that changes. What is told is compared by its `repr`."""
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def if_changed(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """The part anew, or 204 where the page has `context["version"]` already; see the tag `poll`."""
    if request.headers.get("X-Crossdock-Version") == context["version"]:
        return HttpResponse(status=204)
    return render(request, template, dict(context))
