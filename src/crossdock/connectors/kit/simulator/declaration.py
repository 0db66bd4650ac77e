"""How a platform's folder offers its simulator: `simulator = SimulatorDeclaration(...)` in `connectors.<key>.simulator`."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from crossdock.connectors.kit.simulator.base import Simulator


class Preset(Struct, frozen=True):
    """Settings with which a wizard connects to the running simulator: plain values by field name, secrets among them."""

    name: str
    settings: dict[str, Any]


class SimulatorDeclaration(Struct, frozen=True, kw_only=True):
    """One platform's simulator. `make` takes the keyword arguments of `Simulator`; `load` puts a platform's own payload, given as
    bytes, into a running one and says what it was; `base_url` is the template behind the listener's address, or None where no
    address is overridden; `presets` needs a started simulator.
    """

    key: str
    name: str
    make: Callable[..., Simulator]
    base_url: str | None
    presets: Callable[[Any], list[Preset]]
    load: Callable[[Any, bytes], Any] | None = None
