"""What an order of a file means: a record and a mapping to a canonical order. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from urllib.parse import quote, unquote

from msgspec import Struct

from crossdock.connectors.filestore.fields import ADDRESS_PARTS, ATTRIBUTE, TARGETS
from crossdock.connectors.filestore.plan import Plan, Source, plan_of, source_text
from crossdock.connectors.filestore.records import Line, Record, records_of
from crossdock.connectors.filestore.settings import Reading, listed
from crossdock.connectors.filestore.synonyms import assign, could_be
from crossdock.connectors.filestore.trees import text_at
from crossdock.connectors.filestore.values import country_of, day_of, moment_of, number_of, sku_of
from crossdock.connectors.kit.bounds import ORDER_LINES
from crossdock.connectors.kit.decoding import within_bounds
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Rejected
from crossdock.domain.orders import Address, Hold, Order, OrderLine, ShippingMethod

ZERO = Decimal(0)

KEPT_OF_REFUSED = 16_384
"""Bytes that are kept of an order that cannot be understood: a file may hold hundreds of thousands of them."""

LONGEST_ID = 250
"""Characters of the longest order id that is taken."""


class Understood(Struct, frozen=True):
    """One record by its id, before it is understood: whoever has it already can pass it over."""

    external_id: str
    record: Record
    plan: Plan


def identified(name: str, content: bytes, reading: Reading) -> tuple[tuple[Understood, ...], tuple[Rejected, ...]]:
    """The records of a file by their ids. An id that comes twice with other content is rejected: no one knows which counts."""
    found: dict[str, Understood] = {}
    rejected: list[Rejected] = []
    doubled: set[str] = set()
    for record in records_of(name, content, reading):
        if isinstance(record, Rejected):
            rejected.append(record)
            continue
        plan = plan_for(record, reading)
        try:
            _must_be_told_apart(record, reading)
            external_id = _id_of(record, plan)
        except InvalidData as error:
            rejected.append(Rejected(None, error.field, error.message, record.raw[:4096], record.where))
            continue
        before = found.get(external_id)
        if before is None:
            found[external_id] = Understood(external_id, record, plan)
        elif before.record.raw != record.raw:
            doubled.add(external_id)
            reason = f"The order “{external_id}” is in the file twice, with other content. Send it once."
            rejected.append(Rejected(external_id, "number", reason, record.raw[:4096], record.where))
    return tuple(one for key, one in found.items() if key not in doubled), tuple(rejected)


def rejection(one: Understood, error: InvalidData) -> Rejected:
    """What people see of an order that cannot be understood."""
    where = error.evidence.get("where", one.record.where)
    return Rejected(one.external_id, error.field, error.message, one.record.raw[:KEPT_OF_REFUSED], where)


def plan_for(record: Record, reading: Reading) -> Plan:
    """Where each field of a record comes from: what is mapped, and for the rest what its columns are called."""
    return _plan(reading.mapping, record.columns, record.line_columns, record.is_flat)


@lru_cache(maxsize=256)
def _plan(mapping: str, columns: tuple[str, ...], line_columns: tuple[str, ...], is_flat: bool) -> Plan:
    explicit = plan_of(mapping)
    taken = {source.path for sources in explicit.values() for source in sources if source.path}
    # A column that a person gave to one field is not taken for another as well.
    free = [path for path in columns if path not in taken]
    found = assign(free, [path for path in line_columns if path not in taken], is_flat=is_flat)
    return {**{field: (Source(path=path),) for field, path in found.items()}, **explicit}


def to_order(one: Understood, reading: Reading, changed_at: datetime) -> Order:
    """One order as the file has it.

    `updated_at` is when the file was written, and so is `placed_at` where the file states none. Lines keep what is left to ship:
    ordered less shipped and canceled; of a canceled order nothing. Raises InvalidData naming the field, with the row as `where`.
    """
    record, plan = one.record, one.plan
    head = _Values(record.heads, plan, reading, record.where)
    number = head.needed("number")
    if not record.lines:
        raise InvalidData("The order has no lines. Say where they are: Path to the lines.", field="lines")
    status = head.text("status")
    is_canceled = _is_one_of(status, reading.status_canceled)
    lines = _lines(record.lines, plan, reading, is_canceled=is_canceled)
    if not record.is_flat or len(record.heads) > 1:
        _must_agree(record, plan)
    placed_at = head.moment("placed_at")
    order = Order(
        external_id=one.external_id,
        number=number,
        placed_at=placed_at or changed_at,
        updated_at=changed_at,
        currency=(head.text("currency") or reading.currency).upper(),
        lines=lines,
        grand_total=head.number("grand_total"),
        subtotal=head.number("subtotal"),
        shipping_total=head.number("shipping_total"),
        tax_total=head.number("tax_total"),
        discount_total=head.number("discount_total"),
        ship_to=_address(head, "ship_to"),
        bill_to=_address(head, "bill_to"),
        method=ShippingMethod(name=head.text("method"), carrier=head.text("carrier"), service=head.text("service")),
        email=head.text("email"),
        phone=head.text("phone"),
        customer_po=head.text("customer_po"),
        ship_not_before=head.moment("ship_not_before"),
        ship_by=head.moment("ship_by"),
        cancel_after=day_of(text, reading, field="cancel_after", what="The date to cancel after")
        if (text := head.text("cancel_after"))
        else None,
        hold=Hold(f"The store says “{status}”.") if _is_one_of(status, reading.status_hold) and not is_canceled else None,
        canceled_at=changed_at if is_canceled else None,
        cancel_reason=f"The store says “{status}”." if is_canceled else None,
        gift_message=head.text("gift_message"),
        packing_slip_note=head.text("packing_slip_note"),
        warehouse_note=head.text("warehouse_note"),
        tags=listed(head.text("tags") or ""),
        attributes={
            field.removeprefix(ATTRIBUTE): value
            for field in plan
            if field.startswith(ATTRIBUTE) and (value := head.text(field)) is not None
        },
        not_imported=_left_out(status, reading, is_canceled=is_canceled),
    )
    if not (len(order.currency) == 3 and order.currency.isascii() and order.currency.isalpha()):
        raise InvalidData(f"The currency “{order.currency[:20]}” is no code of three letters, such as USD.", field="currency")
    return within_bounds(order, record.raw)


# --- Lines and their ids -----------------------------------------------------------------------------------------------------------


def line_id(own: str | None, sku: str, occurrence: int) -> str:
    """A line's id: the store's own, or which line of its SKU it is, and the SKU, which files for the store are to name again."""
    first = quote(own, safe=" ") if own is not None else f"#{occurrence}"
    return f"{first}/{sku}"


def parts_of_line_id(external_id: str) -> tuple[str | None, str] | None:
    """The store's own line id, where it has one, and the SKU; None for what `line_id` never made."""
    first, slash, sku = external_id.partition("/")
    if not slash or not sku or not first:
        return None
    return (None if first.startswith("#") else unquote(first)), sku


