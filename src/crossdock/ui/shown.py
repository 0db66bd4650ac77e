"""How values read on a page: moments, durations, money, quantities. Plain functions from values to text."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# A currency's sign where it cannot be mistaken for another's; every other currency is shown by its code.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_NO_CENTS = {"JPY", "KRW", "VND", "CLP", "ISK", "HUF"}


def relative_words() -> Mapping[str, str]:
    """The phrases of `relative`, for the script that keeps them fresh: `{n}` is the number."""
    return _relative_words(get_language())


@lru_cache
def _relative_words(language: str | None) -> Mapping[str, str]:
    return {
        "now": _("just now"),
        "soon": _("now"),
        "min_ago": _("{n} min ago"),
        "h_ago": _("{n} h ago"),
        "d_ago": _("{n} d ago"),
        "in_min": _("in {n} min"),
        "in_h": _("in {n} h"),
        "in_d": _("in {n} d"),
    }


def relative(moment: datetime, now: datetime | None = None) -> str:
    """`moment` (aware) as seen from `now`: minutes, hours, then days; the date itself when it is two weeks away or more."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    words = relative_words()
    size = abs(seconds)
    if size < MINUTE:
        return words["now"] if seconds >= 0 else words["soon"]
    if size < HOUR:
        unit, number = "min", int(size // MINUTE)
    elif size < DAY:
        unit, number = "h", int(size // HOUR)
    elif size < 14 * DAY:
        unit, number = "d", int(size // DAY)
    else:
        return day(moment, now)
    return words[f"{unit}_ago" if seconds >= 0 else f"in_{unit}"].format(n=number)


def day(moment: datetime, now: datetime | None = None) -> str:
    """The date in the active time zone: "Nov 3", with the year when it is another one."""
    local = timezone.localtime(moment)
    this_year = local.year == timezone.localtime(now).year
    return _date_text(local.date(), "M j" if this_year else "M j, Y", get_language())


def exact(moment: datetime) -> str:
    """Date, time to the second and the name of the active time zone: "Sat, Nov 21, 2026, 10:03:11 (America/New_York)"."""
    local = timezone.localtime(moment)
    return f"{_date_text(local.date(), 'D, M j, Y', get_language())}, {local:%H:%M:%S} ({timezone.get_current_timezone_name()})"


# Django reads the pattern anew each time, and a list shows few days many times.
@lru_cache(maxsize=2_000)
def _date_text(day: date, pattern: str, language: str | None) -> str:
    return str(formats.date_format(day, pattern))


def clock(moment: datetime) -> str:
    """Hour and minute in the active time zone, on 24 hours."""
    return formats.time_format(timezone.localtime(moment), "H:i")


def iso_utc(moment: datetime) -> str:
    """ISO 8601 in UTC with Z, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def duration(span: timedelta) -> str:
    """The two largest units that matter: "1.4 s", "12 s", "3 min", "2 h 5 min", "3 d 4 h". Never negative."""
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 10:
        return _("{n} s").format(n=formats.number_format(Decimal(str(round(seconds, 1))), 1 if seconds % 1 else 0))
    if seconds < MINUTE:
        return _("{n} s").format(n=int(seconds))
    if seconds < HOUR:
        return _("{n} min").format(n=int(seconds // MINUTE))
    if seconds < DAY:
        hours, minutes = int(seconds // HOUR), int(seconds % HOUR // MINUTE)
        return _("{h} h {m} min").format(h=hours, m=minutes) if minutes else _("{h} h").format(h=hours)
    days, hours = int(seconds // DAY), int(seconds % DAY // HOUR)
    return _("{d} d {h} h").format(d=days, h=hours) if hours else _("{d} d").format(d=days)


def money_text(amount: Any, currency: str = "") -> str:
    """An amount in major units with its currency: "$1,234.50", "CA$" never, "CAD 12.00" instead. None is an en dash.

    `amount` is a number, or anything with `amount` and `currency`. Keeps more than two decimals where they are not zero.
    """
    if amount is None or amount == "":
        return "–"
    currency = str(getattr(amount, "currency", currency) or "")
    value = Decimal(str(getattr(amount, "amount", amount)))
    least = 0 if currency in _NO_CENTS else 2
    exponent = value.normalize().as_tuple().exponent
    places = max(least, -exponent) if isinstance(exponent, int) else least
    text = formats.number_format(abs(value), places, use_l10n=True, force_grouping=True)
    sign = "−" if value < 0 else ""
    if currency in _SIGNS:
        return f"{sign}{_SIGNS[currency]}{text}"
    return f"{sign}{currency} {text}" if currency else f"{sign}{text}"


def quantity_text(amount: Any, uom: str = "") -> str:
    """A quantity without idle zeros, grouped by thousands, with its unit of measure where it is not each."""
    if amount is None or amount == "":
        return "–"
    uom = str(getattr(amount, "uom", uom) or "")
    value = Decimal(str(getattr(amount, "amount", amount)))
    places = max(0, -int(value.normalize().as_tuple().exponent))
    text = formats.number_format(abs(value), places, use_l10n=True, force_grouping=True)
    sign = "−" if value < 0 else ""
    return f"{sign}{text} {uom}" if uom and uom.upper() not in {"EA", "EACH"} else f"{sign}{text}"


def count_text(number: int | None, ceiling: int = 10_000) -> str:
    """A count grouped by thousands; "10,000+" above the ceiling, where nobody counts on."""
    if number is None:
        return ""
    if number > ceiling:
        return f"{formats.number_format(ceiling, 0, use_l10n=True, force_grouping=True)}+"
    return str(formats.number_format(number, 0, use_l10n=True, force_grouping=True))
