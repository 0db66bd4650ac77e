"""Plots over time as values: moments, series, and how to read them without eyes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise

from crossdock.ui.parts import Series


@dataclass(frozen=True)
class Plot:
    """Series over the same moments (aware, ascending). `kind` draws lines, bars, or a sparkline without axes.

    `unit` stands after a figure ("orders", "s"). Raises ValueError when a series has not one value for each moment.
    """

    title: str | Promise
    moments: Sequence[datetime]
    series: Sequence[Series]
    kind: Literal["line", "bars", "spark"] = "line"
    unit: str | Promise = ""

    def __post_init__(self) -> None:
        for one in self.series:
            if len(one.values) != len(self.moments):
                raise ValueError(f"{one.label}: {len(one.values)} values for {len(self.moments)} moments")

    def rows(self) -> list[tuple[datetime, list[float | int | None]]]:
        """The figures as a table: a row for each moment, a column for each series."""
        return [(at, [one.values[index] for one in self.series]) for index, at in enumerate(self.moments)]

    def as_json(self) -> str:
        """What chart.js reads: moments in seconds since 1970, values, labels and tones."""
        return json.dumps(
            {
                "kind": self.kind,
                "title": str(self.title),
                "unit": str(self.unit),
                "x": [int(at.timestamp()) for at in self.moments],
                "series": [
                    {"label": str(one.label), "tone": str(one.tone or "flight"), "values": list(one.values)}
                    for one in self.series
                ],
            }
        )
