"""How texts of a file become numbers, moments and names. Nothing is guessed: what could be two things is refused with the reason."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from crossdock.connectors.filestore.countries import CODES
from crossdock.connectors.filestore.settings import Reading
from crossdock.connectors.kit.decoding import amount
from crossdock.connectors.kit.errors import InvalidData

_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_POINT = re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?|[+-]?\d+(\.\d+)?")
_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*(,\d+)?|[+-]?\d+(,\d+)?")
_MONEY = re.compile(r"^[A-Z]{3}\s+|^[$€£¥]\s*|\s*[$€£¥]$|\s+[A-Z]{3}$")
_SPREADSHEET = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_ABBREVIATED = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_ABBREVIATED.split(), 1)}


def number_of(text: str, reading: Reading, *, field: str, what: str) -> Decimal:
    """An exact number, as the settings say numbers are written. Raises InvalidData."""
    bare = _MONEY.sub("", text.replace("\u00a0", " ").replace("\u202f", " ").strip())
    pattern = {"plain": _PLAIN, "point": _POINT, "comma": _COMMA}[reading.number_style]
    if not pattern.fullmatch(bare):
        hint = ""
        if "," in bare and reading.number_style == "plain":
            hint = " Say in the settings what the comma means."
        example = {"plain": "12.50", "point": "1,234.50", "comma": "1.234,50"}[reading.number_style]
        raise InvalidData(f"{what} “{text[:60]}” is not a number such as {example}.{hint}", field=field)
    if reading.number_style == "comma":
        bare = bare.replace(".", "").replace(",", ".")
    number = amount(bare.replace(",", ""), field=what)
    assert number is not None  # noqa: S101  (only None stays None)
    return number


def sku_of(text: str, *, field: str) -> str:
    """A SKU, unless a spreadsheet has turned it into a number. Raises InvalidData."""
    if _SPREADSHEET.fullmatch(text):
        raise InvalidData(f"The SKU “{text}” was turned into a number by a spreadsheet. Export it as text.", field=field)
    return text


def moment_of(text: str, reading: Reading, *, field: str, what: str) -> datetime:
    """A moment in UTC. Without a zone it is the settings' zone; a date alone is noon there, so that no zone shows another day.

    Numbers of 10 and 13 digits are seconds and milliseconds since 1970. Raises InvalidData.
    """
    found = _patterned(text, reading) if reading.date_pattern else None
    if found is None:
        found = _epoch(text) or _iso(text) or _worded(text, reading, field=field)
    if found is None or not 2000 <= found.year <= 2100:
        raise InvalidData(f"{what} “{text[:60]}” is not a date such as 2026-01-31 or 2026-01-31T14:05:00Z.", field=field)
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(reading.time_zone))).astimezone(UTC)


def day_of(text: str, reading: Reading, *, field: str, what: str) -> date:
    """A date, as it is in the settings' zone. Raises InvalidData."""
    return moment_of(text, reading, field=field, what=what).astimezone(ZoneInfo(reading.time_zone)).date()


def country_of(text: str) -> str:
    """The two-letter code of a country that is known by name or by three letters; anything else as it stands, to be judged later."""
    if re.fullmatch(r"[A-Za-z]{2}", text):
        return "GB" if text.upper() == "UK" else text.upper()
    return CODES.get(re.sub(r"[^\w]", "", text.casefold()), text)


def _patterned(text: str, reading: Reading) -> datetime | None:
    try:
        found = datetime.strptime(text, reading.date_pattern)  # noqa: DTZ007  (the zone is put where it is read)
    except ValueError:
        return None
    return found if re.search(r"%[HIMScXp]", reading.date_pattern) else found.replace(hour=12)


def _epoch(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{10}|\d{13}", text):
        return None
    seconds, rest = divmod(int(text), 1000) if len(text) == 13 else (int(text), 0)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


def _iso(text: str) -> datetime | None:
    if re.fullmatch(r"\d{14}", text):
        text = f"{text[:8]}T{text[8:]}"
    text = re.sub(r"\s+(UTC|GMT|Z)$", "Z", text)
    text = re.sub(r"(\d) (?=[+-]\d\d:?\d\d$)", r"\1", text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(hour=12) if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text) else found


def _worded(text: str, reading: Reading, *, field: str) -> datetime | None:
    """Dates with slashes, dots or English months, with or without a time of the day."""
    numbers = re.fullmatch(r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})(?:,?[ T]+(.+))?", text)
    named = re.fullmatch(
        r"(?:[A-Za-z]{3,9},? )?(?:(\d{1,2}) ([A-Za-z]{3,9})|([A-Za-z]{3,9}) (\d{1,2})),? (\d{4})(?:,? (?:at )?(.+))?", text
    )
    try:
        if named:
            month = _MONTHS[(named[2] or named[3]).casefold()[:3]]
            day, clock = date(int(named[5]), month, int(named[1] or named[4])), named[6]
        elif numbers and len(numbers[1]) == 4:
            day, clock = date(int(numbers[1]), int(numbers[2]), int(numbers[3])), numbers[4]
        elif numbers and len(numbers[3]) == 4:
            if reading.date_order == "refuse":
                message = f"“{text[:60]}” could be two dates. Say in the settings whether month or day comes first."
                raise InvalidData(message, field=field)
            first, second = int(numbers[1]), int(numbers[2])
            month, dated = (first, second) if reading.date_order == "mdy" else (second, first)
            day, clock = date(int(numbers[3]), month, dated), numbers[4]
        else:
            return None
        return datetime.combine(day, time(12)) if not clock else _with_clock(day, clock)
    except (ValueError, KeyError):
        return None


def _with_clock(day: date, text: str) -> datetime | None:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([AaPp][Mm])?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?", text.strip())
    if found is None:
        return None
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[4].casefold() == "pm" else 0)
    moment = datetime.combine(day, time(hour, int(found[2]), int(found[3] or 0)))
    if found[5] is None:
        return moment
    return (
        moment.replace(tzinfo=UTC)
        if found[5] in ("Z", "UTC", "GMT")
        else datetime.fromisoformat(f"{moment.isoformat()}{found[5]}")
    )
