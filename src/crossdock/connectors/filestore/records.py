"""Bytes of an order file to records: one for each order, with what it was read from. What an order means is `mapping`'s."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.connectors.filestore.plan import Plan, plan_of
from crossdock.connectors.filestore.settings import Reading
from crossdock.connectors.filestore.synonyms import assign, plain
from crossdock.connectors.filestore.trees import leaves, lines_at, lines_path_of, text_at
from crossdock.connectors.kit.errors import InvalidData
from crossdock.connectors.kit.pages import Rejected
from crossdock.formats.delimited import BadRow, Reader, Row, TooManyFaults
from crossdock.formats.xml import BadXml, elements, outline

_LISTS = ("orders", "salesorders", "data", "results", "items", "records", "order", "salesorder")
_ORDER_ELEMENTS = frozenset({"order", "salesorder", "purchaseorder", "shoporder", "weborder"})
MOST_COLUMNS = 1_000
"""Columns of the widest header that is taken."""

MOST_ROWS = 1_000_000
"""Lines of the longest CSV file that is taken: all its rows are held at once, since those of an order may stand anywhere."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_RAW = msgspec.json.Decoder(msgspec.Raw)


class Line(Struct, frozen=True):
    """One line as it stands in the file."""

    where: str
    tree: Any


class Record(Struct, frozen=True):
    """One order as it stands in the file.

    `heads` are where the order's own values are looked for, first things first: the order element, or all its rows. `columns` and
    `line_columns` are the paths it has.
    """

    where: str
    parts: tuple[bytes, ...]
    heads: tuple[Any, ...]
    lines: tuple[Line, ...]
    columns: tuple[str, ...]
    line_columns: tuple[str, ...]
    is_flat: bool

    @property
    def raw(self) -> bytes:
        """What it was read from. Put together when it is asked for: of rows, with the header, which is one for the whole file."""
        return b"".join(self.parts)


Found = Iterator[Record | Rejected]


def kind_of(name: str, content: bytes, reading: Reading) -> str:
    """csv, json or xml: as set, else by the ending, else by how the file begins."""
    if reading.format != "auto":
        return reading.format
    ending = name.rpartition(".")[2].casefold()
    known = {"csv": "csv", "tsv": "csv", "txt": "csv", "json": "json", "jsonl": "json", "ndjson": "json", "xml": "xml"}
    if ending in known:
        return known[ending]
    begins = _beginning(content[:400], reading).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return {b"<": "xml", b"{": "json", b"[": "json"}.get(begins, "csv")


def _beginning(content: bytes, reading: Reading) -> bytes:
    try:
        return _utf8(content, reading.encoding, is_part=True)
    except InvalidData:
        return content  # what is wrong with it is said where it is read


def records_of(name: str, content: bytes, reading: Reading) -> Found:
    """The orders of a file, in its order, and what of it cannot be read, with file and line."""
    try:
        how: Callable[[str, bytes, Reading], Found] = {"csv": _of_rows, "json": _of_json, "xml": _of_xml}[
            kind_of(name, content, reading)
        ]
        yield from how(name, content, reading)
    except InvalidData as error:
        yield Rejected(None, error.field, error.message, content[:4096], name)


# --- CSV -------------------------------------------------------------------------------------------------------------------------


def _of_rows(name: str, content: bytes, reading: Reading) -> Found:
    content = _utf8(content, reading.encoding)
    if max(content.count(b"\n"), content.count(b"\r")) > MOST_ROWS:
        yield Rejected(None, None, f"The file has more than {MOST_ROWS:,} lines. Split it.", content[:4096], name)
        return
    header: Row | None = None
    number_paths: tuple[str, ...] = ()
    groups: dict[str, list[Row]] = {}
    columns: tuple[str, ...] = ()
    above = reading.skip_rows
    for row in _rows(content, reading):
        where = f"{name} line {row.line}"
        if isinstance(row, BadRow):
            yield Rejected(None, None, row.reason, row.raw, where)
        elif above:
            above -= 1
        elif header is None:
            if len(row.fields) > MOST_COLUMNS:
                message = (
                    f"The header has {len(row.fields):,} columns; at most {MOST_COLUMNS:,} are taken. Is the delimiter right?"
                )
                yield Rejected(None, "delimiter", message, row.raw[:4096], where)
                return
            header, columns = row, _named(row.fields)
            number_paths = _number_paths(columns, plan_of(reading.mapping))
            if not number_paths:
                message = (
                    f"No column is the order number. The header has: {', '.join(columns)[:400]}. "
                    "Map one: number = the column's name."
                )
                yield Rejected(None, "number", message, row.raw[:4096], where)
                return
        elif any(cell.strip() for cell in row.fields):
            tree = _tree(columns, row)
            number = next((text for path in number_paths if (text := text_at(tree, path))), None)
            if number is None:
                yield Rejected(None, "number", "The row has no order number.", row.raw[:4096], where)
            elif len(row.fields) > len(columns) and any(cell.strip() for cell in row.fields[len(columns) :]):
                # A delimiter inside a value without quotes moves all that follows: nothing of the row can be trusted.
                reason = (
                    f"The row has {len(row.fields)} values, the header {len(columns)}. Put values with the delimiter in quotes."
                )
                yield Rejected(number, None, reason, row.raw[:4096], where)
                groups.setdefault(number, []).append(row)
            else:
                groups.setdefault(number, []).append(row)
    if header is None:
        yield Rejected(None, None, "The file has no header row with the names of its columns.", content[:4096], name)
        return
    for number, rows in groups.items():
        wide = next((row for row in rows if len(row.fields) > len(columns) and any(row.fields[len(columns) :])), None)
        if wide is not None:
            if len(rows) > 1:
                reason = f"Held back with {name} line {wide.line}, of the same order. Correct that row and send it again."
                yield Rejected(number, None, reason, rows[0].raw[:4096], f"{name} line {rows[0].line}")
            continue
        trees = tuple(_tree(columns, row) for row in rows)
        lines = tuple(Line(f"{name} line {row.line}", tree) for row, tree in zip(rows, trees, strict=True))
        parts = (header.raw, *(row.raw for row in rows))
        yield Record(f"{name} line {rows[0].line}", parts, trees, lines, columns, (), is_flat=True)


