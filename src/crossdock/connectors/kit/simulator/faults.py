"""What goes wrong between a client and a platform, on demand or by chance with a seed."""

import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is done to one request."""

    STATUS = "status"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    TRUNCATE = "truncate"
    DELAY = "delay"
    HOSTILE = "hostile"


@dataclass(slots=True)
class Fault:
    """One thing to do to the next `left` requests that fit. `after_write` lets a status fault come after the work was done."""

    kind: Kind
    left: int = 1
    status: int = 503
    after_write: bool = False
    operation: str | None = None
    writes_only: bool = False
    seconds: float = 0.0
    detail: str = ""
    retry_after: float | None = None

    @property
    def name(self) -> str:
        """How it is counted: status_503, cut_after, hostile_gzip_bomb."""
        if self.kind is Kind.STATUS:
            return f"status_{self.status}" + ("_after_write" if self.after_write else "")
        return f"{self.kind.value}_{self.detail}" if self.detail else self.kind.value

    def fits(self, operation: str, is_write: bool) -> bool:
        """Whether it is meant for such a request."""
        return (self.operation is None or self.operation == operation) and (is_write or not self.writes_only)


CHANCE = ("status_429", "status_503", "cut_before", "cut_after", "truncate", "status_503_after_write", "delay")
"""What chance may do, unless told otherwise."""


class Faults:
    """Faults that wait for their request, and chance. Knows nothing of HTTP, so folders and SFTP use it as well."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.done: Counter[str] = Counter()
        self.latency = 0.0
        self.has_duplicate_pages = False
        self.has_reordered_pages = False
        self._rate = 0.0
        self._kinds: tuple[str, ...] = CHANCE
        self._random = random.Random(0)  # noqa: S311  (chosen faults, repeatable by their seed)

    def add(self, fault: Fault) -> None:
        """Let a fault wait for the next requests that fit."""
        self.waiting.append(fault)

    def by_chance(self, rate: float, seed: int, kinds: tuple[str, ...] = CHANCE) -> None:
        """From now on, harm this share of requests (0 to 1), the same way for the same seed and order of requests."""
        self._rate, self._kinds, self._random = rate, kinds, random.Random(seed)  # noqa: S311

    def clear(self) -> None:
        """End everything that waits or happens by chance; the counts stay."""
        self.waiting.clear()
        self.latency = self._rate = 0.0
        self.has_duplicate_pages = self.has_reordered_pages = False

    def next(self, operation: str, is_write: bool) -> Fault | None:
        """What to do to this request, taken and counted; None lets it pass."""
        for fault in self.waiting:
            if fault.fits(operation, is_write):
                fault.left -= 1
                if fault.left <= 0:
                    self.waiting.remove(fault)
                return self._counted(fault)
        if self._rate and self._random.random() < self._rate:
            return self._counted(self._drawn())
        return None

    def _counted(self, fault: Fault) -> Fault:
        self.done[fault.name] += 1
        return fault

    def _drawn(self) -> Fault:
        kind = self._random.choice(self._kinds)
        if kind.startswith("status_"):
            status = int(kind.split("_")[1])
            retry_after = 0.2 if status == 429 else None
            return Fault(Kind.STATUS, status=status, after_write=kind.endswith("after_write"), retry_after=retry_after)
        return Fault(Kind(kind), seconds=self._random.uniform(0.01, 0.2))
