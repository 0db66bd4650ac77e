"""What a connector's error means for the work at hand: one pure function; nothing else sleeps, counts or retries."""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from crossdock.connectors.kit.errors import (
    AuthenticationFailed,
    ConnectorError,
    InvalidData,
    NotReady,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)

PAUSES = tuple(timedelta(seconds=s) for s in (15, 60, 300, 900, 1800, 3600, 3600, 7200))
"""Growing pauses after the first, second ... failure: about five hours in all, then a person is asked."""


MENDED_WITHIN = 4
"""The last of these pauses that is waited for a store or warehouse to be mended: whoever did it wants to see it go on."""


class Step(StrEnum):
    """What happens next."""

    RETRY = "retry"
    """Try again after the pause; it counts as a failure."""
    WAIT = "wait"
    """Try again after the pause; it counts as nothing."""
    ASK = "ask"
    """Look it up at the platform after the pause, before anything is sent again."""
    REFUSE = "refuse"
    """This one record stops with an error; everything else goes on."""
    PAUSE = "pause"
    """The lane stops, and what waits in it counts nothing; one thing is tried after the pause, for as long as it takes."""
    BLOCK = "block"
    """The lanes of this store or warehouse stop until a person gives new credentials."""


class Decision(Struct, frozen=True):
    """A step, and how long to wait before it."""

    step: Step
    after: timedelta = timedelta(0)


def decide(error: ConnectorError, attempt: int) -> Decision:
    """What follows an error on the `attempt`-th try (1 is the first)."""
    match error:
        case RateLimited(retry_after=pause):
            return Decision(Step.WAIT, max(pause, timedelta(seconds=1)))
        case AuthenticationFailed():
            return Decision(Step.BLOCK)
        case InvalidData():
            return Decision(Step.REFUSE)
        case OutcomeUnknown():
            return Decision(Step.ASK, PAUSES[min(attempt, len(PAUSES)) - 1] if attempt > 1 else timedelta(seconds=5))
        case NotReady():
            return Decision(Step.PAUSE, PAUSES[min(attempt, MENDED_WITHIN) - 1])
        case Unavailable() if attempt > len(PAUSES):
            return Decision(Step.REFUSE)
        case _:
            return Decision(Step.RETRY, PAUSES[min(attempt, len(PAUSES)) - 1])
