"""What can be stuck, the worst first: in words, and where the list is that shows it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from crossdock.ui.statuses import Tone


class Cause(Struct, frozen=True):
    """One cause. `key` is its name in `queries.stuck`; `page` and `query` lead to the list, `{until}` being a day."""

    key: str
    title: str | Promise
    text: str | Promise
    icon: str
    tone: Tone
    page: str
    query: str = ""


CAUSES = (
    Cause(
        "error",
        _("Orders stopped"),
        _("Something has to be put right before they can be sent."),
        "alert-triangle",
        Tone.STUCK,
        "orders:list",
        "status=error",
    ),
    Cause(
        "issue",
        _("Orders with an issue"),
        _("The store and the warehouse no longer agree."),
        "alert-circle",
        Tone.STUCK,
        "orders:list",
        "needs=issue",
    ),
    Cause(
        "shipment_error",
        _("Shipments the store refused"),
        _("Customers wait for their tracking numbers."),
        "truck-off",
        Tone.STUCK,
        "fulfillment:shipments",
        "status=error",
    ),
    Cause(
        "unmatched",
        _("Shipments without an order"),
        _("The warehouse shipped something we did not ask for."),
        "zoom-question",
        Tone.STUCK,
        "fulfillment:shipments",
        "needs=match",
    ),
    Cause(
        "person",
        _("Orders held for a person"),
        _("They go on when somebody releases them."),
        "hand-stop",
        Tone.STUCK,
        "orders:list",
        "needs=person",
    ),
    Cause(
        "stock",
        _("Stores whose stock waits for you"),
        _("Their figures are not sent until somebody has looked at them."),
        "stack-2",
        Tone.STUCK,
        "inventory:publishing",
    ),
    Cause(
        "not_understood",
        _("Records not understood"),
        _("They became no order; the reason is shown."),
        "file-text",
        Tone.STUCK,
        "orders:not_understood",
    ),
    Cause(
        "file",
        _("Warehouse files not understood"),
        _("What they say left the warehouse, or lies there, is missing here."),
        "file-text",
        Tone.STUCK,
        "connections:unread_files",
    ),
    Cause(
        "delayed",
        _("Orders delayed"),
        _("The warehouse could not take them yet; they are tried again by themselves."),
        "repeat",
        Tone.WAIT,
        "orders:list",
        "status=delayed",
    ),
    Cause(
        "old",
        _("Orders open for long"),
        _("The warehouse has them, and no shipment came yet."),
        "hourglass",
        Tone.WAIT,
        "orders:list",
        "status=open&until={until}",
    ),
)