def _lines(rows: Sequence[Line], plan: Plan, reading: Reading, *, is_canceled: bool) -> tuple[OrderLine, ...]:
    if len(rows) > ORDER_LINES:
        # Before they are looked at: a column that is mapped as the order number by mistake makes one order of a whole file.
        raise InvalidData(f"The order has {len(rows):,} lines; at most {ORDER_LINES:,} are taken.", field="lines")
    lines: dict[str, OrderLine] = {}
    counts: dict[str, int] = {}
    for row in rows:
        values = _Values((row.tree,), plan, reading, row.where)
        try:
            line = _line(values, counts, is_canceled=is_canceled)
        except InvalidData as error:
            raise InvalidData(error.message, field=error.field, evidence={"where": row.where}) from error
        if line.external_id in lines:
            message = f"Two lines have the id “{values.text('line.external_id')}”."
            raise InvalidData(message, field="line.external_id", evidence={"where": row.where})
        lines[line.external_id] = line
    return tuple(lines.values())


def _line(values: "_Values", counts: dict[str, int], *, is_canceled: bool) -> OrderLine:
    sku = sku_of(values.needed("line.sku"), field="line.sku")
    values.needed("line.quantity")
    quantity = values.number("line.quantity")
    assert quantity is not None  # noqa: S101  (needed above)
    gone = (values.number("line.quantity_shipped") or ZERO) + (values.number("line.quantity_canceled") or ZERO)
    if quantity < 0 or gone < 0:
        raise InvalidData(f"The quantity of {sku} is below zero.", field="line.quantity")
    counts[sku] = counts.get(sku, 0) + 1
    return OrderLine(
        external_id=line_id(values.text("line.external_id"), sku, counts[sku]),
        sku=sku,
        name=values.text("line.name") or sku,
        ordered=quantity,
        to_ship=ZERO if is_canceled else max(ZERO, quantity - gone),
        unit_price=values.number("line.unit_price"),
        uom=values.text("line.uom"),
        discount=values.number("line.discount"),
        tax=values.number("line.tax"),
        barcode=values.text("line.barcode"),
        location=values.text("line.location"),
        note=values.text("line.note"),
        hs_code=values.text("line.hs_code"),
        origin=country_of(text) if (text := values.text("line.origin")) else None,
    )


# --- The order's own values --------------------------------------------------------------------------------------------------------


