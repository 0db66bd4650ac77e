"""What a connection's page leads on to once it is made: steps that the applications above tell of, each ticking itself off.

Connections know nothing of products, orders or stock: each of these registers what it can say when Django starts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from crossdock.connections.models import Connection


class Lead(Struct, frozen=True):
    """One step: whether it is done, what there is to know, and the page where it is looked at or done."""

    text: str
    is_done: bool
    hint: str
    url_name: str
    where: Mapping[str, Any] = {}
    query: str = ""


Tell = Callable[[Connection], Lead | None]
_tellers: dict[int, Tell] = {}


def leads_on(place: int) -> Callable[[Tell], Tell]:
    """Register what tells of one step, at its place among them; it may say None where the step does not concern a connection."""

    def register(tell: Tell) -> Tell:
        _tellers[place] = tell
        return tell

    return register


def leads(link: Connection) -> list[Lead]:
    """The steps of a connection in their order; none once all are done. Needs the account's scope."""
    told = [lead for _, tell in sorted(_tellers.items()) if (lead := tell(link)) is not None]
    return [] if all(lead.is_done for lead in told) else told
