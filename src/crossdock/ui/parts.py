"""The values that components are given. Frozen, so a view makes them and a template shows them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise

from crossdock.ui.statuses import Tone

Text = str | Promise


@dataclass(frozen=True)
class Tab:
    """One tab: `count` None shows none, above 10,000 shows "10,000+"; `tone` colors a count that asks for attention."""

    label: Text
    url: str
    count: int | None = None
    is_current: bool = False
    tone: Tone | None = None


@dataclass(frozen=True)
class Step:
    """One step of a wizard; `url` leads back to it when it may be changed again."""

    label: Text
    state: str = "todo"  # "done", "current" or "todo"
    url: str = ""


@dataclass(frozen=True)
class WayStep:
    """One step of a record's way; `at` None: not reached. `note` stands below: a warehouse, a reason, a next try."""

    label: Text
    icon: str = "circle"
    at: datetime | None = None
    tone: Tone | None = None
    note: Text = ""
    took: timedelta | None = field(default=None)  # since the step before; `with_times` fills it

    @property
    def state(self) -> str:
        """ "done" (reached), "stuck" or "wait" by its tone, else "todo"."""
        if self.tone in (Tone.STUCK, Tone.WAIT):
            return str(self.tone)
        return "done" if self.at else "todo"


def with_times(steps: Sequence[WayStep]) -> list[WayStep]:
    """The same steps, each knowing how long it took since the last reached one before it."""
    told: list[WayStep] = []
    before: datetime | None = None
    for step in steps:
        took = step.at - before if step.at and before else None
        told.append(WayStep(step.label, step.icon, step.at, step.tone, step.note, took))
        before = step.at or before
    return told


@dataclass(frozen=True)
class Happening:
    """One entry of a timeline. `detail` is text shown when opened; `detail_url` is fetched then instead."""

    at: datetime
    title: Text
    tone: Tone | None = None
    icon: str = "circle"
    who: Text = ""
    text: Text = ""
    detail: Text = ""
    detail_url: str = ""
    key: str = ""


@dataclass(frozen=True)
class Fact:
    """One row of a definition list; an empty value shows as an en dash, or not at all in a list that hides empty ones."""

    label: Text
    value: Any
    is_mono: bool = False
    is_copied: bool = False
    url: str = ""


@dataclass(frozen=True)
class Series:
    """One line of a plot; `values` has one number (or None, a gap) for each moment of the plot."""

    label: Text
    values: Sequence[float | int | None]
    tone: Tone | None = None
