"""When a channel runs: stackable rules in the account's time zone. A run starts when any rule fires."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Minutely(Struct, frozen=True, tag="minutely"):
    """Every so many minutes, counted from midnight."""

    every: int = 5

    def words(self) -> str:
        return "Every minute" if self.every == 1 else f"Every {self.every} minutes"


class Hourly(Struct, frozen=True, tag="hourly"):
    """Every so many hours, counted from midnight, at a minute past."""

    every: int = 1
    minute: int = 0

    def words(self) -> str:
        return ("Every hour" if self.every == 1 else f"Every {self.every} hours") + f" at {self.minute:02} minutes past"


class Daily(Struct, frozen=True, tag="daily"):
    """Every so many days, at a time of day."""

    every: int = 1
    hour: int = 2
    minute: int = 0

    def words(self) -> str:
        return ("Every day" if self.every == 1 else f"Every {self.every} days") + f" at {self.hour:02}:{self.minute:02}"


class Flexible(Struct, frozen=True, tag="flexible"):
    """Every so many minutes or hours on some weekdays (0 is Monday), from the start hour to the end hour, both included whole."""

    every: int = 15
    unit: Literal["minutes", "hours"] = "minutes"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    start_hour: int = 0
    end_hour: int = 23

    def words(self) -> str:
        unit = self.unit[:-1] if self.every == 1 else self.unit
        days = _days(self.weekdays)
        hours = "" if (self.start_hour, self.end_hour) == (0, 23) else f", {self.start_hour:02}:00 to {self.end_hour:02}:59"
        return f"Every {'' if self.every == 1 else f'{self.every} '}{unit} on {days}{hours}"


Rule = Minutely | Hourly | Daily | Flexible

_EPOCH = date(2024, 1, 1)  # a Monday; "every N days" counts from here


def problem_with(rule: Rule) -> str | None:
    """Why a rule makes no sense, as a sentence; None when it does."""
    match rule:
        case Minutely(every=n) if not 1 <= n <= 1439:
            return "Choose between 1 and 1,439 minutes."
        case Hourly(every=n, minute=m) if not (1 <= n <= 24 and 0 <= m <= 59):
            return "Choose 1 to 24 hours, and a minute from 0 to 59."
        case Daily(every=n, hour=h, minute=m) if not (1 <= n <= 366 and 0 <= h <= 23 and 0 <= m <= 59):
            return "Choose 1 to 366 days, and a time of day."
        case Flexible(every=n, unit=unit, weekdays=days, start_hour=a, end_hour=b):
            if not days or not all(0 <= day <= 6 for day in days):
                return "Choose at least one weekday."
            if not (0 <= a <= b <= 23):
                return "The end hour must not come before the start hour."
            if not 1 <= n <= (1439 if unit == "minutes" else 24):
                return "Choose between 1 and 1,439 minutes, or 1 and 24 hours."
    return None


def next_run(rules: Iterable[Rule], after: datetime, zone: str) -> datetime | None:
    """The first moment after `after` (aware) at which any rule fires, in UTC; None without rules."""
    times = [moment for rule in rules if (moment := _next(rule, after, ZoneInfo(zone)))]
    return min(times, default=None)


def in_words(rules: Iterable[Rule]) -> str:
    """The rules as one line: `Every 5 minutes; every day at 02:00`."""
    parts = [rule.words() for rule in rules]
    return "; ".join([*parts[:1], *(part[0].lower() + part[1:] for part in parts[1:])]) if parts else "Never"


def parse(rule: object) -> Rule:
    """A rule as stored. Raises msgspec.ValidationError."""
    parsed: Rule = msgspec.convert(rule, Rule)
    return parsed


def dump(rule: Rule) -> dict[str, object]:
    """A rule as it is stored."""
    return msgspec.to_builtins(rule)  # type: ignore[no-any-return]


def _next(rule: Rule, after: datetime, zone: ZoneInfo) -> datetime | None:
    local = after.astimezone(zone)
    for ahead in range(368):
        day = local.date() + timedelta(days=ahead)
        for minute in _minutes(rule, (day - _EPOCH).days, day.weekday()):
            # Made from the wall clock and read back: a time that the change to summer time skips fires an hour later.
            moment = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone).astimezone(UTC)
            if moment > after:
                return moment
    return None


def _minutes(rule: Rule, day: int, weekday: int) -> range | tuple[int, ...]:
    match rule:
        case Minutely(every=n):
            return range(0, 1440, n)
        case Hourly(every=n, minute=m):
            return range(m, 1440, 60 * n)
        case Daily(every=n, hour=h, minute=m):
            return (h * 60 + m,) if day % n == 0 else ()
        case Flexible(every=n, unit=unit, weekdays=days, start_hour=a, end_hour=b):
            return range(a * 60, (b + 1) * 60, n * (60 if unit == "hours" else 1)) if weekday in days else ()


def _days(days: tuple[int, ...]) -> str:
    chosen = tuple(sorted(set(days)))
    if chosen == (0, 1, 2, 3, 4):
        return "weekdays"
    if chosen == (0, 1, 2, 3, 4, 5, 6):
        return "every day"
    return ", ".join(WEEKDAYS[day][:3] for day in chosen)
