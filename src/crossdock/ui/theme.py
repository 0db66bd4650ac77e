"""Light, dark, or as the device says: kept in a cookie that the server reads, so a page never flashes in the other one."""

from typing import Final

from django.http import HttpRequest

THEME_COOKIE: Final = "crossdock_theme"
THEMES: Final = ("auto", "light", "dark")


def theme_of(request: HttpRequest) -> str:
    """One of THEMES; whatever else the cookie holds counts as "auto"."""
    kept = request.COOKIES.get(THEME_COOKIE, "auto")
    return kept if kept in THEMES else "auto"
