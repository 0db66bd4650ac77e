"""What a connector may raise. The class says what happens next; `message` is for the person on duty, `evidence` for us."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID


class ConnectorError(Exception):
    """Base of them all. `message` says what happened and what to do; `evidence` holds details without secrets.

    `exchange` is filled in by the hub once what was said is archived.
    """

    exchange: UUID | None = None

    def __init__(self, message: str, *, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.evidence = dict(evidence or {})


class Unavailable(ConnectorError):
    """No answer, or an answer that says to come back; repeating is safe. `field` is the setting that may be at fault: an address that
    somebody typed.
    """

    def __init__(self, message: str, *, field: str | None = None, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(message, evidence=evidence)
        self.field = field


class NotReady(Unavailable):
    """The store or warehouse as a whole can take nothing before somebody there has mended it: a folder is gone, or may not be written.
    No record is at fault. `field` is the setting that names what is missing.
    """


class RateLimited(ConnectorError):
    """The platform asks to slow down. Does not count as a failure."""

    def __init__(self, message: str, *, retry_after: timedelta, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(message, evidence=evidence)
        self.retry_after = retry_after


class AuthenticationFailed(ConnectorError):
    """Refused, expired, or a scope is missing: a person has to act. `field` is the setting at fault, where it is known."""

    def __init__(self, message: str, *, field: str | None = None, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(message, evidence=evidence)
        self.field = field


class InvalidData(ConnectorError):
    """A payload breaks a rule, or the platform refuses this one thing. `field` names the part at fault."""

    def __init__(self, message: str, *, field: str | None = None, evidence: Mapping[str, str] | None = None) -> None:
        super().__init__(message, evidence=evidence)
        self.field = field


class OutcomeUnknown(ConnectorError):
    """A write was sent and no clear answer came. It is looked up before it is sent again."""
