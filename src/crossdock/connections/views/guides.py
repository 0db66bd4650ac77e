"""“Get your credentials”: a page for whoever owns them, open to everybody and about nobody."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from crossdock.connections import gateway
from crossdock.connectors.kit import guide
from crossdock.connectors.kit.declaration import Connector
from crossdock.ui.markdown import html_of


@require_GET
def credentials(request: HttpRequest, platform: str) -> HttpResponse:
    """The page of one platform. Looks at no session and sets no cookie; search engines are asked to leave it alone."""
    known = {one.key: one for kind in ("store", "warehouse") for one in gateway.connectors_of(kind)}
    connector = known.get(platform)
    if connector is None:
        raise Http404
    response = render(request, "connections/help.html", {"connector": connector, "guide": guide_of(connector)})
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def guide_of(connector: Connector, *, has_form: bool = False) -> SafeString:
    """The merchant's page as HTML, with this installation's address in it; beside the form itself as a part of that page."""
    text = guide.credentials_page(connector, here=settings.PUBLIC_URL.rstrip("/"), has_form=has_form)
    return html_of(text, below=1 if has_form else 0)
