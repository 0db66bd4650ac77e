"""Replenishments, sorted by what they mean: what is there at once, and what is still to come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from crossdock.connectors.nuorder.payloads import NuReplenishment, text


def names_of(row: NuReplenishment) -> tuple[str, ...]:
    """What a replenishment calls its SKU: NuORDER's id, and the name it is shown by."""
    return tuple(name for name in (text(row.sku_id), text(row.display_name)) if name)


def is_at_once(row: NuReplenishment, today: date) -> bool:
    """Whether its units are there now: not prebooked, and begun."""
    return not row.prebook and day_of(row.period_start) <= today.isoformat()


def there_now(rows: Iterable[NuReplenishment], today: date) -> Mapping[str, Sequence[NuReplenishment]]:
    """Replenishments that count today, by each of their names: at once, active, and not over."""
    found: dict[str, list[NuReplenishment]] = {}
    for row in rows:
        is_over = row.period_end not in (None, "") and day_of(row.period_end) < today.isoformat()
        if is_at_once(row, today) and not is_over and row.active is not False:
            for name in dict.fromkeys(names_of(row)):
                found.setdefault(name, []).append(row)
    return found


def units_there(standing: Mapping[str, Sequence[NuReplenishment]], names: Iterable[str | None]) -> Decimal | None:
    """Units that are there now of what goes by any of these names; None where no replenishment says."""
    rows = {id(row): row for name in names if name for row in standing.get(name, ())}
    said = [row.quantity for row in rows.values() if row.quantity is not None]
    return sum(said, Decimal(0)) if said else None


def day_of(value: str | int | float | None) -> str:
    """A day as text, from milliseconds or from text; empty for none, which is before every day."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, UTC).date().isoformat()
    return (value or "")[:10]
