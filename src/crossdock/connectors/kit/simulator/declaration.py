"""How a platform's folder offers its simulator: `simulator = SimulatorDeclaration(...)` in `connectors.<key>.simulator`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.simulator.base import Simulator


class Preset(Struct, frozen=True):
    """Settings with which a wizard connects to the running simulator: plain values by field name, secrets among them."""

    name: str
    settings: dict[str, Any]


class Part(Struct, frozen=True):
    """Orders that were put into one store of the simulator: how to connect to it, their external ids, in the payload's order.

    `absent` names by external id what of an order the payload did not have and what therefore was made up: canonical field names.
    """

    settings: dict[str, Any]
    external_ids: tuple[str, ...]
    absent: dict[str, frozenset[str]] = {}


class Taken(Struct, frozen=True):
    """What a payload held. `refused` are (external id, field, reason); `said` names in a few words what it was."""

    parts: tuple[Part, ...]
    refused: tuple[tuple[str | None, str | None, str], ...]
    said: str


class Counting(Struct, frozen=True):
    """How the simulator counts what it is asked, as its platform does, for measuring how much of the limit an import uses.

    `allowed` are calls or points (`unit`) a second; None where only those under way are counted. `switch_on` makes it count, with
    nothing spent yet. `per` is the length of its window where that was shortened, which `said` tells. `choose` gives settings that a
    person would choose from the running simulator, besides those of a preset.
    """

    switch_on: Callable[[Any], None]
    allowed: float | None
    unit: str = "calls"
    per: timedelta | None = None
    said: str = ""
    choose: Callable[[Any], dict[str, Any]] = lambda _: {}


class Unreadable(ValueError):
    """The bytes are no payload of this platform; the message says why in one line."""


class SimulatorDeclaration(Struct, frozen=True, kw_only=True):
    """One platform's simulator.

    `make` takes the keyword arguments of `Simulator`; `take` puts a platform's own payload, given as bytes, into a simulator so that
    it can be read back, and raises Unreadable; `base_url` is the template behind the listener's address ("{url}/{shop}"), None where
    the simulator names its address itself; `presets` needs a started simulator. `counting` says how it limits, long windows
    shortened to so many seconds; None where there is no limit to measure.
    """

    key: str
    name: str
    make: Callable[..., Simulator]
    base_url: str | None
    presets: Callable[[Any], list[Preset]]
    take: Callable[[Any, bytes], Taken] | None = None
    counting: Callable[[float], Counting] | None = None

    def address(self, simulator: Simulator) -> str | None:
        """What `CROSSDOCK_BASE_URL__<KEY>` is to be; None when nothing is to be set."""
        return self.base_url.replace("{url}", simulator.url) if self.base_url else simulator.address()
