"""Credentials that end on a known day: who declares one, and when people are warned."""

from datetime import UTC, datetime

from msgspec import Struct

from crossdock.connectors.kit.settings import ConnectorSettings, fields_of

WARN_DAYS = (30, 7, 1)
"""How many days before its end a credential is warned of, each once."""


class Expiry(Struct, frozen=True):
    """A credential with an end. `field` is the credential, `label` what people call it, `at` in UTC."""

    field: str
    label: str
    at: datetime

    def stage(self, now: datetime) -> int | None:
        """Which warning is due: 30, 7 or 1 (days), 0 once it has ended; None while the end is far."""
        left = (self.at - now).total_seconds() / 86_400
        if left <= 0:
            return 0
        return next((days for days in reversed(WARN_DAYS) if left <= days), None)

    def warning(self, now: datetime) -> str | None:
        """A sentence for whoever has to renew it; None while the end is far."""
        stage = self.stage(now)
        if stage is None:
            return None
        if stage == 0:
            return f"{self.label} ended on {self.at:%Y-%m-%d}. Make a new one and enter it here."
        days = -int(-(self.at - now).total_seconds() // 86_400)
        when = "within a day" if days <= 1 else f"in {days} days"
        return f"{self.label} ends {when}, on {self.at:%Y-%m-%d}. Make a new one and enter it here before that day."


def expiries(settings: ConnectorSettings) -> tuple[Expiry, ...]:
    """The ends that the settings state, soonest first; fields declared with `setting(..., expiry_of=...)` and filled in."""
    specs = fields_of(type(settings))
    labels = {spec.name: spec.label for spec in specs}
    found = []
    for spec in specs:
        at = getattr(settings, spec.name, None)
        if spec.expiry_of is not None and isinstance(at, datetime):
            found.append(Expiry(spec.expiry_of, labels.get(spec.expiry_of, spec.expiry_of), at.astimezone(UTC)))
    return tuple(sorted(found, key=lambda one: one.at))


def expiry_warnings(settings: ConnectorSettings, *, now: datetime | None = None) -> tuple[str, ...]:
    """Sentences of what ends soon or has ended, for `Identity.warnings`."""
    moment = now or datetime.now(UTC)
    return tuple(text for one in expiries(settings) if (text := one.warning(moment)) is not None)
