"""Order numbers that a file can carry: letters, digits, dash and underscore."""

import re

_FIT = re.compile(r"[A-Za-z0-9_-]+")


def fits(reference: str) -> bool:
    """Whether the format can carry a reference as it stands."""
    return _FIT.fullmatch(reference) is not None


def safe_reference(number: str) -> str:
    """A reference for an order number. Nothing is cut, and different numbers stay different, with one exception.

    The exception is one leading “#”, which is left out: `#1001` becomes `1001`, since that is what people at a warehouse search
    for. Whoever hands out references must refuse one that is taken. Any other character becomes `_` and its UTF-8 bytes in two
    small hex digits each: `A/1` becomes `A_2f1`. An underscore in front of two such digits is written so as well.
    """
    text = number.strip()
    if len(text) > 1 and text.startswith("#"):
        text = text[1:]
    parts = []
    for place, character in enumerate(text):
        looks_escaped = character == "_" and re.match(r"[0-9a-f]{2}", text[place + 1 : place + 3]) is not None
        if _FIT.fullmatch(character) and not looks_escaped:
            parts.append(character)
        else:
            parts.append("".join(f"_{byte:02x}" for byte in character.encode()))
    return "".join(parts)