def header_of(content: bytes, reading: Reading) -> tuple[str, ...]:
    """The columns of a CSV file. Raises InvalidData."""
    rows = [row for row in _rows(_utf8(content, reading.encoding), reading) if isinstance(row, Row)][reading.skip_rows :]
    return _named(rows[0].fields) if rows and len(rows[0].fields) <= MOST_COLUMNS else ()


def _rows(content: bytes, reading: Reading) -> Iterator[Row | BadRow]:
    reader = Reader(delimiter=_delimiter(content, reading), encoding="utf-8")
    try:
        yield from reader.feed(content)
        yield from reader.close()
    except TooManyFaults as error:
        yield BadRow(error.line, "Reading stopped here: the quotes of this file do not pair.", b"")


def _delimiter(content: bytes, reading: Reading) -> str:
    """As set; else the one that the header has most of, outside quotes."""
    if reading.delimiter != "auto":
        return "\t" if reading.delimiter == "tab" else reading.delimiter
    header = b"\n".join(content[: 1 << 16].splitlines()[reading.skip_rows : reading.skip_rows + 1])
    bare = b"".join(header.split(b'"')[::2])
    return max((",", ";", "\t", "|"), key=lambda one: bare.count(one.encode()))


def _named(fields: Sequence[str]) -> tuple[str, ...]:
    """Columns by name; one without a name, or named again, by its place: `column 3`, `Price (2)`."""
    names: dict[str, None] = {}
    counts: dict[str, int] = {}
    for place, field in enumerate(fields, 1):
        name = own = field.strip() or f"column {place}"
        while name in names:
            counts[own] = counts.get(own, 1) + 1
            name = f"{own} ({counts[own]})"
        names[name] = None
    return tuple(names)


def _tree(columns: Sequence[str], row: Row) -> dict[str, str]:
    return dict(zip(columns, row.fields, strict=False))


def _number_paths(columns: Sequence[str], plan: Plan) -> tuple[str, ...]:
    if "number" in plan:
        return tuple(source.path for source in plan["number"] if source.path and _has(columns, source.path))
    found = assign(columns, (), is_flat=True).get("number")
    return (found,) if found else ()


def _has(columns: Sequence[str], path: str) -> bool:
    return path in columns or sum(plain(column) == plain(path) for column in columns) == 1


# --- JSON ------------------------------------------------------------------------------------------------------------------------


def _of_json(name: str, content: bytes, reading: Reading) -> Found:
    body = _utf8(content, reading.encoding).removeprefix(codecs.BOM_UTF8).strip()
    for where, raw in _json_orders(name, body, reading):
        if isinstance(raw, InvalidData):
            yield Rejected(None, raw.field, raw.message, b"", where)
            continue
        try:
            tree = _decoded(raw, _DECODER)
        except InvalidData as error:
            yield Rejected(None, error.field, error.message, raw[:4096], where)
            continue
        if isinstance(tree, dict):
            yield _of_tree(where, raw, tree, reading)
        else:
            yield Rejected(None, None, "It is no order: an object was expected.", raw[:4096], where)


def _json_orders(name: str, body: bytes, reading: Reading) -> Iterator[tuple[str, bytes | InvalidData]]:
    lines = body.splitlines()
    if len(lines) > 1 and body[:1] == b"{" and _is_json(lines[0]):
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{name} line {number}", line.strip()
        return
    root = msgspec.Raw(body)
    found = _listed(root, [part for part in reading.orders_path.replace("/", ".").split(".") if part])
    if isinstance(found, bytes):
        yield f"{name} order 1", found
        return
    for number, raw in enumerate(found, 1):
        yield f"{name} order {number}", bytes(raw)


