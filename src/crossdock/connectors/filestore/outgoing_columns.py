"""Which columns the files for the store have, and under which names."""

from collections.abc import Mapping

from msgspec import Struct

SHIPMENT_FIELDS = (
    "shipment_id",
    "order_id",
    "order_number",
    "line_id",
    "sku",
    "quantity",
    "carrier",
    "service",
    "tracking_number",
    "tracking_url",
    "shipped_at",
    "is_final",
    "notify_customer",
)
"""Fields of a shipment file, one row a line; those of `LINE_FIELDS` are of the line."""

LINE_FIELDS = frozenset({"line_id", "sku", "quantity"})

MORE_FIELDS = frozenset({"first_tracking_number", "ship_date"})
"""Further ones that are written only when named."""

STOCK_FIELDS = ("sku", "quantity", "location", "updated_at")


class Column(Struct, frozen=True):
    """A column: its name in the file, and the field or the text in it."""

    name: str
    field: str | None = None
    constant: str | None = None


class BadColumns(ValueError):
    """A line that names no field; the message is a sentence with its number."""


_KINDS: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "shipment": (SHIPMENT_FIELDS, MORE_FIELDS),
    "stock": (STOCK_FIELDS, frozenset()),
}


def columns_of(text: str, kind: str) -> tuple[Column, ...]:
    """The columns of shipment or stock files in their order. Raises BadColumns."""
    fields, more = _KINDS[kind]
    columns: list[Column] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, source = (part.strip() for part in line.partition("="))
        if not name or not equals:
            raise BadColumns(f"Line {number}: write a column's name, “=” and a field, such as Tracking = {fields[-2]}.")
        if len(source) >= 2 and source[0] == source[-1] == '"':
            columns.append(Column(name, constant=source[1:-1]))
        elif source in fields or source in more:
            columns.append(Column(name, source))
        else:
            known = ", ".join((*fields, *sorted(more)))
            raise BadColumns(f"Line {number}: there is no field “{source[:60]}”. Fields are {known}.")
        if [column.name for column in columns].count(name) > 1:
            raise BadColumns(f"Line {number}: there is a column “{name[:60]}” already.")
    return tuple(columns) or tuple(Column(field, field) for field in fields)
