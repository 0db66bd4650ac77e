"""What a shopper sends back, as the store knows it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossdock.domain.fulfillment import Tracking
from crossdock.domain.personal import PersonalText


class ReturnState(StrEnum):
    """Where a return stands at the store."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELED = "canceled"


class ReturnLine(Struct, frozen=True, omit_defaults=True):
    """Units that come back. `order_line_id` is the store's order line, where the return names one."""

    external_id: str
    sku: str | None
    name: str
    quantity: Decimal
    order_line_id: str | None = None
    reason: str | None = None
    note: PersonalText = None


class Return(Struct, frozen=True, omit_defaults=True):
    """A return as the store has it now. `order_id` and `order_number` are the store's, where the return names its order."""

    external_id: str
    number: str
    state: ReturnState
    requested_at: datetime
    updated_at: datetime
    lines: tuple[ReturnLine, ...]
    order_id: str | None = None
    order_number: str | None = None
    tracking: tuple[Tracking, ...] = ()
    carrier: str | None = None
    note: PersonalText = None
    url: str | None = None
