"""What a sample file would become: shown to whoever maps it, stored nowhere."""

from collections.abc import Mapping

from msgspec import Struct

from crossdock.connectors.kit.pages import Rejected
from crossdock.connectors.kit.settings import Choice
from crossdock.domain.orders import Order

SAMPLE_BYTES = 5 << 20
"""The largest sample that is taken."""

SAMPLE_LINES = 100_000
"""Lines of the longest sample that is taken: a line of a few bytes takes as long as any."""

ORDERS_SHOWN = 20


class SampleColumn(Struct, frozen=True):
    """A column or path that the sample has: an example of what stands there, and the field it fills, by label; None for none.

    `source` is what the mapping writes for it.
    """

    path: str
    source: str
    example: str
    is_line: bool
    used_for: str | None = None


class SamplePreview(Struct, frozen=True):
    """A sample, understood with the settings as they were typed.

    `orders` are the first of `count`; `problems` say where and why. `faults` are settings that cannot be used, by field, and then
    nothing else is known. `targets` are fields that a column may fill.
    """

    said: str = ""
    orders: tuple[Order, ...] = ()
    count: int = 0
    problems: tuple[Rejected, ...] = ()
    columns: tuple[SampleColumn, ...] = ()
    targets: tuple[Choice, ...] = ()
    faults: Mapping[str, str] = {}
