"""A list's filter as a value: read from the address, shown as facets and chips, written back to the address."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crossdock.ui.paging import PAGING, with_query

Text = str | Promise


@dataclass(frozen=True)
class Facet:
    """One thing to filter by. `choices` are (value, label) pairs; `kind` "date" takes a day instead, "many" several choices."""

    name: str
    label: Text
    choices: Sequence[tuple[str, Text]] = ()
    kind: str = "one"  # "one", "many" or "date"
    chosen: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, Text]:
        """Choice labels by value."""
        return dict(self.choices)


@dataclass(frozen=True)
class Chip:
    """One active filter, and the address of the same list without it."""

    label: Text
    value: Text
    remove_url: str


@dataclass(frozen=True)
class FilterBar:
    """What a list is filtered by now. `kept` are other parameters of the address that stay (the tab, say)."""

    path: str
    facets: tuple[Facet, ...]
    text: str
    text_label: Text
    chips: tuple[Chip, ...]
    kept: tuple[tuple[str, str], ...]
    clear_url: str

    def value(self, name: str) -> str:
        """The one chosen value of a facet, "" when none is."""
        return next((facet.chosen[0] for facet in self.facets if facet.name == name and facet.chosen), "")

    def values(self, name: str) -> tuple[str, ...]:
        """All chosen values of a facet."""
        return next((facet.chosen for facet in self.facets if facet.name == name), ())


def _without(request: HttpRequest, name: str, value: str) -> str:
    query = request.GET.copy()
    query.setlist(name, [other for other in query.getlist(name) if other != value])
    for paging in PAGING:
        query.pop(paging, None)
    return with_query(request.path, query)


def filter_bar(request: HttpRequest, facets: Sequence[Facet], text_label: Text = "") -> FilterBar:
    """Read the filter from the address; `text_label` says what the search box finds.

    A value that a facet does not offer is dropped, so no made-up text comes back as a chip.
    """
    chips: list[Chip] = []
    read: list[Facet] = []
    text = request.GET.get("q", "").strip()
    if text:
        chips.append(Chip(_("Search"), text, _without(request, "q", request.GET.get("q", ""))))
    for facet in facets:
        given = [value for value in request.GET.getlist(facet.name) if value]
        chosen = tuple(value for value in given if facet.kind == "date" or value in facet.labels)
        if facet.kind != "many":
            chosen = chosen[-1:]
        read.append(Facet(facet.name, facet.label, facet.choices, facet.kind, chosen))
        for value in chosen:
            chips.append(Chip(facet.label, facet.labels.get(value, value), _without(request, facet.name, value)))
    own = {"q", *(facet.name for facet in facets), *PAGING}
    kept = tuple((name, value) for name in request.GET if name not in own for value in request.GET.getlist(name))
    clear = QueryDict(mutable=True)
    for name, value in kept:
        clear.appendlist(name, value)
    return FilterBar(
        request.path, tuple(read), text, text_label or _("Search this list"), tuple(chips), kept, with_query(request.path, clear)
    )