def _listed(raw: msgspec.Raw, path: Sequence[str]) -> list[msgspec.Raw] | bytes:
    """The orders at a path or where they probably are; bytes where there is a single one. Raises InvalidData."""
    here = raw
    for part in path:
        level = _level(here)
        if not isinstance(level, dict) or part not in level:
            known = f" There are: {', '.join(level)[:300]}." if isinstance(level, dict) else ""
            raise InvalidData(f"There is no “{part}” on the way {'.'.join(path)}.{known}", field="orders_path")
        here = level[part]
    for _ in range(4):
        level = _level(here)
        if isinstance(level, list):
            return level
        if path or not isinstance(level, dict):
            break
        if lines_path_of(_decoded(bytes(here), _DECODER)) and not _holds_orders(level):
            break
        key = next(
            (key for wanted in _LISTS for key in level if plain(key) == wanted and bytes(level[key])[:1] in (b"[", b"{")), None
        )
        if key is None:
            break
        here = level[key]
    if not isinstance(_level(here), dict):
        raise InvalidData("There is no list of orders in this file. Say where it is: Path to the orders.", field="orders_path")
    return bytes(here)


def _holds_orders(level: dict[str, msgspec.Raw]) -> bool:
    """Whether what looks like a list of lines is rather the list of orders: it stands alone, or its elements have lines."""
    for key, raw in level.items():
        if plain(key) in ("orders", "salesorders", "data", "results", "records"):
            return True
        if plain(key) == "items" and bytes(raw)[:1] == b"[":
            items = _decoded(bytes(raw), _DECODER)
            return any(isinstance(one, dict) and lines_path_of(one) for one in items[:3])
    return False


def _level(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | list[msgspec.Raw] | None:
    begins = bytes(raw)[:1]
    if begins == b"[":
        found_list: list[msgspec.Raw] = _decoded(bytes(raw), msgspec.json.Decoder(list[msgspec.Raw]))
        return found_list
    if begins == b"{":
        found: dict[str, msgspec.Raw] = _decoded(bytes(raw), msgspec.json.Decoder(dict[str, msgspec.Raw]))
        return found
    _decoded(bytes(raw), _RAW)
    return None


def _decoded(raw: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidData(f"It is not JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidData("It is nested too deeply.") from error
    except ArithmeticError as error:
        raise InvalidData("A number in it cannot be read.") from error


def _is_json(line: bytes) -> bool:
    try:
        _decoded(line, _RAW)
    except InvalidData:
        return False
    return True


# --- XML -------------------------------------------------------------------------------------------------------------------------


def _of_xml(name: str, content: bytes, reading: Reading) -> Found:
    if reading.encoding not in ("auto", "utf-8", "utf-16"):
        content = _utf8(content, reading.encoding)
    try:
        path = _element_path(content, reading)
        for element in elements(content, path):
            where = f"{name} line {element.line}"
            if isinstance(element.tree, dict):
                yield _of_tree(where, element.raw, element.tree, reading)
            else:
                yield Rejected(None, None, "The element has nothing inside it.", element.raw[:4096], where)
    except BadXml as error:
        message = f"This is no XML that can be read: {error.reason}."
        yield Rejected(None, None, message, content[:4096], f"{name} line {error.line}")


def _element_path(content: bytes, reading: Reading) -> tuple[str, ...]:
    """From the root to the order element: as set, else by what such elements are called. Raises BadXml and InvalidData."""
    known = [path for path, _ in outline(content)]
    wanted = tuple(part for part in reading.orders_path.replace(".", "/").split("/") if part)
    if wanted:
        found = next((path for path in known if path[-len(wanted) :] == wanted), None)
        if found is None:
            there = ", ".join("/".join(path) for path in known[:12])
            raise InvalidData(f"There is no element {'/'.join(wanted)}. There are: {there}.", field="orders_path")
        return found
    named = [path for path in known if plain(path[-1]) in _ORDER_ELEMENTS]
    if named:
        return min(named, key=len)
    below = [path for path in known if len(path) == 2]
    if len(below) == 1:
        return below[0]
    if known and len(below) > 1:
        return known[0][:1]
    raise InvalidData("No order element was found. Say where it is: Path to the orders.", field="orders_path")


def _of_tree(where: str, raw: bytes, tree: dict[str, Any], reading: Reading) -> Record:
    path = reading.lines_path.replace("/", ".") if reading.lines_path else lines_path_of(tree)
    rows = lines_at(tree, path) if path else []
    lines = tuple(Line(f"{where}, line {number} of it", row) for number, row in enumerate(rows, 1))
    inside: dict[str, None] = {}
    for row in rows[:20]:
        inside |= dict.fromkeys(leaves(row))
    return Record(where, (raw,), (tree,), lines, tuple(leaves(tree, without=path)), tuple(inside), is_flat=False)


# --- Encodings -------------------------------------------------------------------------------------------------------------------


def _utf8(content: bytes, encoding: str, *, is_part: bool = False) -> bytes:
    """The content in UTF-8. What is said to be UTF-8 is left as it is: each row is judged by itself. Raises InvalidData."""
    if encoding == "auto":
        encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    if encoding == "utf-8":
        return content
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content, final=not is_part).encode()
    except UnicodeError as error:
        at = f" at byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
        raise InvalidData(f"The file is not {encoding.upper()}{at}; set the encoding it has.", field="encoding") from error
