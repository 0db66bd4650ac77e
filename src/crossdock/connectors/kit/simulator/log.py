"""What a simulator was asked, in order: the proof of what was written, and of what was not."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class LoggedRequest:
    """One request as the platform saw it. `status` stays None when the line was cut; `fault` names what was done to it."""

    at: datetime
    method: str
    path: str
    operation: str
    is_write: bool
    status: int | None = None
    fault: str | None = None
