"""What a sample order file would become, with the columns it has and the fields they fill."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from crossdock.connectors.filestore.fields import TARGETS
from crossdock.connectors.filestore.mapping import identified, plan_for, rejection, to_order
from crossdock.connectors.filestore.plan import Plan, source_text
from crossdock.connectors.filestore.records import Record, header_of, kind_of, records_of
from crossdock.connectors.filestore.settings import Reading
from crossdock.connectors.filestore.trees import text_at
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Rejected
from crossdock.connectors.kit.samples import ORDERS_SHOWN, SampleColumn, SamplePreview
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.orders import Order

MOST_JUDGED = 2_000
"""Orders of a sample that are looked through for problems."""

MOST_COLUMNS = 200


def preview_of(values: Mapping[str, Any], sample: bytes, name: str) -> SamplePreview:
    """Understand a sample as an import would, with settings of which only those about reading count. Raises nothing of its own."""
    try:
        reading = Reading.model_validate({field: values[field] for field in Reading.model_fields if field in values})
    except ValidationError as error:
        faults = {
            str(one["loc"][0]): str(one["msg"]).removeprefix("Value error, ")
            if one["type"] == "value_error"
            else "This does not look as expected."
            for one in error.errors()
            if one["loc"]
        }
        return SamplePreview(faults=faults)
    known, bad = identified(name, sample, reading)
    now = datetime.now(UTC)
    orders: list[Order] = []
    problems: list[Rejected] = list(bad)
    count = 0
    for one in known[:MOST_JUDGED]:
        try:
            order = to_order(one, reading, now)
        except InvalidData as error:
            problems.append(rejection(one, error))
        else:
            count += 1
            if len(orders) < ORDERS_SHOWN:
                orders.append(order)
    count += max(0, len(known) - MOST_JUDGED)
    kind = kind_of(name, sample, reading).upper()
    records = [one.record for one in known[:ORDERS_SHOWN]] or _unidentified(name, sample, reading)
    return SamplePreview(
        said=kind,
        orders=tuple(orders),
        count=count,
        problems=tuple(problems),
        columns=_columns(records, reading),
        targets=tuple(Choice(target.name, target.label) for target in TARGETS.values()),
    )


def _unidentified(name: str, sample: bytes, reading: Reading) -> list[Record]:
    """Records whose number nobody has mapped yet: their columns are what the person is looking for."""
    given = Reading.model_validate({**reading.model_dump(), "mapping": "", "orders_path": reading.orders_path})
    found = [one for one in records_of(name, sample, given) if isinstance(one, Record)]
    if found or kind_of(name, sample, reading) != "csv":
        return found[:ORDERS_SHOWN]
    try:
        columns = header_of(sample, given)
    except InvalidData:
        return []
    # Any column will do to see the rows: each becomes an order of its own.
    first = given.model_copy(update={"mapping": f"number = {source_text(columns[0])}" if columns else ""})
    return [one for one in records_of(name, sample, first) if isinstance(one, Record)][:ORDERS_SHOWN]


def _columns(records: list[Record], reading: Reading) -> tuple[SampleColumn, ...]:
    found: dict[tuple[bool, str], SampleColumn] = {}
    for record in records:
        plan = plan_for(record, reading)
        for is_line, paths in ((False, record.columns), (True, record.line_columns)):
            trees = [line.tree for line in record.lines] if is_line else record.heads
            for path in paths:
                before = found.get((is_line, path))
                if before is not None and before.example and before.used_for:
                    continue
                example = next((text for tree in trees if (text := text_at(tree, path))), "")
                used = _used_for(path, plan, is_line=is_line, is_flat=record.is_flat)
                if before is not None:
                    example, used = before.example or example, before.used_for or used
                found[is_line, path] = SampleColumn(path, source_text(path), example[:80], is_line, used)
    return tuple(found.values())[:MOST_COLUMNS]


def _used_for(path: str, plan: Plan, *, is_line: bool, is_flat: bool) -> str | None:
    """The fields a column fills, by label."""
    labels = [
        TARGETS[field].label if field in TARGETS else field.replace(".", " ", 1).capitalize()
        for field, sources in plan.items()
        if any(source.path == path for source in sources) and (is_flat or field.startswith("line.") == is_line)
    ]
    return ", ".join(labels) or None
