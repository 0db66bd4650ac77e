"""Delimited text: RFC 4180 quoted comma text, and the same with other delimiters, as partners really write it.

Reading is tolerant (byte order mark, any line ending, quotes left out) and says for each row it cannot take the line and the
reason. Writing has two functions that must not be one with a switch: `for_machines` gives back exactly what it was given,
`for_people` makes cells harmless that a spreadsheet would run as a formula.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

ENCODINGS = ("utf-8", "cp1252", "latin-1")
"""Encodings in which a delimiter, a quote and a line ending are one byte each, so that rows are found before they are decoded."""

LONGEST_ROW = 1 << 20
"""Bytes of the longest row that is understood."""

# A quote that is never closed swallows rows; they are read again from the line after it. This bounds how often a hostile file can
# make us do so.
_MOST_READ_AGAIN = 8 << 20

_BOM = b"\xef\xbb\xbf"
_QUOTE, _CR, _LF = b'"\r\n'
_LINE_END = re.compile(rb"[\r\n]")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


class Row(Struct, frozen=True):
    """One record. `line` is the line it begins on, counted from 1; `raw` the bytes it was read from, line ending included."""

    line: int
    fields: tuple[str, ...]
    raw: bytes


class BadRow(Struct, frozen=True):
    """A record that cannot be read, the line it begins on, and why; `raw` is at most its first 4,096 bytes."""

    line: int
    reason: str
    raw: bytes


class Reader:
    """Reads rows from bytes that come in pieces. Empty lines are passed over.

    `feed` gives what is whole so far, `close` the rest. `ends_open` says afterwards that the last line had no line ending, which
    is how a cut file looks.
    """

    def __init__(self, *, delimiter: str = ",", encoding: str = "utf-8") -> None:
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
            raise ValueError(f"{delimiter!r} cannot delimit fields")
        if encoding not in ENCODINGS:
            raise ValueError(f"{encoding!r} is not one of {', '.join(ENCODINGS)}")
        self._delimiter = ord(delimiter)
        self._stop = re.compile(b"[" + re.escape(delimiter.encode()) + b"\r\n]")
        self._encoding = encoding
        self._buffer = b""
        self._line = 1
        self._at_start = True
        self._skipping = False
        self._read_again = 0
        self.ends_open = False

    def feed(self, piece: bytes) -> Iterator[Row | BadRow]:
        """Rows that are whole with this piece."""
        self._buffer += piece
        if self._at_start:
            if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
                return
            self._at_start = False
            self._buffer = self._buffer.removeprefix(_BOM)
        yield from self._rows(is_last=False)

    def close(self) -> Iterator[Row | BadRow]:
        """The rows left when no more bytes come."""
        self._buffer = self._buffer.removeprefix(_BOM) if self._at_start else self._buffer
        self.ends_open = bool(self._buffer) and self._buffer[-1] not in (_CR, _LF)
        yield from self._rows(is_last=True)

    def _rows(self, *, is_last: bool) -> Iterator[Row | BadRow]:
        buffer, start = self._buffer, 0
        while start < len(buffer):
            if self._skipping:
                end = _line_end(buffer, start, is_last)
                if end is None:
                    start = len(buffer)
                    break
                self._skipping, start = False, end
                self._line += 1
                continue
            fields, end, fault = self._record(buffer, start, is_last)
            if fault is None and fields is None:
                if len(buffer) - start <= LONGEST_ROW and not is_last:
                    break
                fault, end = "its quotes are not closed", len(buffer)
            if fault is None and end - start > LONGEST_ROW:
                fault = f"it is longer than {LONGEST_ROW >> 20} MiB"
            if fault is not None:
                yield BadRow(self._line, _sentence(fault), buffer[start : min(end, start + 4096)])
                start = self._after_fault(buffer, start, end, is_last)
                continue
            raw = buffer[start:end]
            if fields and raw.strip(b"\r\n"):
                yield self._decoded(fields, raw)
            self._line += raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
            start = end
        self._buffer = buffer[start:]

    def _after_fault(self, buffer: bytes, start: int, end: int, is_last: bool) -> int:
        """Where to go on: on the line after the one at fault, for the fault may be a quote that swallowed good rows."""
        after = _line_end(buffer, start, is_last=True)
        if after is None or (after == len(buffer) and not is_last and buffer[-1] not in (_CR, _LF)):
            self._skipping = True
            return len(buffer)
        self._read_again += max(0, end - after)
        if self._read_again > _MOST_READ_AGAIN:
            raise TooManyFaults(self._line)
        self._line += 1
        return after

    def _record(self, buffer: bytes, start: int, is_last: bool) -> tuple[list[bytes] | None, int, str | None]:
        """(fields, end, fault) of the record at `start`; neither fields nor fault when more bytes are needed."""
        fields: list[bytes] = []
        at, size = start, len(buffer)
        while True:
            if at < size and buffer[at] == _QUOTE:
                close = at + 1
                while True:
                    close = buffer.find(b'"', close)
                    if close < 0 or (close + 1 == size and not is_last):
                        return None, size, None
                    if buffer[close + 1 : close + 2] != b'"':
                        break
                    close += 2
                fields.append(buffer[at + 1 : close].replace(b'""', b'"'))
                at = close + 1
                if at < size and buffer[at] not in (self._delimiter, _CR, _LF):
                    return None, at, "text follows a closing quote"
            else:
                found = self._stop.search(buffer, at)
                if found is None and not is_last:
                    return None, size, None
                stop = size if found is None else found.start()
                fields.append(buffer[at:stop])
                at = stop
            if at == size:
                return (fields, at, None) if is_last else (None, at, None)
            if buffer[at] == self._delimiter:
                at += 1
            elif buffer[at] == _LF:
                return fields, at + 1, None
            elif at + 1 == size and not is_last:
                return None, size, None
            else:
                return fields, at + (2 if buffer[at + 1 : at + 2] == b"\n" else 1), None

    def _decoded(self, fields: Sequence[bytes], raw: bytes) -> Row | BadRow:
        if b"\0" in raw:
            return BadRow(self._line, "It holds a NUL character.", raw[:4096])
        try:
            return Row(self._line, tuple(field.decode(self._encoding) for field in fields), raw)
        except UnicodeDecodeError as error:
            reason = f"Byte {error.object[error.start]:#04x} is not {self._encoding.upper()}; set the encoding the file has."
            return BadRow(self._line, reason, raw[:4096])


class TooManyFaults(ValueError):
    """Broken quotes all over: this is not a file of rows. `line` is where reading stopped."""

    def __init__(self, line: int) -> None:
        super().__init__(f"reading stopped at line {line}: its quotes do not pair")
        self.line = line


class Unwritable(ValueError):
    """A value that the file cannot hold. `field` is its place in the row, counted from 0; `character` what is at fault."""

    def __init__(self, field: int, character: str) -> None:
        super().__init__(f"field {field + 1} holds {character!r}, which this file cannot hold")
        self.field = field
        self.character = character


def parse(content: bytes, *, delimiter: str = ",", encoding: str = "utf-8") -> Iterator[Row | BadRow]:
    """Rows of a whole file."""
    reader = Reader(delimiter=delimiter, encoding=encoding)
    yield from reader.feed(content)
    yield from reader.close()


def for_machines(rows: Iterable[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8", newline: str = "\r\n") -> bytes:
    """Rows as quoted text, byte for byte what was given: `parse` gives the same back. No byte order mark.

    Raises Unwritable for NUL and for characters the encoding lacks, ValueError for a row without fields.
    """
    return b"".join(_line(row, delimiter, encoding, newline) for row in rows)


def for_people(rows: Iterable[Sequence[str | int | float]], *, delimiter: str = ",") -> bytes:
    """Rows as text that a spreadsheet opens without running any of it: UTF-8 with byte order mark.

    Text that begins like a formula gets an apostrophe in front, so `undo_for_people` is needed to read it back. Numbers given as
    numbers stay numbers. NUL is left out.
    """
    safe = ([_harmless(value) if isinstance(value, str) else value for value in row] for row in rows)
    return _BOM + b"".join(_line([str(value) for value in row], delimiter, "utf-8", "\r\n") for row in safe)


def undo_for_people(text: str) -> str:
    """The cell as it was before `for_people` made it harmless."""
    return text[1:] if text.startswith("'") and _is_risky(text[1:]) else text


def _harmless(text: str) -> str:
    text = text.replace("\0", "")
    return f"'{text}" if _is_risky(text) else text


def _is_risky(text: str) -> bool:
    # Spreadsheets drop leading blanks and quotes before they look for a formula; some split at a delimiter of their own.
    bare = text.lstrip(" '\"\u00a0\ufeff")
    return bare.startswith(_FORMULA) or text.startswith("'") or any(f"{mark}{sign}" in text for mark in ";,\t" for sign in "=+-@")


def _line(row: Sequence[str], delimiter: str, encoding: str, newline: str) -> bytes:
    if not row:
        raise ValueError("a row has at least one field")
    cells = []
    for place, value in enumerate(row):
        if "\0" in value:
            raise Unwritable(place, "\0")
        try:
            cells.append(b'"' + value.encode(encoding).replace(b'"', b'""') + b'"')
        except UnicodeEncodeError as error:
            raise Unwritable(place, value[error.start]) from error
    return delimiter.encode().join(cells) + newline.encode()


def _line_end(buffer: bytes, start: int, is_last: bool) -> int | None:
    """Just behind the line that begins at `start`; None when its end is not there yet."""
    found = _LINE_END.search(buffer, start)
    if found is None:
        return len(buffer) if is_last else None
    end = found.start()
    if buffer[end] == _LF:
        return end + 1
    if end + 1 == len(buffer) and not is_last:
        return None
    return end + (2 if buffer[end + 1 : end + 2] == b"\n" else 1)


def _sentence(fault: str) -> str:
    return f"The row cannot be read: {fault}."
