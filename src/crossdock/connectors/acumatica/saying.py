"""What Acumatica says when it refuses: several bodies, read as one sentence each.

422 echoes the entity with an `error` beside each wrong `value`; 4xx and 500 are ASP.NET's `message`, `exceptionMessage` and
`exceptionType`; some layers answer HTML. Business rules are mostly 500.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_TOP = re.compile(r"raised at least one error|An error occurred during processing|An error has occurred", re.IGNORECASE)
_EXCEPTION = re.compile(r'"exceptionMessage"\s*:\s*"((?:[^"\\]|\\.)*)')
_KIND = re.compile(r'"exceptionType"\s*:\s*"((?:[^"\\]|\\.)*)"')
_MESSAGE = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)')
_MOST = 300


def errors_in(body: bytes) -> list[tuple[str, str]]:
    """Errors of an echoed entity as (field, text), the top one's field empty. Nothing for other bodies."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return list(_walk(value, ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        found = value.get("error")
        if isinstance(found, str) and found.strip():
            yield path, found.strip()
        for key, part in value.items():
            if isinstance(part, dict | list):
                yield from _walk(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _walk(part, f"{path}[{index}]")


def refusal_in(body: bytes) -> tuple[str | None, str]:
    """(field, words) of a refusal: the fields' own errors before the general one, without its field where there is none."""
    found = errors_in(body)
    own = [(field, text) for field, text in found if field and not _TOP.search(text)]
    if own:
        return own[0][0], "; ".join(dict.fromkeys(text for _, text in own))[:_MOST]
    if found:
        return None, found[0][1][:_MOST]
    return None, plain(body.decode("utf-8", "replace"))


def plain(text: str) -> str:
    """The words of an error body, also of one that was cut: the exception's, else the message; empty for HTML and for nothing."""
    for pattern in (_EXCEPTION, _MESSAGE):
        if found := pattern.search(text):
            words = _unescaped(found[1]).strip()
            if words and not (pattern is _MESSAGE and words == "An error has occurred."):
                return words[:_MOST]
    return ""


def said_in(body: bytes) -> str:
    """The words as `: “…”` to be put behind a sentence; empty when there are none."""
    words = refusal_in(body)[1]
    return f": “{words}”" if words else ""


def is_business_rule(text: str) -> bool:
    """Whether a 500 is Acumatica's own refusal (a PX exception, rolled back) and not a broken server. The text may be cut."""
    found = _KIND.search(text)
    return found[1].startswith("PX.") if found else bool(_EXCEPTION.search(text))


def is_passing(text: str) -> bool:
    """Whether it was rolled back for a reason that passes: the database was busy."""
    found = _KIND.search(text)
    return bool(found and "Database" in found[1]) or "deadlock" in text.casefold()


def is_full(text: str) -> bool:
    """Whether the license has no session left for integrations."""
    return "API Login Limit" in text or "checkApiUsersLimits" in text


def is_busy(text: str) -> bool:
    """Whether another call of the same session is still under way."""
    return "previous operation has not been completed" in text


def is_conflict(text: str) -> bool:
    """Whether somebody changed the record while we did."""
    return "Another process has" in text


def _unescaped(text: str) -> str:
    try:
        value = json.loads(f'"{text}"')
    except ValueError:
        return text
    return str(value)
