"""Sets of rows as one parameter of a statement."""

import re
from typing import Any

import msgspec

# A character zero as JSON writes it; an escaped backslash before `u0000` is something else.
_ZERO = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def rows_to_tell(rows: Any) -> str:
    """Rows as JSON for `jsonb_to_recordset`, with a mark where a text holds a character zero, which PostgreSQL cannot store.

    For what we say about records: a message that quotes an unreadable one must not be refused like it. Never for the records.
    """
    encoded = msgspec.json.encode(rows)
    return (_ZERO.sub(rb"\1\\ufffd", encoded) if rb"\u0000" in encoded else encoded).decode()