class _Values:
    """Values by field. Every method raises InvalidData with the field at fault."""

    def __init__(self, trees: Sequence[object], plan: Plan, reading: Reading, where: str) -> None:
        self._trees = trees
        self._plan = plan
        self._reading = reading
        self._where = where

    def text(self, field: str) -> str | None:
        """The first of the field's sources that is not empty, in the first of the rows that has it."""
        for source in self._plan.get(field, ()):
            if source.constant is not None:
                return source.constant.strip() or None
            if source.path is not None:
                for tree in self._trees:
                    if (found := text_at(tree, source.path)) is not None:
                        return found
        return None

    def needed(self, field: str) -> str:
        """A value that must be there."""
        value = self.text(field)
        if value is not None:
            return value
        label = TARGETS[field].label.replace("Line: ", "")
        sources = self._plan.get(field, ())
        if sources:
            named = ", ".join(f"“{source.path}”" for source in sources if source.path)
            raise InvalidData(f"The {label} is empty in {named}.", field=field, evidence={"where": self._where})
        message = f"No column is the {label}. Map one: {field} = the column's name."
        raise InvalidData(message, field=field, evidence={"where": self._where})

    def number(self, field: str) -> Decimal | None:
        """An exact number."""
        text = self.text(field)
        what = f"The {TARGETS[field].label.replace('Line: ', '').lower()}"
        return None if text is None else number_of(text, self._reading, field=field, what=what)

    def moment(self, field: str) -> datetime | None:
        """A moment in UTC."""
        text = self.text(field)
        return None if text is None else moment_of(text, self._reading, field=field, what=f"The {TARGETS[field].label.lower()}")


def _must_be_told_apart(record: Record, reading: Reading) -> None:
    """Raises InvalidData where nobody said by which of several columns orders are known.

    A column that a later file brings would else give orders that are here another number, and they would ship once more.
    """
    if {"number", "external_id"} & plan_of(reading.mapping).keys():
        return
    numbers = could_be("number", record.columns, is_flat=record.is_flat)
    if len(numbers) > 1:
        shown = ", ".join(f"“{path}”" for path in numbers[:3])
        reason = f"Several columns could be the order number: {shown}. Map the one that is: number = {source_text(numbers[0])}"
        raise InvalidData(reason, field="number")


def _id_of(record: Record, plan: Plan) -> str:
    for field in ("external_id", "number"):
        sources = plan.get(field, ())
        for head in record.heads:
            for source in sources:
                if source.path and (found := text_at(head, source.path)):
                    return _as_id(found, field)
    label = TARGETS["number"].label
    raise InvalidData(f"No {label} was found. Map it: number = the column's name or path.", field="number")


def _as_id(text: str, field: str) -> str:
    """An order's id, if it can be kept as one: orders are looked up by it before anything else of them is read."""
    if len(text) > LONGEST_ID or "\x00" in text:
        shown = text[:40].replace("\x00", "␀")
        raise InvalidData(
            f"“{shown}” is no {TARGETS[field].label}: it has a NUL or more than {LONGEST_ID} characters.", field=field
        )
    return text


def _address(values: _Values, role: str) -> Address | None:
    parts: Mapping[str, str | None] = {part: values.text(f"{role}.{part}") for part in ADDRESS_PARTS}
    if not any(parts.values()):
        return None
    own = " ".join(part for part in (parts["first_name"], parts["last_name"]) if part)
    country = parts["country"]
    return Address(
        name=parts["name"] or own or None,
        company=parts["company"],
        lines=tuple(line for line in (parts["address1"], parts["address2"], parts["address3"]) if line),
        city=parts["city"],
        region=parts["region"],
        postal_code=parts["postal_code"],
        country=country_of(country) if country else None,
        phone=parts["phone"],
        email=parts["email"],
    )


def _must_agree(record: Record, plan: Plan) -> None:
    """Rows of one order that go to several places would be sent to the first of them: they are refused."""
    for field in ("ship_to.address1", "ship_to.city", "ship_to.postal_code", "ship_to.country"):
        for source in plan.get(field, ()):
            said = {text for head in record.heads if source.path and (text := text_at(head, source.path))}
            if len(said) > 1:
                shown = " and ".join(f"“{text}”" for text in sorted(said)[:2])
                raise InvalidData(f"The rows of this order go to several places: {source.path} is {shown}.", field=field)


def _is_one_of(status: str | None, names: str) -> bool:
    return status is not None and status.casefold() in {name.casefold() for name in listed(names)}


def _left_out(status: str | None, reading: Reading, *, is_canceled: bool) -> str | None:
    if not listed(reading.statuses) or is_canceled or _is_one_of(status, reading.statuses):
        return None
    if _is_one_of(status, reading.status_hold):
        return None
    return f"Its status is “{status}”, which is not imported." if status else "It has no status, and only some are imported."
