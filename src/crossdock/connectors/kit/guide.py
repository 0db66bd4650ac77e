"""What people read about a platform, from its declaration and the README beside it: Markdown, without links into the tree.

A README has a section for each of `SECTIONS`; everything else under a second-level title is the connector's own. One that lacks a
section gets what the declaration says, so a folder that was just begun has its pages too.
"""

import inspect
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from crossdock.connectors.kit.declaration import Connector
from crossdock.connectors.kit.settings import FieldKind, FieldSpec, fields_of

NEEDED = "What you need"
WHERE = "Where to find it"
RIGHTS = "What Crossdock may do with it"
ENDS = "When it ends"
JOINING = "Connect it"
MAPPED = "What is mapped to what"
READ_AND_WRITTEN = "What is read and written"
LIMITS = "Limits"
NOT_OFFERED = "What it does not offer"
NO_WAY_IN = "If it does not get in"
STUCK = "If something is stuck"
TRAPS = "Known traps"

FOR_THE_MERCHANT = (NEEDED, WHERE, RIGHTS, ENDS, NO_WAY_IN)
"""Sections of the page that whoever owns the credentials reads."""

SECTIONS = (NEEDED, WHERE, RIGHTS, ENDS, JOINING, MAPPED, READ_AND_WRITTEN, LIMITS, NOT_OFFERED, NO_WAY_IN, STUCK)
"""What every README says, in this order. `Known traps` and sections of the connector's own come behind them or between."""

HERE = "<your Crossdock>"
"""Stands in a README for the address of the installation."""

_TITLE = re.compile(r"^## (.+)$", re.MULTILINE)


def readme_of(connector: Connector) -> Path:
    """The README in the connector's folder; it may be missing."""
    return Path(inspect.getfile(connector.settings)).parent / "README.md"


def sections_of(connector: Connector) -> dict[str, str]:
    """The README's second-level sections by title, without their titles, in its order; none where there is no README."""
    readme = readme_of(connector)
    if not readme.is_file():
        return {}
    _, *parts = _TITLE.split(readme.read_text(encoding="utf-8"))
    return {title.strip(): body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}


def credentials_page(connector: Connector, *, here: str = HERE, has_form: bool = False) -> str:
    """“Get your credentials”: for whoever owns them, with nothing in it of any account. `here` is the installation's address.

    Where it stands beside the form itself (`has_form`), the fields are not listed again.
    """
    said = sections_of(connector)
    parts = [
        f"# Get your credentials for {connector.name}",
        f"For whoever administers {connector.name}. This page says what Crossdock asks for, where each value stands, and what to do "
        "when it is refused.",
        _section(NEEDED, said, "The right to make or look up the values below."),
        _section(WHERE, said, ""),
        "" if has_form else f"## What you enter\n\n{credentials_table(connector)}",
        _section(RIGHTS, said, "", _scopes(connector)),
        _section(ENDS, said, ""),
        _section(NO_WAY_IN, said, ""),
        f"## How it is kept\n\n{_KEPT}",
    ]
    return "\n\n".join(part for part in parts if part).replace(HERE, here) + "\n"


_KEPT = (
    "- Enter secrets on a page of Crossdock and nowhere else: no e-mail, no chat, no ticket. Whoever ships for you can make a link "
    "that opens such a page for you, without an account of your own. It works for 72 hours, in the first browser that opens it, and "
    "once.\n"
    "- Before you type, look at the address in your browser: it has to be the one of the Crossdock you were told.\n"
    "- Secrets are encrypted when they arrive and are shown to nobody again, not to the person who asked for them either.\n"
    "- **Test connection** reads only. Nothing is changed, sent or registered at the platform.\n"
    "- You can end the access at any time where you made it. Crossdock then stops, says so, and loses no order."
)


def credentials_table(connector: Connector) -> str:
    """The fields one gets in with, as a Markdown table."""
    rows = [
        (f"**{spec.label}**", spec.help + asked_when(connector, spec), _needed(spec))
        for spec in fields_of(connector.settings)
        if spec.group == "credentials"
    ]
    return table(("Field", "What it is and where it stands", "Needed"), rows)


def asked_when(connector: Connector, spec: FieldSpec) -> str:
    """With which answer to another field this one is asked; empty where it always is."""
    if spec.shown_when is None:
        return ""
    other, values = spec.shown_when
    asking = next(one for one in fields_of(connector.settings) if one.name == other)
    words = [next((choice.label for choice in asking.choices if choice.value == value), value) for value in values]
    return f" Asked when “{asking.label}” is {' or '.join(f'“{word}”' for word in words)}."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are on one line and their bars are escaped."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _needed(spec: FieldSpec) -> str:
    if spec.required:
        return "yes"
    if spec.shown_when is not None:
        return "where it is asked"
    return "preset" if spec.kind in (FieldKind.CHOICE, FieldKind.SWITCH) and spec.default not in ("", None) else "no"


def _section(title: str, said: dict[str, str], otherwise: str, more: str = "") -> str:
    body = "\n\n".join(part for part in (said.get(title) or otherwise, more) if part)
    return f"## {title}\n\n{body}" if body else ""


def _scopes(connector: Connector) -> str:
    """The rights that authorizing in the browser asks for, word for word."""
    scopes = connector.oauth.scopes if connector.oauth is not None else ()
    if not scopes:
        return ""
    return f"Authorizing in the browser asks {connector.name} for exactly these: {', '.join(f'`{scope}`' for scope in scopes)}."
