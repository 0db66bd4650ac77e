"""What the page of a store or warehouse shows above its settings: other packages add theirs to stores when Django starts."""

from collections.abc import Callable, Sequence

from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from crossdock.accounts.web import AccountRequest
from crossdock.connections.models import Store, Warehouse

Panel = Callable[[AccountRequest, Store], SafeString | None]
"""Draws a part of a store's page; None where it has nothing to show."""

_paths: list[str] = ["crossdock.connections.views.announcing.panel"]
_of_both = "crossdock.connections.views.asking.panel"


def add(path: str) -> None:
    """Have the panel of this dotted name shown on every store's page, above its settings. It is imported when it is first shown,
    so that workers need no page.
    """
    if path not in _paths:
        _paths.append(path)


def panels_of(request: AccountRequest, site: Store | Warehouse) -> Sequence[SafeString]:
    """What is shown for one store, or for a warehouse."""
    drawn = [import_string(_of_both)(request, site)]
    if isinstance(site, Store):
        panels: list[Panel] = [import_string(path) for path in _paths]
        drawn += [panel(request, site) for panel in panels]
    return [shown for shown in drawn if shown is not None]
