"""What every page is given: the navigation, the frame around the page, and who looks at it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crossdock.ui.links import page_url_or_none
from crossdock.ui.theme import theme_of

Text = str | Promise


@dataclass(frozen=True)
class Entry:
    """One line of the navigation. `right` is what the person must be allowed to do; "" means everybody.

    `key` is pressed after `g`; `thumb` puts the entry on the bar at the bottom of a phone.
    """

    label: Text
    icon: str
    url_name: str
    right: str = ""
    key: str = ""
    thumb: bool = False
    group: Text = ""


_FLOW: Text = ""
_SET_UP = _("Set up")
_LOOK_BACK = _("Look back")

# In the order they are shown. An entry whose page does not exist is left out.
ENTRIES = (
    Entry(_("Home"), "home", "desk:home", key="h", thumb=True, group=_FLOW),
    Entry(_("Sales orders"), "shopping-bag", "orders:list", key="o", thumb=True, group=_FLOW),
    Entry(_("Shipments"), "truck-delivery", "fulfillment:shipments", key="s", thumb=True, group=_FLOW),
    Entry(_("Returns"), "package-import", "inbound:returns", key="r", group=_FLOW),
    Entry(_("Purchase orders"), "clipboard", "inbound:purchase_orders", key="p", group=_FLOW),
    Entry(_("Products"), "tag", "products:list", key="k", group=_FLOW),
    Entry(_("Inventory"), "stack-2", "inventory:list", key="i", group=_FLOW),
    Entry(_("Connections"), "plug-connected", "connections:list", key="c", thumb=True, group=_SET_UP),
    Entry(_("Merchants"), "users", "connections:merchants", key="m", group=_SET_UP),
    Entry(_("Stores"), "building-store", "connections:stores", key="t", group=_SET_UP),
    Entry(_("Warehouses"), "building-warehouse", "connections:warehouses", key="w", group=_SET_UP),
    Entry(_("Rules"), "route", "automation:list", key="u", group=_SET_UP),
    Entry(_("Activity"), "history", "activity:list", key="a", group=_LOOK_BACK),
    Entry(_("Alerts"), "bell", "activity:alerts", key="l", group=_LOOK_BACK),
    Entry(_("Account"), "settings", "accounts:settings", right="manage_account", group=_LOOK_BACK),
)


@dataclass(frozen=True)
class Link:
    """An entry as shown to one person on one page."""

    entry: Entry
    url: str
    is_current: bool


def _may(request: HttpRequest, right: str) -> bool:
    """Whether the signed-in person holds `right`; `request.rights` is a set of words, absent before an account is entered."""
    rights = getattr(request, "rights", None)
    return not right or rights is None or right in rights


def links(request: HttpRequest) -> list[Link]:
    """The entries this person may open, with the one that holds the current page marked: the longest address that begins it."""
    urls = {entry: page_url_or_none(request, entry.url_name) for entry in ENTRIES if _may(request, entry.right)}
    shown = {entry: url for entry, url in urls.items() if url}
    match = getattr(request, "resolver_match", None)
    view_name = match.view_name if match else ""
    current = next((entry for entry in shown if entry.url_name == view_name), None)
    if current is None:
        within = [entry for entry, url in shown.items() if url != "/" and request.path.startswith(url)]
        named = [entry for entry in within if entry.url_name != "desk:home"]
        current = max(named, key=lambda entry: len(shown[entry]), default=None)
    return [Link(entry, url, entry is current) for entry, url in shown.items()]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`navigation` (groups of links), `thumb_links` (for a phone's bar) and `search_url` (None until there is a search)."""
    shown = links(request)
    groups: list[tuple[Text, list[Link]]] = []
    for link in shown:
        if not groups or groups[-1][0] != link.entry.group:
            groups.append((link.entry.group, []))
        groups[-1][1].append(link)
    return {
        "navigation": groups,
        "navigation_links": shown,
        "thumb_links": [link for link in shown if link.entry.thumb],
        "search_url": page_url_or_none(request, "desk:search"),
        "bell_url": page_url_or_none(request, "activity:alerts"),
        # Only of an account that was entered: the address may name one of somebody else, or none at all.
        "home_url": (page_url_or_none(request, "desk:home") if getattr(request, "account", None) else None) or "/",
    }


def frame(request: HttpRequest) -> dict[str, Any]:
    """`theme` ("light", "dark" or "auto"), `is_sandbox` for the colored bar, and the addresses of the account menu."""
    account = getattr(request, "account", None)
    return {
        "theme": theme_of(request),
        "is_sandbox": bool(getattr(settings, "IS_DEMO", False)),
        "current_account": account,
        "sign_out_url": page_url_or_none(None, "account_logout"),
        "sign_in_url": page_url_or_none(None, "account_login"),
        "profile_url": page_url_or_none(request, "accounts:profile"),
        "theme_url": page_url_or_none(None, "ui:theme"),
    }
