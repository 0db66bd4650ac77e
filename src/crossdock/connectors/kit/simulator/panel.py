"""What a person can see and do at a simulated platform, as data: the control page draws it, the control API runs its levers."""

from typing import Any

from msgspec import Struct


class Field(Struct, frozen=True, omit_defaults=True):
    """One question of a form. `kind` is text, long, number, switch, choice or hidden; choices are (value, label)."""

    name: str
    label: str
    kind: str = "text"
    default: str | int | float | bool | None = None
    choices: tuple[tuple[str, str], ...] = ()
    help: str | None = None


class Form(Struct, frozen=True, omit_defaults=True):
    """Something to do that needs answers: `lever` is called with them by name."""

    title: str
    lever: str
    button: str
    fields: tuple[Field, ...] = ()
    help: str | None = None


class Action(Struct, frozen=True, omit_defaults=True):
    """A button in a row: calls `lever` with `arguments` and what the few `fields` beside it say."""

    label: str
    lever: str
    arguments: dict[str, Any] = {}
    fields: tuple[Field, ...] = ()


class Row(Struct, frozen=True, omit_defaults=True):
    """One line of a table."""

    cells: tuple[str, ...]
    actions: tuple[Action, ...] = ()


class Table(Struct, frozen=True, omit_defaults=True):
    """Records of the platform, newest first. `empty` is the sentence when there are none."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str = "Nothing here yet."


class Panel(Struct, frozen=True, omit_defaults=True):
    """The control page of one platform. `notes` are short facts: where it listens, what credentials it takes."""

    notes: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    tables: tuple[Table, ...] = ()
