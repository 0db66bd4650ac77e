"""The names in icons.txt: what the sprite holds, and so what a page may draw."""

from functools import cache
from importlib import resources


class UnknownIconError(LookupError):
    """A page draws an icon that icons.txt does not name. Always a bug: add the name and run `npm run assets`."""


@cache
def icon_names() -> frozenset[str]:
    """Every name in icons.txt."""
    text = resources.files("crossdock.ui").joinpath("icons.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def known_icon(name: str) -> str:
    """`name` itself. Raises UnknownIconError when icons.txt does not have it."""
    if name not in icon_names():
        raise UnknownIconError(f"icons.txt has no {name!r}; add it and run `npm run assets`")
    return name
