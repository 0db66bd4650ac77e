"""`{% load accounts %}`: how a browser is called."""

import re

from django import template
from django.utils.translation import gettext as _

register = template.Library()

# In this order: nearly every browser also claims to be the ones after it.
BROWSERS = {
    "Edge": r"Edg(?:e|A|iOS)?/",
    "Opera": r"OPR/",
    "Firefox": r"Firefox/|FxiOS/",
    "Chrome": r"Chrom(?:e|ium)/|CriOS/",
    "Safari": r"Safari/",
}
SYSTEMS = {
    "Android": r"Android",
    "iPhone": r"iPhone",
    "iPad": r"iPad",
    "Windows": r"Windows",
    "macOS": r"Mac OS X|Macintosh",
    "Linux": r"Linux|X11",
}


@register.filter
def browser(user_agent: str) -> str:
    """What a person calls it, "Firefox on Windows"; the first word of what it calls itself where we do not know it."""
    name = next((name for name, pattern in BROWSERS.items() if re.search(pattern, user_agent)), "")
    system = next((name for name, pattern in SYSTEMS.items() if re.search(pattern, user_agent)), "")
    if name and system:
        return _("%(browser)s on %(system)s") % {"browser": name, "system": system}
    return name or system or user_agent.split(" ", 1)[0][:40] or "–"
