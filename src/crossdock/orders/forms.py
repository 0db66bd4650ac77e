"""What the list of orders is asked for, read from its address."""

from datetime import date, datetime, time, timedelta

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from crossdock.activity import sites
from crossdock.activity.sites import Sites
from crossdock.domain.statuses import OrderStatus
from crossdock.orders.queries import OrderFilters
from crossdock.orders.searching import cleaned
from crossdock.ui.filters import Facet

NEEDS = (("issue", _("Has an issue")), ("person", _("Held for a person")))


def facets_of(stores: Sites, merchants: Sites) -> tuple[Facet, ...]:
    """The facets of the list. A store or merchant that is the only one is no choice."""
    return (
        *sites.facets_of(("merchant", _("Merchant"), merchants), ("store", _("Store"), stores)),
        Facet("needs", _("Needs"), NEEDS),
        Facet("from", _("From"), kind="date"),
        Facet("until", _("Until"), kind="date"),
    )


def read_filters(query: QueryDict, stores: Sites, merchants: Sites) -> OrderFilters:
    """The filter in an address. What makes no sense is left out, as the filter bar leaves it out too."""
    needs = query.get("needs", "")
    until = day_begins(query.get("until", ""))
    return OrderFilters(
        statuses=tuple(dict.fromkeys(status for status in query.getlist("status") if status in _STATUSES)),
        merchant_id=sites.id_of(query.get("merchant", ""), merchants),
        store_id=sites.id_of(query.get("store", ""), stores),
        placed_from=day_begins(query.get("from", "")),
        placed_until=until + timedelta(days=1) if until else None,
        needs="issue" if needs == "issue" else "person" if needs == "person" else "",
        text=cleaned(query.get("q", "")),
        is_anywhere=query.get("anywhere") == "1",
    )


_STATUSES = frozenset(status.value for status in OrderStatus)


def day_begins(text: str) -> datetime | None:
    """Midnight of a day as the address names it, in the active time zone; None for what is no day."""
    try:
        day: date | None = parse_date(text)
    except ValueError:
        return None
    if day is None or not 1970 <= day.year <= 9000:
        return None
    return timezone.make_aware(datetime.combine(day, time()))
