"""Every simulator there is: each platform's folder that has one."""

from __future__ import annotations

import importlib
import importlib.util

from crossdock.connectors.kit.simulator import SimulatorDeclaration
from crossdock.connectors.registry import every_connector


def simulator_for(key: str) -> SimulatorDeclaration | None:
    """A platform's simulator; None when its folder has none."""
    name = f"crossdock.connectors.{key}.simulator"
    if importlib.util.find_spec(name) is None:
        return None
    found = getattr(importlib.import_module(name), "simulator", None)
    return found if isinstance(found, SimulatorDeclaration) else None


def every_simulator() -> dict[str, SimulatorDeclaration]:
    """Simulators by platform, in the order of the platforms' names."""
    return {key: found for key in every_connector() if (found := simulator_for(key)) is not None}
