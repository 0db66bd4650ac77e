"""How much of anything is taken from outside. One table: code, docs and tests read it.

Nothing below is a preference: each bound is the point at which a hostile or broken answer stops costing us.
"""

from datetime import timedelta

from msgspec import Struct

MIB = 1 << 20

ANSWER_BYTES = 32 * MIB
ANSWER_TIME = timedelta(seconds=60)
ANSWER_SILENCE = timedelta(seconds=20)
CONNECT_TIME = timedelta(seconds=10)
REDIRECTS = 3

ORDER_LINES = 2_000
ORDER_ATTRIBUTES = 500
TEXT_CHARACTERS = 65_536

NUMBER_DIGITS = 18
NUMBER_PLACES = 6

WEBHOOK_BYTES = 5 * MIB
FILE_BYTES = 512 * MIB
ROW_BYTES = MIB
XML_DEPTH = 64


class Bound(Struct, frozen=True):
    """One row of the table: what is bounded, the limit in words, and what happens beyond it."""

    what: str
    limit: str
    beyond: str


BOUNDS = (
    Bound("HTTP answer, decompressed", f"{ANSWER_BYTES // MIB} MiB", "the call ends; nothing of the answer is used"),
    Bound("HTTP answer, time in all", f"{ANSWER_TIME.seconds} s", "the call ends"),
    Bound("HTTP answer, silence", f"{ANSWER_SILENCE.seconds} s", "the call ends"),
    Bound("HTTP connecting", f"{CONNECT_TIME.seconds} s", "the call ends"),
    Bound("HTTP redirects", f"{REDIRECTS}, GET, same origin", "the answer is refused"),
    Bound("JSON depth", "as deep as the decoder's stack", "the answer is refused"),
    Bound("amounts and quantities", f"finite, {NUMBER_DIGITS} digits, {NUMBER_PLACES} places", "the record is rejected"),
    Bound("text", f"{TEXT_CHARACTERS:,} characters, no NUL, no lone surrogate", "the record is rejected"),
    Bound("order", f"{ORDER_LINES:,} lines, {ORDER_ATTRIBUTES} attributes", "the record is rejected"),
    Bound("webhook body", f"{WEBHOOK_BYTES // MIB} MiB", "the delivery is refused"),
    Bound("file", f"{FILE_BYTES // MIB} MiB, streamed; a row {ROW_BYTES // MIB} MiB", "the file is set aside"),
    Bound("XML", f"no DOCTYPE, depth {XML_DEPTH}", "the file is set aside"),
)
